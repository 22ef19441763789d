#include "common/wire/proof.h"

#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct sandbox *sandbox;
static struct text endpoint = TEXT_EMPTY;

static void set_up(void)
{
    sandbox = sandbox_create();
    (void)sandbox_make_folder(sandbox, "work");
    text_format(&endpoint, "ipc://%s/sock", sandbox_path(sandbox, "work"));
}

static void tear_down(void)
{
    text_release(&endpoint);
    sandbox_destroy(&sandbox);
}

static mode_t mode_of_secret(void)
{
    struct stat status;
    ck_assert_int_eq(stat(sandbox_path(sandbox, "work/sock.secret"), &status), 0);
    return status.st_mode & 07777;
}

START_TEST(each_start_makes_another_one)
{
    char first[PROOF_SIZE], second[PROOF_SIZE], read[PROOF_SIZE];
    (void)umask(0);
    ck_assert_int_eq(proof_make(text_string(&endpoint), false, first), 0);
    ck_assert_uint_eq(strlen(first), PROOF_SIZE - 1);
    ck_assert_uint_eq(mode_of_secret(), 0600);
    proof_read(text_string(&endpoint), read);
    ck_assert_str_eq(read, first);
    ck_assert_int_eq(proof_make(text_string(&endpoint), true, second), 0);
    ck_assert_uint_eq(mode_of_secret(), 0640);
    ck_assert_str_ne(first, second);
    proof_read(text_string(&endpoint), read);
    ck_assert_str_eq(read, second);
}
END_TEST

/* What somebody put there is neither written through nor believed for its link. */
START_TEST(link_is_not_followed)
{
    char proof[PROOF_SIZE];
    const char *target = sandbox_write(sandbox, "target", "of somebody else");
    ck_assert_int_eq(symlink(target, sandbox_path(sandbox, "work/sock.secret.new")), 0);
    ck_assert_int_eq(symlink(target, sandbox_path(sandbox, "work/sock.secret")), 0);
    proof_read(text_string(&endpoint), proof);
    ck_assert_str_eq(proof, "");
    ck_assert_int_eq(proof_make(text_string(&endpoint), false, proof), 0);
    AUTO(text_release) struct text content = TEXT_EMPTY;
    file_read(target, &content);
    ck_assert_str_eq(text_string(&content), "of somebody else");
}
END_TEST

START_TEST(there_is_none_where_a_key_proves)
{
    char proof[PROOF_SIZE] = "old";
    ck_assert_int_eq(proof_make("tcp://router:5571", false, proof), 0);
    ck_assert_str_eq(proof, "");
    proof_read("tcp://router:5571", proof);
    ck_assert_str_eq(proof, "");
}
END_TEST

START_TEST(folder_that_is_not_there_is_an_error)
{
    char proof[PROOF_SIZE];
    ck_assert_int_ne(proof_make("ipc:///nowhere/at/all/sock", false, proof), 0);
    proof_read("ipc:///nowhere/at/all/sock", proof);
    ck_assert_str_eq(proof, "");
}
END_TEST

/* The one of before stays where there is no place for another one, and nothing of the attempt does. */
START_TEST(old_one_is_kept)
{
    char first[PROOF_SIZE], second[PROOF_SIZE], kept[PROOF_SIZE];
    ck_assert_int_ne(proof_keep(text_string(&endpoint), kept), 0); /* there is none yet */
    ck_assert_int_eq(proof_make(text_string(&endpoint), true, first), 0);
    (void)sandbox_make_folder(sandbox, "work/sock.secret.new");
    ck_assert_int_ne(proof_make(text_string(&endpoint), true, second), 0);
    ck_assert_int_eq(proof_keep(text_string(&endpoint), kept), 0);
    ck_assert_str_eq(kept, first);
}
END_TEST

static const struct old_row {
    const char *label, *content;
    mode_t mode;
} old_rows[] = {
    {"half of one", "0123456789abcdef0123456789abcdef", 0600},
    {"something else", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg", 0600},
    {"one that others may read", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 0644},
    {"one that the group may write", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
     0660},
};

START_TEST(what_may_be_known_is_not_kept)
{
    const struct old_row *row = &old_rows[_i];
    char kept[PROOF_SIZE];
    const char *path = sandbox_write(sandbox, "work/sock.secret", row->content);
    ck_assert_int_eq(chmod(path, row->mode), 0);
    ck_assert_msg(proof_keep(text_string(&endpoint), kept) != 0, "%s", row->label);
    ck_assert_str_eq(kept, "");
}
END_TEST

static const struct shown_row {
    const char *label, *proof, *shown;
    bool holds;
} shown_rows[] = {
    {"it", "0123", "0123", true},
    {"another one", "0123", "0124", false},
    {"another first", "0123", "1123", false},
    {"its beginning", "0123", "012", false},
    {"more than it", "0123", "01234", false},
    {"nothing", "0123", "", false},
    {"nothing where there is none", "", "", false},
    {"something where there is none", "", "0123", false},
};

START_TEST(only_the_secret_holds)
{
    const struct shown_row *row = &shown_rows[_i];
    ck_assert_msg(proof_holds(row->proof, row->shown) == row->holds, "%s", row->label);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("proof");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, each_start_makes_another_one);
    tests_add(tests, link_is_not_followed);
    tests_add(tests, there_is_none_where_a_key_proves);
    tests_add(tests, folder_that_is_not_there_is_an_error);
    tests_add(tests, old_one_is_kept);
    tests_rows(tests, what_may_be_known_is_not_kept, ROWS(old_rows));
    tests_rows(tests, only_the_secret_holds, ROWS(shown_rows));
    return tests_run(tests);
}
