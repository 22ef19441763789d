#include "cli/check_tokens.h"
#include "cli/command.h"
#include "common/base/cleanup.h"
#include "common/pipeline/service.h"

#include <stdio.h>
#include <string.h>

static int run(const struct cli *cli, int argc, char **argv)
{
    bool offline = argc == 2 && strcmp(argv[1], "--offline") == 0;
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    if (argc > 1 && !offline) {
        fputs("felucca check: takes --offline or nothing\n", stderr);
        return EXIT_USAGE;
    }
    int code = config_load(cli->config_path, &config, &errors, &warnings);
    if (code == 0 && !offline)
        config_resolve_names(config, &warnings);
    fputs(text_string(&warnings), stderr);
    if (code != 0) {
        fputs(text_string(&errors), stderr);
        return EXIT_CONFIG;
    }
    service_print_summary(config, &lines);
    bool well = check_tokens(config, !offline, &lines);
    fputs(text_string(&lines), stdout);
    return well && fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

const struct command command_check = {
    "check", "checks the configuration, and every token with KHEOPS", "[--offline]",
    "  --offline   asks nobody: checks the file, and that every secret in it can be read\n\n"
    "Prints a line for each token: whether it is active, has the permissions that it needs, and opens the\n"
    "right album; and what to do where it does not. Exit status 0 when all is well, 1 when a token or "
    "secret\n"
    "is not, 3 when the file itself is wrong.\n",
    run};
