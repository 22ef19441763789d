#include "router/explain.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/condition/explain_json.h"
#include "common/config/config.h"
#include "common/dicom/dictionary.h"
#include "common/jobs/reshare.h"
#include "router/outbox.h"
#include "router/past.h"
#include "router/refusal.h"
#include "router/shared.h"
#include "router/targets.h"

#include <string.h>

enum { TURN_MS = 20, BYTES_MOST = 512 << 10 /* of the groups: a client takes 1 MiB */ };

/* One request, and how far it is. */
struct explain {
    struct control_request request;
    struct bus_peer peer;
    struct jobdb_past last; /* the instance that was asked last */
    int asked;
    bool more;
    json_t *groups;
    size_t bytes; /* of the groups */
};

/* The oldest first. */
struct explains {
    struct explain list[EXPLAINS_MOST];
    size_t count;
    bool waits; /* for a header that is being read */
};

struct explains *explains_create(void)
{
    return memory_new(1, sizeof(struct explains));
}

static void explain_release(struct explain *explain)
{
    control_request_release(&explain->request);
    json_release(&explain->groups);
}

void explains_destroy(struct explains **explains)
{
    if (!*explains)
        return;
    for (size_t i = 0; i < (*explains)->count; i++)
        explain_release(&(*explains)->list[i]);
    memory_free(explains);
}

/* ---- taking one ---- */

static struct explain *find(struct explains *explains, const char *id)
{
    for (size_t i = 0; i < explains->count; i++)
        if (strcmp(explains->list[i].request.id, id) == 0)
            return &explains->list[i];
    return NULL;
}

void explains_take(struct router *router, const struct bus_peer *peer, struct control_request *request,
                   struct control_answer *answer, bool *ret_answered)
{
    struct explains *explains = router->explains;
    struct explain *known = find(explains, request->id);
    *ret_answered = !known;
    if (known)
        known->peer = *peer;
    else if (!request->study)
        refuse(answer, "explain needs a \"study\": a Study Instance UID");
    else if (!refusal_or_target(router->targets, request, answer))
        return;
    else if (explains->count == EXPLAINS_MOST)
        refuse(answer, "too many ask for explanations: try it again in some seconds");
    else {
        explains->list[explains->count++] =
            (struct explain){.request = *request, .peer = *peer, .groups = json_array()};
        memcpy(answer->id, request->id, sizeof answer->id);
        *request = (struct control_request){0};
        *ret_answered = false;
    }
}

/* ---- one instance ---- */

static json_t *answer_of(const struct condition *condition, const struct past *past)
{
    AUTO(explain_destroy)
    struct explanation *explanation =
        explain_create(condition, dictionary_for_conditions(), past->facts, false);
    AUTO(text_release) struct text doubt = TEXT_EMPTY;
    if (explanation->verdict == CONDITION_UNDECIDED)
        explain_doubt(explanation, &doubt);
    return json_pack("{s:s, s:o, s:o, s:o}", "read", past_has_header(past) ? "header" : "row", "verdict",
                     explain_json_verdict(explanation->verdict), "undecided",
                     json_from_text(doubt.length > 0 ? text_string(&doubt) : NULL), "lines",
                     explain_json_lines(explanation));
}

/* Whether the group is of the series, and has the same answer. */
static bool is_alike(const json_t *group, const char *series, const json_t *answer)
{
    static const char *const members[] = {"read", "verdict", "undecided", "lines"};
    if (strcmp(json_text(group, "series"), series) != 0)
        return false;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (!json_equal(json_object_get(group, members[i]), json_object_get(answer, members[i])))
            return false;
    return true;
}

/* Takes the reference to the answer. */
static void add_answer(struct explain *explain, const struct jobdb_past *row, json_t *answer)
{
    json_t *group;
    size_t index;
    json_array_foreach(explain->groups, index, group)
    {
        if (!is_alike(group, row->series, answer))
            continue;
        json_int_t instances = json_integer_value(json_object_get(group, "instances"));
        (void)json_object_set_new(group, "instances", json_integer(instances + 1));
        json_decref(answer);
        return;
    }
    explain->bytes += json_dumpb(answer, NULL, 0, 0);
    if (json_array_size(explain->groups) == EXPLAIN_GROUPS || explain->bytes > BYTES_MOST) {
        explain->more = true;
        json_decref(answer);
        return;
    }
    (void)json_object_set_new(answer, "series", json_from_text(row->series));
    (void)json_object_set_new(answer, "sop_instance", json_from_text(row->sop_instance));
    (void)json_object_set_new(answer, "instances", json_integer(1));
    (void)json_array_append_new(explain->groups, answer);
}

/* False: its header is being read. */
static bool ask_instance(struct router *router, struct explain *explain, const struct condition *condition,
                         const struct jobdb_past *row)
{
    AUTO(past_close) struct past past = {.facts = NULL};
    if (past_open(router, row, &past) == ERR_AGAIN)
        return false;
    add_answer(explain, row, answer_of(condition, &past));
    explain->last = *row;
    explain->asked++;
    return true;
}

/* ---- one request ---- */

static void finish(struct router *router, struct explain *explain, const struct condition *condition)
{
    const struct control_request *request = &explain->request;
    AUTO(control_answer_release) struct control_answer answer = {.stage = CONTROL_DONE};
    memcpy(answer.id, request->id, sizeof answer.id);
    answer.explained = json_pack(
        "{s:o, s:o, s:o, s:o, s:i, s:b, s:O}", "study", json_from_text(request->study), "destination",
        json_from_text(request->destination), "album", json_from_text(request->album), "condition",
        json_from_text(condition ? condition_text(condition) : NULL), "asked", explain->asked, "more",
        explain->more, "groups", explain->groups);
    text_format(&answer.sentence, "%d instances were asked", explain->asked);
    outbox_answer(router->outbox, &explain->peer, &answer);
}

/* True: nothing is left to be asked. */
static bool ask(struct router *router, struct explain *explain, const struct target *target,
                const struct condition *condition, bool *ret_waits)
{
    /* What the destination itself does not take, its albums are not asked about. */
    const struct jobdb_asked asked = {.destination_id = target->row.destination_id,
                                      .study = explain->request.study,
                                      .series = explain->request.series,
                                      .left_out = !explain->request.album};
    int64_t until = clock_monotonic_ms() + TURN_MS;
    struct jobdb_past row;
    while (jobdb_next_asked(router->db, &asked, explain->asked > 0 ? &explain->last : NULL, &row)) {
        if (explain->asked == EXPLAIN_INSTANCES) {
            explain->more = true;
            return true;
        }
        *ret_waits = !ask_instance(router, explain, condition, &row);
        if (*ret_waits || clock_monotonic_ms() >= until)
            return false;
    }
    return true;
}

void explains_turn(struct router *router)
{
    struct explains *explains = router->explains;
    struct explain *explain = &explains->list[0];
    explains->waits = false;
    if (explains->count == 0)
        return;
    const struct target *target =
        targets_named(router->targets, explain->request.destination, explain->request.album);
    const struct condition *condition = target ? target_condition(target) : NULL;
    if (condition && !ask(router, explain, target, condition, &explains->waits))
        return;
    finish(router, explain, condition);
    explain_release(explain);
    memmove(explain, explain + 1, --explains->count * sizeof *explain);
}

int64_t explains_wakes_at(struct router *router)
{
    return router->explains->count > 0 && !router->explains->waits ? 0 : INT64_MAX;
}
