/* plan - what an operator asks of a page: a form's fields, understood and counted, as a request to the router.
 *
 * Nothing is done here. A form says one verb and what it is about:
 *
 *     verb = retry, drop             study, or destination (and album), and state; what `felucca retry` and `felucca drop` take
 *            reshare                 destination, album, and study or since (1d, 7d, 30d)
 *            hold, release           destination, or destination and album */
#ifndef FELUCCA_CONSOLE_PLAN_H
#define FELUCCA_CONSOLE_PLAN_H

#include "common/config/config.h"
#include "common/jobs/jobdb.h"
#include "common/wire/control.h"
#include "console/asked.h"

#include <stdbool.h>
#include <stdint.h>

enum { PLAN_ROUTER_COUNTS = -1 };

/* Starts zeroed. */
struct plan {
    struct control_request request; /* of the user's name */
    int64_t count;    /* how many it is about; PLAN_ROUTER_COUNTS: ask the router with dry_run */
    struct text will; /* what it will do, counted, in a sentence or two; empty where the router counts */
};

void plan_release(struct plan *plan);

/* user: for the history, borrowed. now: wall ms. True; or false with a sentence in reason. */
bool plan_make(const struct asked *form, const struct config *config, struct jobdb *db, const char *user,
               int64_t now, struct plan *ret_plan, struct text *reason);

/* What the router's dry run found, as a sentence; appended. */
void plan_append_dry_run(const struct control_request *request, const struct control_answer *answer,
                         struct text *out);
/* "Retry 60 jobs", "Hold kheops-main": what a button says. Appended. */
void plan_append_button(const struct control_request *request, int64_t count, struct text *out);
/* What it is about: "study 1.2.3 to main/ct"; appended. */
void plan_append_object(const struct control_request *request, struct text *out);

#endif
