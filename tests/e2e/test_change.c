/* Many jobs changed at once by operators, over a real router: retry, drop, quarantine, and what age does. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/service/service.h"
#include "tests/support/files.h"
#include "tests/support/rig.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <string.h>

enum { SOON_MS = 30000 };

static struct rig *rig;
static struct actor *sender, *sharer;

static void tear_down(void)
{
    rig_destroy(&rig);
}

static void open_rig(const char *more)
{
    rig = rig_create(more);
    sender = cast_add(rig->cast, WORK_SEND, 8);
    sharer = cast_add(rig->cast, WORK_SHARE, 8);
    rig_check(rig, actor_wait_greeted(rig->cast, sender, SOON_MS), "no sender");
    rig_check(rig, actor_wait_greeted(rig->cast, sharer, SOON_MS), "no sharer");
}

/* Answers every work until so many jobs are in that state. */
static void answer_until(struct actor *actor, enum work_outcome outcome, const char *state, int64_t count)
{
    const char *kind = actor->stage == WORK_SEND ? "delivery" : "share";
    while (rig_jobs(rig, kind, state, NULL, NULL) < count) {
        struct work *work = actor_wait_work(rig->cast, actor, SOON_MS);
        rig_check(rig, work != NULL, state);
        rig_check(rig, actor_finish(rig->cast, actor, work, outcome), "not acknowledged");
        work_destroy(&work);
    }
}

#define FELUCCA(status, says, ...) rig_expect(rig, status, says, (const char *const[]){__VA_ARGS__, NULL})

static int64_t files_in(const char *place)
{
    return (int64_t)folder_count(sandbox_path(rig->sandbox, "state/spool/%s", place), ".dcm");
}

/* Whether a view has such a row. */
static bool history_has(const char *where)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(text_release) struct text sql = TEXT_EMPTY;
    const char *database = sandbox_path(rig->sandbox, "state/jobs.db");
    text_format(&sql, "SELECT count(*) FROM timeline WHERE %s", where);
    const char *const argv[] = {"sqlite3", "-readonly", database, text_string(&sql), NULL};
    rig_check(rig, process_run(argv, NULL, SOON_MS, &output) == 0, text_string(&output));
    return strcmp(text_string(&output), "0\n") != 0;
}

/* ---- retry ---- */

START_TEST(everything_failed_of_a_destination_is_retried)
{
    open_rig(NULL);
    for (unsigned i = 1; i <= 5; i++)
        rig_receive(rig, "FIRST", 1 + i % 2, 1, i, NULL);
    for (unsigned i = 1; i <= 2; i++)
        rig_receive(rig, "SECOND", 9, 1, i, NULL);
    answer_until(sender, WORK_REJECT_OUTCOME, "failed", 7);
    FELUCCA(EXIT_OK, "5 jobs would be retried", "retry", "--destination", "main", "--state", "failed",
            "--since", "yesterday", "--dry-run");
    FELUCCA(EXIT_USAGE, "this would retry 5 jobs, and there is no terminal to ask on: say --yes", "retry",
            "--destination", "main", "--state", "failed");
    rig_check(rig, rig_jobs(rig, "delivery", "failed", NULL, NULL) == 7, "changed without being asked to");
    FELUCCA(EXIT_NO, "nothing matches", "retry", "--destination", "main", "--reason", "elephant", "--yes");
    FELUCCA(EXIT_OK, "2 jobs retried", "retry", "--destination", "main", "--limit", "2", "--yes");
    FELUCCA(EXIT_OK, "{\"command\":\"retry\",\"done\":true,\"changed\":3,\"skipped\":0", "retry",
            "--destination", "main", "--state", "failed", "--since", "yesterday", "--yes", "--json");
    answer_until(sender, WORK_DONE_OUTCOME, "sent", 5);
    rig_check(rig, rig_jobs(rig, "delivery", "failed", "other", NULL) == 2, "others were retried too");
    FELUCCA(EXIT_NO, "nothing matches", "retry", "--destination", "main", "--yes");
    rig_check(rig, history_has("what = 'retried' AND destination = 'main' AND detail LIKE 'by %'"),
              "not in the history");
    answer_until(sharer, WORK_DONE_OUTCOME, "shared", 4);
}
END_TEST

START_TEST(jobs_by_their_numbers)
{
    open_rig(NULL);
    FELUCCA(EXIT_USAGE, "\"1\" is no job; write delivery:12", "retry", "1");
    FELUCCA(EXIT_USAGE, "\"delivery:1x\" is no job", "drop", "delivery:1x");
    FELUCCA(EXIT_USAGE, "choose jobs, or give a filter", "retry");
    FELUCCA(EXIT_USAGE, "and only one of these", "retry", "delivery:1", "--study", "1.2");
    FELUCCA(EXIT_USAGE, "sent", "drop", "--state", "sent");
    rig_receive(rig, "FIRST", 1, 1, 1, NULL); /* delivery:1, share:1 and share:2 */
    struct work *work = actor_wait_work(rig->cast, sender, SOON_MS);
    rig_check(rig, work != NULL, "no work");
    FELUCCA(EXIT_NO, "delivery:1 is under way right now: its answer decides", "retry", "delivery:1");
    FELUCCA(EXIT_NO, "share:1 waits for an instance of its series", "retry", "share:1");
    FELUCCA(EXIT_NO, "there is no delivery:99", "drop", "delivery:99", "--yes");
    FELUCCA(EXIT_USAGE, "this would drop 1 job,", "drop", "delivery:1");
    rig_check(rig, actor_finish(rig->cast, sender, work, WORK_REJECT_OUTCOME), "not acknowledged");
    work_destroy(&work);
    FELUCCA(EXIT_OK, "1 job retried, 1 left as they are", "retry", "delivery:1", "delivery:2");
    answer_until(sender, WORK_DONE_OUTCOME, "sent", 1);
    FELUCCA(EXIT_NO, "delivery:1 is sent: nothing is left to be done", "retry", "delivery:1");
    answer_until(sharer, WORK_DONE_OUTCOME, "shared", 2);
    FELUCCA(EXIT_NO, "share:2 is shared", "drop", "share:2", "--yes");
}
END_TEST

START_TEST(retry_wakes_a_destination_that_backs_off)
{
    open_rig("retry: { first: 1h, ceiling: 2h, attempts: 3 }\n");
    rig_receive(rig, "FIRST", 1, 1, 1, NULL);
    rig_receive(rig, "FIRST", 2, 1, 1, NULL);
    struct work *works[2];
    for (int i = 0; i < 2; i++) { /* both are out before it backs off */
        works[i] = actor_wait_work(rig->cast, sender, SOON_MS);
        rig_check(rig, works[i] != NULL, "no work");
    }
    for (int i = 0; i < 2; i++) {
        struct work_result *result = work_result_create(works[i]);
        work_answer_set(&result->answers[0], WORK_RETRY_OUTCOME, BLAME_DESTINATION, 503, "down");
        actor_say_result(sender, result);
        rig_check(rig, actor_wait_acknowledged(rig->cast, sender, works[i]->id, SOON_MS), "not acknowledged");
        actor_drop(sender, works[i]->id);
        work_result_destroy(&result);
        work_destroy(&works[i]);
    }
    rig_check(rig, rig_wait_target(rig, "main", NULL, "backing off", SOON_MS), "it does not back off");
    FELUCCA(EXIT_OK, "2 jobs retried", "retry", "--state", "deferred", "--yes");
    answer_until(sender, WORK_DONE_OUTCOME, "sent", 2);
    rig_check(rig, rig_wait_target(rig, "main", NULL, "up", SOON_MS), "it is not up again");
    answer_until(sharer, WORK_DONE_OUTCOME, "shared", 4);
}
END_TEST

static void read_again(const char *more, const char *without)
{
    rig_configure(rig, more, without);
    process_signal(rig->router, SIGHUP);
    rig_check(rig, rig_wait_log(rig, "configuration read again", SOON_MS), "not read again");
}

START_TEST(jobs_of_a_destination_that_is_gone)
{
    open_rig(NULL);
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    rig_receive(rig, "SECOND", 2, 1, 1, NULL);
    answer_until(sender, WORK_REJECT_OUTCOME, "failed", 2);
    read_again(NULL, "other");
    FELUCCA(EXIT_NO, "the configuration does not name other any more: its jobs wait until it does", "retry",
            "--destination", "other", "--yes");
    FELUCCA(EXIT_NO, "the configuration does not name other any more", "retry", "--all", "--yes");
    FELUCCA(EXIT_OK, "2 jobs dropped", "drop", "--destination", "other", "--yes");
    rig_check(rig, rig_wait_drained(rig, SOON_MS), "the files stay");
}
END_TEST

/* ---- drop ---- */

START_TEST(what_is_dropped_goes_with_what_waits_for_it)
{
    open_rig(NULL);
    rig_receive(rig, "FIRST", 1, 1, 1, NULL);
    rig_receive(rig, "FIRST", 1, 1, 2, NULL);
    rig_receive(rig, "FIRST", 1, 2, 1, NULL); /* of another series */
    answer_until(sender, WORK_REJECT_OUTCOME, "failed", 3);
    rig_check(rig, rig_jobs(rig, "share", "waiting", NULL, NULL) == 4, "not all wait");
    FELUCCA(EXIT_OK, "1 job dropped", "drop", "delivery:1", "--yes");
    rig_check(rig, rig_jobs(rig, "share", "waiting", NULL, NULL) == 4, "the other may still be retried");
    struct dicom_spec spec;
    rig_spec(&spec, 1, 1, 2);
    FELUCCA(EXIT_OK, "1 job dropped", "drop", "--series", spec.series_uid, "--yes");
    rig_check(rig, rig_jobs(rig, "share", "waiting", NULL, NULL) == 2, "shares wait for nothing");
    rig_check(rig, rig_jobs(rig, "share", NULL, NULL, NULL) == 2, "shares are still there");
    rig_check(rig, history_has("what = 'dropped' AND album = 'ct' AND detail LIKE '%nothing of its series%'"),
              "not in the history");
    rig_check(rig, files_in("dropped") == 2 && files_in("queue") == 1, "the files are not in dropped/");

    /* A new instance of that series asks anew. */
    rig_receive(rig, "FIRST", 1, 1, 3, NULL);
    answer_until(sender, WORK_DONE_OUTCOME, "sent", 1);
    answer_until(sharer, WORK_DONE_OUTCOME, "shared", 2);
    FELUCCA(EXIT_OK, "1 job dropped", "drop", "--state", "failed", "--yes");
    rig_check(rig, rig_jobs(rig, "share", "waiting", NULL, NULL) == 0, "shares wait for nothing");
    rig_check(rig, rig_wait_drained(rig, SOON_MS), "files stay in queue/");
    rig_check(rig, files_in("dropped") == 3, "a file is not in dropped/");
}
END_TEST

START_TEST(dropped_share_lets_its_instance_go)
{
    open_rig(NULL);
    rig_receive(rig, "FIRST", 1, 2, 1, NULL);
    answer_until(sender, WORK_DONE_OUTCOME, "sent", 1);
    answer_until(sharer, WORK_REJECT_OUTCOME, "failed", 2);
    rig_check(rig, files_in("queue") == 1, "the file is gone though its shares failed");
    FELUCCA(EXIT_OK, "1 job dropped", "drop", "--album", "mr", "--yes");
    FELUCCA(EXIT_OK, "1 job retried", "retry", "--album", "all", "--yes");
    answer_until(sharer, WORK_DONE_OUTCOME, "shared", 1);
    rig_check(rig, rig_wait_drained(rig, SOON_MS), "the file stays");
    rig_check(rig, files_in("dropped") == 0, "a delivered file is kept");
}
END_TEST

static bool dropped_is_empty(void *context)
{
    (void)context;
    return files_in("dropped") == 0;
}

START_TEST(dropped_file_goes_after_its_time)
{
    open_rig("retention_excluded: 1s\n");
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    answer_until(sender, WORK_REJECT_OUTCOME, "failed", 1);
    FELUCCA(EXIT_OK, "1 job dropped", "drop", "--all", "--yes");
    rig_check(rig, rig_wait_drained(rig, SOON_MS), "the file stays in queue/");
    rig_check(rig, cast_until(rig->cast, dropped_is_empty, NULL, SOON_MS), "it stays in dropped/");
}
END_TEST

/* ---- quarantine ---- */

START_TEST(quarantined_files_are_looked_at_again_and_dropped)
{
    char receipt[RECEIPT_SIZE];
    open_rig(NULL);
    FELUCCA(EXIT_NO, "nothing is in quarantine", "quarantine");
    rig_stop(rig);
    rig_configure(rig, NULL, "other");
    rig_start(rig);
    rig_check(rig, rig_wait_log(rig, "recovered", SOON_MS), "no router");
    rig_receive(rig, "NOBODY", 1, 1, 1, receipt);
    rig_receive(rig, "NOBODY", 1, 1, 2, NULL);
    rig_receive(rig, "NOBODY", 1, 1, 3, NULL);
    rig_check(rig, rig_wait_quarantined(rig, 3, SOON_MS), "not quarantined");
    FELUCCA(EXIT_OK, "no node of the configuration has its called AE title", "quarantine", "list");
    FELUCCA(EXIT_OK, receipt, "quarantine", "--json", "--limit", "1");
    FELUCCA(EXIT_OK, "1 file retried", "quarantine", "retry", receipt);
    rig_check(rig, rig_quarantined(rig) == 3, "taken in though its cause is there");

    read_again(NULL, NULL);
    FELUCCA(EXIT_USAGE, "this would retry 3 files,", "quarantine", "retry", "--all");
    FELUCCA(EXIT_OK, "3 files would be retried", "quarantine", "retry", "--reason", "no node", "--dry-run");
    FELUCCA(EXIT_NO, "nothing matches", "quarantine", "retry", "--reason", "elephant", "--yes");
    FELUCCA(EXIT_USAGE, "--reason takes a part of the reason, and what is given is empty", "quarantine",
            "drop", "--reason", "", "--yes");
    FELUCCA(EXIT_USAGE, "is neither a file's number nor a receipt", "quarantine", "drop",
            "99999999999999999999", "--yes");
    FELUCCA(EXIT_OK, "3 files retried", "quarantine", "retry", "--reason", "no node", "--yes");
    rig_check(rig, rig_quarantined(rig) == 3, "taken in though their cause is there");
    rig_check(rig, history_has("what = 'retried' AND detail LIKE '%it was quarantined: no node%'"),
              "not in the history");
    FELUCCA(EXIT_NO, "is not in quarantine", "quarantine", "drop", "999", "--yes");
    FELUCCA(EXIT_NO, "nothing matches", "quarantine", "drop", "--from", "ELSE", "--yes");
    FELUCCA(EXIT_NO, "nothing matches", "quarantine", "drop", "--study", "2.25.7", "--yes");
    FELUCCA(EXIT_OK, "3 files would be dropped", "quarantine", "drop", "--from", "CT01", "--dry-run");
    FELUCCA(EXIT_OK, "3 files dropped", "quarantine", "drop", "--all", "--yes");
    rig_check(rig, rig_quarantined(rig) == 0 && files_in("quarantine") == 0 && files_in("dropped") == 3,
              "it was not dropped");
    rig_check(rig, rig_wait_drained(rig, SOON_MS), "files stay");
}
END_TEST

/* ---- what is not meant ---- */

/* Whoever changes something names it: no beginning, end or emptiness of a name chooses anything. */
START_TEST(only_whole_names_are_changed)
{
    char study[DICOM_UID_SIZE], beginning[DICOM_UID_SIZE], longer[DICOM_UID_SIZE + 70] = "";
    struct dicom_spec spec;
    open_rig(NULL);
    rig_spec(&spec, 1, 1, 1);
    memcpy(study, spec.study_uid, sizeof study);
    memcpy(beginning, study, sizeof study);
    beginning[strlen(study) - 1] = '\0';
    (void)snprintf(longer, sizeof longer, "%s%070d", study, 0);
    rig_receive(rig, "FIRST", 1, 1, 1, NULL);
    answer_until(sender, WORK_REJECT_OUTCOME, "failed", 1);
    static const char *const verbs[] = {"retry", "drop"};
    for (size_t i = 0; i < ROWS(verbs); i++) {
        const char *verb = verbs[i];
        FELUCCA(EXIT_USAGE, "--study takes a whole UID", verb, "--study", beginning, "--yes");
        FELUCCA(EXIT_USAGE, study, verb, "--study", beginning, "--yes");
        FELUCCA(EXIT_USAGE, "--study takes a whole UID", verb, "--study", study + strlen(study) - 6, "--yes");
        FELUCCA(EXIT_USAGE, "--study takes a UID, and what is given is empty", verb, "--study", "", "--yes");
        FELUCCA(EXIT_USAGE, "--series takes a UID, and what is given is empty", verb, "--series", "",
                "--yes");
        FELUCCA(EXIT_USAGE, "--study takes a UID, which has at most 64 characters, not ", verb, "--study",
                longer, "--yes");
        FELUCCA(EXIT_USAGE, "--series takes a UID, which has at most 64 characters, not ", verb, "--series",
                longer, "--yes");
        FELUCCA(EXIT_USAGE, "--study takes a UID, and \"1\\2\" is none", verb, "--study", "1\\2", "--yes");
        FELUCCA(EXIT_USAGE, "--series takes a UID, and \" 1.2\" is none", verb, "--series", " 1.2", "--yes");
        FELUCCA(EXIT_USAGE, "--destination takes a name, and what is given is empty", verb, "--destination",
                "", "--yes");
        FELUCCA(EXIT_USAGE, "--album takes a name, and what is given is empty", verb, "--album", "", "--yes");
        FELUCCA(EXIT_USAGE, "--state", verb, "--state", "", "--yes");
        FELUCCA(EXIT_USAGE, "\"delivery:99999999999999999999\" is no job", verb,
                "delivery:99999999999999999999", "--yes");
        FELUCCA(EXIT_NO, "nothing matches", verb, "--study", "1.2.999", "--yes");
        FELUCCA(EXIT_NO, "nothing matches", verb, "--series", beginning, "--yes");
    }
    rig_check(rig, rig_jobs(rig, "delivery", "failed", NULL, NULL) == 1, "another study was changed");
    FELUCCA(EXIT_USAGE, "--study takes at most 64 characters", "jobs", "--study", longer);
    FELUCCA(EXIT_OK, "failed", "jobs", "--study", beginning);
    FELUCCA(EXIT_OK, "1 job retried", "retry", "--study", study, "--yes");
    answer_until(sender, WORK_DONE_OUTCOME, "sent", 1);
}
END_TEST

/* ---- two operators ---- */

START_TEST(two_operators_at_once)
{
    open_rig(NULL);
    for (unsigned i = 1; i <= 20; i++)
        rig_receive(rig, "SECOND", 1 + i % 3, 1, i, NULL);
    answer_until(sender, WORK_REJECT_OUTCOME, "failed", 20);
    cast_remove(rig->cast, sender);
    struct process *operators[2];
    for (int i = 0; i < 2; i++) {
        const struct process_options how = {.output = sandbox_path(rig->sandbox, "operator-%d", i)};
        const char *const argv[] = {FELUCCA_BIN "/felucca",
                                    "--config",
                                    rig->config,
                                    "retry",
                                    "--state",
                                    "failed",
                                    "--yes",
                                    "--json",
                                    NULL};
        operators[i] = process_start(argv, &how);
    }
    AUTO(text_release) struct text said = TEXT_EMPTY;
    for (int i = 0; i < 2; i++) {
        rig_check(rig, process_wait(operators[i], SOON_MS) <= EXIT_NO, "an operator was not answered");
        file_read(sandbox_path(rig->sandbox, "operator-%d", i), &said);
        process_destroy(&operators[i]);
    }
    /* One of them did it all; the other found nothing left, by itself or by the router. */
    rig_check(rig, strstr(text_string(&said), "\"changed\":20") != NULL, text_string(&said));
    rig_check(rig, rig_jobs(rig, "delivery", "failed", NULL, NULL) == 0, "something is still failed");
    FELUCCA(EXIT_OK, "20 jobs dropped", "drop", "--state", "queued", "--yes");
}
END_TEST

/* ---- age ---- */

START_TEST(what_waits_too_long_is_given_up)
{
    open_rig("retry: { first: 1h, ceiling: 2h, attempts: 3, give_up: 6s }\n");
    FELUCCA(EXIT_OK, "main is held", "hold", "main");
    rig_receive(rig, "FIRST", 1, 1, 1, NULL);
    cast_remove(rig->cast, sender);
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    /* Nobody has tried it even once. */
    rig_check(rig, rig_wait_jobs(rig, "delivery", "failed", 1, SOON_MS), "it waits for ever");
    FELUCCA(EXIT_OK, "given up, since it has waited for more than 6 s", "jobs", "--state", "failed");
    rig_check(rig, rig_jobs(rig, "delivery", "queued", "main", NULL) == 1, "what is held was given up");
    /* Its age counts from the retry on. */
    rig_check(rig, rig_jobs(rig, "delivery", "failed", "other", NULL) == 1, "the other failed");
    FELUCCA(EXIT_OK, "1 job retried", "retry", "--all", "--yes");
    sender = cast_add(rig->cast, WORK_SEND, 1);
    answer_until(sender, WORK_DONE_OUTCOME, "sent", 1);
    FELUCCA(EXIT_OK, "1 job dropped", "drop", "--state", "queued", "--yes");
}
END_TEST

static bool is_forgotten(void *context)
{
    (void)context;
    return rig_jobs(rig, "delivery", NULL, NULL, NULL) == 0;
}

START_TEST(history_is_forgotten_after_its_time)
{
    open_rig("history: 3s\nretention: 1s\n");
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    answer_until(sender, WORK_DONE_OUTCOME, "sent", 1);
    rig_check(rig, rig_wait_drained(rig, SOON_MS), "the file stays in queue/");
    rig_check(rig, cast_until(rig->cast, is_forgotten, NULL, SOON_MS), "it is not forgotten");
    rig_check(rig, files_in("kept") == 0, "its file is still kept");
    rig_check(rig, !history_has("1"), "the history is not empty");
}
END_TEST

static bool is_kept(void *context)
{
    (void)context;
    return files_in("kept") == 1;
}

/* A move into kept/ that the disk refused, though the row says that it was made: the file goes all the same,
 * and is not taken in and delivered again by a later start. */
START_TEST(finished_file_goes_from_wherever_it_is)
{
    char receipt[RECEIPT_SIZE];
    open_rig("retention: 3s\n");
    rig_receive(rig, "SECOND", 1, 1, 1, receipt);
    answer_until(sender, WORK_DONE_OUTCOME, "sent", 1);
    rig_check(rig, cast_until(rig->cast, is_kept, NULL, SOON_MS), "it is not kept");
    const char *tail = receipt + strlen(receipt) - 2;
    const char *kept = sandbox_path(rig->sandbox, "state/spool/kept/%s/%s.dcm", tail, receipt);
    ck_assert_int_eq(rename(kept, sandbox_path(rig->sandbox, "state/spool/queue/%s/%s.dcm", tail, receipt)),
                     0);
    rig_check(rig, rig_wait_drained(rig, SOON_MS), "the file stays in queue/");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("change");
    tests_abreast(tests, 4);
    tests_timeout(tests, 120);
    tests_fixture(tests, NULL, tear_down);
    tests_add(tests, everything_failed_of_a_destination_is_retried);
    tests_add(tests, jobs_by_their_numbers);
    tests_add(tests, retry_wakes_a_destination_that_backs_off);
    tests_add(tests, jobs_of_a_destination_that_is_gone);
    tests_add(tests, what_is_dropped_goes_with_what_waits_for_it);
    tests_add(tests, dropped_share_lets_its_instance_go);
    tests_add(tests, dropped_file_goes_after_its_time);
    tests_add(tests, quarantined_files_are_looked_at_again_and_dropped);
    tests_add(tests, only_whole_names_are_changed);
    tests_add(tests, two_operators_at_once);
    tests_add(tests, what_waits_too_long_is_given_up);
    tests_add(tests, history_is_forgotten_after_its_time);
    tests_add(tests, finished_file_goes_from_wherever_it_is);
    return tests_run(tests);
}
