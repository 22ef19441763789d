/* study - studies, their series, and the instances stored (model.h). */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "tests/kheops-sim/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct study *study_find(const struct model *model, const char *uid)
{
    return names_get(&model->studies_by_uid, uid);
}

struct study *study_get(struct model *model, const char *uid)
{
    struct study *study = study_find(model, uid);
    if (study)
        return study;
    study = memory_new(1, sizeof *study);
    snprintf(study->uid, sizeof study->uid, "%s", uid);
    model->studies =
        memory_grow(model->studies, &model->study_capacity, model->study_count + 1, sizeof *model->studies);
    model->studies[model->study_count++] = study;
    names_put(&model->studies_by_uid, study->uid, study);
    return study;
}

struct series *series_find(const struct study *study, const char *uid)
{
    for (size_t i = 0; i < study->series_count; i++)
        if (strcmp(study->series[i]->uid, uid) == 0)
            return study->series[i];
    return NULL;
}

struct series *series_get(struct model *model, struct study *study, const char *uid)
{
    struct series *series = series_find(study, uid);
    if (series)
        return series;
    series = memory_new(1, sizeof *series);
    snprintf(series->uid, sizeof series->uid, "%s", uid);
    series->study = study;
    study->series =
        memory_grow(study->series, &study->series_capacity, study->series_count + 1, sizeof *study->series);
    study->series[study->series_count++] = series;
    model->series_count++;
    return series;
}

struct instance *instance_find(const struct model *model, const char *sop)
{
    return names_get(&model->instances_by_uid, sop);
}

/* ---- rows ---- */

static void copy_attributes(char **held, bool of_series, const struct dataset_head *head)
{
    static const bool series_has[ATTRIBUTES] = {
#define X(name, tag, of_series, rule, most) of_series,
        ATTRIBUTE_MAP(X)
#undef X
    };
    for (int i = 0; i < ATTRIBUTES; i++)
        if (series_has[i] == of_series)
            held[i] = memory_string(head->attributes[i]);
}

void series_describe(struct model *model, struct series *series, const struct dataset_head *head)
{
    if (!series->study->described)
        copy_attributes(series->study->attributes, false, head);
    series->study->described = true;
    if (series->described)
        return;
    copy_attributes(series->attributes, true, head);
    series->described = true;
    if (!names_get(&model->series_by_uid, series->uid))
        names_put(&model->series_by_uid, series->uid, series);
}

struct series *series_described(const struct model *model, const char *uid)
{
    return names_get(&model->series_by_uid, uid);
}

/* The bytes of a character in UTF-8. */
static size_t character_length(const char *text)
{
    size_t length = 1;
    while (((unsigned char)text[length] & 0xC0) == 0x80)
        length++;
    return length;
}

/* As the PACS tells it: what did not fit its character set differs from what an instance says. */
static char *pacs_text(const struct model *model, const char *value)
{
    AUTO(text_release) struct text told = TEXT_EMPTY;
    for (size_t length; *value; value += length) {
        length = character_length(value);
        bool latin1 = length == 1 || (unsigned char)*value < 0xC4;
        if (length == 3 && memcmp(value, UTF8_REPLACEMENT, 3) == 0)
            text_append_char(&told, '?');
        else if (latin1 || !model->latin1)
            text_append_bytes(&told, value, length);
    }
    return told.length ? text_take(&told) : NULL;
}

static void tell(const struct model *model, char **attributes)
{
    for (int i = 0; i < ATTRIBUTES; i++) {
        char *told = attributes[i] ? pacs_text(model, attributes[i]) : NULL;
        free(attributes[i]);
        attributes[i] = told;
    }
}

void study_fetched(struct model *model, struct study *study)
{
    if (!study->told && study->described)
        tell(model, study->attributes);
    study->told = study->described;
    for (size_t i = 0; i < study->series_count; i++) {
        struct series *series = study->series[i];
        series->visible = series->instance_count > 0;
        if (series->instance_count == 0 || series->told)
            continue;
        if (series->described)
            tell(model, series->attributes);
        series->told = series->described;
    }
}

/* ---- instances ---- */

void instance_store(struct model *model, struct series *series, const struct arrival *arrival,
                    struct token *token)
{
    struct instance *instance = instance_find(model, arrival->sop);
    model->counters.stored++;
    if (instance) {
        instance->stored++;
        instance->changed += instance->digest != arrival->digest;
        if (model->overwrites) {
            instance->digest = arrival->digest;
            instance->size = arrival->size;
        }
        return;
    }
    instance = memory_new(1, sizeof *instance);
    snprintf(instance->sop, sizeof instance->sop, "%s", arrival->sop);
    snprintf(instance->sop_class, sizeof instance->sop_class, "%s", arrival->sop_class);
    snprintf(instance->transfer_syntax, sizeof instance->transfer_syntax, "%s", arrival->transfer_syntax);
    instance->size = arrival->size;
    instance->digest = arrival->digest;
    instance->stored = 1;
    instance->order = ++model->next_order;
    instance->token = token;
    series->instances = memory_grow(series->instances, &series->instance_capacity, series->instance_count + 1,
                                    sizeof *series->instances);
    series->instances[series->instance_count++] = instance;
    series->study->instance_count++;
    model->instance_count++;
    names_put(&model->instances_by_uid, instance->sop, instance);
}

struct member *series_member(const struct series *series, const struct album *album)
{
    for (size_t i = 0; i < series->member_count; i++)
        if (series->members[i].album == album)
            return &series->members[i];
    return NULL;
}

struct member *series_join(struct series *series, struct album *album)
{
    struct member *member = series_member(series, album);
    if (member)
        return member;
    series->members = memory_grow(series->members, &series->member_capacity, series->member_count + 1,
                                  sizeof *series->members);
    member = &series->members[series->member_count++];
    *member = (struct member){.album = album};
    return member;
}

void series_leave(struct series *series, const struct album *album)
{
    struct member *member = series_member(series, album);
    if (member)
        *member = series->members[--series->member_count];
}
