/* parts - what the files of the router share: the one struct that they all work on.
 *
 * One thread; each part changes the database, the crew and the outbox, and says nothing to anybody before the
 * turn's commit. */
#ifndef FELUCCA_ROUTER_PARTS_H
#define FELUCCA_ROUTER_PARTS_H

#include "common/dicom/header.h"
#include "common/wire/bus.h"
#include "common/config/config.h"
#include "common/jobs/batch.h"
#include "common/jobs/operator.h"
#include "common/jobs/outcome.h"
#include "common/service/service.h"
#include "common/spool/spool.h"
#include "router/arrivals.h"
#include "router/crew.h"
#include "router/door.h"
#include "router/gauges.h"
#include "router/guard.h"
#include "router/outbox.h"
#include "router/targets.h"

struct pending; /* receipts to take in (intake.c) */
struct changes; /* what operators want, and is not done yet (change.c) */

struct router {
    struct service *service;
    const struct config *config;
    int lock_fd;
    struct spool *spool;
    struct jobdb *db;
    struct targets *targets;
    struct crew *crew;
    struct outbox *outbox;
    struct guard *guard;
    struct pending *pending;
    struct gauges *gauges;
    struct arrivals *arrivals;
    struct door *door;
    struct changes *changes;
    struct bus *hints, *work, *control;
    char epoch[17];    /* random: the first half of every work id */
    uint64_t works;    /* the second half counts */
    int64_t now;       /* wall ms of this turn */
    int64_t monotonic; /* likewise */
    int64_t offset;    /* wall minus monotonic */
    int64_t next_scan; /* monotonic */
    int64_t next_cleaning, next_finishing;
    struct jobdb_walk aging; /* the search for jobs that have waited too long */
    int64_t next_lane;       /* wall ms: when a sleeping lane is due */
    int64_t *gone;           /* instances whose file was removed: told to the database in the next turn */
    size_t gone_count, gone_capacity;
    char (*undelivered)[WORK_ID_SIZE]; /* works whose worker had left before it was told */
    size_t undelivered_count, undelivered_capacity;
    size_t adopted; /* files that recovery has looked at */
    size_t missing; /* files that it did not find */
    struct {
        int64_t jobs, first_id;
        int status;
        char reason[200];
    } failing; /* in the result that is looked at: one line for all of them */
    bool recovered;
    bool inputs_drained; /* nothing waits in the sockets: leases may expire */
    bool more_to_clean, more_to_hand_out;
};

/* router.c: durable first, then said and done; exits where that cannot be */
void router_commit(struct router *router);

/* intake.c: receipts become rows */
struct pending *pending_create(void);
void pending_destroy(struct pending **pending);
void intake_add(struct router *router, const char *receipt);
size_t intake_waiting(const struct router *router);
bool intake_is_missing_some(const struct router *router); /* a scan would find more */
void intake_scan(struct router *router);                  /* incoming/, oldest first */
void intake_turn(struct router *router);                  /* takes in some of what waits */
void intake_after_crash(struct router *router);           /* the receipt that the last router died with */
void intake_from_queue(struct router *router, const char *receipt); /* a file in queue/ without a row */

/* recover.c: at start, spool and database are made to agree */
int recover(struct router *router);

/* dispatch.c: work for whoever asks */
void dispatch_turn(struct router *router);
int64_t dispatch_wakes_at(struct router *router); /* wall ms */
/* Where requests of a stage are counted while they are out. */
int *dispatch_counter(struct target *target, enum work_stage stage);
bool dispatch_study_is_busy(struct router *router, const char *origin, const char *study,
                            bool *ret_exclusive);

/* visibility.c: studies that KHEOPS is asked to look at again */
void visibility_wanted(struct router *router, struct target *target, const char *study);
bool visibility_move(struct router *router, const struct jobdb_batch *batch, const struct jobdb_item *item,
                     const struct jobdb_outcome *outcome);
void visibility_learn(struct router *router, struct target *target, const struct jobdb_batch *batch,
                      const struct work_result *result);

/* tokens.c: what KHEOPS says of the tokens */
void tokens_take(struct router *router, const struct work_token *token);

/* outcome.c: what came of it */
void outcome_take(struct router *router, const struct bus_peer *peer, const struct work_message *message);
void outcome_lease_lost(void *router, struct lease *lease);
void outcome_undelivered(struct router *router);

/* janitor.c: what may go */
void janitor_turn(struct router *router);

/* conversation.c: the sockets */
void conversation_take_hints(struct router *router);
void conversation_take_work(struct router *router);
void conversation_look_at_door(struct router *router);
void conversation_read_keys(struct router *router);

/* The header of a file that was taken in before, guarded likewise: what crashes is remembered and not parsed
 * again. intake_parsed() after the last of a turn. As header_read(). */
int intake_parse(struct router *router, const char *receipt, enum spool_place place,
                 const struct header_transfer *transfer, struct header **ret_header, struct text *ret_reason);
void intake_parsed(struct router *router);

/* A quarantined file once more, as if it were new. False: it cannot be read, or crashes the parser; nothing
 * was changed and *ret_why says why. */
bool intake_again(struct router *router, int64_t instance_id, const char *receipt, const char **ret_why);

/* control.c: what operators want */
void control_take(struct router *router);
/* The destination or album that the request names; else the answer is a refusal that says which there are. */
struct target *control_find_target(struct router *router, const struct control_request *request,
                                   struct control_answer *answer);
void control_refuse(struct control_answer *answer, const char *sentence);

/* change.c: changes of many jobs, a portion a turn */
struct changes *changes_create(void);
void changes_destroy(struct changes **changes);
void changes_load(struct router *router); /* at start: what the last router left */
void changes_take(struct router *router, const struct bus_peer *peer, struct control_request *request,
                  struct control_answer *answer, bool *ret_answered);
void changes_turn(struct router *router);
bool changes_wait(const struct router *router); /* something is left to be done */

#endif
