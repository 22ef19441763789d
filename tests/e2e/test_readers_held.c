/* Answers that nobody takes: the readers hold back the rest, and no process is taken for stalled because the router does not
 * listen to it. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/dicom/dictionary.h"
#include "router/readers.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* More than 64 MiB of answers, which is what is held, and more than both sockets have room for. */
enum { FILES = 60, COMMENT = 1 << 20, SOON_MS = 60000, MARK_AT = 128 };

static struct readers *readers;

/* ---- a file whose answer is large ---- */

static void put(struct text *out, uint16_t group, uint16_t element, const char *value, size_t length)
{
    const uint32_t size = (uint32_t)length;
    text_append_bytes(out, &group, sizeof group);
    text_append_bytes(out, &element, sizeof element);
    text_append_bytes(out, &size, sizeof size);
    text_append_bytes(out, value, length);
}

static void put_meta(struct text *out, uint16_t element, const char *vr, const void *value, uint16_t length)
{
    const uint16_t group = 2;
    text_append_bytes(out, &group, sizeof group);
    text_append_bytes(out, &element, sizeof element);
    text_append_bytes(out, vr, 2);
    text_append_bytes(out, &length, sizeof length);
    text_append_bytes(out, value, length);
}

/* Little endian, implicit VR. The comments are the largest part by far. */
static int make_file(void)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    static const char syntax[] = "1.2.840.10008.1.2", zeros[MARK_AT];
    const uint32_t meta_length = 8 + sizeof syntax;
    char *comment = malloc(COMMENT);
    ck_assert_ptr_nonnull(comment);
    memset(comment, 'x', COMMENT);
    text_append_bytes(&bytes, zeros, sizeof zeros);
    text_append(&bytes, "DICM");
    put_meta(&bytes, 0, "UL", &meta_length, sizeof meta_length);
    put_meta(&bytes, 0x10, "UI", syntax, sizeof syntax);
    put(&bytes, 0x0008, 0x0016, "1.2.840.10008.5.1.4.1.1.7", 26);
    put(&bytes, 0x0008, 0x0018, "2.25.1", 6);
    put(&bytes, 0x0010, 0x4000, comment, COMMENT);
    put(&bytes, 0x0020, 0x000D, "2.25.2", 6);
    put(&bytes, 0x0020, 0x000E, "2.25.3", 6);
    put(&bytes, 0x0020, 0x4000, comment, COMMENT);
    free(comment);
    int fd = memfd_create("held", MFD_CLOEXEC);
    ck_assert_int_eq(write(fd, bytes.bytes, bytes.length), (ssize_t)bytes.length);
    return fd;
}

static void name(unsigned number, char *ret_receipt)
{
    (void)snprintf(ret_receipt, RECEIPT_SIZE, "%0*x", RECEIPT_LENGTH, number);
}

static struct questions *make_questions(void)
{
    struct questions *questions = questions_create();
    struct condition *condition = NULL;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    ck_assert_int_eq(
        condition_compile(
            "tagValueContains(#Tag.ImageComments, \"y\") || tagValueContains(#Tag.PatientComments, \"y\")",
            dictionary_for_conditions(), &condition, &error),
        0);
    questions_add(questions, condition);
    condition_destroy(&condition);
    return questions;
}

static void set_up(void)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_int_eq(setenv("PATH", FELUCCA_BIN, 1), 0);
    int code = readers_create(make_questions(), true, &readers, &reason);
    ck_assert_msg(code == 0, "%s", text_string(&reason));
}

static void tear_down(void)
{
    readers_destroy(&readers);
}

static size_t list_readers(int *ret_pids)
{
    size_t count = 0;
    FILE *list = fopen("/proc/thread-self/children", "r");
    ck_assert_ptr_nonnull(list);
    while (count < READERS && fscanf(list, "%d", &ret_pids[count]) == 1)
        count++;
    (void)fclose(list);
    return count;
}

static void take_turns(int64_t ms)
{
    for (int64_t until = clock_monotonic_ms() + ms; clock_monotonic_ms() < until;) {
        struct pollfd fds[READERS];
        size_t count = readers_fds(readers, fds);
        (void)poll(fds, count, 20);
        readers_turn(readers);
    }
}

START_TEST(who_is_not_listened_to_is_not_stalled)
{
    int before[READERS], after[READERS];
    ck_assert_uint_eq(list_readers(before), READERS);
    AUTO(fd_close) int file = make_file();
    for (unsigned i = 0; i < FILES; i++) {
        char receipt[RECEIPT_SIZE];
        name(i, receipt);
        ck_assert(readers_have_room(readers, READERS_INTAKE));
        readers_ask(readers, READERS_INTAKE, receipt, fcntl(file, F_DUPFD_CLOEXEC, 0));
    }
    /* For longer than a silence that has one replaced: nothing tells how long it still would have been patient. */
    take_turns(READERS_STALL_MS + READERS_STALL_MS / 4);
    for (unsigned i = 0; i < FILES; i++) {
        struct readers_answer answer = {.reason = TEXT_EMPTY};
        char receipt[RECEIPT_SIZE];
        name(i, receipt);
        ck_assert(readers_await(readers, READERS_INTAKE, receipt, SOON_MS, &answer));
        ck_assert_msg(answer.code == 0, "%s", text_string(&answer.reason));
        ck_assert_uint_gt(reading_bytes(answer.reading), 2 * COMMENT);
        readers_answer_release(&answer);
    }
    ck_assert_uint_eq(list_readers(after), READERS);
    ck_assert_mem_eq(before, after, sizeof before);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("readers that are not listened to");
    tests_fixture(tests, set_up, tear_down);
    tests_timeout(tests, 120);
    tests_add(tests, who_is_not_listened_to_is_not_stalled);
    return tests_run(tests);
}
