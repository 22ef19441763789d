/* lesson - what a request says of its target: the worst that its items say, and whether the target's history
 * excuses it (the columns "target" and "excuse" of common/wire/blame.h). */
#ifndef FELUCCA_ROUTER_LESSON_H
#define FELUCCA_ROUTER_LESSON_H

#include "common/wire/work.h"
#include "router/target.h"

struct jobdb_item;
struct lease;

/* Whether another job was stored at the target since this job's previous attempt or, at its first, since its
 * request went out. */
bool lesson_others_pass(const struct target *target, const struct lease *lease,
                        const struct jobdb_item *item);

/* Whether a job, alone in its request, may be to blame for this: not for a server that is down. */
bool lesson_may_be_jobs(enum blame blame);
/* Whether the job failed before, and nothing was stored at the target since. */
bool lesson_is_old(const struct target *target, const struct jobdb_item *item);

/* Appends what an operator reads of one answer: its sentence, and what the history of the target adds to it. */
void lesson_explain(const struct target *target, const struct target_retry *retry, const struct lease *lease,
                    const struct work_result *result, const struct work_answer *answer, struct text *out);

/* What the answers say, after what they list as stored was counted (`stored` of it). ret_reason: what an operator
 * reads about the target; stays empty when there is nothing new. jitter stays to be set. */
struct target_lesson lesson_of(const struct target *target, const struct target_retry *retry,
                               const struct lease *lease, const struct work_result *result, int64_t stored,
                               struct text *ret_reason);

#endif
