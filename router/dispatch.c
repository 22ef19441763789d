#include "router/dispatch.h"

#include "common/base/cleanup.h"
#include "common/base/crash.h"
#include "common/base/memory.h"
#include "common/base/random.h"
#include "common/config/config.h"
#include "common/jobs/batch.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/fetch.h"
#include "common/jobs/inquiry.h"
#include "router/crew.h"
#include "router/gather.h"
#include "router/inquiries.h"
#include "router/outbox.h"
#include "router/shared.h"
#include "router/targets.h"
#include "router/width.h"

#include <string.h>

enum { LANES_A_LOOK = 100 }; /* that turn out to have nothing that may go */
enum { TURNS_EACH = 4 };     /* slots, of which one goes without a look at priorities */

struct dispatch {
    char epoch[17];    /* random: the first half of every work id */
    uint64_t works;    /* how many were named: the second half */
    int64_t next_lane; /* wall ms: when a sleeping lane is due */
    uint64_t offers;   /* of slots to targets */
    bool more;         /* a turn ended before all was looked at */
    bool begun;        /* this turn gave a delivery that begins at once */
    bool put_off;      /* and the last one did not look for what could wait behind it */
    struct gather *gather;
};

int dispatch_create(struct dispatch **ret_dispatch)
{
    struct dispatch *dispatch = memory_new(1, sizeof *dispatch);
    dispatch->gather = gather_create();
    int code = random_hex(dispatch->epoch, sizeof dispatch->epoch - 1);
    if (code != 0)
        dispatch_destroy(&dispatch);
    else
        *ret_dispatch = dispatch;
    return code;
}

void dispatch_destroy(struct dispatch **dispatch)
{
    if (*dispatch)
        gather_destroy(&(*dispatch)->gather);
    memory_free(dispatch);
}

/* ---- what is on its way ---- */

struct on_way {
    bool study; /* a request of the study, to any destination of the same server */
    bool lane;
};

static struct on_way find_on_way(struct router *router, const struct target *target,
                                 const struct jobdb_lane *lane)
{
    struct on_way found = {false, false};
    for (const struct lease *lease = crew_leases(router->crew); lease; lease = lease->next) {
        if (lease->batch.stage != WORK_SEND || strcmp(lease->batch.study, lane->study) != 0)
            continue;
        const struct target *to = targets_find(router->targets, lease->batch.destination_id, 0);
        found.study = found.study || (to && strcmp(to->row.origin, target->row.origin) == 0);
        found.lane = found.lane || lease->batch.lane_id == lane->id;
    }
    return found;
}

/* ---- telling the worker ---- */

/* Where KHEOPS does not introspect no album is known. */
static char *home_of(const struct target *target)
{
    return target->destination && target->destination->kheops ? target->row.home : NULL;
}

/* The instances of an inquiry, of which there are. */
static void add_instances(struct router *router, const struct jobdb_batch *batch, struct work *work)
{
    struct jobdb_past list[WORK_INQUIRED_MAX];
    work->instance_count = inquiries_next(router, batch->items[0].id, list);
    work->instances = memory_new(WORK_INQUIRED_MAX, sizeof *work->instances);
    for (size_t i = 0; i < work->instance_count; i++)
        memcpy(work->instances[i], list[i].sop_instance, sizeof *work->instances);
}

static void say_work(struct router *router, const struct target *target, const struct lease *lease)
{
    const struct jobdb_batch *batch = &lease->batch;
    struct work work = {.stage = batch->stage,
                        .destination = target->row.destination,
                        .album = target->row.album,
                        .study = (char *)batch->study,
                        .series = target->row.album ? (char *)batch->series : NULL,
                        .home = home_of(target),
                        .unasked = batch->unasked,
                        .item_count = batch->item_count};
    memcpy(work.id, batch->work, sizeof work.id);
    memcpy(work.address, target->address, sizeof work.address);
    if (lease->ahead)
        memcpy(work.after, lease->ahead->batch.work, sizeof work.after);
    work.items = memory_new(batch->item_count, sizeof *work.items);
    for (size_t i = 0; i < batch->item_count; i++) {
        work.items[i].id = batch->items[i].id;
        work.items[i].size = batch->items[i].size;
        work.items[i].twin = batch->items[i].twin;
        work.items[i].absent = batch->items[i].absent;
        work.items[i].fresh = batch->items[i].fresh;
        memcpy(work.items[i].receipt, batch->items[i].receipt, RECEIPT_SIZE);
        memcpy(work.items[i].series, batch->items[i].series, sizeof work.items[i].series);
    }
    if (batch->stage == WORK_INQUIRE)
        add_instances(router, batch, &work);
    struct work_message message = {.verb = WORK_WORK, .work = &work};
    outbox_say(router->outbox, seat_peer(lease->seat), &message);
    memory_free(&work.items);
    memory_free(&work.instances);
}

void dispatch_name(struct router *router, const struct seat *seat, struct jobdb_batch *batch)
{
    struct dispatch *dispatch = router->dispatch;
    crew_name_work(seat, dispatch->epoch, ++dispatch->works, batch->work);
}

/* What a worker has for a target: a slot that is free, or the place behind a request of the target that has one. */
struct slot {
    struct seat *seat;
    struct lease *ahead; /* NULL: it is free */
};

static void hand_out_batch(struct router *router, struct target *target, const struct slot *slot,
                           struct jobdb_batch *batch)
{
    struct lease *lease = slot->ahead ? crew_lease_behind(router->crew, slot->ahead, batch, router->awake)
                                      : crew_lease(router->crew, slot->seat, batch, router->awake, 0);
    lease->stored_mark = target->row.stored;
    CRASH_POINT(ROUTER_LEASED);
    if (lease->batch.stage == WORK_SEND) {
        router->dispatch->begun |= !slot->ahead;
        lease->paid = width_pay(target, &lease->batch, router->monotonic);
    }
    if (!slot->ahead)
        *target_counter(target, lease->batch.stage) += 1;
    target->tried_by = seat_number(slot->seat);
    say_work(router, target, lease);
}

/* ---- deliveries ---- */

/* One batch from a destination. False: it has nothing that may go now. */
static bool send_from(struct router *router, struct target *target, const struct slot *slot)
{
    const struct target_retry retry = target_retry_of(router->config);
    const struct jobdb_appetite appetite = {(size_t)router->config->sender.batch_instances,
                                            width_of_request(target, router->config->sender.batch_bytes),
                                            target_is_wary(target, &retry, router->now)};
    struct jobdb_lane lane;
    for (int i = 0; i < LANES_A_LOOK; i++) {
        if (!jobdb_pick_lane(router->db, target->row.destination_id, &lane)) {
            target->look_at = INT64_MAX;
            return false;
        }
        /* What is urgent waits for a request of its study, and has the slot when that has ended. */
        if (slot->ahead && !lane.urgent && jobdb_has_urgent(router->db, target->row.destination_id))
            return false;
        struct on_way on_way = find_on_way(router, target, &lane);
        /* The first request of a study goes alone: KHEOPS loses instances when two requests make the same study.
         * (That no two make the same series is seen to where batches are picked.) */
        if (!lane.known && on_way.study) {
            jobdb_close_lane(router->db, lane.id);
            continue;
        }
        bool thin = gather_wants(&lane, appetite.most_instances, on_way.lane || slot->ahead, router->now);
        if (thin && slot->ahead)
            return false; /* it may be fuller when that one ends */
        if (thin) {
            gather_add(router->dispatch->gather, router->db, &lane, router->now);
            continue;
        }
        struct jobdb_batch batch = {0};
        dispatch_name(router, slot->seat, &batch);
        if (jobdb_pick_batch(router->db, &lane, target->row.destination_id, &appetite, router->now, &batch)) {
            hand_out_batch(router, target, slot, &batch);
            return true;
        }
        jobdb_batch_release(&batch); /* only what waits for what is on its way: it sleeps now */
    }
    router->dispatch->more = true; /* in the next turn */
    return false;
}

/* ---- shares ---- */

static bool share_from(struct router *router, struct target *target, const struct slot *slot)
{
    struct jobdb_batch batch = {0};
    int64_t next_due;
    dispatch_name(router, slot->seat, &batch);
    if (!jobdb_pick_share(router->db, target->row.album_id, target->row.state != TARGET_UP, router->now,
                          &batch, &next_due)) {
        target->look_at = next_due;
        jobdb_batch_release(&batch);
        return false;
    }
    hand_out_batch(router, target, slot, &batch);
    return true;
}

/* ---- studies that KHEOPS is asked to look at again ---- */

static bool fetch_from(struct router *router, struct target *target, const struct slot *slot)
{
    struct jobdb_batch batch = {0};
    int64_t next_due;
    dispatch_name(router, slot->seat, &batch);
    if (!jobdb_pick_fetch(router->db, target->row.destination_id, router->now, &batch, &next_due)) {
        target->fetch_at = next_due;
        jobdb_batch_release(&batch);
        return false;
    }
    hand_out_batch(router, target, slot, &batch);
    return true;
}

/* ---- series about which KHEOPS is asked ---- */

static bool inquire_from(struct router *router, struct target *target, const struct slot *slot)
{
    struct jobdb_past list[WORK_INQUIRED_MAX];
    struct jobdb_batch batch = {0};
    int64_t next_due;
    if (inquiries_are_out(router, target->row.destination_id))
        return false;
    dispatch_name(router, slot->seat, &batch);
    if (!jobdb_pick_inquiry(router->db, target->row.album_id, router->now, &batch, &next_due)) {
        target->inquire_at = next_due;
        jobdb_batch_release(&batch);
        return false;
    }
    if (inquiries_next(router, batch.items[0].id, list) > 0) {
        hand_out_batch(router, target, slot, &batch);
        return true;
    }
    inquiries_end_empty(router, &batch);
    jobdb_batch_release(&batch);
    return true;
}

/* ---- all targets in turn ---- */

static bool may_have_work(const struct router *router, const struct target *target, enum work_stage stage)
{
    int64_t now = router->now;
    if ((target->row.album_id != 0) != (work_stage_worker(stage) == WORK_SHARE))
        return false;
    if (stage == WORK_INQUIRE)
        return target_may_inquire(target, now);
    if (stage == WORK_FETCH)
        return target_may_fetch(target, now);
    return target->look_at <= now && target_is_open(target, now) &&
           (stage != WORK_SEND || width_is_there(target, router->monotonic));
}

/* Whether a comes before b: the one with nothing out, then the one with the higher priority, then that with fewer requests out, then
 * the one whose turn is longer ago. So a target that waits gets the next free slot, whatever another one holds, and nobody's share
 * of the slots is kept free for those who have no use for it. Each fourth slot asks for no priority: nobody waits for ever. */
static bool comes_before(struct target *a, struct target *b, enum work_stage stage, bool ranked)
{
    int a_out = *target_counter(a, stage), b_out = *target_counter(b, stage);
    if (ranked && (a_out > 0) == (b_out > 0) && a->destination->priority != b->destination->priority)
        return a->destination->priority > b->destination->priority;
    return a_out != b_out ? a_out < b_out : a->served[stage] < b->served[stage];
}

/* The next target to be offered a slot, of those that had no use for one in this turn. */
static struct target *next_target(struct router *router, enum work_stage stage, const bool *in_vain)
{
    struct target *next = NULL;
    bool ranked = router->dispatch->offers % TURNS_EACH != 0;
    for (size_t i = 0; i < targets_count(router->targets); i++) {
        struct target *target = targets_at(router->targets, i);
        if (!in_vain[i] && may_have_work(router, target, stage) &&
            (!next || comes_before(target, next, stage, ranked)))
            next = target;
    }
    return next;
}

static struct seat *choose_seat(struct router *router, const struct target *target, enum work_stage stage)
{
    const struct crew_duty duty = {stage, target->row.destination_id, target->row.album_id};
    const struct crew_probe probe = {target->tried_by};
    return crew_choose(router->crew, &duty, target->row.state != TARGET_UP ? &probe : NULL, router->awake);
}

/* One request of a target. False: it has nothing that may go now. */
static bool take_from(struct router *router, struct target *target, enum work_stage stage,
                      const struct slot *slot)
{
    static bool (*const from[])(struct router *, struct target *,
                                const struct slot *) = {[WORK_SEND] = send_from,
                                                        [WORK_SHARE] = share_from,
                                                        [WORK_FETCH] = fetch_from,
                                                        [WORK_INQUIRE] = inquire_from};
    return from[stage](router, target, slot);
}

/* One request after the other, until no target has one or no worker wants more. */
static void dispatch_stage(struct router *router, enum work_stage stage)
{
    AUTO(memory_free) bool *in_vain = memory_new(targets_count(router->targets) + 1, sizeof *in_vain);
    struct target *target;
    struct seat *seat;
    while ((target = next_target(router, stage, in_vain)) &&
           crew_most_credit(router->crew, stage, router->awake)) {
        target->served[stage] = ++router->dispatch->offers;
        seat = choose_seat(router, target, stage);
        if (!seat || !take_from(router, target, stage, &(struct slot){seat, NULL}))
            in_vain[target - targets_at(router->targets, 0)] = true;
    }
}

/* ---- behind what is out ---- */

/* Whether a destination has something due for which there is no slot. */
static bool is_kept_waiting(struct router *router, struct target *target)
{
    struct jobdb_lane lane;
    if (!may_have_work(router, target, WORK_SEND))
        return false;
    bool due = jobdb_pick_lane(router->db, target->row.destination_id, &lane);
    if (!due)
        target->look_at = INT64_MAX;
    return due;
}

/* Whether the slots of this destination are needed by another one when their requests have ended. */
static bool others_wait(struct router *router, const struct target *target)
{
    for (size_t i = 0; i < targets_count(router->targets); i++) {
        struct target *other = targets_at(router->targets, i);
        if (other != target && is_kept_waiting(router, other))
            return true;
    }
    return false;
}

/* The router's answer to a RESULT takes a commit. So a sender gets the next request of a destination while one is on its
 * way, and begins it when that has ended: as many are out at once as before. Shares stay here, where what bars them, or
 * decides otherwise, still finds them. */
static void follow_deliveries(struct router *router)
{
    struct dispatch *dispatch = router->dispatch;
    /* What begins at once does not wait until this is chosen. */
    dispatch->put_off = dispatch->begun && !dispatch->put_off;
    if (dispatch->put_off) {
        dispatch->more = true;
        return;
    }
    for (struct lease *lease = crew_leases(router->crew); lease; lease = lease->next) {
        const struct crew_duty duty = {WORK_SEND, lease->batch.destination_id, 0};
        struct target *target = targets_find(router->targets, duty.destination_id, 0);
        if (lease->batch.stage != WORK_SEND || !target || !target_is_at_ease(target) ||
            target->look_at > router->now || target->destination->rate > 0 ||
            !crew_may_follow(lease, &duty, router->awake))
            continue;
        if (!others_wait(router, target))
            (void)send_from(router, target, &(struct slot){lease->seat, lease});
    }
}

void dispatch_turn(struct router *router)
{
    router->dispatch->more = false;
    router->dispatch->begun = false;
    bool open = gather_look(router->dispatch->gather, router->db, router->now);
    if (jobdb_wake_lanes(router->db, router->now) || open)
        targets_wake(router->targets);
    dispatch_stage(router, WORK_SEND);
    dispatch_stage(router, WORK_SHARE);
    dispatch_stage(router, WORK_INQUIRE); /* with the sharers that shares left */
    dispatch_stage(router, WORK_FETCH);   /* with the senders that deliveries left */
    follow_deliveries(router);
    router->dispatch->next_lane = jobdb_next_lane(router->db);
}

static int64_t sooner_of(int64_t at, int64_t than, int64_t after)
{
    return at > after && at < than ? at : than;
}

int64_t dispatch_wakes_at(struct router *router)
{
    int64_t next = router->dispatch->next_lane, wide = INT64_MAX;
    if (router->dispatch->more)
        return 0;
    next = sooner_of(gather_looks_at(router->dispatch->gather), next, router->now);
    for (size_t i = 0; i < targets_count(router->targets); i++) {
        const struct target *target = targets_at(router->targets, i);
        next = sooner_of(target_opens_at(target, router->now), next, router->now);
        next = sooner_of(target->look_at, next, router->now);
        if (target->look_at <= router->now)
            wide = sooner_of(width_opens_at(target, router->monotonic), wide, router->monotonic);
        next = sooner_of(target_fetches_at(target), next, router->now);
        next = sooner_of(target_inquires_at(target), next, router->now);
    }
    next = next == INT64_MAX ? next : next - router->now + router->monotonic;
    return wide < next ? wide : next;
}
