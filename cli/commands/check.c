#include "cli/check_jobs.h"
#include "cli/check_tokens.h"
#include "cli/command.h"
#include "cli/option.h"
#include "common/base/cleanup.h"
#include "common/service/service.h"

#include <stdio.h>

enum { OFFLINE };

static int check_run(const struct cli *cli, int argc, char **argv)
{
    unsigned flags;
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    if (!option_parse_flags(&command_check, argc, argv, &flags))
        return EXIT_USAGE;
    bool offline = flags & 1u << OFFLINE;
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
    well = check_jobs(config, &lines) && well;
    fputs(text_string(&lines), stdout);
    return well && fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

static const struct command_option options[] = {
    {"offline", NULL, NULL, "asks no KHEOPS: checks file, secrets, spool and database", OFFLINE},
    {.name = NULL}};

const struct command command_check = {
    .name = "check",
    .summary = "checks the configuration, every token, the spool and jobs.db",
    .arguments = "[--offline]",
    .options = options,
    .help = "Prints a line for each token: whether it is active, has the permissions that it\n"
            "needs, and opens the right album; and what to do where it does not. Then\n"
            "compares every file of the spool with the job database, and the database with\n"
            "itself, without changing anything and while all goes on; until a router has run\n"
            "there is nothing to compare. Exit status 0 when all is well, 1 when\n"
            "something is not, 3 when the file itself is wrong.\n",
    .example = "felucca check --offline --config felucca.yaml\n",
    .run = check_run,
};
