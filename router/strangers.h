/* strangers - workers that speak another version of the work protocol, and whoever says to be a worker and does not know
 * the router's secret: each is told so, and the log once.
 *
 * A worker is known by its session. An older one answers WHO with HELLO at once, so it must not be told each
 * time it asks. The sessions that were heard last are remembered, a bounded number. */
#ifndef FELUCCA_ROUTER_STRANGERS_H
#define FELUCCA_ROUTER_STRANGERS_H

#include "common/wire/bus.h"
#include "common/wire/work.h"

#include <stdbool.h>
#include <stdint.h>

struct router;
struct strangers;

struct strangers *strangers_create(void);
void strangers_destroy(struct strangers **strangers);

/* It said this HELLO: one line in the log a session, and a WHO with the reason, at most every ten seconds. */
void strangers_hello(struct router *router, struct strangers *strangers, const struct bus_peer *peer,
                     const struct work_message *hello);
/* The same of a HELLO without the proof; but at most one line a second, since whoever it is may say as many sessions as
 * it likes: who came too quickly has its line with a later HELLO, and each line tells how many have none yet. */
void strangers_unproven(struct router *router, struct strangers *strangers, const struct bus_peer *peer,
                        const struct work_message *hello);
/* Logs how many had no line and did not come again within ten seconds. */
void strangers_turn(const struct router *router, struct strangers *strangers);
/* It is a worker of ours now. */
void strangers_forget(struct strangers *strangers, const char *session);
/* Whether the session is one of them: it is not asked who it is. */
bool strangers_know(const struct strangers *strangers, const char *session);

#endif
