#include "receiver/lobby.h"

#include "common/base/cleanup.h"
#include "tests/support/dul.h"
#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, WAIT_MS = 5000 };

/* Time is a number here, so that nobody has to wait for it. */
static int64_t now_ms;
static int door; /* a listening socket */

static struct host_log {
    unsigned asked, silent, plain;
    enum lobby_answer answer;
    size_t bytes; /* that could be read when it asked */
    size_t there; /* that were there */
} host_log;

static enum lobby_answer note_asking(void *context, int socket, const struct peer_address *address)
{
    static char bytes[64 * 1024];
    struct host_log *log = context;
    ck_assert_str_eq(address->text, "127.0.0.1");
    ssize_t length = recv(socket, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    log->bytes = length > 0 ? (size_t)length : 0;
    int there = 0;
    ck_assert_int_eq(ioctl(socket, FIONREAD, &there), 0);
    log->there = (size_t)there;
    log->asked++;
    return log->answer;
}

static void note_silence(void *context, const struct peer_address *address, bool plain)
{
    struct host_log *log = context;
    ck_assert_str_eq(address->text, "127.0.0.1");
    log->silent += !plain;
    log->plain += plain;
}

/* ---- behind a load balancer ---- */

static struct introductions {
    unsigned introduced, strangers;
    char address[FILE_META_ADDRESS_SIZE];
    enum lobby_stranger because;
    bool refuses;
} introductions;

static enum lobby_answer note_introduced_asking(void *context, int socket, const struct peer_address *address)
{
    struct host_log *log = context;
    char bytes[512];
    ssize_t length = recv(socket, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    log->bytes = length > 0 ? (size_t)length : 0;
    log->asked++;
    ck_assert_int_eq(bytes[0], 1);
    ck_assert(!address->introduces);
    (void)snprintf(introductions.address, sizeof introductions.address, "%s", address->text);
    return log->answer;
}

static void note_any_silence(void *context, const struct peer_address *address, bool plain)
{
    (void)address;
    (void)plain;
    ((struct host_log *)context)->silent++;
}

static bool note_introduction(void *context, const struct peer_address *address)
{
    (void)context;
    introductions.introduced++;
    (void)snprintf(introductions.address, sizeof introductions.address, "%s", address->text);
    return !introductions.refuses;
}

static void note_stranger(void *context, const struct peer_address *address, enum lobby_stranger because)
{
    (void)context;
    (void)address;
    introductions.strangers++;
    introductions.because = because;
}

static struct lobby *lobby_behind_balancer(void)
{
    static const struct lobby_host host = {.context = &host_log,
                                           .asks = note_introduced_asking,
                                           .silent = note_any_silence,
                                           .introduced = note_introduction,
                                           .stranger = note_stranger};
    introductions = (struct introductions){.introduced = 0};
    return lobby_create(4, PATIENCE_MS, &host);
}

static struct lobby *new_lobby(size_t peers)
{
    static const struct lobby_host host = {.context = &host_log, .asks = note_asking, .silent = note_silence};
    return lobby_create(peers, PATIENCE_MS, &host);
}

static void open_door(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(door, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(door, 16), 0);
    now_ms = 1000;
    memset(&host_log, 0, sizeof host_log);
}

static void close_door(void)
{
    fd_close(&door);
}

static int enter_as(struct lobby *lobby, const struct peer_address *address)
{
    struct sockaddr_in where;
    socklen_t length = sizeof where;
    ck_assert_int_eq(getsockname(door, (struct sockaddr *)&where, &length), 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(client, (struct sockaddr *)&where, sizeof where), 0);
    int socket = accept(door, NULL, NULL);
    ck_assert_int_ge(socket, 0);
    lobby_enter(lobby, socket, address, now_ms);
    return client;
}

/* A client's socket, whose other end has entered the lobby. */
static int enter(struct lobby *lobby)
{
    static const struct peer_address address = {.text = "127.0.0.1"};
    return enter_as(lobby, &address);
}

static int enter_balancer(struct lobby *lobby)
{
    static const struct peer_address address = {
        .bytes = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}, .text = "127.0.0.1", .introduces = true};
    return enter_as(lobby, &address);
}

/* Turns once something can be done, or after limit_ms. Returns whether there was something. */
static bool turn(struct lobby *lobby, int limit_ms)
{
    struct pollfd polls[8];
    int ready = poll(polls, lobby_poll(lobby, polls), limit_ms);
    lobby_turn(lobby, polls, now_ms);
    return ready > 0;
}

static void say(int client, const void *bytes, size_t length)
{
    ck_assert_int_eq(send(client, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
}

static void make_request(struct text *request)
{
    static const struct dul_context context = {1, "1.2.840.10008.1.1", {"1.2.840.10008.1.2"}};
    dul_append_request(request, "FELUCCA", "TEST", &context, 1);
}

START_TEST(a_whole_request_is_handed_over)
{
    AUTO(lobby_destroy) struct lobby *lobby = new_lobby(4);
    AUTO(fd_close) int client = enter(lobby);
    AUTO(text_release) struct text request = TEXT_EMPTY;
    make_request(&request);
    say(client, request.bytes, request.length);
    ck_assert(turn(lobby, WAIT_MS));
    ck_assert_uint_eq(host_log.asked, 1);
    ck_assert_uint_eq(host_log.bytes, request.length);
    ck_assert_uint_eq(lobby_count(lobby), 0);
    ck_assert_uint_eq(host_log.silent, 0);
}
END_TEST

/* The request comes in two parts, cut here. */
static const size_t cuts[] = {1, 5, 6, 7, 73, 100};

START_TEST(half_a_request_waits_for_the_rest)
{
    AUTO(lobby_destroy) struct lobby *lobby = new_lobby(4);
    AUTO(fd_close) int client = enter(lobby);
    AUTO(text_release) struct text request = TEXT_EMPTY;
    make_request(&request);
    size_t cut = cuts[_i];
    say(client, request.bytes, cut);
    /* What is to be seen in the first part is seen before there is nothing to do any more. */
    while (turn(lobby, 50))
        ck_assert_uint_eq(host_log.asked, 0);
    ck_assert_uint_eq(host_log.asked, 0);
    ck_assert_uint_eq(lobby_count(lobby), 1);
    say(client, request.bytes + cut, request.length - cut);
    while (host_log.asked == 0)
        ck_assert(turn(lobby, WAIT_MS));
    ck_assert_uint_eq(host_log.bytes, request.length);
    ck_assert_uint_eq(lobby_count(lobby), 0);
}
END_TEST

/* As long as a request may be, in pieces: it is handed over whole, or not at all. */
START_TEST(a_long_request_stays_until_it_is_whole)
{
    AUTO(lobby_destroy) struct lobby *lobby = new_lobby(4);
    AUTO(fd_close) int client = enter(lobby);
    static char request[LOBBY_REQUEST_MOST] = {1, 0, 0, 3, (char)0xff, (char)0xfa};
    size_t said = 0;
    while (said < sizeof request) {
        ck_assert_uint_eq(host_log.asked, 0);
        ssize_t n = send(client, request + said, sizeof request - said, MSG_NOSIGNAL | MSG_DONTWAIT);
        said += n > 0 ? (size_t)n : 0;
        (void)turn(lobby, 10);
    }
    while (host_log.asked == 0)
        ck_assert(turn(lobby, WAIT_MS));
    ck_assert_uint_eq(host_log.there, sizeof request);
}
END_TEST

START_TEST(too_long_a_request_is_let_go)
{
    AUTO(lobby_destroy) struct lobby *lobby = new_lobby(4);
    AUTO(fd_close) int client = enter(lobby);
    static const char head[] = {1, 0, 0, 3, (char)0xff, (char)0xfb};
    say(client, head, sizeof head);
    ck_assert(turn(lobby, WAIT_MS));
    ck_assert_uint_eq(host_log.asked, 0);
    ck_assert_uint_eq(host_log.silent, 1);
    ck_assert_uint_eq(lobby_count(lobby), 0);
}
END_TEST

static const struct nonsense_row {
    const char *label, *bytes;
    size_t length;
    bool close;
} nonsense_rows[] = {
    {"a port scan", "", 0, true},
    {"cut in the head", "\x01", 1, true},
    {"cut in the body",
     "\x01\0\0\0\0\x40"
     "abc",
     9, true},
    {"another protocol", "GET / HTTP/1.1\r\n\r\n", 18, false},
    {"data before a request",
     "\x04\0\0\0\0\x04"
     "abcd",
     10, false},
};

START_TEST(nonsense_is_let_go)
{
    const struct nonsense_row *row = &nonsense_rows[_i];
    AUTO(lobby_destroy) struct lobby *lobby = new_lobby(4);
    AUTO(fd_close) int client = enter(lobby);
    if (row->length)
        say(client, row->bytes, row->length);
    if (row->close)
        ck_assert_int_eq(shutdown(client, SHUT_WR), 0);
    while (lobby_count(lobby) > 0)
        ck_assert_msg(turn(lobby, WAIT_MS), "%s", row->label);
    ck_assert_uint_eq(host_log.asked, 0);
    ck_assert_uint_eq(host_log.silent, 1);
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    ck_assert_int_eq(dul_read(client, WAIT_MS, &pdu), DUL_END);
}
END_TEST

START_TEST(silence_ends_with_patience)
{
    AUTO(lobby_destroy) struct lobby *lobby = new_lobby(4);
    ck_assert_int_eq(lobby_wait_ms(lobby, now_ms), -1);
    AUTO(fd_close) int first = enter(lobby);
    now_ms += 4000;
    AUTO(fd_close) int second = enter(lobby);
    ck_assert_int_eq(lobby_wait_ms(lobby, now_ms), PATIENCE_MS - 4000);
    now_ms += PATIENCE_MS - 4001;
    (void)turn(lobby, 0);
    ck_assert_uint_eq(lobby_count(lobby), 2);
    now_ms++;
    ck_assert_int_eq(lobby_wait_ms(lobby, now_ms), 0);
    (void)turn(lobby, 0);
    ck_assert_uint_eq(lobby_count(lobby), 1);
    ck_assert_uint_eq(host_log.silent, 1);
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    ck_assert_int_eq(dul_read(first, WAIT_MS, &pdu), DUL_END);
    ck_assert_int_eq(lobby_wait_ms(lobby, now_ms), 4000);
    say(second, "\x01", 1); /* a beginning buys no time */
    now_ms += 4000;
    (void)turn(lobby, 0);
    ck_assert_uint_eq(lobby_count(lobby), 0);
}
END_TEST

START_TEST(the_oldest_gives_way_when_it_is_full)
{
    AUTO(lobby_destroy) struct lobby *lobby = new_lobby(2);
    AUTO(fd_close) int first = enter(lobby);
    AUTO(fd_close) int second = enter(lobby);
    AUTO(fd_close) int third = enter(lobby);
    ck_assert_uint_eq(lobby_count(lobby), 2);
    ck_assert_uint_eq(host_log.silent, 1);
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    ck_assert_int_eq(dul_read(first, WAIT_MS, &pdu), DUL_END);
    ck_assert_int_eq(dul_read(second, 0, &pdu), DUL_TIMEOUT);
    AUTO(text_release) struct text request = TEXT_EMPTY;
    make_request(&request);
    say(third, request.bytes, request.length);
    ck_assert(turn(lobby, WAIT_MS));
    ck_assert_uint_eq(host_log.asked, 1);
}
END_TEST

static int enter_from(struct lobby *lobby, unsigned char last)
{
    struct peer_address address = {.bytes = {[15] = last}, .text = "127.0.0.1"};
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    lobby_enter(lobby, ends[1], &address, now_ms);
    return ends[0];
}

START_TEST(a_crowd_drives_out_itself)
{
    AUTO(lobby_destroy) struct lobby *lobby = new_lobby(4);
    AUTO(fd_close) int alone = enter_from(lobby, 1);
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    int crowd[20];
    for (size_t i = 0; i < ROWS(crowd); i++)
        crowd[i] = enter_from(lobby, 2);
    ck_assert_uint_eq(lobby_count(lobby), 4);
    ck_assert_int_eq(dul_read(alone, 0, &pdu), DUL_TIMEOUT);
    ck_assert_int_eq(dul_read(crowd[0], WAIT_MS, &pdu), DUL_END);
    for (size_t i = 0; i < ROWS(crowd); i++)
        fd_close(&crowd[i]);
}
END_TEST

static const enum lobby_answer rejections[] = {LOBBY_CONGESTED, LOBBY_LIMIT};

START_TEST(a_rejected_peer_reads_its_answer)
{
    AUTO(lobby_destroy) struct lobby *lobby = new_lobby(4);
    AUTO(fd_close) int client = enter(lobby);
    AUTO(text_release) struct text request = TEXT_EMPTY, pdu = TEXT_EMPTY;
    make_request(&request);
    host_log.answer = rejections[_i];
    say(client, request.bytes, request.length);
    ck_assert(turn(lobby, WAIT_MS));
    ck_assert_uint_eq(lobby_count(lobby), 1);
    ck_assert_int_eq(dul_read(client, WAIT_MS, &pdu), DUL_ASSOCIATE_RJ);
    const char expected[] = {3, 0, 0, 0, 0, 4, 0, 2, 3, (char)rejections[_i]};
    ck_assert_uint_eq(pdu.length, sizeof expected);
    ck_assert_mem_eq(pdu.bytes, expected, sizeof expected);
    ck_assert_int_eq(dul_read(client, WAIT_MS, &pdu), DUL_END);
    fd_close(&client);
    while (lobby_count(lobby) > 0)
        ck_assert(turn(lobby, WAIT_MS));
    ck_assert_uint_eq(host_log.asked, 1);
    ck_assert_uint_eq(host_log.silent, 0);
}
END_TEST

START_TEST(a_rejected_peer_does_not_stay)
{
    AUTO(lobby_destroy) struct lobby *lobby = new_lobby(4);
    AUTO(fd_close) int client = enter(lobby);
    AUTO(text_release) struct text request = TEXT_EMPTY;
    make_request(&request);
    host_log.answer = LOBBY_LIMIT;
    say(client, request.bytes, request.length);
    ck_assert(turn(lobby, WAIT_MS));
    ck_assert_int_eq(lobby_wait_ms(lobby, now_ms), LOBBY_GOODBYE_MS);
    now_ms += LOBBY_GOODBYE_MS;
    (void)turn(lobby, 0);
    ck_assert_uint_eq(lobby_count(lobby), 0);
    ck_assert_uint_eq(host_log.silent, 0);
}
END_TEST

/* ---- the TLS port ---- */

#define RECORD(length) "\x16\x03\x01\x00" length

static const struct tls_row {
    const char *label, *bytes;
    size_t length;
    unsigned asked, plain;
} tls_rows[] = {
    {"a whole ClientHello", RECORD("\x04") "\x01\x00\x00\x00", 9, 1, 0},
    {"and more", RECORD("\x04") "\x01\x00\x00\x00" RECORD("\x01"), 14, 1, 0},
    {"a part of it", RECORD("\x04") "\x01\x00\x00", 8, 0, 0},
    {"its first byte", "\x16", 1, 0, 0},
    {"another message", RECORD("\x04") "\x02\x00\x00\x00", 9, 0, 1},
    {"another record", "\x17\x03\x01\x00\x04\x01\x00\x00\x00", 9, 0, 1},
    {"another protocol's version", "\x16\x02\x01\x00\x04\x01\x00\x00\x00", 9, 0, 1},
    {"a record without anything", RECORD("\0") "\x01", 6, 0, 1},
    {"a record that is too long", "\x16\x03\x01\x40\x01\x01", 6, 0, 1},
    {"an A-ASSOCIATE-RQ", "\x01\x00\x00\x00\x00\x04\x00\x01\x00\x00", 10, 0, 1},
    {"its first byte alone", "\x01", 1, 0, 1},
};

START_TEST(a_handshake_is_seen_to_begin)
{
    static const struct peer_address address = {.text = "127.0.0.1", .tls = true};
    const struct tls_row *row = &tls_rows[_i];
    AUTO(lobby_destroy) struct lobby *lobby = new_lobby(4);
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    AUTO(fd_close) int client = ends[0];
    lobby_enter(lobby, ends[1], &address, now_ms);
    say(client, row->bytes, row->length);
    (void)turn(lobby, 100);
    ck_assert_msg(host_log.asked == row->asked && host_log.plain == row->plain && host_log.silent == 0, "%s",
                  row->label);
    ck_assert_msg(lobby_count(lobby) == (row->asked + row->plain == 0), "%s", row->label);
}
END_TEST

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V2        SIGNATURE "\x21\x11\0\x0c\x0a\x01\x02\x03\x0a\0\0\x05\x1f\x90\x2b\x67"
#define V1        "PROXY TCP4 10.1.2.3 10.0.0.5 8080 11111\r\n"
#define V2_LOCAL  SIGNATURE "\x20\0\0\0"

static const struct introduced_row {
    const char *label, *header;
    size_t length;
    const char *address;
    unsigned introduced;
} introduced_rows[] = {
    {"version 2", V2, sizeof V2 - 1, "10.1.2.3", 1},
    {"version 1", V1, sizeof V1 - 1, "10.1.2.3", 1},
    {"a check of the balancer", V2_LOCAL, sizeof V2_LOCAL - 1, "127.0.0.1", 0},
};

static void append_introduced(const struct introduced_row *row, struct text *ret_bytes)
{
    text_append_bytes(ret_bytes, row->header, row->length);
    make_request(ret_bytes);
}

START_TEST(an_introduced_peer_asks_by_its_own_address)
{
    const struct introduced_row *row = &introduced_rows[_i];
    AUTO(lobby_destroy) struct lobby *lobby = lobby_behind_balancer();
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    AUTO(fd_close) int client = enter_balancer(lobby);
    append_introduced(row, &bytes);
    say(client, bytes.bytes, bytes.length);
    while (host_log.asked == 0)
        ck_assert(turn(lobby, WAIT_MS));
    ck_assert_str_eq(introductions.address, row->address);
    ck_assert_uint_eq(introductions.introduced, row->introduced);
    ck_assert_uint_eq(host_log.bytes, bytes.length - row->length); /* not a byte more is taken */
    ck_assert_uint_eq(introductions.strangers + host_log.silent, 0);
}
END_TEST

/* Cut anywhere, in the header and in the request behind it. */
START_TEST(an_introduction_may_come_in_pieces)
{
    const struct introduced_row *row = &introduced_rows[_i];
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    append_introduced(row, &bytes);
    for (size_t cut = 1; cut < row->length + 8; cut++) {
        AUTO(lobby_destroy) struct lobby *lobby = lobby_behind_balancer();
        AUTO(fd_close) int client = enter_balancer(lobby);
        host_log.asked = 0;
        say(client, bytes.bytes, cut);
        (void)turn(lobby, 0);
        ck_assert_uint_eq(host_log.asked, 0);
        ck_assert_uint_eq(lobby_count(lobby), 1);
        say(client, bytes.bytes + cut, bytes.length - cut);
        while (host_log.asked == 0)
            ck_assert_msg(turn(lobby, WAIT_MS), "cut at %zu", cut);
        ck_assert_str_eq(introductions.address, row->address);
    }
}
END_TEST

START_TEST(an_introduced_stranger_is_let_go)
{
    AUTO(lobby_destroy) struct lobby *lobby = lobby_behind_balancer();
    AUTO(fd_close) int client = enter_balancer(lobby);
    introductions.refuses = true;
    say(client, V2, sizeof V2 - 1);
    ck_assert(turn(lobby, WAIT_MS));
    ck_assert_uint_eq(lobby_count(lobby), 0);
    ck_assert_uint_eq(host_log.asked, 0);
}
END_TEST

static const struct misplaced_row {
    const char *label, *bytes;
    size_t length;
    bool balancer;
    enum lobby_stranger because;
} misplaced_rows[] = {
    {"a request without a header",
     "\x01\0\0\0\0\x04"
     "abcd",
     10, true, LOBBY_NO_INTRODUCTION},
    {"a header that is wrong", "PROXY TCP4 1.2.3\r\n", 18, true, LOBBY_NO_INTRODUCTION},
    {"version 2 of somebody else's", V2, sizeof V2 - 1, false, LOBBY_NO_PROXY},
    {"version 1 of somebody else's", V1, sizeof V1 - 1, false, LOBBY_NO_PROXY},
    {"two headers", V2 V2, 2 * (sizeof V2 - 1), true, LOBBY_NO_PROXY},
    {"a header behind a check", V2_LOCAL V2, sizeof V2_LOCAL + sizeof V2 - 2, true, LOBBY_NO_INTRODUCTION},
};

START_TEST(a_header_that_is_missing_or_misplaced_is_refused)
{
    const struct misplaced_row *row = &misplaced_rows[_i];
    AUTO(lobby_destroy) struct lobby *lobby = lobby_behind_balancer();
    static const struct peer_address plain = {.text = "127.0.0.1"};
    AUTO(fd_close) int client = row->balancer ? enter_balancer(lobby) : enter_as(lobby, &plain);
    say(client, row->bytes, row->length);
    while (lobby_count(lobby) > 0)
        ck_assert(turn(lobby, WAIT_MS));
    ck_assert_msg(introductions.strangers == 1 && introductions.because == row->because, "%s", row->label);
    ck_assert_uint_eq(host_log.asked, 0);
}
END_TEST

/* A balancer's check connects, says at most that it is one, and leaves: nobody was silent. */
START_TEST(a_check_that_leaves_is_nobody)
{
    AUTO(lobby_destroy) struct lobby *lobby = lobby_behind_balancer();
    int client = enter_balancer(lobby);
    say(client, V2_LOCAL, sizeof V2_LOCAL - 1);
    fd_close(&client);
    while (lobby_count(lobby) > 0)
        ck_assert(turn(lobby, WAIT_MS));
    ck_assert_uint_eq(host_log.silent + introductions.strangers, 0);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("lobby");
    tests_fixture(tests, open_door, close_door);
    tests_add(tests, a_whole_request_is_handed_over);
    tests_rows(tests, half_a_request_waits_for_the_rest, ROWS(cuts));
    tests_add(tests, a_long_request_stays_until_it_is_whole);
    tests_add(tests, too_long_a_request_is_let_go);
    tests_rows(tests, nonsense_is_let_go, ROWS(nonsense_rows));
    tests_add(tests, silence_ends_with_patience);
    tests_add(tests, the_oldest_gives_way_when_it_is_full);
    tests_add(tests, a_crowd_drives_out_itself);
    tests_rows(tests, a_rejected_peer_reads_its_answer, ROWS(rejections));
    tests_add(tests, a_rejected_peer_does_not_stay);
    tests_rows(tests, a_handshake_is_seen_to_begin, ROWS(tls_rows));
    tests_rows(tests, an_introduced_peer_asks_by_its_own_address, ROWS(introduced_rows));
    tests_rows(tests, an_introduction_may_come_in_pieces, ROWS(introduced_rows));
    tests_add(tests, an_introduced_stranger_is_let_go);
    tests_rows(tests, a_header_that_is_missing_or_misplaced_is_refused, ROWS(misplaced_rows));
    tests_add(tests, a_check_that_leaves_is_nobody);
    return tests_run(tests);
}
