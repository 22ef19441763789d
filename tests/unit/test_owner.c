/* The file that says whose a state folder is: what is written and read, and that one alone has a generation. */
#include "common/spool/owner.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/text.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RIVALS = 8, NOW = 1764422400 };

static struct sandbox *sandbox;
static int dir = -1;

static void set_up(void)
{
    sandbox = sandbox_create();
    dir = open(sandbox_make_folder(sandbox, "state"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(dir, 0);
}

static void tear_down(void)
{
    fd_close(&dir);
    sandbox_destroy(&sandbox);
}

static void take(const char *name, struct owner *ret_owner, int *ret_fd)
{
    ck_assert_int_eq(owner_next(dir, name, NOW * INT64_C(1000), ret_owner), 0);
    ck_assert_int_eq(owner_claim(dir, ret_owner, ret_fd), 0);
}

START_TEST(what_was_written_is_read)
{
    AUTO(fd_close) int fd = -1;
    struct owner owner, seen;
    char host[OWNER_NAME_SIZE] = "";
    ck_assert_int_eq(owner_read(dir, &seen), ERR_ABSENT);
    take("cell \"1\"\n", &owner, &fd);
    ck_assert_int_eq(owner_read(dir, &seen), 0);
    ck_assert_int_eq(gethostname(host, sizeof host - 1), 0);
    ck_assert_str_eq(seen.name, "cell \"1\"\n");
    ck_assert_str_eq(seen.host, host);
    ck_assert_str_eq(seen.session, owner.session);
    ck_assert_uint_eq(strlen(seen.boot), BOOT_ID_SIZE - 1);
    ck_assert(seen.generation == 1 && seen.beat == 1 && !seen.released);
    ck_assert(seen.since == NOW * INT64_C(1000) && seen.beat_at == seen.since);
    ck_assert_int_eq(file_size(sandbox_path(sandbox, "state/cell.owner")), OWNER_BYTES);
}
END_TEST

START_TEST(a_beat_goes_up_in_the_file_of_its_own)
{
    AUTO(fd_close) int first_fd = -1;
    AUTO(fd_close) int second_fd = -1;
    struct owner first, second, seen;
    take(NULL, &first, &first_fd);
    first.beat = 99;
    first.released = true;
    ck_assert_int_eq(owner_beat(first_fd, &first, true), 0);
    ck_assert_int_eq(owner_read(dir, &seen), 0);
    ck_assert(seen.beat == 99 && seen.released);
    ck_assert_int_eq(owner_verify(dir, &first), 0);
    take(NULL, &second, &second_fd);
    ck_assert_int_eq(owner_verify(dir, &second), 0);
    ck_assert_int_eq(owner_verify(dir, &first), ERR_LOCKED);
    first.beat = 100; /* as one that wakes after it lost the folder */
    ck_assert_int_eq(owner_beat(first_fd, &first, true), 0);
    ck_assert_int_eq(owner_read(dir, &seen), 0);
    ck_assert_str_eq(seen.session, second.session);
    ck_assert_str_eq(seen.cell, first.cell);
    ck_assert(seen.generation == 2 && seen.beat == 1 && !seen.released);
}
END_TEST

static const struct damage_row {
    const char *label, *bytes;
} damage_rows[] = {
    {"empty", ""},
    {"no JSON", "hello"},
    {"of another kind", "[1, 2]"},
    {"without a session", "{\"cell\": \"00000000000000000000000000000000\", \"generation\": 3}"},
};

START_TEST(a_file_that_is_none_of_ours_is_nobodys_and_no_generation_comes_back)
{
    AUTO(fd_close) int fd = -1;
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    struct owner owner, seen;
    take(NULL, &owner, &fd);
    fd_close(&fd);
    text_append(&bytes, damage_rows[_i].bytes);
    while (bytes.length > 0 && bytes.length < OWNER_BYTES)
        text_append_char(&bytes, ' ');
    file_write(sandbox_path(sandbox, "state/cell.owner"), text_string(&bytes), bytes.length);
    ck_assert_int_eq(owner_read(dir, &seen), ERR_SYNTAX);
    ck_assert_int_eq(owner_verify(dir, &owner), ERR_LOCKED);
    take(NULL, &seen, &fd);
    ck_assert_int_eq(seen.generation, 2);
}
END_TEST

START_TEST(a_generation_is_taken_once)
{
    AUTO(fd_close) int first_fd = -1;
    int second_fd = -1;
    struct owner first, second, seen;
    ck_assert_int_eq(owner_next(dir, "first", 1, &first), 0);
    ck_assert_int_eq(owner_next(dir, "second", 1, &second), 0);
    ck_assert_int_eq(first.generation, second.generation);
    ck_assert_int_eq(owner_claim(dir, &first, &first_fd), 0);
    ck_assert_int_eq(owner_claim(dir, &second, &second_fd), ERR_EXISTS);
    ck_assert_int_eq(second_fd, -1);
    ck_assert_int_eq(owner_read(dir, &seen), 0);
    ck_assert_str_eq(seen.session, first.session);
    ck_assert_uint_eq(folder_count(sandbox_path(sandbox, "state"), ""), 2); /* the file and its generation */
}
END_TEST

static void *rival(void *context)
{
    int *won = context, fd = -1;
    struct owner owner;
    if (owner_next(dir, "rival", 1, &owner) == 0 && owner.generation == 1)
        *won = owner_claim(dir, &owner, &fd) == 0;
    fd_close(&fd);
    return NULL;
}

START_TEST(of_many_at_once_one_has_a_generation)
{
    pthread_t threads[RIVALS];
    int won[RIVALS] = {0}, winners = 0;
    for (int i = 0; i < RIVALS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, rival, &won[i]), 0);
    for (int i = 0; i < RIVALS; i++) {
        (void)pthread_join(threads[i], NULL);
        winners += won[i];
    }
    ck_assert_int_eq(winners, 1);
}
END_TEST

START_TEST(old_generations_leave_no_files)
{
    struct owner owner;
    for (int i = 0; i < 3 * OWNER_GENERATIONS; i++) {
        AUTO(fd_close) int fd = -1;
        take(NULL, &owner, &fd);
        ck_assert_int_eq(owner.generation, i + 1);
    }
    ck_assert_uint_eq(folder_count(sandbox_path(sandbox, "state"), ""), 1 + OWNER_GENERATIONS);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("owner");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, what_was_written_is_read);
    tests_add(tests, a_beat_goes_up_in_the_file_of_its_own);
    tests_rows(tests, a_file_that_is_none_of_ours_is_nobodys_and_no_generation_comes_back, ROWS(damage_rows));
    tests_add(tests, a_generation_is_taken_once);
    tests_add(tests, of_many_at_once_one_has_a_generation);
    tests_add(tests, old_generations_leave_no_files);
    return tests_run(tests);
}
