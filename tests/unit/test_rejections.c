/* What status reads of peers that were turned away, and of what they did wrong: files that a process may have written
 * which a peer has taken over. */
#include "common/spool/oddity.h"
#include "common/spool/rejections.h"

#include "common/base/cleanup.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define NOW INT64_C(1800000000000)

enum { HOUR_MS = 60 * 60 * 1000 };

static struct sandbox *sandbox;
static struct spool *spool;

static void set_up(void)
{
    sandbox = sandbox_create();
    ck_assert_int_eq(spool_create(sandbox_make_folder(sandbox, "state"), &spool), 0);
}

static void tear_down(void)
{
    spool_destroy(&spool);
    sandbox_destroy(&sandbox);
}

struct told {
    size_t kinds;
    struct rejections_kind last;
};

static void take(void *context, const struct rejections_kind *kind)
{
    struct told *told = context;
    told->kinds++;
    told->last = *kind;
}

static struct told read_at(int64_t now)
{
    struct told told = {.kinds = 0};
    rejections_read(spool, now, take, &told);
    return told;
}

START_TEST(the_last_hour_is_counted)
{
    rejections_note(spool, "stranger", "10.0.0.1: who is that?", 1, NOW - HOUR_MS);
    ck_assert_uint_eq(read_at(NOW).kinds, 0);
    rejections_note(spool, "stranger", "10.0.0.2: who is that?", 3, NOW - HOUR_MS / 2);
    rejections_note(spool, "stranger", "10.0.0.3: who is that?", 1, NOW);
    struct told told = read_at(NOW);
    ck_assert_uint_eq(told.kinds, 1);
    ck_assert_int_eq(told.last.count, 4);
    ck_assert_str_eq(told.last.sentence, "10.0.0.3: who is that?");
}
END_TEST

START_TEST(a_reason_that_is_over_makes_room_for_another)
{
    char reason[REJECTIONS_REASON_SIZE];
    for (int i = 0; i < 40; i++) {
        (void)snprintf(reason, sizeof reason, "reason-%d", i);
        rejections_note(spool, reason, "one", 1, NOW + (int64_t)i * 2 * HOUR_MS);
        struct told told = read_at(NOW + (int64_t)i * 2 * HOUR_MS);
        ck_assert_uint_eq(told.kinds, 1);
        ck_assert_str_eq(told.last.reason, reason);
    }
}
END_TEST

static const char *file_of(const char *name)
{
    return sandbox_path(sandbox, "state/spool/incoming/%s", name);
}

/* Every byte of the board but its beginning is another one. */
START_TEST(what_a_stranger_wrote_is_bounded_and_can_be_shown)
{
    AUTO(text_release) struct text board = TEXT_EMPTY;
    rejections_note(spool, "stranger", "10.0.0.1: who is that?", 1, NOW);
    file_read(file_of("rejections"), &board);
    char *word = memmem(board.bytes, board.length, "10.0.0.1", 8);
    ck_assert_ptr_nonnull(word);
    memcpy(word, "\033[2J\xff\r\n\x07", 8);
    file_write(file_of("rejections"), board.bytes, board.length);
    struct told told = read_at(NOW);
    ck_assert_uint_eq(told.kinds, 1);
    ck_assert_ptr_null(strpbrk(told.last.sentence, "\033\r\n\x07\xff"));
    for (size_t i = 8; i < board.length; i++)
        board.bytes[i] = i % 5 == 4 ? 'x' : '\xff';
    file_write(file_of("rejections"), board.bytes, board.length);
    told = read_at(NOW);
    ck_assert_ptr_null(memchr(told.last.sentence, '\xff', strlen(told.last.sentence)));
    ck_assert_int_ge(told.last.count, 0);
    rejections_note(spool, "stranger", "10.0.0.1: who is that?", 1, NOW);
}
END_TEST

/* The lock is held for ever: that holds up nobody for long, and an operator sees what is there. */
START_TEST(nobody_waits_for_a_lock_that_stays)
{
    rejections_note(spool, "stranger", "10.0.0.1: who is that?", 2, NOW);
    AUTO(fd_close) int held = open(file_of("rejections"), O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(flock(held, LOCK_EX), 0);
    rejections_note(spool, "stranger", "10.0.0.2: who is that?", 1, NOW);
    ck_assert_int_eq(read_at(NOW).last.count, 2);
}
END_TEST

START_TEST(an_oddity_that_a_stranger_wrote_can_be_shown)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    const char bad[] = "1800000000000\t-7\tCT\033[2J\tUS\t10.0.0.1\t1.2\xff.3\twhy\t\n";
    file_write(file_of("oddity-protocol"), bad, sizeof bad - 1);
    oddity_append(spool, NOW, &line);
    ck_assert(line.length > 0);
    ck_assert_ptr_null(strpbrk(text_string(&line), "\033\xff"));
}
END_TEST

START_TEST(oddities_are_counted_anew_after_a_quiet_day)
{
    struct oddity_found found;
    struct oddity odd = {.at = NOW, .calling = "CT", .called = "US", .address = "10.0.0.1"};
    oddity_note(spool, ODDITY_LENGTH, &odd);
    oddity_note(spool, ODDITY_LENGTH, &odd);
    ck_assert(oddity_find(spool, ODDITY_LENGTH, NOW, &found));
    ck_assert_int_eq(found.oddity.times, 2);
    odd.at = NOW + 2 * (int64_t)ODDITY_SHOWN_MS;
    oddity_note(spool, ODDITY_LENGTH, &odd);
    ck_assert(oddity_find(spool, ODDITY_LENGTH, odd.at, &found));
    ck_assert_int_eq(found.oddity.times, 1);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("rejections");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, the_last_hour_is_counted);
    tests_add(tests, a_reason_that_is_over_makes_room_for_another);
    tests_add(tests, what_a_stranger_wrote_is_bounded_and_can_be_shown);
    tests_add(tests, nobody_waits_for_a_lock_that_stays);
    tests_add(tests, an_oddity_that_a_stranger_wrote_can_be_shown);
    tests_add(tests, oddities_are_counted_anew_after_a_quiet_day);
    return tests_run(tests);
}
