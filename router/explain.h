/* explain - the control verb "explain": what the condition of a destination or album says of the instances of a study, part
 * by part, with the values that it saw. It changes nothing, and nothing of it is kept or logged.
 *
 * For people who have no shell, and for programs that read no headers: `felucca condition --study` tells the same. Headers
 * are read as for changes (past.h): of the file, else of what was kept; without either only what the row tells is known. Of a
 * study EXPLAIN_INSTANCES are asked at most, and instances of a series that get the same answer are one group.
 *
 * The answer's "explained":
 *     { study, destination, album, condition, asked, more, groups: [{ series, instances, sop_instance, read, verdict,
 *       undecided, lines }] }
 * album null: the destination's own condition. condition null: there is none, and nothing is asked. more: there are more
 * instances, or groups, than were told. read: "header" or "row". lines: explain_json_lines(). Values that may identify a
 * patient are hidden. */
#ifndef FELUCCA_ROUTER_EXPLAIN_H
#define FELUCCA_ROUTER_EXPLAIN_H

#include "common/wire/bus.h"
#include "common/wire/control.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    EXPLAIN_INSTANCES = 300,
    EXPLAIN_GROUPS = 20,
    EXPLAINS_MOST = 8 /* requests at once; another one is refused */
};

struct explains;
struct router;

struct explains *explains_create(void);
void explains_destroy(struct explains **explains);

/* Takes a request over, or answers it: *ret_answered tells which. */
void explains_take(struct router *router, const struct bus_peer *peer, struct control_request *request,
                   struct control_answer *answer, bool *ret_answered);

/* A part of the turn (shared.h): goes on with the oldest. */
void explains_turn(struct router *router);
int64_t explains_wakes_at(struct router *router);

#endif
