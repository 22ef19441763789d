/* Who is blamed: a real router and a server that the test plays behind its workers. Each test is a server of one
 * kind; what it does to some requests must not hurt those that it takes. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "tests/support/rig.h"
#include "tests/support/stock.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SOON_MS = 20000, GLIMPSE_MS = 100, ATTEMPTS = 3 };

static struct rig *rig;
static struct actor *sender, *sharer;

static void set_up(void)
{
    rig = rig_create(NULL);
    sender = cast_add(rig->cast, WORK_SEND, 1);
    sharer = cast_add(rig->cast, WORK_SHARE, 1);
    rig_check(rig, actor_wait_greeted(rig->cast, sender, SOON_MS), "the router answers no HELLO");
    rig_check(rig, actor_wait_greeted(rig->cast, sharer, SOON_MS), "the router answers no HELLO");
}

static void tear_down(void)
{
    rig_destroy(&rig);
}

/* ---- the server ---- */

/* What it does with what the test names, and with all requests that are larger than most. */
struct server {
    enum work_outcome outcome;
    enum blame blame;
    int status;
    const char *sentence;
    int64_t milliseconds;
    bool everything; /* to all requests */
    bool whole;      /* to all items of a request that holds a bad one, as a proxy in front does */
    int64_t bad[8];  /* ids of jobs */
    size_t bad_count;
    size_t most; /* items; 0: any number */
    int requests, refused;
};

static bool is_bad(const struct server *server, int64_t id)
{
    for (size_t i = 0; i < server->bad_count; i++) {
        if (server->bad[i] == id)
            return true;
    }
    return server->everything;
}

static bool is_bad_request(const struct server *server, const struct work *work)
{
    bool bad = server->most > 0 && work->item_count > server->most;
    for (size_t i = 0; i < work->item_count; i++)
        bad = bad || (server->whole && is_bad(server, work->items[i].id));
    return bad;
}

static void serve(struct server *server, struct actor *actor, const struct work *work)
{
    AUTO(work_result_destroy) struct work_result *result = work_result_create(work);
    bool whole = is_bad_request(server, work), any = false;
    for (size_t i = 0; i < result->answer_count; i++) {
        bool bad = whole || is_bad(server, result->answers[i].id);
        any = any || bad;
        work_answer_set(&result->answers[i], bad ? server->outcome : WORK_DONE_OUTCOME,
                        bad ? server->blame : BLAME_NOBODY, bad ? server->status : 200,
                        bad ? server->sentence : NULL);
    }
    result->milliseconds = server->milliseconds;
    server->requests++;
    server->refused += any;
    actor_say_result(actor, result);
    rig_check(rig, actor_wait_acknowledged(rig->cast, actor, work->id, SOON_MS),
              "a RESULT is not acknowledged");
}

/* Serves for so long, or until there are so many jobs in a state; whether there are. */
static bool serve_until(struct server *server, struct actor *actor, const char *state, int64_t count,
                        int64_t limit_ms)
{
    const char *kind = actor->stage == WORK_SHARE ? "share" : "delivery";
    int64_t end = clock_monotonic_ms() + limit_ms;
    while (!state || rig_jobs(rig, kind, state, NULL, NULL) != count) {
        if (clock_monotonic_ms() > end)
            return false;
        AUTO(work_destroy) struct work *work = actor_wait_work(rig->cast, actor, GLIMPSE_MS);
        if (work)
            serve(server, actor, work);
    }
    return true;
}

static void serve_all(struct server *server, struct actor *actor, const char *state, int64_t count,
                      const char *why)
{
    rig_check(rig, serve_until(server, actor, state, count, SOON_MS), why);
}

static void receive(const char *node, unsigned study, unsigned series, unsigned instances)
{
    for (unsigned i = 1; i <= instances; i++)
        rig_receive(rig, node, study, series, i, NULL);
}

static void check_says(const char *const *words, const char *text)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    (void)rig_felucca(rig, words, &output);
    if (!strstr(text_string(&output), text))
        (void)fprintf(stderr, "wanted: %s\nfound: %s\n", text, text_string(&output));
    rig_check(rig, strstr(text_string(&output), text) != NULL, text);
}
#define SAYS(text, ...) check_says((const char *const[]){__VA_ARGS__, NULL}, text)

static struct server good;

/* Serves until it has refused so many. */
static void serve_refusing(struct server *server, struct actor *actor, int count)
{
    int64_t end = clock_monotonic_ms() + SOON_MS;
    while (server->refused < count && clock_monotonic_ms() < end)
        (void)serve_until(server, actor, NULL, 0, GLIMPSE_MS);
    rig_check(rig, server->refused >= count, "it is not tried");
}

/* ---- all refused at once is a wall ---- */

static const struct wall_row {
    const char *label;
    enum work_outcome outcome;
    enum blame blame;
    int status;
    bool proven; /* something was stored there before */
    const char *state;
} wall_rows[] = {
    {"415 of a new destination", WORK_BLOCKED_OUTCOME, BLAME_FRONT, 415, false, "blocked"},
    {"415 after a success", WORK_BLOCKED_OUTCOME, BLAME_FRONT, 415, true, "blocked"},
    {"404 after a success", WORK_BLOCKED_OUTCOME, BLAME_FRONT, 404, true, "blocked"},
    {"413 of a new destination", WORK_RETRY_OUTCOME, BLAME_SIZE, 413, false, "blocked"},
    {"413 after a success", WORK_RETRY_OUTCOME, BLAME_SIZE, 413, true, "blocked"},
    {"0x0110 for everything", WORK_RETRY_OUTCOME, BLAME_SUSPECT, 202, false, "backing off"},
    {"0x0124 after a success", WORK_RETRY_OUTCOME, BLAME_SUSPECT, 202, true, "backing off"},
    {"not listed, all of them", WORK_RETRY_OUTCOME, BLAME_GROUP, 200, true, "backing off"},
    {"400 for everything", WORK_RETRY_OUTCOME, BLAME_GROUP, 400, false, "backing off"},
    {"500 for everything", WORK_RETRY_OUTCOME, BLAME_CRASH, 500, true, "backing off"},
};

START_TEST(a_wall_fails_nothing_and_is_told)
{
    const struct wall_row *row = &wall_rows[_i];
    enum { STUDIES = 20 };
    struct server server = {row->outcome, row->blame, row->status, "the sentence of the wall",
                            .everything = true};
    int64_t all = STUDIES + row->proven;
    if (row->proven) {
        receive("SECOND", 100, 1, 1);
        serve_all(&good, sender, "sent", 1, "not stored");
    }
    for (unsigned study = 1; study <= STUDIES; study++)
        receive("SECOND", study, 1, 1);
    serve_refusing(&server, sender, 10);
    ck_assert_int_eq(rig_jobs(rig, "delivery", "failed", NULL, NULL), 0);
    rig_check(rig, rig_wait_target(rig, "other", NULL, row->state, SOON_MS), row->label);
    SAYS("the sentence of the wall", "status");
    (void)serve_until(&server, sender, NULL, 0, 1000);
    ck_assert_int_eq(rig_jobs(rig, "delivery", "failed", NULL, NULL), 0);
    serve_all(&good, sender, "sent", all, "the backlog does not drain");
    rig_check(rig, rig_wait_target(rig, "other", NULL, "up", SOON_MS), "it is not up again");
}
END_TEST

/* What rests is not hammered: the wall costs less and less. */
START_TEST(what_stores_nothing_is_asked_ever_more_rarely)
{
    enum { STUDIES = 60, MOST = 45 };
    struct server server = {WORK_RETRY_OUTCOME, BLAME_SUSPECT, 202, "0x0124: not authorised",
                            .everything = true};
    for (unsigned study = 1; study <= STUDIES; study++)
        receive("SECOND", study, 1, 1);
    serve_refusing(&server, sender, 10);
    (void)serve_until(&server, sender, NULL, 0, 4000);
    /* Ten in a row, then a probe at most every 100 ms (half of the ceiling). */
    ck_assert_int_le(server.requests, 10 + MOST);
    serve_all(&good, sender, "sent", STUDIES, "the backlog does not drain");
}
END_TEST

START_TEST(an_answer_that_stays_is_one_event)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    struct server server = {WORK_RETRY_OUTCOME, BLAME_SUSPECT, 202, "0x0110: not processed",
                            .everything = true};
    receive("SECOND", 1, 1, 1);
    while (server.requests < 4)
        (void)serve_until(&server, sender, NULL, 0, 200);
    server.sentence = "0x0124: not authorised";
    while (server.requests < 6)
        (void)serve_until(&server, sender, NULL, 0, 200);
    (void)rig_felucca(rig, (const char *const[]){"show", "delivery:1", "--json", NULL}, &output);
    size_t events = 0;
    for (const char *at = text_string(&output); (at = strstr(at, "\"trouble\"")); at++)
        events++;
    ck_assert_msg(events == 2, "%zu events: %s", events, text_string(&output));
    serve_all(&good, sender, "sent", 1, "not delivered");
}
END_TEST

START_TEST(a_batch_that_is_refused_stays_together)
{
    enum { INSTANCES = 8, ROUNDS = 4 };
    struct server server = {WORK_RETRY_OUTCOME, BLAME_SUSPECT, 202, "0x0124: not authorised",
                            .everything = true};
    AUTO(text_release) struct text said = TEXT_EMPTY;
    receive("SECOND", 1, 1, 1); /* the first request may hold less than all */
    serve_all(&good, sender, "sent", 1, "not stored");
    (void)rig_felucca(rig, (const char *const[]){"hold", "other", NULL}, &said);
    receive("SECOND", 1, 1, INSTANCES + 1);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", INSTANCES + 1, SOON_MS), "not taken in");
    (void)rig_felucca(rig, (const char *const[]){"release", "other", NULL}, &said);
    for (int round = 0; round < ROUNDS; round++) {
        AUTO(work_destroy) struct work *work = actor_wait_work(rig->cast, sender, SOON_MS);
        rig_check(rig, work != NULL, "no work comes");
        ck_assert_msg(work->item_count == INSTANCES + 1, "round %d: %zu of them", round, work->item_count);
        serve(&server, sender, work);
    }
    serve_all(&good, sender, "sent", INSTANCES + 2, "not delivered");
}
END_TEST

/* ---- one poisonous instance ---- */

static const struct poison_row {
    const char *label;
    enum work_outcome outcome;
    enum blame blame;
    int status;
    const char *says;
} poison_rows[] = {
    {"403 of a web application firewall", WORK_BLOCKED_OUTCOME, BLAME_FRONT, 403,
     "something in front of the server"},
    {"404", WORK_BLOCKED_OUTCOME, BLAME_FRONT, 404, "something in front of the server"},
    {"413", WORK_RETRY_OUTCOME, BLAME_SIZE, 413, "the sentence of the server"},
    {"500", WORK_RETRY_OUTCOME, BLAME_CRASH, 500, "the sentence of the server"},
    {"not listed", WORK_RETRY_OUTCOME, BLAME_GROUP, 200, "the sentence of the server"},
};

START_TEST(one_poisonous_instance_hurts_nobody_else)
{
    const struct poison_row *row = &poison_rows[_i];
    enum { NEIGHBOURS = 24 };
    struct server server = {row->outcome, row->blame, row->status, "the sentence of the server",
                            .whole = true};
    receive("SECOND", 100, 1, 1);
    serve_all(&server, sender, "sent", 1, "not stored");
    receive("SECOND", 1, 1, NEIGHBOURS + 1);
    rig_check(rig, rig_wait_jobs(rig, "delivery", NULL, NEIGHBOURS + 2, SOON_MS), "not taken in");
    server.bad[server.bad_count++] = 2 + NEIGHBOURS / 2;
    serve_all(&server, sender, "sent", NEIGHBOURS + 1, "its neighbours are held up");
    rig_check(rig, rig_wait_target(rig, "other", NULL, "up", SOON_MS), "it is not up");
    int64_t stored = NEIGHBOURS + 1;
    for (unsigned study = 101; rig_jobs(rig, "delivery", "failed", NULL, NULL) == 0; study++) {
        rig_check(rig, study < 130, "it is tried for ever");
        int tries = server.refused;
        receive("SECOND", study, 1, 1);
        serve_all(&server, sender, "sent", ++stored, "others are held up");
        for (int i = 0;
             i < 100 && server.refused == tries && rig_jobs(rig, "delivery", "failed", NULL, NULL) == 0; i++)
            (void)serve_until(&server, sender, "failed", 1, 50);
    }
    ck_assert_int_eq(rig_jobs(rig, "delivery", "failed", NULL, NULL), 1);
    SAYS(row->says, "jobs", "--state", "failed", "--json");
    rig_check(rig, rig_wait_target(rig, "other", NULL, "up", SOON_MS), "it is not up in the end");
}
END_TEST

/* Where nothing else comes, it fails nothing, and blocks nobody who comes later. */
START_TEST(a_lone_culprit_waits_and_keeps_nobody_waiting)
{
    struct server server = {WORK_RETRY_OUTCOME, BLAME_SUSPECT, 202, "0x0110: not processed", .whole = true};
    receive("SECOND", 100, 1, 1);
    serve_all(&server, sender, "sent", 1, "not stored");
    server.bad[server.bad_count++] = 2;
    receive("SECOND", 1, 1, 1);
    while (server.refused < 6)
        (void)serve_until(&server, sender, NULL, 0, 200);
    ck_assert_int_eq(rig_jobs(rig, "delivery", "failed", NULL, NULL), 0);
    rig_check(rig, rig_wait_target(rig, "other", NULL, "up", SOON_MS), "one culprit makes it rest");
    SAYS("other is up, but not everything passes:\n  0x0110: not processed", "status");
    int refused = server.refused;
    receive("SECOND", 2, 1, 1);
    serve_all(&server, sender, "sent", 2, "another study is held up");
    ck_assert_int_le(server.refused, refused + 1);
}
END_TEST

/* ---- KHEOPS says nothing, but something can be checked ---- */

static char many[400];

static void set_long_texts(struct dicom_spec *spec)
{
    spec->study_description = many + sizeof many - 1 - 156;
    spec->body_part = many + sizeof many - 1 - 33;
}

/* 155 characters of two bytes each: KHEOPS bears them. */
static void set_wide_text(struct dicom_spec *spec)
{
    static char wide[2 * 155 + 1];
    for (size_t i = 0; i + 1 < sizeof wide; i += 2)
        memcpy(wide + i, "\xc3\xa9", 2);
    spec->character_set = "ISO_IR 192";
    spec->study_description = wide;
}

static void set_foreign_series(struct dicom_spec *spec)
{
    struct dicom_spec other;
    rig_spec(&other, 1, 1, 1);
    memcpy(spec->series_uid, other.series_uid, sizeof spec->series_uid);
}

static void set_nothing(struct dicom_spec *spec)
{
    (void)spec;
}

static const struct riddle_row {
    const char *label;
    void (*set)(struct dicom_spec *spec);
    const char *says[2]; /* NULL: nothing is found */
    int64_t size;        /* of the file, with a hole in it; 0: as it is */
} riddle_rows[] = {
    {"long texts",
     set_long_texts,
     {"StudyDescription has 156 characters", "BodyPartExamined has 33 characters"},
     0},
    {"wide characters", set_wide_text, {NULL, NULL}, 0},
    {"a large object",
     set_nothing,
     {"it is larger than 2 GiB, KHEOPS bears no larger", NULL},
     ((int64_t)2 << 30) + 4096},
    {"a series of another study",
     set_foreign_series,
     {"its series UID was sent there in another study", NULL},
     0},
};

START_TEST(what_can_be_checked_is_told)
{
    const struct riddle_row *row = &riddle_rows[_i];
    struct server server = {.outcome = WORK_RETRY_OUTCOME,
                            .blame = BLAME_GROUP,
                            .status = 202,
                            .sentence = "the server cannot process it",
                            .everything = true};
    struct dicom_spec spec;
    char receipt[RECEIPT_SIZE];
    memset(many, 'x', sizeof many - 1);
    receive("SECOND", 1, 1, 1);
    serve_all(&good, sender, "sent", 1, "not stored");
    rig_spec(&spec, 2, 1, 1);
    row->set(&spec);
    AUTO(memory_free) char *path = stock_receive(sandbox_path(rig->sandbox, "arriving"), &spec, "SECOND");
    (void)snprintf(receipt, sizeof receipt, "%.*s", RECEIPT_LENGTH, strrchr(path, '/') + 1);
    if (row->size > 0)
        ck_assert_int_eq(truncate(path, row->size), 0);
    rig_receive_file(rig, path, receipt);
    while (server.refused < 1)
        (void)serve_until(&server, sender, NULL, 0, 100);
    SAYS("the server cannot process it", "jobs", "--json");
    for (size_t i = 0; i < ROWS(row->says) && row->says[i]; i++)
        SAYS(row->says[i], "jobs", "--json");
    if (!row->says[0])
        SAYS("the server cannot process it\"", "jobs", "--json");
    serve_all(&good, sender, "sent", 2, "not delivered");
}
END_TEST

/* ---- ends that tell nothing ---- */

static const struct end_row {
    const char *label;
    enum blame blame;
} end_rows[] = {{"a reset in the middle", BLAME_CUT}, {"504 of a proxy", BLAME_SLOW}};

START_TEST(requests_get_smaller_until_they_pass)
{
    enum { INSTANCES = 40, MOST = 10 };
    struct server server = {WORK_RETRY_OUTCOME, end_rows[_i].blame, 504, "the server answers 504",
                            .most = MOST};
    receive("SECOND", 1, 1, INSTANCES);
    serve_all(&server, sender, "sent", INSTANCES, "not delivered");
    ck_assert_msg(server.refused <= 12, "%d of %d requests did not pass", server.refused, server.requests);
    ck_assert_int_eq(rig_jobs(rig, "delivery", "failed", NULL, NULL), 0);
    /* One such end is no reason to get smaller. */
    receive("SECOND", 1, 1, 2);
    serve_all(&good, sender, "sent", INSTANCES + 2, "not delivered");
}
END_TEST

START_TEST(what_the_server_may_be_storing_still_is_not_sent_meanwhile)
{
    enum { TOOK_MS = 700 };
    struct server server = {WORK_RETRY_OUTCOME,      BLAME_SLOW,        504, "the server answers 504",
                            .milliseconds = TOOK_MS, .everything = true};
    int64_t last = 0;
    receive("SECOND", 1, 1, 1);
    for (int round = 0; round < 3; round++) {
        AUTO(work_destroy) struct work *work = actor_wait_work(rig->cast, sender, SOON_MS);
        rig_check(rig, work != NULL, "no work comes");
        int64_t rested = clock_monotonic_ms() - last;
        ck_assert_msg(round == 0 || rested >= TOOK_MS << (round - 1), "round %d: after %lld ms", round,
                      (long long)rested);
        last = clock_monotonic_ms();
        serve(&server, sender, work);
    }
    SAYS("large and slow", "status");
    SAYS("large and slow", "jobs", "--json");
    serve_all(&good, sender, "sent", 1, "not delivered");
}
END_TEST

/* ---- albums ---- */

/* Studies whose series are stored, so that each has a share in "all". */
static void store_series(unsigned first, unsigned count)
{
    int64_t sent = rig_jobs(rig, "delivery", "sent", NULL, NULL);
    for (unsigned i = 0; i < count; i++)
        receive("FIRST", first + i, 1, 1);
    serve_all(&good, sender, "sent", sent + count, "not stored");
}

static const struct server not_found = {.outcome = WORK_RETRY_OUTCOME,
                                        .blame = BLAME_GONE,
                                        .status = 404,
                                        .sentence = "KHEOPS does not find the series"};

START_TEST(series_that_are_gone_do_not_block_an_album_that_has_worked)
{
    struct server server = not_found;
    rig_configure(rig, NULL, "ct");
    process_signal(rig->router, SIGHUP);
    rig_check(rig, rig_wait_target(rig, "main", "ct", "not configured", SOON_MS), "it is not dropped");
    store_series(1, 1);
    serve_all(&good, sharer, "shared", 1, "not shared");
    server.everything = true;
    store_series(10, 6);
    while (server.refused < 12)
        (void)serve_until(&server, sharer, NULL, 0, 200);
    rig_check(rig, rig_wait_target(rig, "main", "all", "up", SOON_MS), "it is not up");
    ck_assert_int_eq(rig_jobs(rig, "share", "failed", NULL, NULL), 0);
    /* Others pass: now a miss counts for its share. */
    int64_t shared = 1;
    server.everything = false;
    for (int64_t id = 2; id <= 7; id++)
        server.bad[server.bad_count++] = id;
    for (unsigned study = 20; rig_jobs(rig, "share", "failed", NULL, NULL) < 6; study++) {
        int refused = server.refused;
        rig_check(rig, study < 60, "they are tried for ever");
        store_series(study, 1);
        serve_all(&server, sharer, "shared", ++shared, "good ones are held up");
        for (int i = 0; i < 40 && server.refused < refused + 6; i++)
            (void)serve_until(&server, sharer, "failed", 6, 50);
    }
    rig_check(rig, rig_wait_target(rig, "main", "all", "up", SOON_MS), "it is not up in the end");
}
END_TEST

START_TEST(an_album_that_never_worked_is_blocked_by_three_series_and_newer_ones_go_first)
{
    enum { NEWEST = 6 };
    struct server server = not_found;
    rig_configure(rig, NULL, "ct");
    process_signal(rig->router, SIGHUP);
    rig_check(rig, rig_wait_target(rig, "main", "ct", "not configured", SOON_MS), "it is not dropped");
    server.everything = true;
    store_series(1, NEWEST - 1);
    (void)serve_until(&server, sharer, NULL, 0, 1500);
    rig_check(rig, rig_wait_target(rig, "main", "all", "blocked", SOON_MS), "it is not blocked");
    SAYS("none of several series", "status");
    store_series(50, 1);
    int64_t first = 0;
    for (int probes = 0; probes < 2 && first != NEWEST; probes++) {
        AUTO(work_destroy) struct work *work = actor_wait_work(rig->cast, sharer, SOON_MS);
        rig_check(rig, work != NULL, "no probe");
        first = work->items[0].id;
        serve(first == NEWEST ? &good : &server, sharer, work);
    }
    ck_assert_msg(first == NEWEST, "of the probes one may have been on its way, the next was %d", (int)first);
    rig_check(rig, rig_wait_target(rig, "main", "all", "up", SOON_MS), "it is not up");
    serve_all(&good, sharer, "shared", NEWEST, "not shared");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("who_is_blamed");
    tests_abreast(tests, 4);
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, a_wall_fails_nothing_and_is_told, ROWS(wall_rows));
    tests_add(tests, what_stores_nothing_is_asked_ever_more_rarely);
    tests_add(tests, an_answer_that_stays_is_one_event);
    tests_add(tests, a_batch_that_is_refused_stays_together);
    tests_rows(tests, one_poisonous_instance_hurts_nobody_else, ROWS(poison_rows));
    tests_add(tests, a_lone_culprit_waits_and_keeps_nobody_waiting);
    tests_rows(tests, what_can_be_checked_is_told, ROWS(riddle_rows));
    tests_rows(tests, requests_get_smaller_until_they_pass, ROWS(end_rows));
    tests_add(tests, what_the_server_may_be_storing_still_is_not_sent_meanwhile);
    tests_add(tests, series_that_are_gone_do_not_block_an_album_that_has_worked);
    tests_add(tests, an_album_that_never_worked_is_blocked_by_three_series_and_newer_ones_go_first);
    return tests_run(tests);
}
