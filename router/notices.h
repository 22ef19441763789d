/* notices - what people should know of: looked for every few seconds, and written down as rows before anybody is told.
 *
 * Each cause of `notify: when` (common/config/occasions.h) but the router's own silence, which the notifier sees, is looked
 * for at every destination and album, or once. notice.h says what is told of it. posting.h tells it. */
#ifndef FELUCCA_ROUTER_NOTICES_H
#define FELUCCA_ROUTER_NOTICES_H

struct notices;
struct router;

struct notices *notices_create(void);
void notices_destroy(struct notices **notices);

/* Reads those that are not over; once, at the start. */
void notices_load(struct router *router);
/* After a reload, and with notices_load(): a target that is new hears of what has begun. What is not wanted any more, or is
 * about what the configuration no longer names, ends with the next look without a word. */
void notices_configure(struct router *router);
void notices_turn(struct router *router);

#endif
