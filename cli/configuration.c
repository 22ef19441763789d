#include "cli/configuration.h"

#include "common/base/cleanup.h"
#include "common/service/service.h"

#include <stdio.h>

int configuration_load(const struct cli *cli, struct config **ret_config)
{
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    if (config_load(cli->config_path, ret_config, &errors, &warnings) == 0)
        return EXIT_OK;
    (void)fputs(text_string(&errors), stderr);
    return EXIT_CONFIG;
}
