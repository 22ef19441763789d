#include "common/jobs/consistency.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/jobs/check.h"
#include "common/jobs/clean.h"
#include "common/jobs/intake.h"
#include "common/jobs/jobdb.h"
#include "common/spool/spool.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ROWS_A_STEP = 1000 };

static const char *const remedies[] = {
#define X(name, remedy) remedy,
    CONSISTENCY_MAP(X)
#undef X
};

const char *consistency_remedy(enum consistency_problem problem)
{
    return remedies[problem];
}

struct look {
    struct jobdb *db;
    struct spool *spool;
    const struct consistency_patience *patience;
    char (*suspects)[RECEIPT_SIZE];
    size_t suspect_count, suspect_capacity;
    void (*each)(void *context, enum consistency_problem problem, const char *what);
    void *context;
    int error; /* of the spool, the first */
};

/* ---- one receipt ---- */

/* What both sides say of it. */
struct sides {
    bool known, gone, there;
    enum instance_state state;
    enum spool_place row, file;
};

/* How long a file has had its name. */
static int64_t age_of(struct look *look, const char *receipt)
{
    AUTO(fd_close) int fd = -1;
    struct stat status;
    if (spool_open_file(look->spool, SPOOL_INCOMING, receipt, &fd) != 0 || fstat(fd, &status) != 0)
        return 0;
    return clock_wall_ms() - ((int64_t)status.st_ctim.tv_sec * 1000 + status.st_ctim.tv_nsec / 1000000);
}

static bool look_at(struct look *look, const char *receipt, struct sides *ret_sides)
{
    *ret_sides = (struct sides){0};
    /* The row first: a file moves only after its row says so. */
    ret_sides->known = jobdb_knows(look->db, receipt, &ret_sides->state, &ret_sides->row, &ret_sides->gone);
    int code = spool_find(look->spool, receipt, &ret_sides->file);
    ret_sides->there = code == 0;
    if (code != 0 && code != ERR_ABSENT && look->error == 0)
        look->error = code;
    return code == 0 || code == ERR_ABSENT;
}

static enum consistency_problem judge_unknown(struct look *look, const struct sides *sides,
                                              const char *receipt)
{
    if (!sides->there)
        return CONSISTENCY_PROBLEMS;
    if (sides->file == SPOOL_INCOMING)
        return look->patience->intake_ms < INT64_MAX && age_of(look, receipt) > look->patience->intake_ms
                   ? CONSISTENCY_WAITING
                   : CONSISTENCY_PROBLEMS;
    return sides->file == SPOOL_KEPT || sides->file == SPOOL_DROPPED ? CONSISTENCY_NOBODYS
                                                                     : CONSISTENCY_UNKNOWN;
}

/* CONSISTENCY_PROBLEMS: there is none. */
static enum consistency_problem look_judge(struct look *look, const struct sides *sides, const char *receipt)
{
    if (!sides->known)
        return judge_unknown(look, sides, receipt);
    if (sides->gone)
        return sides->there ? CONSISTENCY_LEFT : CONSISTENCY_PROBLEMS;
    if (!sides->there) /* a removed file is marked as gone in the turn after */
        return sides->state == INSTANCE_DONE && sides->row == SPOOL_QUEUE ? CONSISTENCY_PROBLEMS
                                                                          : CONSISTENCY_MISSING;
    return sides->file == sides->row ? CONSISTENCY_PROBLEMS : CONSISTENCY_MISPLACED;
}

static void look_suspect(struct look *look, const char *receipt)
{
    struct sides sides;
    if (!look_at(look, receipt, &sides) || look_judge(look, &sides, receipt) == CONSISTENCY_PROBLEMS)
        return;
    look->suspects =
        memory_grow(look->suspects, &look->suspect_capacity, look->suspect_count + 1, sizeof *look->suspects);
    memcpy(look->suspects[look->suspect_count++], receipt, RECEIPT_SIZE);
}

static void look_tell(struct look *look, const char *receipt)
{
    AUTO(text_release) struct text what = TEXT_EMPTY;
    struct sides sides;
    if (!look_at(look, receipt, &sides))
        return;
    enum consistency_problem problem = look_judge(look, &sides, receipt);
    if (problem == CONSISTENCY_PROBLEMS)
        return;
    if (sides.there)
        text_format(&what, "%s.dcm is in %s/, ", receipt, spool_place_name(sides.file));
    else
        text_format(&what, "%s.dcm is nowhere in the spool, ", receipt);
    if (sides.known)
        text_format(&what, "its row says %s", sides.gone ? "gone" : spool_place_name(sides.row));
    else
        text_append(&what, "and the database does not know it");
    look->each(look->context, problem, text_string(&what));
}

/* ---- all of them ---- */

static int suspect_file(void *context, const char *receipt)
{
    look_suspect(context, receipt);
    return 0;
}

static void suspect_row(void *context, const struct jobdb_file *file)
{
    look_suspect(context, file->receipt);
}

static void find_suspects(struct look *look)
{
    int64_t cursor = 0;
    for (int place = 0; place < SPOOL_PLACES; place++) {
        int code = spool_scan(look->spool, (enum spool_place)place, suspect_file, look);
        if (code != 0 && code != ERR_ABSENT && look->error == 0)
            look->error = code;
    }
    while (jobdb_each_active(look->db, &cursor, ROWS_A_STEP, suspect_row, look) > 0)
        continue;
    cursor = 0;
    while (jobdb_each_quarantined(look->db, &cursor, ROWS_A_STEP, suspect_row, look) > 0)
        continue;
}

static int compare_receipts(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void look_again(struct look *look)
{
    if (look->suspect_count == 0)
        return;
    qsort(look->suspects, look->suspect_count, sizeof *look->suspects, compare_receipts);
    (void)poll(NULL, 0, (int)look->patience->second_look_ms);
    for (size_t i = 0; i < look->suspect_count; i++) {
        if (i == 0 || strcmp(look->suspects[i], look->suspects[i - 1]) != 0)
            look_tell(look, look->suspects[i]);
    }
}

static void tell_database(void *context, const char *problem)
{
    const struct look *look = context;
    look->each(look->context, CONSISTENCY_DATABASE, problem);
}

int consistency_check(const char *state_dir, const struct consistency_patience *patience,
                      void (*each)(void *context, enum consistency_problem problem, const char *what),
                      void *context, struct text *ret_reason)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(spool_destroy) struct spool *spool = NULL;
    int code = jobdb_open_reader(state_dir, &db, ret_reason);
    if (code != 0)
        return code;
    code = spool_open(state_dir, &spool);
    if (code != 0) {
        text_format(ret_reason, "%s/spool: %s", state_dir, err_text(code));
        return code == ERR_ABSENT ? ERR_IO : code; /* absent is the word for a database */
    }
    struct look look = {.db = db, .spool = spool, .patience = patience, .each = each, .context = context};
    if (jobdb_check(db, tell_database, &look) >= 0) {
        find_suspects(&look);
        look_again(&look);
    }
    memory_free(&look.suspects);
    if (jobdb_commit(db) != 0)
        text_append(ret_reason, jobdb_error(db));
    else if (look.error != 0)
        text_format(ret_reason, "%s/spool: %s", state_dir, err_text(look.error));
    return jobdb_commit(db) != 0 ? jobdb_commit(db) : look.error;
}
