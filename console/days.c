#include "console/days.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/view/details.h"
#include "console/page.h"
#include "console/scale.h"
#include "console/timeline.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Where the panels are; a drawing is at least this wide. */
enum {
    WIDTH = 290,
    SMALL = 22,
    YES_TOP = 20,
    YES_BOTTOM = 76,
    ASKED_TOP = 104,
    ASKED_BOTTOM = 134,
    GAP = 6,
    CHARACTER = 6
};

/* ---- reading ---- */

/* Noon of so many days before; a day has 23 to 25 hours. */
static int64_t noon(int64_t now, int before)
{
    struct tm parts = {0};
    time_t seconds = (time_t)(now / 1000);
    (void)localtime_r(&seconds, &parts);
    parts.tm_mday -= before;
    parts.tm_hour = 12;
    parts.tm_isdst = -1;
    return (int64_t)mktime(&parts) * 1000;
}

static json_t *target_of(json_t *targets, const json_t *row)
{
    json_t *target;
    size_t index;
    json_array_foreach(targets, index, target)
    {
        if (json_equal(json_object_get(target, "destination"), json_object_get(row, "destination")) &&
            json_equal(json_object_get(target, "album"), json_object_get(row, "album")))
            return target;
    }
    return NULL;
}

void days_read(struct jobdb *db, json_t *targets, int64_t now)
{
    char first[CLOCK_DAY_SIZE];
    json_t *target = NULL, *row, *last = NULL;
    size_t index;
    AUTO(json_release)
    json_t *rows =
        details_ask(db, JOBDB_ASK_CONDITION_DAYS, clock_local_day(noon(now, DAYS - 1), first), NULL, 0);
    json_array_foreach(targets, index, target)(void) json_object_set_new(target, "days", json_array());
    target = NULL;
    json_array_foreach(rows, index, row)
    {
        bool is_same =
            last && json_equal(json_object_get(last, "destination"), json_object_get(row, "destination")) &&
            json_equal(json_object_get(last, "album"), json_object_get(row, "album"));
        target = is_same ? target : target_of(targets, row);
        last = row;
        if (target)
            (void)json_array_append_new(json_object_get(target, "days"),
                                        json_pack("{s:O, s:O, s:O, s:O}", "day", json_object_get(row, "day"),
                                                  "yes", json_object_get(row, "yes"), "no",
                                                  json_object_get(row, "no"), "undecided",
                                                  json_object_get(row, "undecided")));
    }
}

/* ---- drawing ---- */

struct month {
    int64_t yes[DAYS], asked[DAYS], undecided[DAYS], at[DAYS]; /* the oldest first; at: its noon */
    json_t *bars, *small, *cuts;
};

static int64_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static void take_days(struct month *month, const json_t *days, int64_t now)
{
    size_t next = 0, count = json_array_size(days);
    for (int i = 0; i < DAYS; i++) {
        char name[CLOCK_DAY_SIZE];
        month->at[i] = noon(now, DAYS - 1 - i);
        (void)clock_local_day(month->at[i], name);
        while (next < count && strcmp(json_text(json_array_get(days, next), "day"), name) < 0)
            next++;
        const json_t *day = json_array_get(days, next);
        if (!day || strcmp(json_text(day, "day"), name) != 0)
            continue;
        month->yes[i] = number_of(day, "yes");
        month->undecided[i] = number_of(day, "undecided");
        month->asked[i] = month->yes[i] + number_of(day, "no") + month->undecided[i];
    }
}

static void append_day(int64_t at, struct text *out)
{
    char text[16] = "";
    struct tm parts;
    time_t seconds = (time_t)(at / 1000);
    if (localtime_r(&seconds, &parts))
        (void)strftime(text, sizeof text, "%e %b", &parts);
    text_append(out, *text == ' ' ? text + 1 : text);
}

static json_t *part_of(double part)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%.2f%%", part * 100);
    return json_string(text);
}

static json_t *pixels_of(double length)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%.1f", length);
    return json_string(text);
}

/* "27 Nov: yes for 904 of 1,432 images". */
static json_t *title_of(const struct month *month, int day)
{
    AUTO(text_release) struct text title = TEXT_EMPTY;
    append_day(month->at[day], &title);
    text_append(&title, ": yes for ");
    text_append_count(&title, month->yes[day]);
    text_append(&title, " of ");
    page_append_count(&title, month->asked[day], "image", "images");
    if (month->undecided[day] > 0) {
        text_append(&title, ", undecided ");
        text_append_count(&title, month->undecided[day]);
    }
    return json_from_text(text_string(&title));
}

/* One value as high as it is of top; none is at least a hint, and none is higher than the panel. */
static void add_bar(struct month *month, json_t *bars, int day, int64_t value, int64_t top, int from,
                    int bottom, const char *tone)
{
    double room = bottom - from, height = value > top ? room : (double)value / (double)top * room;
    if (value == 0)
        return;
    height = height < 1 ? 1 : height;
    (void)json_array_append_new(bars, json_pack("{s:o, s:o, s:o, s:o, s:s, s:o}", "x",
                                                part_of((day + 0.08) / DAYS), "y", pixels_of(bottom - height),
                                                "width", part_of(0.84 / DAYS), "height", pixels_of(height),
                                                "tone", tone, "title", title_of(month, day)));
    if (value > top && bars == month->bars)
        (void)json_array_append_new(month->cuts,
                                    json_pack("{s:o, s:i, s:o}", "x", part_of((double)day / DAYS), "y",
                                              from + GAP, "width", part_of(1.0 / DAYS)));
}

/* What a panel is of, with its largest number where that is not cut; and the numbers of those that are. */
static void add_texts(json_t *texts, const int64_t *values, int64_t top, const char *what, int y)
{
    struct timeline_label labels[DAYS + 1];
    AUTO(text_release) struct text heading = TEXT_EMPTY;
    int64_t most = 0;
    for (int i = 0; i < DAYS; i++)
        most = values[i] > most ? values[i] : most;
    text_format(&heading, "%s", what);
    if (most == 0) {
        text_append(&heading, ": none");
    } else if (most <= top) {
        text_append(&heading, ", at most ");
        text_append_count(&heading, most);
    }
    labels[DAYS] = (struct timeline_label){.x = 0, .width = (double)heading.length * CHARACTER, .weight = 2};
    for (int i = 0; i < DAYS; i++) {
        AUTO(text_release) struct text number = TEXT_EMPTY;
        text_append_count(&number, values[i]);
        labels[i] = (struct timeline_label){.x = (i + 0.5) / DAYS * WIDTH,
                                            .width = values[i] > top ? (double)number.length * CHARACTER
                                                                     : WIDTH * 2.0,
                                            .weight = 1};
    }
    timeline_place(labels, DAYS + 1, WIDTH, GAP);
    (void)json_array_append_new(texts, json_pack("{s:s, s:i, s:s, s:s}", "x", "0", "y", y, "anchor", "start",
                                                 "text", text_string(&heading)));
    for (int i = 0; i < DAYS; i++) {
        AUTO(text_release) struct text number = TEXT_EMPTY;
        text_append_count(&number, values[i]);
        if (labels[i].is_shown)
            (void)json_array_append_new(texts,
                                        json_pack("{s:o, s:i, s:s, s:s}", "x", part_of(labels[i].x / WIDTH),
                                                  "y", y, "anchor", "middle", "text", text_string(&number)));
    }
}

static json_t *ticks_of(const struct month *month)
{
    json_t *ticks = json_array();
    for (int i = DAYS - 1; i >= 0; i -= 7) {
        AUTO(text_release) struct text day = TEXT_EMPTY;
        append_day(month->at[i], &day);
        bool is_today = i == DAYS - 1;
        (void)json_array_append_new(
            ticks, json_pack("{s:o, s:s, s:s}", "x", part_of(is_today ? 1 : (i + 0.5) / DAYS), "anchor",
                             is_today ? "end" : "middle", "text", is_today ? "today" : text_string(&day)));
    }
    return ticks;
}

static json_t *label_of(const struct month *month)
{
    AUTO(text_release) struct text label = TEXT_EMPTY;
    int64_t yes = 0, asked = 0, days = 0;
    for (int i = 0; i < DAYS; i++) {
        yes += month->yes[i];
        asked += month->asked[i];
        days += month->yes[i] > 0;
    }
    text_append(&label, "In the last 30 days: yes for ");
    text_append_count(&label, yes);
    text_append(&label, " of ");
    page_append_count(&label, asked, "image", "images");
    text_append(&label, ", on ");
    page_append_count(&label, days, "day", "days");
    return json_from_text(text_string(&label));
}

json_t *days_drawn(const json_t *days, int64_t now)
{
    struct month month = {.bars = json_array(), .small = json_array(), .cuts = json_array()};
    json_t *texts = json_array();
    take_days(&month, days, now);
    int64_t yes = scale_top(month.yes, DAYS), asked = scale_top(month.asked, DAYS);
    for (int i = 0; i < DAYS; i++) {
        add_bar(&month, month.small, i, month.yes[i], yes, 0, SMALL, "c-good");
        if (month.yes[i] == 0)
            add_bar(&month, month.small, i, month.asked[i] > 0, SMALL, 0, SMALL, "c-off");
        add_bar(&month, month.bars, i, month.yes[i], yes, YES_TOP, YES_BOTTOM, "c-good");
        add_bar(&month, month.bars, i, month.asked[i], asked, ASKED_TOP, ASKED_BOTTOM, "c-off");
    }
    add_texts(texts, month.yes, yes, "yes, images a day", YES_TOP - 8);
    add_texts(texts, month.asked, asked, "asked, images a day", ASKED_TOP - 8);
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "days_label", label_of(&month), "bars", month.bars,
                     "small", month.small, "cuts", month.cuts, "texts", texts, "ticks", ticks_of(&month));
}
