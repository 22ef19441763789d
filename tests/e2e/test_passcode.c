/* Sources that have to prove themselves, with DCMTK's storescu. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

enum { WAIT_MS = 30000 };

static struct sandbox *sandbox;
static struct process *receiver;
static int port;

/* CT01 has a passcode, MR01 has none, XR01's is in a file that is not there. */
static void set_up(void)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    sandbox = sandbox_create();
    port = port_free();
    text_format(
        &yaml,
        "state_dir: %s\nreceiver: { port: %d, bind: 127.0.0.1 }\nmetrics: { bind: 127.0.0.1, port: %d }\n"
        "nodes:\n  - aet: FELUCCA\n    sources:\n"
        "      - { aet: CT01, passcode: '${file:code}' }\n      - { aet: MR01 }\n"
        "      - { aet: XR01, passcode: '${file:nothing}' }\n"
        "    destinations: [{ name: main, stow_url: 'http://127.0.0.1:9/studies' }]\n",
        sandbox_path(sandbox, "state"), port, port_free_run(4));
    sandbox_write(sandbox, "code", "open sesame\n");
    const char *const argv[] = {FELUCCA_BIN "/felucca-receiver", "--config",
                                sandbox_write(sandbox, "felucca.yaml", text_string(&yaml)), NULL};
    const struct process_options options = {.output = sandbox_path(sandbox, "receiver.log")};
    receiver = process_start(argv, &options);
    ck_assert(port_wait(port, WAIT_MS));
}

static void tear_down(void)
{
    process_destroy(&receiver);
    sandbox_destroy(&sandbox);
}

/* Sends an instance; the exit status of storescu, its words appended. */
static int store(const char *calling, const char *const *identity, struct text *ret_output)
{
    char number[16];
    const char *argv[20] = {"storescu", "-v", "-aet", calling, "-aec", "FELUCCA"};
    size_t count = 6;
    struct dicom_spec spec;
    (void)snprintf(number, sizeof number, "%d", port);
    dicom_spec_init(&spec, 7);
    while (*identity)
        argv[count++] = *identity++;
    argv[count++] = "127.0.0.1";
    argv[count++] = number;
    argv[count++] = sandbox_path(sandbox, "I.dcm");
    ck_assert_int_eq(dicom_write(&spec, argv[count - 1]), 0);
    return process_run(argv, NULL, WAIT_MS, ret_output);
}

#define USER(...)         \
    {                     \
        __VA_ARGS__, NULL \
    }

static const struct store_row {
    const char *label, *calling, *identity[8],
        *answer; /* answer: NULL: stored; otherwise words of storescu */
    const char *logged;
} store_rows[] = {
    {"the passcode", "CT01", USER("-usr", "anybody", "-pwd", "open sesame"), NULL, NULL},
    {"the passcode, an answer awaited", "CT01", USER("-usr", "anybody", "-pwd", "open sesame", "-rsp"), NULL,
     NULL},
    {"another passcode", "CT01", USER("-usr", "anybody", "-pwd", "open"), "Rejected Permanent",
     "because=\"user identity without the passcode of CT01"},
    {"a longer one", "CT01", USER("-usr", "anybody", "-pwd", "open sesame!"), "Rejected Permanent", NULL},
    {"an empty one", "CT01", USER("-usr", "anybody", "-epw"), "Rejected Permanent", NULL},
    {"a user name alone", "CT01", USER("-usr", "open sesame"), "Rejected Permanent", NULL},
    {"nothing", "CT01", {NULL}, "Rejected Permanent", NULL},
    {"one that nobody asks for", "MR01", USER("-usr", "anybody", "-pwd", "open"), NULL, NULL},
    {"nothing, where nothing is asked for", "MR01", {NULL}, NULL, NULL},
    {"one that cannot be compared", "XR01", USER("-usr", "anybody", "-pwd", "open"), "Rejected Transient",
     "because=\"the passcode of XR01 cannot be read here"},
};

static bool is_logged(void *text)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    file_read(sandbox_path(sandbox, "receiver.log"), &log);
    return strstr(text_string(&log), text) != NULL;
}

START_TEST(a_source_proves_itself)
{
    const struct store_row *row = &store_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY, log = TEXT_EMPTY;
    int status = store(row->calling, row->identity, &output);
    size_t files = folder_count(sandbox_path(sandbox, "state/spool/incoming"), ".dcm");
    ck_assert_msg((status == 0) == !row->answer, "%s: %s", row->label, text_string(&output));
    ck_assert_uint_eq(files, row->answer ? 0 : 1);
    ck_assert_msg(!row->answer || strstr(text_string(&output), row->answer), "%s: %s", row->label,
                  text_string(&output));
    ck_assert_msg(!row->logged || wait_until(is_logged, (void *)row->logged, WAIT_MS), "%s", row->logged);
    process_destroy(&receiver);
    file_read(sandbox_path(sandbox, "receiver.log"), &log);
    ck_assert_ptr_null(strstr(text_string(&log), "sesame"));
}
END_TEST

/* A file that is replaced counts for the next association, without a signal to anybody. */
START_TEST(a_passcode_may_change)
{
    static const char *const old[] = USER("-usr", "x", "-pwd", "open sesame"), *const new[] =
                                                                                   USER("-usr", "x", "-pwd",
                                                                                        "close");
    AUTO(text_release) struct text output = TEXT_EMPTY;
    ck_assert_int_eq(store("CT01", old, &output), 0);
    sandbox_write(sandbox, "code", "close\n");
    ck_assert_int_ne(store("CT01", old, &output), 0);
    ck_assert_int_eq(store("CT01", new, &output), 0);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("passcode");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, a_source_proves_itself, ROWS(store_rows));
    tests_add(tests, a_passcode_may_change);
    return tests_run(tests);
}
