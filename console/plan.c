#include "console/plan.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/dicom/uid.h"
#include "common/jobs/newest.h"
#include "common/jobs/operator.h"
#include "common/jobs/read.h"
#include "console/page.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

void plan_release(struct plan *plan)
{
    control_request_release(&plan->request);
    text_release(&plan->will);
}

/* ---- what is meant ---- */

static const struct verb_row {
    const char *name, *fields;
    enum control_verb verb;
} verbs[] = {
    {"retry", "verb token study destination album state", CONTROL_RETRY},
    {"drop", "verb token study destination album state", CONTROL_DROP},
    {"reshare", "verb token study destination album since", CONTROL_RESHARE},
    {"hold", "verb token destination album", CONTROL_HOLD},
    {"release", "verb token destination album", CONTROL_RELEASE},
};

static const struct verb_row *find_verb(const struct asked *form)
{
    const char *name = asked_get(form, "verb");
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs && name; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

static bool say(struct text *reason, const char *sentence)
{
    text_append(reason, sentence);
    return false;
}

/* One whose name somebody else's node may have, too, is the first of that name: names are unique. */
static const struct config_destination *find_destination(const struct config *config, const char *name)
{
    for (size_t n = 0; n < config->node_count; n++)
        for (size_t d = 0; d < config->nodes[n].destination_count; d++)
            if (strcmp(config->nodes[n].destinations[d].name, name) == 0)
                return &config->nodes[n].destinations[d];
    return NULL;
}

static bool check_target(const struct control_request *request, const struct config *config,
                         struct text *reason)
{
    const struct config_destination *destination =
        request->destination ? find_destination(config, request->destination) : NULL;
    if (request->destination && !destination)
        return say(reason, "The configuration has no such destination.");
    if (request->album && !destination)
        return say(reason, "An album needs its destination.");
    if (request->album && !config_find_album(destination, request->album))
        return say(reason, "The destination has no such album.");
    return true;
}

static void ignore_study(void *context, const struct jobdb_study_row *row,
                         const struct jobdb_study_goal *goals, size_t count)
{
    (void)context;
    (void)row;
    (void)goals;
    (void)count;
}

static bool check_study(const char *study, struct jobdb *db, struct text *reason)
{
    if (!study)
        return true;
    if (!uid_is_printable(study) || !jobdb_read_study(db, study, ignore_study, NULL))
        return say(reason, "No study of this UID is known.");
    return true;
}

static bool take_since(const char *since, int64_t now, int64_t *ret_since)
{
    static const struct {
        const char *name;
        int days;
    } spans[] = {{"1d", 1}, {"7d", 7}, {"30d", 30}};
    for (size_t i = 0; i < sizeof spans / sizeof *spans && since; i++)
        if (strcmp(spans[i].name, since) == 0)
            *ret_since = now - spans[i].days * DAY_MS;
    return !since || *ret_since > 0;
}

/* Whether it is clear which are meant: nothing is meant by saying nothing. */
static bool is_clear(const struct control_request *request, struct text *reason)
{
    unsigned meant;
    switch (request->verb) {
    case CONTROL_RETRY:
    case CONTROL_DROP:
        if (!request->study && !request->destination)
            return say(reason, "It needs a study or a destination.");
        return jobdb_meant_by(request->state, &meant) || say(reason, "No jobs of this state can be changed.");
    case CONTROL_RESHARE:
        if (!request->album || !request->study == !request->since)
            return say(reason, "It needs an album, and a study or since when.");
        return true;
    default:
        return request->destination || say(reason, "It needs a destination.");
    }
}

static bool take(const struct asked *form, const char *user, int64_t now, struct control_request *ret_request,
                 struct text *reason)
{
    const struct verb_row *row = find_verb(form);
    if (!row)
        return say(reason, "verb is one of: retry drop reshare hold release.");
    if (!asked_only(form, row->fields, reason))
        return false;
    if (control_request_start(ret_request, row->verb) != 0)
        return say(reason, "The kernel has no random number.");
    memory_free(&ret_request->user);
    ret_request->user = memory_string(user);
    ret_request->study = memory_string(asked_get(form, "study"));
    ret_request->destination = memory_string(asked_get(form, "destination"));
    ret_request->album = memory_string(asked_get(form, "album"));
    ret_request->state = memory_string(asked_get(form, "state"));
    return take_since(asked_get(form, "since"), now, &ret_request->since) ||
           say(reason, "since is 1d, 7d or 30d.");
}

/* ---- what it will do ---- */

void plan_append_object(const struct control_request *request, struct text *out)
{
    if (request->study)
        text_format(out, "of study %s", request->study);
    if (request->study && request->destination)
        text_append_char(out, ' ');
    if (request->destination) {
        text_append(out, "to ");
        page_append_target(out, request->destination, request->album);
    }
}

/* Only the router knows how many of these a condition lets go. */
static bool decided_again(const struct control_request *request)
{
    unsigned meant = 0;
    (void)jobdb_meant_by(request->state, &meant);
    return request->verb == CONTROL_RETRY && (meant & JOBDB_DECIDED_AGAIN) != 0;
}

static int64_t count_jobs(const struct control_request *request, struct jobdb *db)
{
    struct jobdb_selection selection = {.filter = {.state = request->state,
                                                   .destination = request->destination,
                                                   .album = request->album,
                                                   .study = request->study}};
    (void)jobdb_meant_by(request->state, &selection.meant);
    return jobdb_count_meant(db, &selection);
}

static const char *state_text(const struct control_request *request)
{
    return request->state ? request->state : "failed or deferred";
}

static void say_jobs(struct plan *plan)
{
    const struct control_request *request = &plan->request;
    struct text *will = &plan->will;
    bool is_retry = request->verb == CONTROL_RETRY;
    if (plan->count == 0) {
        text_format(will, "There is no %s job ", state_text(request));
        plan_append_object(request, will);
        text_append(will, is_retry ? ": nothing is to be tried again." : ": nothing is to be given up.");
        return;
    }
    text_append(will, is_retry ? "Makes " : "Gives up ");
    text_append_count(will, plan->count);
    text_format(will, " %s job%s ", state_text(request), plan->count == 1 ? "" : "s");
    plan_append_object(request, will);
    text_append(
        will,
        is_retry
            ? " due now; their attempts begin anew. Where the cause is still there, they fail again."
            : ". What is at the destination stays there; files stay as long as the configuration keeps them.");
}

struct waiting {
    const struct control_request *request;
    int64_t count;
    bool is_held;
};

static void take_waiting(void *context, const struct jobdb_status_row *row)
{
    struct waiting *waiting = context;
    const struct control_request *request = waiting->request;
    bool is_it = strcmp(row->destination, request->destination) == 0 &&
                 (row->album && request->album ? strcmp(row->album, request->album) == 0
                                               : !row->album && !request->album);
    if (!is_it)
        return;
    waiting->count = row->queued;
    waiting->is_held = strcmp(row->state, "held") == 0;
}

static void say_hold(struct plan *plan, struct jobdb *db)
{
    const struct control_request *request = &plan->request;
    struct waiting waiting = {.request = request};
    bool is_hold = request->verb == CONTROL_HOLD;
    const char *noun = request->album ? "series" : "images";
    (void)jobdb_read_status(db, take_waiting, &waiting);
    plan->count = waiting.is_held == is_hold ? 0 : 1;
    page_append_target(&plan->will, request->destination, request->album);
    if (plan->count == 0) {
        text_append(&plan->will, is_hold ? " is held already." : " is not held.");
        return;
    }
    text_append(&plan->will, is_hold
                                 ? " gets nothing more until it is released; what is under way is finished. "
                                 : " goes on. ");
    text_append_count(&plan->will, waiting.count);
    text_format(&plan->will, " %s wait%s for it", request->album && waiting.count == 1 ? "series" : noun,
                waiting.count == 1 ? "s" : "");
    text_append(&plan->will, is_hold ? ", nothing fails for it, and it stays held over restarts." : " now.");
}

bool plan_make(const struct asked *form, const struct config *config, struct jobdb *db, const char *user,
               int64_t now, struct plan *ret_plan, struct text *reason)
{
    struct control_request *request = &ret_plan->request;
    if (!take(form, user, now, request, reason) || !is_clear(request, reason) ||
        !check_target(request, config, reason) || !check_study(request->study, db, reason))
        return false;
    if (request->verb == CONTROL_RESHARE || decided_again(request)) {
        ret_plan->count = PLAN_ROUTER_COUNTS;
    } else if (request->verb == CONTROL_RETRY || request->verb == CONTROL_DROP) {
        ret_plan->count = count_jobs(request, db);
        say_jobs(ret_plan);
    } else {
        say_hold(ret_plan, db);
    }
    return true;
}

void plan_append_dry_run(const struct control_request *request, const struct control_answer *answer,
                         struct text *out)
{
    if (request->verb != CONTROL_RESHARE) {
        text_append_count(out, answer->changed);
        text_format(out, " of the %s jobs ", state_text(request));
        plan_append_object(request, out);
        text_append(out, " would go on; of the others a condition still says no, or cannot be decided.");
        return;
    }
    text_append(out, "The condition of ");
    page_append_target(out, request->destination, request->album);
    text_append(out, " holds for ");
    text_append_count(out, answer->changed);
    text_append(out, " more series, which would be shared; ");
    text_append_count(out, answer->already);
    text_append(out, " are in it or on their way, for ");
    text_append_count(out, answer->unmatched);
    text_append(out, " it does not hold");
    if (answer->skipped > 0) {
        text_append(out, ", and of ");
        text_append_count(out, answer->skipped);
        text_append(out, " it cannot be told");
    }
    text_append(out, ". What is shared stays.");
}

void plan_append_button(const struct control_request *request, int64_t count, struct text *out)
{
    switch (request->verb) {
    case CONTROL_HOLD:
    case CONTROL_RELEASE:
        text_append(out, request->verb == CONTROL_HOLD ? "Hold " : "Release ");
        page_append_target(out, request->destination, request->album);
        return;
    case CONTROL_RESHARE:
        text_append(out, "Share ");
        text_append_count(out, count);
        text_append(out, " series");
        return;
    default:
        text_append(out, request->verb == CONTROL_RETRY ? "Retry " : "Drop ");
        page_append_count(out, count, "job", "jobs");
    }
}
