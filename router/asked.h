/* asked - what the conditions of destinations and albums say of what is taken in: counted for `felucca status`, for
 * the view `conditions` of the database, and for the metrics.
 *
 * Instances are counted, and the series that they are of. Which series were met lately is kept in a table of fixed
 * size: a series that comes back long after its last instance, or after a restart, counts once more. */
#ifndef FELUCCA_ROUTER_ASKED_H
#define FELUCCA_ROUTER_ASKED_H

#include "common/service/metrics.h"
#include "router/decide.h"

struct asked;
struct router;

/* metrics is borrowed and must outlive it. */
struct asked *asked_create(struct metrics *metrics);
void asked_destroy(struct asked **asked);

/* After targets_configure(): a condition that is another one than before is counted anew. */
void asked_configure(struct router *router);

/* An instance of the series was taken in. */
void asked_note(struct router *router, const struct decisions *decisions, const char *series);

/* Shows at the metrics port since when each condition has matched nothing. */
void asked_show(struct router *router);
/* Forgets what it showed of now, before another configuration is in force: what that does not name is not shown. */
void asked_clear(struct asked *asked);

#endif
