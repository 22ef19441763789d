/* Headers of files that are broken, odd, or real. */
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/dicom/dictionary.h"
#include "common/dicom/header.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <string.h>
#include <sys/stat.h>

static struct sandbox *sandbox;

static void setup(void)
{
    sandbox = sandbox_create();
}

static void teardown(void)
{
    sandbox_destroy(&sandbox);
}

static const char *text_of(struct header *header, struct condition_path path, size_t index)
{
    const struct condition_facts *facts = header_facts(header);
    size_t length = 0;
    return facts->text(facts->context, &path, index, &length);
}

static bool is_present(struct header *header, struct condition_path path)
{
    const struct condition_facts *facts = header_facts(header);
    return facts->is_present(facts->context, &path);
}

#define TAG(tag) ((struct condition_path){{tag}, 1, ""})

static const struct dicom_element inner[] = {{0x0008, 0x0100, "SH", "T-1", 0, NULL, 0}};
static const struct dicom_item code[] = {{inner, 1}};
static const struct dicom_element step[] = {{0x0040, 0x0007, "LO", "Head", 0, NULL, 0},
                                            {0x0040, 0x0008, "SQ", NULL, 0, code, 1}};
static const struct dicom_item steps[] = {{step, 2}, {step, 2}};
static const struct dicom_element sequence = {0x0040, 0x0275, "SQ", NULL, 0, steps, 2};

/* --- what is no DICOM --- */

static int read_reason(const char *path, struct text *reason)
{
    AUTO(header_destroy) struct header *header = NULL;
    int error = header_read(path, NULL, &header, reason);
    ck_assert(error == 0 ? header != NULL : header == NULL);
    ck_assert_msg(error == 0 || reason->length > 0, "no sentence for %s", path);
    return error;
}

START_TEST(what_is_no_file_is_refused)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_int_eq(read_reason(sandbox_path(sandbox, "absent"), &reason), ERR_ABSENT);
    ck_assert_int_eq(read_reason(sandbox_folder(sandbox), &reason), ERR_IO);
    const char *fifo = sandbox_path(sandbox, "fifo");
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    ck_assert_int_eq(read_reason(fifo, &reason), ERR_IO);
    ck_assert_int_eq(read_reason("/dev/zero", &reason), ERR_IO);
}
END_TEST

static const struct broken_row {
    const char *label, *bytes;
    size_t length;
} broken_rows[] = {
    {"empty", "", 0},
    {"one byte", "x", 1},
    {"text", "This is a letter and no DICOM file at all.\n", 43},
    {"zeros", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 32},
    {"ones", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 16},
};

START_TEST(what_is_no_dicom_is_refused)
{
    const struct broken_row *row = &broken_rows[_i];
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const char *path = sandbox_path(sandbox, "x");
    file_write(path, row->bytes, row->length);
    ck_assert_msg(read_reason(path, &reason) == ERR_SYNTAX, "%s: is taken", row->label);
}
END_TEST

/* A file that is cut anywhere before its pixels' bytes is refused, is incomplete, or
 * is exactly the shorter data set. */
START_TEST(cut_anywhere_never_crashes)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    const char *path = sandbox_path(sandbox, "x.dcm"), *cut = sandbox_path(sandbox, "cut.dcm");
    struct dicom_spec spec;
    dicom_spec_init(&spec, 1);
    spec.extra = &sequence;
    spec.extra_count = 1;
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    file_read(path, &bytes);
    size_t head = bytes.length - 64 * 64 * 2, refused = 0;
    for (size_t length = 0; length < head; length++) {
        AUTO(text_release) struct text reason = TEXT_EMPTY;
        file_write(cut, bytes.bytes, length);
        AUTO(header_destroy) struct header *header = NULL;
        refused += header_read(cut, NULL, &header, &reason) != 0 || header_incomplete(header);
    }
    ck_assert_uint_gt(refused, head / 2);
}
END_TEST

static void spoil(struct text *bytes, size_t from, uint64_t *state)
{
    for (int i = 0; i < 8; i++) {
        *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
        bytes->bytes[from + *state % (bytes->length - from)] = (char)(*state >> 32);
    }
}

START_TEST(spoiled_bytes_never_crash)
{
    AUTO(text_release) struct text good = TEXT_EMPTY;
    const char *path = sandbox_path(sandbox, "x.dcm"), *bad = sandbox_path(sandbox, "bad.dcm");
    struct dicom_spec spec;
    uint64_t state = 88172645463325252u + (uint64_t)_i;
    dicom_spec_init(&spec, 1);
    spec.rows = spec.columns = 2;
    spec.extra = &sequence;
    spec.extra_count = 1;
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    file_read(path, &good);
    for (int i = 0; i < 300; i++) {
        AUTO(text_release) struct text bytes = TEXT_EMPTY;
        AUTO(text_release) struct text reason = TEXT_EMPTY;
        AUTO(header_destroy) struct header *header = NULL;
        text_append_bytes(&bytes, good.bytes, good.length);
        spoil(&bytes, 132, &state);
        file_write(bad, bytes.bytes, bytes.length);
        if (header_read(bad, NULL, &header, &reason) != 0)
            continue;
        static const struct condition_path paths[] = {{{0x00080060}, 1, ""},
                                                      {{0x00100010}, 1, ""},
                                                      {{0x00400275}, 1, ""},
                                                      {{0x00400275, 0x00400007}, 2, ""},
                                                      {{0x00400275, 0x00400008, 0x00080100}, 3, ""},
                                                      {{0x7FE00010}, 1, ""}};
        for (size_t k = 0; k < ROWS(paths); k++) {
            bool present = is_present(header, paths[k]);
            const char *text = text_of(header, paths[k], 0);
            ck_assert(present || !text);
        }
    }
}
END_TEST

/* --- real files --- */

#define PYDICOM "/usr/lib/python3/dist-packages/pydicom/data"

struct tally {
    size_t read, refused, without_uid;
};

static void take_real(void *context, const char *path)
{
    struct tally *tally = context;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(header_destroy) struct header *header = NULL;
    size_t length = strlen(path);
    if (length > 3 && (strcmp(path + length - 3, ".py") == 0 || strcmp(path + length - 4, ".pyc") == 0))
        return;
    if (header_read(path, NULL, &header, &reason) != 0) {
        ck_assert_uint_gt(reason.length, 0);
        tally->refused++;
        return;
    }
    tally->read++;
    tally->without_uid += header_uid(header, HEADER_SOP_INSTANCE) == NULL;
    const struct condition_dictionary *dictionary = dictionary_for_conditions();
    static const char *const keywords[] = {
        "Modality", "PatientName",  "StudyDescription",          "ImageType",
        "Rows",     "PixelSpacing", "RequestAttributesSequence", "PixelData"};
    for (size_t i = 0; i < ROWS(keywords); i++) {
        struct condition_path where = {.depth = 1};
        ck_assert(dictionary->tag_of(dictionary->context, keywords[i], &where.tags[0]));
        bool present = is_present(header, where);
        const char *text = text_of(header, where, 0);
        ck_assert_msg(present || !text, "%s: %s has a text but is not there", path, keywords[i]);
    }
}

START_TEST(real_and_odd_files_are_read)
{
    struct tally tally = {0, 0, 0};
    ck_assert_msg(file_exists(PYDICOM), "the package python3-pydicom is missing");
    folder_walk(PYDICOM, take_real, &tally);
    ck_assert_uint_ge(tally.read, 90);
    ck_assert_uint_ge(tally.refused, 5);
    ck_assert_uint_ge(tally.without_uid, 5);
}
END_TEST

static const struct name_row {
    const char *file, *name;
} name_rows[] = {
    {"chrArab.dcm", "قباني^لنزار"},
    {"chrFren.dcm", "Buc^Jérôme"},
    {"chrGerm.dcm", "Äneas^Rüdiger"},
    {"chrGreek.dcm", "Διονυσιος"},
    {"chrH31.dcm", "Yamada^Tarou=山田^太郎=やまだ^たろう"},
    {"chrH32.dcm", "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"},
    {"chrHbrw.dcm", "שרון^דבורה"},
    {"chrI2.dcm", "Hong^Gildong=洪^吉洞=홍^길동"},
    {"chrRuss.dcm", "Люкceмбypг"},
    {"chrX1.dcm", "Wang^XiaoDong=王^小東="},
    {"chrX2.dcm", "Wang^XiaoDong=王^小东="},
    {"chrFrenMulti.dcm", "Buc^Jérôme"},
};

START_TEST(real_names_are_decoded)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(text_release) struct text path = TEXT_EMPTY;
    AUTO(header_destroy) struct header *header = NULL;
    text_format(&path, PYDICOM "/charset_files/%s", name_rows[_i].file);
    ck_assert_int_eq(header_read(path.bytes, NULL, &header, &reason), 0);
    ck_assert_pstr_eq(text_of(header, TAG(0x00100010), 0), name_rows[_i].name);
}
END_TEST

START_TEST(a_deflated_file_is_read)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(header_destroy) struct header *header = NULL;
    ck_assert_int_eq(header_read(PYDICOM "/test_files/image_dfl.dcm", NULL, &header, &reason), 0);
    ck_assert(is_present(header, TAG(0x7FE00010)));
    ck_assert_pstr_eq(text_of(header, TAG(0x00280010), 0), "512");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("header_odd");
    tests_fixture(tests, setup, teardown);
    tests_add(tests, what_is_no_file_is_refused);
    tests_rows(tests, what_is_no_dicom_is_refused, ROWS(broken_rows));
    tests_add(tests, cut_anywhere_never_crashes);
    tests_rows(tests, spoiled_bytes_never_crash, 4);
    tests_add(tests, real_and_odd_files_are_read);
    tests_rows(tests, real_names_are_decoded, ROWS(name_rows));
    tests_add(tests, a_deflated_file_is_read);
    return tests_run(tests);
}
