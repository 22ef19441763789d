/* Which file systems a state folder may be on, and what is said of the others. */
#include "common/base/filesystem.h"

#include "common/base/cleanup.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <string.h>

static const struct judge_row {
    const char *label;
    unsigned long magic;
    enum filesystem_kind kind;
    bool shared;
    enum filesystem_verdict verdict;
    const char *says;
} judge_rows[] = {
    {"ext4", 0xef53, FILESYSTEM_LOCAL, false, FILESYSTEM_FINE, ""},
    {"XFS", 0x58465342, FILESYSTEM_LOCAL, true, FILESYSTEM_FINE, ""},
    {"tmpfs", 0x01021994, FILESYSTEM_LOCAL, false, FILESYSTEM_FINE, ""},
    {"NFS", 0x6969, FILESYSTEM_SERVED, false, FILESYSTEM_WARNING, "on NFS: only one host"},
    {"NFS, and it is said", 0x6969, FILESYSTEM_SERVED, true, FILESYSTEM_WARNING, "on NFS"},
    {"CephFS", 0x00c36400, FILESYSTEM_SERVED, false, FILESYSTEM_WARNING, "on CephFS"},
    {"SMB", 0xff534d42, FILESYSTEM_DOUBTFUL, false, FILESYSTEM_WRONG, "state_dir_is_shared: true"},
    {"SMB 2", 0xfe534d42, FILESYSTEM_DOUBTFUL, false, FILESYSTEM_WRONG, "on SMB"},
    {"FUSE", 0x65735546, FILESYSTEM_DOUBTFUL, false, FILESYSTEM_WRONG, "on FUSE"},
    {"FUSE, and it is said", 0x65735546, FILESYSTEM_DOUBTFUL, true, FILESYSTEM_WARNING, "only one host"},
    {"one that nobody knows", 0x12345678, FILESYSTEM_UNKNOWN, false, FILESYSTEM_WARNING, "does not know"},
};

START_TEST(a_file_system_is_judged_by_whom_its_locks_reach)
{
    const struct judge_row *row = &judge_rows[_i];
    struct filesystem filesystem;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    filesystem_known(row->magic, &filesystem);
    ck_assert_int_eq(filesystem.kind, row->kind);
    ck_assert_int_eq(filesystem_judge(&filesystem, row->shared, &sentence), row->verdict);
    ck_assert_msg(strstr(text_string(&sentence), row->says), "%s: %s", row->label, text_string(&sentence));
    ck_assert_int_eq(sentence.length > 0, row->verdict != FILESYSTEM_FINE);
}
END_TEST

static const struct folder_row {
    const char *path;
    enum filesystem_kind kind;
} folder_rows[] = {
    {"/dev/shm", FILESYSTEM_LOCAL},
    {"/proc/self", FILESYSTEM_UNKNOWN}, /* where nobody has a state folder */
    {"/proc/self/nothing", FILESYSTEM_UNKNOWN},
};

START_TEST(a_folder_is_asked_itself)
{
    struct filesystem filesystem;
    AUTO(fd_close) int fd = open(folder_rows[_i].path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    filesystem_of(fd, &filesystem);
    ck_assert_int_eq(filesystem.kind, folder_rows[_i].kind);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("filesystem");
    tests_rows(tests, a_file_system_is_judged_by_whom_its_locks_reach, ROWS(judge_rows));
    tests_rows(tests, a_folder_is_asked_itself, ROWS(folder_rows));
    return tests_run(tests);
}
