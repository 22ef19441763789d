/* trials - the control verbs "try" and "try file": what a condition would be that is not in force, and what those in force are for a
 * file that nobody has sent. They change nothing, and nothing of them is kept or logged.
 *
 * All expressions are compiled and judged by a felucca-header of the trial's own (judge.h), within its limits (decision 50). One trial
 * is under way, TRIALS_MOST - 1 wait.
 *
 * The answer's "explained" of "try", for a destination or album:
 *     { kind: "condition", destination, album, expression, error, present, asked, more, without_header, unread,
 *       would: { yes, no, undecided }, today: the same, gained, lost, lines }
 * error: why it is no condition, in several lines, and then nothing is counted; present: the condition in force, null: there is none, and
 * today every series is a yes. Of each of the last series (latest.h) its newest image is asked; without_header: those whose files and kept
 * headers are gone, or whose study has more of them than HEADERS_A_TURN (headers.h); unread: whose header cannot be read; more: there may
 * be older ones. gained, lost: a yes that is none today, and the other way round. lines: tally.h.
 *
 * Of "try file":
 *     { kind: "file", incomplete, more, targets: [{ destination, album, condition, verdict, takes, why, undecided, lines }] }
 * verdict: of the condition; takes: with all that is asked beside it, which why tells; more: some trees have no room. Values that may
 * identify a patient are hidden in both. */
#ifndef FELUCCA_ROUTER_TRIALS_H
#define FELUCCA_ROUTER_TRIALS_H

#include "common/wire/bus.h"
#include "common/wire/control.h"

#include <stdbool.h>
#include <stdint.h>

enum { TRIALS_MOST = 4 /* requests at once; another one is refused */ };

struct trials;
struct router;

struct trials *trials_create(void);
void trials_destroy(struct trials **trials);

/* Takes a request over, or answers it: *ret_answered tells which. */
void trials_take(struct router *router, const struct bus_peer *peer, struct control_request *request,
                 struct control_answer *answer, bool *ret_answered);

/* A part of the turn (shared.h): goes on with the oldest, in portions with rests between them (breather.h), in which nobody is listened to. */
void trials_turn(struct router *router);
int64_t trials_wakes_at(struct router *router);
/* For the loop's poll; -1: nobody judges, or it rests. */
int trials_fd(const struct router *router);

#endif
