#include "console/chart.h"

#include "common/base/cleanup.h"

#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* The box, and where bars stand in it. */
enum { LEFT = 46, RIGHT = 416, TOP = 18, BOTTOM = 108 };

static int64_t value_at(const json_t *lines, size_t index, const char *member)
{
    return json_integer_value(json_object_get(json_array_get(lines, index), member));
}

/* 1, 2 or 5 with noughts, and not less than the number. */
static int64_t round_up(int64_t number)
{
    int64_t top = 1;
    for (int step = 0; top < number; step++)
        top = step % 3 == 1 ? top / 2 * 5 : top * 2;
    return top;
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
        double height = (double)value_at(lines, i, member) / (double)top * (BOTTOM - TOP);
        if (height > 0)
            (void)json_array_append_new(bars, json_pack("{s:o, s:o, s:o, s:o, s:s}", "x",
                                                        number_of(LEFT + (double)i * width + 0.3), "y",
                                                        number_of(BOTTOM - height), "width",
                                                        number_of(width > 1.5 ? width - 0.8 : width),
                                                        "height", number_of(height), "tone", tone));
    }
    return bars;
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
            ticks, json_pack("{s:o, s:s, s:s}", "x", number_of(LEFT + (double)third * (RIGHT - LEFT) / 3),
                             "anchor", third == 0 ? "start" : "middle", "text", text_string(&clock)));
    }
    (void)json_array_append_new(
        ticks, json_pack("{s:o, s:s, s:s}", "x", number_of(RIGHT), "anchor", "end", "text", "now"));
    return ticks;
}

json_t *chart_of(const json_t *lines, const char *member, const char *title, const char *unit,
                 const char *tone)
{
    int64_t total = 0, most = 0;
    AUTO(text_release) struct text label = TEXT_EMPTY;
    AUTO(text_release) struct text top_text = TEXT_EMPTY;
    for (size_t i = 0; i < json_array_size(lines); i++) {
        int64_t value = value_at(lines, i, member);
        total += value;
        most = value > most ? value : most;
    }
    int64_t top = round_up(most > 4 ? most : 4);
    text_append_count(&top_text, top);
    text_format(&label, "%s, in each five minutes: ", title);
    text_append_count(&label, total);
    text_format(&label, " %s in all, at most ", unit);
    text_append_count(&label, most);
    text_append(&label, ".");
    return json_pack("{s:s, s:s, s:I, s:s, s:s, s:o, s:o}", "title", title, "unit", unit, "total",
                     (json_int_t)total, "label", text_string(&label), "top", text_string(&top_text), "bars",
                     bars_of(lines, member, tone, top), "ticks", ticks_of(lines));
}
