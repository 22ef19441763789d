/* page_now - is it well, and what is to be done? */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/commit.h"
#include "common/config/cell.h"
#include "common/jobs/gauge.h"
#include "common/view/commitments.h"
#include "common/view/details.h"
#include "console/chart.h"
#include "console/duty.h"
#include "console/page.h"
#include "console/targets.h"

#include <stdio.h>
#include <string.h>

enum { LINE_MS = 5 * 60 * 1000, HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };

/* ---- what was done in each five minutes ---- */

/* The line that begins then, which is made where there is none. */
static json_t *line_at(json_t *lines, int64_t from, int64_t at)
{
    json_t *line = json_array_get(lines, (size_t)((at - from) / LINE_MS));
    return line;
}

static void add_lines(json_t *lines, int64_t from, json_t *sums)
{
    static const char *const names[] = {"received", "delivered", "shared", "failed"};
    json_t *sum;
    size_t index;
    json_array_foreach(sums, index, sum)
    {
        json_t *line = line_at(lines, from, json_integer_value(json_object_get(sum, "at")));
        for (size_t i = 0; i < sizeof names / sizeof *names && line; i++)
            if (json_object_get(sum, names[i]))
                (void)json_object_set(line, names[i], json_object_get(sum, names[i]));
    }
    json_decref(sums);
}

/* Five minutes a line; what was received is known of an hour alone: a day of it would be read one by one. */
static json_t *read_lines(const struct page_question *question, int64_t span)
{
    json_t *lines = json_array();
    int64_t from = question->now - span + LINE_MS;
    from -= from % LINE_MS;
    for (int64_t at = from; at <= question->now; at += LINE_MS)
        (void)json_array_append_new(lines,
                                    json_pack("{s:I, s:o, s:i, s:i, s:i}", "at", (json_int_t)at, "received",
                                              span == HOUR_MS ? json_integer(0) : json_null(), "delivered", 0,
                                              "shared", 0, "failed", 0));
    add_lines(lines, from, details_ask(question->db, JOBDB_ASK_PACE, NULL, NULL, from));
    if (span == HOUR_MS) {
        char receipt[16];
        (void)snprintf(receipt, sizeof receipt, "%012llx", (unsigned long long)from);
        add_lines(lines, from, details_ask(question->db, JOBDB_ASK_RECEIVED, receipt, NULL, 0));
    }
    details_write_times(lines);
    return lines;
}

/* ---- the document ---- */

static json_t *read_disk(const struct page_question *question)
{
    int64_t database, wal;
    jobdb_file_sizes(question->config->state_dir, &database, &wal);
    return json_pack("{s:I, s:I, s:I, s:I}", "free_bytes", (json_int_t)question->around->room.bytes,
                     "least_bytes", (json_int_t)question->config->receiver.min_free_space, "database_bytes",
                     (json_int_t)database, "wal_bytes", (json_int_t)wal);
}

static int64_t sum_of(const json_t *targets, const char *name)
{
    int64_t sum = 0;
    json_t *target;
    size_t index;
    json_array_foreach(targets, index, target)
    {
        if (!json_text_or_null(target, "album"))
            sum += json_integer_value(json_object_get(target, name));
    }
    return sum;
}

/* Null: nobody asks for anything that is not over. */
static json_t *read_commitments(const struct page_question *question)
{
    AUTO(text_release) struct text words = TEXT_EMPTY;
    struct commitments_counts counts;
    commitments_count(question->db, &counts);
    return json_from_text(commitments_append_counts(&counts, &words) ? text_string(&words) : NULL);
}

/* The fleet: where the consoles of its cells are. What they know is theirs (felucca fleet status asks them). */
static json_t *read_cells(const struct config *config)
{
    char own[CONFIG_CELL_SIZE];
    json_t *cells = json_array();
    (void)config_cell(config, own);
    for (size_t i = 0; i < config->fleet_count; i++) {
        const struct config_fleet_cell *cell = &config->fleet[i];
        (void)json_array_append_new(cells, json_pack("{s:o, s:o, s:b}", "cell", json_from_text(cell->cell),
                                                     "url", json_from_text(cell->url), "is_here",
                                                     strcmp(cell->cell, own) == 0));
    }
    return cells;
}

static json_t *read_now(const struct page_question *question)
{
    AUTO(text_release) struct text headline = TEXT_EMPTY;
    const char *span = asked_get(question->asked, "span");
    if (span && strcmp(span, "hour") != 0 && strcmp(span, "day") != 0)
        return page_refuse(question, "span is hour or day.");
    json_t *document = page_document(question, "now");
    json_t *targets = targets_read(question->db, question->config, question->now);
    json_t *duty = duty_read(question, targets);
    bool is_day = span && strcmp(span, "day") == 0;
    duty_append_headline(duty, &headline);
    if (question->around->router == 1)
        text_append(&headline, " Nothing received is lost.");
    (void)json_object_set_new(document, "headline", json_string(text_string(&headline)));
    (void)json_object_update(document, duty);
    json_decref(duty);
    (void)json_object_set_new(document, "waiting",
                              json_integer(sum_of(targets, "queued") + sum_of(targets, "in_flight")));
    (void)json_object_set_new(document, "delivered_hour", json_integer(sum_of(targets, "done_hour")));
    (void)json_object_set_new(document, "delivered_day", json_integer(sum_of(targets, "done_day")));
    (void)json_object_set_new(document, "span", json_string(is_day ? "day" : "hour"));
    (void)json_object_set_new(document, "lines", read_lines(question, is_day ? DAY_MS : HOUR_MS));
    (void)json_object_set_new(document, "targets", targets);
    (void)json_object_set_new(document, "disk", read_disk(question));
    (void)json_object_set_new(document, "commitments", read_commitments(question));
    (void)json_object_set_new(document, "cells", read_cells(question->config));
    surroundings_add_json(question->around, document);
    (void)json_object_set_new(document, "version", json_string(FELUCCA_VERSION));
    (void)json_object_set_new(document, "commit", json_string(commit_name()));
    return document;
}

/* ---- what only its template needs ---- */

/* The first three of what needs a person, and those that are opened: what is below stays on the first screen. */
static void fold_cases(json_t *document)
{
    enum { SHOWN = 3 };
    json_t *first = json_array(), *folded = json_array(), *one;
    json_t *cases = json_object_get(document, "needs_person");
    bool is_long = json_array_size(cases) > SHOWN + 1; /* one alone is not worth a click */
    size_t index;
    json_array_foreach(cases, index, one)(void)
        json_array_append_new(is_long && index >= SHOWN ? folded : first, json_copy(one));
    (void)json_object_set_new(document, "first_cases", first);
    (void)json_object_set_new(document, "folded_cases", folded);
}

static void shape_now(const struct page_question *question, json_t *document)
{
    json_t *charts = json_array(), *target;
    const json_t *lines = json_object_get(document, "lines");
    bool is_hour = strcmp(json_text(document, "span"), "hour") == 0;
    size_t index;
    (void)question;
    if (is_hour)
        (void)json_array_append_new(charts, chart_of(lines, "received", "Received", "images", "c-wait"));
    (void)json_array_append_new(charts, chart_of(lines, "delivered", "Delivered", "images", "c-good"));
    (void)json_array_append_new(charts, chart_of(lines, "shared", "Shared", "series", "c-good"));
    duty_shape(document);
    fold_cases(document);
    (void)json_object_set_new(document, "charts", charts);
    (void)json_object_set_new(document, "is_hour", json_boolean(is_hour));
    (void)json_object_set_new(document, "is_well",
                              json_boolean(json_array_size(json_object_get(document, "needs_person")) == 0));
    json_array_foreach(json_object_get(document, "targets"), index, target)(void)
        json_object_set_new(target, "is_album", json_boolean(json_text_or_null(target, "album") != NULL));
}

const struct page page_now = {.name = "now",
                              .title = "Now",
                              .parameters = "span",
                              .rows = "targets",
                              .read = read_now,
                              .shape = shape_now};
