/* How long the files of a tray have lain unchanged. */
#include "tray/rest.h"

#include "tests/support/suite.h"

#include <string.h>

enum { MOST = 4 };

static struct rest *rest;

static void set_up(void)
{
    rest = rest_create(MOST);
}

static void tear_down(void)
{
    rest_destroy(&rest);
}

static struct stat status_of(ino_t inode, off_t size, long nanoseconds)
{
    struct stat status = {0};
    status.st_ino = inode;
    status.st_size = size;
    status.st_mtim.tv_nsec = nanoseconds;
    return status;
}

static int64_t since(const char *path, ino_t inode, off_t size, long nanoseconds, int64_t now)
{
    const struct stat status = status_of(inode, size, nanoseconds);
    const struct rest_file *file = rest_note(rest, path, &status, now);
    ck_assert_ptr_nonnull(file);
    return file->since;
}

START_TEST(a_change_begins_anew)
{
    ck_assert_int_eq(since("a/b", 1, 10, 5, 100), 100);
    ck_assert_int_eq(since("a/b", 1, 10, 5, 200), 100);
    ck_assert_int_eq(since("a/b", 1, 11, 5, 300), 300);
    ck_assert_int_eq(since("a/b", 1, 11, 6, 400), 400);
    ck_assert_int_eq(since("a/b", 2, 11, 6, 500), 500);
    ck_assert_int_eq(since("a/c", 2, 11, 6, 600), 600);
    ck_assert_int_eq(since("a/b", 2, 11, 6, 700), 500);
}
END_TEST

START_TEST(what_is_gone_is_forgotten)
{
    (void)since("a", 1, 1, 1, 100);
    (void)since("b", 2, 1, 1, 100);
    rest_sweep(rest);
    (void)since("b", 2, 1, 1, 200);
    rest_sweep(rest);
    ck_assert_uint_eq(rest_count(rest), 1);
    ck_assert_int_eq(since("b", 2, 1, 1, 300), 100);
    ck_assert_int_eq(since("a", 1, 1, 1, 300), 300);
}
END_TEST

START_TEST(there_is_a_bound)
{
    const struct stat status = status_of(9, 1, 1);
    for (char name[] = "0"; name[0] < '0' + MOST; name[0]++)
        (void)since(name, 1, 1, 1, 100);
    ck_assert_ptr_null(rest_note(rest, "one more", &status, 100));
    ck_assert_int_eq(since("2", 1, 1, 1, 200), 100);
    rest_sweep(rest);
    (void)since("3", 1, 1, 1, 300);
    rest_sweep(rest);
    ck_assert_ptr_nonnull(rest_note(rest, "one more", &status, 400));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("rest");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, a_change_begins_anew);
    tests_add(tests, what_is_gone_is_forgotten);
    tests_add(tests, there_is_a_bound);
    return tests_run(tests);
}
