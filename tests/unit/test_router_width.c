/* What a destination with a rate has to wait for. */
#include "router/width.h"

#include "common/config/config.h"
#include "tests/support/suite.h"

enum { KB = 1000, NOW = 5000 };

static struct config_destination destination;
static struct target target;

static void pay(int64_t bytes)
{
    struct jobdb_item item = {.size = bytes};
    const struct jobdb_batch batch = {.items = &item, .item_count = 1};
    width_pay(&target, &batch, NOW);
}

static void set_up(void)
{
    destination = (struct config_destination){.rate = 100 * KB};
    target = (struct target){.destination = &destination};
}

START_TEST(what_went_out_is_paid_with_its_time)
{
    ck_assert(width_is_there(&target, NOW));
    pay(50 * KB);
    ck_assert(!width_is_there(&target, NOW + 499));
    ck_assert_int_eq(width_opens_at(&target, NOW), NOW + 500);
    ck_assert(width_is_there(&target, NOW + 500));
    pay(50 * KB);
    ck_assert_int_eq(width_opens_at(&target, NOW), NOW + 1000);
}
END_TEST

/* A rate that was written too small, and is corrected: nobody waits for what was paid at that one. */
START_TEST(another_rate_begins_anew)
{
    destination.rate = 1;
    pay(500 * KB);
    ck_assert(!width_is_there(&target, NOW + 499999));
    destination.rate = 100 * KB;
    ck_assert(width_is_there(&target, NOW));
    pay(50 * KB);
    ck_assert_int_eq(width_opens_at(&target, NOW), NOW + 500);
    destination.rate = 0;
    ck_assert(width_is_there(&target, NOW));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("router width");
    tests_fixture(tests, set_up, NULL);
    tests_add(tests, what_went_out_is_paid_with_its_time);
    tests_add(tests, another_rate_begins_anew);
    return tests_run(tests);
}
