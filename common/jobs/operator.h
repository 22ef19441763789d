/* operator - what operators want done with many jobs: which jobs are meant, their moves, quarantined
 * files, and the record of who wanted what.
 *
 * A change may concern a million jobs. So jobs are walked over in portions, by index, and the place where a
 * walk stands is kept with the request: it goes on after a restart. */
#ifndef FELUCCA_JOBS_JOBDB_OPERATOR_H
#define FELUCCA_JOBS_JOBDB_OPERATOR_H

#include "common/jobs/jobdb.h"

/* ---- which jobs are meant ---- */

enum jobdb_meant {
    JOBDB_FAILED = 1,
    JOBDB_DEFERRED = 2, /* queued, and tried before */
    JOBDB_FRESH = 4,    /* queued, never tried */
    JOBDB_WAITING = 8   /* shares whose series has nothing stored */
};

/* "failed", "deferred", "queued" (both kinds), "waiting"; NULL: failed and deferred. False: no such jobs can
 * be changed. */
bool jobdb_meant_by(const char *state, unsigned *ret_meant);

/* One job of a walk, with all that its moves need. */
struct jobdb_candidate {
    enum work_stage stage;
    int64_t destination_id, album_id, lane_id;
    struct jobdb_item item;
    char state[16]; /* its name */
    char study[JOBDB_UID_SIZE], series[JOBDB_UID_SIZE];
    int http_status;
    char *reason;          /* of its last failure, or NULL; owned by the walk */
    int64_t due_at;        /* of a queued fetch */
    int64_t waiting_since; /* received, or when an operator last wanted it tried again */
};

/* Where a walk stands; begins as zeros. */
struct jobdb_walk {
    int64_t album_id, destination_id;
    int phase;        /* queued ones, then failed ones; of a destination then its fetches likewise */
    int64_t time, id; /* the last job looked at */
    bool over;
};

struct jobdb_selection {
    struct jobdb_filter filter; /* state and limit are not looked at */
    unsigned meant;
    int64_t before; /* only jobs that failed, and were received, until then; 0: all */
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
/* Given up. When nothing else of its instance is open, that is done. A fetch goes with its row. */
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

/* ---- quarantined files ---- */

struct jobdb_quarantined {
    int64_t id;
    char receipt[RECEIPT_SIZE];
    const char *reason, *calling_aet, *called_aet, *study, *sop_instance; /* borrowed during the call */
    int64_t size, received_at, quarantined_at;
};

/* The next ones from the one after *cursor on, at most that many; *cursor is moved on. How many. */
size_t jobdb_read_quarantine(struct jobdb *db, int64_t *cursor, size_t most,
                             void (*each)(void *context, const struct jobdb_quarantined *file),
                             void *context);
/* Forgets the row, so that its file can be taken in as if it were new. */
void jobdb_take_back(struct jobdb *db, int64_t instance_id);
/* Its file belongs into dropped/ from now on. False: it is not in quarantine. */
bool jobdb_drop_quarantined(struct jobdb *db, int64_t instance_id, int64_t now, int64_t keep_until);
/* The instance of a receipt, 0: none. */
int64_t jobdb_find_instance(struct jobdb *db, const char *receipt);

/* ---- what was asked ---- */

struct jobdb_request {
    int64_t id;
    char name[33];                   /* the asker's random id for it */
    const char *verb, *user, *asked; /* borrowed during the call; asked: the whole of it as JSON */
    int64_t asked_at, finished_at;   /* finished_at 0: not yet */
    struct jobdb_walk walk;
    int64_t changed, skipped;
    int64_t already, unmatched; /* reshare: series with a share, series that do not meet the condition */
    const char *sentence;       /* what was answered; NULL: nothing yet */
};

/* Writes it down; its id. */
int64_t jobdb_add_request(struct jobdb *db, const struct jobdb_request *request);
void jobdb_save_request(struct jobdb *db, const struct jobdb_request *request);
/* Calls each for the one of that name; whether it was asked before. */
bool jobdb_find_request(struct jobdb *db, const char *name,
                        void (*each)(void *context, const struct jobdb_request *request), void *context);
/* Calls each for every one that is not finished, in the order in which they were asked. */
void jobdb_each_request(struct jobdb *db, void (*each)(void *context, const struct jobdb_request *request),
                        void *context);

#endif
