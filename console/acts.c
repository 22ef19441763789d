#include "console/acts.h"

#include "common/base/cleanup.h"
#include "common/jobs/line.h"

#include <string.h>

static void add_field(json_t *fields, const char *name, const char *value)
{
    if (value)
        (void)json_array_append_new(fields,
                                    json_pack("{s:s, s:o}", "name", name, "value", json_from_text(value)));
}

static json_t *acts_of(json_t *object)
{
    json_t *acts = json_object_get(object, "acts");
    if (acts)
        return acts;
    acts = json_array();
    (void)json_object_set_new(object, "acts", acts);
    return acts;
}

static void add(json_t *acts, const char *action, const char *verb, const char *label,
                const struct acts_about *about)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    json_t *fields = json_array();
    text_append_bytes(&reason, about->reason, line_reason_length(about->reason));
    const struct {
        const char *name, *value;
    } all[] = {{"verb", verb},
               {"study", about->study},
               {"destination", about->destination},
               {"album", about->album},
               {"state", about->state},
               {"since", about->since},
               {"reason", reason.length > 0 ? text_string(&reason) : NULL},
               {"calling_aet", about->calling_aet},
               {"called_aet", about->called_aet},
               {"job_kind", about->job_kind},
               {"http_status", about->http_status},
               {"line", about->line},
               {"source", about->source},
               {"anyway", about->anyway},
               {"from_kheops", about->from_kheops},
               {"now", about->now}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        add_field(fields, all[i].name, all[i].value);
    (void)json_array_append_new(
        acts, json_pack("{s:s, s:s, s:b, s:o}", "action", action, "label", label, "is_harm",
                        verb && (strcmp(verb, "drop") == 0 || strcmp(verb, "quarantine drop") == 0), "fields",
                        fields));
}

void acts_add(json_t *object, const struct who *who, const char *verb, const char *label,
              const struct acts_about *about)
{
    json_t *acts = acts_of(object);
    if (who->is_operator)
        add(acts, "/act", verb, label, about);
}

void acts_add_choice(json_t *object, const struct who *who, const char *verb, const char *label,
                     const struct acts_about *about, const char *said, const char *name, json_t *options)
{
    size_t count = json_array_size(acts_of(object));
    acts_add(object, who, verb, label, about);
    json_t *act = json_array_get(acts_of(object), count);
    if (act)
        (void)json_object_set_new(
            act, "choice", json_pack("{s:s, s:s, s:O}", "said", said, "name", name, "options", options));
    json_decref(options);
}

void acts_add_why(json_t *object, const char *label, const struct acts_about *about)
{
    add(acts_of(object), "/why", NULL, label, about);
}

void acts_add_hold(json_t *target, const struct who *who)
{
    bool is_held = strcmp(json_text(target, "state"), "held") == 0;
    const struct acts_about about = {.destination = json_text_or_null(target, "destination"),
                                     .album = json_text_or_null(target, "album")};
    acts_add(target, who, is_held ? "release" : "hold", is_held ? "Release…" : "Hold…", &about);
}

void acts_add_hold_source(json_t *row, const struct who *who, const char *aet, bool is_held)
{
    const struct acts_about about = {.source = aet};
    acts_add(row, who, is_held ? "release" : "hold", is_held ? "Release reports…" : "Hold reports…", &about);
}

void acts_add_line(json_t *row, const struct who *who)
{
    int64_t status = json_integer_value(json_object_get(row, "http_status"));
    AUTO(text_release) struct text http_status = TEXT_EMPTY;
    text_format(&http_status, "%lld", (long long)status);
    const struct acts_about about = {.destination = json_text_or_null(row, "destination"),
                                     .album = json_text_or_null(row, "album"),
                                     .state = json_text_or_null(row, "state"),
                                     .reason = json_text_or_null(row, "reason"),
                                     .job_kind = json_text_or_null(row, "job"),
                                     .http_status = status > 0 ? text_string(&http_status) : NULL,
                                     .line = "yes"};
    acts_add(row, who, "retry", "Retry…", &about);
    acts_add(row, who, "drop", "Drop…", &about);
}

void acts_add_quarantine(json_t *row, const struct who *who, const char *study)
{
    const struct acts_about about = {.study = study,
                                     .reason = json_text_or_null(row, "reason"),
                                     .calling_aet = json_text_or_null(row, "calling_aet"),
                                     .called_aet = json_text_or_null(row, "called_aet"),
                                     .line = "yes"};
    acts_add(row, who, "quarantine retry", "Take in again…", &about);
    acts_add(row, who, "quarantine deliver", "Send as it is…", &about);
    acts_add(row, who, "quarantine drop", "Drop…", &about);
}
