#include "receiver/upper.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "receiver/transport.h"
#include "tests/support/dul.h"
#include "tests/support/suite.h"

#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IDLE_MS = 500, VALUES_MOST = 50, LONGEST = 1200 };

static struct transport *transport;
static struct upper *upper;
static int client;

static void set_up(void)
{
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    client = ends[0];
    transport = transport_create(ends[1], IDLE_MS, NULL);
    upper = upper_create(transport, 20);
}

static void tear_down(void)
{
    upper_destroy(&upper);
    transport_destroy(&transport);
    fd_close(&client);
}

static void say(const void *bytes, size_t length)
{
    ck_assert_int_eq(send(client, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* As many values as the row's number, of all kinds, of lengths that have nothing to do with each other. */
static size_t make_values(uint32_t *seed, struct dul_value *values, const char *bytes, size_t count)
{
    size_t whole = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = next_random(seed) % 4 == 0 ? next_random(seed) % 3 : next_random(seed) % LONGEST;
        values[i] = (struct dul_value){.context = (unsigned char)(next_random(seed) % 128 * 2 + 1),
                                       .is_command = next_random(seed) & 1,
                                       .is_last = next_random(seed) & 1,
                                       .bytes = bytes + whole,
                                       .length = length};
        whole += length;
    }
    return whole;
}

static void ck_value(const struct dul_value *value, const char *label)
{
    struct upper_piece piece;
    ck_assert_msg(upper_next(upper, &piece) == UPPER_PIECE, "%s", label);
    ck_assert_int_eq(piece.context, value->context);
    ck_assert_int_eq(piece.is_command, value->is_command);
    ck_assert_int_eq(piece.is_last, value->is_last);
    ck_assert_uint_eq(piece.length, value->length);
    ck_assert_mem_eq(piece.bytes, value->bytes, value->length);
}

START_TEST(each_value_of_a_list_comes_as_it_is)
{
    static char bytes[VALUES_MOST * LONGEST];
    struct dul_value values[VALUES_MOST];
    size_t count = (size_t)_i + 1;
    uint32_t seed = (uint32_t)_i + 1;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)next_random(&seed);
    for (int round = 0; round < 20; round++) {
        AUTO(text_release) struct text pdu = TEXT_EMPTY;
        make_values(&seed, values, bytes, count);
        dul_append_values(&pdu, values, count);
        say(pdu.bytes, pdu.length);
        for (size_t i = 0; i < count; i++)
            ck_value(&values[i], "a list");
        ck_assert(!upper_pending(upper));
    }
}
END_TEST

START_TEST(the_longest_pdu_fits)
{
    static char bytes[UPPER_PDU_MOST];
    const struct dul_value value = {1, false, true, bytes, UPPER_PDU_MOST - 6};
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    memset(bytes, 'x', sizeof bytes);
    dul_append_values(&pdu, &value, 1);
    pid_t pid = fork(); /* more than a socket holds */
    if (pid == 0) {
        say(pdu.bytes, pdu.length);
        say(pdu.bytes, pdu.length);
        _exit(0);
    }
    ck_value(&value, "first");
    ck_value(&value, "second");
}
END_TEST

static const struct list_row {
    const char *label, *body; /* of a P-DATA-TF, or a whole PDU where it says so */
    size_t length;
    bool whole;
    const char *says;
} list_rows[] = {
    {"no value", "", 0, false, "without a presentation data value"},
    {"three bytes", "\0\0\0", 3, false, "cut off"},
    {"only a length", "\0\0\0\x02", 4, false, "cut off"},
    {"length 0", "\0\0\0\0\1\2", 6, false, "shorter than its own header"},
    {"length 1", "\0\0\0\1\1\2", 6, false, "shorter than its own header"},
    {"length 0 behind a good one", "\0\0\0\4\1\0ab\0\0\0\0\1\2", 14, false, "shorter than its own header"},
    {"one byte too long", "\0\0\0\3\1\2", 6, false, "longer than its PDU"},
    {"4 GiB too long", "\xff\xff\xff\xff\1\2", 6, false, "longer than its PDU"},
    {"4 GiB less a little", "\xff\xff\xff\xfc\1\2", 6, false, "longer than its PDU"},
    {"the second too long", "\0\0\0\4\1\0ab\0\0\0\5\1\2xy", 16, false, "longer than its PDU"},
    {"a rest behind", "\0\0\0\4\1\2ab\0\0\0", 11, false, "cut off"},
    {"a request again", "\1\0\0\0\0\4abcd", 10, true, "establishment"},
    {"an answer to a release", "\6\0\0\0\0\4abcd", 10, true, "release"},
    {"no such PDU", "\x0b\0\0\0\0\4abcd", 10, true, "does not exist"},
    {"a byte too long", "\4\0\0\2\0\x41", 6, true, "longer than agreed"},
    {"4 GiB", "\4\0\xff\xff\xff\xff", 6, true, "longer than agreed"},
};

START_TEST(nothing_of_a_broken_list_goes_on)
{
    const struct list_row *row = &list_rows[_i];
    const char head[] = {4, 0, 0, 0, 0, (char)row->length};
    struct upper_piece piece;
    if (!row->whole)
        say(head, sizeof head);
    if (row->length)
        say(row->body, row->length);
    ck_assert_msg(upper_next(upper, &piece) == UPPER_BROKEN, "%s", row->label);
    ck_assert_msg(strstr(upper_because(upper), row->says), "%s: %s", row->label, upper_because(upper));
    upper_abort(upper);
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    ck_assert_int_eq(dul_read(client, IDLE_MS, &pdu), DUL_ABORT);
    ck_assert_int_eq(pdu.bytes[8], 2); /* the service provider */
    ck_assert_int_gt(pdu.bytes[9], 0); /* with a reason */
}
END_TEST

START_TEST(a_pdu_that_comes_in_drops_is_one_pdu)
{
    static const struct dul_value values[] = {{1, true, true, "abc", 3}, {1, false, true, "defgh", 5}};
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    dul_append_values(&pdu, values, ROWS(values));
    pid_t pid = fork();
    if (pid == 0) {
        for (size_t i = 0; i < pdu.length; i++) {
            say(pdu.bytes + i, 1);
            (void)poll(NULL, 0, 1);
        }
        _exit(0);
    }
    ck_value(&values[0], "command");
    ck_assert(upper_pending(upper));
    ck_value(&values[1], "data");
}
END_TEST

START_TEST(a_command_is_cut_as_the_peer_wants)
{
    static const char command[] = "0123456789012345678901234567890123456789abc";
    ck_assert(upper_send_command(upper, 5, command, 43));
    size_t at = 0;
    for (size_t expected[] = {20, 20, 3}, i = 0; i < 3; at += expected[i++]) {
        AUTO(text_release) struct text pdu = TEXT_EMPTY;
        ck_assert_int_eq(dul_read(client, IDLE_MS, &pdu), DUL_DATA);
        ck_assert_uint_eq(pdu.length, 12 + expected[i]);
        ck_assert_int_eq(pdu.bytes[10], 5);
        ck_assert_int_eq(pdu.bytes[11], i == 2 ? 3 : 1);
        ck_assert_mem_eq(pdu.bytes + 12, command + at, expected[i]);
    }
}
END_TEST

/* ---- time ---- */

static enum upper_event event_of(const void *bytes, size_t length)
{
    struct upper_piece piece;
    if (length)
        say(bytes, length);
    return upper_next(upper, &piece);
}

START_TEST(silence_ends_it)
{
    int64_t begun_ms = clock_monotonic_ms();
    transport_watch(transport, true);
    ck_assert_int_eq(event_of("\4\0\0", 3), UPPER_SILENT);
    ck_assert_int_ge(clock_monotonic_ms() - begun_ms, IDLE_MS);
}
END_TEST

/* Bytes that come often enough, and far too few. */
START_TEST(dripping_ends_it)
{
    struct upper_piece piece;
    pid_t pid = fork();
    if (pid == 0) {
        upper_destroy(&upper);
        transport_destroy(&transport);
        while (send(client, "\4", 1, MSG_NOSIGNAL) == 1)
            (void)poll(NULL, 0, IDLE_MS / 5);
        _exit(0);
    }
    say("\4\0\0\0\x20\0\0\0\0\x08", 10);
    transport_watch(transport, true);
    ck_assert_int_eq(upper_next(upper, &piece), UPPER_SLOW);
}
END_TEST

/* Longer than a window, in steps: a slow line, not a dripping one. */
START_TEST(what_is_quick_enough_goes_on)
{
    enum { STEPS = 12 };
    static char bytes[STEPS * 10 * TRANSPORT_LEAST_RATE * IDLE_MS / 5 / 1000];
    const struct dul_value value = {1, false, true, bytes, sizeof bytes};
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    dul_append_values(&pdu, &value, 1);
    pid_t pid = fork();
    if (pid == 0) {
        for (size_t at = 0, step = pdu.length / STEPS + 1; at < pdu.length; at += step) {
            say(pdu.bytes + at, at + step < pdu.length ? step : pdu.length - at);
            (void)poll(NULL, 0, IDLE_MS / 5);
        }
        _exit(0);
    }
    transport_watch(transport, true);
    ck_value(&value, "slow and steady");
}
END_TEST

static const struct end_row {
    const char *label, *bytes;
    size_t length;
    bool close;
    enum upper_event event;
} end_rows[] = {
    {"a release", "\5\0\0\0\0\4\0\0\0\0", 10, false, UPPER_RELEASE},
    {"an abort", "\7\0\0\0\0\4\0\0\0\0", 10, false, UPPER_ABORT},
    {"closed", "", 0, true, UPPER_CLOSED},
    {"closed in a head", "\4\0\0", 3, true, UPPER_CLOSED},
    {"closed in a list", "\4\0\0\0\0\x0a\0\0\0\6", 10, true, UPPER_CLOSED},
};

START_TEST(an_end_is_told)
{
    const struct end_row *row = &end_rows[_i];
    if (row->length)
        say(row->bytes, row->length);
    if (row->close)
        ck_assert_int_eq(shutdown(client, SHUT_WR), 0);
    ck_assert_msg(event_of("", 0) == row->event, "%s", row->label);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("upper");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, each_value_of_a_list_comes_as_it_is, VALUES_MOST);
    tests_add(tests, the_longest_pdu_fits);
    tests_rows(tests, nothing_of_a_broken_list_goes_on, ROWS(list_rows));
    tests_add(tests, a_pdu_that_comes_in_drops_is_one_pdu);
    tests_add(tests, a_command_is_cut_as_the_peer_wants);
    tests_add(tests, silence_ends_it);
    tests_add(tests, dripping_ends_it);
    tests_add(tests, what_is_quick_enough_goes_on);
    tests_rows(tests, an_end_is_told, ROWS(end_rows));
    return tests_run(tests);
}
