/* crew - the workers that the router knows, and the leases on the work they hold.
 *
 * Credit is slots minus leases, computed. A lease without a worker was handed out before the router started:
 * whoever lists its work id adopts it; until its deadline nobody else gets that work. The worker that it was
 * handed to is known by the work id: once that one says HELLO, the lease is its own again, listed or not, and
 * goes the way of every lease that PINGs do not list. Monotonic time. */
#ifndef FELUCCA_ROUTER_CREW_H
#define FELUCCA_ROUTER_CREW_H

#include "common/jobs/batch.h"
#include "common/wire/bus.h"
#include "common/wire/work.h"

struct seat; /* one worker */

struct lease {
    struct jobdb_batch batch;
    struct seat *seat;   /* NULL: nobody's yet */
    bool exclusive;      /* the only request of its study at its origin */
    int missed;          /* PINGs in a row that did not list it */
    int64_t deadline;    /* of nobody's lease; monotonic */
    int64_t started;     /* monotonic */
    int64_t stored_mark; /* the destination's stored when it went out */
    struct lease *next;
};

struct crew;

struct crew *crew_create(void);
void crew_destroy(struct crew **crew);

/* A worker said HELLO: it is known from now on by this peer; its held works are adopted. */
void crew_hello(struct crew *crew, const struct bus_peer *peer, const struct work_message *hello,
                int64_t now);
/* It said PING or anything else. False: not known, answer WHO. */
bool crew_heard(struct crew *crew, const struct bus_peer *peer, int64_t now);
/* A PING lists what it holds: what it should hold and does not list twice in a row is lost. */
void crew_check_held(struct crew *crew, const struct bus_peer *peer, const struct work_message *message);
/* It wants no more work. */
void crew_bye(struct crew *crew, const struct bus_peer *peer);

/* The worker of a stage with the most credit that was heard lately, or NULL when none has any. */
struct seat *crew_most_credit(struct crew *crew, enum work_stage stage, int64_t now);
const struct bus_peer *seat_peer(const struct seat *seat);
const char *seat_name(const struct seat *seat);
size_t crew_size(const struct crew *crew, enum work_stage stage);

/* The id of a work for this worker, of WORK_ID_SIZE bytes: the router's epoch, so that it never comes back, a
 * number, and the beginning of the worker's session. */
void crew_name_work(const struct seat *seat, const char *epoch, uint64_t number, char *ret_work);

/* Adds a lease; seat NULL: nobody's, until deadline. The batch is taken over (and emptied). */
struct lease *crew_lease(struct crew *crew, struct seat *seat, struct jobdb_batch *batch, int64_t now,
                         int64_t deadline);
struct lease *crew_find_lease(struct crew *crew, const char *work);
void crew_end_lease(struct crew *crew, struct lease *lease);
/* How many leases there are. */
size_t crew_held(const struct crew *crew);
/* The first lease; follow ->next. */
struct lease *crew_leases(struct crew *crew);

/* Calls lost for every lease that is lost by now (silent worker, not listed, deadline); lost must end it.
 * Forgets workers that are silent and hold nothing. */
void crew_expire(struct crew *crew, int64_t now, void (*lost)(void *context, struct lease *lease),
                 void *context);
/* When crew_expire() may find something by the passing of time, or INT64_MAX. */
int64_t crew_next_expiry(const struct crew *crew);

#endif
