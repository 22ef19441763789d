/* page_albums - what does each condition do? */
#include "common/base/cleanup.h"
#include "common/condition/condition.h"
#include "console/acts.h"
#include "console/days.h"
#include "console/page.h"
#include "console/sorting.h"
#include "console/targets.h"

#include <string.h>

static const struct sorting_column columns[] = {
    {"name", "name", "destination", false, false},
    {"yes in the last day", "day", "condition.yes_day", true, true},
    {"last yes", "last", "condition.matched_at", false, true},
};
static const struct sorting_table table = {"/albums", columns, sizeof columns / sizeof *columns, "name", ""};

/* The condition of now, in the configuration's words; NULL: none. */
static const char *condition_of(const struct config *config, const json_t *target)
{
    const struct config_destination *destination =
        config_find_destination(config, json_text(target, "destination"));
    const char *name = json_text_or_null(target, "album");
    const struct config_album *album = destination && name ? config_find_album(destination, name) : NULL;
    const struct condition *condition = album         ? album->condition
                                        : name        ? NULL
                                        : destination ? destination->condition
                                                      : NULL;
    return condition ? condition_text(condition) : NULL;
}

/* conditions: how many there are; held: of how many the last day knows a yes. */
static void append_headline(int64_t idle, const char *name, int64_t conditions, int64_t held,
                            struct text *out)
{
    if (idle == 1)
        text_format(out, "%s gets nothing: its condition does not hold", name);
    else if (idle > 1)
        page_append_count(out, idle, "condition holds", "conditions hold for nothing that comes");
    else if (conditions > 0)
        text_format(out, "%lld of %lld conditions held for something of the last day", (long long)held,
                    (long long)conditions);
    else
        text_append(out, "No destination and no album has a condition");
}

/* What the configuration no longer names has no condition that could be told. Takes the targets over. */
static json_t *configured_of(json_t *targets)
{
    json_t *configured = json_array(), *target;
    size_t index;
    json_array_foreach(targets, index, target)
    {
        if (strcmp(json_text(target, "state"), "not configured") != 0)
            (void)json_array_append(configured, target);
    }
    json_decref(targets);
    return configured;
}

static json_t *read_albums(const struct page_question *question)
{
    AUTO(text_release) struct text headline = TEXT_EMPTY;
    AUTO(text_release) struct text idle_name = TEXT_EMPTY;
    struct sorting sorting;
    if (!sorting_take(question, &table, &sorting))
        return NULL;
    json_t *document = page_document(question, "albums");
    json_t *targets = configured_of(targets_read(question->db, question->config, question->now)), *target;
    size_t index;
    int64_t idle = 0, conditions = 0, held = 0;
    json_array_foreach(targets, index, target)
    {
        const char *condition = condition_of(question->config, target);
        (void)json_object_set_new(target, "condition_text", json_from_text(condition));
        conditions += condition != NULL;
        held += condition &&
                json_integer_value(json_object_get(json_object_get(target, "condition"), "yes_day")) > 0;
        if (!json_is_true(json_object_get(target, "matches_nothing")))
            continue;
        idle++;
        text_clear(&idle_name);
        page_append_target(&idle_name, json_text(target, "destination"), json_text_or_null(target, "album"));
    }
    days_read(question->db, targets, question->now);
    sorting_sort(&sorting, targets);
    append_headline(idle, text_string(&idle_name), conditions, held, &headline);
    (void)json_object_set_new(document, "headline", json_from_text(text_string(&headline)));
    (void)json_object_set_new(document, "targets", targets);
    return document;
}

/* By what they can be sorted. Albums are below their destination, unless they are sorted by something else. */
static void add_sorting(const struct page_question *question, json_t *document)
{
    struct sorting sorting;
    bool is_sorted = sorting_take(question, &table, &sorting) && sorting.column;
    (void)json_object_set_new(document, "heads", sorting_heads(question, &table));
    (void)json_object_set_new(document, "is_flat",
                              json_boolean(is_sorted && strcmp(sorting.column->name, "name") != 0));
}

/* What can be seen of each at once; what comes behind it is opened. All are open where there are few. */
static void shape_albums(const struct page_question *question, json_t *document)
{
    enum { FEW = 4 };
    json_t *target, *targets = json_object_get(document, "targets");
    size_t index;
    add_sorting(question, document);
    json_array_foreach(targets, index, target)
    {
        const struct acts_about about = {.destination = json_text_or_null(target, "destination"),
                                         .album = json_text_or_null(target, "album"),
                                         .since = "7d"};
        json_t *counts = json_object_get(target, "condition");
        bool matches_nothing = json_is_true(json_object_get(target, "matches_nothing"));
        acts_add_hold(target, question->who);
        if (about.album)
            acts_add(target, question->who, "reshare", "Share again, of 7 days…", &about);
        (void)json_object_set_new(target, "is_album", json_boolean(about.album != NULL));
        (void)json_object_set_new(target, "is_open",
                                  json_boolean(json_array_size(targets) <= FEW || matches_nothing));
        (void)json_object_set_new(target, "asked_day",
                                  json_integer(json_integer_value(json_object_get(counts, "yes_day")) +
                                               json_integer_value(json_object_get(counts, "no_day"))));
        (void)json_object_set(target, "counts", counts);
        (void)json_object_set_new(target, "drawn",
                                  json_is_object(counts)
                                      ? days_drawn(json_object_get(target, "days"), question->now)
                                      : json_null());
        (void)json_object_del(target, "days"); /* is drawn */
    }
}

const struct page page_albums = {.name = "albums",
                                 .title = "Albums",
                                 .parameters = SORTING_PARAMETERS,
                                 .rows = "targets",
                                 .read = read_albums,
                                 .shape = shape_albums};
