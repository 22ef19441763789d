/* sending - one WORK on its way: the STOW request, the questions after it, the RESULT.
 *
 *     (its token was permitted, or is now) ──▶ what is there before? (before.h) ──▶ STOW
 *
 *     STOW ──┬─ every instance's fate is known ───────────────────────────┐
 *            ├─ the token is refused ──── introspection ──────────────────┼──▶ RESULT
 *            └─ the body went out, no good answer came ── QIDO-RS ────────┘
 */
#ifndef FELUCCA_SENDER_SENDING_H
#define FELUCCA_SENDER_SENDING_H

#include "common/worker/task.h"

extern const struct task_kind sending_kind;

#endif
