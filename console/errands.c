#include "console/errands.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/random.h"
#include "console/plan_words.h"

#include <assert.h>
#include <string.h>

enum { LINES_MOST = 20 };

struct errands {
    pthread_mutex_t mutex; /* of the list, taken before that of an errand */
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
    (void)pthread_mutex_init(&errands->mutex, NULL);
    for (size_t i = 0; i < ERRANDS_MOST; i++)
        (void)pthread_mutex_init(&errands->list[i].mutex, NULL);
    return errands;
}

/* ---- the list ---- */

static void end(struct errand *errand)
{
    errand_join(errand);
    plan_release(&errand->plan);
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
    for (size_t i = 0; i < ERRANDS_MOST; i++)
        (*errands)->list[i].ends = true;
    for (size_t i = 0; i < ERRANDS_MOST; i++) {
        end(&(*errands)->list[i]);
        (void)pthread_mutex_destroy(&(*errands)->list[i].mutex);
    }
    (void)pthread_mutex_destroy(&(*errands)->mutex);
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
    return verb == CONTROL_FIND || verb == CONTROL_EXPLAIN || verb == CONTROL_TRY || verb == CONTROL_TRY_FILE;
}

/* A question that may take the router minutes. */
static bool is_trial(enum control_verb verb)
{
    return verb == CONTROL_TRY || verb == CONTROL_TRY_FILE;
}

static size_t count_of(const struct errands *errands, const char *person)
{
    size_t count = 0;
    for (size_t i = 0; i < ERRANDS_MOST; i++)
        count += *errands->list[i].id && is_question(errands->list[i].verb) &&
                 strcmp(errands->list[i].person, person) == 0;
    return count;
}

/* Whether a gives way sooner than b: an empty one first; then questions, which everybody may ask, of the person who has the most of
 * them; then the older one. */
static bool is_rather(const struct errands *errands, const struct errand *a, const struct errand *b)
{
    bool asks_a = is_question(a->verb), asks_b = is_question(b->verb);
    if (!*a->id || !*b->id)
        return !*a->id && *b->id;
    if (asks_a != asks_b)
        return asks_a;
    size_t of_a = asks_a ? count_of(errands, a->person) : 0, of_b = asks_a ? count_of(errands, b->person) : 0;
    return of_a != of_b ? of_a > of_b : a->at < b->at;
}

/* What is under way, of everybody or of one person. */
struct load {
    size_t all, questions, trials;
};

static void add_load(struct load *load, enum control_verb verb)
{
    load->all++;
    load->questions += is_question(verb);
    load->trials += is_trial(verb);
}

enum { LEFT = 2 }; /* by changes to questions, and by one person to others */

/* Questions have half of what may be under way at once: however much is asked, changes have the rest; and trials half of that. */
static bool has_room(enum control_verb verb, const struct load *load)
{
    size_t changes = load->all - load->questions;
    return load->all < ERRANDS_AT_ONCE &&
           (is_question(verb) ? load->questions < ERRANDS_AT_ONCE / 2 : changes < ERRANDS_AT_ONCE - LEFT) &&
           (!is_trial(verb) || load->trials < ERRANDS_AT_ONCE / 4);
}

/* One person leaves some of it to others. */
static bool may_have(enum control_verb verb, const struct load *own)
{
    return own->all < ERRANDS_AT_ONCE - LEFT &&
           (!is_question(verb) || own->questions < ERRANDS_AT_ONCE / 2 - 1) &&
           (!is_trial(verb) || own->trials == 0);
}

static struct errand *make_room(struct errands *errands, enum control_verb verb, const struct who *who)
{
    struct errand *room = NULL;
    struct load load = {.all = 0}, own = {.all = 0};
    for (size_t i = 0; i < ERRANDS_MOST; i++) {
        struct errand *errand = &errands->list[i];
        if (errand_is_busy(errand)) {
            add_load(&load, errand->verb);
            if (strcmp(errand->person, who->name) == 0)
                add_load(&own, errand->verb);
        } else if (!room || is_rather(errands, errand, room))
            room = errand;
    }
    return has_room(verb, &load) && (!*who->name || may_have(verb, &own)) ? room : NULL;
}

/* An empty one, with a name. NULL: too many are under way. */
static struct errand *add(struct errands *errands, struct plan *plan, struct config **config,
                          const struct who *who, char ret_id[ERRAND_ID_SIZE])
{
    enum control_verb verb = plan->parts[0].request.verb;
    struct errand *errand = make_room(errands, verb, who);
    if (!errand || random_hex(ret_id, ERRAND_ID_SIZE - 1) != 0)
        return NULL;
    assert(plan->part_count <= ERRAND_PARTS_MOST);
    end(errand);
    memcpy(errand->id, ret_id, ERRAND_ID_SIZE);
    memcpy(errand->owner, who->token, sizeof errand->owner);
    memcpy(errand->person, who->name, sizeof errand->person);
    errand->verb = verb;
    errand->plan = *plan;
    errand->is_wanted = false;
    errand->config = *config;
    errand->changed = errand->asked = errand->undecided = 0;
    *errand->hash = '\0';
    errand->notes = json_array();
    errand->at = clock_wall_ms();
    errand->counted_at = clock_monotonic_ms();
    errand->phase = ERRAND_COUNTED;
    *config = NULL;
    *plan = (struct plan){0};
    return errand;
}

/* Whether the router counts some of it. */
static bool is_to_be_counted(struct plan *plan)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->part_count; i++) {
        plan->parts[i].request.dry_run = plan->parts[i].count == PLAN_ROUTER_COUNTS;
        count += plan->parts[i].request.dry_run;
    }
    return count > 0;
}

static bool add_plan(struct errands *errands, struct plan *plan, struct config **config,
                     const struct who *who, char ret_id[ERRAND_ID_SIZE])
{
    struct errand *errand = add(errands, plan, config, who, ret_id);
    if (!errand)
        return false;
    if (is_to_be_counted(&errand->plan))
        (void)errand_start(errand, ERRAND_COUNTING);
    else
        text_append(&errand->sentence, text_string(&errand->plan.will));
    return true;
}

bool errands_add(struct errands *errands, struct plan *plan, struct config **config, const struct who *who,
                 char ret_id[ERRAND_ID_SIZE])
{
    (void)pthread_mutex_lock(&errands->mutex);
    bool is_added = add_plan(errands, plan, config, who, ret_id);
    (void)pthread_mutex_unlock(&errands->mutex);
    return is_added;
}

bool errands_find(struct errands *errands, struct control_request *request, struct config **config,
                  const struct who *who, char ret_id[ERRAND_ID_SIZE])
{
    AUTO(plan_release) struct plan plan = {.parts = memory_new(1, sizeof *plan.parts), .part_count = 1};
    plan.parts[0] = (struct plan_part){.request = *request, .count = ERRAND_QUESTION};
    *request = (struct control_request){0};
    (void)pthread_mutex_lock(&errands->mutex);
    struct errand *errand = add(errands, &plan, config, who, ret_id);
    bool is_added = errand && errand_start(errand, ERRAND_UNDER_WAY);
    (void)pthread_mutex_unlock(&errands->mutex);
    return is_added;
}

/* Each a request of its own, other than its dry run. */
static bool want(struct plan *plan)
{
    for (size_t i = 0; i < plan->part_count; i++) {
        struct control_request *request = &plan->parts[i].request;
        AUTO(memory_free) char *user = request->user;
        request->user = NULL;
        request->dry_run = false;
        if (control_request_start(request, request->verb) != 0)
            return false;
        memory_free(&request->user);
        request->user = user;
        user = NULL;
    }
    return true;
}

static bool go(struct errands *errands, const char *id, const char *owner, struct text *reason)
{
    struct errand *errand = find(errands, id);
    struct plan_sum sum = {0};
    bool is_there = errand && strcmp(errand->owner, owner) == 0;
    bool is_counted = is_there && errand_phase(errand) == ERRAND_COUNTED;
    if (is_counted)
        sum = plan_words_sum(errand->plan.parts, errand->plan.part_count); /* its thread has ended */
    if (!is_there)
        text_append(reason, "There is no such plan of yours any more. Begin again.");
    else if (!is_counted)
        text_append(reason, "This was wanted already, or could not be counted.");
    else if (plan_words_total(&sum) == 0)
        text_append(reason, "There is nothing to do.");
    else if (clock_monotonic_ms() - errand->counted_at >= ERRAND_GOOD_MS)
        text_append(reason, "This was counted more than 10 minutes ago. Begin again.");
    else {
        errand_join(errand);
        if (!want(&errand->plan))
            return false;
        errand->is_wanted = true;
        log_info("an operator changes something", LOG_S("verb", control_verb_name(errand->verb)),
                 LOG_S("user", errand->plan.parts[0].request.user),
                 LOG_S("request", errand->plan.parts[0].request.id),
                 LOG_I("requests", (int64_t)errand->plan.part_count));
        (void)errand_start(errand, ERRAND_UNDER_WAY);
        return true;
    }
    return false;
}

bool errands_go(struct errands *errands, const char *id, const char *owner, struct text *reason)
{
    (void)pthread_mutex_lock(&errands->mutex);
    bool goes = go(errands, id, owner, reason);
    (void)pthread_mutex_unlock(&errands->mutex);
    return goes;
}

/* ---- how far they are ---- */

static json_t *read_find(const struct errand *errand)
{
    return json_pack("{s:s, s:o, s:s, s:o}", "phase", phase_name(errand->phase), "kind",
                     json_from_text(errand->plan.parts[0].request.number_kind), "hash", errand->hash,
                     "sentence", json_from_text(text_string(&errand->sentence)));
}

static json_t *read_why(const struct errand *errand)
{
    const struct control_request *request = &errand->plan.parts[0].request;
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "phase", phase_name(errand->phase), "study",
                     json_from_text(request->study), "destination", json_from_text(request->destination),
                     "album", json_from_text(request->album), "sentence",
                     json_from_text(text_string(&errand->sentence)), "explained",
                     errand->explained ? json_deep_copy(errand->explained) : json_null());
}

static json_t *read_trial(const struct errand *errand)
{
    const struct control_request *request = &errand->plan.parts[0].request;
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "phase", phase_name(errand->phase), "kind",
                     request->verb == CONTROL_TRY ? "condition" : "file", "destination",
                     json_from_text(request->destination), "album", json_from_text(request->album),
                     "expression", json_from_text(request->expression), "sentence",
                     json_from_text(text_string(&errand->sentence)), "explained",
                     errand->explained ? json_deep_copy(errand->explained) : json_null());
}

/* The first of many parts in a line each, and how many more there are; of one part nothing. */
static json_t *lines_of(const struct plan *plan)
{
    json_t *lines = json_array();
    for (size_t i = 0; i < plan->part_count && i < LINES_MOST && plan->part_count > 1; i++) {
        AUTO(text_release) struct text line = TEXT_EMPTY;
        plan_words_append_line(&plan->parts[i], &line);
        (void)json_array_append_new(lines, json_from_text(text_string(&line)));
    }
    if (plan->part_count > LINES_MOST) {
        AUTO(text_release) struct text line = TEXT_EMPTY;
        text_format(&line, "and %zu more", plan->part_count - LINES_MOST);
        (void)json_array_append_new(lines, json_from_text(text_string(&line)));
    }
    return lines;
}

/* Received in the last so many days; null: that was not asked for. */
static json_t *days_of(const struct errand *errand, const struct control_request *request)
{
    const int64_t day = INT64_C(24) * 3600 * 1000;
    return request->since ? json_integer((errand->at - request->since + day / 2) / day) : json_null();
}

static json_t *read_change(const struct errand *errand)
{
    static const struct control_request many;
    const struct plan *plan = &errand->plan;
    const struct control_request *request = plan->part_count == 1 ? &plan->parts[0].request : &many;
    struct plan_sum sum = plan_words_sum(plan->parts, plan->part_count);
    AUTO(text_release) struct text button = TEXT_EMPTY;
    plan_words_append_button(plan->parts, plan->part_count, &button);
    json_t *document = json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "id", errand->id, "verb", control_verb_name(errand->verb),
        "phase", phase_name(errand->phase), "by", json_from_text(plan->parts[0].request.user), "destination",
        json_from_text(request->destination), "album", json_from_text(request->album), "study",
        json_from_text(request->study), "state", json_from_text(request->state));
    json_t *more = json_pack(
        "{s:b, s:o, s:o, s:b, s:b, s:o, s:o, s:o, s:o, s:O, s:o, s:I, s:I, s:o, s:o}", "line", request->line,
        "job_kind", json_from_text(request->job_kind), "called_aet", json_from_text(request->called_aet),
        "now", plan->parts[0].request.now, "anyway", request->anyway, "source",
        json_from_text(request->source), "calling_aet", json_from_text(request->calling_aet), "reason",
        json_from_text(request->reason), "sentence", json_from_text(text_string(&errand->sentence)), "notes",
        errand->notes, "lines", lines_of(plan), "count", (json_int_t)plan_words_total(&sum), "changed",
        (json_int_t)errand->changed, "began_at", json_from_time(errand->at), "button",
        json_from_text(text_string(&button)));
    (void)json_object_update_missing(document, more);
    json_decref(more);
    (void)json_object_set_new(document, "from_kheops", json_boolean(request->from_kheops));
    (void)json_object_set_new(document, "days", days_of(errand, request));
    (void)json_object_set_new(document, "asked", json_integer(errand->asked));
    (void)json_object_set_new(document, "undecided", json_integer(errand->undecided));
    return document;
}

/* By what an operator's trial counted a name could be guessed. who: NULL: nobody. */
static bool may_read(const struct errand *errand, const struct who *who)
{
    if (errand->verb != CONTROL_TRY || !errand->plan.parts[0].request.identifying)
        return true;
    return who && (who->is_operator || (*who->token && strcmp(errand->owner, who->token) == 0));
}

/* NULL: there is none of that kind that who may read. verb: of a question, else of no question. */
static json_t *read_errand(struct errands *errands, const char *id, enum control_verb verb,
                           const struct who *who, json_t *(*read)(const struct errand *errand))
{
    json_t *document = NULL;
    (void)pthread_mutex_lock(&errands->mutex);
    struct errand *errand = find(errands, id);
    bool is_meant = errand && (is_question(verb) ? errand->verb == verb : !is_question(errand->verb));
    if (is_meant && may_read(errand, who)) {
        (void)pthread_mutex_lock(&errand->mutex);
        document = read(errand);
        (void)pthread_mutex_unlock(&errand->mutex);
    }
    (void)pthread_mutex_unlock(&errands->mutex);
    return document;
}

json_t *errands_read_find(struct errands *errands, const char *id)
{
    return read_errand(errands, id, CONTROL_FIND, NULL, read_find);
}

json_t *errands_read_why(struct errands *errands, const char *id)
{
    return read_errand(errands, id, CONTROL_EXPLAIN, NULL, read_why);
}

json_t *errands_read_trial(struct errands *errands, const char *id, const struct who *who)
{
    json_t *of_condition = read_errand(errands, id, CONTROL_TRY, who, read_trial);
    return of_condition ? of_condition : read_errand(errands, id, CONTROL_TRY_FILE, who, read_trial);
}

json_t *errands_read(struct errands *errands, const char *id)
{
    return read_errand(errands, id, CONTROL_RETRY, NULL, read_change);
}
