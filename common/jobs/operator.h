/* operator - what operators want done with many jobs: which jobs are meant, and their moves.
 *
 * A change may concern a million jobs. So jobs are walked over in portions, by index, and the place that a
 * walk has reached is kept with the request (request.h): it goes on after a restart. */
#ifndef FELUCCA_JOBS_OPERATOR_H
#define FELUCCA_JOBS_OPERATOR_H

#include "common/jobs/batch.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/read.h"
#include "common/wire/work.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- which jobs are meant ---- */

enum jobdb_meant {
    JOBDB_FAILED = 1,
    JOBDB_DEFERRED = 2, /* queued, and tried before */
    JOBDB_FRESH = 4,    /* queued, never tried */
    JOBDB_WAITING = 8,  /* shares whose series has nothing stored */
    JOBDB_UNDECIDED = 16,
    JOBDB_EXCLUDED = 32,
    JOBDB_DROPPED = 64,
    JOBDB_DECIDED_AGAIN = JOBDB_UNDECIDED | JOBDB_EXCLUDED | JOBDB_DROPPED /* when they are retried */
};

/* "failed", "deferred", "queued" (both kinds), "waiting", "undecided", "excluded", "dropped"; NULL: failed and
 * deferred. False: no such jobs can be changed. */
bool jobdb_meant_by(const char *state, unsigned *ret_meant);

/* Whether there are jobs of that kind. */
bool jobdb_kind_is_known(const char *job_kind);

/* One job of a walk, with all that its moves need. */
struct jobdb_candidate {
    enum work_stage stage;
    int64_t destination_id, album_id, lane_id;
    struct jobdb_item item;
    char state[16]; /* its name */
    char study[JOBDB_UID_SIZE], series[JOBDB_UID_SIZE];
    int http_status;
    char *reason;          /* of its last failure, or NULL; owned by the walk */
    int64_t due_at;        /* of a queued fetch or inquiry */
    int64_t failed_at;     /* of a failed one that a walk found */
    int64_t waiting_since; /* received, or when an operator last wanted it tried again */
};

/* How far a walk has come; begins as zeros. */
struct jobdb_walk {
    int64_t album_id, destination_id;
    int phase;        /* operator.c has their order */
    int64_t time, id; /* the last job looked at */
    bool over;
};

struct jobdb_selection {
    struct jobdb_filter filter; /* state and limit are not looked at */
    unsigned meant;
    const char *job_kind; /* "delivery", "share", "fetch", "inquiry"; NULL: any */
    int http_status;      /* of the last answer; 0: any */
    bool is_line;         /* a line of trouble: reason is the whole one (line.h), and http_status
                           * that of all that failed; not said means that there is none */
    int64_t before; /* only jobs that failed, and were received, until then; 0: all. A time that is … */
    int64_t now;    /* … later than this was written by a clock that was wrong, and counts as before */
};

/* Goes on over the jobs of one destination or album, looks at most at that many, and calls each for those
 * that are meant: in order of their age, those that failed in the order in which they did. each may move the
 * job. Returns how many were looked at; walk->over when nothing is left. */
size_t jobdb_walk_on(struct jobdb *db, const struct jobdb_selection *selection, struct jobdb_walk *walk,
                     size_t most, void (*each)(void *context, struct jobdb_candidate *job), void *context);
/* The whole walk, for readers: how many are meant. */
int64_t jobdb_count_meant(struct jobdb *db, const struct jobdb_selection *selection);

/* One job by its number, whatever its state. The candidate is released with jobdb_candidate_release(). */
bool jobdb_find_job(struct jobdb *db, enum work_stage stage, int64_t id, struct jobdb_candidate *ret_job);
void jobdb_candidate_release(struct jobdb_candidate *job);

/* ---- their moves ---- */

/* Queued or failed, now due: its attempts, its batch limit and its age begin anew. False: its state does not
 * allow it. The lane is up to date afterwards. */
bool jobdb_retry_job(struct jobdb *db, const struct jobdb_candidate *job, int64_t now);
/* Given up. When nothing else of its instance is open, that is done. A fetch or inquiry goes with its row. */
bool jobdb_drop_job(struct jobdb *db, const struct jobdb_candidate *job, int64_t now, int64_t keep_until);
/* Failed because it waited too long. */
bool jobdb_give_up_job(struct jobdb *db, const struct jobdb_candidate *job, const char *reason, int64_t now);
/* Since when a job in hand has waited, as in jobdb_candidate. */
int64_t jobdb_waiting_since(struct jobdb *db, enum work_stage stage, const struct jobdb_item *item);

/* Shares that wait for a series of which nothing is stored and nothing left to be stored would wait for ever:
 * they are taken back, as if they had never been asked for, so that a later instance can ask anew. Each is
 * called for every one before it goes; returns how many. */
struct jobdb_settled {
    int64_t destination_id, album_id, witness_id;
};
size_t jobdb_settle_series(struct jobdb *db, int64_t series_id, int64_t now, int64_t keep_until,
                           void (*each)(void *context, const struct jobdb_settled *share), void *context);

#endif
