/* read - what people ask of many jobs: status, lists, sums. show.h: what they ask of one thing. */
#ifndef FELUCCA_JOBS_READ_H
#define FELUCCA_JOBS_READ_H

#include "common/jobs/conditions.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/standing.h"

#include <stdint.h>

struct jobdb_status_row {
    const char *destination, *album, *state, *last_error; /* borrowed during the call; album may be NULL */
    const char *token_trouble;                            /* "" when KHEOPS says nothing against them */
    int64_t waiting, queued, deferred, in_flight, failed, undecided, done_hour, done_day;
    int64_t oldest_waiting_at, last_error_at, until; /* 0: none */
    const struct jobdb_condition *condition;         /* NULL: it has none */
    struct jobdb_standing standing;
    bool is_past; /* the configuration does not name it, and nothing of it waits or failed (standing.h) */
};
int jobdb_read_status(struct jobdb *db, void (*each)(void *context, const struct jobdb_status_row *row),
                      void *context);
int jobdb_count_quarantined(struct jobdb *db, int64_t *ret_count);
/* Failed fetches of a destination (album NULL), and failed inquiries of an album, which no count of a status row has.
 * destination and album are borrowed during the call. */
struct jobdb_failed_questions {
    const char *destination, *album;
    int64_t count;
};
int jobdb_each_failed_questions(struct jobdb *db,
                                void (*each)(void *context, const struct jobdb_failed_questions *failed),
                                void *context);
/* Deliveries that were done since, and their bytes, over all destinations; to five minutes. */
int jobdb_read_totals(struct jobdb *db, int64_t since, int64_t *ret_done, int64_t *ret_bytes);

/* Which jobs to list; NULL or 0: any. A state may also be "deferred". Deliveries and shares that match are
 * listed newest first. */
struct jobdb_filter {
    const char *state, *destination, *album, *study, *series;
    const char *calling_aet; /* who sent the instance, or a share's witness; no fetch or inquiry matches */
    const char *hash;        /* of studies that have it (table search_hash) */
    const char *reason; /* operator.h: a part of why they failed, or are undecided; lists do not look at it */
    int64_t since, until; /* received from then, and before then */
    int64_t limit;
};
struct jobdb_job_row {
    const char *kind; /* "delivery", "share" "fetch" or "inquiry" */
    int64_t id;
    const char *state, *destination, *album, *study, *series, *sop_instance, *receipt, *reason, *calling_aet;
    int64_t tries, attempts, http_status, size, received_at, due_at, finished_at;
};
int jobdb_read_jobs(struct jobdb *db, const struct jobdb_filter *filter,
                    void (*each)(void *context, const struct jobdb_job_row *row), void *context);

#endif
