/* The PROXY protocol, version 1 and 2, byte by byte. */
#include "receiver/proxy_header.h"

#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <string.h>

#define SIG         "\r\n\r\n\0\r\nQUIT\n"
#define V4(command) SIG command "\x11\0\x0c\x0a\x01\x02\x03\x0a\0\0\x05\x1f\x90\x2b\x67"
#define V6                                                                                                   \
    SIG "\x21\x21\0\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01" \
        "\x1f\x90\x2b\x67"
#define TLV "\x04\0\x03" /* a PP2_TYPE_NOOP, whose three bytes follow */

static const struct header_row {
    const char *label, *bytes;
    size_t length; /* of bytes; behind a header that is whole there is more */
    enum proxy_look look;
    size_t header;       /* its length, or how much is needed */
    const char *address; /* NULL: local */
} rows[] = {
#define ROW(label, bytes, look, header, address)               \
    {                                                          \
        label, bytes, sizeof(bytes) - 1, look, header, address \
    }
    ROW("v2, IPv4", V4("\x21"), PROXY_WHOLE, 28, "::ffff:10.1.2.3"),
    ROW("v2, IPv4, and the request behind it", V4("\x21") "\x01\0\0\0", PROXY_WHOLE, 28, "::ffff:10.1.2.3"),
    ROW("v2, IPv6", V6, PROXY_WHOLE, 52, "2001:db8::7"),
    ROW("v2, a check of the balancer", V4("\x20"), PROXY_WHOLE, 28, NULL),
    ROW("v2, a check without addresses", SIG "\x20\0\0\0", PROXY_WHOLE, 16, NULL),
    ROW("v2, of a family that is not told", SIG "\x21\0\0\0", PROXY_WHOLE, 16, NULL),
    ROW("v2, with more behind the addresses",
        SIG "\x21\x11\0\x12\x0a\x01\x02\x03\x0a\0\0\x05\x1f\x90\x2b\x67" TLV "xyz", PROXY_WHOLE, 34,
        "::ffff:10.1.2.3"),
    ROW("v2, UDP", SIG "\x21\x12\0\x0c\x0a\x01\x02\x03\x0a\0\0\x05\x1f\x90\x2b\x67", PROXY_WRONG, 28, NULL),
    ROW("v2, a path of one host", SIG "\x21\x31\0\xd8", PROXY_WAITS, 232, NULL),
    ROW("v2, too short for its addresses", SIG "\x21\x11\0\x0b\x0a\x01\x02\x03\x0a\0\0\x05\x1f\x90\x2b",
        PROXY_WRONG, 27, NULL),
    ROW("v2, IPv6 in the room of IPv4", SIG "\x21\x21\0\x0c\x0a\x01\x02\x03\x0a\0\0\x05\x1f\x90\x2b\x67",
        PROXY_WRONG, 28, NULL),
    ROW("v2, longer than we take", SIG "\x21\x11\x02\x09", PROXY_WRONG, 537, NULL),
    ROW("v2, as long as we take", SIG "\x21\x11\x02\x08", PROXY_WAITS, 536, NULL),
    ROW("v2, of another version", SIG "\x31\x11\0\x0c", PROXY_WRONG, 28, NULL),
    ROW("v2, another command", SIG "\x22", PROXY_WRONG, 16, NULL),
    ROW("v2, its first byte", "\r", PROXY_WAITS, 16, NULL),
    ROW("v2, its signature broken", "\r\n\r\n\0\r\nQUIX", PROXY_WRONG, 15, NULL),
    ROW("v1, IPv4", "PROXY TCP4 10.1.2.3 10.0.0.5 8080 11111\r\n", PROXY_WHOLE, 41, "::ffff:10.1.2.3"),
    ROW("v1, and the request behind it", "PROXY TCP4 10.1.2.3 10.0.0.5 8080 11111\r\n\x01\0\n\0", PROXY_WHOLE,
        41, "::ffff:10.1.2.3"),
    ROW("v1, IPv6", "PROXY TCP6 2001:db8::7 2001:db8::1 0 65535\r\n", PROXY_WHOLE, 44, "2001:db8::7"),
    ROW("v1, unknown", "PROXY UNKNOWN\r\n", PROXY_WHOLE, 15, NULL),
    ROW("v1, unknown, with addresses", "PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", PROXY_WHOLE, 35, NULL),
    ROW("v1, begun", "PROX", PROXY_WAITS, 15, NULL),
    ROW("v1, half", "PROXY TCP4 10.1.2.3 10.", PROXY_WAITS, 24, NULL),
    ROW("v1, without a carriage return", "PROXY TCP4 10.1.2.3 10.0.0.5 8080 11111\n", PROXY_WRONG, 40, NULL),
    ROW("v1, a word too many", "PROXY TCP4 10.1.2.3 10.0.0.5 8080 11111 1\r\n", PROXY_WRONG, 43, NULL),
    ROW("v1, a word too few", "PROXY TCP4 10.1.2.3 10.0.0.5 8080\r\n", PROXY_WRONG, 35, NULL),
    ROW("v1, two blanks", "PROXY TCP4  10.1.2.3 10.0.0.5 8080 1\r\n", PROXY_WRONG, 38, NULL),
    ROW("v1, no address", "PROXY TCP4 10.1.2 10.0.0.5 8080 11111\r\n", PROXY_WRONG, 39, NULL),
    ROW("v1, of the other family", "PROXY TCP4 2001:db8::7 10.0.0.5 8080 1\r\n", PROXY_WRONG, 40, NULL),
    ROW("v1, a port too high", "PROXY TCP4 10.1.2.3 10.0.0.5 65536 1\r\n", PROXY_WRONG, 38, NULL),
    ROW("v1, a port with a zero in front", "PROXY TCP4 10.1.2.3 10.0.0.5 080 1\r\n", PROXY_WRONG, 36, NULL),
    ROW("v1, UDP", "PROXY UDP4 10.1.2.3 10.0.0.5 80 1\r\n", PROXY_WRONG, 35, NULL),
    ROW("v1, in small letters", "proxy TCP4", PROXY_WRONG, 15, NULL),
    ROW("v1, too short a line", "PROXY \r\n", PROXY_WRONG, 8, NULL),
    ROW("a NUL in a word", "PROXY TCP4 10.1.2.3\0 10.0.0.5 8080 1\r\n", PROXY_WRONG, 38, NULL),
    ROW("a request without a header", "\x01\0\0\0\0\xcd", PROXY_WRONG, 15, NULL),
    ROW("TLS without a header", "\x16\x03\x01", PROXY_WRONG, 15, NULL),
    ROW("nothing", "", PROXY_WAITS, 15, NULL),
};

static void check(const struct header_row *row, const struct proxy_header *header)
{
    char text[INET6_ADDRSTRLEN] = "";
    ck_assert_msg(header->length == row->header, "%s: %zu bytes", row->label, header->length);
    if (row->look != PROXY_WHOLE)
        return;
    ck_assert_msg(header->local == !row->address, "%s: local", row->label);
    ck_assert_ptr_nonnull(inet_ntop(AF_INET6, header->address, text, sizeof text));
    ck_assert_msg(!row->address || strcmp(text, row->address) == 0, "%s: %s", row->label, text);
}

START_TEST(a_header_is_read)
{
    const struct header_row *row = &rows[_i];
    struct proxy_header header;
    enum proxy_look look = proxy_header_read((const unsigned char *)row->bytes, row->length, &header);
    ck_assert_msg(look == row->look, "%s: %d", row->label, look);
    check(row, &header);
}
END_TEST

/* However it comes, it is waited for until its last byte, and never for more than is still to come. */
START_TEST(a_header_that_comes_in_pieces_is_waited_for)
{
    const struct header_row *row = &rows[_i];
    struct proxy_header header;
    for (size_t length = 0; row->look == PROXY_WHOLE && length < row->header; length++) {
        enum proxy_look look = proxy_header_read((const unsigned char *)row->bytes, length, &header);
        ck_assert_msg(look == PROXY_WAITS, "%s: %zu bytes: %d", row->label, length, look);
        ck_assert_msg(header.length > length && header.length <= row->header, "%s: %zu bytes: waits for %zu",
                      row->label, length, header.length);
    }
}
END_TEST

START_TEST(a_line_without_an_end_is_none)
{
    unsigned char bytes[PROXY_HEADER_MOST];
    struct proxy_header header;
    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes, "PROXY UNKNOWN ", 14);
    ck_assert_int_eq(proxy_header_read(bytes, PROXY_V1_MOST - 1, &header), PROXY_WAITS);
    ck_assert_int_eq(proxy_header_read(bytes, PROXY_V1_MOST, &header), PROXY_WRONG);
    bytes[PROXY_V1_MOST - 2] = '\r';
    bytes[PROXY_V1_MOST - 1] = '\n';
    ck_assert_int_eq(proxy_header_read(bytes, sizeof bytes, &header), PROXY_WHOLE);
    ck_assert_uint_eq(header.length, PROXY_V1_MOST);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("proxy header");
    tests_rows(tests, a_header_is_read, ROWS(rows));
    tests_rows(tests, a_header_that_comes_in_pieces_is_waited_for, ROWS(rows));
    tests_add(tests, a_line_without_an_end_is_none);
    return tests_run(tests);
}
