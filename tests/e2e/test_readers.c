/* A real router and the processes that read headers for it: what a hostile file does to them stops nothing and is
 * told, what happens to them from outside condemns nobody, and the router's loop never waits for them. */
#include "tests/support/rig.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/service/service.h"
#include "tests/support/bombs.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/stock.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOON_MS = 60000, FILES = 20, READERS = 2 };

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

static void check_queued(int64_t count)
{
    char sentence[128];
    if (rig_wait_jobs(rig, "delivery", "queued", count, SOON_MS))
        return;
    (void)snprintf(sentence, sizeof sentence, "%lld deliveries wanted, %lld there", (long long)count,
                   (long long)rig_jobs(rig, "delivery", "queued", NULL, NULL));
    rig_check(rig, false, sentence);
}

static void check_quarantined(int64_t count)
{
    rig_check(rig, rig_wait_quarantined(rig, count, SOON_MS), "what should be in quarantine is not");
}

static void check_log(const char *text)
{
    rig_check(rig, rig_wait_log(rig, text, SOON_MS), text);
}

static void take_receipt(const char *path, char *ret_receipt)
{
    (void)snprintf(ret_receipt, RECEIPT_SIZE, "%.*s", RECEIPT_LENGTH, strrchr(path, '/') + 1);
}

static char *arrive(const struct dicom_spec *spec, const char *called_aet)
{
    return stock_receive(sandbox_path(rig->sandbox, "arriving"), spec, called_aet);
}

/* What an operator's command says, whose exit status must be that. */
static void check_said(const char *const *words, int status, const char *wanted)
{
    AUTO(text_release) struct text said = TEXT_EMPTY;
    int ended = rig_felucca(rig, words, &said);
    rig_check(rig, ended == status && strstr(text_string(&said), wanted), text_string(&said));
}

static void signal_readers(unsigned count, int signal_number)
{
    rig_check(rig, process_signal_children(rig->router, count, signal_number) == count,
              "it has not so many readers");
}

/* While none of the stopped readers was given up, so many are taken in. */
static void check_unread(int64_t count)
{
    int64_t taken = rig_jobs(rig, "delivery", NULL, NULL, NULL);
    rig_check(rig, taken == count || rig_log_says(rig, "did not answer"), "stopped readers have read");
}

static void take_readers(pid_t *ret_pids)
{
    rig_check(rig, process_children(rig->router, ret_pids, READERS) == READERS, "it has not so many readers");
}

/* ---- hostile files ---- */

static const struct poison {
    const char *label;
    const char *variable; /* what makes the reader of the test build do it */
    const char *sentence;
} poisons[] = {
    {"crashes", "FELUCCA_CRASH_ON", "its header crashes the DICOM parser"},
    {"never ends", "FELUCCA_SPIN_ON", "its header takes more than 2 s to read"},
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* they need more than any limit */
    {"takes all memory", "FELUCCA_BLOAT_ON", "its header takes more than 512 MiB to read"},
#endif
};

START_TEST(a_file_that_ends_its_reader_is_parked_and_the_others_go_on)
{
    const struct poison *poison = &poisons[_i];
    struct dicom_spec spec;
    char receipt[RECEIPT_SIZE], setting[RECEIPT_SIZE + 32];
    rig_spec(&spec, 1, 1, 2);
    AUTO(memory_free) char *path = arrive(&spec, "SECOND");
    take_receipt(path, receipt);
    (void)snprintf(setting, sizeof setting, "%s=%s", poison->variable, receipt);
    const char *const environment[] = {setting, NULL};
    rig_stop(rig);
    rig_start_from(rig, FELUCCA_CRASH_BIN, environment);
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    check_queued(1);
    rig_receive_file(rig, path, receipt);
    for (unsigned i = 0; i < FILES; i++)
        rig_receive(rig, "SECOND", 1, 1, 3 + i, NULL);
    check_queued(1 + FILES);
    check_quarantined(1);
    check_log(poison->sentence);

    /* An operator may try it again: harmless while it does so, taken in when it does not. */
    const char *const again[] = {"quarantine", "retry", receipt, NULL};
    check_said(again, EXIT_NO, poison->sentence);
    rig_check(rig, process_running(rig->router), "the router died of it");
    check_quarantined(1);
    rig_stop(rig);
    rig_start(rig);
    check_log("recovered");
    check_said(again, EXIT_OK, "");
    check_queued(2 + FILES);
    check_quarantined(0);
}
END_TEST

/* A file like any other one, with another data set and, in its file meta header, another transfer syntax. */
static char *arrive_as_bomb(const struct bomb *bomb, unsigned instance)
{
    AUTO(text_release) struct text file = TEXT_EMPTY;
    struct dicom_spec spec;
    rig_spec(&spec, 1, 1, instance);
    spec.transfer_syntax = bomb->transfer_syntax;
    char *path = arrive(&spec, "SECOND");
    file_read(path, &file);
    file.length = (size_t)file_data_set_offset(path);
    bomb->make(&spec, &file);
    file_write(path, file.bytes, file.length);
    return path;
}

START_TEST(a_bomb_costs_no_more_than_itself)
{
    char receipt[RECEIPT_SIZE];
    AUTO(memory_free) char *path = arrive_as_bomb(&bombs[_i], FILES + 1);
    int64_t before = process_peak_memory_kib(rig->router);
    pid_t readers[READERS], afterwards[READERS];
    check_log("recovered");
    take_readers(readers);
    take_receipt(path, receipt);
    rig_receive_file(rig, path, receipt);
    for (unsigned i = 1; i <= FILES; i++)
        rig_receive(rig, "SECOND", 1, 1, i, NULL);
    /* It is whole enough to be taken in, and nothing asks what is behind the place where reading ends. */
    check_queued(FILES + 1);
    ck_assert_int_eq(rig_quarantined(rig), 0);
    ck_assert_int_lt(process_peak_memory_kib(rig->router) - before, 64 << 10);
    take_readers(afterwards); /* the same ones: none had to be replaced */
    ck_assert_mem_eq(afterwards, readers, sizeof readers);
    for (int i = 0; i < READERS; i++) {
        int64_t peak = process_pid_peak_memory_kib(readers[i]);
        ck_assert_msg(peak > 0 && peak < 512 << 10, "%s: a reader took %lld KiB", bombs[_i].label,
                      (long long)peak);
    }
}
END_TEST

/* ---- what happens to readers ---- */

START_TEST(nobody_is_condemned_because_a_reader_was_killed)
{
    const char *const hold[] = {"hold", "other", NULL};
    check_log("recovered");
    signal_readers(READERS, SIGSTOP);
    for (unsigned i = 1; i <= FILES; i++)
        rig_receive(rig, "SECOND", 1, 1, i, NULL);
    check_said(hold, EXIT_OK, "");
    check_unread(0);
    (void)process_signal_children(rig->router, READERS, SIGKILL);
    check_queued(FILES);
    check_log("was ended from outside");
    ck_assert_int_eq(rig_quarantined(rig), 0);
}
END_TEST

START_TEST(the_loop_goes_on_while_all_readers_are_stopped)
{
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    check_queued(1);
    signal_readers(READERS, SIGSTOP);
    rig_receive(rig, "SECOND", 1, 1, 2, NULL);
    /* Work is handed out, results are taken, heartbeats are answered. */
    struct actor *actor = cast_add(rig->cast, WORK_SEND, 4);
    AUTO(work_destroy) struct work *work = actor_wait_work(rig->cast, actor, SOON_MS);
    rig_check(rig, work != NULL, "no work comes");
    rig_check(rig, actor_finish(rig->cast, actor, work, WORK_DONE_OUTCOME), "no RESULT is acknowledged");
    check_unread(1);
    (void)process_signal_children(rig->router, READERS, SIGCONT); /* those that were not given up meanwhile */
    cast_remove(rig->cast, actor);
    check_queued(1);
}
END_TEST

START_TEST(a_reader_that_does_not_answer_is_replaced)
{
    check_log("recovered");
    signal_readers(1, SIGSTOP);
    for (unsigned i = 1; i <= FILES; i++)
        rig_receive(rig, "SECOND", 1, 1, i, NULL);
    check_queued(FILES);
    check_log("did not answer");
    ck_assert_int_eq(rig_quarantined(rig), 0);
}
END_TEST

static bool all_ended(void *pids)
{
    for (int i = 0; i < READERS; i++)
        if (process_pid_lives(((const pid_t *)pids)[i]))
            return false;
    return true;
}

START_TEST(readers_end_with_the_router)
{
    pid_t readers[READERS];
    check_log("recovered");
    take_readers(readers);
    ck_assert(process_pid_lives(readers[0]) && process_pid_lives(readers[1]));
    process_signal(rig->router, SIGKILL);
    rig_check(rig, wait_until(all_ended, readers, SOON_MS), "readers outlive their router");
    /* The lock is the router's alone: the next one has it at once, whatever its readers still do. */
    rig_kill(rig);
    rig_start(rig);
    rig_receive(rig, "SECOND", 1, 1, 1, NULL);
    check_queued(1);
}
END_TEST

START_TEST(new_conditions_are_asked_of_new_files)
{
    static const char *const stations[] = {"MR7", "CT3"};
    rig_receive(rig, "FIRST", 1, 1, 1, NULL);
    check_queued(1);
    /* Nothing asked for this attribute before (router/suspicion.c asks for a few always). */
    rig_reword(rig, "#Tag.Modality, \"MR\"", "#Tag.StationName, \"MR7\"");
    process_signal(rig->router, SIGHUP);
    check_log("configuration read again");
    for (unsigned i = 0; i < ROWS(stations); i++) {
        struct dicom_spec spec;
        char receipt[RECEIPT_SIZE];
        rig_spec(&spec, 2 + i, 1, 1);
        spec.station_name = stations[i];
        AUTO(memory_free) char *path = arrive(&spec, "FIRST");
        take_receipt(path, receipt);
        rig_receive_file(rig, path, receipt);
    }
    check_queued(3);
    ck_assert_int_eq(rig_jobs(rig, "share", "waiting", "main", "mr"), 1);
    ck_assert_int_eq(rig_jobs(rig, "share", NULL, "main", "mr"), 1);
}
END_TEST

START_TEST(a_router_without_the_program_says_what_is_missing)
{
    AUTO(text_release) struct text said = TEXT_EMPTY;
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    const char *program = sandbox_path(rig->sandbox, "felucca-router");
    rig_stop(rig);
    file_read(FELUCCA_BIN "/felucca-router", &bytes);
    file_write(program, bytes.bytes, bytes.length);
    ck_assert_int_eq(chmod(program, 0755), 0);
    const char *const argv[] = {program, "--config", rig->config, NULL};
    const char *const environment[] = {"PATH=/nowhere", NULL};
    ck_assert_int_eq(process_run(argv, environment, SOON_MS, &said), EX_TEMPFAIL);
    ck_assert_msg(strstr(text_string(&said), "felucca-header is neither beside felucca-router nor in $PATH"),
                  "%s", text_string(&said));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("readers");
    tests_abreast(tests, 4);
    tests_fixture(tests, set_up, tear_down);
    tests_timeout(tests, 240);
    tests_rows(tests, a_file_that_ends_its_reader_is_parked_and_the_others_go_on, ROWS(poisons));
    tests_rows(tests, a_bomb_costs_no_more_than_itself, bomb_count);
    tests_add(tests, nobody_is_condemned_because_a_reader_was_killed);
    tests_add(tests, the_loop_goes_on_while_all_readers_are_stopped);
    tests_add(tests, a_reader_that_does_not_answer_is_replaced);
    tests_add(tests, readers_end_with_the_router);
    tests_add(tests, new_conditions_are_asked_of_new_files);
    tests_add(tests, a_router_without_the_program_says_what_is_missing);
    return tests_run(tests);
}
