/* trying_file - the conditions in force, against the beginning of a file that nobody has sent. */
#include "common/base/base64.h"
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/condition/explain_json.h"
#include "common/config/config.h"
#include "common/config/fitting.h"
#include "router/refusal.h"
#include "router/sealed.h"
#include "router/shared.h"
#include "router/targets.h"
#include "router/trying.h"

#include <string.h>

enum { BYTES_MOST = 512 << 10 /* of the trees: a client takes 1 MiB */ };

/* A destination or album, and the number of its condition; by name, since a reload may come between. */
struct aim {
    char *destination, *album; /* album NULL: the destination itself */
    ptrdiff_t condition;       /* -1: it has none */
};

struct file_state {
    int fd; /* of the file in memory */
    struct aim *aims;
    size_t count;
    bool more; /* targets beyond those that can be asked about at once */
    json_t *result;
};

static bool check(struct router *router, const struct control_request *request, struct control_answer *answer)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    (void)router;
    const char *header = request->header ? request->header : "";
    bool is_text = base64_decode(header, strlen(header), &bytes) == 0 && bytes.length > 0;
    if (!is_text)
        refuse(answer, "try file needs a \"header\": the beginning of a DICOM file, as base64");
    else if (bytes.length > CONTROL_HEADER_MAX)
        refuse(answer, "the header is larger than 256 KiB");
    if (bytes.bytes)
        explicit_bzero(bytes.bytes, bytes.capacity);
    return is_text && bytes.length <= CONTROL_HEADER_MAX;
}

static bool make_file(const struct control_request *request, int *ret_fd)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    bool made = base64_decode(request->header, strlen(request->header), &bytes) == 0 &&
                sealed_create("header", bytes.bytes, bytes.length, ret_fd);
    if (bytes.bytes)
        explicit_bzero(bytes.bytes, bytes.capacity);
    return made;
}

static int begin(struct router *router, struct trying *trying)
{
    struct file_state *state = memory_new(1, sizeof *state);
    size_t most = targets_count(router->targets);
    AUTO(memory_free)
    struct trial_expression *expressions = memory_new(most + 1, sizeof *expressions);
    trying->state = state;
    state->aims = memory_new(most + 1, sizeof *state->aims);
    state->fd = -1;
    if (!make_file(&trying->request, &state->fd))
        return ERR_NOMEM;
    for (size_t i = 0; i < most; i++) {
        const struct target *target = targets_at(router->targets, i);
        if (!target->destination || (target->row.album && !target->album))
            continue; /* the configuration does not name it any more */
        const struct condition *condition = target_condition(target);
        if (condition && trying->conditions == TRIAL_EXPRESSIONS_MAX) {
            state->more = true;
            continue;
        }
        state->aims[state->count++] =
            (struct aim){.destination = memory_string(target->row.destination),
                         .album = memory_string(target->row.album),
                         .condition = condition ? (ptrdiff_t)trying->conditions : -1};
        if (condition)
            expressions[trying->conditions++] = (struct trial_expression){condition_text(condition), true};
    }
    return judge_create(router->readers, router->targets, expressions, trying->conditions, &trying->judge);
}

static void compiled(struct trying *trying, const struct trial_compiled *list)
{
    for (size_t i = 0; i < trying->conditions; i++)
        if (list[i].error) /* it was one when the configuration was read */
            trying_refuse(trying, "the process that judges gave an answer that is none");
}

static bool feed(struct router *router, struct trying *trying, int64_t until)
{
    struct file_state *state = trying->state;
    const struct request request = {.kind = REQUEST_JUDGE};
    (void)router;
    (void)until;
    if (state->fd < 0)
        return true;
    if (!judge_ask(trying->judge, &request, state->fd))
        return false;
    trying->in_hand++;
    fd_close(&state->fd);
    return true;
}

static bool go_on(struct trying *trying)
{
    (void)trying;
    return false;
}

/* ---- the answer ---- */

/* Whether a UID may be in the part of the file that is not there. */
static bool lacks_uid(const struct judgement *judgement)
{
    return judgement->incomplete && (!judgement->study || !judgement->series);
}

/* What is asked beside the condition; NULL: nothing stands in the way. */
static const char *obstacle(struct router *router, const struct aim *aim, const struct judgement *judgement,
                            enum condition_verdict destination_takes)
{
    const struct target *target = targets_named(router->targets, aim->destination, NULL);
    if (aim->album)
        return destination_takes == CONDITION_TRUE ? NULL : "its destination does not take it";
    if (target && target->destination && !fitting_class_is_wanted(target->destination, judgement->sop_class))
        return "the SOP class is not among its sop_classes";
    if (!target || !target->destination || lacks_uid(judgement))
        return NULL;
    return fitting_uid_objection(target->destination, judgement->study ? judgement->study : "",
                                 judgement->series ? judgement->series : "");
}

static json_t *tree_of(const struct judged *judged, size_t *bytes, bool *ret_more)
{
    json_t *lines = judged && judged->explanation ? explain_json_lines(judged->explanation) : json_array();
    size_t length = json_dumpb(lines, NULL, 0, 0);
    if (*bytes + length <= BYTES_MOST && (!judged || judged->explanation)) {
        *bytes += length;
        return lines;
    }
    *ret_more = true;
    json_decref(lines);
    return json_array();
}

static json_t *doubt_of(const struct judged *judged)
{
    AUTO(text_release) struct text doubt = TEXT_EMPTY;
    if (judged && judged->explanation && judged->verdict == CONDITION_UNDECIDED)
        explain_doubt(judged->explanation, &doubt);
    return json_from_text(doubt.length > 0 ? text_string(&doubt) : NULL);
}

struct telling {
    size_t bytes; /* of the trees */
    bool more;
};

static json_t *aim_json(struct router *router, const struct aim *aim, const struct judgement *judgement,
                        struct telling *telling, enum condition_verdict *destination_takes)
{
    const struct target *target = targets_named(router->targets, aim->destination, aim->album);
    const struct condition *condition = target && target->destination ? target_condition(target) : NULL;
    const struct judged *judged = aim->condition >= 0 ? &judgement->list[aim->condition] : NULL;
    enum condition_verdict verdict = judged ? judged->verdict : CONDITION_TRUE;
    const char *why = obstacle(router, aim, judgement, *destination_takes);
    enum condition_verdict takes = why && aim->album && *destination_takes == CONDITION_UNDECIDED
                                       ? CONDITION_UNDECIDED
                                   : why ? CONDITION_FALSE
                                         : verdict;
    if (!aim->album)
        *destination_takes = takes;
    if (!why && !judged)
        why = "it has no condition";
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "destination",
                     json_from_text(aim->destination), "album", json_from_text(aim->album), "condition",
                     json_from_text(condition ? condition_text(condition) : NULL), "verdict",
                     judged ? explain_json_verdict(verdict) : json_null(), "takes",
                     explain_json_verdict(takes), "why", json_from_text(why), "undecided", doubt_of(judged),
                     "lines", tree_of(judged, &telling->bytes, &telling->more));
}

/* A destination's albums are behind it. */
static const struct aim *find_destination(const struct file_state *state, const struct aim *album)
{
    for (size_t i = 0; i < state->count; i++)
        if (!state->aims[i].album && strcmp(state->aims[i].destination, album->destination) == 0)
            return &state->aims[i];
    return NULL;
}

static void judged(struct router *router, struct trying *trying, const struct judgement *judgement)
{
    struct file_state *state = trying->state;
    struct telling telling = {.more = state->more};
    if (judgement->code != 0) {
        AUTO(text_release) struct text sentence = TEXT_EMPTY;
        text_format(&sentence, "the file %s", judgement->reason ? judgement->reason : "cannot be read");
        trying_refuse(trying, text_string(&sentence));
        return;
    }
    json_t *targets = json_array();
    for (size_t i = 0; i < state->count; i++) {
        const struct aim *aim = &state->aims[i];
        if (aim->album)
            continue;
        enum condition_verdict takes = CONDITION_UNDECIDED;
        (void)json_array_append_new(targets, aim_json(router, aim, judgement, &telling, &takes));
        for (size_t j = 0; j < state->count; j++)
            if (state->aims[j].album && find_destination(state, &state->aims[j]) == aim)
                (void)json_array_append_new(targets,
                                            aim_json(router, &state->aims[j], judgement, &telling, &takes));
    }
    state->result =
        json_pack("{s:s, s:o, s:b, s:o}", "kind", "file", "incomplete", json_from_text(judgement->incomplete),
                  "more", telling.more, "targets", targets);
}

static json_t *result(struct router *router, struct trying *trying)
{
    const struct file_state *state = trying->state;
    (void)router;
    return json_incref(state->result);
}

static void progress(const struct trying *trying, struct text *sentence)
{
    const struct file_state *state = trying->state;
    text_append(sentence, state->result ? "the file was judged" : "the file is being judged");
}

static void release(struct trying *trying)
{
    struct file_state *state = trying->state;
    fd_close(&state->fd);
    for (size_t i = 0; i < state->count; i++) {
        memory_free(&state->aims[i].destination);
        memory_free(&state->aims[i].album);
    }
    memory_free(&state->aims);
    json_release(&state->result);
}

const struct trying_kind trying_file = {.check = check,
                                        .begin = begin,
                                        .compiled = compiled,
                                        .feed = feed,
                                        .judged = judged,
                                        .go_on = go_on,
                                        .result = result,
                                        .progress = progress,
                                        .release = release};
