/* felucca retry - tries jobs again at once that failed, or that wait after trouble; has others decided again. */
#include "cli/change.h"

static int retry_run(const struct cli *cli, int argc, char **argv)
{
    return change_run(&command_retry, cli, argc, argv, CONTROL_RETRY);
}

static const struct command_option options[] = {
    {"state", "STATE", "failed deferred undecided excluded dropped",
     "failed or deferred alone, both unless given; undecided,\n"
     "excluded or dropped: decided again",
     JOB_FILTER_STATE},
    {"anyway", NULL, NULL, "also where a condition cannot be decided", CHANGE_ANYWAY},
    JOB_FILTER_OPTIONS("of this study, by its whole UID"),
    {"reason", "TEXT", NULL, "whose reason has this text in it", CHANGE_REASON},
    CHANGE_OPTIONS,
    {.name = NULL}};

const struct command command_retry = {
    .name = "retry",
    .summary = "tries jobs again, now, or has them decided again",
    .arguments = "JOB...|FILTERS|--all [--yes]",
    .options = options,
    .help = "JOB is delivery:12, share:12, fetch:12 or inquiry:12, as `felucca jobs` shows\n"
            "it, or commitment:12, as `felucca commitments` does. Attempts and age count from\n"
            "the start again. A destination or album that backs off or is blocked is asked at\n"
            "once with one of them; when that goes well the others follow.\n"
            "\n"
            "Undecided, excluded and dropped jobs are decided again by the conditions of now,\n"
            "as long as their files are there (retention_excluded). Where a condition cannot\n"
            "be decided the job is undecided, unless --anyway sends or shares it. --dry-run\n"
            "tells what would go.\n"
            "\n"
            "Asks before it changes what a filter chooses. Exit status 1: nothing was\n"
            "changed; 4: the router is not reachable.\n",
    .example = "felucca retry --destination kheops-main --state failed --since yesterday\n"
               "felucca retry delivery:4711 share:12\n"
               "felucca retry --state excluded --destination kheops-main --dry-run\n"
               "felucca retry --state undecided --study 1.2.840.99 --anyway\n",
    .run = retry_run,
};
