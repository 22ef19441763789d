#include "cli/command.h"

#include "cli/option.h"
#include "common/base/commit.h"
#include "common/base/json.h"
#include "common/service/service.h"

#include <stdio.h>

enum { JSON };

static int version_run(const struct cli *cli, int argc, char **argv)
{
    unsigned flags;
    (void)cli;
    if (!option_parse_flags(&command_version, argc, argv, &flags))
        return EXIT_USAGE;
    if (flags & 1u << JSON)
        json_print_line(json_pack("{s:s, s:s}", "version", FELUCCA_VERSION, "commit", commit_name()));
    else
        printf("felucca %s, commit %s\n", FELUCCA_VERSION, commit_name());
    return fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

static const struct command_option options[] = {{"json", NULL, NULL, "as one object", JSON}, {.name = NULL}};

const struct command command_version = {
    .name = "version",
    .summary = "prints the version, and the commit that it was built from",
    .arguments = "[--json]",
    .options = options,
    .help = "The commit is \"unknown\" where it was built without the repository.\n",
    .example = "felucca version\n",
    .run = version_run,
};
