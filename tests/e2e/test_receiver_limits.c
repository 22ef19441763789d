/* What one peer can take of the receiver, so that something is left for the others. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "tests/support/deadline.h"
#include "tests/support/dul.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 30000 };

#define CT       "1.2.840.10008.5.1.4.1.1.2"
#define IMPLICIT "1.2.840.10008.1.2"

static struct sandbox *sandbox;
static struct process *receiver;
static int port;

static void set_up(void)
{
    sandbox = sandbox_create();
    port = port_free();
}

static void tear_down(void)
{
    process_destroy(&receiver);
    sandbox_destroy(&sandbox);
}

static void configure(const char *settings, const char *sources)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    text_format(
        &yaml,
        "state_dir: %s\nmetrics: { port: 0 }\n"
        "receiver: { port: %d, bind: 127.0.0.1, min_free_space: 256MiB, %s }\n"
        "nodes: [{ aet: FELUCCA, %s destinations: [{ name: main, stow_url: 'http://127.0.0.1:9/api/studies' "
        "}] }]\n",
        sandbox_path(sandbox, "state"), port, settings, sources);
    sandbox_write(sandbox, "felucca.yaml", text_string(&yaml));
}

/* Settings of the receiver, and the sources of the node, each as YAML. */
static void start(const char *settings, const char *sources)
{
    configure(settings, sources);
    const char *const argv[] = {FELUCCA_BIN "/felucca-receiver", "--config",
                                sandbox_path(sandbox, "felucca.yaml"), NULL};
    const struct process_options options = {.output = sandbox_path(sandbox, "receiver.log")};
    receiver = process_start(argv, &options);
    ck_assert(port_wait(port, WAIT_MS));
}

/* Every address that begins with 127 is this machine. */
static int connect_from(const char *address)
{
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
    ck_assert_int_eq(inet_pton(AF_INET, address, &from.sin_addr), 1);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)port);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(client, (struct sockaddr *)&from, sizeof from), 0);
    ck_assert_int_eq(connect(client, (struct sockaddr *)&to, sizeof to), 0);
    return client;
}

static void say(int client, const struct text *bytes)
{
    ck_assert_int_eq(send(client, bytes->bytes, bytes->length, MSG_NOSIGNAL), (ssize_t)bytes->length);
}

static enum dul_pdu ask(int client, const char *called, const char *calling, struct text *answer)
{
    static const struct dul_context context = {1, CT, {IMPLICIT}};
    AUTO(text_release) struct text request = TEXT_EMPTY;
    dul_append_request(&request, called, calling, &context, 1);
    (void)send(client, request.bytes, request.length, MSG_NOSIGNAL);
    return dul_read(client, WAIT_MS, answer);
}

static int associate(const char *address, const char *calling)
{
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    int client = connect_from(address);
    ck_assert_int_eq(ask(client, "FELUCCA", calling, &answer), DUL_ASSOCIATE_AC);
    return client;
}

/* The last three bytes of an A-ASSOCIATE-RJ: result, source, reason. */
static void ck_rejected(const char *address, const char *called, const char *calling, const char *expected)
{
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    AUTO(fd_close) int client = connect_from(address);
    ck_assert_int_eq(ask(client, called, calling, &answer), DUL_ASSOCIATE_RJ);
    ck_assert_mem_eq(answer.bytes + 7, expected, 3);
}

struct line {
    const char *words;
    size_t count;
};

static size_t count_lines(const char *words)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    size_t count = 0;
    file_read(sandbox_path(sandbox, "receiver.log"), &log);
    for (const char *at = text_string(&log); (at = strstr(at, words)); at++)
        count++;
    return count;
}

static bool has_lines(void *context)
{
    const struct line *line = context;
    return count_lines(line->words) >= line->count;
}

static void ck_log(const char *words)
{
    struct line line = {words, 1};
    ck_assert_msg(wait_until(has_lines, &line, WAIT_MS), "the log lacks: %s", words);
}

/* ---- associations ---- */

START_TEST(an_address_has_half_of_all)
{
    int first[2];
    start("max_associations: 4", "");
    for (size_t i = 0; i < ROWS(first); i++)
        first[i] = associate("127.0.0.1", i ? "CT01" : "CT02");
    ck_rejected("127.0.0.1", "FELUCCA", "CT03", "\2\3\2");
    AUTO(fd_close) int other = associate("127.0.0.2", "CT03");
    ck_log("because=\"max_associations_per_source reached by its address\"");
    for (size_t i = 0; i < ROWS(first); i++)
        fd_close(&first[i]);
}
END_TEST

START_TEST(a_title_has_half_of_all)
{
    start("max_associations: 4", "");
    AUTO(fd_close) int first = associate("127.0.0.1", "CT01");
    AUTO(fd_close) int second = associate("127.0.0.2", "CT01");
    ck_rejected("127.0.0.3", "FELUCCA", "CT01", "\2\3\2");
    AUTO(fd_close) int other = associate("127.0.0.3", "CT02");
    ck_log("because=\"max_associations_per_source reached by its calling AE title\"");
}
END_TEST

/* Blanks around a title are no part of it (PS3.8 section 9.3.2). */
START_TEST(blanks_make_no_other_title)
{
    start("max_associations: 4", "");
    AUTO(fd_close) int first = associate("127.0.0.1", "CT01");
    AUTO(fd_close) int second = associate("127.0.0.2", " CT01");
    ck_rejected("127.0.0.3", "FELUCCA", "  CT01", "\2\3\2");
}
END_TEST

/* Whoever is rejected may stay for a while; under another's title this is not that other's loss. */
START_TEST(a_title_claimed_from_elsewhere_is_not_counted)
{
    enum { CROWD = 2 };
    int crowd[CROWD];
    start("max_associations: 4",
          "sources: [{ aet: CT01, host: 127.0.0.1 }, { aet: CT02, host: 127.0.0.9 }],");
    for (size_t i = 0; i < CROWD; i++) {
        AUTO(text_release) struct text answer = TEXT_EMPTY;
        crowd[i] = connect_from("127.0.0.9");
        ck_assert_int_eq(ask(crowd[i], "FELUCCA", "CT01", &answer), DUL_ASSOCIATE_RJ);
    }
    AUTO(fd_close) int good = associate("127.0.0.1", "CT01");
    for (size_t i = 0; i < CROWD; i++)
        fd_close(&crowd[i]);
}
END_TEST

START_TEST(the_limit_of_a_source_can_be_set)
{
    start("max_associations: 4, max_associations_per_source: 1", "");
    AUTO(fd_close) int first = associate("127.0.0.1", "CT01");
    ck_rejected("127.0.0.1", "FELUCCA", "CT02", "\2\3\2");
    ck_rejected("127.0.0.2", "FELUCCA", "CT01", "\2\3\2");
    AUTO(fd_close) int other = associate("127.0.0.2", "CT02");
}
END_TEST

/* Six bytes announce a long request: they hold a place in the lobby, never one of an association. */
START_TEST(announced_requests_are_in_nobodys_way)
{
    enum { CROWD = 64 };
    static const char head[] = {1, 0, 0, 1, 0, 0};
    int crowd[CROWD];
    start("max_associations: 4", "");
    for (size_t i = 0; i < CROWD; i++) {
        crowd[i] = connect_from("127.0.0.9");
        ck_assert_int_eq(send(crowd[i], head, sizeof head, MSG_NOSIGNAL), (ssize_t)sizeof head);
    }
    AUTO(fd_close) int good = associate("127.0.0.1", "CT01");
    for (size_t i = 0; i < CROWD; i++)
        fd_close(&crowd[i]);
}
END_TEST

/* ---- who is admitted ---- */

static enum dul_pdu say_something(int client)
{
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    return ask(client, "FELUCCA", "CT01", &answer);
}

START_TEST(where_all_hosts_are_named_strangers_are_refused_at_once)
{
    start("max_associations: 4",
          "sources: [{ aet: CT01, host: 127.0.0.1 }, { aet: CT02, host: 127.0.1.0/24 }],");
    for (int i = 0; i < 50; i++) {
        AUTO(fd_close) int stranger = connect_from("127.0.0.9");
        ck_assert_int_eq(say_something(stranger), DUL_END);
    }
    AUTO(fd_close) int good = associate("127.0.0.1", "CT01");
    AUTO(fd_close) int other = associate("127.0.1.77", "CT02");
    ck_log("address=127.0.0.9 because=\"no source of any node has its address\" times=1");
    ck_assert_uint_eq(count_lines("because=\"no source of any node has its address\""), 1);
}
END_TEST

START_TEST(one_source_without_a_host_admits_connections_from_anywhere)
{
    start("max_associations: 4", "sources: [{ aet: CT01, host: 127.0.0.1 }, { aet: CT02 }],");
    AUTO(fd_close) int good = associate("127.0.0.9", "CT02");
    ck_rejected("127.0.0.9", "FELUCCA", "CT01", "\1\1\3");
    ck_log(
        "because=\"address not admitted: CT01 is admitted only from 127.0.0.1: add 127.0.0.9 to sources of "
        "FELUCCA, if it is yours\"");
}
END_TEST

static const struct rejection_row {
    const char *called, *calling, *says;
} rejection_rows[] = {
    {"NOBODY", "CT01", "called AE title unknown: no node of the configuration has it"},
    {"FELUCCA", "XX99", "calling AE title not admitted: add it to sources of FELUCCA, if it is yours"},
};

START_TEST(a_rejection_says_what_to_do)
{
    const struct rejection_row *row = &rejection_rows[_i];
    start("max_associations: 4", "sources: [{ aet: CT01 }],");
    ck_rejected("127.0.0.1", row->called, row->calling, *row->called == 'N' ? "\1\1\7" : "\1\1\3");
    ck_log(row->says);
}
END_TEST

START_TEST(many_rejections_make_one_line)
{
    start("max_associations: 64", "");
    for (int i = 0; i < 60; i++)
        ck_rejected("127.0.0.1", "NOBODY", "CT01", "\1\1\7");
    ck_rejected("127.0.0.1", "NOBODY", "CT02", "\1\1\7");
    ck_log("calling=CT02 called=NOBODY");
    ck_assert_uint_eq(count_lines("calling=CT01 called=NOBODY"), 1);
}
END_TEST

static void leave(int client)
{
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    ck_assert_int_eq(ask(client, "FELUCCA", "CT01", &answer), DUL_ASSOCIATE_AC);
}

static void say_unreadable(int client)
{
    static const char request[] = {1, 0, 0, 0, 0, 4, 0, 1, 0, 0};
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    (void)send(client, request, sizeof request, MSG_NOSIGNAL);
    ck_assert_int_eq(dul_read(client, WAIT_MS, &answer), DUL_ABORT);
}

/* Associations that come to nothing, however many there are. */
static const struct nothing_row {
    const char *label, *words;
    void (*say)(int client);
} nothing_rows[] = {
    {"left at once", "outcome=aborted", leave},
    {"unreadable", "its A-ASSOCIATE-RQ cannot be read", say_unreadable},
};

START_TEST(what_comes_to_nothing_makes_one_line)
{
    const struct nothing_row *row = &nothing_rows[_i];
    start("max_associations: 64", "");
    for (int i = 0; i < 50; i++) {
        AUTO(fd_close) int client = connect_from("127.0.0.9");
        row->say(client);
    }
    AUTO(fd_close) int other = connect_from("127.0.0.8");
    row->say(other);
    fd_close(&other);
    ck_log("address=127.0.0.8");
    ck_log(row->words);
    ck_assert_msg(count_lines("address=127.0.0.9") == 1, "%s: %zu lines", row->label,
                  count_lines("address=127.0.0.9"));
}
END_TEST

/* The highest descriptor that it has, and no more. */
static void take_descriptors_away(bool away)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    struct rlimit limit;
    ck_assert_int_eq(prlimit(process_pid(receiver), RLIMIT_NOFILE, NULL, &limit), 0);
    text_format(&path, "/proc/%d/fd", (int)process_pid(receiver));
    limit.rlim_cur = away ? folder_count(text_string(&path), "") : limit.rlim_max;
    ck_assert_int_eq(prlimit(process_pid(receiver), RLIMIT_NOFILE, &limit, NULL), 0);
}

START_TEST(a_want_of_descriptors_makes_one_line)
{
    enum { SEVERAL_TRIES_MS = 1500 };
    start("max_associations: 4", "");
    take_descriptors_away(true);
    AUTO(fd_close) int client = connect_from("127.0.0.1");
    ck_log("cannot accept, trying again");
    (void)poll(NULL, 0, SEVERAL_TRIES_MS);
    ck_assert_uint_eq(count_lines("cannot accept, trying again"), 1);
    take_descriptors_away(false);
    ck_assert_int_eq(say_something(client), DUL_ASSOCIATE_AC);
}
END_TEST

/* ---- names ---- */

static const char *hosts(void)
{
    return sandbox_path(sandbox, "hosts");
}

/* The receiver with an /etc/hosts of its own; false where this machine does not let us. */
static bool start_with_hosts(const char *sources)
{
    static const char script[] = "mount --bind \"$0\" /etc/hosts && exec \"$@\"";
    configure("max_associations: 8", sources);
    const char *const probe[] = {"unshare", "--mount", "sh", "-c", script, hosts(), "true", NULL};
    if (process_run(probe, NULL, WAIT_MS, NULL) != 0)
        return false;
    const char *const argv[] = {"unshare",
                                "--mount",
                                "sh",
                                "-c",
                                script,
                                hosts(),
                                FELUCCA_BIN "/felucca-receiver",
                                "--config",
                                sandbox_path(sandbox, "felucca.yaml"),
                                NULL};
    static const char *const environment[] = {"RES_OPTIONS=timeout:1 attempts:1", NULL};
    const struct process_options options = {.output = sandbox_path(sandbox, "receiver.log"),
                                            .environment = environment};
    receiver = process_start(argv, &options);
    ck_assert(port_wait(port, WAIT_MS));
    return true;
}

struct call {
    const char *address;
    enum dul_pdu wanted;
};

static bool is_answered_so(void *context)
{
    const struct call *call = context;
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    AUTO(fd_close) int client = connect_from(call->address);
    return ask(client, "FELUCCA", "CT01", &answer) == call->wanted;
}

static void ck_becomes(const char *address, enum dul_pdu wanted)
{
    struct call call = {address, wanted};
    ck_assert_msg(wait_until(is_answered_so, &call, WAIT_MS), "%s does not get PDU %d", address, wanted);
}

/* Written in place: the mount shows this very file. */
static void write_hosts(const char *line)
{
    file_write_string(hosts(), line);
}

START_TEST(a_name_is_asked_for_again_and_followed)
{
    write_hosts("127.0.0.1 localhost\n");
    if (!start_with_hosts("sources: [{ aet: CT01, host: ct01.felucca.invalid }],")) {
        (void)printf("no mount namespace here, nothing tested\n");
        return;
    }
    ck_rejected("127.0.0.7", "FELUCCA", "CT01", "\2\3\1"); /* for now */
    ck_log("the name service has no address yet for a host of CT01: rejected for now");
    write_hosts("127.0.0.7 ct01.felucca.invalid\n");
    ck_becomes("127.0.0.7", DUL_ASSOCIATE_AC);
    ck_becomes("127.0.0.8", DUL_END); /* every source has its addresses now: a stranger */
    write_hosts("127.0.0.8 ct01.felucca.invalid\n");
    ck_becomes("127.0.0.8", DUL_ASSOCIATE_AC);
    ck_becomes("127.0.0.7", DUL_END);
    process_signal(receiver, SIGHUP); /* what was known stays known */
    ck_becomes("127.0.0.8", DUL_ASSOCIATE_AC);
    write_hosts("127.0.0.1 localhost\n");
    ck_becomes("127.0.0.8", DUL_ASSOCIATE_AC);
}
END_TEST

/* ---- what cannot be read ---- */

static const struct unreadable_row {
    const char *label, *body;
    size_t length;
} unreadable_rows[] = {
    {"too short for titles", "\0\1\0\0FELUCCA", 11},
    {"an item longer than the request",
     "\0\1\0\0FELUCCA         CT01            \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\xff\xff"
     "1.2",
     75},
};

START_TEST(an_unreadable_request_is_aborted)
{
    const struct unreadable_row *row = &unreadable_rows[_i];
    AUTO(text_release) struct text request = TEXT_EMPTY, answer = TEXT_EMPTY;
    const char head[] = {1, 0, 0, 0, 0, (char)row->length};
    start("max_associations: 4", "");
    AUTO(fd_close) int client = connect_from("127.0.0.1");
    text_append_bytes(&request, head, sizeof head);
    text_append_bytes(&request, row->body, row->length);
    say(client, &request);
    ck_assert_msg(dul_read(client, WAIT_MS, &answer) == DUL_ABORT, "%s", row->label);
    ck_log("its A-ASSOCIATE-RQ cannot be read");
    ck_log("address=127.0.0.1");
}
END_TEST

/* ---- messages ---- */

/* Far fewer bytes than a sender of images would send, often enough not to be silent. */
START_TEST(a_dripping_message_is_ended)
{
    static const struct dul_command store = {0x01, 1, CT, "1.2.3", 0, true};
    AUTO(text_release) struct text said = TEXT_EMPTY, answer = TEXT_EMPTY;
    start("max_associations: 4, idle_timeout: 1s", "");
    AUTO(fd_close) int client = associate("127.0.0.1", "CT01");
    dul_append_command(&said, 1, &store);
    say(client, &said);
    text_clear(&said);
    dul_append_data(&said, 1, "ab", 2, false);
    int64_t deadline_ms = clock_monotonic_ms() + WAIT_MS;
    struct pollfd input = {.fd = client, .events = POLLIN};
    while (poll(&input, 1, 200) == 0) {
        ck_assert_int_lt(clock_monotonic_ms(), deadline_ms);
        say(client, &said);
    }
    ck_assert_int_eq(dul_read(client, WAIT_MS, &answer), DUL_ABORT);
    ck_log("outcome=slow");
}
END_TEST

START_TEST(a_command_without_end_is_ended)
{
    enum { PIECE = 16000 };
    static char bytes[PIECE];
    const struct dul_value value = {1, true, false, bytes, PIECE};
    AUTO(text_release) struct text said = TEXT_EMPTY, answer = TEXT_EMPTY;
    start("max_associations: 4", "");
    AUTO(fd_close) int client = associate("127.0.0.1", "CT01");
    dul_append_values(&said, &value, 1);
    for (int i = 0; i < 5; i++)
        (void)send(client, said.bytes, said.length, MSG_NOSIGNAL);
    ck_assert_int_eq(dul_read(client, WAIT_MS, &answer), DUL_ABORT);
    ck_log("because=\"a command set of more than 64 KiB\"");
}
END_TEST

/* Pieces that say nothing: the first of a C-STORE is long enough that its UIDs cannot be behind it. */
static const struct endless_row {
    const char *label;
    struct dul_command command;
    int64_t least, most;
} endless_rows[] = {
    {"a question", {0x20, 1, CT, "", 0, true}, INT64_C(200) << 20, INT64_C(512) << 20},
    {"an image with another UID", {0x01, 1, CT, "1.2.3", 0, true}, INT64_C(3500) << 20, INT64_C(5000) << 20},
};

START_TEST(what_is_refused_does_not_go_on_for_ever)
{
    enum { PIECE = 131000 };
    static char bytes[PIECE] = "\x08\0\x18\0\x04\0\0\0"
                               "9.9\0"
                               "\x20\0\x0d\0";
    const struct endless_row *row = &endless_rows[_i];
    AUTO(text_release) struct text said = TEXT_EMPTY;
    start("max_associations: 4", "");
    AUTO(fd_close) int client = associate("127.0.0.1", "CT01");
    dul_append_command(&said, 1, &row->command);
    say(client, &said);
    text_clear(&said);
    dul_append_data(&said, 1, bytes, PIECE, false);
    int64_t sent = 0;
    while (send(client, said.bytes, said.length, MSG_NOSIGNAL) == (ssize_t)said.length) {
        sent += PIECE;
        ck_assert_int_lt(sent, row->most);
    }
    ck_assert_msg(sent > row->least, "%s: %lld", row->label, (long long)sent);
    ck_log("outcome=wasted");
}
END_TEST

/* ---- memory ---- */

/* Whether a child of the receiver may not take what it likes. */
static __attribute__((unused)) bool a_child_is_bounded(void *context)
{
    (void)context;
    AUTO(text_release) struct text path = TEXT_EMPTY, list = TEXT_EMPTY;
    bool bounded = false;
    text_format(&path, "/proc/%d/task/%d/children", (int)process_pid(receiver), (int)process_pid(receiver));
    file_read(text_string(&path), &list);
    char *next = list.bytes, *end;
    for (long pid; next && (pid = strtol(next, &end, 10)) > 0; next = end) {
        AUTO(text_release) struct text limits_path = TEXT_EMPTY, limits = TEXT_EMPTY;
        text_format(&limits_path, "/proc/%ld/limits", pid);
        file_read(text_string(&limits_path), &limits);
        const char *line = strstr(text_string(&limits), "Max address space");
        bounded = bounded || (line && strncmp(line + 26, "unlimited", 9) != 0);
    }
    return bounded;
}

START_TEST(memory_of_an_association_is_bounded)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    start("max_associations: 4", "");
    ck_assert(!a_child_is_bounded(NULL)); /* the helper alone */
    AUTO(fd_close) int client = associate("127.0.0.1", "CT01");
    ck_assert(wait_until(a_child_is_bounded, NULL, WAIT_MS));
#endif
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("receiver limits");
    tests_abreast(tests, 4);
    tests_timeout(tests, 60);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, an_address_has_half_of_all);
    tests_add(tests, a_title_has_half_of_all);
    tests_add(tests, blanks_make_no_other_title);
    tests_add(tests, a_title_claimed_from_elsewhere_is_not_counted);
    tests_add(tests, the_limit_of_a_source_can_be_set);
    tests_add(tests, announced_requests_are_in_nobodys_way);
    tests_add(tests, where_all_hosts_are_named_strangers_are_refused_at_once);
    tests_add(tests, one_source_without_a_host_admits_connections_from_anywhere);
    tests_rows(tests, a_rejection_says_what_to_do, ROWS(rejection_rows));
    tests_add(tests, many_rejections_make_one_line);
    tests_rows(tests, what_comes_to_nothing_makes_one_line, ROWS(nothing_rows));
    tests_add(tests, a_want_of_descriptors_makes_one_line);
    tests_add(tests, a_name_is_asked_for_again_and_followed);
    tests_rows(tests, an_unreadable_request_is_aborted, ROWS(unreadable_rows));
    tests_add(tests, a_dripping_message_is_ended);
    tests_add(tests, a_command_without_end_is_ended);
    tests_rows(tests, what_is_refused_does_not_go_on_for_ever, ROWS(endless_rows));
    tests_add(tests, memory_of_an_association_is_bounded);
    return tests_run(tests);
}
