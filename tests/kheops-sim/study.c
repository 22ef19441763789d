/* study - studies, their series, and the instances stored (model.h). */
#include "common/base/memory.h"
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

void instance_store(struct model *model, struct series *series, const struct arrival *arrival,
                    struct token *token)
{
    struct instance *instance = instance_find(model, arrival->sop);
    model->counters.stored++;
    if (instance) {
        instance->stored++;
        instance->changed += instance->digest != arrival->digest;
        instance->digest = arrival->digest;
        instance->size = arrival->size;
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
