/* page_studies - did it arrive, and where is it? */
#include "common/base/cleanup.h"
#include "common/jobs/newest.h"
#include "common/view/lookup.h"
#include "common/view/rows.h"
#include "console/clerk.h"
#include "console/page.h"
#include "console/sorting.h"
#include "console/ticks.h"
#include "console/verdict.h"

#include <string.h>

enum { ROWS = 50, LOOKS = 200000, READS = 300 };

static const struct span {
    const char *name, *title;
    int64_t ms;
} spans[] = {{"1h", "Last hour", 3600000LL},
             {"1d", "Last day", 86400000LL},
             {"7d", "7 days", 7 * 86400000LL},
             {"30d", "30 days", 30 * 86400000LL}};

/* Of one page alone: instances are walked from the newest one back, and nothing else has an index. */
static const struct sorting_column columns[] = {
    {"Received", "received", "last_received_at", false, true},
    {"Source", "source", "calling_aet", false, false},
    {"State", "state", "state", false, false},
    {"Study Instance UID", "study", "study", false, false},
    {"Series / images", "images", "instances", true, true},
    {"Delivered", "delivered", "delivered", false, true},
    {"Albums that asked for it", NULL, NULL, false, false},
    {"In words", NULL, NULL, false, false},
};
const struct sorting_table page_studies_table = {"/studies", columns, sizeof columns / sizeof *columns,
                                                 "received", ""};

/* ---- parameters ---- */

static bool take_span(const struct page_question *question, struct jobdb_newest *newest)
{
    const char *since = asked_get(question->asked, "since");
    for (size_t i = 0; i < sizeof spans / sizeof *spans && since; i++)
        if (strcmp(spans[i].name, since) == 0) {
            newest->since = question->now - spans[i].ms;
            return true;
        }
    return !since;
}

/* False: *ret_wrong tells what would be right. */
static bool take_filter(const struct page_question *question, struct jobdb_newest *newest,
                        const char **ret_wrong)
{
    int64_t rows = ROWS;
    newest->state = asked_get(question->asked, "state");
    newest->calling_aet = asked_get(question->asked, "source");
    newest->destination = asked_get(question->asked, "destination");
    newest->album = asked_get(question->asked, "album");
    newest->looks = LOOKS;
    newest->reads = READS;
    *ret_wrong = "since is 1h, 1d, 7d or 30d.";
    if (!take_span(question, newest))
        return false;
    *ret_wrong = "state is one of: " JOBDB_STUDY_STATES ".";
    if (newest->state && !string_has_word(JOBDB_STUDY_STATES, newest->state, strlen(newest->state)))
        return false;
    *ret_wrong = "rows is a number from 1 to 200, before a number from 1 on.";
    if (!page_take_number(question, "rows", JOBDB_NEWEST_MOST, &rows) ||
        !page_take_number(question, "before", INT64_MAX, &newest->before))
        return false;
    newest->limit = (size_t)rows;
    return true;
}

/* ---- rows ---- */

static void take_study(void *context, const struct jobdb_study_row *row, const struct jobdb_study_goal *goals,
                       size_t count)
{
    AUTO(text_release) struct text words = TEXT_EMPTY;
    json_t *study = rows_study(row);
    verdict_append(row, &words);
    (void)json_object_set_new(study, "words", json_from_text(text_string(&words)));
    (void)json_object_set_new(study, "goals", verdict_goals(goals, count));
    (void)json_array_append_new(context, study);
}

/* By its beginning, or its end. */
static void read_named(const struct page_question *question, const char *name, json_t *studies)
{
    AUTO(lookup_release) struct lookup lookup = {0};
    lookup_find_study(question->db, name, &lookup);
    for (size_t i = 0; i < lookup.count && i < LOOKUP_MOST; i++)
        (void)jobdb_read_study(question->db, lookup.list[i].name, take_study, studies);
}

/* ---- the document ---- */

/* The address of this page, but for some parameters. */
static void append_address(const struct page_question *question, const char *without, struct text *out)
{
    const struct asked *asked = question->asked;
    text_append(out, "/studies?");
    for (size_t i = 0; i < asked->count; i++) {
        const char *name = asked->parameters[i].name;
        if (string_has_word(without, name, strlen(name)))
            continue;
        text_format(out, "%s=", name);
        asked_append_encoded(asked->parameters[i].value, out);
        text_append_char(out, '&');
    }
}

static void add_end(const struct page_question *question, const struct jobdb_newest_end *end,
                    json_t *document)
{
    AUTO(text_release) struct text older = TEXT_EMPTY;
    if (end->before > 0) {
        append_address(question, "before", &older);
        text_format(&older, "before=%lld", (long long)end->before);
    }
    (void)json_object_set_new(document, "older",
                              older.length > 0 ? json_string(text_string(&older)) : json_null());
    (void)json_object_set_new(document, "gave_up", json_boolean(end->gave_up));
    (void)json_object_set_new(document, "looked_back_to", json_from_time(end->at));
}

static void add_headline(json_t *document, bool is_more, bool is_search)
{
    size_t count = json_array_size(json_object_get(document, "studies"));
    AUTO(text_release) struct text headline = TEXT_EMPTY;
    if (count == 0) {
        text_append(&headline, is_search ? "No study has that UID" : "No study is like that");
    } else {
        text_append(&headline, is_search ? "" : is_more ? "The newest " : "");
        page_append_count(&headline, (int64_t)count, "study", "studies");
        text_append(&headline, is_search ? " with that UID" : is_more ? "" : ", and no more");
    }
    (void)json_object_set_new(document, "headline", json_string(text_string(&headline)));
}

static json_t *read_studies(const struct page_question *question)
{
    const char *name = asked_get(question->asked, "study"), *wrong;
    struct jobdb_newest newest = {0};
    struct jobdb_newest_end end = {0};
    struct sorting sorting;
    if (!take_filter(question, &newest, &wrong))
        return page_refuse(question, wrong);
    if (!sorting_take(question, &page_studies_table, &sorting))
        return NULL;
    json_t *document = page_document(question, "studies"), *studies = json_array();
    (void)json_object_set_new(document, "studies", studies);
    if (name)
        read_named(question, name, studies);
    else
        (void)jobdb_read_newest(question->db, &newest, take_study, studies, &end);
    sorting_sort(&sorting, studies);
    add_end(question, &end, document);
    add_headline(document, end.before > 0, name != NULL);
    return document;
}

/* ---- what only its template needs ---- */

static json_t *option_of(const char *value, const char *title, const char *chosen)
{
    return json_pack("{s:o, s:o, s:b}", "value", json_from_text(value), "title", json_from_text(title),
                     "is_set", chosen && strcmp(value, chosen) == 0);
}

/* Adds a choice of one parameter: what can be chosen, what is. */
static void add_choice(const struct page_question *question, json_t *document, const char *name,
                       json_t *options)
{
    AUTO(text_release) struct text member = TEXT_EMPTY;
    text_format(&member, "choose_%s", name);
    (void)json_object_set_new(
        document, text_string(&member),
        json_pack("{s:b, s:o}", "is_set", asked_get(question->asked, name) != NULL, "options", options));
}

static json_t *states_of(const char *chosen)
{
    json_t *options = json_array();
    for (const char *word = JOBDB_STUDY_STATES; *word; word += strspn(word, " ")) {
        AUTO(text_release) struct text state = TEXT_EMPTY;
        size_t length = strcspn(word, " ");
        text_append_bytes(&state, word, length);
        (void)json_array_append_new(options, option_of(text_string(&state), text_string(&state), chosen));
        word += length;
    }
    return options;
}

static json_t *sources_of(const struct config *config, const char *chosen)
{
    json_t *options = json_array();
    bool is_there = !chosen;
    for (size_t n = 0; n < config->node_count; n++)
        for (size_t s = 0; s < config->nodes[n].source_count; s++) {
            const char *aet = config->nodes[n].sources[s].aet;
            is_there = is_there || strcmp(aet, chosen) == 0;
            (void)json_array_append_new(options, option_of(aet, aet, chosen));
        }
    if (!is_there)
        (void)json_array_append_new(options, option_of(chosen, chosen, chosen));
    return options;
}

static void add_targets(const struct config_destination *destination, const char *chosen,
                        const char *chosen_album, json_t *destinations, json_t *albums)
{
    (void)json_array_append_new(destinations, option_of(destination->name, destination->name, chosen));
    for (size_t a = 0; a < destination->album_count; a++) {
        const char *album = destination->albums[a].name;
        (void)json_array_append_new(albums, option_of(album, album, chosen_album));
    }
}

static bool is_filtered(const struct asked *asked)
{
    static const char *const names[] = {"study",       "since", "source", "state",
                                        "destination", "album", "before"};
    bool any = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        any = any || asked_get(asked, names[i]);
    return any;
}

/* By what it is sorted; null: by nothing. */
static json_t *sorted_by(const struct page_question *question)
{
    AUTO(text_release) struct text usual = TEXT_EMPTY;
    struct sorting sorting;
    if (!sorting_take(question, &page_studies_table, &sorting) || !sorting.column)
        return json_null();
    append_address(question, SORTING_PARAMETERS, &usual);
    text_cut(&usual, usual.length - 1);
    return json_pack("{s:s, s:s, s:s, s:s}", "title", sorting.column->title, "sort", sorting.column->name,
                     "order", sorting.is_descending ? "desc" : "asc", "usual", text_string(&usual));
}

static void shape_studies(const struct page_question *question, json_t *document)
{
    const struct asked *asked = question->asked;
    const char *since = asked_get(asked, "since");
    json_t *times = json_array(), *destinations = json_array(), *albums = json_array(), *study;
    size_t index;
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
        (void)json_array_append_new(times, option_of(spans[i].name, spans[i].title, since));
    for (size_t n = 0; n < question->config->node_count; n++)
        for (size_t d = 0; d < question->config->nodes[n].destination_count; d++)
            add_targets(&question->config->nodes[n].destinations[d], asked_get(asked, "destination"),
                        asked_get(asked, "album"), destinations, albums);
    add_choice(question, document, "since", times);
    add_choice(question, document, "state", states_of(asked_get(asked, "state")));
    add_choice(question, document, "source", sources_of(question->config, asked_get(asked, "source")));
    add_choice(question, document, "destination", destinations);
    add_choice(question, document, "album", albums);
    (void)json_object_set_new(document, "may_search",
                              json_boolean(clerk_may_search(question->config, question->who)));
    (void)json_object_set_new(document, "heads", sorting_heads(question, &page_studies_table));
    (void)json_object_set_new(document, "is_sortable", json_true());
    (void)json_object_set_new(document, "sorted_by", sorted_by(question));
    (void)json_object_set_new(document, "searched", json_from_text(asked_get(asked, "study")));
    (void)json_object_set_new(document, "is_filtered", json_boolean(is_filtered(asked)));
    json_array_foreach(json_object_get(document, "studies"), index, study) verdict_shape(study);
    ticks_add_studies(question, document);
}

const struct page page_studies = {
    .name = "studies",
    .title = "Studies",
    .parameters = "study since source state destination album before rows " SORTING_PARAMETERS,
    .rows = "studies",
    .read = read_studies,
    .shape = shape_studies};
