/* felucca drop - gives up jobs that will never be done. */
#include "cli/change.h"

static int drop_run(const struct cli *cli, int argc, char **argv)
{
    return change_run(&command_drop, cli, argc, argv, CONTROL_DROP);
}

static const struct command_option options[] = {
    {"state", "STATE", "failed deferred queued waiting undecided",
     "failed, deferred, queued (also what was never tried) or\n"
     "waiting alone; failed and deferred unless given",
     JOB_FILTER_STATE},
    JOB_FILTER_OPTIONS("of this study, by its whole UID"),
    {"reason", "TEXT", NULL, "whose reason has this text in it", CHANGE_REASON},
    CHANGE_OPTIONS,
    {.name = NULL}};

const struct command command_drop = {
    .name = "drop",
    .summary = "gives up jobs that will never be done",
    .arguments = "JOB...|FILTERS|--all [--yes]",
    .options = options,
    .help = "JOB is delivery:12, share:12, fetch:12 or inquiry:12, as `felucca jobs` shows\n"
            "it, or commitment:12, as `felucca commitments` does. What is dropped is never\n"
            "sent. When nothing else needs a file of a dropped delivery, it goes to\n"
            "spool/dropped/ and stays for retention_excluded. A share that waits for dropped\n"
            "deliveries alone goes with them. Asks before it drops anything.\n",
    .example = "felucca drop --destination old-kheops --state queued\n"
               "felucca drop --study 1.2.840.113619.2.1 --dry-run\n",
    .run = drop_run,
};
