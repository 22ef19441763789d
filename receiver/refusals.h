/* refusals - peers that were turned away, told in few lines.
 *
 * Whoever can connect could fill a log with connections that are refused, or come to nothing. So the parent and the
 * processes of associations share this table: what is refused for the same reason from the same peer gets one line a
 * minute, with how often it happened since the last; what was not told by then is told by the parent as a sum.
 * The table has a fixed size, so that names and addresses without end make no lines without end. Never
 * blocks. */
#ifndef FELUCCA_RECEIVER_REFUSALS_H
#define FELUCCA_RECEIVER_REFUSALS_H

#include <stdint.h>

struct refusals;

struct refusals *refusals_create(void);
/* In the process that made it, and in those that were forked from it. */
void refusals_destroy(struct refusals **refusals);

/* One more for that reason, of a peer that is told from others by these texts (NULL: none). How often it
 * happened since it was last told, this time included, when a line is due; 0: say nothing. */
uint64_t refusals_note(struct refusals *refusals, const char *reason, const char *peer, const char *called,
                       int64_t now_ms);
/* What happened a minute ago or earlier, and was never told; it counts as told then. */
uint64_t refusals_rest(struct refusals *refusals, int64_t now_ms);

#endif
