/* The router that waits, as `felucca status` is told of it. */
#include "common/spool/standby.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <string.h>

#define NOW INT64_C(1764422400000)

static struct sandbox *sandbox;
static int dir = -1;

static void set_up(void)
{
    sandbox = sandbox_create();
    dir = open(sandbox_make_folder(sandbox, "state"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void tear_down(void)
{
    fd_close(&dir);
    sandbox_destroy(&sandbox);
}

START_TEST(what_was_written_is_read_while_it_is_fresh)
{
    struct standby standby, seen;
    ck_assert_int_eq(standby_read(dir, NOW, &seen), ERR_ABSENT);
    standby_begin(&standby, "cell \"2\"", NOW - 90000);
    standby.at = NOW;
    standby.shared = true;
    standby.owner_lives = (enum standby_life)_i;
    standby_write(dir, &standby);
    ck_assert_int_eq(standby_read(dir, NOW + STANDBY_OLD_MS, &seen), 0);
    ck_assert_str_eq(seen.name, "cell \"2\"");
    ck_assert_str_eq(seen.host, standby.host);
    ck_assert(seen.since == NOW - 90000 && seen.shared && seen.owner_lives == standby.owner_lives);
    ck_assert_int_eq(standby_read(dir, NOW + STANDBY_OLD_MS + 1, &seen), ERR_ABSENT);
    ck_assert_int_eq(standby_read(dir, NOW - STANDBY_OLD_MS - 1, &seen), ERR_ABSENT); /* a clock that leapt */
    standby_remove(dir);
    ck_assert_int_eq(standby_read(dir, NOW, &seen), ERR_ABSENT);
}
END_TEST

static const char *const broken[] = {"", "{", "[]", "{\"at_ms\": \"x\"}"};

START_TEST(what_is_none_of_ours_is_nobody)
{
    struct standby seen;
    file_write_string(sandbox_path(sandbox, "state/cell.standby"), broken[_i]);
    ck_assert_int_eq(standby_read(dir, NOW, &seen), ERR_ABSENT);
}
END_TEST

static const int lives[] = {STANDBY_UNKNOWN, STANDBY_LIVES, STANDBY_STILL};

int main(void)
{
    struct tests *tests = tests_create("standby");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, what_was_written_is_read_while_it_is_fresh, ROWS(lives));
    tests_rows(tests, what_is_none_of_ours_is_nobody, ROWS(broken));
    return tests_run(tests);
}
