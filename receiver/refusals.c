#include "receiver/refusals.h"

#include "common/base/fnv.h"
#include "common/base/memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { PLACES = 256, QUIET_MS = 60 * 1000 };

struct place {
    _Atomic uint64_t whose;   /* the hash of reason and peer; 0: nobody's yet */
    _Atomic int64_t speak_at; /* monotonic ms: the next line, at the earliest; 0: nothing was told yet */
    _Atomic uint64_t untold;
};

struct refusals {
    struct place *places; /* shared with every process forked since */
};

struct refusals *refusals_create(void)
{
    struct refusals *refusals = memory_new(1, sizeof *refusals);
    void *shared =
        mmap(NULL, PLACES * sizeof(struct place), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    /* Without memory to share, each process tells its own. */
    refusals->places = shared == MAP_FAILED ? memory_new(PLACES, sizeof(struct place)) : shared;
    return refusals;
}

void refusals_destroy(struct refusals **refusals)
{
    if (*refusals)
        (void)munmap((*refusals)->places, PLACES * sizeof(struct place));
    memory_free(refusals);
}

/* A NUL parts the texts. */
static uint64_t mix(uint64_t hash, const char *text)
{
    return fnv_byte(fnv_text(hash, text ? text : ""), '\0');
}

/* Nothing is lost when somebody else takes it. */
static bool is_over(struct place *place, int64_t now_ms)
{
    return atomic_load(&place->speak_at) <= now_ms && atomic_load(&place->untold) == 0;
}

/* Its own place, wherever that is; else the first that is nobody's any more. Where all are in use, peers share a line. */
static struct place *find(struct refusals *refusals, uint64_t hash, int64_t now_ms)
{
    struct place *first = &refusals->places[hash % PLACES], *over = NULL;
    for (size_t i = 0; i < PLACES; i++) {
        struct place *place = &refusals->places[(hash + i) % PLACES];
        uint64_t whose = atomic_load(&place->whose);
        if (whose == hash)
            return place;
        if (!over && is_over(place, now_ms))
            over = place;
        if (whose == 0)
            break;
    }
    if (!over)
        return first;
    uint64_t former = atomic_load(&over->whose);
    return atomic_compare_exchange_strong(&over->whose, &former, hash) ? over : first;
}

uint64_t refusals_note(struct refusals *refusals, const char *reason, const char *peer, const char *called,
                       int64_t now_ms)
{
    uint64_t hash = mix(mix(mix(FNV_START, reason), peer), called);
    struct place *place = find(refusals, hash, now_ms);
    atomic_fetch_add(&place->untold, 1);
    int64_t speak_at = atomic_load(&place->speak_at);
    if (speak_at > now_ms || !atomic_compare_exchange_strong(&place->speak_at, &speak_at, now_ms + QUIET_MS))
        return 0;
    return atomic_exchange(&place->untold, 0);
}

uint64_t refusals_rest(struct refusals *refusals, int64_t now_ms)
{
    uint64_t rest = 0;
    for (size_t i = 0; i < PLACES; i++) {
        struct place *place = &refusals->places[i];
        if (atomic_load(&place->untold) > 0 && atomic_load(&place->speak_at) <= now_ms)
            rest += atomic_exchange(&place->untold, 0);
    }
    return rest;
}
