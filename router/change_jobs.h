/* change_jobs - retry and drop: jobs that are given by their numbers, or chosen by a filter. change.h tells
 * what each function does. */
#ifndef FELUCCA_ROUTER_CHANGE_JOBS_H
#define FELUCCA_ROUTER_CHANGE_JOBS_H

#include "router/change.h"

bool change_jobs_is_sensible(struct router *router, const struct control_request *request,
                             struct control_answer *answer);
bool change_jobs_step(struct router *router, struct change *change);
void change_jobs_count(const struct change *change, struct text *out);

#endif
