/* control - what operators ask for at the control socket: each request is checked, carried out in the turn's
 * transaction, and answered after the commit. Nothing that comes from this socket can stop the router. */
#ifndef FELUCCA_ROUTER_CONTROL_H
#define FELUCCA_ROUTER_CONTROL_H

#include <stdint.h>

struct router;

void control_turn(struct router *router);
int64_t control_wakes_at(struct router *router);

#endif
