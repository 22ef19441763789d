/* readiness - when a server comes back nobody waits for the next probe's time.
 *
 * While a target backs off, one of its workers looks every few seconds whether its server is there (LOOK, SEEN). Only a
 * change from away to there makes a probe due, once: a KHEOPS whose PACS is away is there all the time, and that must
 * not defeat the rest. What a worker sees says nothing else about the target. */
#ifndef FELUCCA_ROUTER_READINESS_H
#define FELUCCA_ROUTER_READINESS_H

#include <stdint.h>

struct router;
struct work_look;

enum { READINESS_LOOK_MS = 3000 };

/* Asks about those whose time has come. */
void readiness_turn(struct router *router);
int64_t readiness_wakes_at(struct router *router);

/* A worker has looked. */
void readiness_take(struct router *router, const struct work_look *seen);

#endif
