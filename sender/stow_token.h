/* stow_token - whether a work may go with the STOW token that its destination's headers carry now.
 *
 * The router has permitted it, and it opens the album that the work names as the destination's home. Both are looked at
 * for each request, since file, router and operator may change their mind at any moment. */
#ifndef FELUCCA_SENDER_STOW_TOKEN_H
#define FELUCCA_SENDER_STOW_TOKEN_H

#include "common/kheops/credentials.h"
#include "common/worker/task.h"

enum stow_token {
    STOW_TOKEN_FITS,
    STOW_TOKEN_UNKNOWN,  /* KHEOPS and the router have to be asked */
    STOW_TOKEN_ELSEWHERE /* it opens another album, or there is none: nothing may go */
};

/* Of a server that is not KHEOPS every token fits. credentials: of destination, of now. */
enum stow_token stow_token_look(const struct task *task, const struct config_destination *destination,
                                const struct credentials *credentials);

/* Notes in the task's result which album the token opens: it goes with this one. */
void stow_token_note(struct task *task, const struct config_destination *destination,
                     const struct credentials *credentials);

/* Ends a task whose token is of elsewhere, and tells the router of the token once more: while nothing was stored yet, the
 * album of whoever tells last counts, and that one may be gone. */
void stow_token_finish_elsewhere(struct task *task);

#endif
