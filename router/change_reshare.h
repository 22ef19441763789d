/* change_reshare - an album's condition is asked again for series that are there already, so that an album
 * which was added to the configuration, or whose condition was corrected, gets them too. change.h tells what
 * each function does.
 *
 * The walk goes over the destination's series, and within a series over its instances until one matches:
 * walk.time is the series looked at, walk.id the last instance of it, walk.phase what is known so far. An
 * instance is asked by its file's header where the file is still in the spool, else by its kept one, else by what its
 * row tells. With from_kheops a series of which that decides nothing becomes an inquiry (inquiries.h), which goes on when
 * the change is over. */
#ifndef FELUCCA_ROUTER_CHANGE_RESHARE_H
#define FELUCCA_ROUTER_CHANGE_RESHARE_H

#include "router/change.h"

bool change_reshare_is_sensible(struct router *router, const struct control_request *request,
                                struct control_answer *answer);
bool change_reshare_step(struct router *router, struct change *change);
void change_reshare_count(const struct change *change, struct text *out);

/* Says in the event which album the change is about. */
void change_reshare_target(struct router *router, const struct change *change, struct jobdb_event *event);

#endif
