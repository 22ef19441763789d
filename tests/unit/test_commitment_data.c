#include "common/dicom/commitment.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/text.h"
#include "common/wire/commitment_request.h"
#include "tests/support/suite.h"

#include <string.h>

#define IMPLICIT "1.2.840.10008.1.2"
#define EXPLICIT "1.2.840.10008.1.2.1"

/* Data sets as they are written; a literal and its length, NULs included. */
#define BYTES(literal) literal, sizeof literal - 1

/* An instance: class 1.2, UID 1.2.3 (18 + 14 bytes behind the headers). */
#define EXPLICIT_INSTANCE    \
    "\x08\0\x50\x11UI\x04\0" \
    "1.2\0"                  \
    "\x08\0\x55\x11UI\x06\0" \
    "1.2.3\0"
#define IMPLICIT_INSTANCE      \
    "\x08\0\x50\x11\x04\0\0\0" \
    "1.2\0"                    \
    "\x08\0\x55\x11\x06\0\0\0" \
    "1.2.3\0"
#define EXPLICIT_TRANSACTION \
    "\x08\0\x95\x11UI\x04\0" \
    "9.8\0"
#define IMPLICIT_TRANSACTION   \
    "\x08\0\x95\x11\x04\0\0\0" \
    "9.8\0"
#define ITEM_26            "\xfe\xff\0\xe0\x1a\0\0\0"
#define ITEM_OPEN          "\xfe\xff\0\xe0\xff\xff\xff\xff"
#define ITEM_END           "\xfe\xff\x0d\xe0\0\0\0\0"
#define SEQUENCE_END       "\xfe\xff\xdd\xe0\0\0\0\0"
#define EXPLICIT_LIST_OPEN "\x08\0\x99\x11SQ\0\0\xff\xff\xff\xff"
#define EXPLICIT_LIST_34   "\x08\0\x99\x11SQ\0\0\x22\0\0\0"
#define IMPLICIT_LIST_34   "\x08\0\x99\x11\x22\0\0\0"
#define IMPLICIT_LIST_OPEN "\x08\0\x99\x11\xff\xff\xff\xff"

static const struct row {
    const char *label, *syntax, *bytes;
    size_t length, count;
    const char *wrong; /* a part of it; NULL: it is right */
} rows[] = {
    {"explicit", EXPLICIT, BYTES(EXPLICIT_TRANSACTION EXPLICIT_LIST_34 ITEM_26 EXPLICIT_INSTANCE), 1, NULL},
    {"explicit, open", EXPLICIT,
     BYTES(EXPLICIT_TRANSACTION EXPLICIT_LIST_OPEN ITEM_OPEN EXPLICIT_INSTANCE ITEM_END SEQUENCE_END), 1,
     NULL},
    {"explicit, mixed, two", EXPLICIT,
     BYTES(EXPLICIT_TRANSACTION EXPLICIT_LIST_OPEN ITEM_26 EXPLICIT_INSTANCE ITEM_OPEN EXPLICIT_INSTANCE
               ITEM_END SEQUENCE_END),
     2, NULL},
    {"implicit", IMPLICIT, BYTES(IMPLICIT_TRANSACTION IMPLICIT_LIST_34 ITEM_26 IMPLICIT_INSTANCE), 1, NULL},
    {"implicit, open", IMPLICIT,
     BYTES(IMPLICIT_TRANSACTION IMPLICIT_LIST_OPEN ITEM_OPEN IMPLICIT_INSTANCE ITEM_END SEQUENCE_END), 1,
     NULL},
    {"another list before it", EXPLICIT,
     BYTES("\x08\0\x11\x11SQ\0\0\xff\xff\xff\xff" ITEM_OPEN
           "\x08\0\x99\x11SQ\0\0\xff\xff\xff\xff" ITEM_26 EXPLICIT_INSTANCE SEQUENCE_END ITEM_END SEQUENCE_END
               EXPLICIT_TRANSACTION EXPLICIT_LIST_34 ITEM_26 EXPLICIT_INSTANCE),
     1, NULL},
    {"no transaction", EXPLICIT, BYTES(EXPLICIT_LIST_34 ITEM_26 EXPLICIT_INSTANCE), 1, "Transaction UID"},
    {"no list", EXPLICIT, BYTES(EXPLICIT_TRANSACTION), 0, "no instance"},
    {"an empty list", EXPLICIT, BYTES(EXPLICIT_TRANSACTION EXPLICIT_LIST_OPEN SEQUENCE_END), 0,
     "no instance"},
    {"nothing", EXPLICIT, BYTES(""), 0, "Transaction UID"},
    {"no UID in an item", EXPLICIT,
     BYTES(EXPLICIT_TRANSACTION EXPLICIT_LIST_OPEN ITEM_OPEN ITEM_END SEQUENCE_END), 1, "SOP Class"},
    {"a list without items", EXPLICIT, BYTES(EXPLICIT_TRANSACTION EXPLICIT_LIST_OPEN EXPLICIT_INSTANCE), 0,
     "no items"},
    {"cut in a head", EXPLICIT, BYTES(EXPLICIT_TRANSACTION "\x08\0\x99"), 0, "cut off"},
    {"cut in a value", EXPLICIT,
     BYTES("\x08\0\x95\x11UI\x08\0"
           "9.8\0"),
     0, "cut off"},
    {"cut in an item", EXPLICIT,
     BYTES(EXPLICIT_TRANSACTION EXPLICIT_LIST_OPEN ITEM_OPEN "\x08\0\x50\x11UI\x04\0"
                                                             "1.2\0"),
     1, "cut off"},
    {"an item longer than its list", EXPLICIT,
     BYTES(EXPLICIT_TRANSACTION "\x08\0\x99\x11SQ\0\0\x20\0\0\0" ITEM_26 EXPLICIT_INSTANCE), 0, "cut off"},
    {"an end of nothing", EXPLICIT, BYTES(EXPLICIT_TRANSACTION ITEM_END), 0, "none can be"},
    {"an open value without end", EXPLICIT,
     BYTES(EXPLICIT_TRANSACTION "\x08\0\x11\x11SQ\0\0\xff\xff\xff\xff"), 0, "cut off"},
    {"a UID of 65", EXPLICIT,
     BYTES("\x08\0\x95\x11UI\x42\0"
           "1.2345678901234567890123456789012345678901234567890123456789012345"
           "67\0"),
     0, "64 characters"},
};

START_TEST(a_data_set_is_read)
{
    const struct row *row = &rows[_i];
    struct commitment commitment;
    const char *wrong = commitment_read(row->bytes, row->length, row->syntax, &commitment);
    ck_assert_msg((wrong != NULL) == (row->wrong != NULL), "%s: %s", row->label, wrong ? wrong : "is taken");
    ck_assert_msg(!wrong || strstr(wrong, row->wrong), "%s: %s", row->label, wrong);
    ck_assert_msg(commitment.count == row->count, "%s: %zu", row->label, commitment.count);
    for (size_t i = 0; !wrong && i < commitment.count; i++) {
        ck_assert_str_eq(commitment.transaction, "9.8");
        ck_assert_str_eq(commitment.references[i].sop_class, "1.2");
        ck_assert_str_eq(commitment.references[i].sop_instance, "1.2.3");
    }
    commitment_release(&commitment);
}
END_TEST

/* Every beginning of a data set is wrong, or a data set of its own. */
START_TEST(no_cut_is_read_past)
{
    const struct row *row = &rows[_i];
    for (size_t length = 0; length < row->length; length++) {
        struct commitment commitment;
        AUTO(text_release) struct text part = TEXT_EMPTY;
        text_append_bytes(&part, row->bytes, length);
        (void)commitment_read(part.bytes, length, row->syntax, &commitment);
        commitment_release(&commitment);
    }
}
END_TEST

/* A length that would end behind the address space. */
START_TEST(a_length_of_nearly_everything_is_none)
{
    static const char bytes[] = EXPLICIT_TRANSACTION "\x08\0\x99\x11OB\0\0\xfe\xff\xff\xff";
    struct commitment commitment;
    ck_assert_ptr_nonnull(commitment_read(bytes, sizeof bytes - 1, EXPLICIT, &commitment));
    commitment_release(&commitment);
}
END_TEST

START_TEST(more_than_can_be_are_refused)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    struct commitment commitment;
    text_append_bytes(&bytes, BYTES(EXPLICIT_TRANSACTION EXPLICIT_LIST_OPEN));
    for (int i = 0; i < COMMITMENT_REFERENCES_MOST; i++)
        text_append_bytes(&bytes, BYTES(ITEM_26 EXPLICIT_INSTANCE));
    text_append_bytes(&bytes, BYTES(ITEM_26 EXPLICIT_INSTANCE SEQUENCE_END));
    const char *wrong = commitment_read(bytes.bytes, bytes.length, EXPLICIT, &commitment);
    ck_assert(wrong && strstr(wrong, "20,000"));
    commitment_release(&commitment);
}
END_TEST

/* ---- as a file ---- */

static void make(struct commitment_request *request)
{
    *request = (struct commitment_request){.calling = "CT 01", .called = "FELUCCA", .address = "10.1.2.3"};
    memcpy(request->commitment.transaction, "9.8", 4);
    for (int i = 0; i < 3; i++)
        *commitment_add(&request->commitment) =
            (struct commitment_reference){.sop_class = "1.2 x", .sop_instance = "1.2.3"};
}

START_TEST(what_is_written_is_read)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    AUTO(commitment_request_release) struct commitment_request request, read;
    make(&request);
    commitment_request_encode(&request, &bytes);
    ck_assert_int_eq(commitment_request_decode(bytes.bytes, bytes.length, &read), 0);
    ck_assert_str_eq(read.calling, "CT 01");
    ck_assert_str_eq(read.called, "FELUCCA");
    ck_assert_str_eq(read.address, "10.1.2.3");
    ck_assert_str_eq(read.commitment.transaction, "9.8");
    ck_assert_uint_eq(read.commitment.count, 3);
    ck_assert_str_eq(read.commitment.references[2].sop_class, "1.2 x");
    for (size_t length = 0; length < bytes.length; length++) {
        commitment_request_release(&read);
        ck_assert_int_eq(commitment_request_decode(bytes.bytes, length, &read), ERR_SYNTAX);
    }
}
END_TEST

static const struct wrong_row {
    const char *label, *bytes;
} wrong_rows[] = {
    {"another version",
     "felucca commitment\t2\ncalling\tA\ncalled\tB\naddress\tC\ntransaction\t1\ninstance\t1\t2\nend\t1\n"},
    {"no instance", "felucca commitment\t1\ncalling\tA\ncalled\tB\naddress\tC\ntransaction\t1\nend\t0\n"},
    {"fewer instances than it says",
     "felucca commitment\t1\ncalling\tA\ncalled\tB\naddress\tC\ntransaction\t1\ninstance\t1\t2\nend\t2\n"},
    {"something behind the end",
     "felucca commitment\t1\ncalling\tA\ncalled\tB\naddress\tC\ntransaction\t1\ninstance\t1\t2\nend\t1\nx\n"},
    {"a title that is too long",
     "felucca commitment\t1\ncalling\tABCDEFGHIJKLMNOPQ\ncalled\tB\naddress\tC\ntransaction\t1\ninstance\t1\t2\nend\t1\n"},
    {"a title with a control character",
     "felucca commitment\t1\ncalling\tA\033[2J\ncalled\tB\naddress\tC\ntransaction\t1\ninstance\t1\t2\nend\t1\n"},
    {"a node that is no text",
     "felucca commitment\t1\ncalling\tA\ncalled\tB\xff\naddress\tC\ntransaction\t1\ninstance\t1\t2\nend\t1\n"},
    {"an address with a tab",
     "felucca commitment\t1\ncalling\tA\ncalled\tB\naddress\tC\tD\ntransaction\t1\ninstance\t1\t2\nend\t1\n"},
    {"an address that is none of an address' characters",
     "felucca commitment\t1\ncalling\tA\ncalled\tB\naddress\thost name\ntransaction\t1\ninstance\t1\t2\nend\t1\n"},
    {"no transaction",
     "felucca commitment\t1\ncalling\tA\ncalled\tB\naddress\tC\ntransaction\t\ninstance\t1\t2\nend\t1\n"},
    {"an instance without class",
     "felucca commitment\t1\ncalling\tA\ncalled\tB\naddress\tC\ntransaction\t1\ninstance\t2\nend\t1\n"},
};

START_TEST(what_is_none_of_ours_is_refused)
{
    AUTO(commitment_request_release) struct commitment_request read;
    ck_assert_msg(commitment_request_decode(wrong_rows[_i].bytes, strlen(wrong_rows[_i].bytes), &read) ==
                      ERR_SYNTAX,
                  "%s", wrong_rows[_i].label);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("commitment_data");
    tests_rows(tests, a_data_set_is_read, ROWS(rows));
    tests_rows(tests, no_cut_is_read_past, ROWS(rows));
    tests_add(tests, a_length_of_nearly_everything_is_none);
    tests_add(tests, more_than_can_be_are_refused);
    tests_add(tests, what_is_written_is_read);
    tests_rows(tests, what_is_none_of_ours_is_refused, ROWS(wrong_rows));
    return tests_run(tests);
}
