#include "common/jobs/states.h"

#include "tests/support/suite.h"

#include <stdbool.h>

/* What must hold of the tables, whatever moves are added. */

START_TEST(final_states_are_left_by_nothing)
{
    enum delivery_state to;
    enum share_state share_to;
    for (int state = 0; state < DELIVERY_STATES; state++) {
        for (int cause = 0; cause < CAUSES; cause++) {
            if (delivery_is_final((enum delivery_state)state))
                ck_assert_msg(!delivery_move((enum delivery_state)state, (enum cause)cause, &to),
                              "%s because %s", delivery_state_name((enum delivery_state)state),
                              cause_text((enum cause)cause));
        }
    }
    for (int state = 0; state < SHARE_STATES; state++) {
        for (int cause = 0; cause < CAUSES; cause++) {
            if (share_is_final((enum share_state)state))
                ck_assert_msg(!share_move((enum share_state)state, (enum cause)cause, &share_to),
                              "%s because %s", share_state_name((enum share_state)state),
                              cause_text((enum cause)cause));
        }
    }
}
END_TEST

static const struct delivery_row {
    enum delivery_state from;
    enum cause cause;
    bool moves;
    enum delivery_state to;
} delivery_rows[] = {
    {DELIVERY_QUEUED, CAUSE_LEASED, true, DELIVERY_SENDING},
    {DELIVERY_SENDING, CAUSE_STORED, true, DELIVERY_SENT},
    {DELIVERY_SENDING, CAUSE_TROUBLE, true, DELIVERY_QUEUED},
    {DELIVERY_SENDING, CAUSE_LEASE_LOST, true, DELIVERY_QUEUED},
    {DELIVERY_SENDING, CAUSE_REFUSED, true, DELIVERY_FAILED},
    {DELIVERY_QUEUED, CAUSE_STORED, true, DELIVERY_SENT}, /* a late answer is welcome */
    {DELIVERY_FAILED, CAUSE_STORED, true, DELIVERY_SENT},
    {DELIVERY_FAILED, CAUSE_RETRIED, true, DELIVERY_QUEUED},
    {DELIVERY_QUEUED, CAUSE_REFUSED, false, 0}, /* a late refusal is not */
    {DELIVERY_QUEUED, CAUSE_TROUBLE, false, 0},
    {DELIVERY_SENT, CAUSE_TROUBLE, false, 0},
    {DELIVERY_EXCLUDED, CAUSE_LEASED, false, 0},
    {DELIVERY_SENDING, CAUSE_DROPPED, false, 0},
};

START_TEST(delivery_moves)
{
    const struct delivery_row *row = &delivery_rows[_i];
    enum delivery_state to = DELIVERY_STATES;
    ck_assert_int_eq(delivery_move(row->from, row->cause, &to), row->moves);
    ck_assert_int_eq(to, row->moves ? row->to : DELIVERY_STATES);
}
END_TEST

static const struct share_row {
    enum share_state from;
    enum cause cause;
    bool moves;
    enum share_state to;
} share_rows[] = {
    {SHARE_WAITING, CAUSE_SERIES_STORED, true, SHARE_QUEUED},
    {SHARE_WAITING, CAUSE_LEASED, false, 0}, /* never before an instance of the series is stored */
    {SHARE_QUEUED, CAUSE_LEASED, true, SHARE_SHARING},
    {SHARE_SHARING, CAUSE_STORED, true, SHARE_SHARED},
    {SHARE_SHARING, CAUSE_LEASE_LOST, true, SHARE_QUEUED},
    {SHARE_FAILED, CAUSE_RETRIED, true, SHARE_QUEUED},
    {SHARE_SHARED, CAUSE_TROUBLE, false, 0},
};

START_TEST(share_moves)
{
    const struct share_row *row = &share_rows[_i];
    enum share_state to = SHARE_STATES;
    ck_assert_int_eq(share_move(row->from, row->cause, &to), row->moves);
    ck_assert_int_eq(to, row->moves ? row->to : SHARE_STATES);
}
END_TEST

START_TEST(names_are_read_back)
{
    for (int state = 0; state < DELIVERY_STATES; state++) {
        enum delivery_state parsed;
        ck_assert(delivery_state_parse(delivery_state_name((enum delivery_state)state), &parsed));
        ck_assert_int_eq(parsed, state);
    }
    enum share_state parsed;
    ck_assert(!share_state_parse("sent", &parsed));
}
END_TEST

static const struct fetch_row {
    enum fetch_state from;
    enum cause cause;
    bool moves;
    enum fetch_state to;
} fetch_rows[] = {
    {FETCH_QUEUED, CAUSE_LEASED, true, FETCH_FETCHING},
    {FETCH_FETCHING, CAUSE_STORED, true, FETCH_FETCHED},
    {FETCH_FETCHING, CAUSE_TROUBLE, true, FETCH_QUEUED},
    {FETCH_FETCHED, CAUSE_MORE_STORED, true, FETCH_QUEUED},
    {FETCH_FAILED, CAUSE_MORE_STORED, true, FETCH_QUEUED},
    {FETCH_FETCHING, CAUSE_MORE_STORED, false, 0}, /* when it has ended */
    {FETCH_FETCHED, CAUSE_TROUBLE, false, 0},
};

START_TEST(fetch_moves)
{
    const struct fetch_row *row = &fetch_rows[_i];
    enum fetch_state to = FETCH_STATES;
    ck_assert_int_eq(fetch_move(row->from, row->cause, &to), row->moves);
    ck_assert_int_eq(to, row->moves ? row->to : FETCH_STATES);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("states");
    tests_add(tests, final_states_are_left_by_nothing);
    tests_rows(tests, delivery_moves, ROWS(delivery_rows));
    tests_rows(tests, share_moves, ROWS(share_rows));
    tests_add(tests, names_are_read_back);
    tests_rows(tests, fetch_moves, ROWS(fetch_rows));
    return tests_run(tests);
}
