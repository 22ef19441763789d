/* Files in archives: within bounds, whatever is in them. */
#include "cli/import/bundle.h"

#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "tests/support/files.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct sandbox *sandbox;
static int folder;

/* What was told of an archive. */
static struct {
    struct text names;
    int64_t bytes;
    size_t files, stop_after;
    bool may_not_proceed;
} told;

static void set_up(void)
{
    sandbox = sandbox_create();
    folder = open(sandbox_make_folder(sandbox, "scratch"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    memset(&told, 0, sizeof told);
}

static void tear_down(void)
{
    text_release(&told.names);
    fd_close(&folder);
    sandbox_destroy(&sandbox);
}

static bool take(void *context, const char *name, int fd)
{
    struct stat status;
    (void)context;
    ck_assert_int_eq(fstat(fd, &status), 0);
    text_format(&told.names, "%s\n", name);
    told.bytes += status.st_size;
    return ++told.files != told.stop_after;
}

static bool proceed(void *context, int64_t bytes)
{
    (void)context, (void)bytes;
    return !told.may_not_proceed;
}

static const char *make(const char *python)
{
    const char *path = sandbox_path(sandbox, "archive");
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(text_release) struct text program = TEXT_EMPTY;
    text_format(&program, "import zipfile, tarfile, io, sys\nout = sys.argv[1]\n%s", python);
    const char *const argv[] = {"/usr/bin/python3", "-c", text_string(&program), path, NULL};
    ck_assert_msg(process_run(argv, NULL, 20000, &output) == 0, "%s", text_string(&output));
    return path;
}

#define ZIP "z = zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED)\n"
#define TAR "t = tarfile.open(out, 'w:xz')\ni = tarfile.TarInfo('a')\ni.size = 3\n"

static const struct bundle_bounds narrow = {.entries = 10, .bytes = 1 << 20, .ratio = 10};

static const struct row {
    const char *label, *python;
    enum bundle_end end;
    size_t files;
    const char *names;
    size_t stop_after;
    bool may_not_proceed;
} rows[] = {
    {"a ZIP", ZIP "z.writestr('a', b'1')\nz.writestr('b/c', b'22')\nz.close()", BUNDLE_READ, 2, "a\nb/c\n", 0,
     false},
    {"names that lead out", ZIP "z.writestr('../../etc/x', b'1')\nz.writestr('/abs', b'22')\nz.close()",
     BUNDLE_READ, 2, "etc/x\n", 0, false},
    {"no file in it", ZIP "z.close()", BUNDLE_READ, 0, "", 0, false},
    {"a tar with links and a device",
     TAR "t.addfile(i, io.BytesIO(b'abc'))\n"
         "l = tarfile.TarInfo('link')\nl.type = tarfile.SYMTYPE\nl.linkname = '/etc/passwd'\nt.addfile(l)\n"
         "h = tarfile.TarInfo('hard')\nh.type = tarfile.LNKTYPE\nh.linkname = 'a'\nt.addfile(h)\n"
         "d = tarfile.TarInfo('dev')\nd.type = tarfile.CHRTYPE\nt.addfile(d)\nt.close()",
     BUNDLE_READ, 1, "a\n", 0, false},
    {"more comes out than anybody packs",
     ZIP "z.writestr('a', b'1')\nz.writestr('zeros', bytes(64 << 20))\nz.close()", BUNDLE_SWOLLEN, 1, "a\n",
     0, false},
    {"more files than are allowed", ZIP "[z.writestr(str(i), b'') for i in range(11)]\nz.close()",
     BUNDLE_SWOLLEN, 10, NULL, 0, false},
    {"cut in the middle",
     "b = io.BytesIO()\nz = zipfile.ZipFile(b, 'w')\nz.writestr('a', b'1')\nz.writestr('b', bytes(9000))\n"
     "z.close()\nopen(out, 'wb').write(b.getvalue()[:5000])",
     BUNDLE_DAMAGED, 1, "a\n", 0, false},
    {"nothing of an archive", "open(out, 'wb').write(b'PK\\3\\4' + bytes(range(256)))", BUNDLE_DAMAGED, 0, "",
     0, false},
    {"who takes stops", ZIP "z.writestr('a', b'1')\nz.writestr('b', b'2')\nz.close()", BUNDLE_STOPPED, 1,
     "a\n", 1, false},
    {"no room", ZIP "z.writestr('a', b'1')\nz.close()", BUNDLE_STOPPED, 0, "", 0, true},
};

START_TEST(what_is_in_an_archive)
{
    const struct row *row = &rows[_i];
    const struct bundle_reader reader = {folder, &narrow, take, proceed, NULL};
    AUTO(fd_close) int fd = open(make(row->python), O_RDONLY | O_CLOEXEC);
    told.stop_after = row->stop_after;
    told.may_not_proceed = row->may_not_proceed;
    ck_assert_msg(bundle_is_one(fd), "%s: not seen as an archive", row->label);
    enum bundle_end end = bundle_each(fd, &reader);
    ck_assert_msg(end == row->end, "%s: ended with %d", row->label, end);
    ck_assert_msg(told.files == row->files, "%s: %zu files: %s", row->label, told.files,
                  text_string(&told.names));
    ck_assert_msg(!row->names || strstr(text_string(&told.names), row->names), "%s: %s", row->label,
                  text_string(&told.names));
    ck_assert_msg(told.bytes <= narrow.bytes + narrow.ratio * file_size(sandbox_path(sandbox, "archive")),
                  "%s", row->label);
    ck_assert_int_eq(rmdir(sandbox_path(sandbox, "scratch")), 0); /* nothing was written under a name */
}
END_TEST

static const char dual_file[132] = {'P', 'K', 3, 4, [128] = 'D', 'I', 'C', 'M'};

static const struct look_row {
    const char *label, *bytes;
    size_t length;
    bool is_one;
} look_rows[] = {
    {"nothing", "", 0, false},
    {"a text", "PKZIP is a program", 18, false},
    {"gzip", "\x1F\x8B\x08", 3, true},
    {"half a mark", "PK", 2, false},
    {"a DICOM file whose preamble looks like a ZIP", dual_file, 132, false},
};

START_TEST(an_archive_is_known_by_its_first_bytes)
{
    const struct look_row *row = &look_rows[_i];
    AUTO(fd_close) int fd = bundle_scratch(folder);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, row->bytes, row->length), (ssize_t)row->length);
    ck_assert_msg(bundle_is_one(fd) == row->is_one, "%s", row->label);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("bundle");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, what_is_in_an_archive, ROWS(rows));
    tests_rows(tests, an_archive_is_known_by_its_first_bytes, ROWS(look_rows));
    return tests_run(tests);
}
