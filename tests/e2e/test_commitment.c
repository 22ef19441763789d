/* Storage commitment: real processes, a requester over DCMTK, a simulated KHEOPS. What is promised is delivered. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/operator_view.h"
#include "tests/support/pipeline.h"
#include "tests/support/port.h"
#include "tests/support/requester.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 60000, SEED = 7, SERIES = 3, CROWD = 600 };

#define STRANGE "1.2.3.4.5.6.7"

static struct sandbox *sandbox;
static struct simulator *kheops, *second;
static struct requester *requester, *other;
static struct pipeline *pipeline;
static char uids[SERIES][DICOM_UID_SIZE];

/* A node with two destinations; further lines of the node, and conditions of the destinations. */
static void set_up_as(const char *commitment, const char *condition, const char *second_token)
{
    static const char *const tokens[] = {"--token", "main:write:MAINWRITE", NULL};
    AUTO(text_release) struct text more = TEXT_EMPTY;
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
    second = simulator_start(sandbox, "second", tokens);
    requester = requester_create(sandbox, "CT01");
    other = requester_create(sandbox, "CT02");
    text_append(&more, "FELUCCA\n    sources: [ { aet: MODALITY }, { aet: MUTE }, ");
    requester_append_source(requester, &more);
    text_append(&more, ", ");
    requester_append_source(other, &more);
    text_format(&more, " ]%s", commitment);
    const struct pipeline_destination destinations[] = {
        {.name = "main", .simulator = kheops, .token = "MAINWRITE", .condition = condition},
        {.name = "second", .simulator = second, .token = second_token, .condition = condition}};
    const struct pipeline_node node = {text_string(&more), destinations, 2};
    const struct pipeline_options options = {&node, 1, NULL};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start_all(pipeline);
    pipeline_start(pipeline, PIPELINE_COMMITTER);
    for (unsigned series = 0; series < SERIES; series++)
        dicom_uid(uids[series], SEED, series + 1, 1);
}

static void set_up(void)
{
    set_up_as("", NULL, "MAINWRITE");
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    requester_destroy(&requester);
    requester_destroy(&other);
    simulator_destroy(&kheops);
    simulator_destroy(&second);
    sandbox_destroy(&sandbox);
}

static void check(bool ok, const char *what)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    if (!ok && file_exists(requester->log))
        file_read(requester->log, &log);
    if (!ok)
        printf("%s\n", text_string(&log));
    pipeline_check(pipeline, ok, what);
}

static int ask(const struct requester *who, const char *transaction, const char *const *instances)
{
    return requester_ask(who, pipeline_port(pipeline), "FELUCCA", transaction, instances, NULL);
}

static void ask_for_all(const char *transaction)
{
    const char *const all[] = {uids[0], uids[1], uids[2], NULL};
    check(ask(requester, transaction, all) == 0, "it is not taken");
}

static bool says(const char *transaction, const char *text)
{
    return requester_wait(requester, transaction, text, PATIENCE_MS);
}

static int64_t ask_database(const char *question)
{
    const char *const argv[] = {"sqlite3", "-readonly", sandbox_path(sandbox, "state/jobs.db"), question,
                                NULL};
    AUTO(text_release) struct text output = TEXT_EMPTY;
    if (process_run(argv, NULL, PATIENCE_MS, &output) != 0)
        return -1;
    return strtoll(text_string(&output), NULL, 10);
}

static bool is_settled(void *context)
{
    AUTO(text_release) struct text listing = TEXT_EMPTY;
    (void)context;
    const char *const argv[] = {"ls", sandbox_path(sandbox, "state/spool/commitments"), NULL};
    (void)process_run(argv, NULL, PATIENCE_MS, &listing);
    return listing.length == 0 &&
           ask_database("SELECT count(*) FROM commitment WHERE state NOT IN ('reported', 'dropped')") == 0;
}

static bool is_tried(void *context)
{
    (void)context;
    return ask_database("SELECT count(*) FROM commitment WHERE tries > 0 AND reason IS NOT NULL") > 0;
}

/* It may be under way. */
static bool is_dropped(void *context)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *const argv[] = {
        FELUCCA_BIN "/felucca", "--config", pipeline_config(pipeline), "drop", "--yes", "commitment:1", NULL};
    (void)context;
    return process_run(argv, NULL, PATIENCE_MS, &output) == 0;
}

/* ---- what is promised ---- */

START_TEST(what_is_delivered_is_committed)
{
    set_up();
    requester_listen(requester, "0000");
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    ask_for_all("1.2.1");
    check(says("1.2.1", "type 1 from FELUCCA"), "no report");
    for (unsigned series = 0; series < SERIES; series++)
        check(requester_heard(requester, "1.2.1", uids[series]) == 1, "one is missing");
    check(simulator_count(kheops, "instances") == SERIES && simulator_count(second, "instances") == SERIES,
          "it is promised before it is delivered");
    check(wait_until(is_settled, NULL, PATIENCE_MS), "something is left of it");
    check(requester_heard(requester, "1.2.1", NULL) == 1, "it is reported twice");
}
END_TEST

START_TEST(nothing_is_promised_before_every_destination_has_it)
{
    const char *const one[] = {uids[0], NULL};
    set_up();
    requester_listen(requester, "0000");
    simulator_order(second, "/sim/away", "{\"away\": true}");
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    check(ask(requester, "1.2.2", one) == 0, "it is not taken");
    check(simulator_wait_instances(kheops, SERIES, PATIENCE_MS), "the first one does not get it");
    /* An instance that was never seen is decided meanwhile, so rounds have passed. */
    const char *const never[] = {STRANGE, NULL};
    check(ask(requester, "1.2.3", never) == 0 && says("1.2.3", "denied " STRANGE "=0112"), "no report");
    check(requester_heard(requester, "1.2.2", NULL) == 0, "it is promised too early");
    simulator_order(second, "/sim/away", "{\"away\": false}");
    check(says("1.2.2", "type 1"), "no report after all");
}
END_TEST

/* It came before the request, and the router reads the request first: what was delivered is the version before. */
START_TEST(a_version_that_is_not_taken_in_yet_counts)
{
    set_up();
    requester_listen(requester, "0000");
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    check(simulator_wait_instances(kheops, SERIES, PATIENCE_MS) &&
              simulator_wait_instances(second, SERIES, PATIENCE_MS),
          "the first version is not delivered");
    check(operator_wait_jobs(pipeline, "sent", "second", NULL, SERIES, PATIENCE_MS), "nor told");
    simulator_order(second, "/sim/away", "{\"away\": true}");
    process_kill(pipeline_process(pipeline, PIPELINE_ROUTER, 0));
    pipeline_send_small_study(pipeline, sandbox, SEED + 1, CROWD); /* what keeps the intake busy */
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    ask_for_all("1.2.10");
    pipeline_start_again(pipeline, PIPELINE_ROUTER, 0);
    const char *const never[] = {STRANGE, NULL};
    check(ask(requester, "1.2.11", never) == 0 && says("1.2.11", "denied " STRANGE "=0112"), "no report");
    check(requester_heard(requester, "1.2.10", NULL) == 0, "the version before is promised in its place");
    simulator_order(second, "/sim/away", "{\"away\": false}");
    check(says("1.2.10", "type 1"), "no report after all");
}
END_TEST

START_TEST(what_was_never_seen_and_what_failed_is_denied)
{
    const char *const asked[] = {uids[0], STRANGE, NULL};
    set_up_as("", NULL, "MAINWRITE");
    requester_listen(requester, "0000");
    simulator_order(
        second, "/sim/faults",
        "{\"kind\": \"stow\", \"stage\": \"instance\", \"action\": \"refuse\", \"reason\": 49152}");
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    check(ask(requester, "1.2.4", asked) == 0, "it is not taken");
    check(says("1.2.4", "type 2"), "no report");
    check(requester_heard(requester, "1.2.4", STRANGE "=0112") == 1, "the unknown one is not denied");
    check(requester_heard(requester, "1.2.4", "=0110") == 1, "the failed one is not denied");
}
END_TEST

START_TEST(what_no_condition_wants_is_denied)
{
    set_up_as("", "tagValueIsPresent(#Tag.Modality, \"MR\")", "MAINWRITE");
    requester_listen(requester, "0000");
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    ask_for_all("1.2.5");
    check(says("1.2.5", "type 2"), "no report");
    check(requester_heard(requester, "1.2.5", "=0112") == 1, "it is promised, and nobody has it");
}
END_TEST

START_TEST(another_class_is_denied)
{
    AUTO(text_release) struct text said = TEXT_EMPTY;
    char port[16];
    set_up();
    requester_listen(requester, "0000");
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    (void)snprintf(port, sizeof port, "%d", pipeline_port(pipeline));
    const char *const argv[] = {
        FELUCCA_TESTS_BIN "/commitment-scu", "ask",   port, "FELUCCA", "CT01", "1.2.6",
        "1.2.840.10008.5.1.4.1.1.4",         uids[0], NULL};
    check(process_run(argv, NULL, PATIENCE_MS, &said) == 0, text_string(&said));
    check(says("1.2.6", "=0119"), "no report");
}
END_TEST

START_TEST(patience_ends)
{
    set_up_as("\n    commitment: { patience: 2s }", NULL, "UNKNOWN");
    requester_listen(requester, "0000");
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    ask_for_all("1.2.7");
    check(says("1.2.7", "type 2"), "no report");
    check(requester_heard(requester, "1.2.7", "=0110") == 1, "not as a failure");
    check(requester_heard(requester, "1.2.7", "committed denied") == 1, "something is promised");
}
END_TEST

START_TEST(only_what_counts_is_waited_for)
{
    set_up_as("\n    commitment: { destinations: [ main ] }", NULL, "UNKNOWN");
    requester_listen(requester, "0000");
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    ask_for_all("1.2.8");
    check(says("1.2.8", "type 1"), "no report");
}
END_TEST

START_TEST(what_is_received_may_be_enough)
{
    set_up_as("\n    commitment: { when: received }", NULL, "UNKNOWN");
    requester_listen(requester, "0000");
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    ask_for_all("1.2.9");
    check(says("1.2.9", "type 1"), "no report");
}
END_TEST

/* ---- who is told ---- */

START_TEST(a_requester_that_is_away_delays_nobody_and_is_told_later)
{
    const char *const one[] = {uids[0], NULL};
    set_up();
    requester_listen(other, "0000");
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    ask_for_all("1.3.1");
    check(ask(other, "1.3.2", one) == 0, "it is not taken");
    check(requester_wait(other, "1.3.2", "type 1", PATIENCE_MS), "the other one is not told");
    requester_listen(requester, "0000");
    check(says("1.3.1", "type 1"), "who was away is not told");
    check(wait_until(is_settled, NULL, PATIENCE_MS), "something is left of it");
}
END_TEST

/* One that answers every report badly is told again, until it does not. */
START_TEST(a_report_that_is_not_taken_is_made_again)
{
    set_up();
    requester_listen(requester, "0110");
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    ask_for_all("1.3.3");
    check(says("1.3.3", "type 1"), "no report");
    requester_leave(requester);
    size_t before = requester_heard(requester, "1.3.3", NULL);
    requester_listen(requester, "0000");
    check(wait_until(is_settled, NULL, PATIENCE_MS), "it is not taken after all");
    check(requester_heard(requester, "1.3.3", NULL) > before, "it is not told again");
}
END_TEST

/* Its answer counts, whatever it does to the association afterwards. */
START_TEST(who_answers_no_release_has_been_told)
{
    set_up();
    requester_listen_stubbornly(requester);
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    ask_for_all("1.3.7");
    check(wait_until(is_settled, NULL, PATIENCE_MS), "its answer does not count");
    check(requester_heard(requester, "1.3.7", NULL) == 1, "it is told again");
}
END_TEST

/* As a lost disk write leaves it: the files of what was asked for twice are there again. */
START_TEST(what_was_asked_for_twice_is_reported_once_for_ever)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *const one[] = {uids[0], NULL};
    set_up();
    requester_listen(requester, "0000");
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    process_kill(pipeline_process(pipeline, PIPELINE_ROUTER, 0));
    ask_for_all("1.3.8");
    ask_for_all("1.3.8");
    const char *const keep[] = {"cp", "-r", sandbox_path(sandbox, "state/spool/commitments"),
                                sandbox_path(sandbox, "kept"), NULL};
    const char *const back[] = {"cp", "-r", sandbox_path(sandbox, "kept/."),
                                sandbox_path(sandbox, "state/spool/commitments"), NULL};
    check(process_run(keep, NULL, PATIENCE_MS, &output) == 0, text_string(&output));
    pipeline_start_again(pipeline, PIPELINE_ROUTER, 0);
    check(says("1.3.8", "type 1") && wait_until(is_settled, NULL, PATIENCE_MS), "no report");
    check(process_run(back, NULL, PATIENCE_MS, &output) == 0, text_string(&output));
    check(ask(requester, "1.3.9", one) == 0 && says("1.3.9", "type 1"), "no report of another one");
    check(wait_until(is_settled, NULL, PATIENCE_MS), "something is left of it");
    check(requester_heard(requester, "1.3.8", NULL) == 1, "it is reported twice");
}
END_TEST

/* Its report was given up after days. Who asks again listens again. */
START_TEST(what_is_asked_for_again_after_its_report_failed_is_reported)
{
    set_up();
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    ask_for_all("1.3.10");
    check(wait_until(is_tried, NULL, PATIENCE_MS), "nobody tries to tell it");
    process_kill(pipeline_process(pipeline, PIPELINE_ROUTER, 0));
    const char *const argv[] = {"sqlite3", sandbox_path(sandbox, "state/jobs.db"),
                                "UPDATE commitment SET state = 'failed'", NULL};
    AUTO(text_release) struct text output = TEXT_EMPTY;
    check(process_run(argv, NULL, PATIENCE_MS, &output) == 0, text_string(&output));
    requester_listen(requester, "0000");
    pipeline_start_again(pipeline, PIPELINE_ROUTER, 0);
    ask_for_all("1.3.10");
    check(says("1.3.10", "type 1"), "no report");
    check(wait_until(is_settled, NULL, PATIENCE_MS), "something is left of it");
}
END_TEST

START_TEST(who_could_not_be_told_is_refused)
{
    AUTO(text_release) struct text said = TEXT_EMPTY;
    const char *const one[] = {uids[0], NULL};
    set_up();
    struct requester mute = {.title = "MUTE", .log = requester->log};
    int status = requester_ask(&mute, pipeline_port(pipeline), "FELUCCA", "1.3.4", one, &said);
    check(status == 0x0110, text_string(&said));
    check(strstr(text_string(&said), "port") != NULL, text_string(&said));
}
END_TEST

START_TEST(a_transaction_survives_that_all_processes_die)
{
    set_up();
    simulator_order(second, "/sim/away", "{\"away\": true}");
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    ask_for_all("1.3.5");
    pipeline_freeze_all(pipeline);
    pipeline_kill_all(pipeline);
    pipeline_start_all_again(pipeline);
    requester_listen(requester, "0000");
    simulator_order(second, "/sim/away", "{\"away\": false}");
    check(says("1.3.5", "type 1"), "it is forgotten");
    check(wait_until(is_settled, NULL, PATIENCE_MS), "something is left of it");
}
END_TEST

/* Folders that are called like requests, more than are taken in at once, and found first. */
START_TEST(requests_that_cannot_be_read_hold_up_no_other)
{
    set_up();
    requester_listen(requester, "0000");
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    process_kill(pipeline_process(pipeline, PIPELINE_ROUTER, 0));
    ask_for_all("1.3.6");
    for (int i = 0; i < 30; i++)
        (void)sandbox_make_folder(sandbox, "state/spool/commitments/%032x.request", i + 1);
    pipeline_start_again(pipeline, PIPELINE_ROUTER, 0);
    check(says("1.3.6", "type 1"), "no report");
}
END_TEST

/* ---- IPv6 ---- */

/* DCMTK listens on IPv4 alone: what comes to this port of ::1 goes to that one. */
static const char relay[] =
    "import socket, sys, threading\n"
    "def copy(a, b):\n"
    "    while (data := a.recv(65536)):\n"
    "        b.sendall(data)\n"
    "    b.shutdown(socket.SHUT_WR)\n"
    "server = socket.create_server(('::1', int(sys.argv[1])), family=socket.AF_INET6)\n"
    "while True:\n"
    "    one = server.accept()[0]\n"
    "    two = socket.create_connection(('127.0.0.1', int(sys.argv[2])))\n"
    "    threading.Thread(target=copy, args=(one, two), daemon=True).start()\n"
    "    threading.Thread(target=copy, args=(two, one), daemon=True).start()\n";

START_TEST(a_source_that_listens_on_ipv6_is_told)
{
    AUTO(text_release) struct text more = TEXT_EMPTY;
    char from[16], to[16];
    int port = port_free();
    sandbox = sandbox_create();
    requester = requester_create(sandbox, "CT01");
    text_format(
        &more,
        "FELUCCA\n    sources: [ { aet: CT01, host: 127.0.0.1 }, { aet: CT01, host: \"::1\", port: %d } ]",
        port);
    const struct pipeline_destination nowhere = {.name = "nowhere", .stow_url = "http://127.0.0.1:9/studies"};
    const struct pipeline_node node = {text_string(&more), &nowhere, 1};
    const struct pipeline_options options = {&node, 1, NULL};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start(pipeline, PIPELINE_ROUTER);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
    pipeline_start(pipeline, PIPELINE_COMMITTER);
    requester_listen(requester, "0000");
    (void)snprintf(from, sizeof from, "%d", port);
    (void)snprintf(to, sizeof to, "%d", requester->port);
    const char *const argv[] = {"/usr/bin/python3", "-c", relay, from, to, NULL};
    struct process *relays = process_start(argv, NULL);
    const char *const never[] = {STRANGE, NULL};
    int status = ask(requester, "1.3.20", never);
    bool told = says("1.3.20", "type 2");
    process_destroy(&relays);
    check(status == 0, "it is not taken");
    check(told, "no report");
}
END_TEST

/* ---- who looks and who changes ---- */

static int felucca(const char *command, const char *argument, const char *more, struct text *ret_output)
{
    const char *const argv[] = {
        FELUCCA_BIN "/felucca", "--config", pipeline_config(pipeline), command, argument, more, NULL};
    text_clear(ret_output);
    return process_run(argv, NULL, PATIENCE_MS, ret_output);
}

START_TEST(operators_see_it_and_change_it)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    set_up();
    check(felucca("commitments", NULL, NULL, &output) == 0 &&
              strstr(text_string(&output), "every commitment"),
          text_string(&output));
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    ask_for_all("1.4.1");
    check(wait_until(is_tried, NULL, PATIENCE_MS), "nobody tries to tell it");
    check(felucca("commitments", NULL, NULL, &output) == 0 && strstr(text_string(&output), "commitment:1") &&
              strstr(text_string(&output), "CT01"),
          text_string(&output));
    check(felucca("commitments", "--json", NULL, &output) == 0 &&
              strstr(text_string(&output), "\"transaction\":\"1.4.1\""),
          text_string(&output));
    check(felucca("show", uids[0], NULL, &output) == 0 &&
              strstr(text_string(&output), "commitment:1, asked by CT01"),
          text_string(&output));
    check(felucca("retry", "commitment:1", NULL, &output) == 0 || strstr(text_string(&output), "under way"),
          text_string(&output));
    check(felucca("retry", "commitment:77", NULL, &output) == 1 && strstr(text_string(&output), "not there"),
          text_string(&output));
    check(wait_until(is_dropped, NULL, PATIENCE_MS), "it is not dropped");
    requester_listen(requester, "0000");
    ask_for_all("1.4.2");
    check(says("1.4.2", "type 1") && requester_heard(requester, "1.4.1", NULL) == 0,
          "it is told although it was dropped");
    check(wait_until(is_settled, NULL, PATIENCE_MS), "something is left of it");
}
END_TEST

/* ---- what people see ---- */

struct seen {
    const char *command, *argument, *text;
};

static bool is_seen(void *context)
{
    const struct seen *seen = context;
    AUTO(text_release) struct text output = TEXT_EMPTY;
    return felucca(seen->command, seen->argument, NULL, &output) == 0 &&
           strstr(text_string(&output), seen->text) != NULL;
}

static void check_seen(const char *command, const char *argument, const char *text)
{
    struct seen seen = {command, argument, text};
    check(wait_until(is_seen, &seen, PATIENCE_MS), text);
}

START_TEST(people_see_who_is_not_told)
{
    set_up();
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    ask_for_all("1.4.3");
    check(wait_until(is_tried, NULL, PATIENCE_MS), "nobody tries to tell it");
    check_seen("status", NULL, "CT01 takes no reports on storage commitment (1 waits)");
    check_seen("status", NULL, "storage commitment: 1 waits to be reported (felucca commitments)");
    check_seen("status", "--json", "\"words\":\"1 waits to be reported\"");
    check_seen("jobs", NULL, "1 commitment");
    check_seen("jobs", "--all", "transaction 1.4.3");
    check_seen("jobs", "--state=deferred", "CT01");
    AUTO(text_release) struct text output = TEXT_EMPTY;
    (void)felucca("jobs", "--destination=main", NULL, &output);
    check(!strstr(text_string(&output), "commitment"), text_string(&output));
    (void)felucca("jobs", "--state=failed", NULL, &output);
    check(!strstr(text_string(&output), "commitment"), text_string(&output));
}
END_TEST

START_TEST(a_source_that_is_held_is_told_when_it_is_released)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *const one[] = {uids[0], NULL};
    set_up();
    requester_listen(requester, "0000");
    requester_listen(other, "0000");
    check(felucca("hold", "source:CT01", NULL, &output) == 0 &&
              strstr(text_string(&output), "source:CT01 is held"),
          text_string(&output));
    check(felucca("hold", "source:CT01", NULL, &output) == 0 &&
              strstr(text_string(&output), "is held already"),
          text_string(&output));
    check(felucca("hold", "source:NOBODY", NULL, &output) == 1 &&
              strstr(text_string(&output), "no source of that title"),
          text_string(&output));
    pipeline_send_small_study(pipeline, sandbox, SEED, SERIES);
    ask_for_all("1.4.4");
    check_seen("status", NULL, "reports on storage commitment to CT01 are held by");
    check_seen("status", NULL, "(1 waits)");
    check(ask(other, "1.4.5", one) == 0 && requester_wait(other, "1.4.5", "type 1", PATIENCE_MS),
          "the other one is not told");
    check(requester_heard(requester, "1.4.4", NULL) == 0, "it is told although it is held");
    check(felucca("status", "--check", NULL, &output) == 1 &&
              strstr(text_string(&output), "felucca release source:CT01"),
          text_string(&output));
    check(felucca("release", "source:CT01", NULL, &output) == 0 &&
              strstr(text_string(&output), "is released"),
          text_string(&output));
    check(says("1.4.4", "type 1"), "no report");
    check(wait_until(is_settled, NULL, PATIENCE_MS), "something is left of it");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("commitment");
    tests_timeout(tests, 240);
    tests_abreast(tests, 3);
    tests_fixture(tests, NULL, tear_down);
    tests_add(tests, what_is_delivered_is_committed);
    tests_add(tests, nothing_is_promised_before_every_destination_has_it);
    tests_add(tests, a_version_that_is_not_taken_in_yet_counts);
    tests_add(tests, what_was_never_seen_and_what_failed_is_denied);
    tests_add(tests, what_no_condition_wants_is_denied);
    tests_add(tests, another_class_is_denied);
    tests_add(tests, patience_ends);
    tests_add(tests, only_what_counts_is_waited_for);
    tests_add(tests, what_is_received_may_be_enough);
    tests_add(tests, a_requester_that_is_away_delays_nobody_and_is_told_later);
    tests_add(tests, a_report_that_is_not_taken_is_made_again);
    tests_add(tests, who_answers_no_release_has_been_told);
    tests_add(tests, what_was_asked_for_twice_is_reported_once_for_ever);
    tests_add(tests, what_is_asked_for_again_after_its_report_failed_is_reported);
    tests_add(tests, who_could_not_be_told_is_refused);
    tests_add(tests, a_transaction_survives_that_all_processes_die);
    tests_add(tests, requests_that_cannot_be_read_hold_up_no_other);
    if (file_exists("/proc/net/if_inet6"))
        tests_add(tests, a_source_that_listens_on_ipv6_is_told);
    tests_add(tests, operators_see_it_and_change_it);
    tests_add(tests, people_see_who_is_not_told);
    tests_add(tests, a_source_that_is_held_is_told_when_it_is_released);
    return tests_run(tests);
}
