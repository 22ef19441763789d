/* clocks - reads the router's two clocks at the beginning of each turn, and does what a step of the wall clock asks for.
 *
 * It leapt forward: nothing expires by it for a day (trust.h), whatever restarts in between. It was set back: what waits
 * for a time of it is due at once, and what would be kept because of a time that is far ahead is not. */
#ifndef FELUCCA_ROUTER_CLOCKS_H
#define FELUCCA_ROUTER_CLOCKS_H

struct clocks;
struct router;

struct clocks *clocks_create(void);
void clocks_destroy(struct clocks **clocks);

/* At start, with the database open: also compares with what the run before wrote down. */
void clocks_start(struct router *router);
/* Sets router->now, monotonic and expires_by. */
void clocks_read(struct router *router);
/* Writes them down once an hour, and when something changed. */
void clocks_turn(struct router *router);

#endif
