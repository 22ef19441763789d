/* trying_series - a condition in another form than the one in force, against the last series of its destination. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/config/config.h"
#include "common/config/fitting.h"
#include "common/spool/spool.h"
#include "router/headers.h"
#include "router/latest.h"
#include "router/past.h"
#include "router/refusal.h"
#include "router/shared.h"
#include "router/tally.h"
#include "router/targets.h"
#include "router/trying.h"

#include <string.h>

enum { BYTES_MOST = 512 << 10 /* of the lines: a client takes 1 MiB */ };

struct verdicts {
    int64_t of[CONDITION_TRUE + 1];
};

struct series_state {
    char *present; /* the condition in force; NULL: none */
    struct latest latest;
    struct jobdb_past rows[JUDGE_DEPTH]; /* whose headers are being judged, */
    size_t count;                        /* or are handed over once more: those behind in_hand */
    int64_t allowance;                   /* of kept headers, in this turn */
    struct tally *tally;
    struct verdicts would, today;
    int64_t asked, gained, lost, without_header, unread;
    char *error;
};

static bool check(struct router *router, const struct control_request *request, struct control_answer *answer)
{
    const struct target *target = refusal_or_target(router->targets, request, answer);
    if (!target)
        return false;
    if (request->expression && target->destination)
        return true;
    refuse(answer, request->expression ? "the configuration does not name it any more"
                                       : "try needs an \"expression\": a condition");
    return false;
}

static int begin(struct router *router, struct trying *trying)
{
    struct series_state *state = memory_new(1, sizeof *state);
    const struct control_request *request = &trying->request;
    const struct target *target = targets_named(router->targets, request->destination, request->album);
    trying->state = state;
    state->tally = tally_create();
    if (!target || !target->destination) { /* since it was taken */
        trying_refuse(trying, "the configuration does not name it any more");
        return 0;
    }
    const struct condition *present = target_condition(target);
    state->present = present ? memory_string(condition_text(present)) : NULL;
    state->latest =
        (struct latest){.destination_id = target->row.destination_id, .left_out = !request->album};
    const struct trial_expression expressions[] = {{request->expression, true}, {state->present, false}};
    trying->conditions = present ? 2 : 1;
    return judge_create(router->readers, router->targets, expressions, trying->conditions, &trying->judge);
}

static void compiled(struct trying *trying, const struct trial_compiled *list)
{
    struct series_state *state = trying->state;
    if (list[0].error) {
        state->error = memory_string(list[0].error);
        trying->is_over = true;
    } else if (list[0].identifying && !trying->request.identifying)
        trying_refuse(
            trying,
            "it asks for what may identify a patient, by which a name could be guessed: only operators may try that");
}

/* ---- headers ---- */

static enum headers_found open_header(struct router *router, const struct jobdb_past *row, int64_t *allowance,
                                      int *ret_fd)
{
    enum spool_place place;
    if (row->poison)
        return HEADERS_NONE;
    if (past_find_file(router, row, &place))
        return spool_open_file(router->spool, place, row->receipt, ret_fd) == 0 ? HEADERS_FOUND
                                                                                : HEADERS_NONE;
    return headers_open_within(router->headers, row->study, row->receipt, allowance, ret_fd);
}

static void copy_fact(const char *fact, char out[REQUEST_FACT_SIZE])
{
    size_t length = strnlen(fact, REQUEST_FACT_SIZE - 1);
    memcpy(out, fact, length);
    out[length] = '\0';
}

static void forget_row(struct series_state *state, size_t index)
{
    memmove(&state->rows[index], &state->rows[index + 1], (--state->count - index) * sizeof *state->rows);
}

/* False: not now. The process takes no more, or enough was read in this turn. */
static bool hand_over(struct router *router, struct trying *trying)
{
    struct series_state *state = trying->state;
    const struct jobdb_past *row = &state->rows[trying->in_hand];
    struct request request = {.kind = REQUEST_JUDGE};
    AUTO(fd_close) int fd = -1;
    enum headers_found found = open_header(router, row, &state->allowance, &fd);
    if (found == HEADERS_LATER)
        return false;
    if (found == HEADERS_NONE) {
        state->without_header++;
        forget_row(state, trying->in_hand);
        return true;
    }
    memcpy(request.receipt, row->receipt, sizeof request.receipt);
    copy_fact(row->calling_aet, request.calling_aet);
    copy_fact(row->called_aet, request.called_aet);
    copy_fact(row->source_address, request.source_address);
    copy_fact(row->transfer_syntax, request.transfer_syntax);
    if (!judge_ask(trying->judge, &request, fd))
        return false;
    trying->in_hand++;
    return true;
}

/* Whether its class is one that the destination takes at all: the condition is not asked about others. */
static bool is_wanted(struct router *router, const struct trying *trying, const struct jobdb_past *row)
{
    const struct target *target = targets_named(router->targets, trying->request.destination, NULL);
    return target && target->destination && fitting_class_is_wanted(target->destination, row->sop_class);
}

static bool feed(struct router *router, struct trying *trying, int64_t until)
{
    struct series_state *state = trying->state;
    state->allowance = HEADERS_A_TURN;
    while (clock_monotonic_ms() < until) {
        if (state->count > trying->in_hand) {
            if (!hand_over(router, trying))
                return false;
            continue;
        }
        if (state->count == JUDGE_DEPTH)
            return false;
        enum latest_step step = latest_next(&state->latest, router->db, &state->rows[state->count]);
        if (step == LATEST_OVER)
            return true;
        if (step == LATEST_FOUND && is_wanted(router, trying, &state->rows[state->count]))
            state->count++;
    }
    return false;
}

static void judged(struct router *router, struct trying *trying, const struct judgement *judgement)
{
    struct series_state *state = trying->state;
    (void)router;
    forget_row(state, 0);
    if (judgement->code != 0) {
        state->unread++;
        return;
    }
    const struct judged *edited = &judgement->list[0];
    enum condition_verdict today = trying->conditions > 1 ? judgement->list[1].verdict : CONDITION_TRUE;
    if (!edited->explanation || !tally_add(state->tally, edited->explanation)) {
        trying_refuse(trying, "a condition that is tried has at most 400 parts, which name at most "
                              "400 tags: try a part of it");
        return;
    }
    _Static_assert(TALLY_LINES == 400 && TALLY_LOOKED == 400, "the sentence says so");
    state->asked++;
    state->would.of[edited->verdict]++;
    state->today.of[today]++;
    state->gained += edited->verdict == CONDITION_TRUE && today != CONDITION_TRUE;
    state->lost += edited->verdict != CONDITION_TRUE && today == CONDITION_TRUE;
}

/* Which header it was is known by the order: the first one. */
static bool go_on(struct trying *trying)
{
    struct series_state *state = trying->state;
    if (trying->in_hand == 0)
        return false;
    state->unread++;
    forget_row(state, 0);
    return true;
}

/* ---- the answer ---- */

static json_t *verdicts_json(const struct verdicts *verdicts)
{
    return json_pack("{s:I, s:I, s:I}", "yes", (json_int_t)verdicts->of[CONDITION_TRUE], "no",
                     (json_int_t)verdicts->of[CONDITION_FALSE], "undecided",
                     (json_int_t)verdicts->of[CONDITION_UNDECIDED]);
}

static size_t bytes_of_values(const json_t *line)
{
    return json_dumpb(json_object_get(line, "values"), NULL, 0, 0);
}

/* Values for which there is no room are left out, those of later lines first. */
static json_t *lines_of(const struct series_state *state)
{
    json_t *lines = tally_lines(state->tally), *line;
    size_t index, bare = json_dumpb(lines, NULL, 0, 0);
    if (bare <= BYTES_MOST)
        return lines;
    json_array_foreach(lines, index, line) bare -= bytes_of_values(line);
    size_t room = bare < BYTES_MOST ? BYTES_MOST - bare : 0;
    json_array_foreach(lines, index, line)
    {
        size_t bytes = bytes_of_values(line);
        if (bytes <= room)
            room -= bytes;
        else
            (void)json_object_set_new(line, "values", json_array());
    }
    return lines;
}

static json_t *result(struct router *router, struct trying *trying)
{
    const struct series_state *state = trying->state;
    const struct control_request *request = &trying->request;
    (void)router;
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:b, s:I, s:I, s:o, s:o, s:I, s:I, s:o}", "kind",
                     "condition", "destination", json_from_text(request->destination), "album",
                     json_from_text(request->album), "expression", json_from_text(request->expression),
                     "error", json_from_text(state->error), "present", json_from_text(state->present),
                     "asked", (json_int_t)state->asked, "more", state->latest.more, "without_header",
                     (json_int_t)state->without_header, "unread", (json_int_t)state->unread, "would",
                     verdicts_json(&state->would), "today", verdicts_json(&state->today), "gained",
                     (json_int_t)state->gained, "lost", (json_int_t)state->lost, "lines", lines_of(state));
}

static void progress(const struct trying *trying, struct text *sentence)
{
    const struct series_state *state = trying->state;
    text_append_count(sentence, state->asked);
    text_append(sentence, " series were asked");
}

static void release(struct trying *trying)
{
    struct series_state *state = trying->state;
    tally_destroy(&state->tally);
    memory_free(&state->present);
    memory_free(&state->error);
}

const struct trying_kind trying_series = {.check = check,
                                          .begin = begin,
                                          .compiled = compiled,
                                          .feed = feed,
                                          .judged = judged,
                                          .go_on = go_on,
                                          .result = result,
                                          .progress = progress,
                                          .release = release};
