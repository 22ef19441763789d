/* The real processes that read what strangers send, and what they may still do once somebody has taken them over: the calls
 * are planted in the programs of the test build (common/base/planted.h). */
#include "common/base/cleanup.h"
#include "common/sandbox/sandbox.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/pipeline.h"
#include "tests/support/process.h"
#include "tests/support/requester.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { PATIENCE_MS = 30000 };

static struct sandbox *sandbox;
static struct pipeline *pipeline;
static struct requester *requester;

static void set_up(void)
{
    sandbox = sandbox_create();
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    requester_destroy(&requester);
    sandbox_destroy(&sandbox);
}

static void open_pipeline(const char *more)
{
    static const struct pipeline_destination nowhere = {.name = "nowhere",
                                                        .stow_url = "http://127.0.0.1:9/studies"};
    static const struct pipeline_node node = {"FELUCCA", &nowhere, 1};
    const struct pipeline_options options = {.nodes = &node, .node_count = 1, .more = more};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_use_programs(pipeline, FELUCCA_CRASH_BIN);
}

/* One instance, whatever is answered. */
static int send_one(void)
{
    struct dicom_spec base;
    const char *folder = sandbox_make_folder(sandbox, "study");
    dicom_spec_init(&base, 1);
    base.rows = base.columns = 8;
    ck_assert_int_eq(dicom_write_study(&base, 1, 1, 1, folder, NULL, NULL), 0);
    return pipeline_storescu(pipeline_port(pipeline), "FELUCCA", folder, PATIENCE_MS, NULL);
}

struct wanted {
    const char *log, *text;
};

static bool is_said(void *context)
{
    const struct wanted *wanted = context;
    AUTO(text_release) struct text log = TEXT_EMPTY;
    file_read(sandbox_path(sandbox, "%s", wanted->log), &log);
    return strstr(text_string(&log), wanted->text) != NULL;
}

static void check_said(const char *log, const char *text)
{
    struct wanted wanted = {log, text};
    pipeline_check(pipeline, wait_until(is_said, &wanted, PATIENCE_MS), text);
}

static bool says(const char *log, const char *text)
{
    struct wanted wanted = {log, text};
    return is_said(&wanted);
}

/* What an attacker's call comes to. */
static const struct row {
    const char *call;
    const char *named; /* it ends the process, whose log names it so; NULL: it fails, */
    int error;         /* like this, in an association; */
    int header_error;  /* and in a reader of headers */
} rows[] = {
    {"execve", "execve", 0, 0},   {"fork", "clone", 0, 0},   {"socket", "socket", 0, 0},
    {"connect", "connect", 0, 0}, {"open", NULL, 13, 38},    {"kill", NULL, 38, 38},
    {"run", NULL, 38, 38},        {"sysinfo", NULL, 38, 38},
};

static void plant(enum pipeline_stage stage, const char *process, const char *call, char *setting,
                  size_t size)
{
    static const char *environment[2];
    (void)snprintf(setting, size, "FELUCCA_PLANTED_CALL=%s:%s", process, call);
    environment[0] = setting;
    pipeline_equip(pipeline, stage, environment, NULL);
    (void)pipeline_start(pipeline, stage);
}

START_TEST(an_association_can_do_no_more_than_store)
{
    const struct row *row = &rows[_i];
    char setting[64], said[64];
    open_pipeline(NULL);
    plant(PIPELINE_RECEIVER, "association", row->call, setting, sizeof setting);
    int status = send_one();
    if (row->named) {
        (void)snprintf(said, sizeof said, "what none needs: it ends call=%s\n", row->named);
        check_said("receiver-0.log", said);
        check_said("receiver-0.log", "an association's process died");
        ck_assert_msg(status != 0 && !says("receiver-0.log", "planted call"), "%s: it was made", row->call);
        return;
    }
    (void)snprintf(said, sizeof said, "planted call %s: error %d\n", row->call, row->error);
    check_said("receiver-0.log", said);
    ck_assert_int_eq(status, 0); /* a call that somebody forgot harms no association */
}
END_TEST

START_TEST(a_reader_of_headers_can_do_no_more_than_read)
{
    const struct row *row = &rows[_i];
    char setting[64], said[64];
    open_pipeline(NULL);
    plant(PIPELINE_ROUTER, "header", row->call, setting, sizeof setting);
    (void)pipeline_start(pipeline, PIPELINE_RECEIVER);
    ck_assert_int_eq(send_one(), 0);
    if (row->named) {
        (void)snprintf(said, sizeof said, "what none needs: it ends call=%s\n", row->named);
        check_said("router-0.log", said);
        check_said("router-0.log", "instance quarantined");
        check_said("router-0.log", "its header made its reader ask the kernel for what no header needs");
        ck_assert_msg(!says("router-0.log", "planted call"), "%s: it was made", row->call);
        return;
    }
    (void)snprintf(said, sizeof said, "planted call %s: error %d\n", row->call, row->header_error);
    check_said("router-0.log", said);
    check_said("router-0.log", "instance taken in");
}
END_TEST

/* ---- the process of a report on storage commitment ---- */

static void start_with_report(const char *more, const char *call, char *setting, size_t size)
{
    static const struct pipeline_destination nowhere = {.name = "nowhere",
                                                        .stow_url = "http://127.0.0.1:9/studies"};
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    const char *const never[] = {"1.2.3.4", NULL};
    requester = requester_create(sandbox, "CT01");
    text_append(&lines, "FELUCCA\n    sources: [ ");
    requester_append_source(requester, &lines);
    text_append(&lines, " ]");
    const struct pipeline_node node = {text_string(&lines), &nowhere, 1};
    const struct pipeline_options options = {.nodes = &node, .node_count = 1, .more = more};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_use_programs(pipeline, FELUCCA_CRASH_BIN);
    (void)pipeline_start(pipeline, PIPELINE_ROUTER);
    (void)pipeline_start(pipeline, PIPELINE_RECEIVER);
    plant(PIPELINE_COMMITTER, "report", call, setting, size);
    requester_listen(requester, "0000");
    ck_assert_int_eq(requester_ask(requester, pipeline_port(pipeline), "FELUCCA", "1.2.9", never, NULL), 0);
}

START_TEST(a_report_can_do_no_more_than_speak)
{
    const struct row *row = &rows[_i];
    char setting[64], said[64];
    start_with_report(NULL, row->call, setting, sizeof setting);
    if (row->named) {
        (void)snprintf(said, sizeof said, "what none needs: it ends call=%s\n", row->named);
        check_said("committer-0.log", said);
        check_said("committer-0.log", "ended without a word");
        ck_assert_msg(!says("committer-0.log", "planted call") &&
                          requester_heard(requester, "1.2.9", NULL) == 0,
                      "%s: it was made", row->call);
        return;
    }
    (void)snprintf(said, sizeof said, "planted call %s: error %d\n", row->call, row->header_error);
    check_said("committer-0.log", said);
    pipeline_check(pipeline, requester_wait(requester, "1.2.9", "denied", PATIENCE_MS), "no report");
}
END_TEST

START_TEST(a_key_ends_the_limits_of_a_report)
{
    char setting[64];
    start_with_report("sandbox: off\n", "socket", setting, sizeof setting);
    check_said("committer-0.log", "planted call socket: went well");
    check_said("committer-0.log", "sandbox: off:");
    pipeline_check(pipeline, requester_wait(requester, "1.2.9", "denied", PATIENCE_MS), "no report");
}
END_TEST

START_TEST(a_key_ends_the_limits)
{
    char setting[64], other[64];
    open_pipeline("sandbox: off\n");
    plant(PIPELINE_RECEIVER, "association", "socket", setting, sizeof setting);
    plant(PIPELINE_ROUTER, "header", "socket", other, sizeof other);
    ck_assert_int_eq(send_one(), 0);
    check_said("receiver-0.log", "planted call socket: went well");
    check_said("router-0.log", "planted call socket: went well");
    check_said("receiver-0.log", "sandbox: off:");
    check_said("router-0.log", "sandbox: off:");
}
END_TEST

/* For this process and all that it starts: as in a container that refuses these calls. */
static void refuse_limits(void)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_create_ruleset, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {ROWS(program), program};
    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

static void run_felucca(const char *word, const char *option, struct text *ret_output)
{
    const char *const argv[] = {
        FELUCCA_BIN "/felucca", "--config", pipeline_config(pipeline), word, option, NULL};
    text_clear(ret_output);
    ck_assert_int_eq(process_run(argv, NULL, PATIENCE_MS, ret_output), 0);
}

START_TEST(a_kernel_that_refuses_is_told_of_in_status_and_metric)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    open_pipeline(NULL);
    refuse_limits();
    (void)pipeline_start(pipeline, PIPELINE_ROUTER);
    (void)pipeline_start(pipeline, PIPELINE_RECEIVER);
    ck_assert_int_eq(send_one(), 0);
    ck_assert(pipeline_metric(pipeline, PIPELINE_RECEIVER, 0, "felucca_sandbox_off") > 0);
    run_felucca("status", NULL, &output);
    ck_assert_msg(strstr(text_string(&output), "The kernel limits the receiver's associations less"), "%s",
                  text_string(&output));
    run_felucca("status", "--json", &output);
    ck_assert_msg(
        strstr(text_string(&output),
               "\"sandbox_refused\":\"it filters no system calls (seccomp); it limits no paths (Landlock)\""),
        "%s", text_string(&output));
}
END_TEST

int main(void)
{
    AUTO(text_release) struct text lacks = TEXT_EMPTY;
    sandbox_ask_kernel(&lacks);
    if (lacks.length > 0) {
        printf("left out: %s\n", text_string(&lacks));
        return 77;
    }
    struct tests *tests = tests_create("confinement");
    tests_abreast(tests, 4);
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, an_association_can_do_no_more_than_store, ROWS(rows));
    tests_rows(tests, a_reader_of_headers_can_do_no_more_than_read, ROWS(rows));
    tests_rows(tests, a_report_can_do_no_more_than_speak, ROWS(rows));
    tests_add(tests, a_key_ends_the_limits);
    tests_add(tests, a_key_ends_the_limits_of_a_report);
    tests_add(tests, a_kernel_that_refuses_is_told_of_in_status_and_metric);
    return tests_run(tests);
}
