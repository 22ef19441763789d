/* jobdb - the job database: the second source of truth, what has been done with what was received.
 *
 * This header is the connection; what is asked of it and told to it is in the others, by subject:
 *
 *     target.h      destinations and albums, and what the router has learned of them
 *     intake.h      what comes in: instances with their deliveries and shares
 *     dispatch.h    what goes out next: lanes, deliveries (batch.h), shares
 *     fetch.h       studies that KHEOPS is asked to look at again
 *     inquiry.h     series of which KHEOPS is asked for the headers
 *     outcome.h     what came of a job
 *     commitment.h  what sources asked to be committed, and who was told
 *     requester.h   those sources: who rests, and who is held
 *     notice.h      what people are told of, and who has taken it
 *     history.h     events, and sums of five minutes
 *     clean.h       files that may go, rows that are forgotten
 *     quarantine.h  files that could not be taken in
 *     operator.h    changes of many jobs; request.h: who wanted which; reshare.h
 *     read.h, show.h, gauge.h, check.h, wal.h   questions of people, of monitoring, and of itself
 *
 * Only this room speaks SQL: a server database could take its place behind these headers. One process writes
 * (the router); anyone may read. Changes collect in one transaction, begun by the first of them, until
 * jobdb_commit(): nothing may be told to anybody before that has returned 0. WAL with synchronous=FULL: what
 * is committed survives a power failure.
 *
 * Errors are sticky: after the first one every change does nothing and jobdb_commit() returns the error, so
 * that a turn's changes are made whole or not at all. The writer then exits and recovers at its next start.
 * Times are wall milliseconds. A connection is one thread's; a process may have several.
 *
 * The schema has a version. Whoever changes it adds a migration: migrations/README.md tells how. */
#ifndef FELUCCA_JOBS_JOBDB_H
#define FELUCCA_JOBS_JOBDB_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stdint.h>

enum { JOBDB_UID_SIZE = 65 };

struct jobdb;

/* Opens state_dir/jobs.db for writing, makes it (0640 at most) when there is none and brings an older one up to date, in one
 * transaction: hold the router's lock. 0; ERR_VERSION: made by a newer program;
 * ERR_DAMAGED: damaged or not a database; ERR_NOSPACE, ERR_DENIED, ERR_LOCKED (somebody else writes), ERR_IO,
 * ERR_DB: anything else. A sentence is appended to ret_reason. */
int jobdb_open(const char *state_dir, struct jobdb **ret_db, struct text *ret_reason);
/* Opens it read-only, also while the router writes or is down. ERR_ABSENT: there is none yet; ERR_VERSION: of
 * another version than this program's, older ones included. */
int jobdb_open_reader(const char *state_dir, struct jobdb **ret_db, struct text *ret_reason);
/* What is asked from now on, all of it together, ends with ERR_TOO_LONG after so many ms: a reader's question costs the
 * disk its pages and the log its space. */
void jobdb_limit(struct jobdb *db, int64_t milliseconds);
void jobdb_destroy(struct jobdb **db);

/* Renames jobs.db and what belongs to it to jobs.db.broken-<time>, so that a new one can be made from the
 * spool. The new name is appended to ret_name. */
int jobdb_set_aside(const char *state_dir, int64_t now, struct text *ret_name);

/* Makes all changes since the last commit durable; nothing to do is fine. 0, or the first error: those of
 * jobdb_open(). After ERR_DAMAGED the file should be set aside. */
int jobdb_commit(struct jobdb *db);
/* Whether something is still to be committed. */
bool jobdb_is_dirty(const struct jobdb *db);
/* The first error itself; 0: there was none. */
int jobdb_error_code(const struct jobdb *db);
/* The sentence of the first error, borrowed; "" without one. */
const char *jobdb_error(const struct jobdb *db);

#endif
