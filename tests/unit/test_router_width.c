/* What a destination with a rate has to wait for. */
#include "router/width.h"

#include "common/config/config.h"
#include "tests/support/suite.h"

enum { KB = 1000, NOW = 5000 };

static struct config_destination destination;
static struct target target;

static struct width_paid pay(int64_t bytes)
{
    struct jobdb_item item = {.size = bytes};
    const struct jobdb_batch batch = {.items = &item, .item_count = 1};
    return width_pay(&target, &batch, NOW);
}

static void set_up(void)
{
    destination = (struct config_destination){.rate = 100 * KB};
    target = (struct target){.destination = &destination};
}

START_TEST(what_went_out_is_paid_with_its_time)
{
    ck_assert(width_is_there(&target, NOW));
    (void)pay(50 * KB);
    ck_assert(!width_is_there(&target, NOW + 499));
    ck_assert_int_eq(width_opens_at(&target, NOW), NOW + 500);
    ck_assert(width_is_there(&target, NOW + 500));
    (void)pay(50 * KB);
    ck_assert_int_eq(width_opens_at(&target, NOW), NOW + 1000);
}
END_TEST

/* A rate that was written too small, and is corrected: nobody waits for what was paid at that one. */
START_TEST(another_rate_begins_anew)
{
    destination.rate = 1;
    (void)pay(500 * KB);
    ck_assert(!width_is_there(&target, NOW + 499999));
    destination.rate = 100 * KB;
    ck_assert(width_is_there(&target, NOW));
    (void)pay(50 * KB);
    ck_assert_int_eq(width_opens_at(&target, NOW), NOW + 500);
    destination.rate = 0;
    ck_assert(width_is_there(&target, NOW));
}
END_TEST

/* An instance of a gigabyte that is refused at its first byte: those behind it do not wait hours for what never went out. */
START_TEST(what_did_not_go_out_holds_up_nobody)
{
    struct width_paid paid = pay(1000000 * KB);
    ck_assert(!width_is_there(&target, NOW + 9999999));
    struct width_paid other = pay(50 * KB); /* another request, at another sender */
    width_give_back(&target, &paid, width_time(&target, 10 * KB), NOW);
    ck_assert_int_eq(width_opens_at(&target, NOW), NOW + 100 + 500);
    width_give_back(&target, &other, 700, NOW); /* all of it, and its frame */
    ck_assert_int_eq(width_opens_at(&target, NOW), NOW + 600);
    width_give_back(&target, &other, -1, NOW); /* a sender that says nonsense */
    ck_assert_int_eq(width_opens_at(&target, NOW), NOW + 100);
}
END_TEST

/* A server that says nothing for a while: in that time nothing went out, and nobody else's may go twice as fast for it. */
START_TEST(what_is_over_is_not_given_back)
{
    struct width_paid first = pay(100 * KB), second = pay(2000 * KB);
    width_give_back(&target, &first, 0, first.until + 50);
    ck_assert_int_eq(width_opens_at(&target, NOW), second.until);
    width_give_back(&target, &second, 0, first.until + 500);
    ck_assert_int_eq(width_opens_at(&target, NOW), first.until + 500);
}
END_TEST

/* What was paid at another rate is no part of what is owed now. */
START_TEST(what_was_paid_at_another_rate_is_not_given_back)
{
    struct width_paid paid = pay(1000 * KB);
    destination.rate = 200 * KB;
    (void)pay(100 * KB);
    width_give_back(&target, &paid, 0, NOW);
    width_give_back(&target, &(struct width_paid){0}, 0, NOW); /* a request of a router before this one */
    ck_assert_int_eq(width_opens_at(&target, NOW), NOW + 500);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("router width");
    tests_fixture(tests, set_up, NULL);
    tests_add(tests, what_went_out_is_paid_with_its_time);
    tests_add(tests, another_rate_begins_anew);
    tests_add(tests, what_did_not_go_out_holds_up_nobody);
    tests_add(tests, what_is_over_is_not_given_back);
    tests_add(tests, what_was_paid_at_another_rate_is_not_given_back);
    return tests_run(tests);
}
