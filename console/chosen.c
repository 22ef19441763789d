#include "console/chosen.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/sha256.h"
#include "common/dicom/uid.h"
#include "common/jobs/line.h"
#include "common/jobs/operator.h"
#include "common/jobs/show.h"
#include "common/view/details.h"

#include <stdio.h>
#include <string.h>

bool chosen_is(const struct asked *form)
{
    return asked_get(form, "of") != NULL || form->pick_count > 0;
}

static bool say(struct text *reason, const char *sentence)
{
    text_append(reason, sentence);
    return false;
}

/* ---- lines of Trouble ---- */

void chosen_name(const json_t *group, char ret_name[CHOSEN_NAME_SIZE])
{
    static const char *const members[] = {"job", "state", "destination", "album", "reason", "calling_aet"};
    AUTO(text_release) struct text whole = TEXT_EMPTY;
    uint8_t digest[SHA256_SIZE];
    bool is_files = json_text_or_null(group, "state") == NULL;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (is_files || strcmp(members[i], "calling_aet") != 0) /* of jobs it is an example */
            text_format(&whole, "%s\n", json_text(group, members[i]));
    text_format(&whole, "%lld\n", (long long)json_integer_value(json_object_get(group, "http_status")));
    text_append(&whole, is_files ? json_text(group, "called_aet") : "");
    sha256(text_string(&whole), whole.length, digest);
    for (size_t i = 0; i < CHOSEN_NAME_SIZE / 2; i++)
        (void)snprintf(ret_name + 2 * i, 3, "%02x", digest[i]);
}

static bool is_picked(const struct asked *form, const char *name)
{
    for (size_t i = 0; i < form->pick_count; i++)
        if (strcmp(form->picks[i], name) == 0)
            return true;
    return false;
}

static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_same_request(const struct control_request *a, const struct control_request *b)
{
    return a->verb == b->verb && is_same(a->destination, b->destination) && is_same(a->album, b->album) &&
           is_same(a->state, b->state) && is_same(a->reason, b->reason) && is_same(a->study, b->study) &&
           is_same(a->calling_aet, b->calling_aet) && is_same(a->called_aet, b->called_aet) &&
           is_same(a->job_kind, b->job_kind) && a->http_status == b->http_status && a->line == b->line;
}

/* The last part goes when one before is the same. */
static bool is_new(struct plan *plan)
{
    struct plan_part *last = &plan->parts[plan->part_count - 1];
    for (size_t i = 0; i + 1 < plan->part_count; i++) {
        if (!is_same_request(&plan->parts[i].request, &last->request))
            continue;
        control_request_release(&last->request);
        plan->part_count--;
        return false;
    }
    return true;
}

static char *text_of(const json_t *group, const char *name)
{
    const char *value = json_text_or_null(group, name);
    return value ? memory_string(value) : NULL;
}

static void add_group(const struct plan_question *question, enum control_verb verb, const json_t *group,
                      struct plan *plan)
{
    const char *reason = json_text(group, "reason");
    struct plan_part *part = plan_add(plan, verb, question->user);
    if (!part)
        return;
    struct control_request *request = &part->request;
    size_t length = line_reason_length(reason);
    request->line = true;
    request->reason = length > 0 ? memory_string_n(reason, length) : NULL;
    if (verb == CONTROL_RETRY || verb == CONTROL_DROP) {
        request->destination = text_of(group, "destination");
        request->album = text_of(group, "album");
        request->state = text_of(group, "state");
        request->job_kind = text_of(group, "job");
        request->http_status = json_integer_value(json_object_get(group, "http_status"));
    } else {
        request->called_aet = text_of(group, "called_aet");
        request->calling_aet = text_of(group, "calling_aet");
    }
    if (is_new(plan))
        plan_count(part, question->db);
}

static void add_groups(const struct plan_question *question, enum jobdb_question asked, const char *state,
                       enum control_verb verb, struct plan *plan)
{
    AUTO(json_release) json_t *groups = details_ask(question->db, asked, NULL, NULL, 0);
    json_t *group;
    size_t index;
    json_array_foreach(groups, index, group)
    {
        char name[CHOSEN_NAME_SIZE];
        if (state)
            (void)json_object_set_new(group, "state", json_string(state));
        chosen_name(group, name);
        if (is_picked(question->form, name))
            add_group(question, verb, group, plan);
    }
}

static bool choose_lines(const struct plan_question *question, enum control_verb verb, struct plan *plan,
                         struct text *reason)
{
    if (verb == CONTROL_RESHARE)
        return say(reason, "Lines of Trouble are retried or dropped.");
    enum control_verb files = verb == CONTROL_RETRY ? CONTROL_QUARANTINE_RETRY : CONTROL_QUARANTINE_DROP;
    add_groups(question, JOBDB_ASK_FAILED_GROUPS, "failed", verb, plan);
    add_groups(question, JOBDB_ASK_UNDECIDED_GROUPS, "undecided", verb, plan);
    add_groups(question, JOBDB_ASK_QUARANTINE_GROUPS, NULL, files, plan);
    return plan->part_count > 0 || say(reason, "Nothing of what was chosen is there any more.");
}

/* ---- studies ---- */

/* One of a study each. */
static void count_job(void *context, struct jobdb_candidate *job)
{
    struct plan *plan = context;
    for (size_t i = 0; i < plan->part_count; i++)
        if (strcmp(plan->parts[i].request.study, job->study) == 0)
            plan->parts[i].count++;
}

/* All of them in one walk over what failed. */
static void count_failed(struct plan *plan, struct jobdb *db)
{
    enum { AT_ONCE = 1000 };
    const struct jobdb_selection selection = {.meant = JOBDB_FAILED};
    struct jobdb_walk walk = {0};
    while (!walk.over && jobdb_error_code(db) == 0)
        (void)jobdb_walk_on(db, &selection, &walk, AT_ONCE, count_job, plan);
}

/* "main/ct": no name of a destination has a slash in it. */
static bool take_album(const struct plan_question *question, const char *to, struct control_request *request)
{
    const char *slash = to ? strchr(to, '/') : NULL;
    if (!slash)
        return false;
    request->destination = memory_string_n(to, (size_t)(slash - to));
    request->album = memory_string(slash + 1);
    const struct config_destination *destination =
        config_find_destination(question->config, request->destination);
    return destination && config_find_album(destination, request->album);
}

static bool choose_studies(const struct plan_question *question, enum control_verb verb, struct plan *plan,
                           struct text *reason)
{
    const struct asked *form = question->form;
    for (size_t i = 0; i < form->pick_count; i++) {
        struct plan_part *part = plan_add(plan, verb, question->user);
        if (!part)
            return say(reason, "The kernel has no random number.");
        if (!uid_is_printable(form->picks[i]))
            return say(reason, "A study is chosen by its UID.");
        part->request.study = memory_string(form->picks[i]);
        if (verb == CONTROL_RESHARE && !take_album(question, asked_get(form, "to"), &part->request))
            return say(reason, "There is no such album: to is DESTINATION/ALBUM.");
        if (verb != CONTROL_RESHARE)
            part->request.state = memory_string("failed");
        part->count = verb == CONTROL_RESHARE ? PLAN_ROUTER_COUNTS : 0;
        (void)is_new(plan);
    }
    if (verb != CONTROL_RESHARE)
        count_failed(plan, question->db);
    return true;
}

/* ---- both ---- */

static bool take_verb(const struct asked *form, enum control_verb *ret_verb)
{
    static const enum control_verb verbs[] = {CONTROL_RETRY, CONTROL_DROP, CONTROL_RESHARE};
    const char *name = asked_get(form, "verb");
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs && name; i++) {
        *ret_verb = verbs[i];
        if (strcmp(control_verb_name(verbs[i]), name) == 0)
            return true;
    }
    return false;
}

bool chosen_plan(const struct plan_question *question, struct plan *ret_plan, struct text *reason)
{
    const struct asked *form = question->form;
    const char *of = asked_get(form, "of");
    enum control_verb verb;
    if (!asked_only(form, "verb token of to", reason))
        return false;
    if (!take_verb(form, &verb))
        return say(reason, "verb is one of: retry, drop, reshare.");
    if (form->pick_count == 0)
        return say(reason, "Nothing was chosen: tick a line first.");
    if (!of || (strcmp(of, "trouble") != 0 && strcmp(of, "studies") != 0))
        return say(reason, "of is trouble or studies.");
    return strcmp(of, "trouble") == 0 ? choose_lines(question, verb, ret_plan, reason)
                                      : choose_studies(question, verb, ret_plan, reason);
}
