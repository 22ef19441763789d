#include "console/axis.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"

#include <stdio.h>
#include <time.h>

enum {
    TICKS_MOST = 64,
    APART = 84,
    GAP = 10,
    CHARACTER = 6,
    MINUTE_MS = 60000,
    DAY_MS = 24 * 60 * MINUTE_MS
};

static const char *const names[] = {
    [AXIS_SECONDS] = "seconds", [AXIS_MINUTES] = "minutes", [AXIS_DAY] = "day"};
/* About, of 11.5 pixels. */
static const double widths[] = {[AXIS_SECONDS] = 52, [AXIS_MINUTES] = 34, [AXIS_DAY] = 78};

struct tick {
    int64_t at, lasts; /* of a fold; else 0 */
    enum axis_form form;
};

struct ticks {
    struct tick list[TICKS_MOST];
    struct timeline_label labels[TICKS_MOST];
    size_t count;
};

void axis_append_clock(int64_t at, enum axis_form form, struct text *out)
{
    char text[32] = "";
    struct tm parts;
    time_t seconds = (time_t)(at / 1000);
    if (!localtime_r(&seconds, &parts))
        return;
    if (form == AXIS_SECONDS)
        (void)strftime(text, sizeof text, "%H:%M:%S", &parts);
    else if (form == AXIS_MINUTES)
        (void)strftime(text, sizeof text, "%H:%M", &parts);
    else
        (void)strftime(text, sizeof text, "%e %b %H:%M", &parts);
    text_append(out, *text == ' ' ? text + 1 : text);
}

static int64_t zone_ms(int64_t at)
{
    struct tm parts = {0};
    time_t seconds = (time_t)(at / 1000);
    return localtime_r(&seconds, &parts) ? (int64_t)parts.tm_gmtoff * 1000 : 0;
}

static int64_t day_of(int64_t at)
{
    return (at + zone_ms(at)) / DAY_MS;
}

static void add(struct ticks *ticks, const struct timeline *line, int64_t at, enum axis_form form, int weight)
{
    if (ticks->count == TICKS_MOST)
        return;
    ticks->list[ticks->count] = (struct tick){at, 0, form};
    ticks->labels[ticks->count++] =
        (struct timeline_label){.x = timeline_x(line, at), .width = widths[form], .weight = weight};
}

/* The shortest round time that stands far enough apart; a day and its multiples at last. */
static int64_t step_of(double per_ms)
{
    static const int64_t steps[] = {1,   2,   5,    10,   15,   30,    60,    120,  300,
                                    600, 900, 1800, 3600, 7200, 10800, 21600, 43200};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if ((double)(steps[i] * 1000) * per_ms >= APART)
            return steps[i] * 1000;
    int64_t step = DAY_MS;
    while ((double)step * per_ms < APART && step < INT64_MAX / 4)
        step *= 2;
    return step;
}

static void add_segment(struct ticks *ticks, const struct timeline *line,
                        const struct timeline_segment *segment, bool is_other_day)
{
    double lasts = (double)segment->until - (double)segment->from;
    double per_ms = lasts > 0 ? (segment->width - 2 * line->margin) / lasts : 0;
    int64_t step = per_ms > 0 ? step_of(per_ms) : DAY_MS, zone = zone_ms(segment->from);
    enum axis_form form = step < MINUTE_MS || lasts == 0 ? AXIS_SECONDS : AXIS_MINUTES;
    add(ticks, line, segment->from, is_other_day ? AXIS_DAY : form, 2);
    for (int64_t at = segment->from - (segment->from + zone) % step + step; lasts > 0 && at <= segment->until;
         at += step) {
        add(ticks, line, at, day_of(at) != day_of(at - step) || step >= DAY_MS ? AXIS_DAY : form, 1);
        if (ticks->count == TICKS_MOST)
            break;
    }
}

static void append_text(const struct tick *tick, struct text *out)
{
    if (tick->lasts > 0)
        text_append_duration(out, tick->lasts);
    else
        axis_append_clock(tick->at, tick->form, out);
}

/* The heaviest: without it one would not know that time is folded. */
static void add_fold(struct ticks *ticks, const struct timeline_segment *before, double fold)
{
    AUTO(text_release) struct text text = TEXT_EMPTY;
    struct tick tick = {.lasts = before[1].from - before->until};
    if (ticks->count == TICKS_MOST)
        return;
    append_text(&tick, &text);
    ticks->list[ticks->count] = tick;
    ticks->labels[ticks->count++] = (struct timeline_label){
        .x = before->x + before->width + fold / 2, .width = (double)text.length * CHARACTER, .weight = 3};
}

static json_t *tick_of(const struct timeline *line, const struct tick *tick, double x, double end)
{
    AUTO(text_release) struct text text = TEXT_EMPTY;
    char iso[CLOCK_ISO_SIZE], place[16], at[16];
    append_text(tick, &text);
    (void)snprintf(place, sizeof place, "%.2f%%", x / end * 100);
    (void)snprintf(at, sizeof at, "%.2f%%", timeline_x(line, tick->at) / end * 100);
    if (tick->lasts > 0)
        return json_pack("{s:s, s:n, s:s, s:n, s:n}", "x", place, "tick", "text", text_string(&text), "clock",
                         "form");
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "x", place, "tick", at, "text", text_string(&text), "clock",
                     clock_iso8601(tick->at, iso), "form", names[tick->form]);
}

json_t *axis_of(const struct timeline *line, double end, double fold, bool with_folds, int64_t now)
{
    struct ticks ticks = {.count = 0};
    json_t *list = json_array();
    int64_t day = day_of(now);
    for (size_t i = 0; i < line->segment_count; i++) {
        if (with_folds && i > 0)
            add_fold(&ticks, &line->segments[i - 1], fold);
        add_segment(&ticks, line, &line->segments[i], day_of(line->segments[i].from) != day);
        day = day_of(line->segments[i].until);
    }
    timeline_place(ticks.labels, ticks.count, end, GAP);
    for (size_t i = 0; i < ticks.count; i++)
        if (ticks.labels[i].is_shown)
            (void)json_array_append_new(list, tick_of(line, &ticks.list[i], ticks.labels[i].x, end));
    return list;
}
