#include "router/crew.h"

#include "common/worker/worker.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

enum { NOW = 100000 };

static struct crew *crew;
static struct bus_peer alice = {.bytes = "alice", .length = 5}, bob = {.bytes = "bob", .length = 3};
static int lost_count;

static void set_up(void)
{
    crew = crew_create();
    lost_count = 0;
}

static void tear_down(void)
{
    crew_destroy(&crew);
}

static void hello(const struct bus_peer *peer, const char *session, int slots, char (*held)[WORK_ID_SIZE],
                  size_t held_count, int64_t now)
{
    struct work_message message = {
        .verb = WORK_HELLO, .name = (char *)session, .slots = slots, .held = held, .held_count = held_count};
    (void)snprintf(message.session, sizeof message.session, "%s", session);
    crew_hello(crew, peer, &message, now);
}

static struct lease *lease(struct seat *seat, const char *work, int64_t deadline)
{
    struct jobdb_batch batch = {0};
    (void)snprintf(batch.work, sizeof batch.work, "%s", work);
    return crew_lease(crew, seat, &batch, NOW, deadline);
}

static void ping(const struct bus_peer *peer, const char *work)
{
    char held[1][WORK_ID_SIZE] = {""};
    struct work_message message = {.verb = WORK_PING, .held = held, .held_count = work ? 1 : 0};
    (void)snprintf(held[0], WORK_ID_SIZE, "%s", work ? work : "");
    crew_check_held(crew, peer, &message);
}

static const struct crew_duty first = {WORK_SEND, 1, 0}, second = {WORK_SEND, 2, 0},
                              album = {WORK_SEND, 1, 7};
static const struct crew_duty fetches = {WORK_FETCH, 1, 0};
static const struct crew_probe probe_by_any = {0};

static void count_lost(void *context, struct lease *lost)
{
    (void)context;
    lost_count++;
    crew_end_lease(crew, lost);
}

static int lost_at(int64_t now)
{
    crew_expire(crew, now, count_lost, NULL);
    return lost_count;
}

START_TEST(credit_is_slots_minus_leases)
{
    hello(&alice, "a", 2, NULL, 0, NOW);
    struct seat *seat = crew_most_credit(crew, WORK_SEND, NOW);
    ck_assert_ptr_nonnull(seat);
    (void)lease(seat, "w1", 0);
    (void)lease(seat, "w2", 0);
    ck_assert_ptr_null(crew_most_credit(crew, WORK_SEND, NOW));
    crew_end_lease(crew, crew_find_lease(crew, "w1"));
    ck_assert_ptr_eq(crew_most_credit(crew, WORK_SEND, NOW), seat);
}
END_TEST

START_TEST(work_goes_to_whoever_has_most_credit)
{
    hello(&alice, "a", 2, NULL, 0, NOW);
    hello(&bob, "b", 4, NULL, 0, NOW);
    for (int i = 0; i < 3; i++) {
        char work[8];
        (void)snprintf(work, sizeof work, "w%d", i);
        (void)lease(crew_most_credit(crew, WORK_SEND, NOW), work, 0);
    }
    ck_assert_str_eq(seat_name(crew_find_lease(crew, "w0")->seat), "b");
    ck_assert_str_eq(seat_name(crew_find_lease(crew, "w1")->seat), "b");
    ck_assert_ptr_null(crew_most_credit(crew, WORK_SHARE, NOW));
}
END_TEST

START_TEST(a_silent_worker_loses_its_leases_after_the_lease_time)
{
    hello(&alice, "a", 2, NULL, 0, NOW);
    (void)lease(crew_most_credit(crew, WORK_SEND, NOW), "w1", 0);
    ck_assert_int_eq(crew_next_expiry(crew), NOW + WORK_LEASE_MS);
    ck_assert_int_eq(lost_at(NOW + WORK_LEASE_MS - 1), 0);
    ck_assert(crew_heard(crew, &alice, NOW + 5000));
    ck_assert_int_eq(lost_at(NOW + WORK_LEASE_MS), 0);
    ck_assert_int_eq(lost_at(NOW + 5000 + WORK_LEASE_MS), 1);
    ck_assert_msg(!crew_heard(crew, &alice, NOW + 20000), "and is forgotten");
}
END_TEST

START_TEST(whoever_was_silent_for_some_seconds_gets_no_new_work)
{
    hello(&alice, "a", 8, NULL, 0, NOW);
    hello(&bob, "b", 2, NULL, 0, NOW + 3000);
    ck_assert_str_eq(seat_name(crew_most_credit(crew, WORK_SEND, NOW + 2999)), "a");
    ck_assert_str_eq(seat_name(crew_most_credit(crew, WORK_SEND, NOW + 3000)), "b");
    ck_assert(crew_heard(crew, &alice, NOW + 4000));
    ck_assert_str_eq(seat_name(crew_most_credit(crew, WORK_SEND, NOW + 4000)), "a");
}
END_TEST

START_TEST(a_hello_that_crossed_a_work_costs_nothing)
{
    hello(&alice, "a", 2, NULL, 0, NOW);
    (void)lease(crew_most_credit(crew, WORK_SEND, NOW), "w1", 0);
    for (int i = 0; i < 3; i++)
        hello(&alice, "a", 2, NULL, 0, NOW + i);
    ck_assert_int_eq(lost_at(NOW + 3), 0);
}
END_TEST

START_TEST(a_lease_that_two_pings_do_not_list_is_lost)
{
    hello(&alice, "a", 2, NULL, 0, NOW);
    (void)lease(crew_most_credit(crew, WORK_SEND, NOW), "w1", 0);
    ping(&alice, NULL); /* crossed the WORK on its way */
    ck_assert_int_eq(lost_at(NOW), 0);
    ping(&alice, "w1");
    ping(&alice, NULL);
    ck_assert_int_eq(lost_at(NOW), 0);
    ping(&alice, NULL);
    ck_assert_int_eq(lost_at(NOW), 1);
}
END_TEST

/* The WORK goes out at the end of a turn that may take long: what the worker said meanwhile waits for the next one. */
START_TEST(pings_that_waited_while_a_work_was_committed_lose_it_not)
{
    hello(&alice, "a", 2, NULL, 0, NOW);
    ck_assert_int_eq(lost_at(NOW), 0);
    (void)lease(crew_most_credit(crew, WORK_SEND, NOW), "w1", 0);
    for (int i = 0; i < 3; i++)
        ping(&alice, NULL);
    ck_assert_int_eq(lost_at(NOW), 0);
    ping(&alice, NULL);
    ck_assert_msg(lost_at(NOW) == 0, "the first that came after it was said");
    ping(&alice, NULL);
    ck_assert_int_eq(lost_at(NOW), 1);
}
END_TEST

START_TEST(pings_that_are_read_together_count_once)
{
    hello(&alice, "a", 2, NULL, 0, NOW);
    (void)lease(crew_most_credit(crew, WORK_SEND, NOW), "w1", 0);
    ck_assert_int_eq(lost_at(NOW), 0);
    for (int i = 0; i < 3; i++)
        ping(&alice, NULL);
    ck_assert_int_eq(lost_at(NOW), 0);
    ping(&alice, "w1");
    ck_assert_int_eq(lost_at(NOW), 0);
    ping(&alice, NULL);
    ck_assert_int_eq(lost_at(NOW), 0);
    ping(&alice, NULL);
    ck_assert_int_eq(lost_at(NOW), 1);
}
END_TEST

START_TEST(work_from_before_the_restart_is_adopted_by_whoever_lists_it)
{
    char held[1][WORK_ID_SIZE] = {"w1"};
    (void)lease(NULL, "w1", NOW + 100);
    (void)lease(NULL, "w2", NOW + 100);
    hello(&alice, "a", 2, held, 1, NOW);
    ck_assert_ptr_nonnull(crew_find_lease(crew, "w1")->seat);
    ck_assert_int_eq(lost_at(NOW + 99), 0);
    ck_assert_int_eq(lost_at(NOW + 100), 1);
    ck_assert_ptr_nonnull(crew_find_lease(crew, "w1"));
    ck_assert_ptr_null(crew_find_lease(crew, "w2"));
}
END_TEST

START_TEST(work_from_before_the_restart_goes_back_to_whoever_was_given_it)
{
    char work[WORK_ID_SIZE], held[1][WORK_ID_SIZE];
    hello(&alice, "0123456789", 2, NULL, 0, NOW);
    crew_name_work(crew_most_credit(crew, WORK_SEND, NOW), "epoch", 7, work);
    ck_assert_str_eq(work, "epoch-7-01234567");
    crew_name_work(crew_most_credit(crew, WORK_SEND, NOW), "epoch", 8, held[0]);
    crew_destroy(&crew);
    crew = crew_create();
    (void)lease(NULL, work, NOW + 10000);
    (void)lease(NULL, held[0], NOW + 10000);
    hello(&bob, "1123456789", 2, held, 0, NOW);
    ck_assert_ptr_null(crew_find_lease(crew, work)->seat);
    for (int i = 0; i < 3; i++)
        hello(&alice, "0123456789", 2, held, 1, NOW);
    ck_assert_str_eq(seat_name(crew_find_lease(crew, work)->seat), "0123456789");
    ck_assert_msg(lost_at(NOW) == 0, "it may be on its way");
    ping(&alice, held[0]);
    ck_assert_msg(lost_at(NOW) == 1, "it is not");
    ck_assert_ptr_null(crew_find_lease(crew, work));
    ck_assert_ptr_nonnull(crew_find_lease(crew, held[0]));
    ping(&alice, held[0]);
    ck_assert_int_eq(lost_at(NOW + 100), 1);
}
END_TEST

START_TEST(work_from_before_the_restart_that_comes_late_is_kept)
{
    (void)lease(NULL, "epoch-7-a", NOW + 10000);
    hello(&alice, "a", 2, NULL, 0, NOW);
    ping(&alice, "epoch-7-a");
    ping(&alice, NULL);
    ck_assert_int_eq(lost_at(NOW), 0);
}
END_TEST

START_TEST(the_same_session_on_a_new_connection_is_the_same_worker)
{
    hello(&alice, "a", 2, NULL, 0, NOW);
    (void)lease(crew_most_credit(crew, WORK_SEND, NOW), "w1", 0);
    hello(&bob, "a", 2, NULL, 0, NOW);
    ck_assert_uint_eq(crew_size(crew, WORK_SEND), 1);
    ck_assert(!crew_heard(crew, &alice, NOW));
    ck_assert(crew_heard(crew, &bob, NOW));
    ck_assert_ptr_nonnull(crew_find_lease(crew, "w1"));
}
END_TEST

START_TEST(two_workers_with_one_name_are_two)
{
    hello(&alice, "a", 2, NULL, 0, NOW);
    struct work_message twin = {.verb = WORK_HELLO, .name = (char *)"a", .slots = 1, .session = "other"};
    crew_hello(crew, &bob, &twin, NOW);
    ck_assert_uint_eq(crew_size(crew, WORK_SEND), 2);
}
END_TEST

static size_t gone_of(const char *session, char (*held)[WORK_ID_SIZE], size_t count)
{
    char(*gone)[WORK_ID_SIZE] = NULL;
    struct work_message message = {.held = held, .held_count = count};
    (void)snprintf(message.session, sizeof message.session, "%s", session);
    size_t gone_count = crew_gone(crew, &message, &gone);
    ck_assert(gone_count == 0 || strcmp(gone[0], held[count - 1]) == 0);
    free(gone);
    return gone_count;
}

START_TEST(a_worker_hears_what_is_not_its_own_any_more)
{
    char held[][WORK_ID_SIZE] = {"w1", "w2", "w3"};
    hello(&alice, "a", 2, NULL, 0, NOW);
    (void)lease(crew_most_credit(crew, WORK_SEND, NOW), "w1", 0);
    (void)lease(NULL, "w2", NOW + 100); /* from before the restart: nobody has it yet */
    ck_assert_uint_eq(gone_of("a", held, 2), 0);
    ck_assert_uint_eq(gone_of("a", held, 3), 1);
    ck_assert_uint_eq(gone_of("b", held, 1), 1);
}
END_TEST

START_TEST(bye_takes_the_credit_and_leaves_the_leases)
{
    hello(&alice, "a", 2, NULL, 0, NOW);
    (void)lease(crew_most_credit(crew, WORK_SEND, NOW), "w1", 0);
    crew_bye(crew, &alice);
    ck_assert_ptr_null(crew_most_credit(crew, WORK_SEND, NOW));
    ck_assert_ptr_nonnull(crew_find_lease(crew, "w1"));
}
END_TEST

START_TEST(a_worker_rests_for_one_target_and_others_serve_it)
{
    hello(&alice, "a", 8, NULL, 0, NOW);
    hello(&bob, "b", 2, NULL, 0, NOW);
    struct seat *seat = crew_choose(crew, &first, NULL, NOW);
    ck_assert_str_eq(seat_name(seat), "a");
    ck_assert_int_eq(crew_rest(crew, seat, &first, "its token file is not there"), 1);
    ck_assert_int_eq(crew_rest(crew, seat, &first, "its token file is not there"), 2);
    crew_rest_until(seat, &first, NOW + 100);
    ck_assert_str_eq(seat_name(crew_choose(crew, &first, NULL, NOW)), "b");
    ck_assert_str_eq(seat_name(crew_choose(crew, &second, NULL, NOW)), "a");
    ck_assert_str_eq(seat_name(crew_choose(crew, &album, NULL, NOW)), "a");
    ck_assert(crew_has_other(crew, seat, &first, NOW));
    ck_assert_msg(crew_choose(crew, &first, NULL, NOW + 100) == seat, "the rest is over");
}
END_TEST

START_TEST(where_all_rest_a_probe_goes_to_the_one_whose_rest_ends_first)
{
    hello(&alice, "a", 8, NULL, 0, NOW);
    hello(&bob, "b", 2, NULL, 0, NOW);
    struct seat *a = crew_choose(crew, &first, NULL, NOW);
    (void)crew_rest(crew, a, &first, "its token file is not there");
    crew_rest_until(a, &first, NOW + 200);
    struct seat *b = crew_choose(crew, &first, NULL, NOW);
    (void)crew_rest(crew, b, &first, "its token file is not there");
    crew_rest_until(b, &first, NOW + 100);
    ck_assert(!crew_has_other(crew, b, &first, NOW));
    ck_assert_ptr_null(crew_choose(crew, &first, NULL, NOW));
    ck_assert_ptr_eq(crew_choose(crew, &first, &probe_by_any, NOW), b);
    crew_rouse(crew, &alice, 1);
    ck_assert_ptr_eq(crew_choose(crew, &first, NULL, NOW), a);
    ck_assert(crew_rest_over(crew, a, &first));
    ck_assert(!crew_rest_over(crew, a, &first));
    ck_assert(crew_has_other(crew, b, &first, NOW));
    crew_bye(crew, &alice);
    ck_assert(!crew_has_other(crew, b, &first, NOW));
}
END_TEST

START_TEST(probes_go_to_all_workers_in_turn)
{
    hello(&alice, "a", 8, NULL, 0, NOW);
    hello(&bob, "b", 2, NULL, 0, NOW);
    struct crew_probe probe = {0};
    const char *const names[] = {"a", "b", "a", "b"};
    for (size_t i = 0; i < 4; i++) {
        struct seat *seat = crew_choose(crew, &first, &probe, NOW);
        ck_assert_str_eq(seat_name(seat), names[i]);
        probe.after = seat_number(seat);
    }
    struct seat *b = crew_choose(crew, &first, &(struct crew_probe){1}, NOW);
    (void)crew_rest(crew, b, &first, "its token file is not there");
    crew_rest_until(b, &first, NOW + 100);
    ck_assert_msg(crew_choose(crew, &first, &(struct crew_probe){1}, NOW) != b, "it rests");
}
END_TEST

START_TEST(one_worker_looks_as_long_as_it_is_there)
{
    ck_assert_ptr_null(crew_any(crew, &first, 0, NOW));
    hello(&alice, "a", 1, NULL, 0, NOW);
    hello(&bob, "b", 2, NULL, 0, NOW);
    struct seat *a = crew_choose(crew, &first, &(struct crew_probe){2}, NOW);
    ck_assert_str_eq(seat_name(crew_any(crew, &first, 0, NOW)), "b");
    (void)lease(a, "w1", 0);
    ck_assert_ptr_eq(crew_any(crew, &first, seat_number(a), NOW), a);
    crew_bye(crew, &alice);
    ck_assert_str_eq(seat_name(crew_any(crew, &first, seat_number(a), NOW)), "b");
}
END_TEST

START_TEST(who_cannot_fetch_delivers)
{
    hello(&alice, "a", 8, NULL, 0, NOW);
    struct seat *a = crew_choose(crew, &first, NULL, NOW);
    (void)crew_rest(crew, a, &fetches, "its token file is not there");
    crew_rest_until(a, &fetches, NOW + 100);
    ck_assert_ptr_null(crew_choose(crew, &fetches, NULL, NOW));
    ck_assert_ptr_eq(crew_choose(crew, &first, NULL, NOW), a);
    ck_assert(!crew_rest_over(crew, a, &first));
}
END_TEST

START_TEST(who_is_alone_of_its_kind)
{
    hello(&alice, "a", 8, NULL, 0, NOW);
    struct seat *a = crew_choose(crew, &first, NULL, NOW);
    ck_assert(crew_is_alone(crew, a, NOW));
    hello(&bob, "b", 2, NULL, 0, NOW);
    ck_assert(!crew_is_alone(crew, a, NOW));
    crew_bye(crew, &bob);
    ck_assert(crew_is_alone(crew, a, NOW));
}
END_TEST

static int died_count;

static void count_died(void *context, struct lease *lost)
{
    died_count += crew_died_with(lost, *(const int64_t *)context);
    crew_end_lease(crew, lost);
}

static int died_at(int64_t now)
{
    died_count = 0;
    crew_expire(crew, now, count_died, &now);
    return died_count;
}

START_TEST(who_died_of_its_work_is_told_from_who_left)
{
    hello(&alice, "a", 2, NULL, 0, NOW);
    (void)lease(crew_most_credit(crew, WORK_SEND, NOW), "w1", 0);
    crew_absent(crew, &alice); /* a further WORK found nobody */
    ck_assert_int_eq(died_at(NOW + WORK_LEASE_MS), 1);
    hello(&alice, "a", 2, NULL, 0, NOW);
    (void)lease(crew_most_credit(crew, WORK_SEND, NOW), "w2", 0);
    crew_bye(crew, &alice);
    ck_assert_int_eq(died_at(NOW + WORK_LEASE_MS), 0);
    (void)lease(NULL, "w3", NOW + 100); /* from before a restart */
    ck_assert_int_eq(died_at(NOW + 100), 0);
    ck_assert_uint_eq(crew_held(crew), 0);
    hello(&alice, "b", 2, NULL, 0, NOW);
    (void)lease(crew_most_credit(crew, WORK_SEND, NOW), "w4", 0);
    ck_assert_int_eq(died_at(NOW), 0);
    ping(&alice, NULL);
    ck_assert_int_eq(died_at(NOW), 0);
    ping(&alice, NULL);
    ck_assert_int_eq(died_at(NOW), 0); /* it never got it */
    ck_assert_uint_eq(crew_held(crew), 0);
}
END_TEST

/* ---- works that wait behind others ---- */

static void hello_of_follower(const struct bus_peer *peer, int slots)
{
    struct work_message message = {
        .verb = WORK_HELLO, .name = (char *)"f", .slots = slots, .session = "f", .follows = true};
    crew_hello(crew, peer, &message, NOW);
}

static struct lease *lease_behind(struct lease *ahead, const char *work)
{
    struct jobdb_batch batch = {0};
    (void)snprintf(batch.work, sizeof batch.work, "%s", work);
    return crew_lease_behind(crew, ahead, &batch, NOW);
}

START_TEST(what_waits_takes_no_slot_and_takes_over_that_of_the_one_before)
{
    hello_of_follower(&alice, 1);
    struct lease *ahead = lease(crew_most_credit(crew, WORK_SEND, NOW), "w1", 0);
    ck_assert_ptr_null(crew_most_credit(crew, WORK_SEND, NOW));
    ck_assert(crew_may_follow(ahead, &first, NOW));
    struct lease *waiting = lease_behind(ahead, "w2");
    ck_assert_ptr_eq(crew_follower(crew, ahead), waiting);
    ck_assert_msg(!crew_may_follow(ahead, &first, NOW) && !crew_may_follow(waiting, &first, NOW),
                  "one is enough");
    crew_end_lease(crew, ahead);
    ck_assert_ptr_null(waiting->ahead);
    ck_assert_ptr_null(crew_most_credit(crew, WORK_SEND, NOW));
    ck_assert_msg(crew_may_follow(waiting, &first, NOW), "it is out now");
    crew_end_lease(crew, waiting);
    ck_assert_ptr_nonnull(crew_most_credit(crew, WORK_SEND, NOW));
}
END_TEST

START_TEST(what_waits_can_go_back_without_a_trace)
{
    hello_of_follower(&alice, 1);
    struct lease *ahead = lease(crew_most_credit(crew, WORK_SEND, NOW), "w1", 0);
    crew_end_lease(crew, lease_behind(ahead, "w2"));
    ck_assert_ptr_null(crew_most_credit(crew, WORK_SEND, NOW));
    ck_assert_ptr_null(crew_follower(crew, ahead));
    ck_assert(crew_may_follow(ahead, &first, NOW));
    (void)lease_behind(ahead, "w3");
    ck_assert_int_eq(died_at(NOW + WORK_LEASE_MS), 2);
    ck_assert_uint_eq(crew_held(crew), 0);
    hello_of_follower(&alice, 1);
    ck_assert_ptr_nonnull(crew_most_credit(crew, WORK_SEND, NOW));
}
END_TEST

START_TEST(nothing_waits_with_whoever_does_not_say_so_or_is_leaving_or_rests)
{
    hello(&bob, "b", 1, NULL, 0, NOW);
    struct lease *other = lease(crew_most_credit(crew, WORK_SEND, NOW), "w1", 0);
    ck_assert_msg(!crew_may_follow(other, &first, NOW), "an older version would begin it at once");
    hello_of_follower(&alice, 1);
    struct seat *seat = crew_most_credit(crew, WORK_SEND, NOW);
    struct lease *ahead = lease(seat, "w2", 0);
    ck_assert(!crew_may_follow(lease(NULL, "w3", NOW + 1), &first, NOW));
    (void)crew_rest(crew, seat, &first, "no token");
    ck_assert(!crew_may_follow(ahead, &first, NOW) && crew_may_follow(ahead, &second, NOW));
    crew_bye(crew, &alice);
    ck_assert(!crew_may_follow(ahead, &second, NOW));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("crew");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, credit_is_slots_minus_leases);
    tests_add(tests, what_waits_takes_no_slot_and_takes_over_that_of_the_one_before);
    tests_add(tests, what_waits_can_go_back_without_a_trace);
    tests_add(tests, nothing_waits_with_whoever_does_not_say_so_or_is_leaving_or_rests);
    tests_add(tests, work_goes_to_whoever_has_most_credit);
    tests_add(tests, a_silent_worker_loses_its_leases_after_the_lease_time);
    tests_add(tests, whoever_was_silent_for_some_seconds_gets_no_new_work);
    tests_add(tests, a_hello_that_crossed_a_work_costs_nothing);
    tests_add(tests, a_lease_that_two_pings_do_not_list_is_lost);
    tests_add(tests, pings_that_waited_while_a_work_was_committed_lose_it_not);
    tests_add(tests, pings_that_are_read_together_count_once);
    tests_add(tests, probes_go_to_all_workers_in_turn);
    tests_add(tests, who_died_of_its_work_is_told_from_who_left);
    tests_add(tests, who_cannot_fetch_delivers);
    tests_add(tests, who_is_alone_of_its_kind);
    tests_add(tests, work_from_before_the_restart_is_adopted_by_whoever_lists_it);
    tests_add(tests, work_from_before_the_restart_goes_back_to_whoever_was_given_it);
    tests_add(tests, work_from_before_the_restart_that_comes_late_is_kept);
    tests_add(tests, the_same_session_on_a_new_connection_is_the_same_worker);
    tests_add(tests, two_workers_with_one_name_are_two);
    tests_add(tests, one_worker_looks_as_long_as_it_is_there);
    tests_add(tests, a_worker_rests_for_one_target_and_others_serve_it);
    tests_add(tests, where_all_rest_a_probe_goes_to_the_one_whose_rest_ends_first);
    tests_add(tests, a_worker_hears_what_is_not_its_own_any_more);
    tests_add(tests, bye_takes_the_credit_and_leaves_the_leases);
    return tests_run(tests);
}
