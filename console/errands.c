#include "console/errands.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/random.h"
#include "common/wire/call.h"
#include "console/who.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

struct errand {
    char id[ERRAND_ID_SIZE]; /* "": none */
    char owner[WHO_TOKEN_SIZE];
    struct control_request request;
    struct config *config; /* its own: the process may get another one */
    int64_t at;            /* wall ms */
    int64_t counted_at;    /* monotonic ms */
    bool has_thread;       /* which is to be joined */
    pthread_t thread;
    pthread_mutex_t mutex; /* of what follows */
    enum errand_phase phase;
    int64_t count, changed;
    char hash[CONTROL_HASH_SIZE];
    struct text sentence;
    json_t *notes, *explained;
};

struct errands {
    struct errand list[ERRANDS_MOST];
};

static const char *phase_name(enum errand_phase phase)
{
    static const char *const names[] = {
#define X(NAME, text) text,
        ERRAND_PHASE_MAP(X)
#undef X
    };
    return names[phase];
}

struct errands *errands_create(void)
{
    struct errands *errands = memory_new(1, sizeof *errands);
    for (size_t i = 0; i < ERRANDS_MOST; i++)
        (void)pthread_mutex_init(&errands->list[i].mutex, NULL);
    return errands;
}

/* ---- its thread ---- */

static void take_progress(void *context, const struct control_answer *answer)
{
    struct errand *errand = context;
    (void)pthread_mutex_lock(&errand->mutex);
    text_clear(&errand->sentence);
    text_append(&errand->sentence, text_string(&answer->sentence));
    (void)pthread_mutex_unlock(&errand->mutex);
}

static void take_notes(struct errand *errand, const struct control_answer *answer)
{
    json_release(&errand->notes);
    errand->notes = json_array();
    for (size_t i = 0; i < answer->note_count; i++)
        (void)json_array_append_new(errand->notes, json_from_text(answer->notes[i].text));
}

/* While the mutex is held. */
static void take_answer(struct errand *errand, const struct control_answer *answer)
{
    text_clear(&errand->sentence);
    take_notes(errand, answer);
    if (answer->stage == CONTROL_REFUSED) {
        errand->phase = ERRAND_REFUSED;
        text_append(&errand->sentence, text_string(&answer->sentence));
    } else if (errand->request.dry_run) {
        errand->phase = ERRAND_COUNTED;
        errand->count = answer->changed;
        plan_append_dry_run(&errand->request, answer, &errand->sentence);
    } else {
        errand->phase = ERRAND_DONE;
        errand->changed = answer->changed;
        memcpy(errand->hash, answer->hash, sizeof errand->hash);
        errand->explained = json_incref(answer->explained);
        text_append(&errand->sentence, text_string(&answer->sentence));
    }
}

/* What a person looked for is known for no longer than it is asked. */
static void forget_number(struct control_request *request)
{
    if (request->number)
        explicit_bzero(request->number, strlen(request->number));
    memory_free(&request->number);
}

static void *ask(void *context)
{
    struct errand *errand = context;
    AUTO(control_answer_release) struct control_answer answer = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int code = call_router(errand->config, &errand->request, take_progress, errand, &answer, &reason);
    (void)pthread_mutex_lock(&errand->mutex);
    forget_number(&errand->request);
    errand->counted_at = clock_monotonic_ms();
    if (code == 0) {
        take_answer(errand, &answer);
    } else {
        errand->phase = ERRAND_UNREACHABLE;
        text_clear(&errand->sentence);
        text_append_bytes(&errand->sentence, text_string(&reason), strcspn(text_string(&reason), "\n"));
    }
    (void)pthread_mutex_unlock(&errand->mutex);
    return NULL;
}

static enum errand_phase phase_of(struct errand *errand)
{
    (void)pthread_mutex_lock(&errand->mutex);
    enum errand_phase phase = errand->phase;
    (void)pthread_mutex_unlock(&errand->mutex);
    return phase;
}

static bool is_busy(struct errand *errand)
{
    enum errand_phase phase = phase_of(errand);
    return *errand->id && (phase == ERRAND_COUNTING || phase == ERRAND_UNDER_WAY);
}

static void join(struct errand *errand)
{
    if (errand->has_thread)
        (void)pthread_join(errand->thread, NULL);
    errand->has_thread = false;
}

static bool start_thread(struct errand *errand, enum errand_phase phase)
{
    join(errand); /* of the count, which has ended */
    errand->phase = phase;
    errand->has_thread = pthread_create(&errand->thread, NULL, ask, errand) == 0;
    if (!errand->has_thread)
        errand->phase = ERRAND_UNREACHABLE;
    return errand->has_thread;
}

/* ---- the list ---- */

static void end(struct errand *errand)
{
    join(errand);
    control_request_release(&errand->request);
    config_destroy(&errand->config);
    text_release(&errand->sentence);
    json_release(&errand->notes);
    json_release(&errand->explained);
    *errand->id = '\0';
}

void errands_destroy(struct errands **errands)
{
    if (!*errands)
        return;
    for (size_t i = 0; i < ERRANDS_MOST; i++) {
        end(&(*errands)->list[i]);
        (void)pthread_mutex_destroy(&(*errands)->list[i].mutex);
    }
    memory_free(errands);
}

static struct errand *find(struct errands *errands, const char *id)
{
    for (size_t i = 0; i < ERRANDS_MOST && *id; i++)
        if (strcmp(errands->list[i].id, id) == 0)
            return &errands->list[i];
    return NULL;
}

/* Whether it looks for something, and is no change. */
static bool is_question(enum control_verb verb)
{
    return verb == CONTROL_FIND || verb == CONTROL_EXPLAIN;
}

/* Whether a gives way sooner than b: an empty one first; then questions, which everybody may ask; then the older one. */
static bool is_rather(const struct errand *a, const struct errand *b)
{
    bool asks_a = is_question(a->request.verb), asks_b = is_question(b->request.verb);
    if (!*a->id || !*b->id)
        return !*a->id && *b->id;
    return asks_a != asks_b ? asks_a : a->at < b->at;
}

/* Questions have half of what may be under way at once: however much is asked, changes have the rest. */
static struct errand *make_room(struct errands *errands, enum control_verb verb)
{
    struct errand *room = NULL;
    size_t busy = 0, asking = 0;
    for (size_t i = 0; i < ERRANDS_MOST; i++) {
        struct errand *errand = &errands->list[i];
        if (is_busy(errand)) {
            busy++;
            asking += is_question(errand->request.verb);
            continue;
        }
        if (!room || is_rather(errand, room))
            room = errand;
    }
    bool has_room = busy < ERRANDS_AT_ONCE && (!is_question(verb) || asking < ERRANDS_AT_ONCE / 2);
    return has_room ? room : NULL;
}

/* An empty one, with a name. NULL: too many are under way. */
static struct errand *add(struct errands *errands, struct control_request *request, struct config **config,
                          const char *owner, char ret_id[ERRAND_ID_SIZE])
{
    struct errand *errand = make_room(errands, request->verb);
    if (!errand || random_hex(ret_id, ERRAND_ID_SIZE - 1) != 0)
        return NULL;
    assert(strlen(owner) < sizeof errand->owner);
    end(errand);
    memcpy(errand->id, ret_id, ERRAND_ID_SIZE);
    memcpy(errand->owner, owner, strlen(owner) + 1);
    errand->request = *request;
    errand->config = *config;
    errand->count = errand->changed = 0;
    *errand->hash = '\0';
    errand->notes = json_array();
    errand->at = clock_wall_ms();
    errand->counted_at = clock_monotonic_ms();
    errand->phase = ERRAND_COUNTED;
    *config = NULL;
    *request = (struct control_request){0};
    return errand;
}

bool errands_add(struct errands *errands, struct plan *plan, struct config **config, const char *owner,
                 char ret_id[ERRAND_ID_SIZE])
{
    struct errand *errand = add(errands, &plan->request, config, owner, ret_id);
    if (!errand)
        return false;
    errand->sentence = plan->will;
    errand->count = plan->count;
    *plan = (struct plan){0};
    if (errand->count == PLAN_ROUTER_COUNTS) {
        errand->count = 0;
        errand->request.dry_run = true;
        (void)start_thread(errand, ERRAND_COUNTING);
    }
    return true;
}

bool errands_find(struct errands *errands, struct control_request *request, struct config **config,
                  const char *owner, char ret_id[ERRAND_ID_SIZE])
{
    struct errand *errand = add(errands, request, config, owner, ret_id);
    return errand && start_thread(errand, ERRAND_UNDER_WAY);
}

bool errands_go(struct errands *errands, const char *id, const char *owner, struct text *reason)
{
    struct errand *errand = find(errands, id);
    if (!errand || strcmp(errand->owner, owner) != 0)
        text_append(reason, "There is no such plan of yours any more. Begin again.");
    else if (phase_of(errand) != ERRAND_COUNTED)
        text_append(reason, "This was wanted already, or could not be counted.");
    else if (errand->count == 0)
        text_append(reason, "There is nothing to do.");
    else if (clock_monotonic_ms() - errand->counted_at >= ERRAND_GOOD_MS)
        text_append(reason, "This was counted more than 10 minutes ago. Begin again.");
    else {
        AUTO(memory_free) char *user = errand->request.user;
        errand->request.user = NULL;
        errand->request.dry_run = false;
        if (control_request_start(&errand->request, errand->request.verb) !=
            0) /* another request than the dry run */
            return false;
        memory_free(&errand->request.user);
        errand->request.user = user;
        user = NULL;
        log_info("an operator changes something", LOG_S("verb", control_verb_name(errand->request.verb)),
                 LOG_S("user", errand->request.user), LOG_S("request", errand->request.id));
        (void)start_thread(errand, ERRAND_UNDER_WAY);
        return true;
    }
    return false;
}

json_t *errands_read_find(struct errands *errands, const char *id)
{
    struct errand *errand = find(errands, id);
    if (!errand || errand->request.verb != CONTROL_FIND)
        return NULL;
    (void)pthread_mutex_lock(&errand->mutex);
    json_t *document = json_pack("{s:s, s:o, s:s, s:o}", "phase", phase_name(errand->phase), "kind",
                                 json_from_text(errand->request.number_kind), "hash", errand->hash,
                                 "sentence", json_from_text(text_string(&errand->sentence)));
    (void)pthread_mutex_unlock(&errand->mutex);
    return document;
}

json_t *errands_read_why(struct errands *errands, const char *id)
{
    struct errand *errand = find(errands, id);
    if (!errand || errand->request.verb != CONTROL_EXPLAIN)
        return NULL;
    const struct control_request *request = &errand->request;
    (void)pthread_mutex_lock(&errand->mutex);
    json_t *document = json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o}", "phase", phase_name(errand->phase), "study",
        json_from_text(request->study), "destination", json_from_text(request->destination), "album",
        json_from_text(request->album), "sentence", json_from_text(text_string(&errand->sentence)),
        "explained", errand->explained ? json_deep_copy(errand->explained) : json_null());
    (void)pthread_mutex_unlock(&errand->mutex);
    return document;
}

json_t *errands_read(struct errands *errands, const char *id)
{
    struct errand *errand = find(errands, id);
    AUTO(text_release) struct text button = TEXT_EMPTY;
    if (!errand || is_question(errand->request.verb))
        return NULL;
    const struct control_request *request = &errand->request;
    (void)pthread_mutex_lock(&errand->mutex);
    plan_append_button(request, errand->count, &button);
    json_t *document = json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:O, s:I, s:I, s:o, s:o}", "id", errand->id, "verb",
        control_verb_name(request->verb), "phase", phase_name(errand->phase), "by",
        json_from_text(request->user), "destination", json_from_text(request->destination), "album",
        json_from_text(request->album), "study", json_from_text(request->study), "state",
        json_from_text(request->state), "sentence", json_from_text(text_string(&errand->sentence)), "notes",
        errand->notes, "count", (json_int_t)errand->count, "changed", (json_int_t)errand->changed, "began_at",
        json_from_time(errand->at), "button", json_from_text(text_string(&button)));
    (void)pthread_mutex_unlock(&errand->mutex);
    return document;
}
