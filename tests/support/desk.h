/* desk - a gateway with a console, at which two people have signed in: ada, an operator, and viv, a viewer.
 *
 * A rig, with the console as a real process beside it, and a sender and a sharer that the test plays. */
#ifndef FELUCCA_TESTS_DESK_H
#define FELUCCA_TESTS_DESK_H

#include "tests/support/console_guest.h"
#include "tests/support/rig.h"

enum { DESK_SOON_MS = 30000 };

#define DESK_PASSWORD "correct+horse" /* as a form has it; of everybody */

struct desk {
    struct rig *rig;
    struct actor *sender, *sharer;
    struct process *console;
    struct console_guest ada, viv; /* each has got a page, whose token is for a form */
};

/* more: further lines of the configuration, or NULL. */
struct desk *desk_create(const char *more);
void desk_destroy(struct desk **desk);

/* Adds or changes a user of the console. */
void desk_make_user(struct desk *desk, const char *name, const char *role);

/* ---- what happens at the gateway ---- */

/* Answers every work until so many jobs are in that state. */
void desk_answer_until(struct desk *desk, struct actor *actor, enum work_outcome outcome, const char *state,
                       int64_t count);
/* Five deliveries to main, of two studies, have failed. */
void desk_fail_five(struct desk *desk);
/* Two files for a node that there is not are in quarantine. */
void desk_quarantine_two(struct desk *desk);

/* ---- what a guest does and sees ---- */

/* The last page has that part. */
void desk_ck_body(const struct console_guest *guest, const char *part);
/* The address that the last answer leads to. */
void desk_take_location(const struct console_guest *guest, struct text *ret_location);
/* Gets a page until it has that part. */
void desk_wait_for(struct desk *desk, struct console_guest *guest, const char *address, const char *part);
/* Plans what a form asks for, and gets the plan's page, which is at *ret_address. */
void desk_plan(struct console_guest *guest, const char *form, struct text *ret_address);
/* Has the plan done; the answer's status. */
int desk_go(struct console_guest *guest, const struct text *address);
bool desk_journal_has(struct desk *desk, const char *part);
/* Appends the names of the last page's ticks, as a form has them: how many. */
size_t desk_take_picks(const struct console_guest *guest, struct text *form);

#endif
