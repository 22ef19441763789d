/* page_try - the forms to try something: another condition for a destination or album, or a file. What comes of it is
 * page_tried.c's. */
#include "common/base/cleanup.h"
#include "common/condition/condition.h"
#include "console/page.h"

#include <string.h>

static void add_target(json_t *targets, const struct config_destination *destination,
                       const struct config_album *album)
{
    const struct condition *condition = album ? album->condition : destination->condition;
    (void)json_array_append_new(
        targets, json_pack("{s:o, s:o, s:o}", "destination", json_from_text(destination->name), "album",
                           json_from_text(album ? album->name : NULL), "condition_text",
                           json_from_text(condition ? condition_text(condition) : NULL)));
}

static json_t *targets_of(const struct config *config)
{
    json_t *targets = json_array();
    for (size_t i = 0; i < config->node_count; i++) {
        const struct config_node *node = &config->nodes[i];
        for (size_t j = 0; j < node->destination_count; j++) {
            add_target(targets, &node->destinations[j], NULL);
            for (size_t k = 0; k < node->destinations[j].album_count; k++)
                add_target(targets, &node->destinations[j], &node->destinations[j].albums[k]);
        }
    }
    return targets;
}

/* The one that the address names. NULL: it names none that there is. */
static const json_t *chosen_of(const struct page_question *question, const json_t *targets)
{
    const char *destination = asked_get(question->asked, "destination"),
               *album = asked_get(question->asked, "album");
    for (size_t i = 0; destination && i < json_array_size(targets); i++) {
        const json_t *target = json_array_get(targets, i);
        const char *name = json_text_or_null(target, "album");
        bool is_album = album ? name && strcmp(name, album) == 0 : !name;
        if (is_album && strcmp(json_text(target, "destination"), destination) == 0)
            return target;
    }
    return NULL;
}

static json_t *read_try(const struct page_question *question)
{
    AUTO(text_release) struct text headline = TEXT_EMPTY;
    bool is_chosen = asked_get(question->asked, "destination") || asked_get(question->asked, "album");
    json_t *targets = targets_of(question->config);
    const json_t *chosen = chosen_of(question, targets);
    if (is_chosen && !chosen) {
        json_decref(targets);
        text_append(question->reason, "The configuration names no such destination or album.");
        *question->status = 404;
        return NULL;
    }
    json_t *document = page_document(question, "try");
    text_append(&headline, chosen ? "Try another condition for " : "Try a file, or another condition");
    if (chosen)
        page_append_target(&headline, json_text(chosen, "destination"), json_text_or_null(chosen, "album"));
    (void)json_object_set_new(document, "headline", json_from_text(text_string(&headline)));
    (void)json_object_set_new(document, "destination",
                              json_from_text(chosen ? json_text(chosen, "destination") : NULL));
    (void)json_object_set_new(document, "album",
                              json_from_text(chosen ? json_text_or_null(chosen, "album") : NULL));
    (void)json_object_set_new(document, "condition_text",
                              json_from_text(chosen ? json_text_or_null(chosen, "condition_text") : NULL));
    (void)json_object_set_new(document, "targets", targets);
    return document;
}

static void add_link(json_t *target)
{
    AUTO(text_release) struct text link = TEXT_EMPTY, name = TEXT_EMPTY;
    const char *album = json_text_or_null(target, "album");
    text_append(&link, "/try?destination=");
    asked_append_encoded(json_text(target, "destination"), &link);
    if (album) {
        text_append(&link, "&album=");
        asked_append_encoded(album, &link);
    }
    page_append_target(&name, json_text(target, "destination"), album);
    (void)json_object_set_new(target, "link", json_from_text(text_string(&link)));
    (void)json_object_set_new(target, "name", json_from_text(text_string(&name)));
}

static void shape_try(const struct page_question *question, json_t *document)
{
    json_t *target;
    size_t index;
    (void)question;
    json_array_foreach(json_object_get(document, "targets"), index, target) add_link(target);
    (void)json_object_set(document, "expression", json_object_get(document, "condition_text"));
}

const struct page page_try = {.name = "try",
                              .title = "Try",
                              .is_aside = true,
                              .parameters = "destination album",
                              .rows = "targets",
                              .read = read_try,
                              .shape = shape_try};
