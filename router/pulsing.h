/* pulsing - the router shows receivers that it works (common/spool/pulse.h): from its recovery on, as often as its loop
 * turns in time. */
#ifndef FELUCCA_ROUTER_PULSING_H
#define FELUCCA_ROUTER_PULSING_H

struct router;

/* After the turn's commit: one that cannot commit has ended. */
void pulsing_turn(struct router *router);
/* It works no more. */
void pulsing_end(struct router *router);

#endif
