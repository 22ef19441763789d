/* page_tried - what came of a trial: another condition, counted against the last series, or a file and what the conditions in force
 * are for it. The router was asked (router/trials.h). */
#include "common/base/cleanup.h"
#include "console/errands.h"
#include "console/page.h"
#include "console/tree.h"

#include <string.h>

static int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* ---- the document ---- */

static void append_counted(const json_t *explained, struct text *out)
{
    const json_t *would = json_object_get(explained, "would"), *today = json_object_get(explained, "today");
    int64_t asked = number(explained, "asked");
    if (json_text_or_null(explained, "error")) {
        text_append(out, "this is no condition");
    } else if (asked == 0) {
        text_append(out, "there is no series of which a header could be asked");
    } else {
        text_append(out, "would match ");
        text_append_count(out, number(would, "yes"));
        text_append(out, " of ");
        page_append_count(out, asked, "series", "series");
        text_append(out, ", today ");
        text_append_count(out, number(today, "yes"));
    }
}

static void append_taken(const json_t *explained, struct text *out)
{
    int64_t taken[2] = {0}, all[2] = {0};
    json_t *target;
    size_t index;
    json_array_foreach(json_object_get(explained, "targets"), index, target)
    {
        bool is_album = json_text_or_null(target, "album") != NULL;
        all[is_album]++;
        taken[is_album] += json_is_true(json_object_get(target, "takes"));
    }
    text_format(out, "%lld of ", (long long)taken[0]);
    page_append_count(out, all[0], "destination takes it", "destinations take it");
    if (all[1] > 0) {
        text_format(out, ", %lld of ", (long long)taken[1]);
        page_append_count(out, all[1], "album gets it", "albums get it");
    }
}

static void append_headline(const json_t *trial, struct text *out)
{
    const char *phase = json_text(trial, "phase");
    bool is_file = strcmp(json_text(trial, "kind"), "file") == 0;
    if (is_file)
        text_append(out, "The file");
    else
        page_append_target(out, json_text(trial, "destination"), json_text_or_null(trial, "album"));
    text_append(out, ": ");
    if (strcmp(phase, "under way") == 0)
        text_append(out, is_file ? "it is judged" : "the last series are asked");
    else if (strcmp(phase, "done") != 0)
        text_append(out,
                    strcmp(phase, "refused") == 0 ? "the router refused it" : "the router did not answer");
    else if (is_file)
        append_taken(json_object_get(trial, "explained"), out);
    else
        append_counted(json_object_get(trial, "explained"), out);
}

static json_t *read_tried(const struct page_question *question)
{
    static const char *const copied[] = {"phase", "kind", "destination", "album", "expression"};
    static const char *const told[] = {"error", "present", "asked",  "more", "without_header", "unread",
                                       "would", "today",   "gained", "lost", "incomplete"};
    static const char *const lists[] = {"lines", "targets"};
    AUTO(text_release) struct text headline = TEXT_EMPTY;
    AUTO(json_release)
    json_t *trial = question->errands
                        ? errands_read_trial(question->errands, question->asked->item, question->who)
                        : NULL;
    if (!trial) {
        text_append(question->reason, "Nobody tries this any more. Try it again.");
        *question->status = 404;
        return NULL;
    }
    json_t *document = page_document(question, "tried"), *explained = json_object_get(trial, "explained");
    append_headline(trial, &headline);
    (void)json_object_set_new(document, "headline", json_from_text(text_string(&headline)));
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
        (void)json_object_set(document, copied[i], json_object_get(trial, copied[i]));
    (void)json_object_set_new(document, "sentence",
                              json_is_null(explained) ? json_incref(json_object_get(trial, "sentence"))
                                                      : json_null());
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        json_t *value = json_object_get(explained, told[i]);
        (void)json_object_set_new(document, told[i], value ? json_incref(value) : json_null());
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        json_t *list = json_object_get(explained, lists[i]);
        (void)json_object_set_new(document, lists[i], list ? json_incref(list) : json_array());
    }
    return document;
}

/* ---- what was there instead, in words ---- */

static void add_words(json_t *list, const struct text *words)
{
    (void)json_array_append_new(list, json_from_text(text_string(words)));
}

/* "469 begin with “TRIAL-7”: 7 values, such as “TRIAL-7 day 3”". */
static void append_seen(const json_t *seen, struct text *out)
{
    static const char *const ways[][3] = {
        {"begins", "begins with", "begin with"}, {"ends", "ends with", "end with"}, {"holds", "has", "have"}};
    int64_t count = number(seen, "count");
    const char *way = count == 1 ? "is" : "are";
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strcmp(json_text(seen, "how"), ways[i][0]) == 0)
            way = ways[i][count == 1 ? 1 : 2];
    const char *part = json_text_or_null(seen, "part");
    text_append_count(out, count);
    text_format(out, " %s “%s”", way, part ? part : json_text(seen, "text"));
    if (part) {
        text_append(out, ": ");
        page_append_count(out, number(seen, "values"), "value", "values");
        text_format(out, ", such as “%s”", json_text(seen, "text"));
    }
}

static void add_count(json_t *list, int64_t count, const char *what)
{
    AUTO(text_release) struct text words = TEXT_EMPTY;
    if (count == 0)
        return;
    text_append_count(&words, count);
    text_append(&words, what);
    add_words(list, &words);
}

static void shape_looked(json_t *value)
{
    json_t *words = json_array(), *seen;
    size_t index;
    json_array_foreach(json_object_get(value, "seen"), index, seen)
    {
        AUTO(text_release) struct text text = TEXT_EMPTY;
        append_seen(seen, &text);
        add_words(words, &text);
    }
    add_count(words, number(value, "others"),
              json_is_true(json_object_get(value, "more")) ? " other values, and even more"
                                                           : " other values");
    add_count(words, number(value, "absent"), " have none");
    add_count(words, number(value, "without_text"), " have one without a text");
    add_count(words, number(value, "unknown"), " cannot be known");
    if (json_is_true(json_object_get(value, "hidden")))
        (void)json_array_append_new(words, json_string("values are hidden: they may identify a patient"));
    (void)json_object_set_new(value, "words", words);
}

static void shape_lines(json_t *lines)
{
    json_t *line, *value;
    size_t index, number_of_value;
    tree_shape(lines);
    json_array_foreach(lines, index, line)
        json_array_foreach(json_object_get(line, "values"), number_of_value, value) shape_looked(value);
}

/* ---- a file ---- */

static void shape_target(json_t *target)
{
    AUTO(text_release) struct text name = TEXT_EMPTY;
    bool is_album = json_text_or_null(target, "album") != NULL;
    page_append_target(&name, json_text(target, "destination"), json_text_or_null(target, "album"));
    (void)json_object_set_new(target, "name", json_from_text(text_string(&name)));
    (void)json_object_set_new(target, "is_album", json_boolean(is_album));
    tree_shape(json_object_get(target, "lines"));
    tree_shape_verdict(target, "takes");
}

static void shape_tried(const struct page_question *question, json_t *document)
{
    const char *phase = json_text(document, "phase");
    bool is_done = strcmp(phase, "done") == 0, is_file = strcmp(json_text(document, "kind"), "file") == 0;
    bool is_counted = is_done && !is_file && !json_text_or_null(document, "error");
    json_t *target;
    size_t index;
    (void)question;
    (void)json_object_set_new(document, "is_under_way", json_boolean(strcmp(phase, "under way") == 0));
    (void)json_object_set_new(document, "is_file", json_boolean(is_file));
    (void)json_object_set_new(document, "is_counted", json_boolean(is_counted));
    shape_lines(json_object_get(document, "lines"));
    json_array_foreach(json_object_get(document, "targets"), index, target) shape_target(target);
}

const struct page page_tried = {.name = "tried",
                                .title = "Tried",
                                .has_item = true,
                                .parameters = "",
                                .rows = "targets",
                                .read = read_tried,
                                .shape = shape_tried};
