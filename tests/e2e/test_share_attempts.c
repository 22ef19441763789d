/* When is an attempt to share a series counted against it? Only when other series reach the same album
 * meanwhile. Real processes, simulated KHEOPS. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "tests/support/deadline.h"
#include "tests/support/operator_view.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 60000, ATTEMPTS = 5, MANY_TRIES = 6 };

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct pipeline *pipeline;

static const char *const tokens[] = {"--token", "main:write:MAINWRITE", "--token", "main:read,send:MAINSEND",
                                     "--token", "all:write:ALLWRITE",   NULL};
static const struct pipeline_album album = {"all", "ALLWRITE", "MAINSEND", NULL};

static void set_up(void)
{
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
    const struct pipeline_destination destination = {
        .name = "main", .simulator = kheops, .token = "MAINWRITE", .albums = &album, .album_count = 1};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, NULL};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start(pipeline, PIPELINE_ROUTER);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
    pipeline_start(pipeline, PIPELINE_SENDER);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
}

static void check(bool ok, const char *what)
{
    pipeline_check(pipeline, ok, what);
}

static void send_study(uint64_t seed, unsigned series)
{
    pipeline_send_small_study(pipeline, sandbox, seed, series);
}

/* ---- what the operator sees of the share of a series of study 1 ---- */

static json_t *share_of(unsigned series)
{
    char uid[DICOM_UID_SIZE];
    json_t *jobs = operator_jobs(pipeline, NULL, "main", "all"), *job, *found = NULL;
    size_t i;
    dicom_uid(uid, 1, series, 0);
    json_array_foreach(jobs, i, job)
    {
        if (strcmp(json_string_value(json_object_get(job, "series")), uid) == 0)
            found = json_incref(job);
    }
    json_decref(jobs);
    check(found != NULL, "no such share");
    return found;
}

static int64_t number_of(unsigned series, const char *member)
{
    json_t *share = share_of(series);
    int64_t value = (int64_t)json_integer_value(json_object_get(share, member));
    json_decref(share);
    return value;
}

static bool is_in_state(unsigned series, const char *state, const char *reason)
{
    json_t *share = share_of(series);
    const char *says = json_string_value(json_object_get(share, "reason"));
    bool is = strcmp(json_string_value(json_object_get(share, "state")), state) == 0 &&
              (!reason || (says && strstr(says, reason)));
    json_decref(share);
    return is;
}

static bool was_tried_often(void *context)
{
    return number_of(*(unsigned *)context, "tries") >= MANY_TRIES;
}

static bool has_failed(void *context)
{
    return is_in_state(*(unsigned *)context, "failed", NULL);
}

static void fault(unsigned series, const char *rest)
{
    char uid[DICOM_UID_SIZE];
    AUTO(text_release) struct text order = TEXT_EMPTY;
    dicom_uid(uid, 1, series, 0);
    text_format(&order, "{\"kind\":\"share\",\"series\":\"%s\",%s}", uid, rest);
    simulator_order(kheops, "/sim/faults", text_string(&order));
}

static void remove_from_main(unsigned series)
{
    char uid[DICOM_UID_SIZE];
    AUTO(text_release) struct text order = TEXT_EMPTY;
    dicom_uid(uid, 1, series, 0);
    text_format(&order, "{\"album\":\"main\",\"series\":\"%s\"}", uid);
    simulator_order(kheops, "/sim/remove", text_string(&order));
}

/* ---- the tests ---- */

enum { COLLISION = 1, NOT_FOUND, NO_UID };

START_TEST(only_a_series_that_alone_fails_is_given_up)
{
    unsigned collision = COLLISION, not_found = NOT_FOUND, no_uid = NO_UID;
    send_study(1, 3);
    check(operator_wait_jobs(pipeline, "sent", "main", NULL, 3, PATIENCE_MS), "not delivered");
    fault(collision, "\"action\":\"status\",\"status\":500");
    remove_from_main(not_found);
    fault(no_uid, "\"action\":\"status\",\"status\":400");
    pipeline_start(pipeline, PIPELINE_SHARER);
    /* What can never be is given up at once. */
    check(wait_until(has_failed, &no_uid, PATIENCE_MS), "not rejected");
    check(is_in_state(no_uid, "failed", "object identifier"), "no sentence");
    check(number_of(no_uid, "tries") == 1, "tried again");
    /* As long as nothing reaches the album, nobody knows whose fault it is. */
    check(wait_until(was_tried_often, &collision, PATIENCE_MS), "500: not tried again");
    check(wait_until(was_tried_often, &not_found, PATIENCE_MS), "404: not tried again");
    check(is_in_state(collision, "queued", "500") && number_of(collision, "attempts") <= 1, "500: counted");
    check(is_in_state(not_found, "queued", "does not find") && number_of(not_found, "attempts") <= 1,
          "404: counted");
    /* Others go through, every time: then it is theirs. */
    uint64_t seed = 2;
    int64_t end = clock_monotonic_ms() + PATIENCE_MS;
    for (; clock_monotonic_ms() < end && !(has_failed(&collision) && has_failed(&not_found)); seed++) {
        send_study(seed, 1);
        check(simulator_wait_shared(kheops, "all", (size_t)seed - 1, PATIENCE_MS), "others do not go on");
    }
    check(is_in_state(collision, "failed", "500"), "500: not given up");
    check(is_in_state(not_found, "failed", "does not find"), "404: not given up");
    check(number_of(collision, "attempts") == ATTEMPTS && number_of(not_found, "attempts") == ATTEMPTS,
          "attempts");
    send_study(seed, 1);
    check(operator_wait_state(pipeline, "main", "all", "up", NULL, PATIENCE_MS), "the album is not up");
    pipeline_stop_all(pipeline);
}
END_TEST

/* A series that is not found right after KHEOPS came back: the album waits no more, but the series does. */
START_TEST(a_lone_series_is_not_tried_in_haste)
{
    unsigned series = 1;
    send_study(1, 1);
    check(operator_wait_jobs(pipeline, "sent", "main", NULL, 1, PATIENCE_MS), "not delivered");
    remove_from_main(series);
    fault(series, "\"action\":\"status\",\"status\":503,\"first\":1");
    int64_t began = clock_monotonic_ms();
    pipeline_start(pipeline, PIPELINE_SHARER);
    check(wait_until(was_tried_often, &series, PATIENCE_MS), "not tried again");
    int64_t tries = number_of(series, "tries"), elapsed = clock_monotonic_ms() - began;
    /* The waits before the third try and later ones are at least 100, 200, 400 and then 500 ms. */
    if (tries > 6 + elapsed / 500)
        (void)fprintf(stderr, "%lld tries in %lld ms\n", (long long)tries, (long long)elapsed);
    check(tries <= 6 + elapsed / 500, "tried again and again");
    pipeline_stop_all(pipeline);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("share_attempts");
    tests_abreast(tests, 4);
    tests_timeout(tests, 240);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, only_a_series_that_alone_fails_is_given_up);
    tests_add(tests, a_lone_series_is_not_tried_in_haste);
    return tests_run(tests);
}
