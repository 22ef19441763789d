#include "common/config/address.h"

#include "common/base/fnv.h"

#include <stdio.h>

static void write_address(uint64_t number, char ret_address[ADDRESS_SIZE])
{
    (void)snprintf(ret_address, ADDRESS_SIZE, "%016llx", (unsigned long long)number);
}

void address_of_destination(const struct config_destination *destination, char ret_address[ADDRESS_SIZE])
{
    uint64_t number = fnv_text(FNV_START, destination->stow_url);
    if (destination->api_url)
        number = fnv_text(fnv_byte(number, '\n'), destination->api_url);
    write_address(number, ret_address);
}

void address_of_album(const struct config_album *album, char ret_address[ADDRESS_SIZE])
{
    write_address(fnv_text(FNV_START, album->api_url), ret_address);
}
