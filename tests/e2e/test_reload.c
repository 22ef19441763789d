/* SIGHUP to real processes: a good file counts at once, a broken one is told about and changes nothing. */
#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/http_client.h"
#include "tests/support/port.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <string.h>

enum { SOON_MS = 20000 };

static struct sandbox *sandbox;
static int port, metrics_port;

static void set_up(void)
{
    sandbox = sandbox_create();
    port = port_free();
    metrics_port = port_free_run(4);
    folder_make(sandbox_path(sandbox, "state/spool/incoming"));
    folder_make(sandbox_path(sandbox, "state/run/hints"));
}

static void tear_down(void)
{
    sandbox_destroy(&sandbox);
}

static const char *write_config(const char *aet, const char *more)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    text_format(&yaml,
                "state_dir: state\n"
                "receiver: { port: %d, bind: 127.0.0.1 }\n"
                "metrics: { port: %d }\n"
                "nodes: [{ aet: %s, destinations: [{ name: main, kheops: false, stow_url: "
                "'http://127.0.0.1:9/studies' }] }]\n%s",
                port, metrics_port, aet, more);
    return sandbox_write(sandbox, "felucca.yaml", text_string(&yaml));
}

static struct process *start(const char *program, const char *config)
{
    const char *const argv[] = {program, "--config", config, NULL};
    struct process_options how = {.output = sandbox_path(sandbox, "log")};
    return process_start(argv, &how);
}

static bool log_has(void *context)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    if (!file_exists(sandbox_path(sandbox, "log")))
        return false;
    file_read(sandbox_path(sandbox, "log"), &log);
    return strstr(text_string(&log), context) != NULL;
}

static void ck_log(const char *part)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    bool found = wait_until(log_has, (void *)(uintptr_t)part, SOON_MS);
    file_read(sandbox_path(sandbox, "log"), &log);
    ck_assert_msg(found, "not in the log: %s\n%s", part, text_string(&log));
}

/* ---- every process ---- */

static const struct row {
    const char *name, *program;
    int offset;
} rows[] = {
    {"receiver", FELUCCA_BIN "/felucca-receiver", 0},
    {"router", FELUCCA_BIN "/felucca-router", 1},
    {"sender", FELUCCA_BIN "/felucca-sender", 2},
    {"sharer", FELUCCA_BIN "/felucca-sharer", 3},
};

static int health(int at)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    return port_wait(at, SOON_MS) ? http_client_request(at, "GET", "/healthz", NULL, NULL, 0, &answer) : 0;
}

START_TEST(process_lives_through_a_broken_file)
{
    const struct row *row = &rows[_i];
    const char *config = write_config("FIRST", "");
    AUTO(process_destroy) struct process *process = start(row->program, config);
    ck_log("starts version=");
    ck_assert_int_eq(health(metrics_port + row->offset), 200);

    write_config("FIRST", "retention: forever\nsecret: 1\n");
    process_signal(process, SIGHUP);
    ck_log("the new configuration is wrong, keeping the old one");
    ck_log("felucca.yaml:5:12: retention: \\\"forever\\\" is not a duration;");
    ck_log("felucca.yaml:6:1: there is no key \\\"secret\\\"");
    ck_assert(process_running(process));
    ck_assert_int_eq(health(metrics_port + row->offset), 200);

    write_config("FIRST", "log: { format: json }\n");
    process_signal(process, SIGHUP);
    ck_log("\"message\":\"configuration read again\"");
    ck_assert_int_eq(health(metrics_port + row->offset), 200);

    ck_assert_int_eq(process_end(process, SOON_MS), 0);
}
END_TEST

/* ---- what a new file changes ---- */

/* C-ECHO to a called AE title: whether it is answered. */
static bool echoes(const char *aet)
{
    char port_text[16];
    snprintf(port_text, sizeof port_text, "%d", port);
    const char *const argv[] = {"echoscu", "-aec", aet, "127.0.0.1", port_text, NULL};
    return process_run(argv, NULL, SOON_MS, NULL) == 0;
}

START_TEST(receiver_answers_to_its_new_name)
{
    const char *config = write_config("FIRST", "");
    AUTO(process_destroy) struct process *process = start(FELUCCA_BIN "/felucca-receiver", config);
    ck_assert(port_wait(port, SOON_MS));
    ck_assert(echoes("FIRST"));
    ck_assert(!echoes("SECOND"));

    write_config("SECOND", "");
    process_signal(process, SIGHUP);
    ck_log("configuration read again");
    ck_assert(echoes("SECOND"));
    ck_assert(!echoes("FIRST"));

    write_config("'THIRD\\'", "");
    process_signal(process, SIGHUP);
    ck_log("the new configuration is wrong, keeping the old one");
    ck_assert(echoes("SECOND"));
    ck_assert(!echoes("FIRST"));
    ck_assert_int_eq(process_end(process, SOON_MS), 0);
}
END_TEST

/* A file that is written in place may be seen empty, or cut off. */
START_TEST(half_a_file_is_not_taken)
{
    const char *config = write_config("FIRST", "");
    AUTO(process_destroy) struct process *process = start(FELUCCA_BIN "/felucca-receiver", config);
    ck_assert(port_wait(port, SOON_MS));
    sandbox_write(sandbox, "felucca.yaml", "");
    process_signal(process, SIGHUP);
    ck_log("the file is empty; it needs at least the key nodes");
    sandbox_write(sandbox, "felucca.yaml", "state_dir: state\n");
    process_signal(process, SIGHUP);
    ck_log("the key nodes is missing");
    ck_assert(echoes("FIRST"));
    ck_assert_int_eq(process_end(process, SOON_MS), 0);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("reload");
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, process_lives_through_a_broken_file, ROWS(rows));
    tests_add(tests, receiver_answers_to_its_new_name);
    tests_add(tests, half_a_file_is_not_taken);
    return tests_run(tests);
}
