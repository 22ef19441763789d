/* former - a request that went to where its target was before.
 *
 * While a request is on its way an operator may move the destination to another album, or a reload may bring another
 * URL. What came of such a request says nothing about the place of now: what it stored is not stored there and goes
 * again, and what was refused there is tried here. RESULT says again which place its WORK named. */
#ifndef FELUCCA_ROUTER_FORMER_H
#define FELUCCA_ROUTER_FORMER_H

#include "common/wire/work.h"

struct router;

/* Before a RESULT is taken, early or late. */
void former_excuse(struct router *router, struct work_result *result);

#endif
