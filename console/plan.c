#include "console/plan.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "common/dicom/uid.h"
#include "common/jobs/newest.h"
#include "common/jobs/operator.h"
#include "common/jobs/quarantine.h"
#include "common/jobs/read.h"
#include "common/jobs/requester.h"
#include "console/page.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

void plan_release(struct plan *plan)
{
    for (size_t i = 0; i < plan->part_count; i++)
        control_request_release(&plan->parts[i].request);
    memory_free(&plan->parts);
    plan->part_count = plan->part_capacity = 0;
    text_release(&plan->will);
}

struct plan_part *plan_add(struct plan *plan, enum control_verb verb, const char *user)
{
    plan->parts = memory_grow(plan->parts, &plan->part_capacity, plan->part_count + 1, sizeof *plan->parts);
    struct plan_part *part = &plan->parts[plan->part_count];
    *part = (struct plan_part){.count = 0};
    if (control_request_start(&part->request, verb) != 0)
        return NULL;
    memory_free(&part->request.user);
    part->request.user = memory_string(user);
    plan->part_count++;
    return part;
}

/* ---- what is meant ---- */

static const struct verb_row {
    enum control_verb verb;
    const char *fields;
} verbs[] = {
    {CONTROL_RETRY, "verb token study destination album state reason job_kind http_status line"},
    {CONTROL_DROP, "verb token study destination album state reason job_kind http_status line"},
    {CONTROL_QUARANTINE_RETRY, "verb token reason calling_aet called_aet study line"},
    {CONTROL_QUARANTINE_DELIVER, "verb token reason calling_aet called_aet study line destination"},
    {CONTROL_QUARANTINE_DROP, "verb token reason calling_aet called_aet study line now"},
    {CONTROL_RESHARE, "verb token study destination album since anyway from_kheops"},
    {CONTROL_HOLD, "verb token destination album source"},
    {CONTROL_RELEASE, "verb token destination album source"},
};

static const struct verb_row *find_verb(const struct asked *form)
{
    const char *name = asked_get(form, "verb");
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs && name; i++)
        if (strcmp(control_verb_name(verbs[i].verb), name) == 0)
            return &verbs[i];
    return NULL;
}

static bool say(struct text *reason, const char *sentence)
{
    text_append(reason, sentence);
    return false;
}

static bool check_target(const struct control_request *request, const struct config *config,
                         struct text *reason)
{
    const struct config_destination *destination =
        request->destination ? config_find_destination(config, request->destination) : NULL;
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
    } spans[] = {{"1d", 1}, {"7d", 7}, {"30d", 30}, {"90d", 90}, {"365d", 365}};
    for (size_t i = 0; i < sizeof spans / sizeof *spans && since; i++)
        if (strcmp(spans[i].name, since) == 0)
            *ret_since = now - spans[i].days * DAY_MS;
    return !since || *ret_since > 0;
}

/* "yes", or nothing. */
static bool take_yes(const struct asked *form, const char *name, bool *ret_yes)
{
    const char *value = asked_get(form, name);
    *ret_yes = value != NULL;
    return !value || strcmp(value, "yes") == 0;
}

/* Whether it is clear which are meant: nothing is meant by saying nothing. */
static bool is_clear(const struct control_request *request, struct text *reason)
{
    unsigned meant;
    switch (request->verb) {
    case CONTROL_RETRY:
    case CONTROL_DROP:
        if (request->job_kind && !jobdb_kind_is_known(request->job_kind))
            return say(reason, "job_kind is one of: delivery, share, fetch, inquiry.");
        if (!request->study && !request->destination)
            return say(reason, "It needs a study or a destination.");
        return jobdb_meant_by(request->state, &meant) || say(reason, "No jobs of this state can be changed.");
    case CONTROL_QUARANTINE_RETRY:
    case CONTROL_QUARANTINE_DELIVER:
    case CONTROL_QUARANTINE_DROP:
        return request->reason || request->calling_aet || request->called_aet || request->study ||
               request->line || say(reason, "It needs a reason, a sender or a study.");
    case CONTROL_RESHARE:
        if (!request->album || !request->study == !request->since)
            return say(reason, "It needs an album, and a study or since when.");
        if (request->anyway && request->from_kheops)
            return say(reason, "What is shared anyway, nobody is asked about.");
        return !request->anyway || request->study || say(reason, "Only a study is shared anyway.");
    default:
        return !request->source != !request->destination ||
               say(reason, "It needs a destination, or a source.");
    }
}

static bool take_texts(const struct asked *form, struct control_request *request, struct text *reason)
{
    const struct {
        const char *name;
        char **text;
    } texts[] = {{"study", &request->study},
                 {"destination", &request->destination},
                 {"album", &request->album},
                 {"source", &request->source},
                 {"state", &request->state},
                 {"reason", &request->reason},
                 {"calling_aet", &request->calling_aet},
                 {"called_aet", &request->called_aet},
                 {"job_kind", &request->job_kind}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *value = asked_get(form, texts[i].name);
        if (value && strlen(value) > CONTROL_TEXT_MAX) {
            text_format(reason, "%s has 256 bytes at most.", texts[i].name);
            return false;
        }
        *texts[i].text = value ? memory_string(value) : NULL;
    }
    return true;
}

static bool take_status(const char *digits, int64_t *ret_status)
{
    *ret_status = digits ? strtoll(digits, NULL, 10) : 0;
    return !digits || (strlen(digits) == 3 && strspn(digits, "0123456789") == 3 && *ret_status > 0);
}

static bool take(const struct plan_question *question, struct plan *plan, struct text *reason)
{
    const struct asked *form = question->form;
    const struct verb_row *row = find_verb(form);
    if (!row)
        return say(reason, "verb is one of: retry, drop, quarantine retry, quarantine deliver, quarantine "
                           "drop, reshare, hold, release.");
    if (!asked_only(form, row->fields, reason))
        return false;
    struct plan_part *part = plan_add(plan, row->verb, question->user);
    if (!part)
        return say(reason, "The kernel has no random number.");
    struct control_request *request = &part->request;
    if (!take_texts(form, request, reason))
        return false;
    if (!take_yes(form, "anyway", &request->anyway) || !take_yes(form, "now", &request->now) ||
        !take_yes(form, "from_kheops", &request->from_kheops))
        return say(reason, "anyway, now and from_kheops are yes, or are not there.");
    if (!take_yes(form, "line", &request->line) ||
        !take_status(asked_get(form, "http_status"), &request->http_status))
        return say(reason, "line is yes, http_status a number of three digits, or they are not there.");
    return take_since(asked_get(form, "since"), question->now, &request->since) ||
           say(reason, "since is 1d, 7d, 30d, 90d or 365d.");
}

/* ---- how many ---- */

/* Only the router knows how many of these a condition lets go. */
static bool decided_again(const struct control_request *request)
{
    unsigned meant = 0;
    (void)jobdb_meant_by(request->state, &meant);
    return request->verb == CONTROL_RETRY && (meant & JOBDB_DECIDED_AGAIN) != 0;
}

void plan_count(struct plan_part *part, struct jobdb *db)
{
    const struct control_request *request = &part->request;
    if (request->verb == CONTROL_RESHARE || decided_again(request)) {
        part->count = PLAN_ROUTER_COUNTS;
        return;
    }
    if (request->verb != CONTROL_RETRY && request->verb != CONTROL_DROP) {
        part->count = jobdb_count_parked(db, &(struct jobdb_parked){.reason = request->reason,
                                                                    .calling_aet = request->calling_aet,
                                                                    .called_aet = request->called_aet,
                                                                    .study = request->study,
                                                                    .is_line = request->line});
        return;
    }
    struct jobdb_selection selection = {.filter = {.state = request->state,
                                                   .destination = request->destination,
                                                   .album = request->album,
                                                   .study = request->study,
                                                   .reason = request->reason},
                                        .job_kind = request->job_kind,
                                        .http_status = (int)request->http_status,
                                        .is_line = request->line};
    (void)jobdb_meant_by(request->state, &selection.meant);
    part->count = jobdb_count_meant(db, &selection);
}

/* ---- hold and release ---- */

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

static void say_hold_source(struct plan *plan, struct jobdb *db)
{
    struct plan_part *part = &plan->parts[0];
    bool is_hold = part->request.verb == CONTROL_HOLD;
    part->count = jobdb_source_is_held(db, part->request.source) == is_hold ? 0 : 1;
    text_format(&plan->will, "%s ", part->request.source);
    if (part->count == 0)
        text_append(&plan->will, is_hold ? "is held already." : "is not held.");
    else
        text_append(&plan->will,
                    is_hold ? "gets no more reports on storage commitment until it is released. Its images "
                              "are received and sent as before."
                            : "gets its reports on storage commitment again, those that wait now.");
}

static void say_hold(struct plan *plan, struct jobdb *db)
{
    struct plan_part *part = &plan->parts[0];
    const struct control_request *request = &part->request;
    struct waiting waiting = {.request = request};
    bool is_hold = request->verb == CONTROL_HOLD;
    const char *noun = request->album ? "series" : "images";
    (void)jobdb_read_status(db, take_waiting, &waiting);
    part->count = waiting.is_held == is_hold ? 0 : 1;
    page_append_target(&plan->will, request->destination, request->album);
    if (part->count == 0) {
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

bool plan_make(const struct plan_question *question, struct plan *ret_plan, struct text *reason)
{
    if (!take(question, ret_plan, reason))
        return false;
    struct plan_part *part = &ret_plan->parts[0];
    const struct control_request *request = &part->request;
    if (!is_clear(request, reason) || !check_target(request, question->config, reason) ||
        !check_study(request->study, question->db, reason))
        return false;
    if (request->source) {
        say_hold_source(ret_plan, question->db);
    } else if (request->verb == CONTROL_HOLD || request->verb == CONTROL_RELEASE) {
        say_hold(ret_plan, question->db);
    } else {
        plan_count(part, question->db);
    }
    return true;
}
