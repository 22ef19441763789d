#include "common/condition/explain_json.h"

json_t *explain_json_verdict(enum condition_verdict verdict)
{
    return verdict == CONDITION_UNDECIDED ? json_null() : json_boolean(verdict == CONDITION_TRUE);
}

static json_t *value_json(const struct explain_value *value)
{
    json_t *texts = json_array();
    for (size_t i = 0; i < value->text_count; i++)
        (void)json_array_append_new(texts, json_from_text(value->texts[i]));
    return json_pack("{s:s, s:o, s:I, s:b, s:b, s:o}", "name", value->name, "texts", texts, "total",
                     (json_int_t)value->total, "absent", value->absent && !value->unknown, "hidden",
                     value->hidden, "unknown", json_from_text(value->unknown));
}

const char *explain_json_kind(enum explain_kind kind)
{
    const char *name = explain_kind_text(kind);
    if (name)
        return name;
    return kind == EXPLAIN_TEST ? "test" : "constant";
}

json_t *explain_json_line(const struct explain_line *line)
{
    json_t *object = json_pack("{s:s, s:o, s:o}", "kind", explain_json_kind(line->kind), "verdict",
                               explain_json_verdict(line->verdict), "text", json_from_text(line->text));
    if (line->value_count == 0)
        return object;
    json_t *values = json_array();
    for (size_t i = 0; i < line->value_count; i++)
        (void)json_array_append_new(values, value_json(&line->values[i]));
    (void)json_object_set_new(object, "values", values);
    return object;
}

json_t *explain_json_lines(const struct explanation *explanation)
{
    json_t *lines = json_array();
    for (size_t i = 0; i < explanation->line_count; i++) {
        json_t *line = explain_json_line(&explanation->lines[i]);
        (void)json_object_set_new(line, "depth", json_integer(explanation->lines[i].depth));
        (void)json_array_append_new(lines, line);
    }
    return lines;
}
