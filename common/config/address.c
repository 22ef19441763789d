#include "common/config/address.h"

#include <stdint.h>
#include <stdio.h>

static const uint64_t nothing = 0xcbf29ce484222325u;

/* FNV-1a. */
static uint64_t mix(uint64_t number, unsigned char byte)
{
    return (number ^ byte) * 0x100000001b3u;
}

static uint64_t mix_text(uint64_t number, const char *text)
{
    for (; *text; text++)
        number = mix(number, (unsigned char)*text);
    return number;
}

static void write_address(uint64_t number, char ret_address[ADDRESS_SIZE])
{
    (void)snprintf(ret_address, ADDRESS_SIZE, "%016llx", (unsigned long long)number);
}

void address_of_destination(const struct config_destination *destination, char ret_address[ADDRESS_SIZE])
{
    uint64_t number = mix_text(nothing, destination->stow_url);
    if (destination->api_url)
        number = mix_text(mix(number, '\n'), destination->api_url);
    write_address(number, ret_address);
}

void address_of_album(const struct config_album *album, char ret_address[ADDRESS_SIZE])
{
    write_address(mix_text(nothing, album->api_url), ret_address);
}
