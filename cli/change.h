/* change - what `felucca retry` and `felucca drop` share: they choose jobs, by their names or by the filters of
 * `felucca jobs`, count them, ask whether to go on, and ask the router. */
#ifndef FELUCCA_CLI_CHANGE_H
#define FELUCCA_CLI_CHANGE_H

#include "cli/command.h"
#include "cli/job_filter.h"
#include "common/config/config.h"
#include "common/wire/control.h"

enum { CHANGE_ALL = 'A', CHANGE_YES, CHANGE_DRY_RUN, CHANGE_JSON, CHANGE_ANYWAY, CHANGE_REASON };

/* Rows of a command's table of options. */
#define CHANGE_OPTIONS                                                          \
    {"all", NULL, NULL, "everything, when nothing else chooses", CHANGE_ALL},   \
        {"yes", NULL, NULL, "do not ask", CHANGE_YES},                          \
        {"dry-run", NULL, NULL, "only say how many there are", CHANGE_DRY_RUN}, \
    {                                                                           \
        "json", NULL, NULL, "what came of it as one object", CHANGE_JSON        \
    }

/* How to make a change. */
struct change_manner {
    bool yes, dry_run, json;
};

/* Takes one of CHANGE_OPTIONS; false: it is another. */
bool change_take_manner(struct change_manner *manner, bool *all, int key);

/* Says how many there are, asks where that is due, and has the router do it; the exit status. noun: "job". */
int change_many(const struct config *config, const struct command *command,
                const struct control_request *request, const struct change_manner *manner, int64_t count,
                const char *noun, bool ask);

/* The whole command. */
int change_run(const struct command *command, const struct cli *cli, int argc, char **argv,
               enum control_verb verb);

#endif
