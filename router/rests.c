#include "router/rests.h"

#include "common/base/memory.h"

#include <stdlib.h>

static void release_one(struct rest *rest)
{
    text_release(&rest->reason);
    free(rest);
}

void rests_release(struct rest **rests)
{
    while (*rests) {
        struct rest *rest = *rests;
        *rests = rest->next;
        release_one(rest);
    }
}

static bool same_duty(const struct crew_duty *a, const struct crew_duty *b)
{
    return a->stage == b->stage && a->destination_id == b->destination_id && a->album_id == b->album_id;
}

struct rest *rests_find(struct rest *rests, const struct crew_duty *duty)
{
    while (rests && !same_duty(&rests->duty, duty))
        rests = rests->next;
    return rests;
}

struct rest *rests_begin(struct rest **rests, const struct crew_duty *duty, const char *reason)
{
    struct rest *rest = rests_find(*rests, duty);
    if (!rest) {
        rest = memory_new(1, sizeof *rest);
        *rest = (struct rest){.duty = *duty, .next = *rests};
        *rests = rest;
    }
    rest->times++;
    text_clear(&rest->reason);
    text_append(&rest->reason, reason);
    return rest;
}

bool rests_end(struct rest **rests, const struct crew_duty *duty)
{
    struct rest **link = rests, *over = rests_find(*rests, duty);
    if (!over)
        return false;
    while (*link != over)
        link = &(*link)->next;
    *link = over->next;
    release_one(over);
    return true;
}

void rests_rouse(struct rest *rests, int64_t destination_id)
{
    for (struct rest *rest = rests; rest; rest = rest->next) {
        if (destination_id == 0 || rest->duty.destination_id == destination_id)
            rest->until = 0;
    }
}
