#include "router/change.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/memory.h"

#include <stdlib.h>
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

struct changes *changes_create(void)
{
    return memory_new(1, sizeof(struct changes));
}

static void change_destroy(struct change **change)
{
    if (!*change)
        return;
    control_request_release(&(*change)->request);
    control_answer_release(&(*change)->answer);
    memory_free(change);
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

bool changes_wait(const struct router *router)
{
    return router->changes->first != NULL;
}

static struct change *find(struct changes *changes, const char *name)
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

static void append(struct changes *changes, struct change *change)
{
    struct change **end = &changes->first;
    while (*end)
        end = &(*end)->next;
    *end = change;
}

/* ---- what the parts use ---- */

int64_t change_left(const struct change *change)
{
    return change->request.limit > 0 ? change->request.limit - change->row.changed : INT64_MAX;
}

void change_skip(struct change *change, const char *format, ...)
{
    AUTO(text_release) struct text note = TEXT_EMPTY;
    va_list arguments;
    va_start(arguments, format);
    text_format_list(&note, format, arguments);
    va_end(arguments);
    change->row.skipped++;
    control_answer_note(&change->answer, "%s", text_string(&note));
}

void change_event(struct router *router, const struct change *change, struct jobdb_event *event,
                  const char *detail)
{
    AUTO(text_release) struct text by = TEXT_EMPTY;
    text_format(&by, "by %s%s%s", change->request.user, detail ? ": " : "", detail ? detail : "");
    event->at = router->now;
    event->kind = control_verb_done(change->request.verb);
    event->detail = text_string(&by);
    jobdb_add_event(router->db, event);
}

/* ---- taking one ---- */

static bool chooses(const struct control_request *request)
{
    return request->destination || request->album || request->state || request->study || request->series ||
           request->since || request->reason;
}

static bool is_about_quarantine(const struct control_request *request)
{
    return request->verb == CONTROL_QUARANTINE_RETRY || request->verb == CONTROL_QUARANTINE_DROP;
}

/* NULL, or what is wrong with the choice of jobs. */
static const char *objection_to_choice(const struct control_request *request)
{
    unsigned meant;
    if (request->job_count > 0 && (chooses(request) || request->all))
        return "choose jobs by their numbers or by filters, not by both";
    if (request->job_count == 0 && !chooses(request) && !request->all)
        return "nothing is chosen: give jobs, a filter, or --all";
    for (size_t i = 0; i < request->job_count; i++) {
        if ((request->jobs[i].kind == CONTROL_INSTANCE) != is_about_quarantine(request))
            return "jobs are given as delivery:12, share:12 or fetch:12, quarantined files as instance:12";
    }
    if (is_about_quarantine(request))
        return NULL;
    if (!jobdb_meant_by(request->state, &meant))
        return "only jobs that are failed, deferred, queued or waiting can be changed";
    if (request->verb == CONTROL_RETRY && (meant & ~(unsigned)(JOBDB_FAILED | JOBDB_DEFERRED)) != 0)
        return "only failed and deferred jobs can be retried: others go as soon as they can";
    return NULL;
}

/* Whether the request can be carried out; else the answer says why not. */
static bool is_sensible(struct router *router, const struct control_request *request,
                        struct control_answer *answer)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    if (request->verb == CONTROL_RESHARE)
        return reshare_is_sensible(router, request, answer);
    const char *objection = objection_to_choice(request);
    if (objection) {
        control_refuse(answer, objection);
        return false;
    }
    if (!request->destination)
        return true;
    const struct target *target = control_find_target(router, request, answer);
    if (!target || target->destination || request->verb != CONTROL_RETRY)
        return target != NULL;
    text_format(&sentence,
                "the configuration does not name %s%s%s any more: its jobs wait until it does; "
                "drop them if it will not",
                request->destination, request->album ? "/" : "", request->album ? request->album : "");
    control_refuse(answer, text_string(&sentence));
    return false;
}

static struct change *change_new(struct control_request *request, int64_t asked_at)
{
    struct change *change = memory_new(1, sizeof *change);
    change->request = *request;
    *request = (struct control_request){0};
    change->row.asked_at = asked_at;
    memcpy(change->row.name, change->request.id, sizeof change->row.name);
    memcpy(change->answer.id, change->request.id, sizeof change->answer.id);
    return change;
}

/* Into the answer. */
static void repeat_answer(void *context, const struct jobdb_request *row)
{
    struct control_answer *answer = context;
    answer->changed = row->changed;
    answer->skipped = row->skipped;
    answer->already = row->already;
    answer->unmatched = row->unmatched;
    text_append(&answer->sentence, row->sentence ? row->sentence : "");
}

static void write_down(struct router *router, struct change *change)
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
    struct change *known = find(router->changes, request->id);
    *ret_answered = !known;
    if (known) {
        known->peer = *peer;
        return;
    }
    if (jobdb_find_request(router->db, request->id, repeat_answer, answer) ||
        !is_sensible(router, request, answer))
        return;
    if (count_changes(router->changes) >= CHANGES_MAX) {
        control_refuse(answer, "too many changes wait for each other already: try it again later");
        return;
    }
    struct change *change = change_new(request, router->now);
    change->peer = *peer;
    change->told = router->monotonic;
    write_down(router, change);
    append(router->changes, change);
    *ret_answered = false;
}

static void take_up(void *context, const struct jobdb_request *row)
{
    struct router *router = context;
    AUTO(control_request_release) struct control_request request = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (control_request_decode(row->asked, strlen(row->asked), &request, &reason) != 0) {
        log_error("cannot go on with what an operator asked for", LOG_S("error", text_string(&reason)));
        return;
    }
    struct change *change = change_new(&request, row->asked_at);
    change->row = *row;
    change->row.verb = change->row.user = change->row.asked = change->row.sentence = NULL;
    append(router->changes, change);
    log_info("going on with a change", LOG_S("verb", row->verb), LOG_S("user", row->user),
             LOG_I("changed", row->changed));
}

void changes_load(struct router *router)
{
    jobdb_each_request(router->db, take_up, router);
}

/* ---- making the first one ---- */

static bool step(struct router *router, struct change *change)
{
    if (change->request.verb == CONTROL_RESHARE)
        return change_reshare(router, change);
    return is_about_quarantine(&change->request) ? change_parked(router, change)
                                                 : change_jobs(router, change);
}

static void append_count(const struct change *change, struct text *out)
{
    if (change->request.verb == CONTROL_RESHARE) {
        reshare_append_count(change, out);
        return;
    }
    const char *noun = is_about_quarantine(&change->request) ? "file" : "job";
    text_format(out, "%lld %s%s %s", (long long)change->row.changed, noun,
                change->row.changed == 1 ? "" : "s", control_verb_done(change->request.verb));
    if (change->row.skipped > 0)
        text_format(out, ", %lld left as they are", (long long)change->row.skipped);
}

static void tell(struct router *router, struct change *change, enum control_stage stage)
{
    change->told = router->monotonic;
    change->answer.stage = stage;
    change->answer.changed = change->row.changed;
    change->answer.skipped = change->row.skipped;
    change->answer.already = change->row.already;
    change->answer.unmatched = change->row.unmatched;
    if (change->peer.length > 0)
        outbox_answer(router->outbox, &change->peer, &change->answer);
}

/* What waits behind the first one is told so. */
static void tell_all(struct router *router)
{
    for (struct change *change = router->changes->first; change; change = change->next) {
        if (router->monotonic - change->told < TELL_MS)
            continue;
        text_clear(&change->answer.sentence);
        append_count(change, &change->answer.sentence);
        text_append(&change->answer.sentence,
                    change == router->changes->first ? " so far" : ": an earlier change is still being made");
        tell(router, change, CONTROL_PROGRESS);
    }
}

static void finish(struct router *router, struct change *change)
{
    struct jobdb_event event = {0};
    text_clear(&change->answer.sentence);
    append_count(change, &change->answer.sentence);
    bool reshare = change->request.verb == CONTROL_RESHARE;
    if (change->row.changed == 0 && change->row.skipped == 0 && change->request.job_count == 0 && !reshare) {
        text_clear(&change->answer.sentence);
        text_append(&change->answer.sentence, "nothing matches");
    }
    if (reshare)
        reshare_name_target(router, change, &event);
    if ((change->row.changed > 0 || reshare) && !change->request.dry_run)
        change_event(router, change, &event, text_string(&change->answer.sentence));
    change->row.finished_at = router->now;
    change->row.sentence = text_string(&change->answer.sentence);
    jobdb_save_request(router->db, &change->row);
    tell(router, change, CONTROL_DONE);
    log_info("change made", LOG_S("verb", control_verb_name(change->request.verb)),
             LOG_S("user", change->request.user), LOG_I("changed", change->row.changed),
             LOG_I("skipped", change->row.skipped));
    router->changes->first = change->next;
    change_destroy(&change);
}

void changes_turn(struct router *router)
{
    struct change *change = router->changes->first;
    bool over = false;
    if (!change)
        return;
    int64_t until = clock_monotonic_ms() + TURN_MS;
    for (int i = 0; i < TURN_STEPS && !over && clock_monotonic_ms() < until; i++)
        over = step(router, change);
    CRASH_POINT(ROUTER_CHANGE_APPLIED);
    if (over)
        finish(router, change);
    else
        jobdb_save_request(router->db, &change->row);
    tell_all(router);
}
