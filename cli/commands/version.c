#include "cli/command.h"

#include "common/service/service.h"

#include <stdio.h>

static int version_run(const struct cli *cli, int argc, char **argv)
{
    (void)cli;
    (void)argv;
    if (argc > 1) {
        fputs("felucca version: takes no arguments\n", stderr);
        return EXIT_USAGE;
    }
    puts("felucca " FELUCCA_VERSION);
    return EXIT_OK;
}

const struct command command_version = {
    .name = "version",
    .summary = "prints the version",
    .arguments = "",
    .help = "",
    .example = "felucca version\n",
    .run = version_run,
};
