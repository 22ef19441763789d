#include "cli/check_jobs.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/exposed.h"
#include "common/jobs/consistency.h"

enum { SECOND_LOOK_MS = 3000, INTAKE_MS = 60000, SHOWN = 10 /* of each problem */ };

struct check {
    struct text lines[CONSISTENCY_PROBLEMS];
    int64_t counts[CONSISTENCY_PROBLEMS];
    int64_t total;
};

static void check_release(struct check *check)
{
    for (int i = 0; i < CONSISTENCY_PROBLEMS; i++)
        text_release(&check->lines[i]);
}

static void check_add(void *context, enum consistency_problem problem, const char *what)
{
    struct check *check = context;
    check->total++;
    if (check->counts[problem]++ < SHOWN)
        text_format(&check->lines[problem], "WRONG  %s%s\n",
                    problem == CONSISTENCY_DATABASE ? "jobs.db: " : "spool: ", what);
}

static void note_if_exposed(const struct config *config, struct text *out)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "%s/jobs.db", config->state_dir);
    if (exposed_to_all(text_string(&path)))
        text_format(out, "note   %s: every user of this machine may read it: chmod 640, or the folder 750\n",
                    text_string(&path));
}

bool check_jobs(const struct config *config, struct text *out)
{
    static const struct consistency_patience patience = {SECOND_LOOK_MS, INTAKE_MS};
    AUTO(check_release) struct check check = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int code = consistency_check(config->state_dir, &patience, check_add, &check, &reason);
    if (code == ERR_ABSENT)
        return true;
    note_if_exposed(config, out);
    for (int i = 0; i < CONSISTENCY_PROBLEMS; i++) {
        if (check.counts[i] == 0)
            continue;
        text_append(out, text_string(&check.lines[i]));
        if (check.counts[i] > SHOWN)
            text_format(out, "       and %lld more\n", (long long)(check.counts[i] - SHOWN));
        text_format(out, "       %s\n", consistency_remedy((enum consistency_problem)i));
    }
    if (code != 0)
        text_format(out, "WRONG  cannot compare spool and database: %s\n", text_string(&reason));
    else if (check.total == 0)
        text_append(out, "ok     spool and jobs.db agree\n");
    return code == 0 && check.total == 0;
}
