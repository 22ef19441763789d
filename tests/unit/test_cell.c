/* Whether a receiver sees that a router works. */
#include "receiver/cell.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <string.h>

enum { START = 9000, LOOKS = 5 };

static struct sandbox *sandbox;
static struct spool *spool;

static void set_up(void)
{
    sandbox = sandbox_create();
    ck_assert_int_eq(spool_create(sandbox_path(sandbox, "state"), &spool), 0);
}

static void tear_down(void)
{
    spool_destroy(&spool);
    sandbox_destroy(&sandbox);
}

/* beat 0: there is no pulse. */
struct look {
    int64_t at, beat;
    bool works;
};

static const struct cell_row {
    const char *label;
    bool elsewhere, far;
    struct look looks[LOOKS];
    int count;
} cell_rows[] = {
    {"no router", false, false, {{0, 0, false}, {60000, 0, false}}, 2},
    {"one that works", false, false, {{0, 5, false}, {1000, 5, false}, {2000, 6, true}, {3000, 6, true}}, 4},
    {"what a dead one left", false, false, {{0, 5, false}, {60000, 5, false}}, 2},
    {"one that dies",
     false,
     false,
     {{0, 5, false},
      {2000, 6, true},
      {2000 + PULSE_LIMIT_MS - 1, 6, true},
      {2000 + PULSE_LIMIT_MS, 6, false}},
     4},
    {"one that ends well", false, false, {{0, 5, false}, {2000, 6, true}, {3000, 0, false}}, 3},
    {"one that starts anew",
     false,
     false,
     {{0, 5, false}, {2000, 6, true}, {3000, 0, false}, {4000, 1, false}, {6000, 2, true}},
     5},
    {"another host's", true, false, {{0, 5, false}, {2000, 6, false}, {4000, 7, false}}, 3},
    {"another host's, over tcp://", true, true, {{0, 5, false}, {2000, 6, true}}, 2},
};

static void show(const struct cell_row *row, int64_t beat)
{
    struct pulse pulse = {.beat = beat};
    boot_id(pulse.boot);
    pulse.boot[0] = row->elsewhere ? 'x' : pulse.boot[0];
    if (beat > 0)
        pulse_write(spool, &pulse);
    else
        pulse_remove(spool);
}

START_TEST(a_router_works_while_its_pulse_moves)
{
    const struct cell_row *row = &cell_rows[_i];
    struct cell cell;
    cell_init(&cell, spool, row->far);
    for (int i = 0; i < row->count; i++) {
        show(row, row->looks[i].beat);
        bool works = cell_works(&cell, START + row->looks[i].at);
        ck_assert_msg(works == row->looks[i].works, "%s: look %d", row->label, i);
    }
}
END_TEST

static const char *const broken[] = {"", "hello", "0123 abc", "\n\n\n"};

START_TEST(a_broken_pulse_is_none)
{
    struct pulse pulse;
    file_write_string(sandbox_path(sandbox, "state/spool/router.pulse"), broken[_i]);
    ck_assert_int_eq(pulse_read(spool, &pulse), ERR_SYNTAX);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("cell");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, a_router_works_while_its_pulse_moves, ROWS(cell_rows));
    tests_rows(tests, a_broken_pulse_is_none, ROWS(broken));
    return tests_run(tests);
}
