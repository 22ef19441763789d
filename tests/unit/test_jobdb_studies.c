/* What became of a study, in one word. */
#include "common/jobs/studies.h"

#include "common/base/cleanup.h"
#include "common/jobs/connection.h"
#include "common/jobs/intake.h"
#include "common/jobs/outcome.h"
#include "common/jobs/row.h"
#include "tests/support/jobs_world.h"
#include "tests/support/suite.h"

#include <string.h>

static void end_first(enum cause cause)
{
    struct jobdb_batch batch;
    ck_assert(world_pick(WORLD_NOW, 1, &batch));
    world_end(&batch, cause, WORLD_NOW + 1000);
}

/* Drops all deliveries of the study that wait. */
static void drop_waiting(void)
{
    struct jobdb_batch batch;
    struct jobdb_outcome outcome = {.cause = CAUSE_DROPPED, .now = WORLD_NOW, .keep_until = WORLD_NOW};
    char receipt[RECEIPT_SIZE];
    for (unsigned i = 1; i <= 2; i++) {
        (void)snprintf(receipt, sizeof receipt, "%032x", i);
        if (!jobdb_find_delivery(world.db, receipt, "main", &batch))
            continue;
        (void)jobdb_move_delivery(world.db, &batch, batch.items, &outcome, NULL, NULL);
        jobdb_end_batch(world.db, &batch, WORLD_NOW);
        jobdb_batch_release(&batch);
    }
    ck_assert_int_eq(jobdb_commit(world.db), 0);
}

static void take_in_excluded(void)
{
    char receipt[RECEIPT_SIZE];
    const struct jobdb_decision no = {.destination_id = world.main_id};
    const struct jobdb_instance instance = {.receipt = world_next_receipt(receipt),
                                            .study = "1",
                                            .series = "1.1",
                                            .sop_instance = "1.1.9",
                                            .received_at = WORLD_NOW};
    jobdb_take_in(world.db, &instance, &no, 1, WORLD_NOW, 0);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
}

static const struct state_row {
    const char *label;
    bool excluded;     /* only that came */
    const char *steps; /* of two instances: S stored, F refused, D the rest is dropped */
    const char *state;
} state_rows[] = {
    {"nothing has happened yet", false, "", "waiting"},
    {"all is there", false, "SS", "done"},
    {"one waits", false, "S", "waiting"},
    {"one was refused", false, "SF", "failed"},
    {"all was dropped", false, "D", "dropped"},
    {"the rest was dropped", false, "SD", "done"},
    {"a condition says no", true, "", "excluded"},
};

static void take_state(void *context, const struct jobdb_study_row *row)
{
    (void)snprintf(context, 16, "%s", row->state);
}

START_TEST(a_study_has_a_state)
{
    const struct state_row *row = &state_rows[_i];
    char state[16] = "";
    if (row->excluded)
        take_in_excluded();
    else
        for (int i = 1; i <= 2; i++)
            world_take_in("1", "1.1", i == 1 ? "1.1.1" : "1.1.2", 0, false);
    for (const char *step = row->steps; *step; step++) {
        if (*step == 'D')
            drop_waiting();
        else
            end_first(*step == 'S' ? CAUSE_STORED : CAUSE_REFUSED);
    }
    struct jobdb_filter filter = {.state = NULL};
    ck_assert_int_eq(jobdb_read_studies(world.db, &filter, take_state, state), 0);
    ck_assert_msg(strcmp(state, row->state) == 0, "%s: %s", row->label, state);
    ck_assert_ptr_nonnull(strstr(JOBDB_STUDY_STATES, row->state));
    filter.state = row->state;
    state[0] = '\0';
    ck_assert_int_eq(jobdb_read_studies(world.db, &filter, take_state, state), 0);
    ck_assert_str_eq(state, row->state);
}
END_TEST

static void take_counts(void *context, const struct jobdb_study_row *row)
{
    int64_t *counts = context;
    counts[0] = row->instances;
    counts[1] = row->received;
}

/* A modality that sends again does not make a study larger. */
START_TEST(what_came_twice_is_one_instance)
{
    const struct jobdb_filter filter = {.state = NULL};
    int64_t counts[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        world_take_in("1", "1.1", "1.1.1", 0, false);
        world_take_in("1", "1.1", "1.1.2", 0, false);
    }
    ck_assert_int_eq(jobdb_read_studies(world.db, &filter, take_counts, counts), 0);
    ck_assert_int_eq(counts[0], 2);
    ck_assert_int_eq(counts[1], 4);
    ck_assert_int_eq(row_first(row_ask(world.db->sql, "SELECT instances FROM studies", NULL), -1), 2);
    ck_assert_int_eq(row_first(row_ask(world.db->sql, "SELECT received FROM studies", NULL), -1), 4);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("jobdb_studies");
    tests_fixture(tests, world_set_up, world_tear_down);
    tests_rows(tests, a_study_has_a_state, ROWS(state_rows));
    tests_add(tests, what_came_twice_is_one_instance);
    return tests_run(tests);
}
