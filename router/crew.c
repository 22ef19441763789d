#include "router/crew.h"

#include "common/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_SIZE = 64,
    SESSION_PART = 8, /* of a session, in a work id */
    MISSED_MAX = 2,
    FRESH_MS = 3 * WORK_PING_MS /* whoever was silent for longer gets no new work */
};

struct seat {
    struct rest *rests;
    struct bus_peer peer;
    uint64_t number; /* in the order of their first HELLOs, from 1 */
    char session[WORK_SESSION_SIZE];
    char name[NAME_SIZE];
    enum work_stage stage;
    int slots, leases; /* that have begun */
    bool follows;      /* it keeps works until others have ended */
    bool leaves;       /* it said so */
    int64_t heard;
    struct seat *next;
};

struct crew {
    struct seat *seats;
    struct lease *leases;
    uint64_t numbered; /* seats */
    int64_t round;     /* ends when all that had come was read */
    bool rests_changed;
};

static void release_seat(struct seat *seat)
{
    rests_release(&seat->rests);
    free(seat);
}

struct crew *crew_create(void)
{
    struct crew *crew = memory_new(1, sizeof *crew);
    crew->rests_changed = true; /* from whatever a router before this one said */
    return crew;
}

void crew_destroy(struct crew **crew)
{
    if (!*crew)
        return;
    while ((*crew)->leases)
        crew_end_lease(*crew, (*crew)->leases);
    while ((*crew)->seats) {
        struct seat *seat = (*crew)->seats;
        (*crew)->seats = seat->next;
        release_seat(seat);
    }
    free(*crew);
    *crew = NULL;
}

/* ---- workers ---- */

static bool same_peer(const struct bus_peer *a, const struct bus_peer *b)
{
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

static struct seat *find_peer(const struct crew *crew, const struct bus_peer *peer)
{
    for (struct seat *seat = crew->seats; seat; seat = seat->next) {
        if (same_peer(&seat->peer, peer))
            return seat;
    }
    return NULL;
}

static struct seat *find_session(const struct crew *crew, const char *session)
{
    for (struct seat *seat = crew->seats; seat; seat = seat->next) {
        if (strcmp(seat->session, session) == 0)
            return seat;
    }
    return NULL;
}

static void adopt_lease(struct lease *lease, struct seat *seat)
{
    if (lease->seat)
        return;
    lease->seat = seat;
    lease->missed = 0;
    seat->leases++;
}

/* Whether a work id was made for this session. Before that was so, they named none. */
static bool was_given_to(const char *work, const char *session)
{
    const char *part = strchr(work, '-');
    part = part ? strchr(part + 1, '-') : NULL;
    return part && strncmp(part + 1, session, SESSION_PART) == 0 && strlen(part + 1) <= SESSION_PART;
}

/* What the router before this one gave to this session may have got lost on the way, or still be on it: two
 * PINGs tell, and this HELLO counts as the first. */
static void adopt_given(struct crew *crew, struct seat *seat)
{
    for (struct lease *lease = crew->leases; lease; lease = lease->next) {
        if (lease->seat || !was_given_to(lease->batch.work, seat->session))
            continue;
        adopt_lease(lease, seat);
        lease->missed = 1;
        lease->round = crew->round;
    }
}

void crew_hello(struct crew *crew, const struct bus_peer *peer, const struct work_message *hello, int64_t now)
{
    struct seat *seat = find_session(crew, hello->session);
    if (!seat) {
        seat = memory_new(1, sizeof *seat);
        memcpy(seat->session, hello->session, sizeof seat->session);
        seat->number = ++crew->numbered;
        seat->next = crew->seats;
        crew->seats = seat;
    }
    seat->peer = *peer;
    seat->stage = hello->stage;
    seat->slots = hello->slots;
    seat->follows = hello->follows;
    seat->leaves = hello->slots == 0;
    seat->heard = now;
    (void)snprintf(seat->name, sizeof seat->name, "%s", hello->name);
    for (size_t i = 0; i < hello->held_count; i++) {
        struct lease *lease = crew_find_lease(crew, hello->held[i]);
        if (lease && work_stage_worker(lease->batch.stage) == seat->stage)
            adopt_lease(lease, seat);
    }
    adopt_given(crew, seat);
}

bool crew_heard(struct crew *crew, const struct bus_peer *peer, int64_t now)
{
    struct seat *seat = find_peer(crew, peer);
    if (seat)
        seat->heard = now;
    return seat != NULL;
}

static bool lists_work(const struct work_message *message, const char *work)
{
    for (size_t i = 0; i < message->held_count; i++) {
        if (strcmp(message->held[i], work) == 0)
            return true;
    }
    return false;
}

/* What waited while the router was busy was written before the worker could read the WORK. */
static void count_missed(const struct crew *crew, struct lease *lease, bool listed)
{
    if (listed)
        lease->missed = 0;
    else if (lease->round != crew->round)
        lease->missed++;
    if (!listed)
        lease->round = crew->round;
}

void crew_check_held(struct crew *crew, const struct bus_peer *peer, const struct work_message *message)
{
    struct seat *seat = find_peer(crew, peer);
    for (struct lease *lease = crew->leases; seat && lease; lease = lease->next) {
        if (lease->seat == seat)
            count_missed(crew, lease, lists_work(message, lease->batch.work));
    }
}

size_t crew_gone(struct crew *crew, const struct work_message *message, char (**ret_gone)[WORK_ID_SIZE])
{
    const struct seat *seat = find_session(crew, message->session);
    size_t count = 0;
    *ret_gone = memory_new(message->held_count, sizeof **ret_gone);
    for (size_t i = 0; i < message->held_count; i++) {
        const struct lease *lease = crew_find_lease(crew, message->held[i]);
        if (!lease || (lease->seat && lease->seat != seat))
            memcpy((*ret_gone)[count++], message->held[i], WORK_ID_SIZE);
    }
    return count;
}

void crew_absent(struct crew *crew, const struct bus_peer *peer)
{
    struct seat *seat = find_peer(crew, peer);
    if (seat)
        seat->slots = 0;
}

void crew_bye(struct crew *crew, const struct bus_peer *peer)
{
    struct seat *seat = find_peer(crew, peer);
    crew_absent(crew, peer);
    if (seat)
        seat->leaves = true;
}

struct seat *crew_most_credit(struct crew *crew, enum work_stage stage, int64_t now)
{
    struct seat *best = NULL;
    for (struct seat *seat = crew->seats; seat; seat = seat->next) {
        int credit = seat->slots - seat->leases;
        if (seat->stage == work_stage_worker(stage) && credit > 0 && now - seat->heard < FRESH_MS &&
            (!best || credit > best->slots - best->leases))
            best = seat;
    }
    return best;
}

/* ---- rests ---- */

int crew_rest(struct crew *crew, struct seat *seat, const struct crew_duty *duty, const char *reason)
{
    crew->rests_changed = true;
    return rests_begin(&seat->rests, duty, reason)->times;
}

void crew_rest_until(struct seat *seat, const struct crew_duty *duty, int64_t until)
{
    struct rest *rest = rests_find(seat->rests, duty);
    if (rest)
        rest->until = until;
}

bool crew_rest_over(struct crew *crew, struct seat *seat, const struct crew_duty *duty)
{
    bool rested = rests_end(&seat->rests, duty);
    crew->rests_changed |= rested;
    return rested;
}

void crew_rouse(struct crew *crew, const struct bus_peer *peer, int64_t destination_id)
{
    struct seat *seat = find_peer(crew, peer);
    if (seat)
        rests_rouse(seat->rests, destination_id);
}

void crew_each_rest(const struct crew *crew,
                    void (*each)(void *context, const struct seat *seat, const struct rest *rest),
                    void *context)
{
    for (const struct seat *seat = crew->seats; seat; seat = seat->next) {
        for (const struct rest *rest = seat->rests; rest; rest = rest->next)
            each(context, seat, rest);
    }
}

bool crew_rests_changed(struct crew *crew)
{
    bool changed = crew->rests_changed;
    crew->rests_changed = false;
    return changed;
}

static bool is_present(const struct seat *seat, enum work_stage stage, int64_t now)
{
    return seat->stage == work_stage_worker(stage) && seat->slots > 0 && now - seat->heard < FRESH_MS;
}

/* 0: it does not rest now. */
static int64_t rests_until(const struct seat *seat, const struct crew_duty *duty, int64_t now)
{
    const struct rest *rest = rests_find(seat->rests, duty);
    return rest && rest->until > now ? rest->until : 0;
}

bool crew_has_other(const struct crew *crew, const struct seat *seat, const struct crew_duty *duty,
                    int64_t now)
{
    for (const struct seat *other = crew->seats; other; other = other->next) {
        if (other != seat && is_present(other, duty->stage, now) && !rests_find(other->rests, duty))
            return true;
    }
    return false;
}

bool crew_is_alone(const struct crew *crew, const struct seat *seat, int64_t now)
{
    for (const struct seat *other = crew->seats; other; other = other->next) {
        if (other != seat && is_present(other, seat->stage, now))
            return false;
    }
    return true;
}

/* How many come before it when those behind `after` begin. */
static uint64_t turn_of(const struct seat *seat, uint64_t after)
{
    return seat->number - after - 1;
}

/* Whether a comes before b, which may be NULL: whoever's rest ended first; then, of a probe, the next one after who
 * tried last, else the one with more credit. */
static bool serves_better(const struct seat *a, const struct seat *b, const struct crew_duty *duty,
                          const struct crew_probe *probe, int64_t now)
{
    if (!b)
        return true;
    int64_t a_until = rests_until(a, duty, now), b_until = rests_until(b, duty, now);
    if (a_until != b_until)
        return a_until < b_until;
    return probe ? turn_of(a, probe->after) < turn_of(b, probe->after)
                 : a->slots - a->leases > b->slots - b->leases;
}

struct seat *crew_choose(struct crew *crew, const struct crew_duty *duty, const struct crew_probe *probe,
                         int64_t now)
{
    struct seat *best = NULL;
    for (struct seat *seat = crew->seats; seat; seat = seat->next) {
        if (is_present(seat, duty->stage, now) && seat->slots > seat->leases &&
            serves_better(seat, best, duty, probe, now))
            best = seat;
    }
    bool rests = best && rests_until(best, duty, now) > 0;
    return rests && (!probe || crew_has_other(crew, best, duty, now)) ? NULL : best;
}

struct seat *crew_any(struct crew *crew, const struct crew_duty *duty, uint64_t number, int64_t now)
{
    struct seat *best = NULL;
    for (struct seat *seat = crew->seats; seat; seat = seat->next) {
        if (!is_present(seat, duty->stage, now))
            continue;
        if (seat->number == number)
            return seat;
        if (serves_better(seat, best, duty, NULL, now))
            best = seat;
    }
    return best;
}

uint64_t seat_number(const struct seat *seat)
{
    return seat->number;
}

const struct bus_peer *seat_peer(const struct seat *seat)
{
    return &seat->peer;
}

const char *seat_name(const struct seat *seat)
{
    return seat->name;
}

size_t crew_size(const struct crew *crew, enum work_stage stage)
{
    size_t count = 0;
    for (const struct seat *seat = crew->seats; seat; seat = seat->next)
        count += seat->stage == stage;
    return count;
}

/* ---- leases ---- */

void crew_name_work(const struct seat *seat, const char *epoch, uint64_t number, char *ret_work)
{
    (void)snprintf(ret_work, WORK_ID_SIZE, "%s-%llu-%.*s", epoch, (unsigned long long)number, SESSION_PART,
                   seat->session);
}

static struct lease *add_lease(struct crew *crew, struct seat *seat, struct jobdb_batch *batch, int64_t now)
{
    struct lease *lease = memory_new(1, sizeof *lease);
    lease->batch = *batch;
    *batch = (struct jobdb_batch){0};
    lease->seat = seat;
    lease->started = now;
    lease->round = crew->round;
    lease->next = crew->leases;
    crew->leases = lease;
    return lease;
}

struct lease *crew_lease(struct crew *crew, struct seat *seat, struct jobdb_batch *batch, int64_t now,
                         int64_t deadline)
{
    struct lease *lease = add_lease(crew, seat, batch, now);
    lease->deadline = deadline;
    if (seat)
        seat->leases++;
    return lease;
}

bool crew_may_follow(const struct lease *ahead, const struct crew_duty *duty, int64_t now)
{
    const struct seat *seat = ahead->seat;
    return seat && seat->follows && !ahead->ahead && !ahead->followed && is_present(seat, duty->stage, now) &&
           !rests_find(seat->rests, duty);
}

struct lease *crew_lease_behind(struct crew *crew, struct lease *ahead, struct jobdb_batch *batch,
                                int64_t now)
{
    struct lease *lease = add_lease(crew, ahead->seat, batch, now);
    lease->ahead = ahead;
    ahead->followed = true;
    return lease;
}

struct lease *crew_follower(const struct crew *crew, const struct lease *lease)
{
    for (struct lease *next = lease->followed ? crew->leases : NULL; next; next = next->next)
        if (next->ahead == lease)
            return next;
    return NULL;
}

struct lease *crew_find_lease(struct crew *crew, const char *work)
{
    for (struct lease *lease = crew->leases; lease; lease = lease->next) {
        if (strcmp(lease->batch.work, work) == 0)
            return lease;
    }
    return NULL;
}

/* Its slot is free, or whoever waits behind it has it now; one that waits itself has none. */
static void leave_slot(struct crew *crew, struct lease *lease)
{
    struct lease *follower = crew_follower(crew, lease);
    if (lease->ahead)
        lease->ahead->followed = false;
    else if (follower)
        follower->ahead = NULL;
    else if (lease->seat)
        lease->seat->leases--;
}

void crew_end_lease(struct crew *crew, struct lease *lease)
{
    struct lease **link = &crew->leases;
    while (*link && *link != lease)
        link = &(*link)->next;
    if (*link)
        *link = lease->next;
    leave_slot(crew, lease);
    jobdb_batch_release(&lease->batch);
    free(lease);
}

size_t crew_held(const struct crew *crew)
{
    size_t count = 0;
    for (const struct lease *lease = crew->leases; lease; lease = lease->next)
        count++;
    return count;
}

struct lease *crew_leases(struct crew *crew)
{
    return crew->leases;
}

/* ---- expiry ---- */

static bool is_silent(const struct seat *seat, int64_t now)
{
    return now - seat->heard >= WORK_LEASE_MS;
}

bool crew_died_with(const struct lease *lease, int64_t now)
{
    return lease->seat && !lease->seat->leaves && lease->missed < MISSED_MAX && is_silent(lease->seat, now);
}

static bool is_lost(const struct lease *lease, int64_t now)
{
    if (!lease->seat)
        return now >= lease->deadline;
    return lease->missed >= MISSED_MAX || is_silent(lease->seat, now);
}

static void forget_silent(struct crew *crew, int64_t now)
{
    struct seat **link = &crew->seats;
    while (*link) {
        struct seat *seat = *link;
        if (seat->leases > 0 || !is_silent(seat, now)) {
            link = &seat->next;
            continue;
        }
        *link = seat->next;
        crew->rests_changed |= seat->rests != NULL;
        release_seat(seat);
    }
}

void crew_expire(struct crew *crew, int64_t now, void (*lost)(void *context, struct lease *lease),
                 void *context)
{
    struct lease *next;
    for (struct lease *lease = crew->leases; lease; lease = next) {
        next = lease->next;
        if (is_lost(lease, now))
            lost(context, lease);
    }
    crew->round++;
    forget_silent(crew, now);
}

int64_t crew_next_expiry(const struct crew *crew)
{
    int64_t next = INT64_MAX;
    for (const struct lease *lease = crew->leases; lease; lease = lease->next) {
        int64_t at = lease->seat ? lease->seat->heard + WORK_LEASE_MS : lease->deadline;
        next = at < next ? at : next;
    }
    return next;
}
