/* A destination with a window: outside of it nothing goes there, which is told with its time, is no trouble, and delays no other;
 * within it everything goes. A leap of the router's wall clock opens and closes it. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/operator_view.h"
#include "tests/support/pipeline.h"
#include "tests/support/sabotage.h"
#include "tests/support/suite.h"
#include "tests/support/wall.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { SOON_MS = 60000, HOUR = 60, HOURS_6_MS = 6 * 3600 * 1000 };

static struct sandbox *sandbox;
static struct sabotage *sabotage;
static struct simulator *day, *night;
static struct pipeline *pipeline;

static const char *const tokens[] = {"--token", "main:write:WRITE",  "--token", "main:read,send:SEND",
                                     "--token", "album:write:ALBUM", NULL};

/* opens: minutes from now, for an hour. */
static void set_up_for(int opens, const char *more)
{
    static const struct pipeline_album album = {"ct", "ALBUM", "SEND", NULL};
    AUTO(text_release) struct text window = TEXT_EMPTY;
    sandbox = sandbox_create();
    sabotage = sabotage_create(sandbox);
    day = simulator_start(sandbox, "day", tokens);
    night = simulator_start(sandbox, "night", tokens);
    text_append(&window, "        time_zone: Etc/UTC\n        window: ");
    wall_append_span(opens, HOUR, &window);
    text_append_char(&window, '\n');
    const struct pipeline_destination destinations[] = {{.name = "day", .simulator = day, .token = "WRITE"},
                                                        {.name = "night",
                                                         .simulator = night,
                                                         .token = "WRITE",
                                                         .albums = &album,
                                                         .album_count = 1,
                                                         .more = text_string(&window)}};
    const struct pipeline_node node = {"FELUCCA", destinations, 2};
    const struct pipeline_options options = {&node, 1, more};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_equip(pipeline, PIPELINE_ROUTER, sabotage_environment(sabotage), NULL);
    pipeline_start_all(pipeline);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    simulator_destroy(&night);
    simulator_destroy(&day);
    sabotage_destroy(&sabotage);
    sandbox_destroy(&sandbox);
}

static int felucca(const char *command, const char *word, struct text *ret_output)
{
    const char *const argv[] = {
        FELUCCA_BIN "/felucca", "--config", pipeline_config(pipeline), command, word, NULL};
    return process_run(argv, NULL, SOON_MS, ret_output);
}

static void check_says(const char *command, const char *word, const char *says)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    (void)felucca(command, word, &output);
    ck_assert_msg(strstr(text_string(&output), says), "no \"%s\" in:\n%s", says, text_string(&output));
}

struct wanted {
    const char *family;
    double value;
};

static bool is_shown(void *context)
{
    const struct wanted *wanted = context;
    AUTO(text_release) struct text page = TEXT_EMPTY;
    double value;
    (void)pipeline_page(pipeline, PIPELINE_ROUTER, 0, "/metrics", &page);
    const char *line = strstr(text_string(&page), wanted->family);
    return line && sscanf(line + strlen(wanted->family), " %lf", &value) == 1 && value == wanted->value;
}

static void check_metric(const char *family, double value)
{
    struct wanted wanted = {family, value};
    pipeline_check(pipeline, wait_until(is_shown, &wanted, SOON_MS), family);
}

START_TEST(what_waits_for_its_window_is_told_and_is_no_trouble)
{
    char uid[DICOM_UID_SIZE];
    AUTO(text_release) struct text output = TEXT_EMPTY, span = TEXT_EMPTY, says = TEXT_EMPTY;
    set_up_for(6 * HOUR, "retry: { first: 100ms, ceiling: 1s, give_up: 1s }\n");
    wall_append_span(6 * HOUR, HOUR, &span);
    pipeline_send_small_study(pipeline, sandbox, 1, 3);
    pipeline_check(pipeline, simulator_wait_instances(day, 3, SOON_MS), "the open one waits");
    check_metric("felucca_target_state{destination=\"night\",album=\"\",state=\"closed\"}", 1);
    check_metric("felucca_oldest_job_age_seconds{destination=\"night\",album=\"\",state=\"queued\"}", 0);
    check_metric("felucca_jobs{destination=\"night\",album=\"\",state=\"queued\"}", 3);
    check_metric("felucca_backlog_empty_seconds{destination=\"night\",album=\"\"}", -1);
    text_format(&says, "waits for %.5s", text_string(&span)); /* a minute may pass in between */
    text_cut(&says, says.length - 2);
    check_says("status", NULL, "night waits for ");
    check_says("status", NULL, "closed");
    dicom_uid(uid, 1, 0, 0);
    check_says("show", uid, text_string(&says));
    ck_assert_msg(felucca("status", "--check", &output) == 0, "%s", text_string(&output));
    ck_assert_int_eq(simulator_count(night, "instances"), 0);
    ck_assert_uint_eq(operator_count_jobs(pipeline, "failed", "night", NULL), 0);
}
END_TEST

START_TEST(a_window_opens_and_closes_by_the_clock)
{
    set_up_for(6 * HOUR, NULL);
    pipeline_send_small_study(pipeline, sandbox, 1, 3);
    pipeline_check(pipeline, simulator_wait_instances(day, 3, SOON_MS), "the open one waits");
    ck_assert_int_eq(simulator_count(night, "instances"), 0);
    sabotage_set_clock(sabotage, HOURS_6_MS + 60000);
    pipeline_check(pipeline, simulator_wait_instances(night, 3, SOON_MS), "it does not open");
    pipeline_check(pipeline, operator_wait_jobs(pipeline, "shared", "night", "ct", 3, SOON_MS),
                   "no share goes");
    sabotage_set_clock(sabotage, 2 * (int64_t)HOURS_6_MS);
    check_metric("felucca_target_state{destination=\"night\",album=\"ct\",state=\"closed\"}", 1);
    pipeline_send_small_study(pipeline, sandbox, 2, 3);
    pipeline_check(pipeline, simulator_wait_instances(day, 6, SOON_MS), "the open one waits");
    ck_assert_int_eq(simulator_count(night, "instances"), 3);
    /* Set back, as after an error of a time server. */
    sabotage_set_clock(sabotage, HOURS_6_MS + 60000);
    pipeline_check(pipeline, simulator_wait_instances(night, 6, SOON_MS), "it does not open again");
}
END_TEST

START_TEST(an_open_window_changes_nothing)
{
    set_up_for(23 * HOUR + 59, NULL);
    pipeline_send_small_study(pipeline, sandbox, 1, 3);
    pipeline_check(pipeline, simulator_wait_instances(night, 3, SOON_MS), "it waits");
    check_says("status", NULL, "up");
}
END_TEST

START_TEST(wrong_windows_are_told)
{
    static const struct {
        const char *lines, *says;
    } rows[] = {{"        window: 20-6\n", "write one such as 20:00-06:00"},
                {"        window: [ 20:00-06:00, always ]\n", "\"always\" is not a span of hours"},
                {"        window: 20:00-06:00\n        time_zone: Europe/Atlantis\n", "does not know"},
                {"        time_zone: Etc/UTC\n", "there is none"}};
    AUTO(text_release) struct text output = TEXT_EMPTY;
    sandbox = sandbox_create();
    const struct pipeline_destination destination = {
        .name = "night", .stow_url = "http://127.0.0.1:9/studies", .more = rows[_i].lines};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, NULL};
    pipeline = pipeline_create(sandbox, &options);
    ck_assert_int_eq(felucca("check", "--offline", &output), 3);
    ck_assert_msg(strstr(text_string(&output), rows[_i].says), "%s", text_string(&output));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("hours_held");
    tests_fixture(tests, NULL, tear_down);
    tests_timeout(tests, 150);
    tests_abreast(tests, 3);
    tests_add(tests, what_waits_for_its_window_is_told_and_is_no_trouble);
    tests_add(tests, a_window_opens_and_closes_by_the_clock);
    tests_add(tests, an_open_window_changes_nothing);
    tests_rows(tests, wrong_windows_are_told, 4);
    return tests_run(tests);
}
