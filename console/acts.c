#include "console/acts.h"

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
    json_t *fields = json_array();
    add_field(fields, "verb", verb);
    add_field(fields, "study", about->study);
    add_field(fields, "destination", about->destination);
    add_field(fields, "album", about->album);
    add_field(fields, "state", about->state);
    add_field(fields, "since", about->since);
    (void)json_array_append_new(acts,
                                json_pack("{s:s, s:s, s:b, s:o}", "action", action, "label", label, "is_harm",
                                          verb && strcmp(verb, "drop") == 0, "fields", fields));
}

void acts_add(json_t *object, const struct who *who, const char *verb, const char *label,
              const struct acts_about *about)
{
    json_t *acts = acts_of(object);
    if (who->is_operator)
        add(acts, "/act", verb, label, about);
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
