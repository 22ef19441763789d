#include "common/dicom/identity.h"

#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "tests/support/suite.h"

#include <string.h>
#include <zlib.h>

#define IMPLICIT "1.2.840.10008.1.2"
#define EXPLICIT "1.2.840.10008.1.2.1"
#define BIG      "1.2.840.10008.1.2.2"
#define DEFLATED "1.2.840.10008.1.2.1.99"
#define JPEG     "1.2.840.10008.1.2.4.50"
#define CLASS    "1.2.840.10008.5.1.4.1.1.2"

/* Data sets as they are written; a literal and its length, NULs included. */
#define BYTES(literal) literal, sizeof literal - 1

static const struct row {
    const char *label, *syntax, *bytes;
    size_t length;
    const char *sop_class, *sop_instance;
} rows[] = {
    {"explicit", EXPLICIT,
     BYTES("\x08\0\x16\0UI\x1a\0" CLASS "\0"
           "\x08\0\x18\0UI\x06\0"
           "1.2.3\0"
           "\x08\0\x60\0CS\x02\0MR"),
     CLASS, "1.2.3"},
    {"explicit, compressed pixels", JPEG,
     BYTES("\x08\0\x18\0UI\x06\0"
           "1.2.3\0"
           "\x08\0\x60\0CS\x02\0MR"),
     "", "1.2.3"},
    {"a private syntax is read as explicit", "1.2.3.4",
     BYTES("\x08\0\x18\0UI\x06\0"
           "1.2.3\0"),
     "", "1.2.3"},
    {"implicit", IMPLICIT,
     BYTES("\x08\0\x05\0\x0a\0\0\0ISO_IR 100"
           "\x08\0\x16\0\x1a\0\0\0" CLASS "\0"
           "\x08\0\x18\0\x06\0\0\0"
           "1.2.3\0"),
     CLASS, "1.2.3"},
    {"big endian", BIG,
     BYTES("\0\x08\0\x16UI\0\x1a" CLASS "\0"
           "\0\x08\0\x18UI\0\x06"
           "1.2.3\0"),
     CLASS, "1.2.3"},
    {"padded with blanks", EXPLICIT,
     BYTES("\x08\0\x18\0UI\x0a\0"
           "  1.2.3  \0"),
     "", "1.2.3"},
    {"odd", EXPLICIT,
     BYTES("\x08\0\x18\0UI\x05\0"
           "1.2.3"
           "\x08\0\x60\0CS\x02\0MR"),
     "", "1.2.3"},
    {"empty", EXPLICIT,
     BYTES("\x08\0\x18\0UI\0\0"
           "\x08\0\x60\0CS\x02\0MR"),
     "", ""},
    {"too long for a UID", EXPLICIT,
     BYTES("\x08\0\x18\0UI\x42\0"
           "1.2345678901234567890123456789012345678901234567890123456789012345"
           "\x08\0\x60\0CS\x02\0MR"),
     "", ""},
    {"cut in the value", EXPLICIT,
     BYTES("\x08\0\x18\0UI\x06\0"
           "1.2"),
     "", ""},
    {"behind a private group with long values", EXPLICIT,
     BYTES("\x07\0\x10\0LO\x02\0XX"
           "\x07\0\x00\x10OB\0\0\x04\0\0\0abcd"
           "\x08\0\x18\0UI\x06\0"
           "1.2.3\0"),
     "", "1.2.3"},
    {"behind a sequence of defined length", EXPLICIT,
     BYTES("\x08\0\x06\0SQ\0\0\x08\0\0\0\xfe\xff\0\xe0\0\0\0\0"
           "\x08\0\x18\0UI\x06\0"
           "1.2.3\0"),
     "", "1.2.3"},
    {"behind nested sequences of undefined length", EXPLICIT,
     BYTES("\x08\0\x06\0SQ\0\0\xff\xff\xff\xff"
           "\xfe\xff\0\xe0\xff\xff\xff\xff"
           "\x08\0\x18\0UI\x06\0"
           "9.9.9\0" /* not the object's own */
           "\x40\0\x68\xa1SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\x02\0\0\0zz\xfe\xff\xdd\xe0\0\0\0\0"
           "\xfe\xff\x0d\xe0\0\0\0\0"
           "\xfe\xff\xdd\xe0\0\0\0\0"
           "\x08\0\x18\0UI\x06\0"
           "1.2.3\0"),
     "", "1.2.3"},
    {"nested, implicit", IMPLICIT,
     BYTES("\x08\0\x06\0\xff\xff\xff\xff"
           "\xfe\xff\0\xe0\x04\0\0\0abcd"
           "\xfe\xff\xdd\xe0\0\0\0\0"
           "\x08\0\x18\0\x06\0\0\0"
           "1.2.3\0"),
     "", "1.2.3"},
    {"a stray delimiter", EXPLICIT,
     BYTES("\xfe\xff\xdd\xe0\0\0\0\0"
           "\x08\0\x18\0UI\x06\0"
           "1.2.3\0"),
     "", ""},
    {"UN of undefined length", EXPLICIT,
     BYTES("\x07\0\x01\x10UN\0\0\xff\xff\xff\xff\xfe\xff\xdd\xe0\0\0\0\0"
           "\x08\0\x18\0UI\x06\0"
           "1.2.3\0"),
     "", ""},
    {"implicit where explicit was agreed on", EXPLICIT,
     BYTES("\x08\0\x18\0\x06\0\0\0"
           "1.2.3\0"),
     "", ""},
    {"nothing before pixels", EXPLICIT, BYTES("\xe0\x7f\x10\0OB\0\0\x02\0\0\0ab"), "", ""},
    {"nothing at all", EXPLICIT, "", 0, "", ""},
    {"garbage", EXPLICIT, BYTES("GET / HTTP/1.1\r\n\r\nHost: somewhere\r\n\r\n"), "", ""},
};

static void ck_row(const struct row *row, const char *syntax, const void *bytes, size_t length, size_t step)
{
    AUTO(identity_destroy) struct identity *identity = identity_create();
    for (int round = 0; round < 2; round++) {
        identity_begin(identity, syntax);
        for (size_t at = 0; at < length; at += step)
            identity_feed(identity, (const char *)bytes + at, at + step < length ? step : length - at);
        ck_assert_msg(strcmp(identity_sop_class(identity), row->sop_class) == 0, "%s, in steps of %zu: %s",
                      row->label, step, identity_sop_class(identity));
        ck_assert_msg(strcmp(identity_sop_instance(identity), row->sop_instance) == 0,
                      "%s, in steps of %zu: %s", row->label, step, identity_sop_instance(identity));
    }
}

/* Behind nested elements, and what belongs to items is not taken. */
START_TEST(study_and_series_are_seen)
{
    static const char data_set[] = "\x08\0\x18\0UI\x06\0"
                                   "1.2.3\0"
                                   "\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff"
                                   "\xfe\xff\0\xe0\xff\xff\xff\xff"
                                   "\x20\0\x0d\0UI\x02\0"
                                   "9\0"
                                   "\xfe\xff\x0d\xe0\0\0\0\0"
                                   "\xfe\xff\xdd\xe0\0\0\0\0"
                                   "\x20\0\x0d\0UI\x06\0"
                                   "WORD-1"
                                   "\x20\0\x0e\0UI\x04\0"
                                   "1.2\0"
                                   "\x20\0\x11\0IS\x02\0"
                                   "1 ";
    AUTO(identity_destroy) struct identity *identity = identity_create();
    for (size_t step = 1; step < sizeof data_set; step += 7) {
        bool over = false;
        identity_begin(identity, EXPLICIT);
        for (size_t at = 0, length = sizeof data_set - 1; at < length; at += step)
            over = identity_feed(identity, data_set + at, at + step < length ? step : length - at);
        ck_assert(over);
        ck_assert_str_eq(identity_sop_instance(identity), "1.2.3");
        ck_assert_str_eq(identity_study(identity), "WORD-1");
        ck_assert_str_eq(identity_series(identity), "1.2");
    }
    identity_begin(identity, EXPLICIT);
    ck_assert_str_eq(identity_study(identity), "");
}
END_TEST

START_TEST(an_identity_is_seen)
{
    const struct row *row = &rows[_i];
    for (size_t step = 1; step <= row->length + 1; step += step < 14 ? 1 : 50)
        ck_row(row, row->syntax, row->bytes, row->length, step);
}
END_TEST

static size_t deflated(const void *bytes, size_t length, unsigned char *out, size_t size)
{
    z_stream stream = {.next_in = (unsigned char *)(uintptr_t)bytes, .avail_in = (unsigned)length};
    ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_out = out;
    stream.avail_out = (unsigned)size;
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    ck_assert_int_eq(deflateEnd(&stream), Z_OK);
    return size - stream.avail_out;
}

START_TEST(a_deflated_identity_is_seen)
{
    unsigned char packed[1000];
    const struct row *row = &rows[_i];
    if (strcmp(row->syntax, EXPLICIT) != 0)
        return;
    size_t length = deflated(row->bytes, row->length, packed, sizeof packed);
    for (size_t step = 1; step <= length; step += step < 5 ? 1 : 20)
        ck_row(row, DEFLATED, packed, length, step);
}
END_TEST

/* 64 MiB of nothing in front, packed into 64 KiB: a bounded part of it is looked at. */
START_TEST(a_bomb_is_not_inflated)
{
    enum { PLAIN = 64 << 20, PACKED = 1 << 18 };
    static unsigned char plain[PLAIN], packed[PACKED];
    static const char value[] = "\x07\0\x01\x10OB\0\0\0\0\0\x03";
    memcpy(plain, value, sizeof value - 1);
    memcpy(plain + PLAIN - 14,
           "\x08\0\x18\0UI\x06\0"
           "1.2.3",
           14);
    size_t length = deflated(plain, PLAIN, packed, PACKED);
    AUTO(identity_destroy) struct identity *identity = identity_create();
    identity_begin(identity, DEFLATED);
    ck_assert(identity_feed(identity, packed, length));
    ck_assert_str_eq(identity_sop_instance(identity), "");
}
END_TEST

/* Whatever comes, in whatever syntax: no harm, under the sanitizers. */
START_TEST(noise_is_survived)
{
    static const char *const syntaxes[] = {IMPLICIT, EXPLICIT, BIG, DEFLATED};
    AUTO(identity_destroy) struct identity *identity = identity_create();
    uint32_t state = 1;
    for (int round = 0; round < 20000; round++) {
        char bytes[200];
        const struct row *row = &rows[round % (int)ROWS(rows)];
        size_t length = row->length < sizeof bytes ? row->length : sizeof bytes;
        memcpy(bytes, row->bytes, length);
        for (int i = 0; i < 3 && length; i++) {
            state = state * 1664525u + 1013904223u;
            bytes[(state >> 8) % length] = (char)(state >> 4);
        }
        identity_begin(identity, syntaxes[round % 4]);
        (void)identity_feed(identity, bytes, length);
        ck_assert_uint_lt(strlen(identity_sop_instance(identity)), IDENTITY_UID_SIZE);
    }
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("identity");
    tests_rows(tests, an_identity_is_seen, ROWS(rows));
    tests_add(tests, study_and_series_are_seen);
    tests_rows(tests, a_deflated_identity_is_seen, ROWS(rows));
    tests_add(tests, a_bomb_is_not_inflated);
    tests_add(tests, noise_is_survived);
    return tests_run(tests);
}
