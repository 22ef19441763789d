/* changes - the changes of many jobs that operators asked for and that are not made yet.
 *
 * A change is written down with the request's id when it is taken. The first one is made in portions, one or
 * a few a turn, each in its turn's transaction together with how far it has come; it is answered after the
 * commit of the last. So it blocks nothing, survives the router, and is made once however often it is asked
 * for. */
#ifndef FELUCCA_ROUTER_CHANGES_H
#define FELUCCA_ROUTER_CHANGES_H

#include "common/wire/bus.h"
#include "common/wire/control.h"

#include <stdbool.h>
#include <stdint.h>

struct changes;
struct router;

struct changes *changes_create(void);
void changes_destroy(struct changes **changes);

/* At start: goes on with what the last router left. */
void changes_load(struct router *router);

/* Takes a request of one of the verbs that are changes. *ret_answered: the answer is complete, which is so
 * when it is a refusal or the change was made before; else the peer gets it when the change is made. */
void changes_take(struct router *router, const struct bus_peer *peer, struct control_request *request,
                  struct control_answer *answer, bool *ret_answered);

void changes_turn(struct router *router);
int64_t changes_wakes_at(struct router *router);

#endif
