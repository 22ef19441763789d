/* dispatch - work for the workers that want some: a lane, then a batch from it; a share; last an inquiry or a fetch.
 *
 * Each is picked by index, so that it costs the same however long the backlog is. */
#ifndef FELUCCA_ROUTER_DISPATCH_H
#define FELUCCA_ROUTER_DISPATCH_H

#include <stdint.h>

struct dispatch;
struct jobdb_batch;
struct router;
struct seat;

/* 0, or ERR_IO: the kernel gives no random bytes. */
int dispatch_create(struct dispatch **ret_dispatch);
void dispatch_destroy(struct dispatch **dispatch);

/* Gives a request to a worker, again and again until no target has any or no worker wants more. */
void dispatch_turn(struct router *router);
int64_t dispatch_wakes_at(struct router *router);

/* Gives a batch the id of a work for this worker. */
void dispatch_name(struct router *router, const struct seat *seat, struct jobdb_batch *batch);

#endif
