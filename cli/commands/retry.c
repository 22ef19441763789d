/* felucca retry - tries jobs again at once that failed, or that wait after trouble. */
#include "cli/change.h"

static int retry_run(const struct cli *cli, int argc, char **argv)
{
    return change_run(&command_retry, cli, argc, argv, CONTROL_RETRY);
}

static const struct command_option options[] = {
    {"state", "STATE", "failed deferred", "failed or deferred alone; both unless given", JOB_FILTER_STATE},
    JOB_FILTER_OPTIONS,
    CHANGE_OPTIONS,
    {.name = NULL}};

const struct command command_retry = {
    .name = "retry",
    .summary = "tries failed and deferred jobs again, now",
    .arguments = "JOB...|FILTERS|--all [--yes]",
    .options = options,
    .help = "JOB is delivery:12, share:12 or fetch:12, as `felucca jobs` shows it. Attempts\n"
            "and age count from the start again. A destination or album that backs off or\n"
            "is blocked is asked at once with one of them; when that goes well the others\n"
            "follow. Asks before it changes what a filter chooses. Exit status 1: nothing was\n"
            "changed; 4: the router is not reachable.\n",
    .example = "felucca retry --destination kheops-main --state failed --since yesterday\n"
               "felucca retry delivery:4711 share:12\n",
    .run = retry_run,
};
