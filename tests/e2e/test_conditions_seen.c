/* What the conditions of destinations and albums have said of what was received, as `felucca status`, its JSON and the
 * view of the database tell it: over a real router. */
#include "common/base/cleanup.h"
#include "common/jobs/connection.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/row.h"
#include "tests/support/deadline.h"
#include "tests/support/rig.h"
#include "tests/support/suite.h"

#include <jansson.h>
#include <signal.h>
#include <string.h>

enum { SOON_MS = 30000, SERIES = 12, COUNTS = 7 };

static struct rig *rig;

static void tear_down(void)
{
    rig_destroy(&rig);
}

/* CT series of a study of their own, two instances each. */
static void receive(unsigned study)
{
    for (unsigned i = 0; i < SERIES; i++)
        for (unsigned instance = 1; instance <= 2; instance++)
            rig_receive(rig, "FIRST", study, 2 * i + 1, instance, NULL);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", (int64_t)study * SERIES * 2, SOON_MS),
              "not taken in");
}

/* What is said of an album's condition; is then yours. */
static json_t *condition_of(const char *album)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    json_t *found = NULL;
    ck_assert_int_eq(rig_felucca(rig, (const char *const[]){"status", "--json", NULL}, &output), 0);
    for (const char *line = text_string(&output); *line && !found; line += strcspn(line, "\n") + 1) {
        json_t *row = json_loadb(line, strcspn(line, "\n"), 0, NULL);
        const char *name = json_string_value(json_object_get(row, "album"));
        if (name && strcmp(name, album) == 0)
            found = json_incref(json_object_get(row, "condition"));
        json_decref(row);
    }
    ck_assert_ptr_nonnull(found);
    return found;
}

static void check_counts(const char *album, const int64_t (*counts)[COUNTS])
{
    static const char *const names[COUNTS] = {"yes",     "no",     "yes_hour",        "no_hour",
                                              "yes_day", "no_day", "unmatched_series"};
    json_t *condition = condition_of(album);
    for (size_t i = 0; i < COUNTS; i++) {
        int64_t is = json_integer_value(json_object_get(condition, names[i]));
        ck_assert_msg(is == (*counts)[i], "%s: %s is %lld", album, names[i], (long long)is);
    }
    json_decref(condition);
}

#define CHECK(album, ...) check_counts(album, &(const int64_t[COUNTS]){__VA_ARGS__})

static bool status_says(const char *words)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(text_release) struct text flat = TEXT_EMPTY;
    ck_assert_int_eq(rig_felucca(rig, (const char *const[]){"status", NULL}, &output), 0);
    for (const char *c = text_string(&output); *c; c++) {
        bool blank = strchr(" \n", *c) != NULL;
        if (!blank || (flat.length > 0 && flat.bytes[flat.length - 1] != ' '))
            text_append_char(&flat, blank ? ' ' : *c);
    }
    return strstr(text_string(&flat), words) != NULL;
}

START_TEST(each_condition_is_counted)
{
    rig = rig_create(NULL);
    receive(1);
    CHECK("ct", 24, 0, 24, 0, 24, 0, 0);
    CHECK("mr", 0, 24, 0, 24, 0, 24, SERIES);
    ck_assert(json_is_null(condition_of("all"))); /* it has none */
    ck_assert(status_says("main/ct 24 0 24 0 24 0 "));
    ck_assert(status_says("main/mr: nothing matched since "));
    ck_assert(status_says(", 12 series asked; "));
    ck_assert(!status_says("main/ct: nothing"));
}
END_TEST

START_TEST(a_restart_and_a_reload_forget_nothing)
{
    rig = rig_create(NULL);
    receive(1);
    rig_kill(rig);
    rig_start(rig);
    rig_check(rig, rig_wait_log(rig, "recovered", SOON_MS), "not recovered");
    process_signal(rig->router, SIGHUP);
    rig_check(rig, rig_wait_log(rig, "configuration read again", SOON_MS), "not read again");
    receive(2);
    CHECK("ct", 48, 0, 48, 0, 48, 0, 0);
    CHECK("mr", 0, 48, 0, 48, 0, 48, 2 * SERIES);
}
END_TEST

START_TEST(a_corrected_condition_is_counted_anew)
{
    rig = rig_create(NULL);
    receive(1);
    rig_reword(rig, "\"MR\"", "\"CT\"");
    process_signal(rig->router, SIGHUP);
    rig_check(rig, rig_wait_log(rig, "configuration read again", SOON_MS), "not read again");
    CHECK("mr", 0, 0, 0, 24, 0, 24, 0);
    receive(2);
    CHECK("mr", 24, 0, 24, 24, 24, 24, 0);
    ck_assert(!status_says("nothing matched"));
}
END_TEST

START_TEST(the_view_says_the_same)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    rig = rig_create(NULL);
    receive(1);
    ck_assert_int_eq(jobdb_open_reader(rig->state, &db, &reason), 0);
    AUTO(row_end)
    struct row row =
        row_ask(db->sql,
                "SELECT destination || '/' || album || ' ' || yes || ' ' || no || ' ' || no_day || ' ' ||"
                " unmatched_series FROM conditions WHERE yes = 0",
                NULL);
    ck_assert(row_next(&row));
    ck_assert_str_eq(row_text(&row), "main/mr 0 24 24 12");
    ck_assert(!row_next(&row));
}
END_TEST

/* A name without jobs that left the file. */
START_TEST(what_is_past_is_not_shown)
{
    rig = rig_create(NULL);
    rig_check(rig, rig_wait_log(rig, "recovered", SOON_MS), "not recovered");
    ck_assert(status_says(" mr up "));
    rig_configure(rig, NULL, "mr");
    process_signal(rig->router, SIGHUP);
    rig_check(rig, rig_wait_log(rig, "configuration read again", SOON_MS), "not read again");
    ck_assert(!status_says(" mr "));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("conditions_seen");
    tests_timeout(tests, 120);
    tests_fixture(tests, NULL, tear_down);
    tests_add(tests, each_condition_is_counted);
    tests_add(tests, a_restart_and_a_reload_forget_nothing);
    tests_add(tests, a_corrected_condition_is_counted_anew);
    tests_add(tests, what_is_past_is_not_shown);
    tests_add(tests, the_view_says_the_same);
    return tests_run(tests);
}
