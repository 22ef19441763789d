/* call - one request to the router over its control socket, as every command that changes something makes it.
 *
 * A request whose answer does not come is made again with the same id, which the router carries out once. */
#ifndef FELUCCA_CLI_CALL_H
#define FELUCCA_CLI_CALL_H

#include "cli/command.h"
#include "common/config/config.h"
#include "common/wire/control.h"

/* Called for every `progress`; NULL: not wanted. */
typedef void call_progress(void *context, const struct control_answer *answer);

/* EXIT_OK with the last answer (done or refused), which is then yours, or EXIT_UNREACHABLE: it has been said
 * on stderr where the router was looked for. */
int call_router(const struct config *config, const struct control_request *request, call_progress *progress,
                void *context, struct control_answer *ret_answer);

/* The same, and prints what came of it: the sentence and the notes, or with json one object. The exit status:
 * EXIT_OK, EXIT_NO when it was refused or there was nothing to change, EXIT_UNREACHABLE. */
int call_and_print(const struct config *config, const struct control_request *request, bool json);

#endif
