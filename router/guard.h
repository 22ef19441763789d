/* guard - a header that crashes the parser must not stop the pipeline.
 *
 * The router notes the receipt in a small file before it parses the header. A router that finds such a note
 * at its start parses that header once in a child process. Only the child's death condemns the file: a
 * SIGKILL of the router at the wrong moment does not. The note is not fsynced: a power failure is not a
 * parser's crash. A parser that never comes back counts as crashed: from each guard_note() to the next one,
 * or to guard_clear(), the processor time is limited. */
#ifndef FELUCCA_ROUTER_GUARD_H
#define FELUCCA_ROUTER_GUARD_H

#include "common/base/receipt.h"

#include <stdbool.h>
#include <time.h>

enum { GUARD_SECONDS = 20 };

struct guard;

/* Opens state_dir/run/parsing, and makes the folder run where it is not there. 0 or an error of the file
 * system. */
int guard_create(const char *state_dir, struct guard **ret_guard);
void guard_destroy(struct guard **guard);

/* The receipt whose header the last router parsed when it died. False: there is none. */
bool guard_left(struct guard *guard, char *ret_receipt);

void guard_note(struct guard *guard, const char *receipt);
void guard_clear(struct guard *guard);

/* Calls parse(context) in a child process, which may use that many seconds of the processor. False: it
 * died. */
bool guard_survives(void (*parse)(void *context), void *context, time_t seconds);

#endif
