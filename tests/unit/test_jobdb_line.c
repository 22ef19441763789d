/* A line of trouble: its jobs or files, and nothing beside them. */
#include "common/jobs/line.h"

#include "common/jobs/connection.h"
#include "common/jobs/operator.h"
#include "common/jobs/quarantine.h"
#include "common/jobs/show.h"
#include "tests/support/jobs_world.h"
#include "tests/support/suite.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

/* Bytes of a reason that a request takes. */
#define TEN   "0123456789"
#define FIFTY TEN TEN TEN TEN TEN
#define MOST  FIFTY FIFTY FIFTY FIFTY FIFTY "012345"

#define DELIVERY(id, status, reason)                                                                 \
    "INSERT INTO instance (id, receipt, state, place, study, series, size, received_at, decided_at)" \
    " VALUES (" #id ", 'd" #id "', 'active', 'queue', '1', '1.1', 1, 1, 1);"                         \
    "INSERT INTO delivery (instance_id, destination_id, state, due_at, http_status, reason,"         \
    " finished_at) VALUES (" #id ", 1, 'failed', 1, " #status ", " reason ", 5);"
#define PARKED(id, reason, titles)                                                                   \
    "INSERT INTO instance (id, receipt, state, place, study, size, received_at, decided_at, reason," \
    " calling_aet, called_aet) VALUES (" #id ", 'q" #id                                              \
    "', 'quarantined', 'quarantine', '1', 1, 1, 1, " reason ", " titles ");"

/* A delivery of that series that failed for want of a disk, and who had sent it. */
#define SENT_BY(id, series_id, aet)                                                                                  \
    "INSERT INTO instance (id, receipt, state, place, study, series, size, received_at, decided_at,"                 \
    " calling_aet) VALUES (" #id ", 'd" #id "', 'active', 'queue', '2', '2." #id "', 1, 1, 1, '" aet "');"           \
    "INSERT INTO delivery (instance_id, destination_id, series_id, state, due_at, reason, finished_at) VALUES (" #id \
    ", 1, " #series_id ", 'failed', 1, 'no disk', 5);"

/* Of one reason: two deliveries, a share, a fetch and an inquiry; and deliveries of what is like it. */
static const char *const trouble = DELIVERY(1, 409, "'no room'") DELIVERY(2, 409, "'no room'") DELIVERY(
    3, 409, "'no room: 503'") DELIVERY(4, 503,
                                       "'no room'") DELIVERY(5, 409,
                                                             "NULL") DELIVERY(6, 409,
                                                                              "''") DELIVERY(7, NULL,
                                                                                             "'no room'")
    DELIVERY(8, 409, "'" MOST "'") DELIVERY(9, 409, "'" MOST " and more'") DELIVERY(
        10,
        409,
        "'" FIFTY
        "'") "INSERT INTO lane (id, destination_id, study) VALUES (1, 1, '1');"
             "INSERT INTO series (id, lane_id, series) VALUES (1, 1, '1.1');"
             "INSERT INTO share (destination_id, album_id, series_id, study, series, state, due_at, http_status, reason,"
             " created_at, finished_at) SELECT 1, id, 1, '1', '1.1', 'failed', 1, 409, 'no room', 1, 5 FROM album"
             " WHERE name = 'ct';"
             "INSERT INTO fetch (destination_id, study, state, due_at, http_status, reason, created_at, finished_at)"
             " VALUES (1, '1', 'failed', 1, 409, 'no room', 1, 5);"
             "INSERT INTO inquiry (destination_id, album_id, series_id, study, series, request_id, since, until, state,"
             " due_at, http_status, reason, created_at, finished_at) SELECT 1, id, 1, '1', '1.1', 1, 1, 2, 'failed', 1, 409,"
             " 'no room', 1, 5 FROM album WHERE name = 'ct';" PARKED(21, "'cut'", "'CT01', 'FIRST'")
                 PARKED(22, "'cut short'", "'CT01', 'FIRST'") PARKED(23, "'cut'", "NULL, 'FIRST'")
                     PARKED(24, "'cut'", "'CT01', NULL") PARKED(25, "''", "'CT01', 'FIRST'")
                         PARKED(26, "'cut'", "'', 'FIRST'");

static void set_up(void)
{
    world_set_up();
    ck_assert_int_eq(world.main_id, 1);
    ck_assert_msg(sqlite3_exec(world.db->sql, trouble, NULL, NULL, NULL) == SQLITE_OK, "%s",
                  sqlite3_errmsg(world.db->sql));
}

/* The counters know nothing of them. */
static void tear_down(void)
{
    ck_assert_int_eq(
        sqlite3_exec(world.db->sql,
                     "DELETE FROM inquiry; DELETE FROM fetch; DELETE FROM share; DELETE FROM delivery;"
                     "DELETE FROM series; DELETE FROM lane; DELETE FROM instance",
                     NULL, NULL, NULL),
        SQLITE_OK);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    world_tear_down();
}

static const struct job_row {
    const char *label;
    struct jobdb_selection selection;
    int64_t count;
} job_rows[] = {
    {"a part of a reason, of all kinds", {.filter = {.reason = "no room"}}, 8},
    {"of one kind", {.filter = {.reason = "no room"}, .job_kind = "delivery"}, 5},
    {"of one answer", {.filter = {.reason = "no room"}, .http_status = 503}, 1},
    {"of deliveries",
     {.filter = {.reason = "no room"}, .job_kind = "delivery", .http_status = 409, .is_line = true},
     2},
    {"of shares",
     {.filter = {.reason = "no room"}, .job_kind = "share", .http_status = 409, .is_line = true},
     1},
    {"of fetches",
     {.filter = {.reason = "no room"}, .job_kind = "fetch", .http_status = 409, .is_line = true},
     1},
    {"of inquiries",
     {.filter = {.reason = "no room"}, .job_kind = "inquiry", .http_status = 409, .is_line = true},
     1},
    {"of another answer",
     {.filter = {.reason = "no room"}, .job_kind = "delivery", .http_status = 503, .is_line = true},
     1},
    {"of no answer", {.filter = {.reason = "no room"}, .job_kind = "delivery", .is_line = true}, 1},
    {"of a longer reason", {.filter = {.reason = "no room: 503"}, .http_status = 409, .is_line = true}, 1},
    {"of no reason", {.http_status = 409, .job_kind = "delivery", .is_line = true}, 2},
    {"of reasons cut to one", {.filter = {.reason = MOST}, .http_status = 409, .is_line = true}, 2},
    {"of their beginning", {.filter = {.reason = FIFTY}, .http_status = 409, .is_line = true}, 1},
};

START_TEST(jobs_of_a_line)
{
    struct jobdb_selection selection = job_rows[_i].selection;
    selection.meant = JOBDB_FAILED;
    int64_t count = jobdb_count_meant(world.db, &selection);
    ck_assert_msg(count == job_rows[_i].count, "%s: %lld", job_rows[_i].label, (long long)count);
}
END_TEST

static const struct file_row {
    const char *label;
    struct jobdb_parked parked;
    int64_t count;
} file_rows[] = {
    {"a part of a reason", {.reason = "cut"}, 5},
    {"of a receiver", {.reason = "cut", .called_aet = "FIRST"}, 4},
    {"of a line", {.reason = "cut", .calling_aet = "CT01", .called_aet = "FIRST", .is_line = true}, 1},
    {"of a longer reason",
     {.reason = "cut short", .calling_aet = "CT01", .called_aet = "FIRST", .is_line = true},
     1},
    {"of no title", {.reason = "cut", .called_aet = "FIRST", .is_line = true}, 2},
    {"to no title", {.reason = "cut", .calling_aet = "CT01", .is_line = true}, 1},
    {"of no reason", {.calling_aet = "CT01", .called_aet = "FIRST", .is_line = true}, 1},
    {"of another study",
     {.reason = "cut", .calling_aet = "CT01", .called_aet = "FIRST", .study = "2", .is_line = true},
     0},
};

static const char *const sent_and_parked =
    "INSERT INTO lane (id, destination_id, study) VALUES (2, 1, '2');"
    "INSERT INTO series (id, lane_id, series) VALUES (31, 2, '2.31'), (32, 2, '2.32');" SENT_BY(31, 31, "AAA")
        SENT_BY(
            32, 32,
            "BBB") "INSERT INTO instance (id, receipt, state, place, study, size, received_at, decided_at, reason, calling_aet)"
                   " VALUES (33, 'q33', 'quarantined', 'quarantine', '2', 1, 1, 1, 'cut', 'ZZZ'),"
                   " (34, 'a34', 'active', 'queue', '2', 1, 1, 1, NULL, 'YYY');";

static void take_sender(void *context, const struct jobdb_field *fields, size_t count)
{
    bool is_it = false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, "reason") == 0)
            is_it = fields[i].text && strcmp(fields[i].text, "no disk") == 0;
        if (is_it && strcmp(fields[i].name, "calling_aet") == 0)
            (void)snprintf(context, 17, "%s", fields[i].text ? fields[i].text : "none");
    }
}

/* Of nobody who sent something else of the study. */
START_TEST(sender_is_of_what_failed)
{
    char sender[17] = "";
    ck_assert_msg(sqlite3_exec(world.db->sql, sent_and_parked, NULL, NULL, NULL) == SQLITE_OK, "%s",
                  sqlite3_errmsg(world.db->sql));
    ck_assert_int_eq(jobdb_ask(world.db, JOBDB_ASK_FAILED_GROUPS, NULL, NULL, 0, take_sender, sender), 0);
    ck_assert_str_eq(sender, "AAA");
}
END_TEST

START_TEST(files_of_a_line)
{
    int64_t count = jobdb_count_parked(world.db, &file_rows[_i].parked);
    ck_assert_msg(count == file_rows[_i].count, "%s: %lld", file_rows[_i].label, (long long)count);
}
END_TEST

static const struct reason_row {
    const char *label, *reason;
    size_t length;
} reason_rows[] = {
    {"none", NULL, 0},         {"empty", "", 0},
    {"short", "no room", 7},   {"as long as it may be", MOST, 256},
    {"longer", MOST "6", 256}, {"a character is whole", FIFTY FIFTY FIFTY FIFTY FIFTY "01234\u00e9", 255},
    {"a line", "no\nroom", 2},
};

START_TEST(reason_is_cut)
{
    const struct reason_row *row = &reason_rows[_i];
    char cut[300] = "";
    ck_assert_msg(line_reason_length(row->reason) == row->length, "%s", row->label);
    if (row->reason)
        memcpy(cut, row->reason, row->length);
    ck_assert_msg(line_is_reason(cut, row->reason), "%s", row->label);
    ck_assert_msg(!line_is_reason("n", row->reason), "%s", row->label);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("jobdb line");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, jobs_of_a_line, ROWS(job_rows));
    tests_add(tests, sender_is_of_what_failed);
    tests_rows(tests, files_of_a_line, ROWS(file_rows));
    tests_rows(tests, reason_is_cut, ROWS(reason_rows));
    return tests_run(tests);
}
