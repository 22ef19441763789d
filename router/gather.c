#include "router/gather.h"

#include "common/base/memory.h"

#include <string.h>

struct study {
    char uid[JOBDB_UID_SIZE];
};

struct gather {
    struct study *studies;
    size_t count, capacity;
    int64_t look_at;
};

struct gather *gather_create(void)
{
    return memory_new(1, sizeof(struct gather));
}

void gather_destroy(struct gather **gather)
{
    if (*gather)
        memory_free(&(*gather)->studies);
    memory_free(gather);
}

bool gather_wants(const struct jobdb_lane *lane, size_t most, bool in_flight, int64_t now)
{
    int64_t age = now - lane->since; /* negative when the clock went back: it waits for nothing then */
    return in_flight && !lane->urgent && lane->queued < (int64_t)most && age >= 0 && age < GATHER_MS;
}

void gather_add(struct gather *gather, struct jobdb *db, const struct jobdb_lane *lane, int64_t now)
{
    gather->studies =
        memory_grow(gather->studies, &gather->capacity, gather->count + 1, sizeof *gather->studies);
    memcpy(gather->studies[gather->count].uid, lane->study, sizeof lane->study);
    if (gather->count++ == 0)
        gather->look_at = now + GATHER_LOOK_MS;
    jobdb_close_lane(db, lane->id);
}

bool gather_look(struct gather *gather, struct jobdb *db, int64_t now)
{
    bool soon =
        now < gather->look_at && gather->look_at - now <= GATHER_LOOK_MS; /* else the clock went back */
    if (gather->count == 0 || soon)
        return false;
    for (size_t i = 0; i < gather->count; i++)
        jobdb_open_lanes(db, gather->studies[i].uid, now);
    gather->count = 0;
    return true;
}

int64_t gather_looks_at(const struct gather *gather)
{
    return gather->count > 0 ? gather->look_at : INT64_MAX;
}
