/* call - one request to the router over its control socket, as every program that changes something makes it.
 *
 * It waits for the answer: 3 s until somebody is connected, 20 s between two words of the router. A request whose
 * answer does not come is made again with the same id, which the router carries out once. Nothing is printed or
 * logged here: what went wrong is a sentence of the caller's. */
#ifndef FELUCCA_WIRE_CALL_H
#define FELUCCA_WIRE_CALL_H

#include "common/base/text.h"
#include "common/config/config.h"
#include "common/wire/control.h"

/* Called for every `progress`, whose answer is borrowed during the call. */
typedef void call_progress(void *context, const struct control_answer *answer);

/* 0 with the last answer (done or refused). ERR_NETWORK when the router cannot be reached, or ERR_CONFIG when the
 * configuration's keys are at fault; two lines are then appended to ret_reason: why, and where it was looked for.
 * progress may be NULL. Release the answer in either case; it is empty before the call. */
int call_router(const struct config *config, const struct control_request *request, call_progress *progress,
                void *context, struct control_answer *ret_answer, struct text *ret_reason);

#endif
