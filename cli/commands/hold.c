/* felucca hold - lets nothing more go to a destination, album or source until it is released. */
#include "cli/holding.h"

static int hold_run(const struct cli *cli, int argc, char **argv)
{
    return hold_or_release(cli, &command_hold, argc, argv, CONTROL_HOLD);
}

const struct command command_hold = {
    .name = "hold",
    .summary = "stops what goes to a destination or album, until it is released",
    .arguments = "DESTINATION[/ALBUM]|source:AET [--json]",
    .help = "What is under way is finished; everything else waits, and nothing fails for it.\n"
            "A destination is held with all of its albums. It stays held over restarts.\n"
            "With source:AET no report on storage commitment goes to that AE title.\n",
    .options = hold_options,
    .words = "@destination",
    .example = "felucca hold kheops-main\n"
               "felucca hold kheops-main/research-ct\n"
               "felucca hold source:CT01\n",
    .run = hold_run,
};
