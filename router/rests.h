/* rests - what one worker does not get for now, since it lacks something for it.
 *
 * A list, NULL when empty. Times are of the loop's clock (shared.h, awake). */
#ifndef FELUCCA_ROUTER_RESTS_H
#define FELUCCA_ROUTER_RESTS_H

#include "common/base/text.h"
#include "common/wire/work.h"

#include <stdbool.h>
#include <stdint.h>

/* Requests of a stage to a target (album_id 0: the destination). */
struct crew_duty {
    enum work_stage stage;
    int64_t destination_id, album_id;
};

struct rest {
    struct crew_duty duty;
    int64_t until;
    int times; /* in a row */
    struct text reason;
    struct rest *next;
};

void rests_release(struct rest **rests);

/* NULL: it had no such trouble since it last did it. */
struct rest *rests_find(struct rest *rests, const struct crew_duty *duty);
/* Once more: made where there is none. reason: its sentence. */
struct rest *rests_begin(struct rest **rests, const struct crew_duty *duty, const char *reason);
/* It did it. False: there was none. */
bool rests_end(struct rest **rests, const struct crew_duty *duty);
/* Those of a destination and its albums (0: all) end now, but it is not known yet whether it can do it. */
void rests_rouse(struct rest *rests, int64_t destination_id);

#endif
