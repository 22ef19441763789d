/* The tcp:// door of real sockets: who is let in, who is not, and what a change of the list does. */
#include "common/wire/bus.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOON_MS = 20000 };

struct pair {
    char public_key[BUS_KEY_SIZE], secret_key[BUS_KEY_SIZE];
};

static struct sandbox *sandbox;
static struct pair server_pair, client_pair, other_pair;
static struct config server_config, client_config;
static struct bus *server, *client;
static struct bus_message heard;    /* what the server heard last */
static struct bus_refusals refused; /* the sum of what it refused */
static char endpoint[64];
static int port;

static void list_keys(const char *content)
{
    file_write_string(sandbox_path(sandbox, "keys"), content);
}

/* The list with the client's key. */
static void list_client(void)
{
    char line[100];
    snprintf(line, sizeof line, "%s the client\n", client_pair.public_key);
    list_keys(line);
}

static struct bus *open_bus(const struct config *config, enum bus_kind kind)
{
    struct bus *bus = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_msg(bus_create(config, kind, endpoint, &bus, &reason) == 0, "%s", text_string(&reason));
    return bus;
}

static void set_up(void)
{
    sandbox = sandbox_create();
    ck_assert_int_eq(bus_make_keys(server_pair.public_key, server_pair.secret_key), 0);
    ck_assert_int_eq(bus_make_keys(client_pair.public_key, client_pair.secret_key), 0);
    ck_assert_int_eq(bus_make_keys(other_pair.public_key, other_pair.secret_key), 0);
    server_config.curve.secret_key = server_pair.secret_key;
    server_config.curve.allowed_keys = (char *)sandbox_path(sandbox, "keys");
    client_config.curve.secret_key = client_pair.secret_key;
    client_config.curve.server_key = server_pair.public_key;
    port = port_free();
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", port);
    list_client();
}

static void tear_down(void)
{
    bus_message_release(&heard);
    bus_destroy(&client);
    bus_destroy(&server);
    sandbox_destroy(&sandbox);
}

/* ---- conditions ---- */

static bool server_hears(void *context)
{
    (void)context;
    bus_message_release(&heard);
    (void)bus_send(client, NULL, "HELLO", 5, "{}", 2);
    return bus_receive(server, &heard) == 0;
}

static bool client_hears(void *context)
{
    (void)context;
    struct bus_message message;
    (void)bus_has_input(server);
    if (bus_receive(client, &message) != 0)
        return false;
    bool good = strcmp(message.frames[0], "PONG") == 0;
    bus_message_release(&message);
    return good;
}

static bool take_refusals(void *context)
{
    (void)context;
    struct bus_refusals now = {0};
    (void)bus_has_input(server);
    if (!bus_take_refusals(server, &now))
        return false;
    refused.unknown += now.unknown;
    refused.handshakes += now.handshakes;
    refused.removed += now.removed;
    memcpy(refused.key, now.key, sizeof refused.key);
    memcpy(refused.address, now.address, sizeof refused.address);
    return true;
}

static bool is_refused(void *context)
{
    ck_assert_msg(!server_hears(NULL), "a stranger is heard");
    (void)take_refusals(NULL);
    return *(uint64_t *)context > 0;
}

/* ---- tests ---- */

START_TEST(a_key_of_the_list_is_let_in)
{
    static const enum bus_kind kinds[][2] = {{BUS_ROUTER, BUS_DEALER}, {BUS_PULL, BUS_PUSH}};
    server = open_bus(&server_config, kinds[_i][0]);
    client = open_bus(&client_config, kinds[_i][1]);
    ck_assert(wait_until(server_hears, NULL, SOON_MS));
    ck_assert_str_eq(heard.frames[0], "HELLO");
    ck_assert_str_eq(heard.frames[1], "{}");
    ck_assert_str_eq(heard.peer.key, client_pair.public_key);
    ck_assert_str_eq(bus_key_name(server, heard.peer.key), "the client");
    ck_assert(!take_refusals(NULL));
    if (kinds[_i][0] == BUS_PULL)
        return;
    ck_assert_int_eq(bus_send(server, &heard.peer, "PONG", 4, NULL, 0), 0);
    ck_assert(wait_until(client_hears, NULL, SOON_MS));
}
END_TEST

static const struct stranger {
    const char *label;
    bool other_secret, other_server;
} strangers[] = {
    {"a key that the list does not have", true, false},
    {"another server's key", false, true},
    {"both", true, true},
};

START_TEST(a_stranger_gets_nothing)
{
    const struct stranger *stranger = &strangers[_i];
    uint64_t *counter = stranger->other_server ? &refused.handshakes : &refused.unknown;
    server = open_bus(&server_config, BUS_ROUTER);
    if (stranger->other_secret)
        client_config.curve.secret_key = other_pair.secret_key;
    if (stranger->other_server)
        client_config.curve.server_key = other_pair.public_key;
    client = open_bus(&client_config, BUS_DEALER);
    ck_assert_msg(wait_until(is_refused, counter, SOON_MS), "%s", stranger->label);
    ck_assert_int_eq(bus_send(client, NULL, "HELLO", 5, NULL, 0), ERR_AGAIN);
    ck_assert_uint_eq(refused.unknown + refused.handshakes, *counter);
    if (!stranger->other_server) {
        ck_assert_str_eq(refused.key, other_pair.public_key);
        ck_assert_str_eq(refused.address, "127.0.0.1");
    }
}
END_TEST

static bool is_closed(void *context)
{
    char bytes[256];
    (void)bus_has_input(server);
    ssize_t length = recv(*(int *)context, bytes, sizeof bytes, MSG_DONTWAIT);
    return length == 0 || (length < 0 && errno == ECONNRESET);
}

/* The greeting of ZMTP 3.0 (RFC 23) with the mechanism NULL, and a READY that would follow. */
START_TEST(a_peer_without_a_key_gets_nothing)
{
    static const unsigned char greeting[64] = {0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0, 'N', 'U', 'L', 'L'};
    static const char ready[] = "\x04\x1A\x05READY\x0BSocket-Type\0\0\0\x06"
                                "DEALER";
    server = open_bus(&server_config, BUS_ROUTER);
    AUTO(fd_close) int fd = port_connect(port);
    ck_assert_int_eq(write(fd, greeting, sizeof greeting), (ssize_t)sizeof greeting);
    (void)send(fd, ready, sizeof ready - 1, MSG_NOSIGNAL);
    ck_assert(wait_until(is_closed, &fd, SOON_MS));
    ck_assert(wait_until(take_refusals, NULL, SOON_MS));
    ck_assert_uint_eq(refused.handshakes, 1);
    ck_assert_int_eq(bus_receive(server, &heard), ERR_AGAIN);
}
END_TEST

static bool removed_is_counted(void *context)
{
    (void)context;
    ck_assert_msg(!server_hears(NULL), "a removed key is heard");
    (void)take_refusals(NULL);
    return refused.removed > 0;
}

static void read_keys(void)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_msg(bus_read_keys(server, &server_config, &reason) == 0, "%s", text_string(&reason));
}

START_TEST(a_removed_key_is_cut_off_and_comes_back)
{
    server = open_bus(&server_config, BUS_ROUTER);
    client = open_bus(&client_config, BUS_DEALER);
    ck_assert(wait_until(server_hears, NULL, SOON_MS));
    struct bus_peer peer = heard.peer;
    list_keys("# nobody\n");
    read_keys();
    ck_assert_int_eq(bus_send(server, &peer, "WORK", 4, NULL, 0), ERR_ABSENT);
    ck_assert(wait_until(removed_is_counted, NULL, SOON_MS));
    ck_assert_str_eq(refused.key, client_pair.public_key);
    ck_assert(!client_hears(NULL));
    list_client();
    read_keys();
    ck_assert(wait_until(server_hears, NULL, SOON_MS));
    ck_assert_int_eq(bus_send(server, &heard.peer, "PONG", 4, NULL, 0), 0);
    ck_assert(wait_until(client_hears, NULL, SOON_MS));
}
END_TEST

START_TEST(a_key_that_is_allowed_later_needs_no_restart)
{
    list_keys("");
    server = open_bus(&server_config, BUS_ROUTER);
    client = open_bus(&client_config, BUS_DEALER);
    ck_assert(wait_until(is_refused, &refused.unknown, SOON_MS));
    list_client();
    read_keys();
    ck_assert(wait_until(server_hears, NULL, SOON_MS));
}
END_TEST

START_TEST(a_wrong_list_changes_nothing)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    server = open_bus(&server_config, BUS_ROUTER);
    client = open_bus(&client_config, BUS_DEALER);
    list_keys("\nnonsense\n");
    ck_assert_int_eq(bus_read_keys(server, &server_config, &reason), ERR_CONFIG);
    ck_assert_msg(strstr(text_string(&reason), "keys:2: does not begin"), "%s", text_string(&reason));
    ck_assert(wait_until(server_hears, NULL, SOON_MS));
}
END_TEST

/* One descriptor speaks for the socket and its door: whoever sleeps on it wakes for both. */
static void sleep_on(struct bus *bus)
{
    struct pollfd fd = {.fd = bus_fd(bus), .events = POLLIN};
    ck_assert_msg(bus_has_input(bus) || poll(&fd, 1, SOON_MS) == 1, "nothing wakes it");
}

START_TEST(a_sleeping_server_wakes)
{
    server = open_bus(&server_config, BUS_ROUTER);
    client_config.curve.secret_key = other_pair.secret_key;
    client = open_bus(&client_config, BUS_DEALER);
    while (!take_refusals(NULL))
        sleep_on(server);
    ck_assert_uint_eq(refused.unknown, 1);
    bus_destroy(&client);
    client_config.curve.secret_key = client_pair.secret_key;
    client = open_bus(&client_config, BUS_DEALER);
    ck_assert(wait_until(server_hears, NULL, SOON_MS));
    ck_assert_int_eq(bus_send(client, NULL, "PING", 4, NULL, 0), 0);
    bus_message_release(&heard);
    while (bus_receive(server, &heard) != 0 || strcmp(heard.frames[0], "PING") != 0) {
        bus_message_release(&heard);
        sleep_on(server);
    }
}
END_TEST

/* ---- a connection whose other end says nothing more ---- */

/* Passes on what comes from either side while the test wants it to; ends nothing. */
struct wire {
    int listener, ends[2]; /* -1: not yet, or closed by its owner */
};

static void open_wire(struct wire *wire)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    wire->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(wire->listener, (struct sockaddr *)&address, length), 0);
    ck_assert_int_eq(listen(wire->listener, 1), 0);
    ck_assert_int_eq(getsockname(wire->listener, (struct sockaddr *)&address, &length), 0);
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", ntohs(address.sin_port));
}

static void pass_on(struct wire *wire)
{
    char bytes[4096];
    for (int from = 0; from < 2; from++) {
        ssize_t length = recv(wire->ends[from], bytes, sizeof bytes, MSG_DONTWAIT);
        ck_assert(length != 0);
        if (length > 0)
            ck_assert_int_eq(send(wire->ends[1 - from], bytes, (size_t)length, MSG_NOSIGNAL), length);
    }
}

static bool server_hears_over(void *context)
{
    struct wire *wire = context;
    if (wire->ends[0] < 0) {
        wire->ends[0] = accept4(wire->listener, NULL, NULL, SOCK_CLOEXEC);
        wire->ends[1] = port_connect(port);
    }
    pass_on(wire);
    return server_hears(NULL);
}

/* Looks without taking anything: what was sent before the end still waits there. */
static bool is_given_up(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLRDHUP};
    return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

static bool both_give_up(void *context)
{
    const struct wire *wire = context;
    (void)bus_has_input(server);
    (void)bus_has_input(client);
    return is_given_up(wire->ends[0]) && is_given_up(wire->ends[1]);
}

static bool peer_is_gone(void *context)
{
    return bus_send(server, context, "WORK", 4, NULL, 0) == ERR_ABSENT;
}

static bool nobody_is_connected(void *context)
{
    (void)context;
    return bus_send(client, NULL, "PING", 4, NULL, 0) == ERR_AGAIN;
}

START_TEST(a_half_open_connection_is_noticed)
{
    struct wire wire = {-1, {-1, -1}};
    server = open_bus(&server_config, BUS_ROUTER);
    open_wire(&wire);
    client = open_bus(&client_config, BUS_DEALER);
    ck_assert(wait_until(server_hears_over, &wire, SOON_MS));
    struct bus_peer peer = heard.peer;
    fd_close(&wire.listener);
    /* From here on nothing is passed on. */
    ck_assert(wait_until(both_give_up, &wire, SOON_MS));
    ck_assert(wait_until(peer_is_gone, &peer, SOON_MS));
    ck_assert(wait_until(nobody_is_connected, NULL, SOON_MS));
    fd_close(&wire.ends[0]);
    fd_close(&wire.ends[1]);
}
END_TEST

static const struct wrong {
    const char *label, *endpoint;
    bool server, secret, bad_secret, key, list; /* the key or list of the other side */
    const char *reason;
} wrongs[] = {
    {"a client without a secret", "tcp://127.0.0.1:9", .key = true,
     .reason = "tcp:// needs curve.secret_key"},
    {"a client without the server's key", "tcp://127.0.0.1:9", .secret = true,
     .reason = "tcp:// needs curve.server_key"},
    {"a secret that is none", "tcp://127.0.0.1:9", .secret = true, .bad_secret = true, .key = true,
     .reason = "curve.secret_key is not a key of 40 characters"},
    {"a server without a secret", "tcp://127.0.0.1:9", .server = true, .list = true,
     .reason = "tcp:// needs curve.secret_key"},
    {"a server without a list", "tcp://127.0.0.1:9", .server = true, .secret = true, .key = true,
     .reason = "tcp:// needs curve.allowed_keys"},
    {"an address of another machine", "tcp://192.0.2.1:9", .server = true, .secret = true, .list = true,
     .reason = "Cannot assign requested address"},
};

START_TEST(what_is_missing_is_said)
{
    const struct wrong *wrong = &wrongs[_i];
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct config config = {0};
    if (wrong->secret)
        config.curve.secret_key = wrong->bad_secret ? (char *)"abc" : server_pair.secret_key;
    if (wrong->key)
        config.curve.server_key = server_pair.public_key;
    if (wrong->list)
        config.curve.allowed_keys = (char *)sandbox_path(sandbox, "keys");
    int code =
        bus_create(&config, wrong->server ? BUS_ROUTER : BUS_DEALER, wrong->endpoint, &server, &reason);
    ck_assert_msg(code != 0 && strstr(text_string(&reason), wrong->reason), "%s: %d %s", wrong->label, code,
                  text_string(&reason));
}
END_TEST

START_TEST(a_name_is_bound_on_all_addresses)
{
    static const char *const hosts[] = {"router.example.org", "*", "localhost"};
    snprintf(endpoint, sizeof endpoint, "tcp://%s:%d", hosts[_i], port);
    server = open_bus(&server_config, BUS_ROUTER);
    snprintf(endpoint, sizeof endpoint, "tcp://localhost:%d", port);
    client = open_bus(&client_config, BUS_DEALER);
    ck_assert(wait_until(server_hears, NULL, SOON_MS));
}
END_TEST

START_TEST(public_keys_need_no_quotes)
{
    for (int i = 0; i < 300; i++) {
        struct pair pair;
        ck_assert_int_eq(bus_make_keys(pair.public_key, pair.secret_key), 0);
        ck_assert_uint_eq(strlen(pair.public_key), BUS_KEY_SIZE - 1);
        ck_assert(isalnum((unsigned char)pair.public_key[0]));
        ck_assert_int_ne(pair.public_key[BUS_KEY_SIZE - 2], ':');
    }
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("bus");
    tests_abreast(tests, 4);
    tests_timeout(tests, 60);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, a_key_of_the_list_is_let_in, 2);
    tests_rows(tests, a_stranger_gets_nothing, ROWS(strangers));
    tests_add(tests, a_peer_without_a_key_gets_nothing);
    tests_add(tests, a_removed_key_is_cut_off_and_comes_back);
    tests_add(tests, a_key_that_is_allowed_later_needs_no_restart);
    tests_add(tests, a_wrong_list_changes_nothing);
    tests_add(tests, a_sleeping_server_wakes);
    tests_add(tests, a_half_open_connection_is_noticed);
    tests_rows(tests, what_is_missing_is_said, ROWS(wrongs));
    tests_rows(tests, a_name_is_bound_on_all_addresses, 3);
    tests_add(tests, public_keys_need_no_quotes);
    return tests_run(tests);
}
