/* page_why - what the condition of an album, or of a destination, says of a study, part by part. The router was asked
 * (router/explain.h): the console reads no headers. */
#include "common/base/cleanup.h"
#include "console/errands.h"
#include "console/page.h"
#include "console/tree.h"

#include <string.h>

/* ---- the document ---- */

static int64_t count_verdicts(const json_t *groups, bool is_true)
{
    int64_t count = 0;
    json_t *group;
    size_t index;
    json_array_foreach(groups, index, group)
    {
        const json_t *verdict = json_object_get(group, "verdict");
        if (is_true ? json_is_true(verdict) : json_is_null(verdict))
            count += json_integer_value(json_object_get(group, "instances"));
    }
    return count;
}

static void append_result(const json_t *explained, struct text *out)
{
    const json_t *groups = json_object_get(explained, "groups");
    int64_t asked = json_integer_value(json_object_get(explained, "asked"));
    int64_t yes = count_verdicts(groups, true), open = count_verdicts(groups, false);
    if (json_is_null(json_object_get(explained, "condition"))) {
        text_append(out, "it has no condition: it takes every image");
    } else if (asked == 0) {
        text_append(out, "no image of this study is known there");
    } else {
        text_append(out, "its condition holds for ");
        text_append_count(out, yes);
        text_append(out, " of ");
        page_append_count(out, asked, "image", "images");
        if (open > 0) {
            text_append(out, ", and cannot be decided for ");
            text_append_count(out, open);
        }
    }
}

static void append_headline(const json_t *errand, struct text *out)
{
    const char *phase = json_text(errand, "phase");
    page_append_target(out, json_text(errand, "destination"), json_text_or_null(errand, "album"));
    text_append(out, ": ");
    if (strcmp(phase, "under way") == 0)
        text_append(out, "the router reads headers");
    else if (strcmp(phase, "done") == 0)
        append_result(json_object_get(errand, "explained"), out);
    else
        text_append(out,
                    strcmp(phase, "refused") == 0 ? "the router refused it" : "the router did not answer");
}

static json_t *read_why(const struct page_question *question)
{
    static const char *const copied[] = {"phase", "study", "destination", "album"}, *const told[] = {
                                                                                        "condition", "asked",
                                                                                        "more", "groups"};
    AUTO(text_release) struct text headline = TEXT_EMPTY;
    AUTO(json_release)
    json_t *errand = question->errands ? errands_read_why(question->errands, question->asked->item) : NULL;
    if (!errand) {
        text_append(question->reason, "Nobody asks this any more. Ask again, at the study.");
        *question->status = 404;
        return NULL;
    }
    json_t *document = page_document(question, "why"), *explained = json_object_get(errand, "explained");
    append_headline(errand, &headline);
    (void)json_object_set_new(document, "headline", json_from_text(text_string(&headline)));
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
        (void)json_object_set(document, copied[i], json_object_get(errand, copied[i]));
    (void)json_object_set_new(document, "sentence",
                              json_is_null(explained) ? json_incref(json_object_get(errand, "sentence"))
                                                      : json_null());
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        json_t *value = json_object_get(explained, told[i]);
        (void)json_object_set_new(document, told[i], value ? json_incref(value) : json_null());
    }
    if (json_is_null(json_object_get(document, "groups")))
        (void)json_object_set_new(document, "groups", json_array());
    return document;
}

/* ---- for its template ---- */

static void shape_group(json_t *group)
{
    tree_shape_verdict(group, "verdict");
    (void)json_object_set_new(group, "is_row", json_boolean(strcmp(json_text(group, "read"), "row") == 0));
    tree_shape(json_object_get(group, "lines"));
}

static void shape_why(const struct page_question *question, json_t *document)
{
    const char *phase = json_text(document, "phase");
    json_t *group;
    size_t index;
    (void)question;
    (void)json_object_set_new(document, "is_done", json_boolean(strcmp(phase, "done") == 0));
    json_array_foreach(json_object_get(document, "groups"), index, group) shape_group(group);
}

const struct page page_why = {.name = "why",
                              .title = "Why",
                              .has_item = true,
                              .parameters = "",
                              .rows = "groups",
                              .read = read_why,
                              .shape = shape_why};
