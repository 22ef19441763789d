#include "receiver/listener.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/config/network.h"
#include "common/spool/file_meta.h"
#include "receiver/association.h"
#include "receiver/lobby.h"
#include "tests/support/dul.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 15000 };

#define CT_STORAGE   "1.2.840.10008.5.1.4.1.1.2"
#define VERIFICATION "1.2.840.10008.1.1"
#define IMPLICIT     "1.2.840.10008.1.2"

static struct sandbox *sandbox;
static struct config config, other_config;
static struct config_node node = {.aet = (char *)"FELUCCA"}, other_node = {.aet = (char *)"OTHER"};
static struct spool *spool;
static struct hints *hints;
static struct names *names;
static struct listener *listener;
static int port;

static void set_up(void)
{
    sandbox = sandbox_create();
    log_setup("test", LOG_ERROR, LOG_TEXT);
    AUTO(text_release) struct text endpoint = TEXT_EMPTY, reason = TEXT_EMPTY;
    text_format(&endpoint, "ipc://%s/hints", sandbox_folder(sandbox));
    config = (struct config){.nodes = &node, .node_count = 1};
    config.endpoints.hints = text_take(&endpoint);
    config.receiver.bind = (char *)"127.0.0.1";
    config.receiver.max_associations = config.receiver.max_associations_per_source = 2;
    config.receiver.idle_timeout_ms = 30000;
    config.receiver.min_free_space = 1;
    other_config = config;
    other_config.nodes = &other_node;
    ck_assert_int_eq(association_prepare(), 0);
    ck_assert_int_eq(spool_create(sandbox_path(sandbox, "state"), &spool), 0);
    ck_assert_int_eq(hints_create(&config, &hints), 0);
    names = names_create();
    ck_assert_msg(listener_create(&config, spool, hints, names, &listener, &reason) == 0, "%s",
                  text_string(&reason));
    port = listener_port(listener);
}

static void tear_down(void)
{
    listener_destroy(&listener);
    names_destroy(&names);
    hints_destroy(&hints);
    spool_destroy(&spool);
    free(config.endpoints.hints);
    sandbox_destroy(&sandbox);
}

/* Reads one PDU while the listener does its work. */
static enum dul_pdu read_pdu(int client, struct text *pdu)
{
    int64_t deadline_ms = clock_monotonic_ms() + WAIT_MS;
    char byte;
    while (recv(client, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0) {
        ck_assert_msg(clock_monotonic_ms() < deadline_ms, "no answer");
        listener_turn(listener, client);
    }
    return dul_read(client, WAIT_MS, pdu);
}

static void turn_until_children(size_t count)
{
    int64_t deadline_ms = clock_monotonic_ms() + WAIT_MS;
    while (listener_children(listener) != count) {
        ck_assert_msg(clock_monotonic_ms() < deadline_ms, "children: %zu", listener_children(listener));
        listener_turn(listener, -1);
    }
}

static void say(int client, const struct text *bytes)
{
    ck_assert_int_eq(send(client, bytes->bytes, bytes->length, MSG_NOSIGNAL), (ssize_t)bytes->length);
}

/* A connection that has asked for an association; the answer's type and the whole answer in pdu. */
static int ask(const char *called_aet, enum dul_pdu *ret_answer, struct text *pdu)
{
    static const struct dul_context contexts[] = {{1, VERIFICATION, {IMPLICIT}}, {3, CT_STORAGE, {IMPLICIT}}};
    AUTO(text_release) struct text request = TEXT_EMPTY;
    int client = port_connect(port);
    dul_append_request(&request, called_aet, "CT01", contexts, ROWS(contexts));
    say(client, &request);
    *ret_answer = read_pdu(client, pdu);
    return client;
}

/* The processes that were forked meanwhile hold the client's socket too, so closing ours says nothing. */
static void hang_up(int *client)
{
    ck_assert_int_eq(shutdown(*client, SHUT_RDWR), 0);
    fd_close(client);
}

static int associate(void)
{
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    enum dul_pdu answer;
    int client = ask("FELUCCA", &answer, &pdu);
    ck_assert_int_eq(answer, DUL_ASSOCIATE_AC);
    return client;
}

static void expect_rejection(int result, int source, int reason)
{
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    enum dul_pdu answer;
    AUTO(fd_close) int client = ask("FELUCCA", &answer, &pdu);
    ck_assert_int_eq(answer, DUL_ASSOCIATE_RJ);
    ck_assert_int_eq(pdu.bytes[7], result);
    ck_assert_int_eq(pdu.bytes[8], source);
    ck_assert_int_eq(pdu.bytes[9], reason);
}

static void begin_store(int client)
{
    static const struct dul_command store = {0x01, 1, CT_STORAGE, "1.2.3", 0, true};
    AUTO(text_release) struct text said = TEXT_EMPTY;
    dul_append_command(&said, 3, &store);
    dul_append_data(&said, 3, "abcd", 4, false);
    say(client, &said);
}

static void end_store(int client)
{
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    dul_append_data(&pdu, 3, "efgh", 4, true);
    say(client, &pdu);
    ck_assert_int_eq(read_pdu(client, &pdu), DUL_DATA);
    ck_assert_int_eq(dul_status(&pdu), 0);
}

static void echo(int client)
{
    static const struct dul_command command = {0x30, 1, VERIFICATION, "", -1, false};
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    dul_append_command(&pdu, 1, &command);
    say(client, &pdu);
    ck_assert_int_eq(read_pdu(client, &pdu), DUL_DATA);
    ck_assert_int_eq(dul_status(&pdu), 0);
}

static size_t files(const char *suffix)
{
    return folder_count(sandbox_path(sandbox, "state/spool/incoming"), suffix);
}

static void turn_until_files(const char *suffix, size_t count)
{
    int64_t deadline_ms = clock_monotonic_ms() + WAIT_MS;
    while (files(suffix) != count) {
        ck_assert_msg(clock_monotonic_ms() < deadline_ms, "%zu %s files", files(suffix), suffix);
        listener_turn(listener, -1);
    }
}

static void check_meta(void *context, const char *path)
{
    struct file_meta *meta = context;
    int64_t offset;
    AUTO(fd_close) int fd = open(path, O_RDONLY);
    ck_assert_int_eq(file_meta_read(fd, meta, &offset), 0);
    ck_assert_int_eq(file_size(path), offset + 8);
}

START_TEST(an_instance_is_stored_with_who_sent_it)
{
    AUTO(fd_close) int client = associate();
    ck_assert_uint_eq(listener_children(listener), 1);
    begin_store(client);
    turn_until_files(".part", 1);
    end_store(client);
    ck_assert_uint_eq(files(".dcm"), 1);
    hang_up(&client);
    turn_until_children(0);
    ck_assert_uint_eq(files(""), 1);
    struct file_meta meta;
    folder_walk(sandbox_path(sandbox, "state/spool/incoming"), check_meta, &meta);
    ck_assert_str_eq(meta.source_address, "127.0.0.1");
    ck_assert_str_eq(meta.calling_aet, "CT01");
    ck_assert_str_eq(meta.called_aet, "FELUCCA");
    ck_assert_str_eq(meta.sop_instance, "1.2.3");
}
END_TEST

/* The pipe's ends are the only ones here that are opened like this. */
static bool can_read_hints(pid_t pid, const char *fd, const char *target)
{
    AUTO(text_release) struct text path = TEXT_EMPTY, info = TEXT_EMPTY;
    text_format(&path, "/proc/%d/fdinfo/%s", (int)pid, fd);
    file_read(text_string(&path), &info);
    const char *flags = strstr(text_string(&info), "flags:");
    return strncmp(target, "pipe:", 5) == 0 && flags &&
           (strtol(flags + strlen("flags:"), NULL, 8) & (O_NONBLOCK | O_ACCMODE)) == (O_NONBLOCK | O_RDONLY);
}

START_TEST(an_association_holds_incoming_alone_and_reads_no_hints)
{
    AUTO(fd_close) int client = associate();
    pid_t pid = listener_child(listener, 0);
    AUTO(text_release) struct text folder = TEXT_EMPTY;
    text_format(&folder, "/proc/%d/fd", (int)pid);
    unsigned incoming = 0;
    DIR *dir = opendir(text_string(&folder));
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char target[512] = "";
        if (*entry->d_name == '.' || readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1) < 0)
            continue;
        const char *in_spool = strstr(target, "/state/spool");
        ck_assert_msg(!in_spool || strncmp(in_spool, "/state/spool/incoming", 21) == 0 ||
                          strcmp(in_spool, "/state/spool/commitments") == 0,
                      "%s", target);
        ck_assert_msg(!can_read_hints(pid, entry->d_name, target), "%s is the reading end", target);
        incoming += in_spool != NULL;
    }
    (void)closedir(dir);
    ck_assert_uint_ge(incoming, 1);
}
END_TEST

START_TEST(beyond_the_limit_peers_are_turned_away_for_now)
{
    AUTO(fd_close) int first = associate();
    AUTO(fd_close) int second = associate();
    expect_rejection(2, 3, 2);
    echo(first);
    echo(second);
    hang_up(&first);
    turn_until_children(1);
    AUTO(fd_close) int third = associate();
    echo(third);
}
END_TEST

/* A request as CT01 from an address of this machine's, with a user identity of this passcode; the answer's type. */
static int ask_with(const char *address, const char *passcode, enum dul_pdu *ret_answer)
{
    static const struct dul_context contexts[] = {{1, VERIFICATION, {IMPLICIT}}};
    struct sockaddr_in from = {.sin_family = AF_INET},
                       to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    AUTO(text_release) struct text request = TEXT_EMPTY, pdu = TEXT_EMPTY;
    char identity[64];
    size_t length = strlen(passcode);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(inet_pton(AF_INET, address, &from.sin_addr), 1);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(client, (struct sockaddr *)&from, sizeof from), 0);
    ck_assert_int_eq(connect(client, (struct sockaddr *)&to, sizeof to), 0);
    memcpy(identity, "\x58\0\0\0\x02\0\0\x01u\0", 10);
    identity[3] = (char)(length + 7);
    identity[10] = (char)length;
    memcpy(identity + 11, passcode, length);
    dul_append_request_with(&request, "FELUCCA", "CT01", contexts, 1, identity, length + 11);
    say(client, &request);
    *ret_answer = read_pdu(client, &pdu);
    return client;
}

/* Those who are rejected stay as long as they like; those who have proved it are counted. */
START_TEST(who_proves_no_passcode_takes_no_place_of_its_title)
{
    static const struct {
        const char *address, *passcode;
        enum dul_pdu answer;
    } asked[] = {{"127.0.0.2", "open", DUL_ASSOCIATE_RJ},
                 {"127.0.0.2", "open", DUL_ASSOCIATE_RJ},
                 {"127.0.0.3", "open sesame", DUL_ASSOCIATE_AC},
                 {"127.0.0.4", "open sesame", DUL_ASSOCIATE_AC},
                 {"127.0.0.5", "open sesame", DUL_ASSOCIATE_RJ}};
    struct config_source source = {.aet = (char *)"CT01", .passcode = (char *)"open sesame"};
    int clients[ROWS(asked)];
    node.sources = &source;
    node.source_count = 1;
    config.receiver.max_associations = 10;
    for (size_t i = 0; i < ROWS(asked); i++) {
        enum dul_pdu answer;
        clients[i] = ask_with(asked[i].address, asked[i].passcode, &answer);
        ck_assert_msg(answer == asked[i].answer, "%zu: %d", i, (int)answer);
    }
    ck_assert_uint_eq(listener_children(listener), 4);
    for (size_t i = 0; i < ROWS(asked); i++)
        hang_up(&clients[i]);
}
END_TEST

/* ---- behind a load balancer ---- */

static char *const balancers[] = {(char *)"127.0.0.1"}, *const others[] = {(char *)"10.9.9.0/24"};
static struct config balanced;

/* The balancer is 127.0.0.1; only from 10.1.2.3 and 10.1.2.4 is CT01 admitted, and from each once. */
static void put_behind(char *const *proxies)
{
    static struct config_source sources[] = {{.aet = (char *)"CT01", .host = (char *)"10.1.2.3"},
                                             {.aet = (char *)"CT01", .host = (char *)"10.1.2.4"}};
    static struct config_node restricted = {.aet = (char *)"FELUCCA", .sources = sources, .source_count = 2};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    for (size_t i = 0; i < ROWS(sources); i++)
        if (sources[i].network_count == 0)
            ck_assert_int_eq(config_network_parse(&sources[i], &reason), 0);
    balanced = config;
    balanced.nodes = &restricted;
    balanced.receiver.proxies = (char **)(uintptr_t)proxies;
    balanced.receiver.proxy_count = 1;
    balanced.receiver.max_associations_per_source = 1;
    listener_set_config(listener, &balanced);
}

/* A request behind these bytes. */
static int ask_behind(const char *header, size_t length)
{
    static const struct dul_context contexts[] = {{1, VERIFICATION, {IMPLICIT}}, {3, CT_STORAGE, {IMPLICIT}}};
    AUTO(text_release) struct text request = TEXT_EMPTY;
    int client = port_connect(port);
    text_append_bytes(&request, header, length);
    dul_append_request(&request, "FELUCCA", "CT01", contexts, ROWS(contexts));
    say(client, &request);
    return client;
}

static int ask_for(const char *address, enum dul_pdu *ret_answer)
{
    AUTO(text_release) struct text header = TEXT_EMPTY, pdu = TEXT_EMPTY;
    text_format(&header, "PROXY TCP4 %s 10.0.0.5 40000 11112\r\n", address);
    int client = ask_behind(header.bytes, header.length);
    *ret_answer = read_pdu(client, &pdu);
    return client;
}

START_TEST(behind_a_balancer_the_callers_address_is_recorded)
{
    static const char header[] =
        "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x0a\x01\x02\x03\x0a\0\0\x05\x1f\x90\x2b\x67";
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    put_behind(balancers);
    AUTO(fd_close) int client = ask_behind(header, sizeof header - 1);
    ck_assert_int_eq(read_pdu(client, &pdu), DUL_ASSOCIATE_AC);
    begin_store(client);
    end_store(client);
    hang_up(&client);
    turn_until_children(0);
    struct file_meta meta;
    folder_walk(sandbox_path(sandbox, "state/spool/incoming"), check_meta, &meta);
    ck_assert_str_eq(meta.source_address, "10.1.2.3");
}
END_TEST

START_TEST(behind_a_balancer_limits_and_sources_are_of_callers)
{
    enum dul_pdu answer;
    put_behind(balancers);
    AUTO(fd_close) int first = ask_for("10.1.2.3", &answer);
    ck_assert_int_eq(answer, DUL_ASSOCIATE_AC);
    AUTO(fd_close) int again = ask_for("10.1.2.3", &answer); /* it has as many as it may */
    ck_assert_int_eq(answer, DUL_ASSOCIATE_RJ);
    AUTO(fd_close) int stranger = ask_for("10.1.2.9", &answer);
    ck_assert_int_eq(answer, DUL_END);
}
END_TEST

static const struct unintroduced_row {
    const char *label, *header;
    char *const *proxies;
} unintroduced_rows[] = {
    {"a balancer without a header", "", balancers},
    {"a balancer with half a header that is wrong", "PROXY TCP4 10.1.2.3\r\n", balancers},
    {"somebody else with a header", "PROXY TCP4 10.1.2.3 10.0.0.5 40000 11112\r\n", others},
};

START_TEST(who_introduces_nobody_or_may_not_gets_no_answer)
{
    const struct unintroduced_row *row = &unintroduced_rows[_i];
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    put_behind(row->proxies);
    balanced.nodes = &node; /* everybody is admitted */
    AUTO(fd_close) int client = ask_behind(row->header, strlen(row->header));
    ck_assert_msg(read_pdu(client, &pdu) == DUL_END, "%s", row->label);
    ck_assert_uint_eq(listener_children(listener), 0);
}
END_TEST

START_TEST(a_balancers_check_is_answered_as_itself)
{
    static const char header[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    put_behind(balancers);
    balanced.nodes = &node;
    AUTO(fd_close) int client = ask_behind(header, sizeof header - 1);
    ck_assert_int_eq(read_pdu(client, &pdu), DUL_ASSOCIATE_AC);
    echo(client);
}
END_TEST

START_TEST(silent_peers_take_nobodys_place)
{
    enum { CROWD = LOBBY_PEERS + 20 };
    int silent[CROWD];
    for (int i = 0; i < CROWD; i++) {
        silent[i] = port_connect(port);
        if (i % 3 == 0)
            ck_assert_int_eq(send(silent[i], "\x01\0\0", 3, MSG_NOSIGNAL), 3);
        if (i % 32 == 31)
            listener_turn(listener, -1);
    }
    AUTO(fd_close) int first = associate();
    AUTO(fd_close) int second = associate();
    echo(first);
    echo(second);
    for (int i = 0; i < CROWD; i++)
        fd_close(&silent[i]);
}
END_TEST

START_TEST(a_killed_child_costs_one_association)
{
    AUTO(fd_close) int first = associate();
    AUTO(fd_close) int second = associate();
    begin_store(first);
    turn_until_files(".part", 1);
    begin_store(second);
    turn_until_files(".part", 2);
    ck_assert_int_eq(kill(listener_child(listener, 0), SIGKILL), 0);
    turn_until_children(1);
    turn_until_files(".part", 1);
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    ck_assert_int_eq(read_pdu(first, &pdu), DUL_END);
    end_store(second);
    ck_assert_uint_eq(files(".dcm"), 1);
    AUTO(fd_close) int third = associate();
    echo(third);
}
END_TEST

START_TEST(a_failing_fork_turns_one_peer_away)
{
    AUTO(fd_close) int first = associate();
    struct rlimit former, none = {0, 0};
    uid_t user = geteuid();
    ck_assert_int_eq(getrlimit(RLIMIT_NPROC, &former), 0);
    none.rlim_max = former.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NPROC, &none), 0);
    if (user == 0) /* no limit holds for root */
        ck_assert_int_eq(setresuid(65534, 65534, 0), 0);
    expect_rejection(2, 3, 1);
    if (user == 0)
        ck_assert_int_eq(setresuid(0, 0, 0), 0);
    ck_assert_int_eq(setrlimit(RLIMIT_NPROC, &former), 0);
    echo(first);
    AUTO(fd_close) int second = associate();
    echo(second);
}
END_TEST

START_TEST(new_associations_use_the_new_configuration)
{
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    enum dul_pdu answer;
    AUTO(fd_close) int before = associate();
    listener_set_config(listener, &other_config);
    AUTO(fd_close) int unknown = ask("FELUCCA", &answer, &pdu);
    ck_assert_int_eq(answer, DUL_ASSOCIATE_RJ);
    hang_up(&unknown);
    turn_until_children(1);
    AUTO(fd_close) int other = ask("OTHER", &answer, &pdu);
    ck_assert_int_eq(answer, DUL_ASSOCIATE_AC);
    echo(before);
}
END_TEST

START_TEST(draining_lets_an_instance_finish)
{
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    AUTO(fd_close) int busy = associate();
    AUTO(fd_close) int idle = associate();
    AUTO(fd_close) int silent = port_connect(port);
    listener_turn(listener, -1);
    begin_store(busy);
    turn_until_files(".part", 1);
    listener_drain(listener);
    ck_assert(!port_accepts(port));
    ck_assert_int_eq(read_pdu(silent, &pdu), DUL_END);
    ck_assert_int_eq(read_pdu(idle, &pdu), DUL_ABORT);
    end_store(busy);
    ck_assert_int_eq(read_pdu(busy, &pdu), DUL_ABORT);
    turn_until_children(0);
    ck_assert_uint_eq(files(".dcm"), 1);
}
END_TEST

START_TEST(silence_between_requests_ends_an_association)
{
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    config.receiver.idle_timeout_ms = 200;
    AUTO(fd_close) int client = associate();
    ck_assert_int_eq(read_pdu(client, &pdu), DUL_ABORT);
    turn_until_children(0);
}
END_TEST

START_TEST(a_port_in_use_is_a_sentence)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct listener *second = NULL;
    config.receiver.port = port;
    ck_assert_int_lt(listener_create(&config, spool, hints, names, &second, &reason), 0);
    ck_assert_ptr_null(second);
    ck_assert_ptr_nonnull(strstr(text_string(&reason), "cannot listen on 127.0.0.1 port"));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("listener");
    tests_abreast(tests, 4);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, an_instance_is_stored_with_who_sent_it);
    tests_add(tests, an_association_holds_incoming_alone_and_reads_no_hints);
    tests_add(tests, beyond_the_limit_peers_are_turned_away_for_now);
    tests_add(tests, who_proves_no_passcode_takes_no_place_of_its_title);
    tests_add(tests, behind_a_balancer_the_callers_address_is_recorded);
    tests_add(tests, behind_a_balancer_limits_and_sources_are_of_callers);
    tests_rows(tests, who_introduces_nobody_or_may_not_gets_no_answer, ROWS(unintroduced_rows));
    tests_add(tests, a_balancers_check_is_answered_as_itself);
    tests_add(tests, silent_peers_take_nobodys_place);
    tests_add(tests, a_killed_child_costs_one_association);
    tests_add(tests, a_failing_fork_turns_one_peer_away);
    tests_add(tests, new_associations_use_the_new_configuration);
    tests_add(tests, draining_lets_an_instance_finish);
    tests_add(tests, silence_between_requests_ends_an_association);
    tests_add(tests, a_port_in_use_is_a_sentence);
    return tests_run(tests);
}
