/* page_sources - who sends, who is silent, who is turned away? */
#include "common/base/cleanup.h"
#include "common/jobs/requester.h"
#include "common/jobs/show.h"
#include "common/view/details.h"
#include "console/acts.h"
#include "console/page.h"
#include "console/sorting.h"

#include <string.h>

/* So many of the newest instances are looked at: what a page may cost. */
enum { LOOKS = 50000 };

static const struct sorting_column columns[] = {
    {"AE title", "aet", "calling_aet", false, false},
    {"State", "state", "state", false, false},
    {"Address", "address", "source_address", false, false},
    {"Calls", "calls", "called_aet", false, false},
    {"Last seen", "seen", "last_received_at", false, true},
    {"Studies", "studies", "studies", true, true},
    {"Images", "images", "instances", true, true},
    {"Size", "size", "bytes", true, true},
    {"Quarantined", "quarantined", "quarantined", true, true},
};
static const struct sorting_table table = {"/sources", columns, sizeof columns / sizeof *columns, "seen", ""};

static int64_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* Whether one of the first rows is of that title. */
static bool has_sent(const json_t *sources, size_t rows, const char *aet)
{
    json_t *source;
    size_t index;
    json_array_foreach(sources, index, source)
    {
        if (index < rows && strcmp(json_text(source, "calling_aet"), aet) == 0)
            return true;
    }
    return false;
}

/* The configuration admits it, and nothing of the newest is from it. */
static void add_silent(const struct config_node *node, const struct config_source *admitted, json_t *sources)
{
    if (!has_sent(sources, json_array_size(sources), admitted->aet))
        (void)json_array_append_new(sources, json_pack("{s:s, s:o, s:s, s:i, s:i, s:i, s:i, s:o, s:o, s:s}",
                                                       "calling_aet", admitted->aet, "source_address",
                                                       json_from_text(admitted->host), "called_aet",
                                                       node->aet, "instances", 0, "studies", 0, "bytes", 0,
                                                       "quarantined", 0, "first_received_at", json_null(),
                                                       "last_received_at", json_null(), "state", "silent"));
}

/* Whether it takes reports on storage commitment: "taken", "held" by an operator, or NULL: it has no port and never asked. */
static const char *reports_of(const struct page_question *question, const char *aet)
{
    if (jobdb_source_is_held(question->db, aet))
        return "held";
    for (size_t n = 0; n < question->config->node_count; n++)
        if (config_find_requester(&question->config->nodes[n], aet))
            return "taken";
    return jobdb_has_asked(question->db, aet) ? "taken" : NULL;
}

/* In the order of the last one; the silent behind them. */
static json_t *read_rows(const struct page_question *question, int64_t last)
{
    json_t *sources = details_ask(question->db, JOBDB_ASK_SENDERS, NULL, NULL, last - LOOKS), *source;
    size_t index;
    json_array_foreach(sources, index, source)(void) json_object_set_new(
        source, "state", json_string(number_of(source, "quarantined") > 0 ? "quarantined" : "active"));
    for (size_t n = 0; n < question->config->node_count; n++) {
        const struct config_node *node = &question->config->nodes[n];
        for (size_t s = 0; s < node->source_count; s++)
            add_silent(node, &node->sources[s], sources);
    }
    json_array_foreach(sources, index, source)(void) json_object_set_new(
        source, "reports", json_from_text(reports_of(question, json_text(source, "calling_aet"))));
    return sources;
}

static json_t *read_sources(const struct page_question *question)
{
    AUTO(text_release) struct text headline = TEXT_EMPTY;
    struct sorting sorting;
    if (!sorting_take(question, &table, &sorting))
        return NULL;
    AUTO(json_release) json_t *newest = details_ask(question->db, JOBDB_ASK_LAST_INSTANCE, NULL, NULL, 0);
    AUTO(json_release) json_t *around = json_object();
    json_t *document = page_document(question, "sources"), *source;
    json_t *sources = read_rows(question, number_of(json_array_get(newest, 0), "id"));
    size_t index;
    int64_t sent = 0, images = 0;
    json_array_foreach(sources, index, source)
    {
        sent +=
            number_of(source, "instances") > 0 && !has_sent(sources, index, json_text(source, "calling_aet"));
        images += number_of(source, "instances");
    }
    page_append_count(&headline, sent, "source sent the newest ", "sources sent the newest ");
    page_append_count(&headline, images, "image that is remembered", "images that are remembered");
    (void)json_object_set_new(document, "headline",
                              json_string(sent > 0 ? text_string(&headline) : "Nothing was received yet"));
    (void)json_object_set_new(document, "sources", sources);
    sorting_sort(&sorting, sources);
    details_write_times(document);
    surroundings_add_json(question->around, around);
    (void)json_object_set(document, "rejections", json_object_get(around, "rejections"));
    (void)json_object_set(document, "quarantine_overfull", json_object_get(around, "quarantine_overfull"));
    return document;
}

static void shape_sources(const struct page_question *question, json_t *document)
{
    json_t *source;
    size_t index;
    bool has_reports = false;
    (void)json_object_set_new(document, "heads", sorting_heads(question, &table));
    json_array_foreach(json_object_get(document, "sources"), index, source)
    {
        const char *aet = json_text(source, "calling_aet"), *reports = json_text_or_null(source, "reports");
        bool is_held = reports && strcmp(reports, "held") == 0;
        has_reports = has_reports || reports;
        (void)json_object_set_new(source, "reports_held", json_boolean(is_held));
        if (reports && !has_sent(json_object_get(document, "sources"), index, aet))
            acts_add_hold_source(source, question->who, aet, is_held);
        AUTO(text_release) struct text link = TEXT_EMPTY;
        asked_append_encoded(json_text(source, "calling_aet"), &link);
        (void)json_object_set_new(source, "link", json_string(text_string(&link)));
    }
    (void)json_object_set_new(document, "has_reports", json_boolean(has_reports));
}

const struct page page_sources = {.name = "sources",
                                  .title = "Sources",
                                  .parameters = SORTING_PARAMETERS,
                                  .rows = "sources",
                                  .read = read_sources,
                                  .shape = shape_sources};
