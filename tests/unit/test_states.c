#include "common/jobs/states.h"

#include "tests/support/suite.h"

#include <stdbool.h>

/* What must hold of the tables, whatever moves are added. */

static const struct final_row {
    const char *label;
    enum machine machine;
    int state;
    bool final;
} final_rows[] = {
    {"sent", MACHINE_DELIVERY, DELIVERY_SENT, true},
    {"excluded", MACHINE_DELIVERY, DELIVERY_EXCLUDED, true},
    {"dropped", MACHINE_DELIVERY, DELIVERY_DROPPED, true},
    {"a dead letter keeps its file", MACHINE_DELIVERY, DELIVERY_FAILED, false},
    {"queued", MACHINE_DELIVERY, DELIVERY_QUEUED, false},
    {"what cannot be decided keeps its file", MACHINE_DELIVERY, DELIVERY_UNDECIDED, false},
    {"so does such a share", MACHINE_SHARE, SHARE_UNDECIDED, false},
    {"sending", MACHINE_DELIVERY, DELIVERY_SENDING, false},
    {"shared", MACHINE_SHARE, SHARE_SHARED, true},
    {"a dropped share", MACHINE_SHARE, SHARE_DROPPED, true},
    {"waiting", MACHINE_SHARE, SHARE_WAITING, false},
    {"a queued share", MACHINE_SHARE, SHARE_QUEUED, false},
    {"sharing", MACHINE_SHARE, SHARE_SHARING, false},
    {"a failed share", MACHINE_SHARE, SHARE_FAILED, false},
    {"fetched, until more is stored", MACHINE_FETCH, FETCH_FETCHED, false},
    {"done", MACHINE_INSTANCE, INSTANCE_DONE, true},
};

/* A person's second thought is no move of the job's own. */
START_TEST(final_states_are_left_by_nothing)
{
    const struct final_row *row = &final_rows[_i];
    int moves = 0, to;
    for (int cause = 0; cause < CAUSES; cause++)
        moves += cause != CAUSE_BROUGHT_BACK && cause != CAUSE_ANEW &&
                 state_move(row->machine, row->state, (enum cause)cause, &to);
    ck_assert_msg((moves == 0) == row->final, "%s: %d moves", row->label, moves);
    ck_assert_msg(state_is_final(row->machine, row->state) == row->final, "%s", row->label);
}
END_TEST

static const struct delivery_row {
    int from;
    enum cause cause;
    bool moves;
    int to;
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
    {DELIVERY_UNDECIDED, CAUSE_LEASED, false, 0}, /* nothing goes out before somebody decides */
    {DELIVERY_UNDECIDED, CAUSE_RETRIED, false, 0},
    {DELIVERY_UNDECIDED, CAUSE_ADMITTED, true, DELIVERY_QUEUED},
    {DELIVERY_EXCLUDED, CAUSE_ADMITTED, false, 0},
    {DELIVERY_EXCLUDED, CAUSE_BROUGHT_BACK, true, DELIVERY_UNDECIDED},
    {DELIVERY_QUEUED, CAUSE_REPLACED, true, DELIVERY_EXCLUDED},
    {DELIVERY_SENDING, CAUSE_REPLACED, false, 0}, /* its answer decides */
    {DELIVERY_FAILED, CAUSE_REPLACED, true, DELIVERY_EXCLUDED},
    {DELIVERY_UNDECIDED, CAUSE_REPLACED, true, DELIVERY_EXCLUDED},
    {DELIVERY_DROPPED, CAUSE_REPLACED, false, 0},
};

START_TEST(delivery_moves)
{
    const struct delivery_row *row = &delivery_rows[_i];
    int to = DELIVERY_STATES;
    ck_assert_int_eq(state_move(MACHINE_DELIVERY, row->from, row->cause, &to), row->moves);
    ck_assert_int_eq(to, row->moves ? row->to : DELIVERY_STATES);
}
END_TEST

static const struct share_row {
    int from;
    enum cause cause;
    bool moves;
    int to;
} share_rows[] = {
    {SHARE_WAITING, CAUSE_SERIES_STORED, true, SHARE_QUEUED},
    {SHARE_WAITING, CAUSE_LEASED, false, 0}, /* never before an instance of the series is stored */
    {SHARE_QUEUED, CAUSE_LEASED, true, SHARE_SHARING},
    {SHARE_SHARING, CAUSE_STORED, true, SHARE_SHARED},
    {SHARE_SHARING, CAUSE_LEASE_LOST, true, SHARE_QUEUED},
    {SHARE_FAILED, CAUSE_RETRIED, true, SHARE_QUEUED},
    {SHARE_SHARED, CAUSE_TROUBLE, false, 0},
    {SHARE_WAITING, CAUSE_HOPELESS, true, SHARE_GONE},
    {SHARE_QUEUED, CAUSE_HOPELESS, false, 0},
    {SHARE_UNDECIDED, CAUSE_LEASED, false, 0},
    {SHARE_UNDECIDED, CAUSE_SERIES_STORED, false, 0},
    {SHARE_UNDECIDED, CAUSE_ADMITTED, true, SHARE_WAITING},
    {SHARE_UNDECIDED, CAUSE_LEFT_OUT, true, SHARE_GONE},
};

START_TEST(share_moves)
{
    const struct share_row *row = &share_rows[_i];
    int to = SHARE_STATES;
    ck_assert_int_eq(state_move(MACHINE_SHARE, row->from, row->cause, &to), row->moves);
    ck_assert_int_eq(to, row->moves ? row->to : SHARE_STATES);
}
END_TEST

START_TEST(names_are_read_back)
{
    int parsed;
    for (int machine = 0; machine < MACHINES; machine++) {
        for (int state = 0; state < state_count((enum machine)machine); state++) {
            ck_assert(state_parse((enum machine)machine, state_name((enum machine)machine, state), &parsed));
            ck_assert_int_eq(parsed, state);
        }
    }
    ck_assert(!state_parse(MACHINE_SHARE, "sent", &parsed));
    ck_assert_ptr_null(state_name(MACHINE_SHARE, STATE_GONE));
}
END_TEST

static const struct fetch_row {
    int from;
    enum cause cause;
    bool moves;
    int to;
} fetch_rows[] = {
    {FETCH_QUEUED, CAUSE_LEASED, true, FETCH_FETCHING},
    {FETCH_FETCHING, CAUSE_STORED, true, FETCH_FETCHED},
    {FETCH_FETCHING, CAUSE_TROUBLE, true, FETCH_QUEUED},
    {FETCH_FETCHED, CAUSE_MORE_STORED, true, FETCH_QUEUED},
    {FETCH_FAILED, CAUSE_MORE_STORED, true, FETCH_QUEUED},
    {FETCH_FAILED, CAUSE_DROPPED, true, FETCH_GONE},
    {FETCH_FETCHING, CAUSE_DROPPED, false, 0},
    {FETCH_FETCHING, CAUSE_MORE_STORED, false, 0}, /* when it has ended */
    {FETCH_FETCHED, CAUSE_TROUBLE, false, 0},
};

START_TEST(fetch_moves)
{
    const struct fetch_row *row = &fetch_rows[_i];
    int to = FETCH_STATES;
    ck_assert_int_eq(state_move(MACHINE_FETCH, row->from, row->cause, &to), row->moves);
    ck_assert_int_eq(to, row->moves ? row->to : FETCH_STATES);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("states");
    tests_rows(tests, final_states_are_left_by_nothing, ROWS(final_rows));
    tests_rows(tests, delivery_moves, ROWS(delivery_rows));
    tests_rows(tests, share_moves, ROWS(share_rows));
    tests_add(tests, names_are_read_back);
    tests_rows(tests, fetch_moves, ROWS(fetch_rows));
    return tests_run(tests);
}
