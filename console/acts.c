#include "console/acts.h"

#include <string.h>

static void add_field(json_t *fields, const char *name, const char *value)
{
    if (value)
        (void)json_array_append_new(fields,
                                    json_pack("{s:s, s:o}", "name", name, "value", json_from_text(value)));
}

void acts_add(json_t *object, const struct who *who, const char *verb, const char *label,
              const struct acts_about *about)
{
    json_t *acts = json_object_get(object, "acts");
    if (!acts) {
        acts = json_array();
        (void)json_object_set_new(object, "acts", acts);
    }
    if (!who->is_operator)
        return;
    json_t *fields = json_array();
    add_field(fields, "verb", verb);
    add_field(fields, "study", about->study);
    add_field(fields, "destination", about->destination);
    add_field(fields, "album", about->album);
    add_field(fields, "state", about->state);
    add_field(fields, "since", about->since);
    (void)json_array_append_new(acts, json_pack("{s:s, s:b, s:o}", "label", label, "is_harm",
                                                strcmp(verb, "drop") == 0, "fields", fields));
}

void acts_add_hold(json_t *target, const struct who *who)
{
    bool is_held = strcmp(json_text(target, "state"), "held") == 0;
    const struct acts_about about = {.destination = json_text_or_null(target, "destination"),
                                     .album = json_text_or_null(target, "album")};
    acts_add(target, who, is_held ? "release" : "hold", is_held ? "Release…" : "Hold…", &about);
}
