/* crew - the workers that the router knows, and the leases on the work they hold.
 *
 * A worker's credit is its slots minus its leases. A lease without a worker was handed out before the router
 * started: the worker that lists its work id adopts it, and nobody else gets that work until its deadline.
 * The work id also names the worker that got the work. When that worker says HELLO, the lease is its own
 * again, listed or not; a lease that its PINGs do not list is lost, as always. All times are of the loop's clock
 * (shared.h, awake): silence counts only while the router listens. */
#ifndef FELUCCA_ROUTER_CREW_H
#define FELUCCA_ROUTER_CREW_H

#include "common/jobs/batch.h"
#include "common/wire/bus.h"
#include "common/wire/work.h"
#include "router/rests.h"
#include "router/width.h"

struct seat; /* one worker */

struct lease {
    struct jobdb_batch batch;
    struct seat *seat; /* NULL: no worker has it yet */
    int missed;        /* rounds in a row (crew_check_held) in which a PING did not list it */
    int64_t round;     /* the last one whose PINGs say nothing more of it */
    int64_t deadline;  /* of a lease without a worker */
    int64_t started;
    struct width_paid paid;
    int64_t stored_mark; /* the destination's stored when it went out, or began */
    struct lease *ahead; /* its worker begins it when this one has ended well; NULL: it has begun */
    bool followed;       /* another one waits for it */
    struct lease *next;
};

struct crew;

struct crew *crew_create(void);
void crew_destroy(struct crew **crew);

/* A worker said HELLO: it is known by this peer from now on, and adopts the works that it holds. */
void crew_hello(struct crew *crew, const struct bus_peer *peer, const struct work_message *hello,
                int64_t now);
/* The peer said PING or anything else. False: it is not known; the answer is WHO. */
bool crew_heard(struct crew *crew, const struct bus_peer *peer, int64_t now);
/* A PING lists the works that it holds. A work that it should hold is lost when the PINGs of two rounds in a row do not
 * list it. crew_expire() ends a round: what had come until then was read. PINGs of one round count once, and those
 * of the round in which the work was leased do not count: it is said at the end of that turn, which may take
 * longer than several PINGs. */
void crew_check_held(struct crew *crew, const struct bus_peer *peer, const struct work_message *message);
/* Of the works that a HELLO or PING lists: those that are not this worker's any more, since their leases were lost
 * or others have them. How many; the list is then yours. */
size_t crew_gone(struct crew *crew, const struct work_message *message, char (**ret_gone)[WORK_ID_SIZE]);
/* Its connection is gone: it gets no more work before its next HELLO. */
void crew_absent(struct crew *crew, const struct bus_peer *peer);
/* The worker wants no more work, and will leave. */
void crew_bye(struct crew *crew, const struct bus_peer *peer);

/* The worker of the stage that has the most credit among those heard lately. NULL: none has any. */
struct seat *crew_most_credit(struct crew *crew, enum work_stage stage, int64_t now);

/* ---- a worker's own trouble: it rests for one duty, and others do it ---- */

/* A target that is in trouble is tried: by all workers in turn, beginning after the one of this number. */
struct crew_probe {
    uint64_t after;
};

/* It could not do this, for a reason that may be its own: it gets none before until. How often in a row that was so. */
int crew_rest(struct crew *crew, struct seat *seat, const struct crew_duty *duty, const char *reason);
void crew_rest_until(struct seat *seat, const struct crew_duty *duty, int64_t until);
/* It did it: false when it did not rest. */
bool crew_rest_over(struct crew *crew, struct seat *seat, const struct crew_duty *duty);
/* Something of this worker changed (a HELLO, what it says of a token): it is tried again at once. destination_id 0: for
 * all of them. */
void crew_rouse(struct crew *crew, const struct bus_peer *peer, int64_t destination_id);
/* Calls each for what every worker could not do, and has not done since, whether it rests still or not. */
void crew_each_rest(const struct crew *crew,
                    void (*each)(void *context, const struct seat *seat, const struct rest *rest),
                    void *context);
/* Whether that is another list than when this was asked last; at first it is. */
bool crew_rests_changed(struct crew *crew);
/* Whether another worker than seat may do it: one that was heard lately, is not about to leave and has had no such
 * trouble since it last did it. */
bool crew_has_other(const struct crew *crew, const struct seat *seat, const struct crew_duty *duty,
                    int64_t now);
/* Whether no other worker of its kind is there, whatever it rests for. */
bool crew_is_alone(const struct crew *crew, const struct seat *seat, int64_t now);
/* As crew_most_credit(), of those that do not rest for it. NULL: none. probe, else NULL: whose turn it is, whatever
 * credit others have; where all rest, the one whose rest ends first. */
struct seat *crew_choose(struct crew *crew, const struct crew_duty *duty, const struct crew_probe *probe,
                         int64_t now);
/* The worker of this number if it is there, whatever it has in hand, else another one; one that rests for the duty only
 * where all do. NULL: none. */
struct seat *crew_any(struct crew *crew, const struct crew_duty *duty, uint64_t number, int64_t now);
/* In the order of their first HELLOs, from 1. */
uint64_t seat_number(const struct seat *seat);
const struct bus_peer *seat_peer(const struct seat *seat);
const char *seat_name(const struct seat *seat);
size_t crew_size(const struct crew *crew, enum work_stage stage);

/* Writes the id of a work for this worker, WORK_ID_SIZE bytes: the router's epoch, so that the id never comes
 * back, a number, and the beginning of the worker's session. */
void crew_name_work(const struct seat *seat, const char *epoch, uint64_t number, char *ret_work);

/* Adds a lease; seat NULL: no worker has it, until deadline. The batch is emptied: the lease owns what it
 * held. */
struct lease *crew_lease(struct crew *crew, struct seat *seat, struct jobdb_batch *batch, int64_t now,
                         int64_t deadline);
struct lease *crew_find_lease(struct crew *crew, const char *work);
void crew_end_lease(struct crew *crew, struct lease *lease);

/* Whether the worker of a lease would keep one more for this duty, to begin it when that one ends. */
bool crew_may_follow(const struct lease *ahead, const struct crew_duty *duty, int64_t now);
/* Adds a lease behind another one, whose slot it takes over when that ends. The batch is emptied. */
struct lease *crew_lease_behind(struct crew *crew, struct lease *ahead, struct jobdb_batch *batch,
                                int64_t now);
/* The one that waits behind it, or NULL. */
struct lease *crew_follower(const struct crew *crew, const struct lease *lease);
/* How many leases there are. */
size_t crew_held(const struct crew *crew);
/* The first lease; follow ->next. */
struct lease *crew_leases(struct crew *crew);

/* Calls lost for every lease that is lost: its worker is silent or does not list it, or its deadline has
 * passed. lost must end the lease. Ends the round (crew_check_held). Forgets workers that are silent and hold nothing. */
void crew_expire(struct crew *crew, int64_t now, void (*lost)(void *context, struct lease *lease),
                 void *context);
/* Of a lease that is lost: whether its worker went away with the work in hand, without a BYE. The work may be why. */
bool crew_died_with(const struct lease *lease, int64_t now);
/* When time alone may make a lease lost, or INT64_MAX. */
int64_t crew_next_expiry(const struct crew *crew);

#endif
