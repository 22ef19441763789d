#include "tests/kheops-sim/admission.h"

#include "common/base/memory.h"
#include "common/dicom/uid.h"

#include <stdlib.h>
#include <string.h>

/* What was decided about a series in this request. */
struct decided {
    struct series *series;
    bool admitted;
};

struct admission {
    struct model *model;
    struct token *token;
    struct album *album;
    bool skip_verify;
    bool collided; /* once is enough: the rows are there now */
    struct decided *decided;
    size_t decided_count, decided_capacity;
    struct study **studies; /* where this request is in flight */
    size_t study_count, study_capacity;
};

static const struct rule {
    enum attribute attribute;
    uint32_t tag;
    bool of_series, exact;
} rules[] = {
#define X(name, tag, of_series, exact) {ATTRIBUTE_##name, tag, of_series, exact},
    ATTRIBUTE_MAP(X)
#undef X
};

enum { RULES = sizeof rules / sizeof *rules };

struct admission *admission_create(struct model *model, struct token *token, struct album *album,
                                   bool skip_verify)
{
    struct admission *admission = memory_new(1, sizeof *admission);
    *admission =
        (struct admission){.model = model, .token = token, .album = album, .skip_verify = skip_verify};
    return admission;
}

static void land(struct study *study, const void *request)
{
    for (size_t i = 0; i < study->series_count; i++)
        if (study->series[i]->introducer == request)
            study->series[i]->introducer = NULL;
    for (size_t i = 0; i < study->flight_count; i++)
        if (study->flights[i].request == request) {
            study->flights[i] = study->flights[--study->flight_count];
            return;
        }
}

void admission_destroy(struct admission **admission)
{
    struct admission *a = *admission;
    if (!a)
        return;
    model_lock(a->model);
    for (size_t i = 0; i < a->study_count; i++)
        land(a->studies[i], a);
    model_unlock(a->model);
    free(a->decided);
    free(a->studies);
    free(a);
    *admission = NULL;
}

static struct flight *flight_of(struct admission *a, struct study *study)
{
    for (size_t i = 0; i < study->flight_count; i++)
        if (study->flights[i].request == a)
            return &study->flights[i];
    a->studies = memory_grow(a->studies, &a->study_capacity, a->study_count + 1, sizeof *a->studies);
    a->studies[a->study_count++] = study;
    study->flights =
        memory_grow(study->flights, &study->flight_capacity, study->flight_count + 1, sizeof *study->flights);
    struct flight *flight = &study->flights[study->flight_count++];
    *flight = (struct flight){a, false};
    return flight;
}

/* Registers the request with the study and measures; whether another request is just
 * bringing something new. */
static bool take_off(struct admission *a, struct study *study, bool series_is_new)
{
    struct flight *mine = flight_of(a, study);
    mine->introduces |= series_is_new;
    bool any_new = false, other_new = false;
    for (size_t i = 0; i < study->flight_count; i++) {
        any_new |= study->flights[i].introduces;
        other_new |= study->flights[i].introduces && study->flights[i].request != a;
    }
    if (study->flight_count > study->in_flight_max)
        study->in_flight_max = study->flight_count;
    if (any_new && study->flight_count > study->unknown_in_flight_max)
        study->unknown_in_flight_max = study->flight_count;
    return other_new;
}

static void decide(struct admission *a, struct series *series, bool admitted)
{
    a->decided = memory_grow(a->decided, &a->decided_capacity, a->decided_count + 1, sizeof *a->decided);
    a->decided[a->decided_count++] = (struct decided){series, admitted};
}

/* Only an album that has the series, or any album while no other one has it. */
static bool may_add(const struct admission *a, const struct series *series)
{
    return a->token->author_admin && (series->member_count == 0 || series_member(series, a->album) != NULL);
}

static bool matches(const struct rule *rule, const char *held, const char *offered)
{
    if (!rule->exact && (!*held || !*offered))
        return true;
    return strcmp(held, offered) == 0;
}

/* Keeps the attributes of a study or series that has none yet. */
static void describe(char **attributes, bool of_series, const struct dataset_head *head)
{
    for (size_t i = 0; i < RULES; i++)
        if (rules[i].of_series == of_series)
            attributes[rules[i].attribute] = memory_string(head->attributes[rules[i].attribute]);
}

static size_t compare(const struct series *series, const struct dataset_head *head, uint32_t *ret_tags)
{
    size_t count = 0;
    for (size_t i = 0; i < RULES; i++) {
        char *const *held = rules[i].of_series ? series->attributes : series->study->attributes;
        const char *value = held[rules[i].attribute];
        if (value && !matches(&rules[i], value, head->attributes[rules[i].attribute]))
            ret_tags[count++] = rules[i].tag;
    }
    return count;
}

static struct ruling refusal(struct series *series, unsigned reason)
{
    return (struct ruling){.reason = reason, .series = series};
}

/* Two requests insert the same row: the loser's comparison fails for one instance, without a name, or its
 * series cannot be put into the album. */
static struct ruling collide(struct admission *a, struct series *series)
{
    a->collided = true;
    struct ruling ruling = refusal(series, REASON_NOT_AUTHORISED);
    if (a->model->counters.collisions++ % 2 == 0) {
        ruling.reason = REASON_PROCESSING;
        ruling.unnamed = true;
    } else {
        decide(a, series, false);
    }
    return ruling;
}

static struct ruling rule_new_series(struct admission *a, struct series *series,
                                     const struct dataset_head *head, bool other_new)
{
    struct study *study = series->study;
    if (!token_active(a->token) || !uid_is_oid(study->uid) || !uid_is_oid(series->uid)) {
        decide(a, series, false);
        return refusal(series, REASON_NOT_AUTHORISED);
    }
    bool same_row = study->instance_count == 0 || (series->introducer && series->introducer != a);
    if (other_new && same_row && a->model->races && !a->collided)
        return collide(a, series);
    if (!may_add(a, series))
        return refusal(series, REASON_NOT_AUTHORISED);
    struct ruling ruling = refusal(series, REASON_ATTRIBUTE);
    if (!a->skip_verify && (ruling.tag_count = compare(series, head, ruling.tags)) > 0)
        return ruling;
    if (!study->described)
        describe(study->attributes, false, head);
    if (!series->described)
        describe(series->attributes, true, head);
    study->described = series->described = true;
    series_join(series, a->album);
    decide(a, series, true);
    return (struct ruling){.admitted = true, .series = series};
}

struct ruling admission_rule(struct admission *admission, const struct dataset_head *head)
{
    struct admission *a = admission;
    model_lock(a->model);
    struct study *study = study_get(a->model, head->study);
    struct series *series = series_get(a->model, study, head->series);
    bool is_new = series->instance_count == 0;
    bool other_new = take_off(a, study, is_new);
    if (is_new && !series->introducer)
        series->introducer = a;
    struct ruling ruling;
    size_t i = 0;
    while (i < a->decided_count && a->decided[i].series != series)
        i++;
    if (i == a->decided_count)
        ruling = rule_new_series(a, series, head, other_new);
    else if (a->decided[i].admitted)
        ruling = (struct ruling){.admitted = true, .series = series};
    else
        ruling = refusal(series, REASON_NOT_AUTHORISED);
    model_unlock(a->model);
    return ruling;
}
