/* refusal - what an operator is told when a request cannot be carried out. */
#ifndef FELUCCA_ROUTER_REFUSAL_H
#define FELUCCA_ROUTER_REFUSAL_H

#include "common/wire/control.h"
#include "router/targets.h"

/* Makes the answer a refusal with this sentence. */
void refuse(struct control_answer *answer, const char *sentence);

/* The destination or album that the request names. NULL: there is none, and the answer is a refusal that says
 * which there are. */
struct target *refusal_or_target(struct targets *targets, const struct control_request *request,
                                 struct control_answer *answer);

#endif
