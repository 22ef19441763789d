/* What is only kept never keeps the door shut, and what lies in quarantine goes only as an operator, or the
 * configuration, says; a source that fills it is refused alone. */
#include "common/base/cleanup.h"
#include "common/service/service.h"
#include "common/spool/overfull.h"
#include "tests/support/files.h"
#include "tests/support/rig.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SOON_MS = 20000 };

static struct rig *rig;

static void tear_down(void)
{
    rig_destroy(&rig);
}

#define FELUCCA(status, expected, ...) \
    rig_expect(rig, status, expected, (const char *const[]){__VA_ARGS__, NULL})

static const char *file_in(const char *place, const char *receipt)
{
    bool fanned = strcmp(place, "kept") == 0;
    return sandbox_path(rig->sandbox, "state/spool/%s/%s%s%s.dcm", place,
                        fanned ? receipt + RECEIPT_LENGTH - 2 : "", fanned ? "/" : "", receipt);
}

static bool is_there(void *path)
{
    return file_exists(path);
}

static bool is_gone(void *path)
{
    return !file_exists(path);
}

static void wait_there(const char *path)
{
    rig_check(rig, cast_until(rig->cast, is_there, (void *)path, SOON_MS), path);
}

static void wait_gone(const char *path)
{
    rig_check(rig, cast_until(rig->cast, is_gone, (void *)path, SOON_MS), path);
}

/* The wish of the configuration that the disk cannot meet. */
static const char short_of_room[] = "retention: 1h\nreceiver: { min_free_space: 900000GiB }\n";

START_TEST(kept_files_go_first_when_the_disk_is_short)
{
    static const char *const order[] = {"what=delivered", "what=\"dropped by an operator\"",
                                        "what=\"never stored anywhere\""};
    char delivered[RECEIPT_SIZE], dropped[RECEIPT_SIZE], parked[RECEIPT_SIZE], excluded[RECEIPT_SIZE];
    rig = rig_create("retention: 1h\n");
    rig_check(rig, rig_wait_log(rig, "recovered", SOON_MS), "no router");
    rig_reword(rig, "connections: 8\n", "connections: 8\n        sop_classes: [1.2.3]\n"); /* of FIRST */
    process_signal(rig->router, SIGHUP);
    rig_check(rig, rig_wait_log(rig, "configuration read again", SOON_MS), "not read again");
    rig_receive(rig, "FIRST", 3, 1, 1, excluded); /* the oldest one goes last */
    wait_there(file_in("kept", excluded));
    rig_receive(rig, "NOBODY", 1, 1, 1, parked);
    rig_check(rig, rig_wait_quarantined(rig, 1, SOON_MS), "not quarantined");
    rig_receive(rig, "SECOND", 1, 1, 2, dropped);
    rig_check(rig, rig_wait_jobs(rig, "delivery", "queued", 1, SOON_MS), "not taken in");
    FELUCCA(EXIT_OK, "1 job", "drop", "--state", "queued", "--yes");
    struct actor *actor = cast_add(rig->cast, WORK_SEND, 4);
    rig_receive(rig, "SECOND", 2, 1, 1, delivered);
    AUTO(work_destroy) struct work *work = actor_wait_work(rig->cast, actor, SOON_MS);
    rig_check(rig, work != NULL, "no work");
    actor_answer(actor, work, WORK_DONE_OUTCOME);
    wait_there(file_in("kept", delivered));
    wait_there(file_in("dropped", dropped));
    rig_configure(rig, short_of_room, NULL);
    process_signal(rig->router, SIGHUP);
    wait_gone(file_in("dropped", dropped));
    wait_gone(file_in("kept", delivered));
    wait_gone(file_in("kept", excluded));
    AUTO(text_release) struct text log = TEXT_EMPTY;
    file_read(sandbox_path(rig->sandbox, "router.log"), &log);
    const char *at = text_string(&log);
    for (size_t i = 0; i < ROWS(order); i++) {
        at = strstr(at, order[i]);
        ck_assert_msg(at != NULL, "not in this order: %s", order[i]);
    }
    ck_assert(file_exists(file_in("quarantine", parked)));
}
END_TEST

START_TEST(dropped_now_is_gone_at_once)
{
    char kept[RECEIPT_SIZE], gone[RECEIPT_SIZE];
    rig = rig_create(NULL); /* retention_excluded: 7d */
    rig_receive(rig, "NOBODY", 1, 1, 1, kept);
    rig_receive(rig, "NOBODY", 1, 1, 2, gone);
    rig_check(rig, rig_wait_quarantined(rig, 2, SOON_MS), "not quarantined");
    FELUCCA(EXIT_USAGE, "only drop takes --now", "quarantine", "retry", "--all", "--now");
    FELUCCA(EXIT_USAGE, "only drop takes --now", "quarantine", "--now");
    FELUCCA(EXIT_OK, "1 file", "quarantine", "drop", kept, "--yes");
    FELUCCA(EXIT_OK, "1 file", "quarantine", "drop", gone, "--now", "--yes");
    wait_gone(file_in("quarantine", gone));
    wait_gone(file_in("dropped", gone));
    wait_there(file_in("dropped", kept));
}
END_TEST

static void count_file(void *context, const char *path)
{
    (void)path;
    *(size_t *)context += 1;
}

static size_t kept_headers(void)
{
    size_t count = 0;
    folder_walk(sandbox_path(rig->sandbox, "state/headers"), count_file, &count);
    return count;
}

/* It was taken in once, and a crash forgot that before a configuration that does not want it: its header was kept then. */
START_TEST(dropped_now_leaves_no_header)
{
    char receipt[RECEIPT_SIZE], marks[512];
    struct dicom_spec spec;
    rig = rig_create(NULL);
    rig_stop(rig);
    rig_reword(rig, "127.0.0.1:10/api/studies\n", "127.0.0.1:10/api/studies\n        kheops: false\n");
    (void)snprintf(marks, sizeof marks, "FELUCCA_CRASH_MARKS=%s", sandbox_make_folder(rig->sandbox, "marks"));
    const char *const environment[] = {"FELUCCA_CRASH_AT=ROUTER_HEADER_KEPT", marks, NULL};
    rig_start_from(rig, FELUCCA_CRASH_BIN, environment);
    rig_spec(&spec, 1, 1, 1);
    (void)snprintf(spec.study_uid, sizeof spec.study_uid, "1.2.OLD"); /* no object identifier */
    rig_receive_spec(rig, "SECOND", &spec, receipt);
    rig_check(rig, rig_wait_end(rig, SOON_MS) != 0, "it did not crash");
    ck_assert_uint_eq(kept_headers(), 1);
    rig_configure(rig, NULL, NULL); /* a KHEOPS, which cannot take it */
    rig_start(rig);
    rig_check(rig, rig_wait_quarantined(rig, 1, SOON_MS), "not quarantined");
    ck_assert_uint_eq(kept_headers(), 1);
    FELUCCA(EXIT_OK, "1 file", "quarantine", "drop", receipt, "--now", "--yes");
    wait_gone(file_in("quarantine", receipt));
    ck_assert_uint_eq(kept_headers(), 0);
}
END_TEST

START_TEST(quarantine_ends_only_where_the_configuration_says)
{
    char receipt[RECEIPT_SIZE];
    rig = rig_create(NULL);
    rig_receive(rig, "NOBODY", 1, 1, 1, receipt);
    rig_check(rig, rig_wait_quarantined(rig, 1, SOON_MS), "not quarantined");
    rig_configure(rig, "quarantine_retention: 1s\n", NULL);
    process_signal(rig->router, SIGHUP);
    rig_check(rig, rig_wait_log(rig, "quarantine_retention is over, removing a file", SOON_MS), "no line");
    wait_gone(file_in("quarantine", receipt));
    wait_gone(file_in("dropped", receipt));
    ck_assert_int_eq(rig_quarantined(rig), 0);
    FELUCCA(EXIT_OK, "quarantine_retention is over", "show", receipt);
}
END_TEST

static bool is_listed(void *title)
{
    AUTO(spool_destroy) struct spool *spool = NULL;
    ck_assert_int_eq(spool_open(rig->state, &spool), 0);
    return overfull_lists(spool, title);
}

static bool is_not_listed(void *title)
{
    return !is_listed(title);
}

/* The stock's files come from CT01. */
START_TEST(source_that_fills_the_quarantine_is_refused)
{
    rig = rig_create("quarantine_per_source: 1KiB\n");
    rig_receive(rig, "NOBODY", 1, 1, 1, NULL);
    rig_receive(rig, "NOBODY", 1, 1, 2, NULL);
    rig_check(rig, cast_until(rig->cast, is_listed, (void *)"CT01", SOON_MS), "not listed");
    ck_assert(!is_listed((void *)"CT0") && !is_listed((void *)"CT011"));
    FELUCCA(EXIT_OK, "CT01 may store nothing (A700)", "status");
    FELUCCA(EXIT_NO, "\"cause\":\"overfull\"", "status", "--check", "--json");
    rig_stop(rig); /* whoever starts finds what it left, and mends it */
    rig_configure(rig, NULL, NULL);
    rig_start(rig);
    rig_check(rig, cast_until(rig->cast, is_not_listed, (void *)"CT01", SOON_MS), "still listed");
    rig_configure(rig, "quarantine_per_source: 1KiB\n", NULL);
    process_signal(rig->router, SIGHUP);
    rig_check(rig, cast_until(rig->cast, is_listed, (void *)"CT01", SOON_MS), "not listed again");
    FELUCCA(EXIT_OK, "2 files", "quarantine", "drop", "--all", "--yes");
    rig_check(rig, cast_until(rig->cast, is_not_listed, (void *)"CT01", SOON_MS), "still listed");
    ck_assert(rig_log_says(rig, "no source fills the quarantine beyond its share any more"));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("room");
    tests_fixture(tests, NULL, tear_down);
    tests_timeout(tests, 100);
    tests_abreast(tests, 4);
    tests_add(tests, kept_files_go_first_when_the_disk_is_short);
    tests_add(tests, dropped_now_is_gone_at_once);
    tests_add(tests, dropped_now_leaves_no_header);
    tests_add(tests, quarantine_ends_only_where_the_configuration_says);
    tests_add(tests, source_that_fills_the_quarantine_is_refused);
    return tests_run(tests);
}
