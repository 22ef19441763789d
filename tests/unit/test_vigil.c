/* Whether a router lives, told from its beat. */
#include "router/vigil.h"

#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

enum { START = 77000, LOOKS = 6 };

/* owner 0: none is there. */
struct look {
    int64_t at;
    int owner;
    int64_t beat;
    enum vigil_says says;
};

static const struct vigil_row {
    const char *label;
    struct look looks[LOOKS];
    int count;
} vigil_rows[] = {
    {"nobody", {{0, 0, 0, VIGIL_UNKNOWN}, {VIGIL_MS * 3, 0, 0, VIGIL_UNKNOWN}}, 2},
    {"one that lives",
     {{0, 1, 7, VIGIL_UNKNOWN},
      {4000, 1, 7, VIGIL_UNKNOWN},
      {5000, 1, 8, VIGIL_LIVES},
      {9000, 1, 8, VIGIL_LIVES}},
     4},
    {"one that is dead when one comes",
     {{0, 1, 7, VIGIL_UNKNOWN}, {VIGIL_MS - 1, 1, 7, VIGIL_UNKNOWN}, {VIGIL_MS, 1, 7, VIGIL_STANDS_STILL}},
     3},
    {"one that dies",
     {{0, 1, 7, VIGIL_UNKNOWN},
      {5000, 1, 8, VIGIL_LIVES},
      {5000 + VIGIL_MS - 1, 1, 8, VIGIL_LIVES},
      {5000 + VIGIL_MS, 1, 8, VIGIL_STANDS_STILL}},
     4},
    {"one that wakes",
     {{0, 1, 7, VIGIL_UNKNOWN}, {VIGIL_MS, 1, 7, VIGIL_STANDS_STILL}, {VIGIL_MS + 1, 1, 8, VIGIL_LIVES}},
     3},
    {"one that was frozen itself sees first what happened meanwhile",
     {{0, 1, 7, VIGIL_UNKNOWN}, {VIGIL_MS * 9, 1, 20, VIGIL_LIVES}},
     2},
    {"another owner with the same beat",
     {{0, 1, 7, VIGIL_UNKNOWN}, {VIGIL_MS - 1, 2, 7, VIGIL_LIVES}, {2 * VIGIL_MS, 2, 7, VIGIL_STANDS_STILL}},
     3},
    {"a file that cannot be read begins it anew",
     {{0, 1, 7, VIGIL_UNKNOWN},
      {VIGIL_MS - 1, 0, 0, VIGIL_UNKNOWN},
      {VIGIL_MS, 1, 7, VIGIL_UNKNOWN},
      {2 * VIGIL_MS, 1, 7, VIGIL_STANDS_STILL}},
     4},
};

START_TEST(a_beat_is_watched_by_a_clock_of_ones_own)
{
    const struct vigil_row *row = &vigil_rows[_i];
    struct vigil vigil = {.begun = false};
    for (int i = 0; i < row->count; i++) {
        const struct look *look = &row->looks[i];
        struct owner owner = {.beat = look->beat};
        (void)snprintf(owner.session, sizeof owner.session, "%032d", look->owner);
        enum vigil_says says = vigil_look(&vigil, look->owner ? &owner : NULL, START + look->at);
        ck_assert_msg(says == look->says, "%s: look %d: %d", row->label, i, says);
    }
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("vigil");
    tests_rows(tests, a_beat_is_watched_by_a_clock_of_ones_own, ROWS(vigil_rows));
    return tests_run(tests);
}
