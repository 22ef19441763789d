/* Whether a file system keeps what was flushed when the power fails. */
#include "common/base/lasting.h"

#include "common/base/cleanup.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

static struct sandbox *sandbox;

static void set_up(void)
{
    sandbox = sandbox_create();
}

static void tear_down(void)
{
    sandbox_destroy(&sandbox);
}

START_TEST(a_file_system_in_memory_does_not_last)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    AUTO(fd_close) int fd = open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert(!lasting_judge(fd, &lasting_kernel, &sentence));
    ck_assert_ptr_nonnull(strstr(text_string(&sentence), "a file system in memory"));
}
END_TEST

/* What the kernel writes for an ext4, with and without a journal. */
static const struct options_row {
    const char *label, *options;
    bool lasts;
} options_rows[] = {
    {"ordered", "rw\nbsddf\nbarrier\ndata=ordered\ninit_itable=10\n", true},
    {"everything", "rw\ndata=journal\n", true},
    {"none", "rw\nbsddf\nnojournal_checksum\nbarrier\ncommit=5\n", false},
    {"nothing is told", NULL, true},
};

/* A folder of an ext4 that is there: the source tree's, or the test has nothing to look at. */
static int open_ext4(void)
{
    struct statfs info;
    int fd = open(FELUCCA_SOURCE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && fstatfs(fd, &info) == 0 && info.f_type == 0xef53)
        return fd;
    fd_close(&fd);
    return -1;
}

START_TEST(an_ext4_lasts_with_a_journal)
{
    const struct options_row *row = &options_rows[_i];
    AUTO(text_release) struct text sentence = TEXT_EMPTY, link = TEXT_EMPTY;
    AUTO(fd_close) int fd = open_ext4();
    struct stat info;
    if (fd < 0) /* on another file system everything lasts, whatever is told of ext4 */
        fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_eq(fstat(fd, &info), 0);
    text_format(&link, "block/%u:%u", major(info.st_dev), minor(info.st_dev));
    (void)sandbox_make_folder(sandbox, "block");
    (void)sandbox_make_folder(sandbox, "ext4/sdz1");
    ck_assert_int_eq(symlink("../../devices/sdz/sdz1", sandbox_path(sandbox, "%s", text_string(&link))), 0);
    if (row->options)
        (void)sandbox_write(sandbox, "ext4/sdz1/options", row->options);
    AUTO(text_release) struct text ext4 = TEXT_EMPTY, block = TEXT_EMPTY;
    text_format(&ext4, "%s/ext4", sandbox_folder(sandbox));
    text_format(&block, "%s/block", sandbox_folder(sandbox));
    const struct lasting_places places = {text_string(&ext4), text_string(&block)};
    AUTO(fd_close) int is_ext4 = open_ext4();
    ck_assert_int_eq(lasting_judge(fd, &places, &sentence), row->lasts || is_ext4 < 0);
    ck_assert_msg(row->lasts || is_ext4 < 0 ||
                      strstr(text_string(&sentence), "tune2fs -O has_journal /dev/sdz1"),
                  "%s: %s", row->label, text_string(&sentence));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("lasting");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, a_file_system_in_memory_does_not_last);
    tests_rows(tests, an_ext4_lasts_with_a_journal, ROWS(options_rows));
    return tests_run(tests);
}
