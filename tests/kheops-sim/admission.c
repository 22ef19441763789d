#include "tests/kheops-sim/admission.h"

#include "common/base/memory.h"
#include "common/dicom/uid.h"

#include <stdlib.h>
#include <string.h>

/* What this request needs not ask again: instances of the series with that set of attributes are let in, or (set
 * 0) none of the series is. */
struct decided {
    struct series *series;
    uint64_t set;
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
    size_t new_series;
};

static const struct rule {
    enum attribute attribute;
    uint32_t tag;
    bool of_series;
    enum attribute_rule rule;
    size_t most;
} rules[] = {
#define X(name, tag, of_series, rule, most) {ATTRIBUTE_##name, tag, of_series, ATTRIBUTE_##rule, most},
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
    if (study->creator == request)
        study->creator = NULL;
    for (size_t i = 0; i < study->series_count; i++)
        if (study->series[i]->introducer == request)
            study->series[i]->introducer = NULL;
    for (size_t i = 0; i < study->flight_count; i++)
        if (study->flights[i].request == request) {
            study->flights[i] = study->flights[--study->flight_count];
            return;
        }
}

void admission_land(struct admission *admission)
{
    model_lock(admission->model);
    for (size_t i = 0; i < admission->study_count; i++)
        land(admission->studies[i], admission);
    model_unlock(admission->model);
}

void admission_destroy(struct admission **admission)
{
    struct admission *a = *admission;
    if (!a)
        return;
    admission_land(a);
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

/* Registers the request with the study and measures. */
static void take_off(struct admission *a, struct study *study)
{
    struct flight *mine = flight_of(a, study);
    mine->introduces |= study->instance_count == 0;
    bool any_new = false;
    for (size_t i = 0; i < study->flight_count; i++)
        any_new |= study->flights[i].introduces;
    if (study->flight_count > study->in_flight_max)
        study->in_flight_max = study->flight_count;
    if (any_new && study->flight_count > study->unknown_in_flight_max)
        study->unknown_in_flight_max = study->flight_count;
}

static void decide(struct admission *a, struct series *series, uint64_t set, bool admitted)
{
    a->decided = memory_grow(a->decided, &a->decided_capacity, a->decided_count + 1, sizeof *a->decided);
    a->decided[a->decided_count++] = (struct decided){series, set, admitted};
}

static const struct decided *find_decision(const struct admission *a, const struct series *series,
                                           uint64_t set)
{
    for (size_t i = a->decided_count; i-- > 0;)
        if (a->decided[i].series == series && (!a->decided[i].admitted || a->decided[i].set == set))
            return &a->decided[i];
    return NULL;
}

/* Only an album that has the series, or any album while no other one has it. */
static bool may_add(const struct admission *a, const struct series *series)
{
    return series->member_count == 0 || series_member(series, a->album) != NULL;
}

/* ---- comparing ---- */

static size_t name_length(const char *name)
{
    size_t length = strlen(name);
    while (length > 0 && name[length - 1] == '^')
        length--;
    return length;
}

static bool same_name(const char *a, const char *b)
{
    size_t length = name_length(a);
    return length == name_length(b) && memcmp(a, b, length) == 0;
}

/* NULL where there is no value. */
static bool matches(const struct rule *rule, const char *held, const char *offered)
{
    const char *a = held ? held : "", *b = offered ? offered : "";
    switch (rule->rule) {
    case ATTRIBUTE_LOOSE:
        return !*b || strcmp(a, b) == 0;
    case ATTRIBUTE_NAME:
        return name_length(b) == 0 || same_name(a, b);
    case ATTRIBUTE_NUMBER:
        return strtol(a, NULL, 10) == strtol(b, NULL, 10);
    default:
        return strcmp(a, b) == 0;
    }
}

static size_t compare(const struct series *series, const struct dataset_head *head, uint32_t *ret_tags)
{
    size_t count = 0;
    for (size_t i = 0; i < RULES; i++) {
        bool known = rules[i].of_series ? series->described : series->study->described;
        char *const *held = rules[i].of_series ? series->attributes : series->study->attributes;
        enum attribute attribute = rules[i].attribute;
        if (known && !matches(&rules[i], held[attribute], head->attributes[attribute]))
            ret_tags[count++] = rules[i].tag;
    }
    return count;
}

static size_t characters(const char *text)
{
    size_t count = 0;
    for (; text && *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

/* Whether the rows that KHEOPS has to make for it fit into its database. */
static bool rows_fit(const struct series *series, const struct dataset_head *head)
{
    for (size_t i = 0; i < RULES; i++) {
        bool known = rules[i].of_series ? series->described : series->study->described;
        if (!known && rules[i].most && characters(head->attributes[rules[i].attribute]) > rules[i].most)
            return false;
    }
    return true;
}

/* ---- ruling ---- */

static struct ruling refusal(struct series *series, unsigned reason)
{
    return (struct ruling){.reason = reason, .series = series};
}

static struct ruling unnamed(struct series *series)
{
    return (struct ruling){.reason = REASON_PROCESSING, .unnamed = true, .series = series};
}

/* Two requests make the same row: that of a study fails without a name; with that of a series it fails so, or the
 * series cannot be put into the album. */
static bool collides(struct admission *a, struct series *series, struct ruling *ret_ruling)
{
    struct study *study = series->study;
    bool same_study = study->instance_count == 0 && study->creator && study->creator != a;
    bool same_series = series->introducer && series->introducer != a;
    if (!a->model->races || a->collided || (!same_study && !same_series))
        return false;
    a->collided = true;
    *ret_ruling = unnamed(series);
    if (a->model->counters.collisions++ % 2 == 1 && !same_study) {
        *ret_ruling = refusal(series, REASON_NOT_AUTHORISED);
        decide(a, series, 0, false);
    }
    return true;
}

static struct ruling let_in(struct admission *a, struct series *series, const struct dataset_head *head)
{
    a->new_series += !series_member(series, a->album);
    series_describe(a->model, series, head);
    series_join(series, a->album);
    decide(a, series, head->set, true);
    return (struct ruling){.admitted = true, .series = series};
}

/* KHEOPS asks itself about a set of attributes that this request has not had yet. */
static struct ruling rule_new_set(struct admission *a, struct series *series, const struct dataset_head *head)
{
    struct ruling ruling = refusal(series, REASON_NOT_AUTHORISED);
    if (!token_active(a->token) || !uid_is_oid(head->study) || !uid_is_oid(head->series)) {
        decide(a, series, 0, false);
        return ruling;
    }
    if (collides(a, series, &ruling) || !may_add(a, series))
        return ruling;
    if (a->model->stale_connection) {
        a->model->stale_connection = false;
        return unnamed(series);
    }
    struct series *namesake = series_described(a->model, series->uid);
    if ((namesake && namesake != series) || (!a->skip_verify && !rows_fit(series, head)))
        return unnamed(series);
    if (!a->skip_verify && (ruling.tag_count = compare(series, head, ruling.tags)) > 0) {
        ruling.reason = REASON_ATTRIBUTE;
        return ruling;
    }
    return let_in(a, series, head);
}

struct ruling admission_rule(struct admission *admission, const struct dataset_head *head)
{
    struct admission *a = admission;
    model_lock(a->model);
    struct study *study = study_get(a->model, head->study);
    struct series *series = series_get(a->model, study, head->series);
    bool is_new = series->instance_count == 0;
    take_off(a, study);
    if (is_new && !series->introducer)
        series->introducer = a;
    if (study->instance_count == 0 && !study->creator)
        study->creator = a;
    const struct decided *decided = find_decision(a, series, head->set);
    struct ruling ruling = refusal(series, REASON_NOT_AUTHORISED);
    if (!decided)
        ruling = rule_new_set(a, series, head);
    else if (decided->admitted)
        ruling = (struct ruling){.admitted = true, .series = series};
    model_unlock(a->model);
    return ruling;
}

size_t admission_new_series(const struct admission *admission)
{
    return admission->new_series;
}
