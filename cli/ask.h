/* ask - how the commands that change something ask the router, and say what came of it. */
#ifndef FELUCCA_CLI_ASK_H
#define FELUCCA_CLI_ASK_H

#include "common/base/json.h"
#include "common/config/config.h"
#include "common/wire/call.h"

#include <stdbool.h>

/* As call_router(), with an exit status: EXIT_OK with the last answer, EXIT_UNREACHABLE or EXIT_CONFIG after the
 * reason was said on stderr. */
int ask_router(const struct config *config, const struct control_request *request, call_progress *progress,
               void *context, struct control_answer *ret_answer);

/* Prints the answer's sentence and, on stderr, its notes; a refusal goes to stderr as a whole. */
void ask_print_answer(const struct control_answer *answer);
/* The notes as a list of texts, a new reference. */
json_t *ask_notes_json(const struct control_answer *answer);

/* Asks, and prints what came of it: the sentence and the notes, or with json one object. The exit status: EXIT_OK,
 * EXIT_NO when it was refused or there was nothing to change, EXIT_UNREACHABLE, EXIT_CONFIG. */
int ask_and_print(const struct config *config, const struct control_request *request, bool json);

#endif
