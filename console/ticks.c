#include "console/ticks.h"

#include "common/base/cleanup.h"
#include "console/chosen.h"
#include "console/verdict.h"

static int64_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* Whether there is a bar: for who may do something, where there is something to choose. */
static void allow(const struct page_question *question, json_t *document, size_t lines)
{
    (void)json_object_set_new(document, "may_choose", json_boolean(question->who->is_operator && lines > 0));
}

static void add_line(json_t *row)
{
    char name[CHOSEN_NAME_SIZE];
    AUTO(text_release) struct text label = TEXT_EMPTY;
    bool is_files = !json_text_or_null(row, "state");
    text_append(&label, "Choose ");
    page_append_count(&label, number_of(row, "count"), is_files ? "file" : "job",
                      is_files ? "files" : "jobs");
    text_append(&label, is_files ? " from " : " to ");
    if (is_files)
        text_append(&label, json_text(row, "calling_aet"));
    else
        page_append_target(&label, json_text(row, "destination"), json_text_or_null(row, "album"));
    text_format(&label, ": %s", json_text(row, "reason"));
    chosen_name(row, name);
    (void)json_object_set_new(row, "pick", json_string(name));
    (void)json_object_set_new(row, "pick_label", json_from_text(text_string(&label)));
    (void)json_object_set_new(row, "pick_count", json_integer(number_of(row, "count")));
    (void)json_object_set_new(row, "can", json_string("retry drop"));
}

void ticks_add_lines(const struct page_question *question, json_t *document)
{
    static const char *const lists[] = {"groups", "quarantine"};
    size_t lines = 0, index;
    json_t *row;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        lines += json_array_size(json_object_get(document, lists[i]));
        json_array_foreach(json_object_get(document, lists[i]), index, row) add_line(row);
    }
    (void)json_object_set_new(document, "picks_of", json_string("trouble"));
    allow(question, document, lines);
}

static void add_choices(const struct config_destination *destination, json_t *choices)
{
    for (size_t a = 0; a < destination->album_count; a++) {
        AUTO(text_release) struct text value = TEXT_EMPTY;
        page_append_target(&value, destination->name, destination->albums[a].name);
        (void)json_array_append_new(choices, json_pack("{s:s}", "value", text_string(&value)));
    }
}

void ticks_add_studies(const struct page_question *question, json_t *document)
{
    json_t *choices = json_array(), *study;
    size_t index;
    json_array_foreach(json_object_get(document, "studies"), index, study)
    {
        AUTO(text_release) struct text label = TEXT_EMPTY;
        int64_t failed = verdict_count_failed(json_object_get(study, "goals"), true) +
                         verdict_count_failed(json_object_get(study, "goals"), false);
        text_format(&label, "Choose study %s", json_text(study, "study"));
        (void)json_object_set(study, "pick", json_object_get(study, "study"));
        (void)json_object_set_new(study, "pick_label", json_from_text(text_string(&label)));
        (void)json_object_set_new(study, "pick_count", json_integer(failed));
        (void)json_object_set_new(study, "can", json_string(failed > 0 ? "retry drop reshare" : "reshare"));
    }
    for (size_t n = 0; n < question->config->node_count; n++)
        for (size_t d = 0; d < question->config->nodes[n].destination_count; d++)
            add_choices(&question->config->nodes[n].destinations[d], choices);
    (void)json_object_set_new(document, "choices", choices);
    (void)json_object_set_new(document, "picks_of", json_string("studies"));
    allow(question, document, json_array_size(json_object_get(document, "studies")));
}
