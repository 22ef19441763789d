/* behind - works that wait in this process until another one of it has ended.
 *
 * Between the end of a request and the next one lies the router's decision: a RESULT, a commit, a WORK. So the router gives
 * a work for later while one of the same target is on its way (WORK's `after`), and no more requests are out at once than
 * it counts. Where the one before it did not go well the work goes back unbegun: what that answer means for others the
 * router knows. */
#ifndef FELUCCA_WORKER_BEHIND_H
#define FELUCCA_WORKER_BEHIND_H

#include "common/worker/parts.h"

/* Keeps a work, which is then its own: the one that it names is in hand. */
void behind_keep(struct worker_process *process, struct work *work);

/* A work has ended: the next one that waited for it, or NULL. It is then yours, to begin or to give back. */
struct work *behind_take(struct worker_process *process, const char *ended);
/* Tells the router that nothing of it was tried; it is released. */
void behind_give_back(struct worker_process *process, struct work *work);

/* Others have this work now: it is forgotten. False: it does not wait here. */
bool behind_forget(struct worker_process *process, const char *work_id);

/* The process stops: what has not begun goes back. */
void behind_give_back_all(struct worker_process *process);
/* All that waits is forgotten. */
void behind_destroy(struct worker_process *process);

#endif
