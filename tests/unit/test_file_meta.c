#include "common/spool/file_meta.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "tests/support/suite.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A file in memory with these bytes. */
static int file_of(const void *bytes, size_t length)
{
    int fd = memfd_create("file_meta", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
    return fd;
}

#define UID_64 "1.2.826.0.1.3680043.8.498.12345678901234567890123456789012345678"

static const struct round_row {
    const char *label;
    struct file_meta meta;
} round_rows[] = {
    {"everything",
     {"1.2.840.10008.5.1.4.1.1.2", "1.2.3.4", "1.2.840.10008.1.2.1", "CT01", "FELUCCA", "10.1.2.3",
      FILE_META_LOW}},
    {"what leaves the house",
     {.sop_class = "1.2.840.10008.5.1.4.1.1.2",
      .sop_instance = "1.2.3",
      .transfer_syntax = "1.2.840.10008.1.2"}},
    {"longest values",
     {UID_64, UID_64, UID_64, "SIXTEENLETTERS16", "16LETTERSSIXTEEN",
      "1111:2222:3333:4444:5555:6666:255.255.255.255", FILE_META_HIGH}},
    {"empty identifiers",
     {.transfer_syntax = "1.2.840.10008.1.2.4.70",
      .calling_aet = "A",
      .called_aet = "B",
      .source_address = "::1"}},
    {"blanks inside a title",
     {"1.2", "1.3", "1.2.840.10008.1.2", "MY PACS", "FELUCCA", "127.0.0.1", FILE_META_MEDIUM}},
};

START_TEST(what_was_written_is_read)
{
    const struct round_row *row = &round_rows[_i];
    AUTO(text_release) struct text out = TEXT_EMPTY;
    file_meta_encode(&row->meta, &out);
    size_t header = out.length;
    ck_assert_msg(header % 2 == 0, "%s", row->label);
    text_append(&out, "\x08");
    AUTO(fd_close) int fd = file_of(out.bytes, out.length);

    struct file_meta meta;
    int64_t offset = 0;
    ck_assert_msg(file_meta_read(fd, &meta, &offset) == 0, "%s", row->label);
    ck_assert_int_eq(offset, (int64_t)header);
    ck_assert_str_eq(meta.sop_class, row->meta.sop_class);
    ck_assert_str_eq(meta.sop_instance, row->meta.sop_instance);
    ck_assert_str_eq(meta.transfer_syntax, row->meta.transfer_syntax);
    ck_assert_str_eq(meta.calling_aet, row->meta.calling_aet);
    ck_assert_str_eq(meta.called_aet, row->meta.called_aet);
    ck_assert_str_eq(meta.source_address, row->meta.source_address);
    ck_assert_int_eq(meta.priority, row->meta.priority);
    ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), (off_t)out.length);
}
END_TEST

START_TEST(nothing_of_the_house_is_in_a_header_for_sending)
{
    AUTO(text_release) struct text out = TEXT_EMPTY;
    file_meta_encode(&round_rows[1].meta, &out);
    ck_assert_ptr_null(memmem(out.bytes, out.length, FILE_META_CREATOR, strlen(FILE_META_CREATOR)));
    ck_assert_ptr_null(memmem(out.bytes, out.length, "address", 7));
    ck_assert_ptr_null(memmem(out.bytes, out.length, "AE", 2));
}
END_TEST

/* A header written by somebody else: group length 0, then elements. */
#define GROUP(length) "DICM\x02\0\0\0UL\x04\0" length
#define SYNTAX_ELEMENT     \
    "\x02\0\x10\0UI\x12\0" \
    "1.2.840.10008.1.2\0"

static const struct foreign_row {
    const char *label;
    const char *bytes; /* after the preamble */
    size_t length;
    int rc;
} foreign_rows[] = {
#define FOREIGN(label, bytes, rc)           \
    {                                       \
        label, bytes, sizeof(bytes) - 1, rc \
    }
    FOREIGN("least", GROUP("\x1a\0\0\0") SYNTAX_ELEMENT, 0),
    FOREIGN("unknown elements",
            GROUP("\x36\0\0\0") SYNTAX_ELEMENT "\x02\0\x26\0UR\0\0\x06\0\0\0http:/"
                                               "\x02\0\x99\0LO\x02\0xx",
            0),
    FOREIGN("foreign private information",
            GROUP("\x3a\0\0\0") SYNTAX_ELEMENT "\x02\0\0\x01UI\x04\0"
                                               "1.2\0"
                                               "\x02\0\x02\x01OB\0\0\x08\0\0\0address=",
            0),
    FOREIGN("no prefix", "DICX\x02\0\0\0UL\x04\0\x1a\0\0\0" SYNTAX_ELEMENT, ERR_SYNTAX),
    FOREIGN("no group length", "DICM" SYNTAX_ELEMENT, ERR_SYNTAX),
    FOREIGN("cut in the middle",
            GROUP("\x1a\0\0\0") "\x02\0\x10\0UI\x12\0"
                                "1.2.840",
            ERR_SYNTAX),
    FOREIGN("element longer than the group",
            GROUP("\x1a\0\0\0") "\x02\0\x10\0UI\xff\0"
                                "1.2.840.10008.1.2\0",
            ERR_SYNTAX),
    FOREIGN("group ends inside an element", GROUP("\x1e\0\0\0") SYNTAX_ELEMENT "\x02\0\x02\0", ERR_SYNTAX),
    FOREIGN("long element ends inside its length",
            GROUP("\x23\0\0\0") SYNTAX_ELEMENT "\x02\0\x02\x01OB\0\0\x08", ERR_SYNTAX),
    FOREIGN("other group inside", GROUP("\x24\0\0\0") SYNTAX_ELEMENT "\x08\0\x05\0CS\x02\0XX", ERR_SYNTAX),
    FOREIGN("group too long", GROUP("\xff\xff\xff\xff") SYNTAX_ELEMENT, ERR_SYNTAX),
    FOREIGN("no transfer syntax",
            GROUP("\x0c\0\0\0") "\x02\0\x02\0UI\x04\0"
                                "1.2\0",
            ERR_SYNTAX),
    FOREIGN("identifier longer than 64", GROUP("\x4a\0\0\0") "\x02\0\x10\0UI\x42\0" UID_64 "55", ERR_SYNTAX),
    FOREIGN("empty file", "", ERR_SYNTAX),
};

START_TEST(a_foreign_header_is_read_or_refused)
{
    const struct foreign_row *row = &foreign_rows[_i];
    AUTO(text_release) struct text file = TEXT_EMPTY;
    static const char preamble[128];
    text_append_bytes(&file, preamble, sizeof preamble);
    text_append_bytes(&file, row->bytes, row->length);
    AUTO(fd_close) int fd = file_of(file.bytes, file.length);
    struct file_meta meta;
    int64_t offset = 0;
    ck_assert_msg(file_meta_read(fd, &meta, &offset) == row->rc, "%s", row->label);
    if (row->rc == 0) {
        ck_assert_int_eq(offset, (int64_t)file.length);
        ck_assert_str_eq(meta.transfer_syntax, "1.2.840.10008.1.2");
        ck_assert_str_eq(meta.source_address, "");
    }
}
END_TEST

START_TEST(an_unreadable_file_is_an_io_error)
{
    struct file_meta meta;
    int64_t offset;
    ck_assert_int_eq(file_meta_read(-1, &meta, &offset), ERR_IO);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("file_meta");
    tests_rows(tests, what_was_written_is_read, ROWS(round_rows));
    tests_add(tests, nothing_of_the_house_is_in_a_header_for_sending);
    tests_rows(tests, a_foreign_header_is_read_or_refused, ROWS(foreign_rows));
    tests_add(tests, an_unreadable_file_is_an_io_error);
    return tests_run(tests);
}
