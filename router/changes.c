#include "router/changes.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/jobs/history.h"
#include "common/jobs/request.h"
#include "router/change.h"
#include "router/change_jobs.h"
#include "router/change_parked.h"
#include "router/change_reshare.h"
#include "router/outbox.h"
#include "router/readers.h"
#include "router/refusal.h"
#include "router/shared.h"

#include <string.h>

enum {
    TURN_MS = 20,   /* for changes in one turn: everything else goes on; */
    TURN_STEPS = 4, /* and so much at most, so that no transaction becomes large */
    TELL_MS = 500,
    CHANGES_MAX = 100 /* that wait for each other */
};

/* Oldest first: the first one is being made. */
struct changes {
    struct change *first;
};

/* What the verbs do. A verb with a target tells of it in one event, also when it has changed nothing; the
 * others tell of what they have changed. */
static const struct change_verb {
    bool (*is_sensible)(struct router *router, const struct control_request *request,
                        struct control_answer *answer);
    bool (*step)(struct router *router, struct change *change);
    void (*count)(const struct change *change, struct text *out);
    void (*target)(struct router *router, const struct change *change, struct jobdb_event *event);
} change_verbs[CONTROL_VERBS] = {
    [CONTROL_RETRY] = {change_jobs_is_sensible, change_jobs_step, change_jobs_count, NULL},
    [CONTROL_DROP] = {change_jobs_is_sensible, change_jobs_step, change_jobs_count, NULL},
    [CONTROL_QUARANTINE_RETRY] = {change_parked_is_sensible, change_parked_step, change_parked_count, NULL},
    [CONTROL_QUARANTINE_DELIVER] = {change_parked_is_sensible, change_parked_step, change_parked_count, NULL},
    [CONTROL_QUARANTINE_DROP] = {change_parked_is_sensible, change_parked_step, change_parked_count, NULL},
    [CONTROL_RESHARE] = {change_reshare_is_sensible, change_reshare_step, change_reshare_count,
                         change_reshare_target},
};

static const struct change_verb *verb_of(const struct change *change)
{
    return &change_verbs[change->request.verb];
}

struct changes *changes_create(void)
{
    return memory_new(1, sizeof(struct changes));
}

void changes_destroy(struct changes **changes)
{
    if (!*changes)
        return;
    while ((*changes)->first) {
        struct change *change = (*changes)->first;
        (*changes)->first = change->next;
        change_destroy(&change);
    }
    memory_free(changes);
}

static struct change *find_change(struct changes *changes, const char *name)
{
    for (struct change *change = changes->first; change; change = change->next) {
        if (strcmp(change->row.name, name) == 0)
            return change;
    }
    return NULL;
}

static size_t count_changes(const struct changes *changes)
{
    size_t count = 0;
    for (const struct change *change = changes->first; change; change = change->next)
        count++;
    return count;
}

static void append_change(struct changes *changes, struct change *change)
{
    struct change **end = &changes->first;
    while (*end)
        end = &(*end)->next;
    *end = change;
}

/* ---- taking one ---- */

/* Into the answer. */
static void repeat_answer(void *context, const struct jobdb_request *row)
{
    struct control_answer *answer = context;
    answer->changed = row->changed;
    answer->skipped = row->skipped;
    answer->already = row->already;
    answer->unmatched = row->unmatched;
    answer->asked = row->asked_kheops;
    text_append(&answer->sentence, row->sentence ? row->sentence : "");
}

static void write_change_down(struct router *router, struct change *change)
{
    AUTO(text_release) struct text asked = TEXT_EMPTY;
    struct jobdb_request row = change->row;
    control_request_encode(&change->request, &asked);
    row.verb = control_verb_name(change->request.verb);
    row.user = change->request.user;
    row.asked = text_string(&asked);
    change->row.id = jobdb_add_request(router->db, &row);
}

void changes_take(struct router *router, const struct bus_peer *peer, struct control_request *request,
                  struct control_answer *answer, bool *ret_answered)
{
    struct change *known = find_change(router->changes, request->id);
    *ret_answered = !known;
    if (known) {
        known->peer = *peer;
        return;
    }
    if (jobdb_find_request(router->db, request->id, repeat_answer, answer) ||
        !change_verbs[request->verb].is_sensible(router, request, answer))
        return;
    if (count_changes(router->changes) >= CHANGES_MAX) {
        refuse(answer, "too many changes wait for each other already: try it again later");
        return;
    }
    struct change *change = change_create(request, router->now);
    change->peer = *peer;
    change->told = router->monotonic;
    write_change_down(router, change);
    append_change(router->changes, change);
    *ret_answered = false;
}

static void take_change_up(void *context, const struct jobdb_request *row)
{
    struct router *router = context;
    AUTO(control_request_release) struct control_request request = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (control_request_decode(row->asked, strlen(row->asked), &request, &reason) != 0) {
        log_error("cannot go on with what an operator asked for", LOG_S("error", text_string(&reason)));
        return;
    }
    struct change *change = change_create(&request, row->asked_at);
    change->row = *row;
    change->row.verb = change->row.user = change->row.asked = change->row.sentence = NULL;
    append_change(router->changes, change);
    log_info("going on with a change", LOG_S("verb", row->verb), LOG_S("user", row->user),
             LOG_I("changed", row->changed));
}

void changes_load(struct router *router)
{
    jobdb_each_request(router->db, take_change_up, router);
}

/* ---- making the first one ---- */

static void tell_change(struct router *router, struct change *change, enum control_stage stage)
{
    change->told = router->monotonic;
    change->answer.stage = stage;
    change->answer.changed = change->row.changed;
    change->answer.skipped = change->row.skipped;
    change->answer.already = change->row.already;
    change->answer.unmatched = change->row.unmatched;
    change->answer.asked = change->row.asked_kheops;
    if (change->peer.length > 0)
        outbox_answer(router->outbox, &change->peer, &change->answer);
}

/* A change that waits behind the first one is told so. */
static void tell_waiting(struct router *router)
{
    for (struct change *change = router->changes->first; change; change = change->next) {
        if (router->monotonic - change->told < TELL_MS)
            continue;
        text_clear(&change->answer.sentence);
        verb_of(change)->count(change, &change->answer.sentence);
        text_append(&change->answer.sentence,
                    change == router->changes->first ? " so far" : ": an earlier change is still being made");
        tell_change(router, change, CONTROL_PROGRESS);
    }
}

static void finish_change(struct router *router, struct change *change)
{
    const struct change_verb *verb = verb_of(change);
    struct jobdb_event event = {0};
    text_clear(&change->answer.sentence);
    verb->count(change, &change->answer.sentence);
    if (verb->target)
        verb->target(router, change, &event);
    if ((change->row.changed > 0 || verb->target) && !change->request.dry_run)
        change_event(router, change, &event, text_string(&change->answer.sentence));
    change->row.finished_at = router->now;
    change->row.sentence = text_string(&change->answer.sentence);
    jobdb_save_request(router->db, &change->row);
    tell_change(router, change, CONTROL_DONE);
    log_info("change made", LOG_S("verb", control_verb_name(change->request.verb)),
             LOG_S("user", change->request.user), LOG_I("changed", change->row.changed),
             LOG_I("skipped", change->row.skipped));
    router->changes->first = change->next;
    readers_forget(router->readers, READERS_CHANGE, NULL); /* what it asked for and did not need in the end */
    change_destroy(&change);
}

void changes_turn(struct router *router)
{
    struct change *change = router->changes->first;
    if (!change)
        return;
    change->until = clock_monotonic_ms() + TURN_MS;
    change->waits = false;
    for (int i = 0; i < TURN_STEPS && !change->over && !change->waits && change_has_time(change); i++) {
        change->pauses = false;
        change->over = verb_of(change)->step(router, change);
    }
    CRASH_POINT(ROUTER_CHANGE_APPLIED);
    if (change->over)
        finish_change(router, change);
    else
        jobdb_save_request(router->db, &change->row);
    tell_waiting(router);
}

int64_t changes_wakes_at(struct router *router)
{
    const struct change *change = router->changes->first;
    return change && !change->waits ? 0 : INT64_MAX;
}
