#include "router/trials.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/config/config.h"
#include "common/reading/limit.h"
#include "router/breather.h"
#include "router/crew.h"
#include "router/outbox.h"
#include "router/refusal.h"
#include "router/shared.h"
#include "router/trying.h"

#include <string.h>

enum {
    TURN_MS = 10,
    TELL_MS = 1000,
    LONGEST_MS = 120 * 1000, /* however busy the machine is */
    ENDS_MAX = 3,            /* of processes, within one trial */
    END_LOOK_MS = 5
};

/* The oldest first, which alone is under way. */
struct trials {
    struct trying list[TRIALS_MOST];
    size_t count;
    bool waits; /* for what the process says */
    struct breather breather;
};

struct trials *trials_create(void)
{
    return memory_new(1, sizeof(struct trials));
}

static void release(struct trying *trying)
{
    judge_destroy(&trying->judge);
    if (trying->state)
        trying->kind->release(trying);
    memory_free(&trying->state);
    control_request_release(&trying->request);
    text_release(&trying->refusal);
}

void trials_destroy(struct trials **trials)
{
    if (!*trials)
        return;
    for (size_t i = 0; i < (*trials)->count; i++)
        release(&(*trials)->list[i]);
    memory_free(trials);
}

void trying_refuse(struct trying *trying, const char *sentence)
{
    if (trying->refusal.length == 0)
        text_append(&trying->refusal, sentence);
}

/* ---- taking one ---- */

static struct trying *find(struct trials *trials, const char *id)
{
    for (size_t i = 0; i < trials->count; i++)
        if (strcmp(trials->list[i].request.id, id) == 0)
            return &trials->list[i];
    return NULL;
}

void trials_take(struct router *router, const struct bus_peer *peer, struct control_request *request,
                 struct control_answer *answer, bool *ret_answered)
{
    struct trials *trials = router->trials;
    struct trying *known = find(trials, request->id);
    const struct trying_kind *kind = request->verb == CONTROL_TRY ? &trying_series : &trying_file;
    *ret_answered = !known;
    if (known)
        known->peer = *peer;
    else if (!kind->check(router, request, answer))
        return;
    else if (trials->count == TRIALS_MOST)
        refuse(answer, "too many try conditions: try it again in some seconds");
    else {
        trials->list[trials->count++] =
            (struct trying){.request = *request, .peer = *peer, .kind = kind, .told = router->monotonic};
        *request = (struct control_request){0};
        *ret_answered = false;
    }
}

/* ---- what the process says ---- */

static const char *sentence_of(enum header_end end)
{
    static const char *const sentences[HEADER_ENDS] = {
        [HEADER_TIME] = "it takes more than 5 s of a processor to judge, and was ended",
        [HEADER_MEMORY] = "it takes more than 512 MiB to judge, and was ended",
        [HEADER_CRASH] = "it crashes the process that judges it",
        [HEADER_FORBIDDEN] = "it made the process that judges ask the kernel for what none needs",
        [HEADER_NONSENSE] = "the process that judges gave an answer that is none",
        [HEADER_OUTSIDE] = "the process that judges was ended from outside",
        [HEADER_STALLED] = "the process that judges did not answer"};
    _Static_assert(TRIAL_SECONDS_MAX == 5 && READING_MEMORY_MAX == 512 << 20, "the sentences say so");
    return sentences[end] ? sentences[end] : "the process that judges has ended";
}

static void take_compiled(struct trying *trying, const struct judge_said *said)
{
    struct trial_compiled *list = memory_new(trying->conditions + 1, sizeof *list);
    trying->is_compiled = true;
    if (trial_parse_compiled(said->bytes, said->length, trying->conditions, list) == 0)
        trying->kind->compiled(trying, list);
    else
        trying_refuse(trying, sentence_of(HEADER_NONSENSE));
    for (size_t i = 0; i < trying->conditions; i++)
        trial_compiled_release(&list[i]);
    memory_free(&list);
}

static void take_end(struct router *router, struct trying *trying, enum header_end end)
{
    log_warning("a process that tries a condition ended", LOG_S("because", sentence_of(end)));
    bool is_over = end == HEADER_TIME || end == HEADER_MEMORY || !trying->is_compiled ||
                   ++trying->ends >= ENDS_MAX || !trying->kind->go_on(trying);
    trying->in_hand = 0;
    trying->is_compiled = false;
    if (is_over)
        trying_refuse(trying, sentence_of(end));
    else if (judge_start_again(trying->judge, router->readers) != 0)
        trying_refuse(trying, "the process that judges cannot be started");
}

static void take_judged(struct router *router, struct trying *trying, const struct judge_said *said)
{
    AUTO(judgement_destroy) struct judgement *judgement = NULL;
    trying->in_hand--;
    if (judgement_parse(said->bytes, said->length, trying->conditions, &judgement) == 0)
        trying->kind->judged(router, trying, judgement);
    else
        trying_refuse(trying, sentence_of(HEADER_NONSENSE));
}

static bool is_over(const struct trying *trying)
{
    return trying->is_over || trying->refusal.length > 0;
}

/* Until it says nothing more for now, or the time is over. */
static void listen(struct router *router, struct trying *trying, int64_t until)
{
    while (!is_over(trying) && clock_monotonic_ms() < until) {
        AUTO(judge_said_release) struct judge_said said = judge_listen(trying->judge);
        if (said.word == JUDGE_SILENT)
            return;
        if (said.word == JUDGE_ENDED)
            take_end(router, trying, said.end);
        else if (said.word == JUDGE_COMPILED)
            take_compiled(trying, &said);
        else
            take_judged(router, trying, &said);
    }
}

/* ---- one trial ---- */

static void look_at_limits(const struct router *router, struct trying *trying)
{
    if (router->monotonic - trying->began > LONGEST_MS)
        trying_refuse(trying, "it was not judged within 2 min: this machine has too much else to do");
    else if (judge_cpu_ms(trying->judge) > (int64_t)2 * TRIAL_SECONDS_MAX * 1000) /* its own limit is gone */
        trying_refuse(trying, sentence_of(HEADER_TIME));
}

static void begin(struct router *router, struct trying *trying)
{
    trying->began = router->monotonic;
    if (trying->kind->begin(router, trying) != 0)
        trying_refuse(trying, "the process that judges cannot be started");
}

static void finish(struct router *router, struct trying *trying)
{
    AUTO(control_answer_release) struct control_answer answer = {.stage = CONTROL_DONE};
    memcpy(answer.id, trying->request.id, sizeof answer.id);
    if (trying->refusal.length > 0) {
        refuse(&answer, text_string(&trying->refusal));
    } else {
        answer.explained = trying->kind->result(router, trying);
        trying->kind->progress(trying, &answer.sentence);
    }
    outbox_answer(router->outbox, &trying->peer, &answer);
}

static void tell(struct router *router, struct trying *trying)
{
    AUTO(control_answer_release) struct control_answer answer = {.stage = CONTROL_PROGRESS};
    if (router->monotonic - trying->told < TELL_MS)
        return;
    trying->told = router->monotonic;
    memcpy(answer.id, trying->request.id, sizeof answer.id);
    if (trying->began)
        trying->kind->progress(trying, &answer.sentence);
    else
        text_append(&answer.sentence, "somebody else's trial is still under way");
    outbox_answer(router->outbox, &trying->peer, &answer);
}

static void go_on(struct router *router, struct trying *trying)
{
    int64_t until = clock_monotonic_ms() + TURN_MS;
    if (!trying->began)
        begin(router, trying);
    if (!is_over(trying))
        listen(router, trying, until);
    if (!is_over(trying) && trying->is_compiled)
        trying->is_fed = trying->kind->feed(router, trying, until);
    if (!is_over(trying))
        look_at_limits(router, trying);
    trying->is_over |= trying->is_compiled && trying->is_fed && trying->in_hand == 0;
}

static void remove_first(struct trials *trials)
{
    release(&trials->list[0]);
    memmove(trials->list, trials->list + 1, --trials->count * sizeof *trials->list);
    trials->list[trials->count] = (struct trying){.began = 0};
    trials->waits = false;
}

void trials_turn(struct router *router)
{
    struct trials *trials = router->trials;
    struct trying *first = &trials->list[0];
    for (size_t i = 0; i < trials->count; i++)
        tell(router, &trials->list[i]);
    if (trials->count == 0 || !breather_begin(&trials->breather, clock_monotonic_ms()))
        return;
    go_on(router, first);
    trials->waits = !first->is_compiled || first->is_fed || first->in_hand == JUDGE_DEPTH;
    if (is_over(first)) {
        finish(router, first);
        remove_first(trials);
    }
    breather_end(&trials->breather, clock_monotonic_ms(), crew_leases(router->crew) != NULL);
}

int64_t trials_wakes_at(struct router *router)
{
    const struct trials *trials = router->trials;
    if (trials->count == 0)
        return INT64_MAX;
    if (trials->list[0].judge && judge_is_ending(trials->list[0].judge))
        return clock_monotonic_ms() + END_LOOK_MS;
    if (trials->breather.rests_until)
        return trials->breather.rests_until;
    return trials->waits ? INT64_MAX : 0;
}

int trials_fd(const struct router *router)
{
    const struct trials *trials = router->trials;
    bool listens = trials->count > 0 && trials->list[0].judge && !trials->breather.rests_until;
    return listens ? judge_socket(trials->list[0].judge) : -1;
}
