#include "common/base/hours.h"

#include "common/base/err.h"
#include "common/base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTES = 24 * 60, WEEK = 7 * MINUTES, HORIZON = 8 * MINUTES, MINUTE_MS = 60 * 1000 };

static const char *const weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

struct hours {
    struct zone *zone;
    bool open[WEEK]; /* each minute of a week that begins on Sunday */
};

/* ---- one span ---- */

static bool parse_weekday(const char **text, int *ret_day)
{
    for (int day = 0; day < 7; day++) {
        if (strncmp(*text, weekdays[day], 3) == 0) {
            *text += 3;
            *ret_day = day;
            return true;
        }
    }
    return false;
}

/* "Mon-Fri,Sun "; without any: all. */
static bool parse_days(const char **text, bool days[7])
{
    bool all = !isalpha((unsigned char)**text);
    int from, till;
    for (int i = 0; i < 7; i++)
        days[i] = all;
    if (all)
        return true;
    for (;;) {
        if (!parse_weekday(text, &from))
            return false;
        till = from;
        if (**text == '-') {
            ++*text;
            if (!parse_weekday(text, &till))
                return false;
        }
        for (int day = from;; day = (day + 1) % 7) {
            days[day] = true;
            if (day == till)
                break;
        }
        if (**text != ',')
            break;
        ++*text;
    }
    if (**text != ' ')
        return false;
    *text += strspn(*text, " ");
    return true;
}

/* "06:00", in minutes. */
static bool parse_clock(const char **text, int *ret_minutes)
{
    const char *t = *text;
    for (int i = 0; i < 5; i++)
        if (i == 2 ? t[i] != ':' : !isdigit((unsigned char)t[i]))
            return false;
    int hour = (t[0] - '0') * 10 + t[1] - '0', minute = (t[3] - '0') * 10 + t[4] - '0';
    *text += 5;
    *ret_minutes = hour * 60 + minute;
    return minute < 60 && *ret_minutes <= MINUTES;
}

struct span {
    bool days[7];
    int from, till; /* minutes of the day; till may be as early as from */
};

static bool parse(const char *text, struct span *ret_span)
{
    if (!parse_days(&text, ret_span->days) || !parse_clock(&text, &ret_span->from) || *text++ != '-' ||
        !parse_clock(&text, &ret_span->till))
        return false;
    return *text == '\0' && ret_span->from < MINUTES;
}

int hours_check(const char *span, struct text *ret_reason)
{
    struct span parsed;
    if (parse(span, &parsed))
        return 0;
    text_append(
        ret_reason,
        "is not a span of hours; write one such as 20:00-06:00, or Mon-Fri 19:30-07:00, or Sat,Sun 00:00-24:00");
    return ERR_SYNTAX;
}

static void open_span(struct hours *hours, const struct span *span)
{
    int length = (span->till > span->from ? span->till : span->till + MINUTES) - span->from;
    for (int day = 0; day < 7; day++)
        for (int i = 0; span->days[day] && i < length; i++)
            hours->open[(day * MINUTES + span->from + i) % WEEK] = true;
}

struct hours *hours_create(char *const *spans, size_t count, struct zone *zone)
{
    struct hours *hours = memory_new(1, sizeof *hours);
    hours->zone = zone;
    for (size_t i = 0; i < count; i++) {
        struct span span;
        if (parse(spans[i], &span))
            open_span(hours, &span);
    }
    return hours;
}

void hours_destroy(struct hours **hours)
{
    if (!*hours)
        return;
    zone_close(&(*hours)->zone);
    memory_free(hours);
}

/* ---- when ---- */

/* Which minute of the week it is on the wall. */
static int minute_of_week(const struct hours *hours, int64_t at_ms)
{
    int64_t at = at_ms / 1000 - (at_ms % 1000 < 0), local = at + zone_offset(hours->zone, at);
    int64_t minutes = local / 60 - (local % 60 < 0);
    return (int)(((minutes + 4 * MINUTES) % WEEK + WEEK) % WEEK); /* 1970-01-01 was a Thursday */
}

static bool is_open(const struct hours *hours, int64_t at_ms)
{
    return hours->open[minute_of_week(hours, at_ms)];
}

bool hours_look(const struct hours *hours, int64_t now, int64_t *ret_from, int64_t *ret_until)
{
    int64_t minute = now / MINUTE_MS - (now % MINUTE_MS < 0);
    bool open = is_open(hours, now);
    int behind = 1, ahead = 1;
    while (behind < HORIZON && is_open(hours, (minute - behind) * MINUTE_MS) == open)
        behind++;
    while (ahead < HORIZON && is_open(hours, (minute + ahead) * MINUTE_MS) == open)
        ahead++;
    *ret_from = (minute - behind + 1) * MINUTE_MS;
    *ret_until = (minute + ahead) * MINUTE_MS;
    return open;
}

void hours_append_time(const struct hours *hours, int64_t at, int64_t now, struct text *out)
{
    int minute = minute_of_week(hours, at);
    if (at - now >= (int64_t)MINUTES * MINUTE_MS)
        text_format(out, "%s ", weekdays[minute / MINUTES]);
    text_format(out, "%02d:%02d", minute % MINUTES / 60, minute % 60);
}
