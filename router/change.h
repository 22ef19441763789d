/* change - a change of many jobs that an operator asked for, as its parts see it.
 *
 * It is written down with the request's id when it is taken, made in portions, one or a few a turn, each with
 * its turn's transaction and the place where it stands, and answered after the commit of the last. So it
 * blocks nothing, survives the router, and is made once however often it is asked for. */
#ifndef FELUCCA_ROUTER_CHANGE_H
#define FELUCCA_ROUTER_CHANGE_H

#include "common/jobs/history.h"
#include "common/jobs/request.h"
#include "router/parts.h"

struct change {
    struct jobdb_request row; /* its texts are not set */
    struct control_request request;
    struct control_answer answer; /* what is said of it so far */
    struct bus_peer peer;         /* who waits for the answer; length 0: nobody */
    int64_t told;                 /* monotonic: when that was last told anything */
    uint32_t missing_tag;         /* reshare: a tag that no row tells, 0: none */
    struct change *next;
};

/* How many more may be changed. */
int64_t change_left(const struct change *change);
/* One thing could not be changed; the answer says why. */
void change_skip(struct change *change, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* An event of a job, instance or target, "by" the operator, and what else the detail says (NULL: nothing). */
void change_event(struct router *router, const struct change *change, struct jobdb_event *event,
                  const char *detail);

/* The next portion; true when nothing is left. */
bool change_jobs(struct router *router, struct change *change);   /* retry, drop */
bool change_parked(struct router *router, struct change *change); /* quarantine retry, quarantine drop */
bool change_reshare(struct router *router, struct change *change);

/* reshare: whether it can be done, else the answer says why not; what came of it so far; whom it is about. */
bool reshare_is_sensible(struct router *router, const struct control_request *request,
                         struct control_answer *answer);
void reshare_append_count(const struct change *change, struct text *out);
void reshare_name_target(struct router *router, const struct change *change, struct jobdb_event *event);

#endif
