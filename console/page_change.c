/* page_change - what an operator wants done: what it would do, how far it is, what came of it. */
#include "common/base/cleanup.h"
#include "console/acts.h"
#include "console/errands.h"
#include "console/page.h"

#include <string.h>

static bool is_in(const json_t *document, const char *phase)
{
    return strcmp(json_text(document, "phase"), phase) == 0;
}

static void append_headline(const json_t *document, struct text *out)
{
    int64_t count = json_integer_value(json_object_get(document, "count"));
    if (is_in(document, "counting"))
        text_append(out, "Counting what this would change");
    else if (is_in(document, "counted") && count == 0)
        text_append(out, "Nothing would change");
    else if (is_in(document, "counted"))
        text_format(out, "%s?", json_text(document, "button"));
    else if (is_in(document, "under way"))
        text_append(out, "The router does it");
    else if (is_in(document, "done"))
        text_append(out, "Done");
    else if (is_in(document, "refused"))
        text_append(out, "The router refused it, and nothing was changed");
    else
        text_append(out, "The router did not answer");
}

static json_t *read_change(const struct page_question *question)
{
    AUTO(text_release) struct text headline = TEXT_EMPTY;
    AUTO(json_release)
    json_t *errand = question->errands ? errands_read(question->errands, question->asked->item) : NULL;
    if (!errand) {
        text_append(question->reason,
                    "Nothing of this name is known any more; the journal has what was done.");
        *question->status = 404;
        return NULL;
    }
    json_t *document = page_document(question, "change");
    append_headline(errand, &headline);
    (void)json_object_set_new(document, "headline", json_from_text(text_string(&headline)));
    (void)json_object_update_missing(document, errand);
    return document;
}

/* The other way to do it: files in quarantine can be removed at once. */
static void add_other(const struct page_question *question, json_t *document)
{
    const struct acts_about about = {.reason = json_text_or_null(document, "reason"),
                                     .calling_aet = json_text_or_null(document, "calling_aet"),
                                     .called_aet = json_text_or_null(document, "called_aet"),
                                     .line = json_is_true(json_object_get(document, "line")) ? "yes" : NULL,
                                     .study = json_text_or_null(document, "study"),
                                     .now = "yes"};
    bool is_one = about.reason || about.calling_aet || about.study || about.line;
    if (strcmp(json_text(document, "verb"), "quarantine drop") == 0 && is_one && is_in(document, "counted") &&
        json_integer_value(json_object_get(document, "count")) > 0 &&
        !json_is_true(json_object_get(document, "now")))
        acts_add(document, question->who, "quarantine drop", "Remove for good instead…", &about);
}

static void shape_change(const struct page_question *question, json_t *document)
{
    bool is_counted = is_in(document, "counted");
    int64_t count = json_integer_value(json_object_get(document, "count"));
    const char *verb = json_text(document, "verb");
    (void)json_object_set_new(document, "can_go",
                              json_boolean(is_counted && count > 0 && question->who->is_operator));
    (void)json_object_set_new(document, "is_harm",
                              json_boolean(strcmp(verb, "drop") == 0 ||
                                           strcmp(verb, "quarantine drop") == 0 ||
                                           json_is_true(json_object_get(document, "anyway"))));
    add_other(question, document);
    (void)json_object_set_new(document, "is_open",
                              json_boolean(is_in(document, "counting") || is_in(document, "under way")));
    (void)json_object_set_new(document, "is_bad",
                              json_boolean(is_in(document, "refused") || is_in(document, "unreachable")));
    (void)json_object_set_new(document, "is_done", json_boolean(is_in(document, "done")));
}

const struct page page_change = {.name = "change",
                                 .title = "Change",
                                 .has_item = true,
                                 .parameters = "",
                                 .read = read_change,
                                 .shape = shape_change};
