/* connection - the inside of a struct jobdb. Private to common/jobs. */
#ifndef FELUCCA_JOBS_CONNECTION_H
#define FELUCCA_JOBS_CONNECTION_H

#include "common/base/text.h"
#include "common/jobs/counts.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/row.h"
#include "common/jobs/volume.h"
#include "common/spool/spool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jobdb {
    struct sqlite3 *sql;
    struct sqlite3_stmt *statements[JOBDB_PARTS * JOBDB_PART_SIZE];
    bool in_transaction;
    int error;        /* sticky */
    int64_t limit_at; /* monotonic ms; 0: none */
    struct text sentence;
    struct jobdb_counts *counts;
    size_t count_count, count_capacity;
    int64_t served; /* last value of lane.last_served */
    struct jobdb_volume volumes[SPOOL_PLACES];
};

/* Remembers the connection's present error, unless there was one before. SQLite's texts name tables and
 * files, never a value. */
void jobdb_fail(struct jobdb *db, const char *doing);
/* Runs statements that have no parameters; nothing after an error. The error, with what was being done. */
int jobdb_execute(struct jobdb *db, const char *sql, const char *doing);

/* The transaction that jobdb_change() begins and jobdb_commit() ends. */
void jobdb_begin(struct jobdb *db);
void jobdb_end(struct jobdb *db);

#endif
