/* history - what happened, beside what the rows of jobs tell: events, and sums of five minutes. */
#ifndef FELUCCA_JOBS_HISTORY_H
#define FELUCCA_JOBS_HISTORY_H

#include "common/jobs/jobdb.h"
#include "common/wire/work.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JOBDB_TALLY_MS = 5 * 60 * 1000 };

/* Adds to the sums of these five minutes. album_id 0: deliveries. */
void jobdb_tally(struct jobdb *db, int64_t destination_id, int64_t album_id, int64_t now, int64_t done,
                 int64_t bytes, int64_t failed);

/* One line of history. Ids that are 0 are left out. */
struct jobdb_event {
    int64_t at;
    const char *kind;
    int64_t instance_id, delivery_id, share_id, destination_id, album_id;
    int http_status;
    const char *detail;
};
/* Whether the last answer to a delivery or share, in its row, is this one. */
bool jobdb_job_said(struct jobdb *db, enum work_stage stage, int64_t id, int http_status, const char *reason);
void jobdb_add_event(struct jobdb *db, const struct jobdb_event *event);

/* Forgets finished instances, events, requests of operators and sums from before the time given, and with
 * the last instance of a study its shares, fetches, inquiries, series, lanes and hashes; at most limit instances. Returns how
 * many. */
size_t jobdb_forget(struct jobdb *db, int64_t before, size_t limit);
/* Forgets every hash of a number that people look for. */
void jobdb_forget_hashes(struct jobdb *db);

#endif
