#include "tests/support/dicom.h"

#include "common/base/cleanup.h"
#include "tests/support/digest.h"
#include "tests/support/files.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <string.h>

static struct sandbox *sandbox;

static void set_up(void)
{
    sandbox = sandbox_create();
}

static void tear_down(void)
{
    sandbox_destroy(&sandbox);
}

static const struct dicom_element purpose[] = {{0x0008, 0x0104, "LO", "nested", 0, NULL, 0}};
static const struct dicom_item purposes[] = {{purpose, 1}};
static const struct dicom_element extra[] = {
    {0x0008, 0x1030, "LO", "replaced", 0, NULL, 0},
    {0x0008, 0x1140, "SQ", NULL, 0, purposes, 1},
    {0x0018, 0x9073, "FD", "\0\0\0\0\0\0\xF8\x3F", 8, NULL, 0},
    {0x0020, 0x0013, NULL, NULL, 0, NULL, 0},
    {0x0028, 0x0106, "US", "\x01\x02", 2, NULL, 0},
};

static const struct row {
    const char *label;
    enum dicom_coding coding;
    const char *syntax; /* NULL: the coding's */
    bool encapsulated;
} rows[] = {
    {"explicit little endian", DICOM_EXPLICIT_LE, NULL, false},
    {"implicit little endian", DICOM_IMPLICIT_LE, NULL, false},
    {"explicit big endian", DICOM_EXPLICIT_BE, NULL, false},
    {"encapsulated", DICOM_EXPLICIT_LE, "1.2.840.10008.1.2.4.50", true},
};

/* DCMTK is the judge: it has to read the file whole, and see what the spec says. */
START_TEST(dcmtk_reads_it)
{
    const struct row *row = &rows[_i];
    struct dicom_spec spec;
    dicom_spec_init(&spec, 7);
    spec.coding = row->coding;
    spec.transfer_syntax = row->syntax;
    spec.encapsulated = row->encapsulated;
    spec.extra = extra;
    spec.extra_count = ROWS(extra);
    const char *path = sandbox_path(sandbox, "a.dcm");
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    AUTO(text_release) struct text dump = TEXT_EMPTY;
    const char *const argv[] = {"dcmdump", "--load-all", path, NULL};
    ck_assert_msg(process_run(argv, NULL, 20000, &dump) == 0, "%s: %s", row->label, text_string(&dump));
    static const char *const seen[] = {"[replaced]",          "[nested]",       "FD 1.5", "US 513", "US 64",
                                       "[Felucca^Synthetic]", "=CTImageStorage"};
    for (size_t i = 0; i < ROWS(seen); i++)
        ck_assert_msg(strstr(text_string(&dump), seen[i]), "%s: no %s in %s", row->label, seen[i],
                      text_string(&dump));
    ck_assert_msg(!strstr(text_string(&dump), "InstanceNumber"), "%s", row->label);
    ck_assert_int_gt(file_data_set_offset(path), 132);
}
END_TEST

static const struct size_row {
    const char *label;
    uint64_t size;
} size_rows[] = {{"5 KB", 5 << 10}, {"529 KB", 529 << 10}, {"40 MB", 40 << 20}};

START_TEST(size_is_about_what_was_wished)
{
    struct dicom_spec spec;
    dicom_spec_init(&spec, 1);
    dicom_shape(&spec, size_rows[_i].size);
    const char *path = sandbox_path(sandbox, "a.dcm");
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    int64_t difference = file_size(path) - (int64_t)size_rows[_i].size;
    ck_assert_msg(difference > -600 && difference < 600, "%s: off by %lld", size_rows[_i].label,
                  (long long)difference);
    ck_assert_uint_le(spec.rows, 65535);
}
END_TEST

START_TEST(same_seed_same_bytes_other_seed_other_bytes)
{
    struct dicom_spec base;
    dicom_spec_init(&base, 1);
    const char *a = sandbox_make_folder(sandbox, "a"), *b = sandbox_make_folder(sandbox, "b");
    ck_assert_int_eq(dicom_write_study(&base, 5, 2, 3, a, NULL, NULL), 0);
    ck_assert_int_eq(dicom_write_study(&base, 5, 2, 3, b, NULL, NULL), 0);
    ck_assert_uint_eq(folder_count(a, ".dcm"), 6);
    const char *first = sandbox_path(sandbox, "a/S2-I00003.dcm");
    ck_assert(files_equal(first, 0, sandbox_path(sandbox, "b/S2-I00003.dcm"), 0));
    ck_assert(!files_equal(first, 0, sandbox_path(sandbox, "a/S1-I00003.dcm"), 0));
    ck_assert(!files_same_data_set(first, sandbox_path(sandbox, "a/S2-I00002.dcm")));
    char uid[DICOM_UID_SIZE], other[DICOM_UID_SIZE];
    dicom_uid(uid, 5, 1, 1);
    dicom_uid(other, 6, 1, 1);
    ck_assert_str_ne(uid, other);
}
END_TEST

/* XXH64's published values. */
static const struct digest_row {
    const char *label, *text;
    uint64_t value;
} digest_rows[] = {
    {"nothing", "", 0xEF46DB3751D8E999u},
    {"three letters", "abc", 0x44BC2CF5AD770999u},
    {"more than a stripe", "Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1u},
};

START_TEST(digest_is_xxh64)
{
    const struct digest_row *row = &digest_rows[_i];
    struct digest digest;
    digest_begin(&digest);
    for (const char *c = row->text; *c; c++)
        digest_add(&digest, c, 1);
    ck_assert_msg(digest_value(&digest) == row->value, "%s, byte by byte", row->label);
    digest_begin(&digest);
    digest_add(&digest, row->text, strlen(row->text));
    ck_assert_msg(digest_value(&digest) == row->value, "%s, at once", row->label);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("dicom");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, dcmtk_reads_it, ROWS(rows));
    tests_rows(tests, size_is_about_what_was_wished, ROWS(size_rows));
    tests_add(tests, same_seed_same_bytes_other_seed_other_bytes);
    tests_rows(tests, digest_is_xxh64, ROWS(digest_rows));
    return tests_run(tests);
}
