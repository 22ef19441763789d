#include "tests/kheops-sim/model.h"

#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

const char *kind_name(enum kind kind)
{
    static const char *const names[KINDS] = {
#define X(name, text) [KIND_##name] = text,
        KIND_MAP(X)
#undef X
    };
    return names[kind];
}

struct model *model_create(void)
{
    struct model *model = memory_new(1, sizeof *model);
    pthread_mutex_init(&model->mutex, NULL);
    model->races = true;
    return model;
}

static void release_attributes(char **attributes)
{
    for (int i = 0; i < ATTRIBUTES; i++)
        free(attributes[i]);
}

static void release_study(struct study *study)
{
    for (size_t i = 0; i < study->series_count; i++) {
        struct series *series = study->series[i];
        for (size_t k = 0; k < series->instance_count; k++)
            free(series->instances[k]);
        free(series->instances);
        free(series->members);
        release_attributes(series->attributes);
        free(series);
    }
    free(study->series);
    free(study->flights);
    release_attributes(study->attributes);
    free(study);
}

void model_destroy(struct model **model)
{
    struct model *m = *model;
    if (!m)
        return;
    for (size_t i = 0; i < m->study_count; i++)
        release_study(m->studies[i]);
    for (size_t i = 0; i < m->token_count; i++) {
        free(m->tokens[i]->text);
        free(m->tokens[i]);
    }
    for (size_t i = 0; i < m->album_count; i++) {
        free(m->albums[i]->name);
        free(m->albums[i]->id);
        free(m->albums[i]);
    }
    free(m->studies);
    free(m->tokens);
    free(m->albums);
    struct names *all[] = {&m->albums_by_name, &m->albums_by_id,  &m->tokens_by_text,
                           &m->studies_by_uid, &m->series_by_uid, &m->instances_by_uid};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        names_release(all[i]);
    pthread_mutex_destroy(&m->mutex);
    free(m);
    *model = NULL;
}

void model_lock(struct model *model)
{
    pthread_mutex_lock(&model->mutex);
}

void model_unlock(struct model *model)
{
    pthread_mutex_unlock(&model->mutex);
}
