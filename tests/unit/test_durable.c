#include "common/base/durable.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static struct sandbox *sandbox;
static int folder;

static void set_up(void)
{
    sandbox = sandbox_create();
    folder = open(sandbox_folder(sandbox), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(folder, 0);
}

static void tear_down(void)
{
    fd_close(&folder);
    sandbox_destroy(&sandbox);
}

/* As NFS answers to a flag that it does not know. */
static void refuse_flags(void)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[4])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {ROWS(program), program};
    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
    ck_assert(renameat2(folder, "x", folder, "y", RENAME_NOREPLACE) != 0 && errno == EINVAL);
}

static const struct row {
    const char *label;
    const char *from, *to; /* their content before; NULL: not there */
    int code;
} rows[] = {
    {"to a new name", "a", NULL, 0},
    {"never over a file", "a", "b", ERR_EXISTS},
    {"what is not there", NULL, NULL, ERR_ABSENT},
};

static void check_rename(const struct row *row, const char *where)
{
    if (row->from)
        sandbox_write(sandbox, "from", row->from);
    if (row->to)
        sandbox_write(sandbox, "to", row->to);
    int code = durable_rename(folder, "from", folder, "to");
    ck_assert_msg(code == row->code, "%s, %s: %s", row->label, where, err_text(code));
    const char *kept = row->to ? row->to : row->code == 0 ? row->from : NULL;
    ck_assert_msg(file_exists(sandbox_path(sandbox, "to")) == (kept != NULL), "%s, %s", row->label, where);
    ck_assert_msg(file_exists(sandbox_path(sandbox, "from")) == (row->from && row->code != 0), "%s, %s",
                  row->label, where);
    if (!kept)
        return;
    AUTO(text_release) struct text content = TEXT_EMPTY;
    file_read(sandbox_path(sandbox, "to"), &content);
    ck_assert_str_eq(text_string(&content), kept);
}

START_TEST(rename_on_a_disk)
{
    check_rename(&rows[_i], "disk");
}
END_TEST

START_TEST(rename_where_the_flag_is_not_known)
{
    refuse_flags();
    check_rename(&rows[_i], "no flags");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("durable");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, rename_on_a_disk, ROWS(rows));
    tests_rows(tests, rename_where_the_flag_is_not_known, ROWS(rows));
    return tests_run(tests);
}
