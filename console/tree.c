#include "console/tree.h"

#include "common/base/cleanup.h"
#include "common/base/text.h"

#include <string.h>

void tree_shape_verdict(json_t *object, const char *member)
{
    const json_t *verdict = json_object_get(object, member);
    (void)json_object_set_new(object, "is_yes", json_boolean(json_is_true(verdict)));
    (void)json_object_set_new(object, "is_no", json_boolean(json_is_false(verdict)));
    (void)json_object_set_new(object, "is_open", json_boolean(json_is_null(verdict)));
}

static void append_texts(const json_t *value, struct text *out)
{
    const json_t *texts = json_object_get(value, "texts");
    size_t shown = json_array_size(texts);
    int64_t total = json_integer_value(json_object_get(value, "total"));
    for (size_t i = 0; i < shown; i++)
        text_format(out, "%s“%s”", i > 0 ? ", " : "", json_string_value(json_array_get(texts, i)));
    if (total > (int64_t)shown)
        text_format(out, ", and %lld more", (long long)(total - (int64_t)shown));
}

/* "is absent": what a test saw there. */
static void shape_value(json_t *value)
{
    AUTO(text_release) struct text saw = TEXT_EMPTY;
    const char *unknown = json_text_or_null(value, "unknown");
    if (json_is_true(json_object_get(value, "hidden")))
        text_append(&saw, "is hidden: it may identify a patient");
    else if (json_is_true(json_object_get(value, "absent")))
        text_append(&saw, "is absent");
    else if (json_array_size(json_object_get(value, "texts")) > 0) {
        text_append(&saw, "is ");
        append_texts(value, &saw);
    } else if (!unknown)
        text_append(&saw, "is there");
    if (unknown)
        text_format(&saw, "%sis not known: %s", saw.length > 0 ? ", and a further one " : "", unknown);
    (void)json_object_set_new(value, "saw", json_from_text(text_string(&saw)));
}

/* A line that is deeper than the one before opens a list; those that are not close what is open. */
static void shape_line(json_t *line, int64_t next_depth)
{
    int64_t depth = json_integer_value(json_object_get(line, "depth"));
    const char *kind = json_text(line, "kind");
    json_t *value, *closes = json_array();
    size_t index;
    for (int64_t i = next_depth; i < depth; i++)
        (void)json_array_append_new(closes, json_true());
    if (json_object_get(line, "verdict"))
        tree_shape_verdict(line, "verdict");
    (void)json_object_set_new(line, "opens", json_boolean(next_depth > depth));
    (void)json_object_set_new(line, "closes", closes);
    (void)json_object_set_new(line, "is_part",
                              json_boolean(strcmp(kind, "test") == 0 || strcmp(kind, "constant") == 0));
    if (!json_object_get(line, "values"))
        (void)json_object_set_new(line, "values", json_array());
    json_array_foreach(json_object_get(line, "values"), index, value)
    {
        if (json_object_get(value, "texts"))
            shape_value(value);
    }
}

void tree_shape(json_t *lines)
{
    json_t *line;
    size_t index;
    json_array_foreach(lines, index, line)
    {
        const json_t *next = json_array_get(lines, index + 1);
        shape_line(line, next ? json_integer_value(json_object_get(next, "depth")) : 0);
    }
}
