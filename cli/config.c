#include "common/pipeline/config.h"

#include "cli/command.h"
#include "common/base/cleanup.h"
#include "common/pipeline/service.h"

#include <stdio.h>
#include <string.h>

static int print(struct text *out)
{
    return fputs(text_string(out), stdout) < 0 || fflush(stdout) != 0 ? EXIT_NO : EXIT_OK;
}

static int run(const struct cli *cli, int argc, char **argv)
{
    bool reference = argc == 2 && strcmp(argv[1], "--reference") == 0;
    AUTO(text_release) struct text out = TEXT_EMPTY;
    if (argc > 1 && !reference) {
        fputs("felucca config: takes --reference or nothing\n", stderr);
        return EXIT_USAGE;
    }
    if (reference) {
        config_reference(&out);
        return print(&out);
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
    config_print(config, &out);
    return print(&out);
}

const struct command command_config = {
    "config", "prints the configuration in force, secrets masked", "[--reference]",
    "  --reference   prints the reference of all keys instead (Markdown)\n\n"
    "Defaults and what follows from other keys are filled in; what ${env:...} and ${file:...} stand for "
    "too,\n"
    "except in secrets and headers.\n",
    run};
