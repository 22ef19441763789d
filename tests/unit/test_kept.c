/* A kept header: conditions see in it what they see in the whole file, and what would not be so is not kept. */
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/dicom/dictionary.h"
#include "common/dicom/header.h"
#include "common/dicom/kept.h"
#include "tests/support/condition_rows.h"
#include "tests/support/dicom.h"
#include "tests/support/facts.h"
#include "tests/support/files.h"
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

static struct header *read_whole(const char *path)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct header *header = NULL;
    ck_assert_msg(header_read(path, NULL, &header, &reason) == 0, "%s", text_string(&reason));
    return header;
}

/* NULL: it cannot be kept. */
static struct header *keep(const char *path, size_t *ret_length)
{
    AUTO(header_destroy) struct header *whole = read_whole(path);
    AUTO(text_release) struct text kept = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct header *header = NULL;
    int fd = -1;
    if (!header_append_kept(whole, &kept))
        return NULL;
    *ret_length = kept.length;
    ck_assert_int_eq(kept_open(kept.bytes, kept.length, &fd), 0);
    ck_assert_int_eq(header_read_open(fd, NULL, &header, &reason), 0);
    ck_assert_ptr_null(header_incomplete(header));
    return header;
}

static bool holds(struct header *header, const char *expression)
{
    AUTO(condition_destroy) struct condition *condition = NULL;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    ck_assert_msg(condition_compile(expression, dictionary_for_conditions(), &condition, &error) == 0, "%s",
                  error.message);
    return condition_holds(condition, header_facts(header));
}

START_TEST(conditions_see_the_same)
{
    const struct condition_row *row = &condition_rows[_i];
    AUTO(facts_destroy) struct facts *facts = facts_create(row->attributes, dictionary_for_conditions());
    const char *path = sandbox_path(sandbox, "x.dcm");
    size_t length;
    if (!facts_write_dicom(facts, path))
        return; /* no file can hold this */
    AUTO(header_destroy) struct header *header = keep(path, &length);
    ck_assert_msg(header != NULL, "%s: it cannot be kept", row->label);
    ck_assert_msg(holds(header, row->expression) == row->verdict, "%s", row->label);
}
END_TEST

static const struct coding_row {
    const char *label;
    enum dicom_coding coding;
    bool encapsulated;
    uint64_t bytes;
} coding_rows[] = {
    {"explicit", DICOM_EXPLICIT_LE, false, 600000},   {"implicit", DICOM_IMPLICIT_LE, false, 600000},
    {"big endian", DICOM_EXPLICIT_BE, false, 600000}, {"in fragments", DICOM_EXPLICIT_LE, true, 600000},
    {"small", DICOM_EXPLICIT_LE, false, 0},
};

START_TEST(pixels_stay_behind_and_nothing_else)
{
    const struct coding_row *row = &coding_rows[_i];
    struct dicom_spec spec;
    size_t length = 0;
    const char *path = sandbox_path(sandbox, "x.dcm");
    dicom_spec_init(&spec, 1);
    spec.coding = row->coding;
    spec.encapsulated = row->encapsulated;
    if (row->bytes > 0)
        dicom_shape(&spec, row->bytes);
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    AUTO(header_destroy) struct header *whole = read_whole(path);
    AUTO(header_destroy) struct header *header = keep(path, &length);
    ck_assert_msg(header != NULL, "%s: it cannot be kept", row->label);
    ck_assert_msg(length < 2000, "%s: %zu bytes", row->label, length);
    for (int i = 0; i < HEADER_UIDS; i++)
        ck_assert_str_eq(header_uid(header, (enum header_uid)i), header_uid(whole, (enum header_uid)i));
    ck_assert_msg(holds(header, "tagIsPresent(#Tag.PixelData)") ==
                      holds(whole, "tagIsPresent(#Tag.PixelData)"),
                  "%s", row->label);
    ck_assert(holds(header, "tagValueIsPresent(#Tag.Modality, \"CT\")"));
}
END_TEST

START_TEST(what_would_not_be_the_same_is_not_kept)
{
    struct dicom_spec spec;
    size_t length;
    AUTO(text_release) struct text content = TEXT_EMPTY;
    const char *path = sandbox_path(sandbox, "x.dcm");
    dicom_spec_init(&spec, 1);
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    file_read(path, &content);
    file_write(path, content.bytes, content.length - 100); /* cut in its pixel data */
    ck_assert_ptr_null(keep(path, &length));
    int fd;
    ck_assert_int_eq(kept_open("nonsense", 8, &fd), ERR_SYNTAX);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("kept");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, conditions_see_the_same, condition_row_count);
    tests_rows(tests, pixels_stay_behind_and_nothing_else, ROWS(coding_rows));
    tests_add(tests, what_would_not_be_the_same_is_not_kept);
    return tests_run(tests);
}
