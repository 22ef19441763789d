/* Which files could not be read, for whoever would wait for them. */
#include "router/unreadable.h"

#include "common/base/receipt.h"
#include "tests/support/suite.h"

#include <stdio.h>

enum { NOW = 5000 };

static struct unreadable *unreadable;

static void set_up(void)
{
    unreadable = unreadable_create();
}

static void tear_down(void)
{
    unreadable_destroy(&unreadable);
}

START_TEST(one_is_known_by_its_receipt_and_its_instance)
{
    unreadable_note(unreadable, "a", "1.2.3", NOW);
    unreadable_note(unreadable, "b", "", NOW);
    ck_assert(unreadable_has(unreadable, "a", NOW) && unreadable_has(unreadable, "b", NOW));
    ck_assert(!unreadable_has(unreadable, "c", NOW));
    ck_assert(unreadable_has_instance(unreadable, "1.2.3", NOW));
    ck_assert(!unreadable_has_instance(unreadable, "1.2.4", NOW));
    unreadable_forget(unreadable, "a");
    ck_assert(!unreadable_has(unreadable, "a", NOW) && unreadable_has(unreadable, "b", NOW));
    ck_assert(!unreadable_has_instance(unreadable, "1.2.3", NOW));
}
END_TEST

/* Somebody may have taken it away. */
START_TEST(what_is_not_tried_any_more_is_forgotten)
{
    unreadable_note(unreadable, "a", "1.2.3", NOW);
    unreadable_note(unreadable, "b", "1.2.4", NOW);
    unreadable_note(unreadable, "b", "1.2.4", NOW + UNREADABLE_MS - 1);
    ck_assert(unreadable_has(unreadable, "a", NOW + UNREADABLE_MS - 1));
    ck_assert(!unreadable_has(unreadable, "a", NOW + UNREADABLE_MS));
    ck_assert(!unreadable_has_instance(unreadable, "1.2.3", NOW + UNREADABLE_MS));
    ck_assert(unreadable_has_instance(unreadable, "1.2.4", NOW + UNREADABLE_MS));
}
END_TEST

START_TEST(it_is_bounded_and_makes_room)
{
    char receipt[RECEIPT_SIZE];
    for (int i = 0; i < UNREADABLE_MOST; i++) {
        (void)snprintf(receipt, sizeof receipt, "%d", i);
        unreadable_note(unreadable, receipt, "", NOW);
    }
    unreadable_note(unreadable, "more", "", NOW);
    ck_assert(!unreadable_has(unreadable, "more", NOW));
    unreadable_note(unreadable, "more", "", NOW + UNREADABLE_MS);
    ck_assert(unreadable_has(unreadable, "more", NOW + UNREADABLE_MS));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("router unreadable");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, one_is_known_by_its_receipt_and_its_instance);
    tests_add(tests, what_is_not_tried_any_more_is_forgotten);
    tests_add(tests, it_is_bounded_and_makes_room);
    return tests_run(tests);
}
