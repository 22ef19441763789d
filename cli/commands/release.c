/* felucca release - lets go again what was held. */
#include "cli/holding.h"

static int release_run(const struct cli *cli, int argc, char **argv)
{
    return hold_or_release(cli, &command_release, argc, argv, CONTROL_RELEASE);
}

const struct command command_release = {
    .name = "release",
    .summary = "lets a held destination or album go on",
    .arguments = "DESTINATION[/ALBUM]|source:AET [--json]",
    .help = "A destination is released with those of its albums that are not held\n"
            "themselves, source:AET is told again what is committed.\n",
    .options = hold_options,
    .words = "@destination",
    .example = "felucca release kheops-main\n",
    .run = release_run,
};
