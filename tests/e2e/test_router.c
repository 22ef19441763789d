/* A real router, and workers played by the test over the real socket: what the work protocol promises under
 * every loss. */
#include "tests/support/rig.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/worker/worker.h"
#include "tests/support/stock.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOON_MS = 30000, LEASE_MS = WORK_LEASE_MS + 5000, QUIET_MS = 400, MANY = 8 };

static struct rig *rig;

static void set_up(void)
{
    rig = rig_create(NULL);
}

static void tear_down(void)
{
    rig_destroy(&rig);
}

/* ---- small steps ---- */

static struct actor *add_sender(int slots)
{
    struct actor *actor = cast_add(rig->cast, WORK_SEND, slots);
    rig_check(rig, actor_wait_greeted(rig->cast, actor, SOON_MS), "the router answers no HELLO");
    return actor;
}

static struct work *take_work(struct actor *actor)
{
    struct work *work = actor_wait_work(rig->cast, actor, SOON_MS);
    rig_check(rig, work != NULL, "no work comes");
    return work;
}

static void finish(struct actor *actor, struct work **work, enum work_outcome outcome)
{
    rig_check(rig, actor_finish(rig->cast, actor, *work, outcome), "a RESULT is not acknowledged");
    work_destroy(work);
}

static void check_no_work(struct actor *actor, const char *why)
{
    AUTO(work_destroy) struct work *work = actor_wait_work(rig->cast, actor, QUIET_MS);
    rig_check(rig, work == NULL, why);
}

static void check_jobs(const char *kind, const char *state, int64_t count)
{
    if (rig_wait_jobs(rig, kind, state, count, SOON_MS))
        return;
    char sentence[128];
    (void)snprintf(sentence, sizeof sentence, "%s %s: %lld wanted, %lld there", kind, state, (long long)count,
                   (long long)rig_jobs(rig, kind, state, NULL, NULL));
    rig_check(rig, false, sentence);
}

static struct work_result *result_of(const struct work *work, enum work_outcome outcome, enum blame blame,
                                     int status)
{
    struct work_result *result = work_result_create(work);
    for (size_t i = 0; i < result->answer_count; i++)
        work_answer_set(&result->answers[i], outcome, blame, status, "as the test wants it");
    return result;
}

static void say_result(struct actor *actor, struct work_result *result)
{
    char id[WORK_ID_SIZE];
    memcpy(id, result->id, sizeof id);
    actor_say_result(actor, result);
    rig_check(rig, actor_wait_acknowledged(rig->cast, actor, id, SOON_MS), "a RESULT is not acknowledged");
}

/* ---- what a worker may do wrong ---- */

START_TEST(a_work_that_is_not_listed_goes_to_others_and_its_late_answers_do_no_harm)
{
    struct actor *first = add_sender(1);
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    AUTO(work_destroy) struct work *lost = take_work(first);
    first->denies = true;
    first->slots = 0;
    struct actor *second = add_sender(1);
    AUTO(work_destroy) struct work *again = take_work(second);
    ck_assert_str_ne(again->id, lost->id);
    ck_assert_int_eq(again->items[0].id, lost->items[0].id);
    actor_answer(first, lost, WORK_REJECT_OUTCOME);
    rig_check(rig, actor_wait_acknowledged(rig->cast, first, lost->id, SOON_MS),
              "late results are acknowledged");
    actor_answer(first, lost, WORK_RETRY_OUTCOME);
    actor_answer(first, lost, WORK_BLOCKED_OUTCOME);
    check_jobs("delivery", "sending", 1);
    ck_assert_msg(rig_wait_target(rig, "other", NULL, "up", SOON_MS),
                  "and say nothing about the destination");
    actor_answer(first, lost, WORK_DONE_OUTCOME);
    check_jobs("delivery", "sent", 1);
    rig_check(rig, actor_finish(rig->cast, second, again, WORK_REJECT_OUTCOME), "it is acknowledged too");
    check_jobs("delivery", "sent", 1);
    check_no_work(second, "nothing is left to be done");
}
END_TEST

START_TEST(a_silent_worker_loses_its_work_after_the_lease_and_nobody_elses_waits)
{
    struct actor *silent = add_sender(1);
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    AUTO(work_destroy) struct work *lost = take_work(silent);
    int64_t began = clock_monotonic_ms();
    silent->silent = true;
    struct actor *lively = add_sender(2);
    rig_receive(rig, "SECOND", 2, 1, 1, NULL);
    struct work *other = take_work(lively);
    ck_assert_str_ne(other->study, lost->study);
    finish(lively, &other, WORK_DONE_OUTCOME);
    AUTO(work_destroy) struct work *again = actor_wait_work(rig->cast, lively, LEASE_MS);
    rig_check(rig, again && strcmp(again->study, lost->study) == 0, "the silent one's work comes");
    ck_assert_int_ge(clock_monotonic_ms() - began, WORK_LEASE_MS - 1500);
    rig_check(rig, actor_finish(rig->cast, lively, again, WORK_DONE_OUTCOME), "done");
    silent->silent =
        false; /* as after SIGCONT: it is told WHO, and says HELLO with a work that is not its own */
    rig_receive(rig, "SECOND", 3, 1, 1, NULL);
    struct work *more = NULL;
    for (int turns = 0; !more && turns < 500; turns++) {
        more = actor_wait_work(rig->cast, lively, 1);
        more = more ? more : actor_wait_work(rig->cast, silent, 1);
    }
    rig_check(rig, more != NULL, "the work goes on");
    rig_check(rig, silent->whos > 0 || silent->greeted, "whoever comes back is greeted again");
    work_destroy(&more);
}
END_TEST

START_TEST(a_worker_that_dies_is_known_to_be_gone)
{
    struct actor *dying = add_sender(4);
    cast_remove(rig->cast, dying);
    struct actor *living = add_sender(1);
    for (unsigned study = 1; study <= 3; study++)
        rig_receive(rig, "SECOND", study, 1, 1, NULL);
    for (int i = 0; i < 3; i++) { /* all of them within the time of a lease */
        struct work *work = take_work(living);
        finish(living, &work, WORK_DONE_OUTCOME);
    }
    check_jobs("delivery", "sent", 3);
}
END_TEST

START_TEST(repeated_and_contradicting_results_change_nothing)
{
    struct actor *actor = add_sender(1);
    rig_receive(rig, "FIRST", 1, 1, 1, NULL);
    struct work *work = take_work(actor);
    for (int i = 0; i < 3; i++)
        actor_answer(actor, work, WORK_DONE_OUTCOME);
    actor_answer(actor, work, WORK_REJECT_OUTCOME);
    finish(actor, &work, WORK_RETRY_OUTCOME);
    check_jobs("delivery", "sent", 1);
    check_jobs("share", "queued", 2);
    check_no_work(actor, "what is sent is sent");
}
END_TEST

START_TEST(what_a_result_says_of_other_jobs_is_not_heard)
{
    struct actor *actor = add_sender(2);
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    AUTO(work_destroy) struct work *first = take_work(actor);
    rig_receive(rig, "SECOND", 2, 1, 1, NULL);
    AUTO(work_destroy) struct work *second = take_work(actor);
    /* The second's item under the first's work id, and of the first nothing. */
    struct work_result *result = result_of(second, WORK_REJECT_OUTCOME, BLAME_INSTANCE, 400);
    memcpy(result->id, first->id, sizeof result->id);
    say_result(actor, result);
    work_result_destroy(&result);
    check_jobs("delivery", "failed", 0);
    /* A huge result: bytes, times and numbers at their limits. */
    result = result_of(second, WORK_DONE_OUTCOME, BLAME_NOBODY, 200);
    result->bytes = result->milliseconds = INT64_MAX;
    result->not_before_ms = INT64_MAX / 2;
    say_result(actor, result);
    work_result_destroy(&result);
    AUTO(work_destroy) struct work *third = take_work(actor);
    ck_assert_str_eq(third->study, first->study);
    result = result_of(third, WORK_DONE_OUTCOME, BLAME_NOBODY, 200);
    result->bytes = INT64_MAX;
    say_result(actor, result);
    work_result_destroy(&result);
    check_jobs("delivery", "sent", 2);
}
END_TEST

static const char *const garbage[] = {
    "",
    "{}",
    "[]",
    "null",
    "{",
    "{\"work\":1}",
    "\xff\xfe",
    "{\"session\":\"0\",\"held\":[1]}",
    "{\"stage\":\"send\",\"name\":\"x\",\"session\":\"y\",\"protocol\":1,\"slots\":-1,\"held\":[]}",
    "{\"stage\":\"send\",\"name\":\"x\",\"session\":\"y\",\"protocol\":7,\"slots\":9,\"held\":[]}",
    "{\"session\":\"0\",\"work\":\"nobodys\",\"stage\":\"send\",\"destination\":\"nowhere\",\"album\":null,"
    "\"not_before_ms\":0,\"bytes\":0,\"milliseconds\":0,\"answers\":[{\"id\":"
    "1,"
    "\"receipt\":\"00000000000000000000000000000000\",\"outcome\":\"done\","
    "\"blame\":\"nobody\",\"status\":200,\"reason\":null}]}",
    "{\"destination\":\"nowhere\",\"album\":\"none\",\"kind\":\"stow\",\"active\":true,\"scope\":\"\","
    "\"album_id\":\"\"}",
};

START_TEST(garbage_disturbs_nobody)
{
    static const char *const verbs[] = {"HELLO", "PING", "RESULT", "TOKEN", "BYE",   "ACK",
                                        "WORK",  "PONG", "WHO",    "",      "hello", "RESULTRESULT"};
    struct actor *vandal = cast_add(rig->cast, WORK_SEND, 0);
    struct actor *actor = add_sender(1);
    vandal->silent = true;
    for (size_t v = 0; v < sizeof verbs / sizeof *verbs; v++) {
        actor_say(vandal, verbs[v], NULL);
        for (size_t g = 0; g < sizeof garbage / sizeof *garbage; g++)
            actor_say(vandal, verbs[v], garbage[g]);
    }
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    struct work *work = take_work(actor);
    finish(actor, &work, WORK_DONE_OUTCOME);
    check_jobs("delivery", "sent", 1);
    ck_assert(process_running(rig->router));
}
END_TEST

START_TEST(two_workers_with_one_name_and_one_worker_that_says_hello_twice)
{
    struct actor *a = add_sender(1), *b = cast_add(rig->cast, WORK_SEND, 1);
    (void)snprintf(b->name, sizeof b->name, "%s", a->name);
    rig_check(rig, actor_wait_greeted(rig->cast, b, SOON_MS), "the second of that name is greeted");
    for (unsigned study = 1; study <= 2; study++)
        rig_receive(rig, "SECOND", study, 1, 1, NULL);
    struct work *of_a = take_work(a), *of_b = take_work(b);
    ck_assert_str_ne(of_a->study, of_b->study);
    for (int i = 0; i < 3; i++) {
        a->greeted = false; /* says HELLO again, with what it holds */
        rig_check(rig, actor_wait_greeted(rig->cast, a, SOON_MS), "and again");
    }
    check_no_work(a, "its slot is taken");
    finish(a, &of_a, WORK_DONE_OUTCOME);
    finish(b, &of_b, WORK_DONE_OUTCOME);
    check_jobs("delivery", "sent", 2);
}
END_TEST

/* ---- a router that dies ---- */

START_TEST(a_restarted_router_adopts_what_is_held_and_gives_away_the_rest)
{
    struct actor *faithful = add_sender(1), *dying = add_sender(1);
    for (unsigned study = 1; study <= 2; study++)
        rig_receive(rig, "SECOND", study, 1, 1, NULL);
    AUTO(work_destroy) struct work *held = take_work(faithful);
    AUTO(work_destroy) struct work *lost = take_work(dying);
    rig_kill(rig);
    cast_remove(rig->cast, dying);
    rig_check_consistency(rig);
    rig_start(rig);
    struct actor *other = add_sender(4);
    int64_t began = clock_monotonic_ms();
    AUTO(work_destroy) struct work *again = actor_wait_work(rig->cast, other, LEASE_MS);
    rig_check(rig, again && strcmp(again->study, lost->study) == 0, "nobody's work comes");
    ck_assert_int_ge(clock_monotonic_ms() - began, WORK_LEASE_MS - 3000);
    ck_assert_uint_gt(faithful->whos, 0);
    check_no_work(other, "what is held stays with whoever holds it");
    rig_check(rig, actor_finish(rig->cast, other, again, WORK_DONE_OUTCOME), "done");
    rig_check(rig, actor_finish(rig->cast, faithful, held, WORK_DONE_OUTCOME), "done");
    check_jobs("delivery", "sent", 2);
}
END_TEST

START_TEST(a_result_that_the_dead_router_missed_is_taken_by_the_next)
{
    struct actor *actor = add_sender(1);
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    AUTO(work_destroy) struct work *work = take_work(actor);
    rig_kill(rig);
    actor->denies = true; /* its HELLO, without which nothing that it says counts, lists nothing */
    rig_start(rig);
    for (int i = 0; i < 500 && actor->acknowledged_count == 0; i++) {
        if (i % 20 == 0)
            actor_answer(actor, work, WORK_DONE_OUTCOME);
        cast_turn(rig->cast);
    }
    check_jobs("delivery", "sent", 1);
}
END_TEST

/* ---- batches that fail as a whole ---- */

/* A destination that answers 500 to every request with the culprit in it: blamed on a crash. */
static void answer_for_culprit(struct actor *actor, struct work **work, int64_t culprit, size_t *ret_smallest)
{
    bool poisoned = false;
    for (size_t i = 0; i < (*work)->item_count; i++)
        poisoned = poisoned || (*work)->items[i].id == culprit;
    struct work_result *result = result_of(*work, poisoned ? WORK_RETRY_OUTCOME : WORK_DONE_OUTCOME,
                                           poisoned ? BLAME_CRASH : BLAME_NOBODY, poisoned ? 500 : 200);
    say_result(actor, result);
    if (poisoned && (*work)->item_count < *ret_smallest)
        *ret_smallest = (*work)->item_count;
    work_result_destroy(&result);
    work_destroy(work);
}

START_TEST(a_batch_is_halved_until_the_culprit_stands_alone_and_fails_alone)
{
    struct actor *actor = add_sender(1);
    size_t smallest = SIZE_MAX;
    for (unsigned instance = 1; instance <= MANY; instance++)
        rig_receive(rig, "SECOND", 1, 1, instance, NULL);
    for (int requests = 0;
         requests < 100 && (smallest > 1 || rig_jobs(rig, "delivery", "sent", NULL, NULL) < MANY - 1);
         requests++) {
        struct work *work = take_work(actor);
        answer_for_culprit(actor, &work, 5, &smallest);
    }
    for (int requests = 0; requests < 5; requests++) {
        struct work *work = take_work(actor);
        ck_assert_uint_eq(work->item_count, 1);
        answer_for_culprit(actor, &work, 5, &smallest);
    }
    check_jobs("delivery", "sent", MANY - 1);
    check_jobs("delivery", "failed", 0); /* nothing else succeeds any more: it may be the destination */
    for (unsigned study = 2; rig_jobs(rig, "delivery", "failed", NULL, NULL) == 0; study++) {
        rig_check(rig, study < 20, "among others that succeed it fails");
        rig_receive(rig, "SECOND", study, 1, 1, NULL);
        while (rig_jobs(rig, "delivery", "sent", NULL, NULL) < MANY - 2 + study) {
            struct work *work = take_work(actor);
            answer_for_culprit(actor, &work, 5, &smallest);
        }
    }
    check_jobs("delivery", "failed", 1);
    check_jobs("delivery", "queued", 0);
}
END_TEST

START_TEST(an_outage_fails_nothing_however_long_it_lasts)
{
    struct actor *actor = add_sender(4);
    for (unsigned study = 1; study <= 4; study++)
        for (unsigned instance = 1; instance <= 3; instance++)
            rig_receive(rig, "SECOND", study, 1, instance, NULL);
    struct work *work = take_work(actor);
    char last_study[JOBDB_UID_SIZE] = "";
    int rounds = 0, repeated = 0;
    int64_t end = clock_monotonic_ms() + 2500;
    for (; clock_monotonic_ms() < end || rounds < 15; rounds++) {
        struct work_result *result = result_of(work, WORK_RETRY_OUTCOME, BLAME_CRASH, 500);
        repeated += strcmp(last_study, work->study) == 0;
        (void)snprintf(last_study, sizeof last_study, "%s", work->study);
        say_result(actor, result);
        work_result_destroy(&result);
        work_destroy(&work);
        work = take_work(actor);
    }
    ck_assert_msg(repeated <= rounds / 2, "probes go to other studies: %d of %d did not", repeated, rounds);
    ck_assert_int_eq(rig_jobs(rig, "delivery", "failed", NULL, NULL), 0);
    while (work) {
        finish(actor, &work, WORK_DONE_OUTCOME);
        work = actor_wait_work(rig->cast, actor, QUIET_MS);
    }
    check_jobs("delivery", "sent", 12);
    ck_assert(rig_wait_target(rig, "other", NULL, "up", SOON_MS));
}
END_TEST

START_TEST(a_blocked_destination_is_probed_once_at_a_time_and_then_drains)
{
    struct actor *actor = add_sender(4);
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    struct work *work = take_work(actor);
    struct work_result *result = result_of(work, WORK_BLOCKED_OUTCOME, BLAME_TOKEN, 401);
    say_result(actor, result);
    work_result_destroy(&result);
    work_destroy(&work);
    rig_check(rig, rig_wait_target(rig, "other", NULL, "blocked", SOON_MS), "it is blocked");
    for (unsigned study = 2; study <= 5; study++)
        rig_receive(rig, "SECOND", study, 1, 1, NULL);
    work = take_work(actor);
    check_no_work(actor, "one probe at a time");
    ck_assert_int_eq(rig_jobs(rig, "delivery", "failed", NULL, NULL), 0);
    finish(actor, &work, WORK_DONE_OUTCOME);
    rig_check(rig, rig_wait_target(rig, "other", NULL, "up", SOON_MS), "the probe's success opens it");
    for (int i = 0; i < 4; i++) {
        work = take_work(actor);
        finish(actor, &work, WORK_DONE_OUTCOME);
    }
    check_jobs("delivery", "sent", 5);
}
END_TEST

/* ---- unknown series, twins ---- */

START_TEST(what_a_destination_does_not_know_goes_there_alone)
{
    struct actor *actor = add_sender(8);
    rig_receive(rig, "FIRST", 1, 1, 1, NULL);
    struct work *first = take_work(actor);
    for (unsigned series = 1; series <= 4; series++)
        rig_receive(rig, "FIRST", 1, series, 2, NULL);
    check_no_work(actor, "while the first request of the study is under way");
    finish(actor, &first, WORK_RETRY_OUTCOME);
    first = take_work(actor);
    check_no_work(actor, "nor when it is repeated");
    finish(actor, &first, WORK_DONE_OUTCOME);
    for (int64_t sent = rig_jobs(rig, "delivery", "sent", NULL, NULL); sent < 5;
         sent = rig_jobs(rig, "delivery", "sent", NULL, NULL)) {
        struct work *work = take_work(actor);
        ck_assert_uint_eq(actor->work_count, 0);
        finish(actor, &work, WORK_DONE_OUTCOME);
    }
    rig_receive(rig, "FIRST", 1, 1, 3, NULL);
    struct work *third = take_work(actor);
    rig_receive(rig, "FIRST", 1, 1, 4, NULL);
    struct work *fourth = take_work(actor); /* a known series: in parallel */
    finish(actor, &fourth, WORK_DONE_OUTCOME);
    finish(actor, &third, WORK_DONE_OUTCOME);
}
END_TEST

START_TEST(one_instance_that_comes_often_goes_one_after_the_other)
{
    struct actor *actor = add_sender(8);
    for (int i = 0; i < 3; i++) {
        /* in this order: one that is read behind a newer one that is stored is left out */
        rig_receive(rig, "SECOND", 1, 1, 1, NULL);
        rig_check(rig, rig_wait_jobs(rig, "delivery", NULL, i + 1, SOON_MS), "it is not taken in");
    }
    for (int i = 0; i < 3; i++) {
        struct work *work = take_work(actor);
        ck_assert_uint_eq(work->item_count, 1);
        ck_assert_uint_eq(actor->work_count, 0);
        finish(actor, &work, WORK_DONE_OUTCOME);
    }
    check_jobs("delivery", "sent", 3);
}
END_TEST

/* ---- files that a sender does not see ---- */

START_TEST(a_sender_without_the_spool_fails_nothing_and_a_file_that_is_gone_fails_alone)
{
    struct actor *actor = add_sender(1);
    char receipt[RECEIPT_SIZE];
    rig_receive(rig, "SECOND", 1, 1, 1, receipt);
    for (int tries = 0; tries < 6; tries++) {
        struct work *work = take_work(actor);
        struct work_result *result = result_of(work, WORK_MISSING_OUTCOME, BLAME_WORKER, 0);
        say_result(actor, result);
        work_result_destroy(&result);
        work_destroy(&work);
    }
    ck_assert_int_eq(rig_jobs(rig, "delivery", "failed", NULL, NULL), 0);
    struct work *work = take_work(actor);
    const char *path =
        sandbox_path(rig->sandbox, "state/spool/queue/%s/%s.dcm", receipt + RECEIPT_LENGTH - 2, receipt);
    ck_assert_int_eq(truncate(path, 100), 0);
    struct work_result *result = result_of(work, WORK_MISSING_OUTCOME, BLAME_WORKER, 0);
    say_result(actor, result);
    work_result_destroy(&result);
    work_destroy(&work);
    check_jobs("delivery", "failed", 1);
    rig_receive(rig, "SECOND", 2, 1, 1, receipt);
    work = take_work(actor);
    path = sandbox_path(rig->sandbox, "state/spool/queue/%s/%s.dcm", receipt + RECEIPT_LENGTH - 2, receipt);
    ck_assert_int_eq(unlink(path), 0);
    finish(actor, &work, WORK_MISSING_OUTCOME);
    check_jobs("delivery", "failed", 2);
    (void)sandbox_write(rig->sandbox, path + strlen(sandbox_folder(rig->sandbox)) + 1, "put back");
}
END_TEST

/* ---- what cannot be decided ---- */

/* An instance with a second modality behind its pixels. */
static void receive_ambiguous(const char *called_aet, unsigned instance)
{
    static const char second[] = "\x08\0\x60\0CS\2\0XX";
    struct dicom_spec spec;
    char receipt[RECEIPT_SIZE];
    rig_spec(&spec, 1, 1, instance);
    AUTO(memory_free) char *path = stock_receive(sandbox_path(rig->sandbox, "arriving"), &spec, called_aet);
    (void)snprintf(receipt, sizeof receipt, "%.*s", RECEIPT_LENGTH, strrchr(path, '/') + 1);
    FILE *file = fopen(path, "ab");
    ck_assert(file && fwrite(second, 1, sizeof second - 1, file) == sizeof second - 1 && fclose(file) == 0);
    rig_receive_file(rig, path, receipt);
}

START_TEST(a_condition_that_cannot_be_decided_shares_nothing)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    receive_ambiguous("FIRST", 1);
    receive_ambiguous("SECOND", 2); /* where no condition asks */
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", 2, SOON_MS), "they are not delivered");
    check_jobs("share", "undecided", 2); /* "ct", "mr" */
    check_jobs("share", "waiting", 1);   /* "all" */
    ck_assert_int_eq(rig_quarantined(rig), 0);
    ck_assert_int_eq(
        rig_felucca(rig, (const char *const[]){"jobs", "--state", "undecided", "--json", NULL}, &output), 0);
    ck_assert_msg(strstr(output.bytes,
                         "the condition of album ct cannot be decided: #Tag.Modality is not known: "
                         "it is there twice, with different values"),
                  "%s", output.bytes);
}
END_TEST

/* Of one series the first instance cannot be asked, the next one can, and a third one cannot. */
START_TEST(another_instance_of_the_series_decides)
{
    receive_ambiguous("FIRST", 1);
    check_jobs("share", "undecided", 2);
    rig_receive(rig, "FIRST", 1, 1, 2, NULL); /* CT */
    check_jobs("share", "waiting", 2);        /* "all" and "ct" */
    receive_ambiguous("FIRST", 3);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", 3, SOON_MS), "not all are taken in");
    check_jobs("share", "waiting", 2);
    check_jobs("share", "undecided", 1);
}
END_TEST

/* ---- the configuration changes ---- */

static void reconfigure(const char *more, const char *without)
{
    rig_configure(rig, more, without);
    process_signal(rig->router, SIGHUP);
}

START_TEST(what_the_configuration_drops_waits_and_what_is_out_still_counts)
{
    struct actor *actor = add_sender(2);
    rig_receive(rig, "FIRST", 1, 1, 1, NULL);
    rig_receive(rig, "SECOND", 2, 1, 1, NULL);
    rig_receive(rig, "SECOND", 3, 1, 1, NULL);
    struct work *works[2] = {take_work(actor), take_work(actor)};
    reconfigure(NULL, "other");
    rig_check(rig, rig_wait_target(rig, "other", NULL, "not configured", SOON_MS), "it is dropped");
    for (int i = 0; i < 2; i++)
        finish(actor, &works[i], WORK_DONE_OUTCOME);
    reconfigure(NULL, "ct");
    rig_check(rig, rig_wait_target(rig, "main", "ct", "not configured", SOON_MS), "the album too");
    rig_check(rig, rig_wait_target(rig, "other", NULL, "up", SOON_MS), "and the other is back");
    while (rig_jobs(rig, "delivery", "sent", NULL, NULL) < 3) {
        struct work *work = take_work(actor);
        finish(actor, &work, WORK_DONE_OUTCOME);
    }
    struct actor *sharer = cast_add(rig->cast, WORK_SHARE, 4);
    struct work *share = take_work(sharer);
    ck_assert_str_eq(share->album, "all");
    finish(sharer, &share, WORK_DONE_OUTCOME);
    check_no_work(sharer, "the album that is not configured waits");
    check_jobs("share", "queued", 1);
    reconfigure(NULL, NULL);
    share = take_work(sharer);
    ck_assert_str_eq(share->album, "ct");
    finish(sharer, &share, WORK_DONE_OUTCOME);
    check_jobs("share", "shared", 2);
    rig_check(rig, rig_wait_drained(rig, SOON_MS), "nothing is left");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("router");
    tests_abreast(tests, 4);
    tests_fixture(tests, set_up, tear_down);
    tests_timeout(tests, 60);
    tests_add(tests, a_work_that_is_not_listed_goes_to_others_and_its_late_answers_do_no_harm);
    tests_add(tests, a_silent_worker_loses_its_work_after_the_lease_and_nobody_elses_waits);
    tests_add(tests, a_worker_that_dies_is_known_to_be_gone);
    tests_add(tests, repeated_and_contradicting_results_change_nothing);
    tests_add(tests, what_a_result_says_of_other_jobs_is_not_heard);
    tests_add(tests, garbage_disturbs_nobody);
    tests_add(tests, two_workers_with_one_name_and_one_worker_that_says_hello_twice);
    tests_add(tests, a_restarted_router_adopts_what_is_held_and_gives_away_the_rest);
    tests_add(tests, a_result_that_the_dead_router_missed_is_taken_by_the_next);
    tests_add(tests, a_batch_is_halved_until_the_culprit_stands_alone_and_fails_alone);
    tests_add(tests, an_outage_fails_nothing_however_long_it_lasts);
    tests_add(tests, a_blocked_destination_is_probed_once_at_a_time_and_then_drains);
    tests_add(tests, what_a_destination_does_not_know_goes_there_alone);
    tests_add(tests, one_instance_that_comes_often_goes_one_after_the_other);
    tests_add(tests, a_sender_without_the_spool_fails_nothing_and_a_file_that_is_gone_fails_alone);
    tests_add(tests, a_condition_that_cannot_be_decided_shares_nothing);
    tests_add(tests, another_instance_of_the_series_decides);
    tests_add(tests, what_the_configuration_drops_waits_and_what_is_out_still_counts);
    return tests_run(tests);
}
