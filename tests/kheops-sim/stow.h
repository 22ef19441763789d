/* stow - one STOW-RS request: POST /api/studies.
 *
 * It goes on without its call when nobody waits for the answer any more (stow_detach).
 *
 * Fed with the body as it comes. Nothing of it is kept in memory; each part is counted and hashed, and with
 * --store also written to a file, byte for byte. An instance counts as stored when stow_commit() says so. */
#ifndef FELUCCA_SIM_STOW_H
#define FELUCCA_SIM_STOW_H

#include "tests/kheops-sim/call.h"

struct stow;

/* After the header. NULL when the request is refused: the answer is in the call then. */
struct stow *stow_begin(struct call *call);
/* Forgets what was not committed. */
void stow_destroy(struct stow **stow);

/* Its answer is about to go out: whoever reads that may send the next request, which must not meet this one. */
void stow_land(struct stow *stow);

/* Takes the next piece of the body; after an error it passes over the rest. */
void stow_feed(struct stow *stow, const void *bytes, size_t length);

/* The instances seen so far, for faults; borrowed. */
const struct stored_item *stow_items(const struct stow *stow, size_t *ret_count);

/* How long KHEOPS works on it, once the body has come. */
int64_t stow_work_ms(const struct stow *stow);

/* Nobody waits for its answer any more: it can be committed and destroyed without its call. */
void stow_detach(struct stow *stow);

/* Stores what came; whole: the body has ended, it was not cut; visible says whether the
 * fetch afterwards works. */
void stow_commit(struct stow *stow, bool whole, bool visible);

/* After stow_commit(), and the end of the body: writes the answer to the call. */
void stow_answer(struct stow *stow);

#endif
