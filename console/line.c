#include "console/line.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "console/axis.h"
#include "console/lanes.h"
#include "console/page.h"
#include "console/timeline.h"

#include <stdio.h>
#include <string.h>

/* Three sizes: where a lane's line, its numbers and the next lane are, in pixels. Widths as in console.css. */
static const struct size {
    const char *name;
    double width;
    int row, line, label;
    struct timeline_style style; /* its width is what is left of the above */
} sizes[] = {
    {"narrow", 280, 52, 38, 28, {.nearest = 14, .fold = 34, .folds = 2, .idle = 30000}},
    {"wide", 440, 42, 26, 15, {.nearest = 14, .fold = 74, .folds = 2, .idle = 30000}},
    {"full", 1010, 42, 26, 15, {.nearest = 14, .fold = 84, .folds = 4, .idle = 30000}},
};

enum { AXIS = 26, OPEN = 26, DIGIT = 7, GAP = 4, LABELS_MOST = 128, BAR = 7 };

static const struct look {
    const char *word, *tone, *mark;
} looks[] = {
    [LANES_TAKEN] = {"", "wait", "m-good"},
    [LANES_DONE] = {"sent, shared", "good", "m-good"},
    [LANES_GIVEN_UP] = {"given up", "off", "m-no"},
    [LANES_AGAIN] = {"put back, tried again", "warn", "m-back"},
    [LANES_UNDECIDED] = {"undecided", "bad", "m-void"},
    [LANES_FAILED] = {"failed", "bad", "m-fail"},
};

static json_t *part_of(double length, double whole)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%.2f%%", length / whole * 100);
    return json_string(text);
}

/* ---- words ---- */

static const char *word_of(const struct lanes *lanes, unsigned lane, enum lanes_kind kind)
{
    static const char *const words[] = {[LANES_GIVEN_UP] = "given up",
                                        [LANES_AGAIN] = "put back",
                                        [LANES_UNDECIDED] = "undecided",
                                        [LANES_FAILED] = "failed"};
    if (kind == LANES_TAKEN)
        return lane == LANES_DECIDED ? "decided" : "received";
    if (kind == LANES_DONE)
        return lanes->list[lane].album ? "shared" : "sent";
    return words[kind];
}

/* "352 sent, 60 failed", the good first. */
static void append_counts(const struct lanes *lanes, unsigned lane, const int64_t *counts, struct text *out)
{
    size_t before = out->length;
    for (enum lanes_kind kind = 0; kind < LANES_KINDS; kind++) {
        if (counts[kind] == 0)
            continue;
        text_append(out, out->length > before ? ", " : "");
        text_append_count(out, counts[kind]);
        text_format(out, " %s", word_of(lanes, lane, kind));
    }
}

static void append_said(const struct lanes *lanes, unsigned lane, struct text *out)
{
    const struct lanes_lane *of = &lanes->list[lane];
    if (lane < LANES_JOBS) {
        page_append_count(out, of->counts[LANES_TAKEN], "image", "images");
        return;
    }
    size_t before = out->length;
    append_counts(lanes, lane, of->counts, out);
    if (of->waiting > 0) {
        text_append(out, out->length > before ? ", " : "");
        text_append_count(out, of->waiting);
        text_append(out, of->waiting == 1 ? " waits" : " wait");
    }
}

static const char *name_of(const struct lanes *lanes, unsigned lane)
{
    const struct lanes_lane *of = &lanes->list[lane];
    return lane == LANES_RECEIVED  ? "received"
           : lane == LANES_DECIDED ? "decided"
           : of->album             ? of->album
                                   : of->destination;
}

static json_t *names_of(const struct lanes *lanes)
{
    json_t *list = json_array();
    for (unsigned lane = 0; lane < lanes->count; lane++) {
        AUTO(text_release) struct text said = TEXT_EMPTY;
        append_said(lanes, lane, &said);
        (void)json_array_append_new(
            list, json_pack("{s:o, s:b, s:b, s:s}", "name", json_from_text(name_of(lanes, lane)), "is_album",
                            lanes->list[lane].album != NULL, "is_bad",
                            lanes->list[lane].counts[LANES_FAILED] > 0, "said", text_string(&said)));
    }
    return list;
}

/* Everything in a sentence, for whoever does not see it. */
static json_t *label_of(const struct lanes *lanes)
{
    AUTO(text_release) struct text label = TEXT_EMPTY;
    text_append(&label, "On a line of time. ");
    for (unsigned lane = 0; lane < lanes->count; lane++) {
        text_format(&label, "%s%s: ", lanes->list[lane].album ? "album " : "", name_of(lanes, lane));
        append_said(lanes, lane, &label);
        text_append(&label, ". ");
    }
    text_append(&label, "What was done is listed below.");
    return json_from_text(text_string(&label));
}

static json_t *keys_of(const struct lanes *lanes)
{
    json_t *list = json_array();
    int64_t waiting = 0;
    for (enum lanes_kind kind = LANES_DONE; kind < LANES_KINDS; kind++) {
        int64_t count = 0;
        for (unsigned lane = LANES_JOBS; lane < lanes->count; lane++)
            count += lanes->list[lane].counts[kind];
        if (count > 0)
            (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "mark", looks[kind].mark, "tone",
                                                        looks[kind].tone, "word", looks[kind].word));
    }
    for (unsigned lane = LANES_JOBS; lane < lanes->count; lane++)
        waiting += lanes->list[lane].waiting;
    if (waiting > 0)
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s}", "mark", "m-wait", "tone", "wait", "word", "waits"));
    return list;
}

/* ---- a drawing ---- */

struct drawing {
    const struct lanes *lanes;
    const struct size *size;
    struct timeline line;
    json_t *marks, *bars, *texts;
    struct timeline_label labels[LABELS_MOST]; /* of one lane */
    struct {
        int64_t count;
        const char *tone;
    } numbers[LABELS_MOST];
    size_t label_count;
};

static int y_of(const struct drawing *d, unsigned lane)
{
    return (int)lane * d->size->row + d->size->line;
}

static void want_label(struct drawing *d, double x, int64_t count, enum lanes_kind kind)
{
    AUTO(text_release) struct text text = TEXT_EMPTY;
    if (d->label_count == LABELS_MOST)
        return;
    text_append_count(&text, count);
    d->numbers[d->label_count].count = count;
    d->numbers[d->label_count].tone = kind > LANES_DONE ? looks[kind].tone : "";
    d->labels[d->label_count++] =
        (struct timeline_label){.x = x, .width = (double)text.length * DIGIT, .weight = (int)kind};
}

static void write_labels(struct drawing *d, unsigned lane)
{
    timeline_place(d->labels, d->label_count, d->size->width, GAP);
    for (size_t i = 0; i < d->label_count; i++) {
        AUTO(text_release) struct text text = TEXT_EMPTY;
        text_append_count(&text, d->numbers[i].count);
        if (d->labels[i].is_shown)
            (void)json_array_append_new(d->texts, json_pack("{s:o, s:i, s:s, s:s}", "x",
                                                            part_of(d->labels[i].x, d->size->width), "y",
                                                            (int)lane * d->size->row + d->size->label, "text",
                                                            text_string(&text), "tone", d->numbers[i].tone));
    }
    d->label_count = 0;
}

/* What some marks are, with the time of the first and last: { x, y, title, clock, until, form, rest }. */
static json_t *describe(const struct drawing *d, unsigned lane, size_t first, size_t count, double x)
{
    const struct timeline_mark *marks = &d->lanes->marks[first];
    int64_t counts[LANES_KINDS] = {0}, from = marks[0].at, until = marks[count - 1].at;
    AUTO(text_release) struct text rest = TEXT_EMPTY, title = TEXT_EMPTY;
    char begin[CLOCK_ISO_SIZE], end[CLOCK_ISO_SIZE];
    for (size_t i = 0; i < count; i++)
        counts[marks[i].kind] += marks[i].count;
    text_append(&rest, ": ");
    append_counts(d->lanes, lane, counts, &rest);
    axis_append_clock(from, AXIS_SECONDS, &title);
    if (until / 1000 > from / 1000) {
        text_append(&title, " to ");
        axis_append_clock(until, AXIS_SECONDS, &title);
    }
    text_append(&title, text_string(&rest));
    return json_pack("{s:o, s:i, s:o, s:s, s:o, s:o}", "x", part_of(x, d->size->width), "y", y_of(d, lane),
                     "title", json_from_text(text_string(&title)), "clock", clock_iso8601(from, begin),
                     "until",
                     until / 1000 > from / 1000 ? json_string(clock_iso8601(until, end)) : json_null(),
                     "rest", json_from_text(text_string(&rest)));
}

static void add_mark(struct drawing *d, const struct timeline_cluster *cluster)
{
    unsigned worst = 0, kinds = 0;
    int64_t counts[LANES_KINDS] = {0};
    for (size_t i = cluster->first; i < cluster->first + cluster->count; i++) {
        const struct timeline_mark *mark = &d->lanes->marks[i];
        worst = mark->kind > worst ? mark->kind : worst;
        kinds += counts[mark->kind] == 0;
        counts[mark->kind] += mark->count;
    }
    json_t *mark = describe(d, cluster->lane, cluster->first, cluster->count, cluster->x);
    bool is_many = cluster->end - cluster->begin > 1;
    (void)json_object_set_new(mark, "mark", json_string(looks[worst].mark));
    (void)json_object_set_new(mark, "tone", json_string(looks[worst].tone));
    (void)json_object_set_new(mark, "is_many", json_boolean(is_many));
    (void)json_object_set_new(mark, "is_mixed", json_boolean(kinds > 1));
    (void)json_object_set_new(mark, "pill_x", part_of(cluster->begin, d->size->width));
    (void)json_object_set_new(mark, "pill_y", json_integer(y_of(d, cluster->lane) - BAR));
    (void)json_object_set_new(mark, "pill_width", part_of(cluster->end - cluster->begin, d->size->width));
    (void)json_array_append_new(d->marks, mark);
    if (counts[worst] > 1 || worst > LANES_DONE)
        want_label(d, cluster->x, counts[worst], (enum lanes_kind)worst);
}

/* Clusters from index to before the one returned, which follow so closely that they are one bar. */
static size_t bar_end(const struct drawing *d, size_t index)
{
    const struct timeline_cluster *clusters = d->line.clusters;
    size_t next = index + 1;
    while (next < d->line.cluster_count && clusters[next].lane == clusters[index].lane &&
           clusters[next].begin - clusters[next - 1].end < 1.5 * d->size->style.nearest)
        next++;
    return next;
}

static void add_bar(struct drawing *d, size_t index, size_t next)
{
    const struct timeline_cluster *first = &d->line.clusters[index], *last = &d->line.clusters[next - 1];
    size_t marks = last->first + last->count - first->first;
    int64_t count = 0;
    for (size_t i = 0; i < marks; i++)
        count += d->lanes->marks[first->first + i].count;
    json_t *bar = describe(d, first->lane, first->first, marks, first->begin);
    double width = last->end - first->begin;
    (void)json_object_set_new(bar, "y", json_integer(y_of(d, first->lane) - BAR / 2));
    (void)json_object_set_new(bar, "width", part_of(width > BAR ? width : BAR, d->size->width));
    (void)json_object_set_new(bar, "tone", json_string(first->lane == LANES_RECEIVED ? "c-wait" : "c-off"));
    (void)json_array_append_new(d->bars, bar);
    want_label(d, first->begin + width / 2, count, LANES_TAKEN);
}

static void add_clusters(struct drawing *d)
{
    for (size_t i = 0; i < d->line.cluster_count;) {
        unsigned lane = d->line.clusters[i].lane;
        if (lane < LANES_JOBS) {
            size_t next = bar_end(d, i);
            add_bar(d, i, next);
            i = next;
        } else {
            add_mark(d, &d->line.clusters[i++]);
        }
        if (i == d->line.cluster_count || d->line.clusters[i].lane != lane)
            write_labels(d, lane);
    }
}

/* What waits stands at the right end, beyond the time that is told. */
static void add_open(struct drawing *d)
{
    for (unsigned lane = LANES_JOBS; lane < d->lanes->count; lane++) {
        AUTO(text_release) struct text title = TEXT_EMPTY;
        if (d->lanes->list[lane].waiting == 0)
            continue;
        text_append_count(&title, d->lanes->list[lane].waiting);
        text_append(&title, d->lanes->list[lane].waiting == 1 ? " waits" : " wait");
        (void)json_array_append_new(d->marks,
                                    json_pack("{s:o, s:i, s:s, s:n, s:n, s:n, s:s, s:s, s:b}", "x",
                                              part_of(d->size->width - OPEN / 2.0, d->size->width), "y",
                                              y_of(d, lane), "title", text_string(&title), "clock", "until",
                                              "rest", "mark", "m-wait", "tone", "wait", "is_many", false));
    }
}

static json_t *folds_of(const struct drawing *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i + 1 < d->line.segment_count; i++) {
        const struct timeline_segment *segment = &d->line.segments[i];
        AUTO(text_release) struct text lasts = TEXT_EMPTY;
        text_append_duration(&lasts, segment[1].from - segment->until);
        (void)json_array_append_new(list, json_pack("{s:o, s:o, s:s}", "x",
                                                    part_of(segment->x + segment->width, d->size->width),
                                                    "width", part_of(d->size->style.fold, d->size->width),
                                                    "lasts", text_string(&lasts)));
    }
    return list;
}

static json_t *rows_of(const struct drawing *d)
{
    json_t *list = json_array();
    for (unsigned lane = 0; lane < d->lanes->count; lane++)
        (void)json_array_append_new(list, json_pack("{s:i}", "y", y_of(d, lane)));
    return list;
}

static json_t *draw(struct lanes *lanes, const struct size *size, bool is_open, int64_t now)
{
    struct drawing d = {
        .lanes = lanes, .size = size, .marks = json_array(), .bars = json_array(), .texts = json_array()};
    struct timeline_style style = size->style;
    int bottom = (int)lanes->count * size->row + GAP;
    bool is_narrow = strcmp(size->name, "narrow") == 0;
    style.width = size->width - (is_open ? OPEN : 0);
    timeline_lay(lanes->marks, lanes->mark_count, &style, &d.line);
    add_clusters(&d);
    add_open(&d);
    json_t *drawing = json_pack("{s:s, s:b, s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "size_name",
                                size->name, "is_narrow", is_narrow, "tall", bottom + AXIS, "bottom", bottom,
                                "middle", bottom / 2, "tick_y", bottom + 18, "rows", rows_of(&d), "folds",
                                folds_of(&d), "bars", d.bars, "points", d.marks, "texts", d.texts, "ticks",
                                axis_of(&d.line, size->width, style.fold, is_narrow, now));
    timeline_release(&d.line);
    return drawing;
}

/* Part of it would look as if the rest had not happened. */
static json_t *no_line(void)
{
    AUTO(text_release) struct text most = TEXT_EMPTY;
    text_append_count(&most, LANES_MOMENTS_MOST);
    return json_pack("{s:b, s:s}", "is_cut", true, "most", text_string(&most));
}

json_t *line_of(struct jobdb *db, const char *study, const json_t *goals, int64_t now)
{
    struct lanes lanes = {.count = 0};
    json_t *drawings = json_array();
    bool is_open = false;
    lanes_read(&lanes, db, study, goals);
    bool is_cut = lanes.moments > LANES_MOMENTS_MOST;
    for (unsigned lane = LANES_JOBS; lane < lanes.count; lane++)
        is_open = is_open || lanes.list[lane].waiting > 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && lanes.mark_count > 0 && !is_cut; i++)
        (void)json_array_append_new(drawings, draw(&lanes, &sizes[i], is_open, now));
    json_t *line = is_cut ? no_line()
                   : lanes.mark_count == 0
                       ? json_null()
                       : json_pack("{s:o, s:I, s:O, s:o, s:o, s:b}", "line_label", label_of(&lanes),
                                   "left_out", (json_int_t)lanes.left_out, "drawings", drawings, "lanes",
                                   names_of(&lanes), "keys", keys_of(&lanes), "is_cut", false);
    json_decref(drawings);
    lanes_release(&lanes);
    return line;
}
