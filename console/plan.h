/* plan - what an operator asks of a page: a form's fields, understood and counted, as requests to the router.
 *
 * Nothing is done here. A form says one verb and what it is about:
 *
 *     verb = retry, drop             study, or destination (and album), state and reason; what `felucca retry` and `felucca drop` take;
 *                                    job_kind, http_status
 *            quarantine retry, quarantine deliver, quarantine drop
 *                                    reason, calling_aet, called_aet or study; what `felucca quarantine` takes. drop: now=yes;
 *                                    deliver: destination, to which they go also where its condition cannot be decided
 *            reshare                 destination, album, and study or since (1d, 7d, 30d, 90d, 365d). anyway=yes: of a study;
 *                                    from_kheops=yes: KHEOPS is asked where nothing here knows the headers any more
 *            hold, release           destination, or destination and album; or source
 *
 * line=yes: one line of *Trouble* and nothing beside it, as control.h has it; of retry, drop and quarantine. What was ticked
 * in a list is one plan of several requests (chosen.h). */
#ifndef FELUCCA_CONSOLE_PLAN_H
#define FELUCCA_CONSOLE_PLAN_H

#include "common/config/config.h"
#include "common/jobs/jobdb.h"
#include "common/wire/control.h"
#include "console/asked.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PLAN_ROUTER_COUNTS = -1 };

/* One request to the router. */
struct plan_part {
    struct control_request request; /* of the user's name */
    int64_t count; /* how many it is about; PLAN_ROUTER_COUNTS: ask the router with dry_run */
    int64_t asked; /* of them: series about which KHEOPS would be asked */
};

/* Starts zeroed. */
struct plan {
    struct plan_part *parts;
    size_t part_count, part_capacity;
    struct text will; /* what it will do, counted, in a sentence or two; empty where the router counts all */
};

void plan_release(struct plan *plan);

/* What a plan is made of; borrowed during the call. */
struct plan_question {
    const struct asked *form;
    const struct config *config;
    struct jobdb *db;
    const char *user; /* for the history */
    int64_t now;      /* wall ms */
};

/* True; or false with a sentence in reason. What it will do is said here of hold and release alone (plan_words.h says the rest). */
bool plan_make(const struct plan_question *question, struct plan *ret_plan, struct text *reason);

/* A request of the user's, with nothing in it yet, at the end of the parts: borrowed until the next one. NULL: the kernel has no
 * random number. */
struct plan_part *plan_add(struct plan *plan, enum control_verb verb, const char *user);
/* Counts the part from the job database; PLAN_ROUTER_COUNTS where that cannot tell it. Not of hold and release. */
void plan_count(struct plan_part *part, struct jobdb *db);

#endif
