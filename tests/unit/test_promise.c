#include "router/promise.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/suite.h"

#include <string.h>

static const struct row {
    const char *label, *states; /* of its deliveries, with blanks between them; NULL: never seen */
    enum promise delivered, received;
} rows[] = {
    {"everywhere", "sent sent", PROMISE_COMMITTED, PROMISE_COMMITTED},
    {"where it should be", "sent excluded", PROMISE_COMMITTED, PROMISE_COMMITTED},
    {"waits", "sent queued", PROMISE_OPEN, PROMISE_COMMITTED},
    {"is sent", "sending", PROMISE_OPEN, PROMISE_COMMITTED},
    {"undecided", "sent undecided", PROMISE_OPEN, PROMISE_COMMITTED},
    {"failed", "sent failed", PROMISE_FAILED, PROMISE_COMMITTED},
    {"failed, and another one waits", "queued failed", PROMISE_FAILED, PROMISE_COMMITTED},
    {"dropped", "sent dropped", PROMISE_FAILED, PROMISE_COMMITTED},
    {"dropped everywhere", "dropped", PROMISE_FAILED, PROMISE_FAILED},
    {"nobody takes it", "excluded excluded", PROMISE_UNKNOWN, PROMISE_UNKNOWN},
    {"there is no destination", "", PROMISE_UNKNOWN, PROMISE_UNKNOWN},
};

static struct promise_facts facts_of(const char *states)
{
    struct promise_facts facts = {.known = true};
    AUTO(memory_free) char *copy = memory_string(states);
    char *rest = NULL;
    for (char *state = strtok_r(copy, " ", &rest); state; state = strtok_r(NULL, " ", &rest))
        promise_add(&facts, state);
    return facts;
}

START_TEST(a_promise_is_what_became_of_it)
{
    const struct promise_facts facts = facts_of(rows[_i].states);
    ck_assert_msg(promise_judge(CONFIG_DELIVERED, &facts, true) == rows[_i].delivered, "%s", rows[_i].label);
    ck_assert_msg(promise_judge(CONFIG_RECEIVED, &facts, true) == rows[_i].received, "%s: received",
                  rows[_i].label);
}
END_TEST

START_TEST(nobody_is_unknown_before_all_is_taken_in)
{
    const struct promise_facts facts = {.known = false};
    ck_assert_int_eq(promise_judge(CONFIG_DELIVERED, &facts, false), PROMISE_OPEN);
    ck_assert_int_eq(promise_judge(CONFIG_RECEIVED, &facts, false), PROMISE_OPEN);
    ck_assert_int_eq(promise_judge(CONFIG_DELIVERED, &facts, true), PROMISE_UNKNOWN);
}
END_TEST

START_TEST(quarantine_waits_and_another_class_does_not)
{
    const struct promise_facts parked = {.known = true, .quarantined = true};
    const struct promise_facts other = {.known = true, .other_class = true, .sent = 1};
    ck_assert_int_eq(promise_judge(CONFIG_DELIVERED, &parked, true), PROMISE_OPEN);
    ck_assert_int_eq(promise_judge(CONFIG_RECEIVED, &parked, true), PROMISE_OPEN);
    ck_assert_int_eq(promise_judge(CONFIG_DELIVERED, &other, true), PROMISE_OTHER_CLASS);
}
END_TEST

START_TEST(only_what_is_named_counts)
{
    char *names[] = {(char *)"main"};
    const struct config_node all = {.aet = (char *)"A"};
    const struct config_node one = {.commitment = {.destinations = names, .destination_count = 1}};
    ck_assert(promise_counts(NULL, "x") && promise_counts(&all, "x"));
    ck_assert(promise_counts(&one, "main") && !promise_counts(&one, "second"));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("promise");
    tests_rows(tests, a_promise_is_what_became_of_it, ROWS(rows));
    tests_add(tests, nobody_is_unknown_before_all_is_taken_in);
    tests_add(tests, quarantine_waits_and_another_class_does_not);
    tests_add(tests, only_what_is_named_counts);
    return tests_run(tests);
}
