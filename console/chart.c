#include "console/chart.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "console/scale.h"
#include "console/timeline.h"

#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* The box, and where bars stand in it; what is cut is so a little below the top. */
enum { LEFT = 46, RIGHT = 416, TOP = 18, BOTTOM = 108, CUT = 7, UNIT_WIDTH = 110, CHARACTER = 6, GAP = 4 };

static int64_t value_at(const json_t *lines, size_t index, const char *member)
{
    return json_integer_value(json_object_get(json_array_get(lines, index), member));
}

static json_t *number_of(double number)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%.1f", number);
    return json_string(text);
}

static json_t *bars_of(const json_t *lines, const char *member, const char *tone, int64_t top)
{
    json_t *bars = json_array();
    size_t count = json_array_size(lines);
    double width = (double)(RIGHT - LEFT) / (double)(count ? count : 1);
    for (size_t i = 0; i < count; i++) {
        int64_t value = value_at(lines, i, member);
        double height = (double)(value > top ? top : value) / (double)top * (BOTTOM - TOP);
        if (height > 0)
            (void)json_array_append_new(bars, json_pack("{s:o, s:o, s:o, s:o, s:s}", "x",
                                                        number_of(LEFT + (double)i * width + 0.3), "y",
                                                        number_of(BOTTOM - height), "width",
                                                        number_of(width > 1.5 ? width - 0.8 : width),
                                                        "height", number_of(height), "tone", tone));
    }
    return bars;
}

/* Where the bars are cut that are higher than the scale. */
static json_t *cuts_of(const json_t *lines, const char *member, int64_t top)
{
    json_t *cuts = json_array();
    size_t count = json_array_size(lines);
    double width = (double)(RIGHT - LEFT) / (double)(count ? count : 1);
    for (size_t i = 0; i < count; i++)
        if (value_at(lines, i, member) > top)
            (void)json_array_append_new(cuts,
                                        json_pack("{s:o, s:i, s:o}", "x", number_of(LEFT + (double)i * width),
                                                  "y", TOP + CUT, "width", number_of(width)));
    return cuts;
}

/* The number of each that is cut and no lower than its neighbours, where there is room. */
static json_t *peaks_of(const json_t *lines, const char *member, int64_t top)
{
    json_t *peaks = json_array();
    size_t count = json_array_size(lines), used = 1;
    double width = (double)(RIGHT - LEFT) / (double)(count ? count : 1);
    AUTO(memory_free) struct timeline_label *labels = memory_new(count + 1, sizeof *labels);
    AUTO(memory_free) int64_t *values = memory_new(count + 1, sizeof *values);
    labels[0] = (struct timeline_label){.x = LEFT + UNIT_WIDTH / 2.0, .width = UNIT_WIDTH, .weight = 2};
    for (size_t i = 0; i < count; i++) {
        AUTO(text_release) struct text number = TEXT_EMPTY;
        int64_t value = value_at(lines, i, member);
        bool is_peak = value > top && (i == 0 || value_at(lines, i - 1, member) <= value) &&
                       (i + 1 == count || value_at(lines, i + 1, member) < value);
        text_append_count(&number, value);
        values[used] = value;
        labels[used] = (struct timeline_label){
            .x = LEFT + ((double)i + 0.5) * width, .width = (double)number.length * CHARACTER, .weight = 1};
        used += is_peak;
    }
    timeline_place(labels, used, RIGHT, GAP);
    for (size_t i = 1; i < used; i++) {
        AUTO(text_release) struct text number = TEXT_EMPTY;
        text_append_count(&number, values[i]);
        if (labels[i].is_shown)
            (void)json_array_append_new(
                peaks, json_pack("{s:o, s:s}", "x", number_of(labels[i].x), "text", text_string(&number)));
    }
    return peaks;
}

/* "08:15", of a line. */
static void append_clock(const json_t *line, struct text *out)
{
    struct tm parts = {0};
    char clock[16];
    if (!strptime(json_text(line, "at"), "%Y-%m-%dT%H:%M:%S", &parts))
        return;
    time_t seconds = timegm(&parts);
    (void)localtime_r(&seconds, &parts);
    (void)strftime(clock, sizeof clock, "%H:%M", &parts);
    text_append(out, clock);
}

static json_t *ticks_of(const json_t *lines)
{
    json_t *ticks = json_array();
    size_t count = json_array_size(lines);
    for (size_t third = 0; third < 3 && count > 0; third++) {
        AUTO(text_release) struct text clock = TEXT_EMPTY;
        append_clock(json_array_get(lines, third * count / 3), &clock);
        (void)json_array_append_new(
            ticks,
            json_pack("{s:o, s:s, s:s, s:s}", "x", number_of(LEFT + (double)third * (RIGHT - LEFT) / 3),
                      "anchor", third == 0 ? "start" : "middle", "text", text_string(&clock), "clock",
                      json_text(json_array_get(lines, third * count / 3), "at")));
    }
    (void)json_array_append_new(ticks, json_pack("{s:o, s:s, s:s, s:n}", "x", number_of(RIGHT), "anchor",
                                                 "end", "text", "now", "clock"));
    return ticks;
}

json_t *chart_of(const json_t *lines, const char *member, const char *title, const char *unit,
                 const char *tone)
{
    int64_t total = 0, most = 0;
    size_t count = json_array_size(lines);
    AUTO(memory_free) int64_t *values = memory_new(count + 1, sizeof *values);
    AUTO(text_release) struct text label = TEXT_EMPTY;
    AUTO(text_release) struct text top_text = TEXT_EMPTY;
    for (size_t i = 0; i < count; i++) {
        int64_t value = values[i] = value_at(lines, i, member);
        total += value;
        most = value > most ? value : most;
    }
    int64_t top = scale_top(values, count);
    text_append_count(&top_text, top);
    text_format(&label, "%s, in each five minutes: ", title);
    text_append_count(&label, total);
    text_format(&label, " %s in all, at most ", unit);
    text_append_count(&label, most);
    text_append(&label, most > top ? "; the highest bars are cut." : ".");
    return json_pack("{s:s, s:s, s:I, s:s, s:s, s:o, s:o, s:o, s:o}", "title", title, "unit", unit, "total",
                     (json_int_t)total, "label", text_string(&label), "top", text_string(&top_text), "bars",
                     bars_of(lines, member, tone, top), "cuts", cuts_of(lines, member, top), "peaks",
                     peaks_of(lines, member, top), "ticks", ticks_of(lines));
}
