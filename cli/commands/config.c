#include "common/config/config.h"

#include "cli/command.h"
#include "cli/option.h"
#include "common/base/cleanup.h"
#include "common/service/service.h"

#include <stdio.h>

enum { REFERENCE, JSON };

static int config_put(struct text *out)
{
    return fputs(text_string(out), stdout) < 0 || fflush(stdout) != 0 ? EXIT_NO : EXIT_OK;
}

static int config_command_run(const struct cli *cli, int argc, char **argv)
{
    unsigned flags;
    AUTO(text_release) struct text out = TEXT_EMPTY;
    if (!option_parse_flags(&command_config, argc, argv, &flags))
        return EXIT_USAGE;
    if (flags & 1u << REFERENCE) {
        config_reference(&out);
        return config_put(&out);
    }
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    int code = config_load(cli->config_path, &config, &errors, &warnings);
    fputs(text_string(&warnings), stderr);
    if (code != 0) {
        fputs(text_string(&errors), stderr);
        return EXIT_CONFIG;
    }
    if (flags & 1u << JSON)
        config_print_json(config, &out);
    else
        config_print(config, &out);
    return config_put(&out);
}

static const struct command_option options[] = {
    {"reference", NULL, NULL, "prints the reference of all keys instead (Markdown)", REFERENCE},
    {"json", NULL, NULL, "as one JSON object", JSON},
    {.name = NULL}};

const struct command command_config = {
    .name = "config",
    .summary = "prints the configuration in force, secrets masked",
    .arguments = "[--reference|--json]",
    .options = options,
    .help = "Defaults and what follows from other keys are filled in, and so are ${env:...}\n"
            "and ${file:...}, except in secrets and headers.\n",
    .example = "felucca config --config felucca.yaml\n",
    .run = config_command_run,
};
