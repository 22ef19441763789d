#include "console/errand.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/wire/call.h"
#include "console/plan_words.h"

#include <string.h>

enum { NOTES_MOST = 40 };

/* What the parts have brought so far; the thread's own. */
struct brought {
    struct control_answer sum; /* its numbers alone */
    int64_t changed[ERRAND_PARTS_MOST];
    size_t asked, refused;
    bool is_unreachable;
};

static void take_progress(void *context, const struct control_answer *answer)
{
    struct errand *errand = context;
    if (errand->plan.part_count > 1)
        return;
    (void)pthread_mutex_lock(&errand->mutex);
    text_clear(&errand->sentence);
    text_append(&errand->sentence, text_string(&answer->sentence));
    (void)pthread_mutex_unlock(&errand->mutex);
}

static void add_note(struct errand *errand, const char *note)
{
    if (json_array_size(errand->notes) < NOTES_MOST)
        (void)json_array_append_new(errand->notes, json_from_text(note));
}

/* While the mutex is held. */
static void take_answer(struct errand *errand, size_t index, const struct control_answer *answer,
                        struct brought *brought)
{
    struct plan_part *part = &errand->plan.parts[index];
    bool is_refused = answer->stage == CONTROL_REFUSED;
    brought->asked++;
    brought->refused += is_refused;
    brought->changed[index] = is_refused ? 0 : answer->changed;
    brought->sum.changed += answer->changed;
    brought->sum.already += answer->already;
    brought->sum.unmatched += answer->unmatched;
    brought->sum.skipped += answer->skipped;
    brought->sum.asked += answer->asked;
    for (size_t i = 0; i < answer->note_count; i++)
        add_note(errand, answer->notes[i].text);
    text_clear(&errand->sentence);
    text_append(&errand->sentence, text_string(&answer->sentence));
    if (part->request.dry_run) {
        part->count = is_refused ? 0 : answer->changed + answer->asked;
        part->asked = is_refused ? 0 : answer->asked;
    }
    if (errand->plan.part_count > 1 && is_refused) {
        AUTO(text_release) struct text note = TEXT_EMPTY;
        plan_words_append_object(&part->request, &note);
        text_format(&note, ": the router refused it: %s", text_string(&answer->sentence));
        add_note(errand, text_string(&note));
    }
    if (is_refused)
        return;
    memcpy(errand->hash, answer->hash, sizeof errand->hash);
    json_release(&errand->explained);
    errand->explained = json_incref(answer->explained);
}

static void wipe(char **text)
{
    if (*text)
        explicit_bzero(*text, strlen(*text));
    memory_free(text);
}

/* What a person looked for, or a file that he tried, is known for no longer than it is asked. A condition that he tried is
 * on the page of the answer, and forgotten with it. */
static void forget_secrets(struct control_request *request)
{
    wipe(&request->number);
    wipe(&request->header);
}

static void say_where(struct errand *errand, size_t index)
{
    if (errand->plan.part_count == 1)
        return;
    (void)pthread_mutex_lock(&errand->mutex);
    text_clear(&errand->sentence);
    text_format(&errand->sentence, "The router has answered %zu of %zu requests.", index,
                errand->plan.part_count);
    (void)pthread_mutex_unlock(&errand->mutex);
}

static void ask_part(struct errand *errand, size_t index, struct brought *brought)
{
    struct control_request *request = &errand->plan.parts[index].request;
    AUTO(control_answer_release) struct control_answer answer = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    say_where(errand, index);
    int code = call_router(errand->config, request, take_progress, errand, &answer, &reason);
    (void)pthread_mutex_lock(&errand->mutex);
    forget_secrets(request);
    if (code == 0) {
        take_answer(errand, index, &answer, brought);
    } else {
        brought->is_unreachable = true;
        text_clear(&errand->sentence);
        text_append_bytes(&errand->sentence, text_string(&reason), strcspn(text_string(&reason), "\n"));
    }
    (void)pthread_mutex_unlock(&errand->mutex);
}

/* Of a dry run only what the router counts is asked. */
static bool is_asked(const struct errand *errand, size_t index)
{
    const struct plan_part *part = &errand->plan.parts[index];
    return errand->is_wanted ? part->count > 0 : part->request.dry_run || part->count == ERRAND_QUESTION;
}

/* While the mutex is held: all that the router counted, in one sentence. */
static void say_counted(struct errand *errand, const struct brought *brought)
{
    struct plan *plan = &errand->plan;
    size_t first = 0;
    while (!plan->parts[first].request.dry_run)
        first++;
    text_clear(&errand->sentence);
    text_append(&errand->sentence, text_string(&plan->will));
    text_append(&errand->sentence, plan->will.length > 0 ? " " : "");
    plan_words_append_dry_run(&plan->parts[first], brought->asked, &brought->sum, &errand->sentence);
}

/* While the mutex is held. */
static void end_asking(struct errand *errand, const struct brought *brought)
{
    struct plan *plan = &errand->plan;
    errand->counted_at = clock_monotonic_ms();
    errand->changed = errand->is_wanted ? brought->sum.changed : 0;
    errand->asked = brought->sum.asked;
    errand->undecided = errand->verb == CONTROL_RESHARE ? brought->sum.skipped : 0;
    if (brought->is_unreachable) {
        errand->phase = ERRAND_UNREACHABLE;
        if (plan->part_count > 1 && errand->is_wanted)
            text_format(&errand->sentence, " Before that %zu of %zu requests were answered.", brought->asked,
                        plan->part_count);
    } else if (brought->asked > 0 && brought->refused == brought->asked) {
        errand->phase = ERRAND_REFUSED;
    } else if (plan->parts[0].count == ERRAND_QUESTION) {
        errand->phase = ERRAND_DONE;
    } else if (!errand->is_wanted) {
        errand->phase = ERRAND_COUNTED;
        say_counted(errand, brought);
    } else {
        errand->phase = ERRAND_DONE;
        if (plan->part_count == 1)
            return;
        text_clear(&errand->sentence);
        plan_words_append_done(plan->parts, brought->changed, plan->part_count, &errand->sentence);
    }
}

static void *ask(void *context)
{
    struct errand *errand = context;
    struct brought brought = {.asked = 0};
    for (size_t i = 0; i < errand->plan.part_count && !brought.is_unreachable && !errand->ends; i++)
        if (is_asked(errand, i))
            ask_part(errand, i, &brought);
    (void)pthread_mutex_lock(&errand->mutex);
    end_asking(errand, &brought);
    (void)pthread_mutex_unlock(&errand->mutex);
    return NULL;
}

enum errand_phase errand_phase(struct errand *errand)
{
    (void)pthread_mutex_lock(&errand->mutex);
    enum errand_phase phase = errand->phase;
    (void)pthread_mutex_unlock(&errand->mutex);
    return phase;
}

bool errand_is_busy(struct errand *errand)
{
    enum errand_phase phase = errand_phase(errand);
    return *errand->id && (phase == ERRAND_COUNTING || phase == ERRAND_UNDER_WAY);
}

void errand_join(struct errand *errand)
{
    if (errand->has_thread)
        (void)pthread_join(errand->thread, NULL);
    errand->has_thread = false;
}

bool errand_start(struct errand *errand, enum errand_phase phase)
{
    errand_join(errand); /* of the count, which has ended */
    errand->phase = phase;
    errand->has_thread = pthread_create(&errand->thread, NULL, ask, errand) == 0;
    if (!errand->has_thread)
        errand->phase = ERRAND_UNREACHABLE;
    return errand->has_thread;
}
