/* state - what GET /sim/state and /sim/counts tell (call.h; README.md explains the members). */
#include "common/base/memory.h"
#include "tests/kheops-sim/server.h"

#include <stdlib.h>
#include <string.h>

/* Text of a data set for people: its character set is not ours to decode. */
static json_t *printable(const char *text)
{
    char *copy = memory_string(text ? text : "");
    for (char *c = copy; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    json_t *json = json_string(copy);
    free(copy);
    return json;
}

static json_t *big(uint64_t number)
{
    return json_integer((json_int_t)number);
}

static json_t *answers_json(const uint64_t *answers)
{
    json_t *json = json_object();
    char status[16];
    for (int i = 0; i < STATUS_MAX; i++) {
        if (!answers[i])
            continue;
        snprintf(status, sizeof status, "%d", i);
        json_object_set_new(json, i ? status : "dropped", big(answers[i]));
    }
    return json;
}

static json_t *counters_json(const struct model *model)
{
    const struct counters *counters = &model->counters;
    json_t *requests = json_object(), *answers = json_object(), *json = json_object();
    for (int kind = 0; kind < KINDS; kind++) {
        json_object_set_new(requests, kind_name((enum kind)kind), big(counters->requests[kind]));
        json_object_set_new(answers, kind_name((enum kind)kind), answers_json(counters->answers[kind]));
    }
    json_object_set_new(json, "requests", requests);
    json_object_set_new(json, "answers", answers);
    json_object_set_new(json, "bytes", big(counters->bytes));
    json_object_set_new(json, "stored", big(counters->stored));
    json_object_set_new(json, "instances", big(model->instance_count));
    json_object_set_new(json, "series", big(model->series_count));
    json_object_set_new(json, "studies", big(model->study_count));
    json_object_set_new(json, "collisions", big(counters->collisions));
    json_object_set_new(json, "late", big(counters->late));
    json_object_set_new(json, "doubled", big(counters->doubled));
    json_object_set_new(json, "expect_continue", big(counters->continues));
    json_object_set_new(json, "token_in_url", big(counters->token_in_url));
    json_object_set_new(json, "cut", big(counters->cut));
    json_object_set_new(json, "in_flight", big(counters->in_flight));
    json_object_set_new(json, "in_flight_max", big(counters->in_flight_max));
    json_object_set_new(json, "whole", big(counters->whole));
    return json;
}

static json_t *instance_json(const struct instance *instance)
{
    char digest[20];
    snprintf(digest, sizeof digest, "%016llx", (unsigned long long)instance->digest);
    return json_pack("{s:s, s:s, s:s, s:I, s:s, s:i, s:i, s:I, s:s}", "sop", instance->sop, "sop_class",
                     instance->sop_class, "transfer_syntax", instance->transfer_syntax, "size",
                     (json_int_t)instance->size, "digest", digest, "stored", (int)instance->stored, "changed",
                     (int)instance->changed, "order", (json_int_t)instance->order, "album",
                     instance->token->album ? instance->token->album->name : "");
}

static json_t *series_json(const struct series *series, bool with_instances)
{
    json_t *json = json_object(), *albums = json_array();
    unsigned long repeated = 0;
    for (size_t i = 0; i < series->instance_count; i++)
        repeated += series->instances[i]->stored - 1;
    for (size_t i = 0; i < series->member_count; i++)
        json_array_append_new(albums, json_string(series->members[i].album->name));
    json_object_set_new(json, "series", json_string(series->uid));
    json_object_set_new(json, "modality", printable(series->attributes[ATTRIBUTE_MODALITY]));
    json_object_set_new(json, "description", printable(series->attributes[ATTRIBUTE_SERIES_DESCRIPTION]));
    json_object_set_new(json, "number", printable(series->attributes[ATTRIBUTE_SERIES_NUMBER]));
    json_object_set_new(json, "instance_count", big(series->instance_count));
    json_object_set_new(json, "repeated", big(repeated));
    json_object_set_new(json, "visible", json_boolean(series->visible));
    json_object_set_new(json, "albums", albums);
    if (with_instances) {
        json_t *instances = json_array();
        for (size_t i = 0; i < series->instance_count; i++)
            json_array_append_new(instances, instance_json(series->instances[i]));
        json_object_set_new(json, "instances", instances);
    }
    return json;
}

static json_t *study_json(const struct study *study, bool with_instances)
{
    json_t *series = json_array();
    for (size_t i = 0; i < study->series_count; i++)
        json_array_append_new(series, series_json(study->series[i], with_instances));
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:o}", "study", study->uid, "instance_count",
                     (json_int_t)study->instance_count, "in_flight", (json_int_t)study->flight_count,
                     "in_flight_max", (json_int_t)study->in_flight_max, "unknown_in_flight_max",
                     (json_int_t)study->unknown_in_flight_max, "series", series);
}

static void append_members(json_t *list, const struct study *study, const struct album *album)
{
    for (size_t i = 0; i < study->series_count; i++) {
        const struct series *series = study->series[i];
        const struct member *member = series_member(series, album);
        if (member)
            json_array_append_new(list,
                                  json_pack("{s:s, s:s, s:I, s:i, s:i, s:i}", "study", study->uid, "series",
                                            series->uid, "instance_count", (json_int_t)series->instance_count,
                                            "puts", (int)member->puts, "early_puts", (int)member->early,
                                            "events", (int)member->events));
    }
}

static json_t *album_json(const struct model *model, const struct album *album)
{
    json_t *series = json_array();
    for (size_t i = 0; i < model->study_count; i++)
        append_members(series, model->studies[i], album);
    return json_pack("{s:s, s:s, s:o}", "name", album->name, "id", album->id, "series", series);
}

static json_t *token_json(const struct token *token)
{
    char scope[SCOPES_TEXT_SIZE];
    return json_pack("{s:s, s:s, s:s, s:b, s:I}", "token", token->text, "album",
                     token->album ? token->album->name : "", "scope", scopes_text(token->scopes, scope),
                     "active", (int)token_active(token), "uses", (json_int_t)token->uses);
}

json_t *state_json(struct sim *sim, bool with_instances)
{
    struct model *model = sim->model;
    json_t *albums = json_array(), *studies = json_array(), *tokens = json_array();
    model_lock(model);
    json_t *json = counters_json(model);
    for (size_t i = 0; i < model->album_count; i++)
        json_array_append_new(albums, album_json(model, model->albums[i]));
    for (size_t i = 0; i < model->study_count; i++)
        json_array_append_new(studies, study_json(model->studies[i], with_instances));
    for (size_t i = 0; i < model->token_count; i++)
        json_array_append_new(tokens, token_json(model->tokens[i]));
    model_unlock(model);
    json_object_set_new(json, "albums", albums);
    json_object_set_new(json, "studies_list", studies);
    json_object_set_new(json, "tokens", tokens);
    json_object_set_new(json, "faults", fault_list_json(sim->faults));
    json_object_set_new(json, "delay_ms", json_integer((json_int_t)atomic_load(&sim->delay_ms)));
    json_object_set_new(json, "away", json_boolean(server_is_away(sim->server)));
    return json;
}
