#include "common/config/cell.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *config_cell(const struct config *config, char buffer[CONFIG_CELL_SIZE])
{
    char host[CONFIG_CELL_SIZE] = "";
    if (gethostname(host, sizeof host - 1) != 0 || !*host)
        memcpy(host, "localhost", sizeof "localhost");
    (void)snprintf(buffer, CONFIG_CELL_SIZE, "%s", config->cell ? config->cell : host);
    return buffer;
}
