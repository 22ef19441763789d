/* What goes from felucca-header to the router: conditions see the same in it as in the header itself, and whatever
 * bytes come, a reading is well-formed, or there is none. */
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/dicom/dictionary.h"
#include "common/reading/channel.h"
#include "common/reading/reading.h"
#include "tests/support/condition_rows.h"
#include "tests/support/dicom.h"
#include "tests/support/facts.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct sandbox *sandbox;
static struct questions *questions;

static void set_up(void)
{
    sandbox = sandbox_create();
    questions = questions_create();
}

static void tear_down(void)
{
    questions_destroy(&questions);
    sandbox_destroy(&sandbox);
}

static struct condition *compile(const char *expression)
{
    struct condition *condition = NULL;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    ck_assert_msg(condition_compile(expression, dictionary_for_conditions(), &condition, &error) == 0, "%s",
                  error.message);
    return condition;
}

/* As the router and its helper do it: the questions go there as bytes, and the answers come back as bytes. */
static void read_bytes(const char *path, struct text *out)
{
    AUTO(text_release) struct text asked = TEXT_EMPTY;
    AUTO(questions_destroy) struct questions *there = NULL;
    questions_write(questions, &asked);
    ck_assert_int_eq(questions_read(text_string(&asked), asked.length, &there), 0);
    ck_assert_uint_eq(questions_count(there), questions_count(questions));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    reading_write(fd, there, out);
}

static int parse(const char *bytes, size_t length, struct reading **ret_reading)
{
    return reading_parse(memory_string_n(bytes, length), length, questions, ret_reading);
}

static struct reading *read_file(const char *path)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    struct reading *reading = NULL;
    read_bytes(path, &bytes);
    ck_assert_int_eq(parse(bytes.bytes, bytes.length, &reading), 0);
    return reading;
}

/* ---- the same as the header ---- */

static void check(const struct condition_row *row)
{
    AUTO(facts_destroy) struct facts *facts = facts_create(row->attributes, dictionary_for_conditions());
    AUTO(condition_destroy) struct condition *condition = compile(row->expression);
    const char *path = sandbox_path(sandbox, "x.dcm");
    if (!facts_write_dicom(facts, path))
        return; /* no file can hold this */
    questions_add(questions, condition);
    AUTO(reading_destroy) struct reading *reading = read_file(path);
    ck_assert_int_eq(reading_code(reading), 0);
    ck_assert_msg(condition_holds(condition, reading_facts(reading, NULL)) == row->verdict, "%s: is %s",
                  row->label, row->verdict ? "false" : "true");
}

START_TEST(verdict_is_as_in_karnak)
{
    check(&condition_rows[_i]);
}
END_TEST

START_TEST(verdict_goes_beyond_karnak)
{
    check(&condition_more_rows[_i]);
}
END_TEST

static const char *const doubtful[] = {
    "tagIsPresent(#Tag.BodyPartExamined)",
    "!tagIsPresent(#Tag.BodyPartExamined)",
    "tagValueContains(#Tag.BodyPartExamined, \"X\")",
    "tagText(#Tag.BodyPartExamined) != \"X\"",
    "tagNumber(#Tag.SeriesNumber) == 1",
    "tagNumber(#Tag.Rows) != 1",
    "tagIsPresent(\"0040,0275/0040,0007\")",
    "tagValueIsPresent(#Tag.Modality, \"CT\")",
    "tagValueIsPresent(#Tag.Modality, \"CT\") && tagIsPresent(\"0019,100C\")",
};

/* A file that is cut anywhere: the same verdict, the same reasons, the same place. */
START_TEST(a_broken_header_is_as_broken)
{
    struct condition *conditions[ROWS(doubtful)];
    AUTO(text_release) struct text file = TEXT_EMPTY;
    struct dicom_spec spec;
    size_t incomplete = 0, undecided = 0;
    const char *path = sandbox_path(sandbox, "x.dcm");
    dicom_spec_init(&spec, 1);
    spec.body_part = "HEAD";
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    file_read(path, &file);
    for (size_t i = 0; i < ROWS(doubtful); i++)
        questions_add(questions, conditions[i] = compile(doubtful[i]));
    for (size_t length = 300; length < 1200 && length < file.length; length += 7) {
        AUTO(header_destroy) struct header *header = NULL;
        AUTO(text_release) struct text reason = TEXT_EMPTY;
        file_write(path, file.bytes, length);
        int code = header_read(path, NULL, &header, &reason);
        AUTO(reading_destroy) struct reading *reading = read_file(path);
        ck_assert_int_eq(reading_code(reading), code);
        ck_assert_str_eq(reading_reason(reading), text_string(&reason));
        if (code != 0)
            continue;
        ck_assert_pstr_eq(reading_incomplete(reading), header_incomplete(header));
        incomplete += header_incomplete(header) != NULL;
        for (int i = 0; i < HEADER_UIDS; i++)
            ck_assert_pstr_eq(reading_uid(reading, (enum header_uid)i),
                              header_uid(header, (enum header_uid)i));
        for (size_t i = 0; i < ROWS(doubtful); i++) {
            AUTO(text_release) struct text one = TEXT_EMPTY;
            AUTO(text_release) struct text other = TEXT_EMPTY;
            enum condition_verdict verdict = condition_judge(conditions[i], header_facts(header));
            ck_assert_int_eq(condition_judge(conditions[i], reading_facts(reading, NULL)), verdict);
            if (verdict != CONDITION_UNDECIDED)
                continue;
            undecided++;
            condition_tell_doubt(conditions[i], dictionary_for_conditions(), header_facts(header), &one);
            condition_tell_doubt(conditions[i], dictionary_for_conditions(), reading_facts(reading, NULL),
                                 &other);
            ck_assert_str_eq(text_string(&one), text_string(&other));
        }
    }
    ck_assert_uint_gt(incomplete, 0);
    ck_assert_uint_gt(undecided, 0);
    for (size_t i = 0; i < ROWS(doubtful); i++)
        condition_destroy(&conditions[i]);
}
END_TEST

START_TEST(what_was_not_asked_is_unknown)
{
    AUTO(condition_destroy) struct condition *asked = compile("tagIsPresent(#Tag.Modality)");
    AUTO(condition_destroy) struct condition *other = compile("!tagIsPresent(#Tag.StudyDescription)");
    AUTO(condition_destroy) struct condition *more = compile("tagText(#Tag.Modality) != \"XX\"");
    struct dicom_spec spec;
    const char *path = sandbox_path(sandbox, "x.dcm");
    dicom_spec_init(&spec, 1);
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    questions_add(questions, asked);
    AUTO(reading_destroy) struct reading *reading = read_file(path);
    ck_assert_int_eq(condition_judge(asked, reading_facts(reading, NULL)), CONDITION_TRUE);
    ck_assert_int_eq(condition_judge(other, reading_facts(reading, NULL)), CONDITION_UNDECIDED);
    ck_assert_int_eq(condition_judge(more, reading_facts(reading, NULL)), CONDITION_UNDECIDED);
}
END_TEST

START_TEST(facts_of_the_transfer_are_those_of_who_knows_them)
{
    AUTO(condition_destroy)
    struct condition *condition = compile("callingAET == \"HERE\" && sourceAddress == \"::1\"");
    AUTO(facts_destroy) struct facts *facts = facts_create("callingAET=THERE", dictionary_for_conditions());
    const struct header_transfer transfer = {.calling_aet = "HERE", .source_address = "::1"};
    const char *path = sandbox_path(sandbox, "x.dcm");
    ck_assert(facts_write_dicom(facts, path));
    AUTO(reading_destroy) struct reading *reading = read_file(path);
    ck_assert(!condition_holds(condition, reading_facts(reading, NULL)));
    ck_assert(condition_holds(condition, reading_facts(reading, &transfer)));
}
END_TEST

/* ---- a disk that fails ---- */

static int reads_left = -1; /* -1: all go well */

/* In front of libc's, for what is linked into this program. */
ssize_t pread(int fd, void *buffer, size_t length, off_t offset)
{
    if (reads_left == 0) {
        errno = EIO;
        return -1;
    }
    reads_left -= reads_left > 0;
    return (ssize_t)syscall(SYS_pread64, fd, buffer, length, offset);
}

/* Whichever read fails: the walk's, or that of a value afterwards, which lies in no window any more. */
START_TEST(a_read_that_fails_is_no_fault_of_the_file)
{
    static char large[64 << 10];
    const struct dicom_element extra[] = {{0x0009, 0x0010, "LO", "FELUCCA TEST", 0, NULL, 0},
                                          {0x0009, 0x1010, "UT", large, 0, NULL, 0},
                                          {0x0018, 0x0015, "CS", "HEAD", 0, NULL, 0},
                                          {0x0040, 0x4035, "UT", large, 0, NULL, 0}};
    AUTO(condition_destroy)
    struct condition *condition = compile("tagText(#Tag.BodyPartExamined) == \"HEAD\"");
    struct dicom_spec spec;
    const char *path = sandbox_path(sandbox, "x.dcm");
    unsigned failed = 0;
    bool is_whole = false;
    memset(large, 'x', sizeof large - 1);
    dicom_spec_init(&spec, 1);
    spec.extra = extra;
    spec.extra_count = sizeof extra / sizeof *extra;
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    questions_add(questions, condition);
    for (int reads = 0; !is_whole; reads++) {
        reads_left = reads;
        AUTO(reading_destroy) struct reading *reading = read_file(path);
        is_whole = reads_left != 0;
        reads_left = -1;
        if (reading_code(reading) != 0) {
            ck_assert_int_eq(reading_code(reading), ERR_IO);
            failed++;
            continue;
        }
        ck_assert_int_eq(condition_judge(condition, reading_facts(reading, NULL)), CONDITION_TRUE);
    }
    ck_assert_uint_gt(failed, 2);
}
END_TEST

START_TEST(a_width_brings_no_text)
{
    const struct condition_path path = {.tags = {0x00081030}, .depth = 1},
                                none = {.tags = {0x00100010}, .depth = 1};
    const struct dicom_element extra = {0x0008, 0x1030, "LO", "K\xc3\xb6pfchen", 0, NULL, 0};
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    struct dicom_spec spec;
    struct reading *reading = NULL;
    const char *path_of_file = sandbox_path(sandbox, "x.dcm");
    dicom_spec_init(&spec, 1);
    spec.extra = &extra;
    spec.extra_count = 1;
    ck_assert_int_eq(dicom_write(&spec, path_of_file), 0);
    questions_add_width(questions, &path);
    read_bytes(path_of_file, &bytes);
    ck_assert_ptr_null(memmem(bytes.bytes, bytes.length, "pfchen", 6));
    ck_assert_int_eq(parse(bytes.bytes, bytes.length, &reading), 0);
    size_t length;
    ck_assert_uint_gt(reading_width(reading, &path), 7);
    ck_assert_uint_eq(reading_width(reading, &none), 0);
    const struct condition_facts *facts = reading_facts(reading, NULL);
    ck_assert_ptr_null(facts->text(facts->context, &path, 0, &length));
    reading_destroy(&reading);
}
END_TEST

/* ---- any bytes ---- */

static void ask_everything(struct reading *reading, const struct condition *condition)
{
    AUTO(text_release) struct text told = TEXT_EMPTY;
    if (reading_code(reading) != 0) {
        ck_assert_int_lt(reading_code(reading), 0);
        return;
    }
    for (int i = 0; i < HEADER_UIDS; i++) {
        const char *uid = reading_uid(reading, (enum header_uid)i);
        ck_assert(!uid || (*uid && strlen(uid) <= 64));
        (void)reading_tell_uid(reading, (enum header_uid)i, &told);
    }
    if (condition_judge(condition, reading_facts(reading, NULL)) == CONDITION_UNDECIDED)
        condition_tell_doubt(condition, dictionary_for_conditions(), reading_facts(reading, NULL), &told);
    if (reading_incomplete(reading))
        text_append(&told, reading_incomplete(reading));
    for (size_t i = 0; i < told.length; i++)
        ck_assert(told.bytes[i] == '\n' || (unsigned char)told.bytes[i] >= ' ');
}

START_TEST(no_bytes_make_a_reading_that_is_none)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    AUTO(condition_destroy)
    struct condition *condition =
        compile("tagValueContains(\"0040,0275/0040,0007\", \"A\") || tagNumber(#Tag.Rows) > 70 || "
                "tagIsPresent(#Tag.BodyPartExamined) || tagText(#Tag.Modality) == \"XX\"");
    struct dicom_spec spec;
    size_t refused = 0, taken = 0;
    const char *path = sandbox_path(sandbox, "x.dcm");
    dicom_spec_init(&spec, 1);
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    questions_add(questions, condition);
    read_bytes(path, &bytes);
    for (size_t length = 0; length < bytes.length; length++) {
        AUTO(reading_destroy) struct reading *reading = NULL;
        ck_assert_int_eq(parse(bytes.bytes, length, &reading), ERR_SYNTAX);
    }
    for (size_t i = 0; i < bytes.length * 8; i++) {
        AUTO(reading_destroy) struct reading *reading = NULL;
        bytes.bytes[i / 8] ^= (char)(1 << i % 8);
        if (parse(bytes.bytes, bytes.length, &reading) == 0) {
            ask_everything(reading, condition);
            taken++;
        } else
            refused++;
        bytes.bytes[i / 8] ^= (char)(1 << i % 8);
    }
    ck_assert_uint_gt(refused, 0);
    ck_assert_uint_gt(taken, 0);
}
END_TEST

START_TEST(no_bytes_make_questions_that_are_none)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    AUTO(condition_destroy)
    struct condition *condition =
        compile("tagIsPresent(\"0040,0275/0040,0007\") && tagIsPresent(#Tag.Modality)");
    size_t refused = 0;
    questions_add(questions, condition);
    questions_write(questions, &bytes);
    for (size_t i = 0; i < bytes.length * 9; i++) {
        AUTO(questions_destroy) struct questions *there = NULL;
        size_t length = i < bytes.length ? i : bytes.length;
        size_t bit = i < bytes.length ? 0 : i - bytes.length;
        if (i >= bytes.length)
            bytes.bytes[bit / 8] ^= (char)(1 << bit % 8);
        refused += questions_read(bytes.bytes, length, &there) != 0;
        for (size_t j = 0; there && j < questions_count(there); j++)
            ck_assert_uint_le(questions_at(there, j)->path.depth, CONDITION_PATH_MAX);
        if (i >= bytes.length)
            bytes.bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    ck_assert_uint_ge(refused, bytes.length);
}
END_TEST

/* ---- the channel ---- */

static const struct odd {
    const char *label;
    uint32_t kind;
    size_t length;
    unsigned fds;
    int code;
} odds[] = {
    {"a file", REQUEST_FILE, sizeof(struct request), 1, 0},
    {"questions", REQUEST_QUESTIONS, sizeof(struct request), 1, 0},
    {"another kind", 7, sizeof(struct request), 1, ERR_SYNTAX},
    {"too short", REQUEST_FILE, 5, 1, ERR_SYNTAX},
    {"no descriptor", REQUEST_FILE, sizeof(struct request), 0, ERR_SYNTAX},
    {"two descriptors", REQUEST_FILE, sizeof(struct request), 2, ERR_SYNTAX},
};

START_TEST(a_helper_takes_requests_and_nothing_else)
{
    const struct odd *odd = &odds[_i];
    struct request request = {.kind = odd->kind, .receipt = "x", .id = 5}, heard;
    int sockets[2], fd = -1;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } control = {.bytes = ""};
    struct iovec piece = {&request, odd->length};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    if (odd->fds > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(odd->fds * sizeof(int));
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(odd->fds * sizeof(int));
        memcpy(CMSG_DATA(head), sockets, odd->fds * sizeof(int));
    }
    ck_assert_int_eq(sendmsg(sockets[0], &message, 0), (ssize_t)odd->length);
    ck_assert_int_eq(channel_hear(sockets[1], &heard, &fd), odd->code);
    ck_assert_int_eq(fd >= 0, odd->code == 0);
    if (odd->code == 0)
        ck_assert_uint_eq(heard.id, 5);
    fd_close(&fd);
    fd_close(&sockets[0]);
    ck_assert_int_eq(channel_hear(sockets[1], &heard, &fd), ERR_NETWORK);
    fd_close(&sockets[1]);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("header_reading");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, verdict_is_as_in_karnak, condition_row_count);
    tests_rows(tests, verdict_goes_beyond_karnak, condition_more_row_count);
    tests_add(tests, a_broken_header_is_as_broken);
    tests_add(tests, what_was_not_asked_is_unknown);
    tests_add(tests, facts_of_the_transfer_are_those_of_who_knows_them);
    tests_add(tests, a_read_that_fails_is_no_fault_of_the_file);
    tests_add(tests, a_width_brings_no_text);
    tests_add(tests, no_bytes_make_a_reading_that_is_none);
    tests_add(tests, no_bytes_make_questions_that_are_none);
    tests_rows(tests, a_helper_takes_requests_and_nothing_else, ROWS(odds));
    return tests_run(tests);
}
