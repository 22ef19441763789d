#include "common/base/zone.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FOLDER "/usr/share/zoneinfo"

enum { FILE_MOST = 256 << 10, HEADER = 44, DAY = 86400, OFFSET_MOST = 26 * 3600 };

/* The nth weekday of a month (5: the last), at some seconds of that day. */
struct rule {
    int month, week, weekday, seconds;
};

struct zone {
    int64_t *times; /* of changes, ascending */
    int *offsets;   /* behind each of them */
    size_t count;
    int first; /* before the first */
    bool has_rule, has_summer;
    int winter, summer;     /* offsets of the rule */
    struct rule from, till; /* of summer */
};

/* ---- the calendar ---- */

int64_t zone_days(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t floor_of(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}

static int weekday_of(int64_t days)
{
    return (int)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

static int64_t year_of(int64_t at)
{
    int64_t days = floor_of(at, DAY), year = 1970 + floor_of(days, 366);
    while (zone_days(year + 1, 1, 1) <= days)
        year++;
    return year;
}

/* In seconds of local time. */
static int64_t rule_in(const struct rule *rule, int64_t year)
{
    int64_t first = zone_days(year, rule->month, 1);
    int64_t next = rule->month == 12 ? zone_days(year + 1, 1, 1) : zone_days(year, rule->month + 1, 1);
    int64_t day = first + (rule->weekday - weekday_of(first) + 7) % 7 + 7 * (rule->week - 1);
    while (day >= next)
        day -= 7;
    return day * DAY + rule->seconds;
}

/* ---- the rule at the end: "CET-1CEST,M3.5.0,M10.5.0/3" ---- */

static bool parse_number(const char **text, int most, int *ret_number)
{
    char *end;
    if (!isdigit((unsigned char)**text))
        return false;
    long number = strtol(*text, &end, 10);
    *text = end;
    *ret_number = (int)number;
    return number <= most;
}

/* [+-]hh[:mm[:ss]], in seconds. */
static bool parse_time(const char **text, int *ret_seconds)
{
    int sign = **text == '-' ? -1 : 1, parts[3] = {0};
    *text += **text == '-' || **text == '+';
    for (int i = 0; i < 3; i++) {
        if (i > 0 && **text != ':')
            break;
        *text += i > 0;
        if (!parse_number(text, i == 0 ? 167 : 59, &parts[i]))
            return false;
    }
    *ret_seconds = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
    return true;
}

static bool skip_name(const char **text)
{
    const char *start = *text;
    if (**text == '<') {
        *text += strcspn(*text, ">");
        *text += **text == '>';
    } else {
        while (isalpha((unsigned char)**text))
            ++*text;
    }
    return *text - start >= 3;
}

static bool parse_rule(const char **text, struct rule *ret_rule)
{
    ret_rule->seconds = 2 * 3600;
    if (strncmp(*text, ",M", 2) != 0)
        return false;
    *text += 2;
    if (!parse_number(text, 12, &ret_rule->month) || *(*text)++ != '.' ||
        !parse_number(text, 5, &ret_rule->week) || *(*text)++ != '.' ||
        !parse_number(text, 6, &ret_rule->weekday))
        return false;
    if (**text == '/') {
        ++*text;
        if (!parse_time(text, &ret_rule->seconds))
            return false;
    }
    return ret_rule->month > 0 && ret_rule->week > 0;
}

static bool parse_footer(struct zone *zone, const char *text)
{
    int west;
    if (!skip_name(&text) || !parse_time(&text, &west))
        return false;
    zone->winter = -west;
    zone->has_rule = true;
    zone->has_summer = *text != '\0';
    if (!zone->has_summer)
        return true;
    zone->summer = zone->winter + 3600;
    if (!skip_name(&text))
        return false;
    if (*text != ',') {
        if (!parse_time(&text, &west))
            return false;
        zone->summer = -west;
    }
    return parse_rule(&text, &zone->from) && parse_rule(&text, &zone->till) && *text == '\0';
}

static int offset_by_rule(const struct zone *zone, int64_t at)
{
    if (!zone->has_summer)
        return zone->winter;
    int64_t year = year_of(at + zone->winter);
    int64_t from = rule_in(&zone->from, year) - zone->winter,
            till = rule_in(&zone->till, year) - zone->summer;
    bool summer = from < till ? at >= from && at < till : at >= from || at < till;
    return summer ? zone->summer : zone->winter;
}

/* ---- the file ---- */

static int64_t read_number(const unsigned char *bytes, int length)
{
    uint64_t number = bytes[0] & 0x80 ? UINT64_MAX : 0;
    for (int i = 0; i < length; i++)
        number = number << 8 | bytes[i];
    return (int64_t)number;
}

struct counts {
    size_t utc, standard, leaps, times, types, letters;
};

static bool read_counts(const unsigned char *bytes, size_t length, struct counts *ret_counts)
{
    size_t *const counts[] = {&ret_counts->utc,   &ret_counts->standard, &ret_counts->leaps,
                              &ret_counts->times, &ret_counts->types,    &ret_counts->letters};
    if (length < HEADER || memcmp(bytes, "TZif", 4) != 0 || bytes[4] < '2')
        return false;
    for (size_t i = 0; i < 6; i++) {
        *counts[i] = (size_t)read_number(bytes + 20 + 4 * i, 4);
        if (*counts[i] > FILE_MOST)
            return false;
    }
    return true;
}

static size_t block_length(const struct counts *counts, size_t width)
{
    return counts->times * (width + 1) + counts->types * 6 + counts->letters + counts->leaps * (width + 4) +
           counts->standard + counts->utc;
}

static bool read_type(const unsigned char *types, const struct counts *counts, size_t index, int *ret_offset)
{
    if (index >= counts->types)
        return false;
    *ret_offset = (int)read_number(types + 6 * index, 4);
    return *ret_offset > -OFFSET_MOST && *ret_offset < OFFSET_MOST;
}

static bool read_block(struct zone *zone, const unsigned char *bytes, const struct counts *counts)
{
    const unsigned char *indices = bytes + 8 * counts->times, *types = indices + counts->times;
    zone->times = memory_new(counts->times, sizeof *zone->times);
    zone->offsets = memory_new(counts->times, sizeof *zone->offsets);
    zone->count = counts->times;
    if (!read_type(types, counts, 0, &zone->first))
        return false;
    for (size_t i = 0; i < counts->times; i++) {
        zone->times[i] = read_number(bytes + 8 * i, 8);
        if (!read_type(types, counts, indices[i], &zone->offsets[i]) ||
            (i > 0 && zone->times[i] < zone->times[i - 1]))
            return false;
    }
    return true;
}

/* Version 1 comes first, with times of 32 bits, for readers of before; then all once more, with 64. */
static bool parse(struct zone *zone, const unsigned char *bytes, size_t length)
{
    struct counts counts;
    if (!read_counts(bytes, length, &counts))
        return false;
    size_t at = HEADER + block_length(&counts, 4);
    if (at > length || !read_counts(bytes + at, length - at, &counts))
        return false;
    at += HEADER;
    size_t footer = at + block_length(&counts, 8);
    if (footer + 2 > length || bytes[footer] != '\n' || !read_block(zone, bytes + at, &counts))
        return false;
    AUTO(text_release) struct text rule = TEXT_EMPTY;
    const unsigned char *end = memchr(bytes + footer + 1, '\n', length - footer - 1);
    if (!end)
        return false;
    text_append_bytes(&rule, bytes + footer + 1, (size_t)(end - bytes) - footer - 1);
    return rule.length == 0 || parse_footer(zone, text_string(&rule));
}

static bool is_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    return *name && *name != '/' && strspn(name, letters) == strlen(name) && strlen(name) < 64;
}

static int open_file(const char *name)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, FOLDER "/%s", name);
    return open(text_string(&path), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

int zone_open(const char *name, struct zone **ret_zone, struct text *ret_reason)
{
    AUTO(zone_close) struct zone *zone = memory_new(1, sizeof *zone);
    AUTO(memory_free) unsigned char *bytes = memory_new(1, FILE_MOST);
    if (!is_name(name)) {
        text_append(ret_reason, "is no name of a time zone; write one such as Europe/Zurich");
        return ERR_SYNTAX;
    }
    AUTO(fd_close) int fd = open_file(name);
    ssize_t length = fd < 0 ? -1 : pread(fd, bytes, FILE_MOST, 0);
    if (length < 0) {
        text_append(ret_reason, "is a time zone that this machine does not know (" FOLDER
                                "); write one such as Europe/Zurich, or install tzdata");
        return ERR_ABSENT;
    }
    if (!parse(zone, bytes, (size_t)length)) {
        text_append(ret_reason,
                    "is a time zone whose file in " FOLDER " cannot be understood; write another one");
        return ERR_DAMAGED;
    }
    *ret_zone = zone;
    zone = NULL;
    return 0;
}

void zone_close(struct zone **zone)
{
    if (!*zone)
        return;
    free((*zone)->times);
    free((*zone)->offsets);
    memory_free(zone);
}

static int offset_of_host(int64_t at)
{
    struct tm local;
    time_t time = (time_t)at;
    return localtime_r(&time, &local) ? (int)local.tm_gmtoff : 0;
}

int zone_offset(const struct zone *zone, int64_t at)
{
    if (!zone)
        return offset_of_host(at);
    if (zone->count == 0 || at >= zone->times[zone->count - 1])
        return zone->has_rule ? offset_by_rule(zone, at)
                              : (zone->count == 0 ? zone->first : zone->offsets[zone->count - 1]);
    if (at < zone->times[0])
        return zone->first;
    size_t low = 0, high = zone->count - 1; /* times[low] <= at < times[high] */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (zone->times[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    return zone->offsets[low];
}
