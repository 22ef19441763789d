/* chosen - what was ticked in a list, lines of Trouble or studies: one plan of many requests.
 *
 *     of = trouble    pick = a line's name (chosen_name()); verb = retry, drop: of files in quarantine, too
 *     of = studies    pick = a Study Instance UID; verb = retry, drop: what failed of it; reshare: to = DESTINATION/ALBUM
 *
 * What is the same request twice is one. A line that is not there any more is left out, and the others are meant all the same. */
#ifndef FELUCCA_CONSOLE_CHOSEN_H
#define FELUCCA_CONSOLE_CHOSEN_H

#include "common/base/json.h"
#include "console/plan.h"

enum { CHOSEN_NAME_SIZE = 17 };

/* Whether the form is of a list with ticks. */
bool chosen_is(const struct asked *form);
/* As plan_make(). */
bool chosen_plan(const struct plan_question *question, struct plan *ret_plan, struct text *reason);

/* The name of a line: of a group of jobs, which has a "state", or of files in quarantine. */
void chosen_name(const json_t *group, char ret_name[CHOSEN_NAME_SIZE]);

#endif
