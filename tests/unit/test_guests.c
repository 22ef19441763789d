/* Who has to go for whom where many people come from one address, or one from many. */
#include "common/service/guests.h"
#include "tests/support/suite.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 64, QUARTER = MOST / 4, PER_ADDRESS = 20, PROXIES = 4, ALL = 400 };

static struct guests *guests;
static int ours[ALL], theirs[ALL]; /* by the order in which they came */
static unsigned all;

static void set_up(void)
{
    all = 0;
    guests = guests_create(MOST, PER_ADDRESS);
}

static void tear_down(void)
{
    for (unsigned i = 0; i < all; i++) {
        (void)close(ours[i]);
        (void)close(theirs[i]);
    }
    guests_destroy(&guests);
}

static bool stays(unsigned who)
{
    char byte;
    return recv(theirs[who], &byte, 1, MSG_DONTWAIT) != 0;
}

/* The server sees at once that those have ended who had to go. */
static void sweep(void)
{
    for (unsigned i = 0; i < all; i++)
        if (!stays(i))
            guests_forget(guests, ours[i]);
}

/* Its number. */
static unsigned come(unsigned char address, bool is_shared)
{
    const unsigned char bytes[GUESTS_ADDRESS_SIZE] = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = address};
    int pair[2];
    ck_assert_uint_lt(all, ALL);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    ours[all] = pair[0];
    theirs[all] = pair[1];
    guests_welcome(guests, pair[0], bytes, is_shared, 60000);
    sweep();
    return all++;
}

static void name(unsigned who, const char *person)
{
    unsigned char bytes[GUESTS_ADDRESS_SIZE] = {0};
    memcpy(bytes, person, strlen(person));
    guests_name(guests, ours[who], bytes);
    sweep();
}

static unsigned come_named(unsigned proxy, const char *person)
{
    unsigned who = come((unsigned char)(proxy + 1), true);
    name(who, person);
    return who;
}

static unsigned count_staying(unsigned from, unsigned end)
{
    unsigned count = 0;
    for (unsigned i = from; i < end; i++)
        count += stays(i);
    return count;
}

static const struct proxies_row {
    const char *label;
    unsigned proxies;
} proxies_rows[] = {{"one proxy", 1}, {"four proxies", PROXIES}};

START_TEST(one_person_has_one_share_behind_however_many_proxies)
{
    const struct proxies_row *row = &proxies_rows[_i];
    unsigned viv = come_named(0, "viv"), eve = come_named(row->proxies - 1, "eve"), first = all;
    for (unsigned i = 0; i < 3 * MOST; i++)
        (void)come_named(i % row->proxies, "ada");
    ck_assert_msg(stays(viv) && stays(eve), "%s", row->label);
    ck_assert_msg(count_staying(first, all) == PER_ADDRESS, "%s", row->label);
}
END_TEST

/* No address is full, but all together are. */
START_TEST(where_all_is_full_the_person_with_the_most_loses)
{
    unsigned viv = come_named(0, "viv"), ada = all;
    for (unsigned i = 0; i < PER_ADDRESS; i++)
        (void)come_named(i % PROXIES, "ada");
    unsigned others = all;
    for (unsigned i = 0; i < 2 * (PER_ADDRESS - 1); i++)
        (void)come_named(i % PROXIES, i % 2 ? "bob" : "cyd");
    while (all - viv < MOST)
        (void)come_named(all % PROXIES, "eve");
    ck_assert(stays(viv));
    ck_assert_uint_eq(count_staying(others, all), all - others);
    ck_assert_uint_lt(count_staying(ada, others), PER_ADDRESS);
}
END_TEST

/* The proxy has it from before, for somebody else. */
START_TEST(who_brings_a_request_is_not_the_one_who_goes)
{
    unsigned reused = come_named(0, "viv"), ada = all;
    for (unsigned i = 0; i < PER_ADDRESS; i++)
        (void)come_named(0, "ada");
    name(reused, "ada");
    ck_assert(stays(reused));
    ck_assert_uint_eq(count_staying(ada, all), PER_ADDRESS - 1);
}
END_TEST

START_TEST(who_waits_for_an_answer_stays_before_one_at_rest)
{
    struct pool_job job = {0};
    unsigned first = all;
    for (unsigned i = 0; i < PER_ADDRESS; i++)
        guests_wait(guests, ours[come_named(0, "ada")], i == 2 ? NULL : &job);
    (void)come_named(0, "ada");
    ck_assert(!stays(first + 2));
    ck_assert_uint_eq(count_staying(first, all), PER_ADDRESS);
    guests_wait(guests, ours[all - 1], &job);
    (void)come_named(0, "ada"); /* none is at rest now */
    ck_assert(!stays(first) && stays(first + 1) && stays(all - 1));
}
END_TEST

START_TEST(strangers_push_nobody_out_of_a_full_proxy)
{
    char person[] = "0";
    unsigned shared = MOST - QUARTER;
    for (unsigned i = 0; i < shared; i++) {
        person[0] = (char)('0' + i % 8);
        (void)come_named(0, person);
    }
    for (unsigned i = 0; i < 200; i++)
        (void)come((unsigned char)(i + 10), false);
    ck_assert_uint_eq(count_staying(0, shared), shared);
    ck_assert(stays(all - 1));
}
END_TEST

/* Where several proxies have more than three quarters strangers get theirs. */
START_TEST(strangers_push_nobody_below_three_quarters)
{
    unsigned shared = MOST - 2;
    char person[] = "0";
    for (unsigned i = 0; i < shared; i++) {
        person[0] = (char)('0' + i % 8);
        (void)come_named(i % 2, person);
    }
    for (unsigned i = 0; i < 200; i++)
        (void)come((unsigned char)(i + 10), false);
    ck_assert_uint_eq(count_staying(0, shared), MOST - QUARTER);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("guests");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, one_person_has_one_share_behind_however_many_proxies, ROWS(proxies_rows));
    tests_add(tests, where_all_is_full_the_person_with_the_most_loses);
    tests_add(tests, who_brings_a_request_is_not_the_one_who_goes);
    tests_add(tests, who_waits_for_an_answer_stays_before_one_at_rest);
    tests_add(tests, strangers_push_nobody_out_of_a_full_proxy);
    tests_add(tests, strangers_push_nobody_below_three_quarters);
    return tests_run(tests);
}
