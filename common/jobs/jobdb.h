/* jobdb - the job database: the second source of truth, what has been done with what was received.
 *
 * Only this module speaks SQL; a server database could stand behind this header. One process writes (the
 * router); anyone may read. Changes collect in one transaction, begun by the first of them, until
 * jobdb_commit(): nothing may be told to anybody before that has returned 0. WAL with synchronous=FULL: what
 * is committed survives a power failure.
 *
 * Errors are sticky: after the first one every change does nothing and jobdb_commit() returns the error, so
 * that a turn's changes are made whole or not at all. The writer then exits and recovers at its next start.
 * Times are wall milliseconds. Not thread-safe.
 *
 * The schema has a version. Whoever changes it adds a migration: migrations/README.md tells how. */
#ifndef FELUCCA_JOBS_JOBDB_H
#define FELUCCA_JOBS_JOBDB_H

#include "common/base/text.h"
#include "common/base/receipt.h"
#include "common/spool/spool.h"
#include "common/jobs/states.h"
#include "common/wire/work.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JOBDB_UID_SIZE = 65 };

struct jobdb;

/* ---- the connection ---- */

/* Opens state_dir/jobs.db for writing, makes it when there is none and brings an older one up to date, in one
 * transaction: hold the router's lock. 0; ERR_VERSION: made by a newer program;
 * ERR_DAMAGED: damaged or not a database; ERR_NOSPACE, ERR_DENIED, ERR_LOCKED (somebody else writes), ERR_IO,
 * ERR_DB: anything else. A sentence is appended to ret_reason. */
int jobdb_open(const char *state_dir, struct jobdb **ret_db, struct text *ret_reason);
/* Opens it read-only, also while the router writes or is down. ERR_ABSENT: there is none yet; ERR_VERSION: of
 * another version than this program's, older ones included. */
int jobdb_open_reader(const char *state_dir, struct jobdb **ret_db, struct text *ret_reason);
void jobdb_destroy(struct jobdb **db);

/* Renames jobs.db and what belongs to it to jobs.db.broken-<time>, so that a new one can be made from the
 * spool. The new name is appended to ret_name. */
int jobdb_set_aside(const char *state_dir, int64_t now, struct text *ret_name);

/* Makes all changes since the last commit durable; nothing to do is fine. 0, or the first error: those of
 * jobdb_open(). After ERR_DAMAGED the file should be set aside. */
int jobdb_commit(struct jobdb *db);
/* Whether something is still to be committed. */
bool jobdb_is_dirty(const struct jobdb *db);
/* The sentence of the first error, borrowed; "" without one. */
const char *jobdb_error(const struct jobdb *db);

/* ---- destinations and albums: what the router has learned about them ---- */

enum jobdb_target_state { TARGET_UP, TARGET_BACKING_OFF, TARGET_BLOCKED };

const char *jobdb_target_state_name(enum jobdb_target_state state);

/* What KHEOPS said last of a token. */
struct jobdb_token {
    bool known, active;
    char *scope, *album; /* "" when not said */
};

/* A destination (album_id 0) or an album. */
struct jobdb_target {
    int64_t destination_id, album_id;
    char *destination, *album; /* names; album NULL for a destination */
    char *origin;              /* of the destination */
    bool configured, held;
    enum jobdb_target_state state;
    int64_t since, until, failures;
    int64_t stored;                   /* jobs that ever succeeded here */
    struct jobdb_token token, source; /* the STOW token of a destination; the two of an album */
};

void jobdb_target_release(struct jobdb_target *target);

/* Marks every target as not configured; jobdb_configure() then marks those that are, making new rows. */
void jobdb_unconfigure_all(struct jobdb *db);
/* A destination with another origin than before knows no series. */
void jobdb_configure(struct jobdb *db, const char *destination, const char *album, const char *origin);
/* Calls each for every target, destinations first; each takes over what target holds. */
void jobdb_each_target(struct jobdb *db, void (*each)(void *context, struct jobdb_target *target),
                       void *context);
/* Writes what was learned; last_error (NULL: as it was) with the time it happened. */
void jobdb_save_target(struct jobdb *db, const struct jobdb_target *target, const char *last_error,
                       int64_t now);
/* Also into the target. */
void jobdb_save_token(struct jobdb *db, struct jobdb_target *target, const struct work_token *token,
                      int64_t now);
/* Appends what is wrong with a target's tokens, by what KHEOPS said last of them, and what to do; false when
 * nothing is. stow: the token of its destination. */
bool jobdb_token_trouble(const struct jobdb_token *token, enum work_token_kind kind,
                         const struct jobdb_token *stow, struct text *ret_sentence);

/* ---- intake ---- */

struct jobdb_instance {
    const char *receipt;
    const char *study, *series, *sop_instance, *sop_class, *transfer_syntax; /* NULL when unknown */
    const char *calling_aet, *called_aet, *source_address;
    bool urgent;
    int64_t size, received_at;
};

/* What was decided about one destination of the instance's node. */
struct jobdb_decision {
    int64_t destination_id;
    bool takes;
    const char *why;       /* when it does not take it */
    const int64_t *albums; /* that ask for its series */
    size_t album_count;
};

/* Whether the receipt has a row, and where its file should be. */
bool jobdb_knows(struct jobdb *db, const char *receipt, enum instance_state *ret_state,
                 enum spool_place *ret_place, bool *ret_gone);

/* Writes the instance, its deliveries and shares. A receipt that is known changes nothing. Where no
 * destination takes it, it is done and its file is kept until keep_excluded_until. */
void jobdb_take_in(struct jobdb *db, const struct jobdb_instance *instance,
                   const struct jobdb_decision *decisions, size_t decision_count, int64_t now,
                   int64_t keep_excluded_until);
/* Parks it for an operator, with a sentence. */
void jobdb_quarantine(struct jobdb *db, const struct jobdb_instance *instance, const char *reason,
                      int64_t now);

/* ---- dispatch ---- */

struct jobdb_item {
    int64_t id;          /* of the delivery, share or fetch */
    int64_t instance_id; /* share: of its witness, 0 when that is gone; fetch: 0 */
    int64_t series_id;
    char receipt[RECEIPT_SIZE];
    char series[JOBDB_UID_SIZE]; /* its Series Instance UID; known in a picked batch of deliveries only */
    int64_t size;
    int64_t received_at; /* share, fetch: created_at */
    int tries, attempts;
    int batch_limit; /* 0, or the largest request that it may be part of; negative: while the destination is
                        in trouble */
    int64_t attempt_mark; /* -1: no attempt yet */
    bool urgent;
};

/* What one WORK carries: deliveries of one lane, one share, or one fetch. */
struct jobdb_batch {
    char work[WORK_ID_SIZE];
    enum work_stage stage;
    int64_t destination_id, album_id, lane_id;
    char study[JOBDB_UID_SIZE];
    char series[JOBDB_UID_SIZE]; /* share only */
    struct jobdb_item *items;
    size_t item_count, item_capacity;
    int64_t bytes;
};

void jobdb_batch_release(struct jobdb_batch *batch);

/* Marks lanes whose time has come as ready. Whether there were any. */
bool jobdb_wake_lanes(struct jobdb *db, int64_t now);
/* When the next sleeping lane is due, or INT64_MAX. */
int64_t jobdb_next_lane(struct jobdb *db);

/* The wall clock went back, or did so while nothing ran: what would be due only after latest is due now. */
void jobdb_hurry(struct jobdb *db, int64_t now, int64_t latest);

struct jobdb_lane {
    int64_t id;
    char study[JOBDB_UID_SIZE];
    bool unknown; /* something due belongs to a series without a stored instance */
};

/* The ready lane of a destination that goes next: urgent ones first, then the least recently served. */
bool jobdb_pick_lane(struct jobdb *db, int64_t destination_id, int64_t now, struct jobdb_lane *ret_lane);

/* The lane waits until jobdb_open_lanes() of its study. */
void jobdb_close_lane(struct jobdb *db, int64_t lane_id);
void jobdb_open_lanes(struct jobdb *db, const char *study, int64_t now);

/* How much one request may carry. */
struct jobdb_appetite {
    size_t most_instances;
    int64_t most_bytes;
    bool wary; /* the destination is in trouble: the limits that it made count, too */
};

/* Takes due deliveries of the lane into the batch (whose work is set) and marks them as sending: series
 * without a stored instance first, then by series, oldest first; at most as many and as large as allowed, but
 * at least one; never two receipts of one SOP Instance UID. False: nothing could be taken. */
bool jobdb_pick_batch(struct jobdb *db, const struct jobdb_lane *lane, int64_t destination_id,
                      const struct jobdb_appetite *appetite, int64_t now, struct jobdb_batch *batch);

/* Takes the next due share of an album likewise. When there is none, *ret_next_due tells when one will be, or
 * INT64_MAX. */
bool jobdb_pick_share(struct jobdb *db, int64_t album_id, int64_t now, struct jobdb_batch *batch,
                      int64_t *ret_next_due);

/* Calls each for every work that was handed out and not answered, as the database knows it (after a start).
 * each takes over what the batch holds. */
void jobdb_each_work(struct jobdb *db, void (*each)(void *context, struct jobdb_batch *batch), void *context);

/* ---- studies that KHEOPS is asked to look at again ---- */

/* Something of the study was stored at now: it is asked to look again at due_at, whatever was planned before.
 */
void jobdb_want_fetch(struct jobdb *db, int64_t destination_id, const char *study, int64_t now,
                      int64_t due_at);

/* Takes the next due one of a destination into the batch, likewise. */
bool jobdb_pick_fetch(struct jobdb *db, int64_t destination_id, int64_t now, struct jobdb_batch *batch,
                      int64_t *ret_next_due);

/* ---- outcomes ---- */

/* The one place that moves a job: what an outcome writes. */
struct jobdb_outcome {
    enum cause cause;
    int64_t now;
    int64_t due_at; /* back to queued: not before */
    int attempts;   /* new values, kept with the job */
    int64_t attempt_mark;
    int batch_limit;
    int http_status;    /* 0: none */
    const char *reason; /* NULL: none */
    int64_t keep_until; /* when this finishes the instance */
};

/* Moves one delivery of a batch. False: its state does not know this move; nothing was changed. Stored also
 * makes its series known and the shares that wait for it due: the albums concerned are told to each_album. */
bool jobdb_move_delivery(struct jobdb *db, const struct jobdb_batch *batch, const struct jobdb_item *item,
                         const struct jobdb_outcome *outcome,
                         void (*each_album)(void *context, int64_t album_id), void *context);
bool jobdb_move_share(struct jobdb *db, const struct jobdb_batch *batch, const struct jobdb_item *item,
                      const struct jobdb_outcome *outcome);

/* When more of the study was stored meanwhile it is queued again, whatever came of it. *ret_due_at: when it
 * is due next, INT64_MAX when it is over. */
bool jobdb_move_fetch(struct jobdb *db, const struct jobdb_batch *batch, const struct jobdb_item *item,
                      const struct jobdb_outcome *outcome, int64_t *ret_due_at);

/* After the last item of a batch was moved: when its lane is due next. */
void jobdb_end_batch(struct jobdb *db, const struct jobdb_batch *batch, int64_t now);

/* The same for jobs moved outside a batch (late results): when their lane is due next. */
void jobdb_refresh_lane(struct jobdb *db, int64_t lane_id, int64_t now);

/* KHEOPS says that a series could not be put into its album: it is treated as unknown again. */
void jobdb_series_unknown(struct jobdb *db, int64_t series_id);

/* A delivery by receipt and destination, for results that come late. */
bool jobdb_find_delivery(struct jobdb *db, const char *receipt, const char *destination,
                         struct jobdb_batch *ret_batch);

/* Adds to the five-minute counters. album_id 0: deliveries. */
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
void jobdb_add_event(struct jobdb *db, const struct jobdb_event *event);

/* ---- cleaning and reconciling ---- */

struct jobdb_file {
    int64_t instance_id;
    char receipt[RECEIPT_SIZE];
    enum spool_place place;
};

/* What becomes of the file of a finished instance. */
enum jobdb_fate { JOBDB_REMOVE, JOBDB_KEEP, JOBDB_DROP };

/* Finished instances whose file still stands in queue/: its time is over, or it belongs into kept/, or, since
 * an operator dropped a delivery of it, into dropped/, where it stays at least until keep_dropped_until; it
 * is marked so now. At most limit; each is called for every one. */
size_t jobdb_each_finished(struct jobdb *db, int64_t now, int64_t keep_dropped_until, size_t limit,
                           void (*each)(void *context, const struct jobdb_file *file, enum jobdb_fate fate),
                           void *context);
/* Kept and dropped files whose time is over. */
size_t jobdb_each_expired(struct jobdb *db, int64_t now, size_t limit,
                          void (*each)(void *context, const struct jobdb_file *file), void *context);
/* The file is gone for good. */
void jobdb_file_gone(struct jobdb *db, int64_t instance_id);
/* Forgets finished instances, events, requests of operators and tallies from before the time given, and with
 * the last instance of a study its shares and lanes; at most limit instances. Returns how many. */
size_t jobdb_forget(struct jobdb *db, int64_t before, size_t limit);

/* Calls each for every active instance, in order of arrival, from the one after *cursor; at most limit.
 * Returns how many; *cursor is moved on. */
size_t jobdb_each_active(struct jobdb *db, int64_t *cursor, size_t limit,
                         void (*each)(void *context, const struct jobdb_file *file), void *context);
/* Moves all unfinished deliveries of an instance to failed, because its file is gone. Returns how many. */
size_t jobdb_fail_instance(struct jobdb *db, int64_t instance_id, const char *reason, int64_t now);
/* The quarantined instances, oldest first, from the one after *cursor. */
size_t jobdb_each_quarantined(struct jobdb *db, int64_t *cursor, size_t limit,
                              void (*each)(void *context, const struct jobdb_file *file), void *context);

/* Compares every counter with the rows that it counts, and every state with what belongs to it; nothing may
 * be uncommitted. Each comparison has a snapshot of its own, so that a long one does not keep the log of all
 * that the router writes meanwhile. Calls each for every problem; returns how many. Reads everything. */
int64_t jobdb_check(struct jobdb *db, void (*each)(void *context, const char *problem), void *context);

/* ---- for monitoring: from counters and by index, however much there is ---- */

/* What waits for a destination, or for one of its albums. */
struct jobdb_depth {
    const char *destination, *album; /* borrowed during the call; album NULL: the destination itself */
    int64_t waiting, queued, deferred, in_flight, failed; /* deferred: of the queued */
    int64_t oldest_queued_at, oldest_failed_at;           /* 0: there is none */
    int token_active, source_active; /* what introspection last said: 1, 0, or -1: nothing yet */
};
void jobdb_each_depth(struct jobdb *db, void (*each)(void *context, const struct jobdb_depth *depth),
                      void *context);

/* Spool files by place, kept in memory from jobdb_count_spool() on, which commits, and reads the row of every
 * file that there is once. Writer only. */
struct jobdb_volume {
    int64_t files, bytes;
};
void jobdb_count_spool(struct jobdb *db);
struct jobdb_volume jobdb_spool_volume(const struct jobdb *db, enum spool_place place);

/* Bytes of jobs.db and of its write-ahead log; 0 where there is none. */
void jobdb_file_sizes(const char *state_dir, int64_t *ret_database, int64_t *ret_wal);

/* ---- reading, for people ---- */

struct jobdb_status_row {
    const char *destination, *album, *state, *last_error; /* borrowed during the call; album may be NULL */
    const char *token_trouble;                            /* "" when KHEOPS says nothing against them */
    int64_t waiting, queued, deferred, in_flight, failed, done_hour, done_day;
    int64_t oldest_waiting_at, last_error_at, until; /* 0: none */
};
int jobdb_read_status(struct jobdb *db, void (*each)(void *context, const struct jobdb_status_row *row),
                      void *context);
int jobdb_count_quarantined(struct jobdb *db, int64_t *ret_count);
/* Deliveries that were done since, and their bytes, over all destinations; to five minutes. */
int jobdb_read_totals(struct jobdb *db, int64_t since, int64_t *ret_done, int64_t *ret_bytes);

/* Which jobs to list; NULL or 0: any. A state may also be "deferred". Deliveries and shares that match are
 * listed newest first. */
struct jobdb_filter {
    const char *state, *destination, *album, *study, *series;
    int64_t since;
    int64_t limit;
};
struct jobdb_job_row {
    const char *kind; /* "delivery", "share" or "fetch" */
    int64_t id;
    const char *state, *destination, *album, *study, *series, *sop_instance, *receipt, *reason;
    int64_t tries, attempts, http_status, size, received_at, due_at, finished_at;
};
int jobdb_read_jobs(struct jobdb *db, const struct jobdb_filter *filter,
                    void (*each)(void *context, const struct jobdb_job_row *row), void *context);

#endif
