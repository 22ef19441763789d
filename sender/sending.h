/* sending - one WORK on its way: the STOW request, the questions after it, the RESULT.
 *
 *     STOW ──┬─ every instance's fate is known ───────────────────────────┐
 *            ├─ the token is refused ──── introspection ──────────────────┼──▶ RESULT
 *            └─ the body went out, no good answer came ── QIDO-RS ────────┘
 *
 * What a request needs of the configuration is looked up when it is made, so a reload in between does no
 * harm. */
#ifndef FELUCCA_SENDER_SENDING_H
#define FELUCCA_SENDER_SENDING_H

#include "sender/parts.h"

/* Begins work, which is then the sending's. It ends itself with worker_finish(). */
void sending_start(struct sender *sender, struct work *work);

/* Ends it without a result; *sending is NULL afterwards. */
void sending_abort(struct sending **sending);

#endif
