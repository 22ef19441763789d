#include "tests/support/consistency.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/pipeline/jobdb.h"
#include "common/pipeline/spool.h"
#include "tests/support/require.h"

enum { ROWS_A_STEP = 1000 };

struct finding {
    struct jobdb *db;
    struct spool *spool;
    struct text *problems;
    int64_t count;
    enum spool_place place; /* that is walked through */
};

static void add_problem(void *context, const char *problem)
{
    struct finding *finding = context;
    text_format(finding->problems, "%s\n", problem);
}

/* A file that the database puts elsewhere, or does not know. What is in incoming/ need not be known yet. */
static int check_file(void *context, const char *receipt)
{
    struct finding *finding = context;
    enum instance_state state;
    enum spool_place place;
    bool gone;
    bool known = jobdb_knows(finding->db, receipt, &state, &place, &gone);
    if (known ? !gone && place == finding->place : finding->place == SPOOL_INCOMING)
        return 0;
    text_format(finding->problems, "%s is in %s/, but its row says %s\n", receipt,
                spool_place_name(finding->place),
                !known ? "nothing"
                : gone ? "gone"
                       : spool_place_name(place));
    finding->count++;
    return 0;
}

static void check_row(void *context, const struct jobdb_file *file)
{
    struct finding *finding = context;
    enum spool_place place;
    int code = spool_find(finding->spool, file->receipt, &place);
    if (code == 0 && place == finding->place)
        return;
    text_format(finding->problems, "%s should be in %s/, but is %s\n", file->receipt,
                spool_place_name(finding->place), code == 0 ? spool_place_name(place) : "nowhere");
    finding->count++;
}

static void check_files(struct finding *finding)
{
    static const enum spool_place places[] = {SPOOL_INCOMING, SPOOL_QUEUE, SPOOL_QUARANTINE, SPOOL_KEPT};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        finding->place = places[i];
        require(spool_scan(finding->spool, places[i], check_file, finding) == 0, "cannot read the spool");
    }
}

static void check_rows(struct finding *finding)
{
    int64_t cursor = 0;
    finding->place = SPOOL_QUEUE;
    while (jobdb_each_active(finding->db, &cursor, ROWS_A_STEP, check_row, finding) > 0)
        continue;
    cursor = 0;
    finding->place = SPOOL_QUARANTINE;
    while (jobdb_each_quarantined(finding->db, &cursor, ROWS_A_STEP, check_row, finding) > 0)
        continue;
}

int64_t consistency_problems(const char *state_dir, struct text *ret_problems)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(spool_destroy) struct spool *spool = NULL;
    int code = jobdb_open_reader(state_dir, &db, &reason);
    if (code == ERR_ABSENT)
        return 0;
    require(code == 0, "%s", text_string(&reason));
    require(spool_open(state_dir, &spool) == 0, "no spool in %s", state_dir);
    struct finding finding = {.db = db, .spool = spool, .problems = ret_problems};
    finding.count = jobdb_check(db, add_problem, &finding);
    check_files(&finding);
    check_rows(&finding);
    return finding.count;
}
