#include "cli/check_jobs.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/exposed.h"
#include "common/jobs/consistency.h"

enum { SECOND_LOOK_MS = 3000, INTAKE_MS = 60000, SHOWN = 10 /* of each problem */ };

struct check {
    struct findings problems[CONSISTENCY_PROBLEMS]; /* the first SHOWN */
    int64_t counts[CONSISTENCY_PROBLEMS];
    int64_t total;
};

static void check_release(struct check *check)
{
    for (int i = 0; i < CONSISTENCY_PROBLEMS; i++)
        findings_release(&check->problems[i]);
}

static void check_add(void *context, enum consistency_problem problem, const char *what)
{
    struct check *check = context;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    check->total++;
    if (check->counts[problem]++ >= SHOWN)
        return;
    text_format(&sentence, "%s%s", problem == CONSISTENCY_DATABASE ? "jobs.db: " : "spool: ", what);
    findings_add(&check->problems[problem], FINDING_WRONG, text_string(&sentence));
}

static void note_if_exposed(const struct config *config, struct findings *findings)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "%s/jobs.db", config->state_dir);
    if (!exposed_to_all(text_string(&path)))
        return;
    text_append(&path, ": every user of this machine may read it: chmod 640, or the folder 750");
    findings_add(findings, FINDING_NOTE, text_string(&path));
}

/* Those of a kind, how many more there are, and what to do about them. */
static void add_problems(const struct check *check, enum consistency_problem problem,
                         struct findings *findings)
{
    const struct findings *problems = &check->problems[problem];
    AUTO(text_release) struct text more = TEXT_EMPTY;
    for (size_t i = 0; i < problems->count; i++)
        findings_add(findings, FINDING_WRONG, text_string(&problems->list[i].sentence));
    if (problems->count == 0)
        return;
    if (check->counts[problem] > SHOWN) {
        text_format(&more, "and %lld more", (long long)(check->counts[problem] - SHOWN));
        findings_add_more(findings, text_string(&more));
    }
    findings_add_more(findings, consistency_remedy(problem));
}

void check_jobs(const struct config *config, struct findings *findings)
{
    static const struct consistency_patience patience = {SECOND_LOOK_MS, INTAKE_MS};
    AUTO(check_release) struct check check = {.total = 0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int code = consistency_check(config->state_dir, &patience, check_add, &check, &reason);
    if (code == ERR_ABSENT)
        return;
    note_if_exposed(config, findings);
    for (int i = 0; i < CONSISTENCY_PROBLEMS; i++)
        add_problems(&check, (enum consistency_problem)i, findings);
    if (code != 0) {
        AUTO(text_release) struct text sentence = TEXT_EMPTY;
        text_format(&sentence, "cannot compare spool and database: %s", text_string(&reason));
        findings_add(findings, FINDING_WRONG, text_string(&sentence));
    } else if (check.total == 0) {
        findings_add(findings, FINDING_OK, "spool and jobs.db agree");
    }
}
