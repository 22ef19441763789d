/* change_parked - quarantine retry and quarantine drop: quarantined files are taken in once more, or given
 * up. change.h tells what each function does. */
#ifndef FELUCCA_ROUTER_CHANGE_PARKED_H
#define FELUCCA_ROUTER_CHANGE_PARKED_H

#include "router/change.h"

bool change_parked_is_sensible(struct router *router, const struct control_request *request,
                               struct control_answer *answer);
bool change_parked_step(struct router *router, struct change *change);
void change_parked_count(const struct change *change, struct text *out);

#endif
