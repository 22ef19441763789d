/* Hours of the week: when they begin and end, over nights, weeks, and the nights of summer time. */
#include "common/base/hours.h"

#include "common/base/cleanup.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 4 };

static struct hours *hours_of(const char *zone_name, const char *list)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct zone *zone = NULL;
    char buffer[200], *spans[MOST], *rest = buffer;
    size_t count = 0;
    (void)snprintf(buffer, sizeof buffer, "%s", list);
    while (count < MOST && (spans[count] = strsep(&rest, ";"))) {
        ck_assert_msg(hours_check(spans[count], &reason) == 0, "%s %s", spans[count], text_string(&reason));
        count++;
    }
    ck_assert_msg(zone_open(zone_name, &zone, &reason) == 0, "%s", text_string(&reason));
    return hours_create(spans, count, zone);
}

/* "2026-03-29 01:00" in UTC. */
static int64_t utc(const char *text)
{
    int year, month, day, hour, minute;
    ck_assert_int_eq(sscanf(text, "%d-%d-%d %d:%d", &year, &month, &day, &hour, &minute), 5);
    return (zone_days(year, month, day) * 86400 + hour * 3600 + minute * 60) * 1000;
}

static const struct row {
    const char *zone, *spans, *now;
    bool open;
    const char *from, *until; /* all in UTC */
} rows[] = {
    {"Etc/UTC", "20:00-06:00", "2026-11-29 19:59", false, "2026-11-29 06:00", "2026-11-29 20:00"},
    {"Etc/UTC", "20:00-06:00", "2026-11-29 20:00", true, "2026-11-29 20:00", "2026-11-30 06:00"},
    {"Etc/UTC", "20:00-06:00", "2026-11-30 05:59", true, "2026-11-29 20:00", "2026-11-30 06:00"},
    {"Etc/UTC", "20:00-06:00", "2026-11-30 06:00", false, "2026-11-30 06:00", "2026-11-30 20:00"},
    /* 2026-11-29 is a Sunday. */
    {"Etc/UTC", "Mon-Fri 20:00-06:00", "2026-11-29 21:00", false, "2026-11-28 06:00", "2026-11-30 20:00"},
    {"Etc/UTC", "Fri-Mon 20:00-06:00", "2026-11-29 21:00", true, "2026-11-29 20:00", "2026-11-30 06:00"},
    {"Etc/UTC", "Sat 20:00-06:00", "2026-11-29 05:00", true, "2026-11-28 20:00", "2026-11-29 06:00"},
    {"Etc/UTC", "Mon-Fri 20:00-06:00;Sat,Sun 00:00-24:00", "2026-11-28 12:00", true, "2026-11-27 20:00",
     "2026-11-30 00:00"},
    {"Etc/UTC", "12:00-12:00", "2026-11-29 03:00", true, "2026-11-21 03:01", "2026-12-07 03:00"},
    {"Etc/UTC", "06:00-08:00;18:00-20:00", "2026-11-29 12:00", false, "2026-11-29 08:00", "2026-11-29 18:00"},
    {"Asia/Kathmandu", "20:00-06:00", "2026-11-29 14:14", false, "2026-11-29 00:15", "2026-11-29 14:15"},
    /* Summer time begins: from 2 to 3 there is no hour, the night has one less. */
    {"Europe/Zurich", "20:00-06:00", "2026-03-28 23:00", true, "2026-03-28 19:00", "2026-03-29 04:00"},
    {"Europe/Zurich", "02:00-03:00", "2026-03-29 00:59", false, "2026-03-28 02:00", "2026-03-30 00:00"},
    {"Europe/Zurich", "02:30-04:00", "2026-03-29 01:00", true, "2026-03-29 01:00", "2026-03-29 02:00"},
    /* It ends: the hour from 2 to 3 comes twice. */
    {"Europe/Zurich", "20:00-06:00", "2026-10-24 23:00", true, "2026-10-24 18:00", "2026-10-25 05:00"},
    {"Europe/Zurich", "02:00-03:00", "2026-10-25 00:30", true, "2026-10-25 00:00", "2026-10-25 02:00"},
    {"Europe/Zurich", "02:30-02:45", "2026-10-25 00:50", false, "2026-10-25 00:45", "2026-10-25 01:30"},
};

START_TEST(spans_begin_and_end)
{
    const struct row *row = &rows[_i];
    AUTO(hours_destroy) struct hours *hours = hours_of(row->zone, row->spans);
    int64_t from, until;
    bool open = hours_look(hours, utc(row->now), &from, &until);
    ck_assert_msg(open == row->open && from == utc(row->from) && until == utc(row->until),
                  "%s at %s: %d, %lld from, %lld until", row->spans, row->now, open,
                  (long long)(from - utc(row->from)) / 60000, (long long)(until - utc(row->until)) / 60000);
}
END_TEST

START_TEST(times_are_told_as_on_the_wall)
{
    AUTO(hours_destroy) struct hours *hours = hours_of("Europe/Zurich", "Fri 20:00-06:00");
    AUTO(text_release) struct text out = TEXT_EMPTY;
    hours_append_time(hours, utc("2026-12-04 19:00"), utc("2026-12-04 11:00"), &out);
    text_append(&out, ", ");
    hours_append_time(hours, utc("2026-12-04 19:00"), utc("2026-12-01 11:00"), &out);
    ck_assert_str_eq(text_string(&out), "20:00, Fri 20:00");
}
END_TEST

START_TEST(what_is_no_span_is_told)
{
    static const char *const wrong[] = {"",
                                        "20:00",
                                        "20:00-",
                                        "20-06",
                                        "24:00-06:00",
                                        "20:60-06:00",
                                        "20:00-25:00",
                                        "20:00-24:01",
                                        "Mo 20:00-06:00",
                                        "Mon20:00-06:00",
                                        "Mon- 20:00-06:00",
                                        "Mon, 20:00-06:00",
                                        "20:00-06:00 ",
                                        "monday 20:00-06:00",
                                        "-1:00-06:00"};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    for (size_t i = 0; i < ROWS(wrong); i++)
        ck_assert_msg(hours_check(wrong[i], &reason) != 0, "\"%s\" is taken", wrong[i]);
    ck_assert_ptr_nonnull(strstr(text_string(&reason), "write one such as 20:00-06:00"));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("hours");
    tests_rows(tests, spans_begin_and_end, ROWS(rows));
    tests_add(tests, times_are_told_as_on_the_wall);
    tests_add(tests, what_is_no_span_is_told);
    return tests_run(tests);
}
