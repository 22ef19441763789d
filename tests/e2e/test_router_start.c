/* A real router and its two sources of truth: what it makes of files that it cannot take in, of a database
 * that is lost, damaged or held, of a spool that changed behind its back; and a second router that waits. */
#include "common/jobs/history.h"
#include "tests/support/rig.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "tests/support/files.h"
#include "tests/support/sabotage.h"
#include "tests/support/stock.h"
#include "tests/support/stored_database.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { SOON_MS = 15000, TAKEOVER_MS = 5000, LEASE_MS = 10000, MANY = 20 };

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

static void check_jobs(const char *kind, const char *state, int64_t count)
{
    char sentence[128];
    if (rig_wait_jobs(rig, kind, state, count, SOON_MS))
        return;
    (void)snprintf(sentence, sizeof sentence, "%s %s: %lld wanted, %lld there", kind, state, (long long)count,
                   (long long)rig_jobs(rig, kind, state, NULL, NULL));
    rig_check(rig, false, sentence);
}

static void check_quarantined(int64_t count)
{
    rig_check(rig, rig_wait_quarantined(rig, count, SOON_MS), "what should be in quarantine is not");
}

static const char *queue_path(const char *receipt)
{
    return sandbox_path(rig->sandbox, "state/spool/queue/%s/%s.dcm", receipt + RECEIPT_LENGTH - 2, receipt);
}

/* A worker that does everything at once, until so many deliveries are sent. */
static void deliver(int64_t count)
{
    struct actor *actor = cast_add(rig->cast, WORK_SEND, 4);
    while (rig_jobs(rig, "delivery", "sent", NULL, NULL) < count) {
        AUTO(work_destroy) struct work *work = actor_wait_work(rig->cast, actor, SOON_MS);
        rig_check(rig, work != NULL, "no work comes");
        rig_check(rig, actor_finish(rig->cast, actor, work, WORK_DONE_OUTCOME), "no RESULT is acknowledged");
    }
    cast_remove(rig->cast, actor);
}

static void receive(const char *path)
{
    char receipt[RECEIPT_SIZE];
    (void)snprintf(receipt, sizeof receipt, "%.*s", RECEIPT_LENGTH, strrchr(path, '/') + 1);
    rig_receive_file(rig, path, receipt);
}

static char *arrive(const struct dicom_spec *spec)
{
    return stock_receive(sandbox_path(rig->sandbox, "arriving"), spec, "SECOND");
}

/* ---- files that cannot be taken in ---- */

/* The file meta header says what the C-STORE command said; the data set may say something else. */
static void receive_contradiction(void)
{
    AUTO(text_release) struct text head = TEXT_EMPTY;
    AUTO(text_release) struct text body = TEXT_EMPTY;
    struct dicom_spec told, sent;
    rig_spec(&told, 1, 1, 1);
    rig_spec(&sent, 1, 1, 2);
    AUTO(memory_free) char *told_path = arrive(&told);
    AUTO(memory_free) char *sent_path = arrive(&sent);
    file_read(told_path, &head);
    file_read(sent_path, &body);
    size_t told_offset = (size_t)file_data_set_offset(told_path);
    size_t sent_offset = (size_t)file_data_set_offset(sent_path);
    head.length = told_offset;
    text_append_bytes(&head, body.bytes + sent_offset, body.length - sent_offset);
    file_write(told_path, head.bytes, head.length);
    receive(told_path);
}

START_TEST(what_cannot_be_taken_in_is_parked_with_a_sentence_and_the_others_go_on)
{
    struct dicom_spec spec;
    rig_spec(&spec, 1, 1, 3);
    AUTO(memory_free) char *nothing = arrive(&spec);
    file_write_string(nothing, "this was never received by us");
    receive(nothing);
    spec.study_uid[0] = '\0';
    AUTO(memory_free) char *without_study = arrive(&spec);
    receive(without_study);
    receive_contradiction();
    rig_receive(rig, "NOBODY", 1, 1, 4, NULL);
    rig_receive(rig, "SECOND", 1, 1, 5, NULL);
    check_quarantined(4);
    check_jobs("delivery", "queued", 1);
    rig_check(rig, rig_wait_log(rig, "it has no file meta header of ours", SOON_MS),
              "no sentence for a foreign file");
    rig_check(rig, rig_wait_log(rig, "no valid Study Instance UID", SOON_MS),
              "no sentence for a missing UID");
    rig_check(rig, rig_wait_log(rig, "is not the one of the C-STORE command", SOON_MS),
              "no sentence for a contradiction");
    rig_check(rig, rig_wait_log(rig, "no node of the configuration has its called AE title", SOON_MS),
              "no sentence for the node");
    ck_assert_uint_eq(folder_count(sandbox_path(rig->sandbox, "state/spool/quarantine"), ".dcm"), 4);
    rig_stop(rig);
    rig_start(rig); /* changes nothing of it */
    check_quarantined(4);
}
END_TEST

/* ---- the database ---- */

static void lose_database(void)
{
    rig_kill(rig);
    for (const char *const *end = (const char *const[]){"", "-wal", "-shm", NULL}; *end; end++)
        (void)unlink(sandbox_path(rig->sandbox, "state/jobs.db%s", *end));
}

START_TEST(a_lost_database_is_made_again_from_the_spool)
{
    rig_receive(rig, "NOBODY", 9, 1, 1, NULL);
    for (unsigned instance = 1; instance <= MANY; instance++)
        rig_receive(rig, "FIRST", 1, instance % 2 + 1, instance, NULL);
    check_jobs("delivery", "queued", MANY);
    check_quarantined(1);
    lose_database();
    rig_start(rig);
    check_jobs("delivery", "queued", MANY);
    check_jobs("share", "waiting", 4);
    check_quarantined(1);
    deliver(MANY);
    check_jobs("share", "queued", 4);
}
END_TEST

static void check_said(const char *const *words, const char *wanted)
{
    AUTO(text_release) struct text said = TEXT_EMPTY;
    int status = rig_felucca(rig, words, &said);
    rig_check(rig, status == 0 && strstr(text_string(&said), wanted), text_string(&said));
}

/* What its file meta header tells is known as before, and a node that comes takes it in. */
START_TEST(a_lost_database_forgets_little_of_what_is_in_quarantine)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    char receipt[RECEIPT_SIZE], size[64];
    const char *const list[] = {"quarantine", "--json", NULL};
    rig_receive(rig, "NOBODY", 9, 1, 1, receipt);
    check_quarantined(1);
    lose_database();
    rig_start(rig);
    check_quarantined(1);
    (void)snprintf(
        size, sizeof size, "%lld",
        (long long)file_size(sandbox_path(rig->sandbox, "state/spool/quarantine/%s.dcm", receipt)));
    check_said(list, "NOBODY");
    check_said(list, "CT01");
    check_said(list, size);
    check_said(list, "no node of the configuration has its called AE title");
    file_read(rig->config, &yaml);
    text_append(&yaml, "  - aet: NOBODY\n    destinations:\n"
                       "      - { name: later, stow_url: 'http://127.0.0.1:12/studies', kheops: false }\n");
    file_write_string(rig->config, text_string(&yaml));
    process_signal(rig->router, SIGHUP);
    check_jobs("delivery", "queued", 1);
    check_quarantined(0);
}
END_TEST

static const struct unreadable_row {
    const char *label;
    int calls, error;
} unreadable_rows[] = {{"no descriptor is left", INJECT_OPEN, EMFILE}, {"the disk fails", INJECT_READ, EIO}};

/* Its files in queue/ cannot be read at the start, and can be later: no restart is needed. */
START_TEST(what_cannot_be_read_at_the_start_is_taken_in_later)
{
    const struct unreadable_row *row = &unreadable_rows[_i];
    AUTO(sabotage_destroy) struct sabotage *sabotage = sabotage_create(rig->sandbox);
    rig_receive(rig, "FIRST", 1, 1, 1, NULL);
    rig_receive(rig, "FIRST", 1, 1, 2, NULL);
    check_jobs("delivery", "queued", 2);
    lose_database();
    sabotage_begin(sabotage, row->calls, "*.dcm", row->error, 0);
    rig_start_from(rig, FELUCCA_BIN, sabotage_environment(sabotage));
    rig_check(rig, rig_wait_log(rig, "retrying at the next scan", SOON_MS), "no word of it");
    rig_check(rig, rig_wait_log(rig, "recovered", SOON_MS), "it does not start");
    sabotage_end(sabotage);
    check_jobs("delivery", "queued", 2);
    check_quarantined(0);
    deliver(2);
}
END_TEST

static void count_set_aside(void *context, const char *path)
{
    *(size_t *)context += strstr(path, "/jobs.db.broken-") != NULL;
}

static size_t set_aside_count(void)
{
    size_t count = 0;
    folder_walk(rig->state, count_set_aside, &count);
    return count;
}

/* Its bytes from there on become garbage: it does not open, or breaks where it is read. */
static void damage(unsigned percent)
{
    const char *path = sandbox_path(rig->sandbox, "state/jobs.db");
    AUTO(text_release) struct text content = TEXT_EMPTY;
    file_read(path, &content);
    ck_assert_uint_gt(content.length, 10 * 4096);
    size_t from = content.length * percent / 100;
    memset(content.bytes + from, 0x5a, content.length - from);
    file_write(path, content.bytes, content.length);
    (void)unlink(sandbox_path(rig->sandbox, "state/jobs.db-wal"));
    (void)unlink(sandbox_path(rig->sandbox, "state/jobs.db-shm"));
}

static const struct damage_row {
    const char *label;
    unsigned percent;
} damage_rows[] = {{"from its first byte", 0}, {"from a tenth on", 10}, {"from its middle on", 50}};

static bool is_over_it(void *context)
{
    (void)context;
    return !process_running(rig->router) || rig_log_says(rig, "recovered files=20");
}

START_TEST(a_damaged_database_is_set_aside_and_made_again)
{
    for (unsigned instance = 1; instance <= MANY; instance++)
        rig_receive(rig, "SECOND", 1, 1, instance, NULL);
    check_jobs("delivery", "queued", MANY);
    rig_stop(rig);
    size_t files = set_aside_count();
    damage(damage_rows[_i].percent);
    rig_start(rig);
    rig_check(rig, cast_until(rig->cast, is_over_it, NULL, SOON_MS), "it does not find the damage");
    if (!process_running(rig->router)) { /* found only while it ran: then its next start makes a new one */
        ck_assert_int_eq(rig_wait_end(rig, SOON_MS), EX_TEMPFAIL);
        rig_start(rig);
    }
    check_jobs("delivery", "queued", MANY);
    ck_assert_msg(set_aside_count() > files, "%s", damage_rows[_i].label);
    deliver(MANY);
}
END_TEST

START_TEST(a_database_that_somebody_else_writes_to_is_not_taken_for_damaged)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct jobdb *other = NULL;
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    check_jobs("delivery", "queued", 1);
    rig_stop(rig);
    size_t files = set_aside_count();
    ck_assert_int_eq(jobdb_open(rig->state, &other, &reason), 0);
    jobdb_tally(other, 1, 0, 0, 1, 1, 1); /* a transaction that stays open */
    rig_start(rig);
    ck_assert_int_eq(rig_wait_end(rig, 15000), EX_TEMPFAIL);
    jobdb_destroy(&other);
    ck_assert_uint_eq(set_aside_count(), files);
    rig_start(rig);
    deliver(1);
}
END_TEST

/* ---- a spool that changed behind its back ---- */

START_TEST(spool_and_database_agree_after_a_start)
{
    char receipts[5][RECEIPT_SIZE];
    for (unsigned i = 0; i < 5; i++)
        rig_receive(rig, "SECOND", i + 1, 1, 1, receipts[i]);
    check_jobs("delivery", "queued", 5);
    AUTO(text_release) struct text copy = TEXT_EMPTY;
    file_read(queue_path(receipts[0]), &copy);
    struct actor *actor = cast_add(rig->cast, WORK_SEND, 1);
    AUTO(work_destroy) struct work *work = actor_wait_work(rig->cast, actor, SOON_MS);
    rig_check(rig, work && strcmp(work->items[0].receipt, receipts[0]) == 0, "the oldest goes first");
    actor_say_bye(actor);
    rig_check(rig, actor_finish(rig->cast, actor, work, WORK_DONE_OUTCOME), "done");
    cast_remove(rig->cast, actor);
    check_jobs("delivery", "sent", 1);
    rig_stop(rig);
    ck_assert(!file_exists(queue_path(receipts[0])));
    file_write(queue_path(receipts[0]), copy.bytes, copy.length); /* of a finished row */
    ck_assert_int_eq(rename(queue_path(receipts[1]),
                            sandbox_path(rig->sandbox, "state/spool/incoming/%s.dcm", receipts[1])),
                     0);
    ck_assert_int_eq(rename(queue_path(receipts[2]), sandbox_path(rig->sandbox, "arriving/gone")), 0);
    ck_assert_int_eq(rename(queue_path(receipts[3]),
                            sandbox_path(rig->sandbox, "state/spool/quarantine/%s.dcm", receipts[3])),
                     0);
    rig_start(rig);
    check_jobs("delivery", "failed", 1);
    deliver(4);
    ck_assert(!file_exists(queue_path(receipts[0])));
    rig_check(rig, rig_log_says(rig, "spool files are missing, their jobs failed files=1"),
              "the missing file is told of");
    ck_assert_int_eq(rename(sandbox_path(rig->sandbox, "arriving/gone"), queue_path(receipts[2])), 0);
}
END_TEST

/* ---- a database of an older version ---- */

static void share(int64_t count)
{
    struct actor *actor = cast_add(rig->cast, WORK_SHARE, 4);
    while (rig_jobs(rig, "share", "shared", NULL, NULL) < count) {
        AUTO(work_destroy) struct work *work = actor_wait_work(rig->cast, actor, TAKEOVER_MS + LEASE_MS);
        rig_check(rig, work != NULL, "no share comes");
        rig_check(rig, actor_finish(rig->cast, actor, work, WORK_DONE_OUTCOME), "no RESULT is acknowledged");
    }
    cast_remove(rig->cast, actor);
}

START_TEST(a_database_of_version_1_is_brought_up_to_date_and_its_jobs_are_done)
{
    rig_stop(rig);
    ck_assert_int_eq(unlink(sandbox_path(rig->sandbox, "state/jobs.db")), 0);
    (void)unlink(sandbox_path(rig->sandbox, "state/jobs.db-wal"));
    (void)unlink(sandbox_path(rig->sandbox, "state/jobs.db-shm"));
    stored_database_make(rig->state);
    stored_database_make_spool(rig->state);
    rig_configure(rig, "history: 36500d\n", NULL); /* it is counted, too */
    rig_start(rig);
    rig_check(rig, rig_wait_log(rig, "recovered", TAKEOVER_MS), "it is not brought up to date");
    deliver(STORED_SENT + STORED_DELIVERABLE - STORED_UNDER_WAY);
    check_jobs("delivery", "sending", 0); /* nobody's lease ends */
    deliver(STORED_SENT + STORED_DELIVERABLE);
    share(STORED_SHARED + STORED_SHAREABLE);
    check_jobs("delivery", "failed", STORED_FAILED);
    check_jobs("share", "failed", STORED_FAILED);
}
END_TEST

static size_t kept_count(void)
{
    return folder_count(sandbox_path(rig->sandbox, "state/spool/kept"), ".dcm");
}

static bool is_kept(void *context)
{
    return kept_count() == *(size_t *)context;
}

START_TEST(finished_files_are_kept_as_long_as_the_configuration_says)
{
    size_t kept = 1;
    rig_check(rig, rig_wait_log(rig, "recovered", SOON_MS), "it does not start");
    rig_configure(rig, "retention: 1d\n", NULL);
    process_signal(rig->router, SIGHUP);
    rig_check(rig, rig_wait_log(rig, "configuration read again", SOON_MS), "it does not read it again");
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    deliver(1);
    rig_check(rig, cast_until(rig->cast, is_kept, &kept, SOON_MS), "it is not kept");
    rig_check_consistency(rig);
    rig_stop(rig);
    rig_configure(rig, "retention: 0s\n", NULL);
    rig_start(rig); /* what was kept stays kept: its time was set when it was finished */
    rig_receive(rig, "SECOND", 2, 1, 1, NULL);
    deliver(2);
    rig_check(rig, rig_wait_drained(rig, SOON_MS), "the other goes at once");
    ck_assert_uint_eq(kept_count(), 1);
}
END_TEST

/* ---- standby ---- */

START_TEST(a_second_router_waits_and_takes_over)
{
    struct process *first = rig->router;
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    check_jobs("delivery", "queued", 1);
    rig->router = NULL;
    rig_start(rig);
    rig_check(rig, rig_wait_log(rig, "standing by", SOON_MS), "the second router does not wait");
    process_signal(rig->router, SIGHUP); /* also then it reads its configuration again */
    rig_receive(rig, "SECOND", 2, 1, 1, NULL);
    check_jobs("delivery", "queued", 2);
    ck_assert(process_running(first) && process_running(rig->router));
    int64_t began = clock_monotonic_ms();
    process_kill(first);
    process_destroy(&first);
    struct actor *actor = cast_add(rig->cast, WORK_SEND, 1);
    AUTO(work_destroy) struct work *work = actor_wait_work(rig->cast, actor, TAKEOVER_MS);
    rig_check(rig, work != NULL, "the second router does not take over");
    ck_assert_int_lt(clock_monotonic_ms() - began, TAKEOVER_MS);
    actor_say_bye(actor);
    rig_check(rig, actor_finish(rig->cast, actor, work, WORK_DONE_OUTCOME), "done");
    cast_remove(rig->cast, actor);
    deliver(2);
}
END_TEST

START_TEST(a_router_that_stands_by_ends_when_it_is_told)
{
    struct process *first = rig->router;
    rig->router = NULL;
    rig_start(rig);
    rig_check(rig, rig_wait_log(rig, "standing by", SOON_MS), "it does not stand by");
    rig_stop(rig);
    rig->router = first;
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    check_jobs("delivery", "queued", 1);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("router start");
    tests_abreast(tests, 4);
    tests_fixture(tests, set_up, tear_down);
    tests_timeout(tests, 60);
    tests_add(tests, what_cannot_be_taken_in_is_parked_with_a_sentence_and_the_others_go_on);
    tests_add(tests, a_lost_database_is_made_again_from_the_spool);
    tests_add(tests, a_lost_database_forgets_little_of_what_is_in_quarantine);
    tests_rows(tests, what_cannot_be_read_at_the_start_is_taken_in_later, ROWS(unreadable_rows));
    tests_rows(tests, a_damaged_database_is_set_aside_and_made_again, ROWS(damage_rows));
    tests_add(tests, a_database_that_somebody_else_writes_to_is_not_taken_for_damaged);
    tests_add(tests, spool_and_database_agree_after_a_start);
    tests_add(tests, a_database_of_version_1_is_brought_up_to_date_and_its_jobs_are_done);
    tests_add(tests, finished_files_are_kept_as_long_as_the_configuration_says);
    tests_add(tests, a_second_router_waits_and_takes_over);
    tests_add(tests, a_router_that_stands_by_ends_when_it_is_told);
    return tests_run(tests);
}
