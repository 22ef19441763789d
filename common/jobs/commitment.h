/* commitment - what sources asked to be committed: a row for each transaction, and one for each instance in it. What is known
 * of a source is requester.h's.
 *
 * A commitment is waiting until every instance is decided, then queued, reporting while a worker has it, and reported; or
 * failed where nobody took its report for long, or dropped by an operator. Reports of one source go out one at a time, in
 * their order. */
#ifndef FELUCCA_JOBS_COMMITMENT_H
#define FELUCCA_JOBS_COMMITMENT_H

#include "common/jobs/batch.h"
#include "common/jobs/jobdb.h"
#include "common/wire/work.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JOBDB_AET_SIZE = 17 };

/* ---- taking one in ---- */

struct jobdb_commitment {
    const char *receipt, *transaction, *calling, *called, *address;
    int64_t asked_at, patience_until, instances;
};

/* Whether there is a row for the receipt, and whether its transaction is over (reported or dropped). */
bool jobdb_knows_commitment(struct jobdb *db, const char *receipt, bool *ret_over);
/* The one of that UID that the same source has asked the same node for, and that is not over; 0: none. */
int64_t jobdb_find_open_commitment(struct jobdb *db, const struct jobdb_commitment *commitment,
                                   bool *ret_failed);
/* How many instances of a source are not decided. */
int64_t jobdb_undecided_of(struct jobdb *db, const char *calling);
/* Adds it, waiting, without its instances. Returns its id. */
int64_t jobdb_add_commitment(struct jobdb *db, const struct jobdb_commitment *commitment);
/* Adds one that is over, without instances: it was asked for while another one was open. So it is known by its receipt. */
void jobdb_add_repeated(struct jobdb *db, const struct jobdb_commitment *commitment, int64_t now);
/* One of its instances. */
void jobdb_add_referenced(struct jobdb *db, int64_t commitment_id, const char *sop_class,
                          const char *sop_instance);

/* ---- deciding ---- */

struct jobdb_referenced {
    int64_t id, commitment_id;
    char sop_class[JOBDB_UID_SIZE], sop_instance[JOBDB_UID_SIZE];
    char calling[JOBDB_AET_SIZE], called[JOBDB_AET_SIZE];
    char receipt[RECEIPT_SIZE]; /* of its transaction */
};

/* The next ones that are not decided, behind the row `after`; how many. */
size_t jobdb_each_referenced(struct jobdb *db, int64_t after, struct jobdb_referenced *list, size_t most);

/* What became of the newest version of an instance that a node received. */
struct jobdb_fate_of {
    int64_t instance_id; /* 0: it was never seen, or is forgotten */
    bool quarantined;
    char sop_class[JOBDB_UID_SIZE];
};
void jobdb_find_newest(struct jobdb *db, const char *sop_instance, const char *called,
                       struct jobdb_fate_of *ret_fate);
/* Calls each with the destination and state of each of its deliveries. */
void jobdb_each_delivery_of(struct jobdb *db, int64_t instance_id,
                            void (*each)(void *context, const char *destination, const char *state),
                            void *context);

/* One is decided: 0 committed, else the failure reason. True: it was the last one, the commitment is queued. */
bool jobdb_decide_referenced(struct jobdb *db, const struct jobdb_referenced *referenced, int outcome,
                             int64_t now);
/* All of a transaction that are not decided. */
void jobdb_decide_rest(struct jobdb *db, int64_t commitment_id, int outcome, int64_t now);
/* A commitment whose patience is over, and who asked; 0: none. */
int64_t jobdb_next_impatient(struct jobdb *db, int64_t now, struct text *ret_calling,
                             struct text *ret_called);

/* ---- reporting ---- */

/* Takes the next report for a source into the batch (whose work is set), leases it and tells what it says, which is then
 * yours. False: none waits. */
bool jobdb_pick_report(struct jobdb *db, const char *calling, const char *called, struct jobdb_batch *batch,
                       struct work_report **ret_report);

/* ---- over the association that asked ---- */

/* A report that its association is offered has no worker: it is `reporting` with this as its work. */
#define JOBDB_BY_ASSOCIATION "association"

struct jobdb_offered {
    int64_t id;
    char calling[JOBDB_AET_SIZE], called[JOBDB_AET_SIZE];
    char receipt[RECEIPT_SIZE];
};
/* Those that are decided and wait, for one source, the oldest first; how many. */
size_t jobdb_each_queued_report(struct jobdb *db, const char *calling, const char *called,
                                struct jobdb_offered *list, size_t most);
/* Calls each for every one that is offered. */
void jobdb_each_offered(struct jobdb *db, void (*each)(void *context, const struct jobdb_offered *offered),
                        void *context);
/* It is offered from now on. False: it does not wait any more. */
bool jobdb_offer_report(struct jobdb *db, int64_t id);
/* What its report says; the list is yours. */
struct work_report *jobdb_read_report(struct jobdb *db, int64_t id);

/* ---- what came of it ---- */

/* A commitment that this work is, or was. */
struct jobdb_reported {
    char calling[JOBDB_AET_SIZE], called[JOBDB_AET_SIZE];
    char receipt[RECEIPT_SIZE], transaction[JOBDB_UID_SIZE];
    int64_t decided_at, instances, denied, tries;
};
bool jobdb_find_report(struct jobdb *db, int64_t id, const char *work, struct jobdb_reported *ret_reported);
/* The same of any commitment. */
bool jobdb_find_commitment(struct jobdb *db, int64_t id, struct jobdb_reported *ret_reported);
/* What came of it: acknowledged; queued again, for a reason (NULL: the one that it has); or failed. One that is reported
 * stays so. */
void jobdb_report_taken(struct jobdb *db, int64_t id, int64_t now);
void jobdb_report_again(struct jobdb *db, int64_t id, const char *reason);
void jobdb_report_failed(struct jobdb *db, int64_t id, const char *reason);

/* ---- operators ---- */

/* A report that failed, or waits, is due now. False: it is in no such state. */
bool jobdb_retry_commitment(struct jobdb *db, int64_t id, int64_t now);
/* It is given up, unless it is over. */
bool jobdb_drop_commitment(struct jobdb *db, int64_t id, int64_t now);

/* ---- questions ---- */

/* Calls each with a state that is not over and how many are in it. */
void jobdb_each_commitment_count(struct jobdb *db,
                                 void (*each)(void *context, const char *state, int64_t count),
                                 void *context);

/* For people. Texts are borrowed during the call. */
struct jobdb_commitment_row {
    int64_t id;
    const char *transaction, *calling, *called, *state;
    int64_t asked_at, instances, open, denied, tries;
    const char *reason;  /* NULL: none */
    int64_t until;       /* of its source: when the next try may be made */
    int64_t finished_at; /* 0: it is not over */
    int64_t outcome;     /* of the instance that was asked about; -1: not decided, or about none */
};
/* Those that are not over, the oldest first. 0, or the connection's error. */
int jobdb_each_open_commitment(struct jobdb *db, int64_t most,
                               void (*each)(void *context, const struct jobdb_commitment_row *row),
                               void *context);
/* The last 50 that refer to an instance of a study. */
int jobdb_each_commitment_in(struct jobdb *db, const char *study,
                             void (*each)(void *context, const struct jobdb_commitment_row *row),
                             void *context);
/* Those that refer to an instance. */
int jobdb_each_commitment_of(struct jobdb *db, const char *sop_instance,
                             void (*each)(void *context, const struct jobdb_commitment_row *row),
                             void *context);

#endif
