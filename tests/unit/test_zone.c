/* Time zones: held against glibc, which reads the same files, for every zone of this machine. */
#include "common/base/zone.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "tests/support/files.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STEP = 9 * 86400 + 5431 };

#define FOLDER "/usr/share/zoneinfo/"

static int offset_of_libc(int64_t at)
{
    struct tm local;
    time_t time = (time_t)at;
    ck_assert_ptr_nonnull(localtime_r(&time, &local));
    return (int)local.tm_gmtoff;
}

static size_t compared;

static void compare(void *context, const char *path)
{
    AUTO(zone_close) struct zone *zone = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const char *name = path + strlen(FOLDER);
    (void)context;
    while (*name == '/')
        name++;
    if (strncmp(name, "right/", 6) == 0 || strncmp(name, "posix", 5) == 0 ||
        zone_open(name, &zone, &reason) != 0)
        return;
    ck_assert_int_eq(setenv("TZ", name, 1), 0);
    tzset();
    for (int64_t at = zone_days(1971, 1, 1) * 86400; at < zone_days(2090, 1, 1) * 86400; at += STEP)
        ck_assert_msg(zone_offset(zone, at) == offset_of_libc(at), "%s at %lld: %d, glibc says %d", name,
                      (long long)at, zone_offset(zone, at), offset_of_libc(at));
    compared++;
}

START_TEST(every_zone_is_what_glibc_says)
{
    folder_walk(FOLDER, compare, NULL);
    ck_assert_uint_gt(compared, 100);
}
END_TEST

/* To the second, on both sides of the changes, also by the rule behind the last change of the file. */
START_TEST(changes_are_exact)
{
    static const struct row {
        const char *zone;
        int year, month, day, seconds; /* UTC, when the change is */
        int before, after;
    } rows[] = {{"Europe/Zurich", 2026, 3, 29, 3600, 3600, 7200},
                {"Europe/Zurich", 2026, 10, 25, 3600, 7200, 3600},
                {"Europe/Zurich", 2077, 3, 28, 3600, 3600, 7200},
                {"America/New_York", 2061, 11, 6, 6 * 3600, -14400, -18000},
                {"Australia/Sydney", 2055, 4, 3, 16 * 3600, 39600, 36000}};
    const struct row *row = &rows[_i];
    AUTO(zone_close) struct zone *zone = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_msg(zone_open(row->zone, &zone, &reason) == 0, "%s", text_string(&reason));
    int64_t at = zone_days(row->year, row->month, row->day) * 86400 + row->seconds;
    ck_assert_int_eq(zone_offset(zone, at - 1), row->before);
    ck_assert_int_eq(zone_offset(zone, at), row->after);
}
END_TEST

START_TEST(what_is_no_zone_is_told)
{
    static const struct {
        const char *name, *says;
        int code;
    } rows[] = {{"", "no name", ERR_SYNTAX},
                {"/etc/passwd", "no name", ERR_SYNTAX},
                {"../../etc/passwd", "no name", ERR_SYNTAX},
                {"Europe/Atlantis", "does not know", ERR_ABSENT},
                {"zone1970.tab", "no name", ERR_SYNTAX},
                {"Europe", "does not know", ERR_ABSENT},
                {"leapseconds", "cannot be understood", ERR_DAMAGED}};
    struct zone *zone = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_int_eq(zone_open(rows[_i].name, &zone, &reason), rows[_i].code);
    ck_assert_msg(strstr(text_string(&reason), rows[_i].says), "%s", text_string(&reason));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("zone");
    tests_timeout(tests, 100);
    tests_add(tests, every_zone_is_what_glibc_says);
    tests_rows(tests, changes_are_exact, 5);
    tests_rows(tests, what_is_no_zone_is_told, 7);
    return tests_run(tests);
}
