#include "tests/kheops-sim/fault.h"

#include "common/base/err.h"
#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

struct fault {
    unsigned id;
    json_t *json; /* as it was ordered */
    bool any_kind;
    enum kind kind;
    enum fault_stage stage;
    char *album, *token, *study, *series, *sop;
    uint64_t skip, first, every; /* of the requests that fit: not these; only so many; only each n-th */
    uint64_t fitted, hits;
    struct fault_effect effect;
};

struct fault_list {
    pthread_mutex_t mutex;
    struct fault **faults;
    size_t count, capacity;
    unsigned next_id;
};

static const char *const stage_names[FAULT_STAGES] = {
#define X(name, text) [FAULT_##name] = text,
    FAULT_STAGE_MAP(X)
#undef X
};

static const char *const action_names[FAULT_ACTIONS] = {
#define X(name, text) [FAULT_##name] = text,
    FAULT_ACTION_MAP(X)
#undef X
};

struct fault_list *fault_list_create(void)
{
    struct fault_list *list = memory_new(1, sizeof *list);
    pthread_mutex_init(&list->mutex, NULL);
    return list;
}

static void release(struct fault *fault)
{
    json_decref(fault->json);
    free(fault->album);
    free(fault->token);
    free(fault->study);
    free(fault->series);
    free(fault->sop);
    free(fault);
}

void fault_list_destroy(struct fault_list **list)
{
    if (!*list)
        return;
    fault_remove(*list, 0);
    free((*list)->faults);
    pthread_mutex_destroy(&(*list)->mutex);
    free(*list);
    *list = NULL;
}

static int index_of(const char *const *names, int count, const char *name)
{
    int i = 0;
    while (i < count && strcmp(names[i], name) != 0)
        i++;
    return i;
}

static uint64_t number(const json_t *json, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(json, key));
}

static char *word(const json_t *json, const char *key)
{
    return memory_string(json_string_value(json_object_get(json, key)));
}

static void copy(char *place, size_t size, const json_t *json, const char *key)
{
    const json_t *value = json_object_get(json, key);
    if (json_is_integer(value))
        snprintf(place, size, "%lld", (long long)json_integer_value(value));
    else if (json_is_string(value))
        snprintf(place, size, "%s", json_string_value(value));
}

static bool has_only_known_keys(const json_t *json, struct text *ret_reason)
{
    static const char *const known[] = {"kind",  "stage",        "action",      "album",    "token",
                                        "study", "series",       "sop",         "skip",     "first",
                                        "every", "status",       "reason",      "bytes",    "delay_ms",
                                        "body",  "content_type", "retry_after", "location", "answer"};
    enum { KNOWN = sizeof known / sizeof *known };
    for (void *i = json_object_iter((json_t *)json); i; i = json_object_iter_next((json_t *)json, i))
        if (index_of(known, KNOWN, json_object_iter_key(i)) == KNOWN) {
            text_format(ret_reason, "unknown member \"%s\"", json_object_iter_key(i));
            return false;
        }
    return true;
}

/* The stage where an action without one belongs. */
static enum fault_stage usual_stage(enum fault_action action)
{
    if (action >= FAULT_REFUSE)
        return FAULT_INSTANCE;
    return action == FAULT_CLOSE || action == FAULT_INVISIBLE ? FAULT_STORED : FAULT_UNSTORED;
}

static int parse_what(struct fault *fault, const json_t *json, struct text *ret_reason)
{
    const char *kind = json_string_value(json_object_get(json, "kind"));
    const char *stage = json_string_value(json_object_get(json, "stage"));
    const char *action = json_string_value(json_object_get(json, "action"));
    fault->any_kind = !kind || strcmp(kind, "any") == 0;
    while (!fault->any_kind && fault->kind < KINDS && strcmp(kind_name(fault->kind), kind) != 0)
        fault->kind++;
    fault->effect.action = (enum fault_action)index_of(action_names, FAULT_ACTIONS, action ? action : "none");
    fault->stage = usual_stage(fault->effect.action);
    if (stage)
        fault->stage = (enum fault_stage)index_of(stage_names, FAULT_STAGES, stage);
    if (fault->kind == KINDS || fault->stage == FAULT_STAGES || fault->effect.action == FAULT_ACTIONS) {
        text_append(ret_reason, "unknown kind, stage or action");
        return ERR_SYNTAX;
    }
    fault->effect.status = (int)number(json, "status");
    if (fault->effect.action == FAULT_STATUS && (fault->effect.status < 200 || fault->effect.status > 599)) {
        text_append(ret_reason, "action status needs a status from 200 to 599");
        return ERR_SYNTAX;
    }
    return 0;
}

int fault_add(struct fault_list *list, const json_t *json, unsigned *ret_id, struct text *ret_reason)
{
    struct fault *fault = memory_new(1, sizeof *fault);
    if (!has_only_known_keys(json, ret_reason) || parse_what(fault, json, ret_reason) != 0) {
        release(fault);
        return ERR_SYNTAX;
    }
    fault->json = json_deep_copy(json);
    fault->album = word(json, "album");
    fault->token = word(json, "token");
    fault->study = word(json, "study");
    fault->series = word(json, "series");
    fault->sop = word(json, "sop");
    fault->skip = number(json, "skip");
    fault->first = number(json, "first");
    fault->every = number(json, "every");
    struct fault_effect *effect = &fault->effect;
    effect->reason = (unsigned)number(json, "reason");
    effect->bytes = number(json, "bytes");
    effect->delay_ms = (int64_t)number(json, "delay_ms");
    copy(effect->body, sizeof effect->body, json, effect->action == FAULT_RECORDED ? "answer" : "body");
    copy(effect->content_type, sizeof effect->content_type, json, "content_type");
    copy(effect->retry_after, sizeof effect->retry_after, json, "retry_after");
    copy(effect->location, sizeof effect->location, json, "location");
    pthread_mutex_lock(&list->mutex);
    *ret_id = fault->id = ++list->next_id;
    list->faults = memory_grow(list->faults, &list->capacity, list->count + 1, sizeof *list->faults);
    list->faults[list->count++] = fault;
    pthread_mutex_unlock(&list->mutex);
    return 0;
}

void fault_remove(struct fault_list *list, unsigned id)
{
    pthread_mutex_lock(&list->mutex);
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (id == 0 || list->faults[i]->id == id)
            release(list->faults[i]);
        else
            list->faults[kept++] = list->faults[i];
    }
    list->count = kept;
    pthread_mutex_unlock(&list->mutex);
}

static bool same(const char *wanted, const char *given)
{
    return !wanted || (given && strcmp(wanted, given) == 0);
}

static bool names_it(const struct fault *fault, const char *study, const char *series, const char *sop)
{
    return same(fault->study, study) && same(fault->series, series) && same(fault->sop, sop);
}

static bool fits(const struct fault *fault, enum fault_stage stage, const struct fault_target *target)
{
    if (fault->stage != stage || (!fault->any_kind && fault->kind != target->kind) ||
        !same(fault->album, target->album) || !same(fault->token, target->token))
        return false;
    if (names_it(fault, target->study, target->series, target->sop))
        return true;
    for (size_t i = 0; i < target->item_count; i++)
        if (names_it(fault, target->items[i].study, target->items[i].series, target->items[i].sop))
            return true;
    return false;
}

/* Counts a request that fits; whether it is one of those that are hit. */
static bool counts(struct fault *fault)
{
    uint64_t number_of_fit = ++fault->fitted;
    if (number_of_fit <= fault->skip)
        return false;
    number_of_fit -= fault->skip;
    if (fault->every && number_of_fit % fault->every != 0)
        return false;
    if (fault->first && fault->hits >= fault->first)
        return false;
    fault->hits++;
    return true;
}

bool fault_take(struct fault_list *list, enum fault_stage stage, const struct fault_target *target,
                struct fault_effect *ret_effect)
{
    bool taken = false;
    pthread_mutex_lock(&list->mutex);
    for (size_t i = 0; i < list->count && !taken; i++) {
        if (fits(list->faults[i], stage, target) && counts(list->faults[i])) {
            *ret_effect = list->faults[i]->effect;
            taken = true;
        }
    }
    pthread_mutex_unlock(&list->mutex);
    return taken;
}

json_t *fault_list_json(struct fault_list *list)
{
    json_t *all = json_array();
    pthread_mutex_lock(&list->mutex);
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(all,
                              json_pack("{s:i, s:I, s:O}", "id", (int)list->faults[i]->id, "hits",
                                        (json_int_t)list->faults[i]->hits, "fault", list->faults[i]->json));
    pthread_mutex_unlock(&list->mutex);
    return all;
}
