#include "cli/when.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *when_forms(void)
{
    return "90s, 15m, 2h or 7d (so long ago), 10:00 (the last one), today, yesterday, 2026-01-31 or "
           "2026-01-31T08:15";
}

static bool parse_age(const char *text, int64_t now_ms, int64_t *ret_ms)
{
    char *end;
    if (!isdigit((unsigned char)*text))
        return false;
    long long number = strtoll(text, &end, 10);
    const char *units = "smhd", *unit = *end ? strchr(units, *end) : NULL;
    static const int64_t lengths[] = {1000, 60000, 3600000, 86400000};
    if (!unit || end[1] != '\0' || number < 0 || number > 100000)
        return false;
    *ret_ms = now_ms - number * lengths[unit - units];
    return true;
}

/* Of the day so many days ago, here. */
static int64_t local_time(int64_t now_ms, int days_ago, int hour, int minute)
{
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm day;
    (void)localtime_r(&seconds, &day);
    day.tm_mday -= days_ago;
    day.tm_hour = hour;
    day.tm_min = minute;
    day.tm_sec = 0;
    day.tm_isdst = -1;
    return (int64_t)mktime(&day) * 1000;
}

/* The last time that it was so late: today, or yesterday. */
static bool parse_time_of_day(const char *text, int64_t now_ms, int64_t *ret_ms)
{
    struct tm parts = {0};
    const char *end = strptime(text, "%H:%M", &parts);
    if (!end || *end || strlen(text) != 5)
        return false;
    *ret_ms = local_time(now_ms, 0, parts.tm_hour, parts.tm_min);
    if (*ret_ms > now_ms)
        *ret_ms = local_time(now_ms, 1, parts.tm_hour, parts.tm_min);
    return true;
}

static bool parse_date(const char *text, int64_t *ret_ms)
{
    static const char *const formats[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct tm parts = {.tm_isdst = -1};
        const char *end = strptime(text, formats[i], &parts);
        if (!end || (*end && strcmp(end, "Z") != 0))
            continue;
        time_t seconds = *end ? timegm(&parts) : mktime(&parts);
        *ret_ms = (int64_t)seconds * 1000;
        return seconds >= 0;
    }
    return false;
}

bool when_parse(const char *text, int64_t now_ms, int64_t *ret_ms)
{
    if (strcmp(text, "today") == 0 || strcmp(text, "yesterday") == 0) {
        *ret_ms = local_time(now_ms, *text == 'y', 0, 0);
        return true;
    }
    return parse_age(text, now_ms, ret_ms) || parse_time_of_day(text, now_ms, ret_ms) ||
           parse_date(text, ret_ms);
}

void when_append(int64_t at, int64_t now_ms, struct text *out)
{
    enum { LATELY_MS = 12 * 3600 * 1000 };
    time_t then = (time_t)(at / 1000), now = (time_t)(now_ms / 1000);
    struct tm day, today;
    char name[32];
    (void)localtime_r(&then, &day);
    (void)localtime_r(&now, &today);
    bool of_today = day.tm_year == today.tm_year && day.tm_yday == today.tm_yday;
    if (of_today || (at <= now_ms && now_ms - at < LATELY_MS))
        (void)strftime(name, sizeof name, "%H:%M", &day);
    else if (day.tm_year == today.tm_year)
        (void)strftime(name, sizeof name, "%e %B", &day);
    else
        (void)strftime(name, sizeof name, "%e %B %Y", &day);
    text_append(out, *name == ' ' ? name + 1 : name);
}
