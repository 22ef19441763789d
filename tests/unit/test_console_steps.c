/* What the console's pages ask of the job database: no more of a long past than of a short one. Not time is counted, but the steps of
 * SQLite's machine. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/jobs/connection.h"
#include "common/view/surroundings.h"
#include "console/page.h"
#include "tests/bench/past.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <sqlite3.h>

/* Ten times as long; of both as much waits. */
enum { WAITING = 3000, SHORT = 5000, LONG = 50000 };

struct world {
    struct sandbox *sandbox;
    struct jobdb *db;
    struct config *config;
};

static void begin(struct world *world, int64_t finished, bool has_trouble)
{
    static const char yaml[] = "state_dir: state\nconsole: {}\nnodes:\n  - aet: BENCH\n    destinations:\n"
                               "      - name: main\n        stow_url: http://127.0.0.1:9/api/studies\n"
                               "        kheops: false\n";
    AUTO(text_release) struct text reason = TEXT_EMPTY, warnings = TEXT_EMPTY;
    world->sandbox = sandbox_create();
    const char *state_dir = sandbox_make_folder(world->sandbox, "state");
    ck_assert_msg(past_make(state_dir, "http://127.0.0.1:9", WAITING, finished, &reason) == 0, "%s",
                  text_string(&reason));
    if (has_trouble)
        ck_assert_msg(past_trouble(state_dir, &reason) == 0, "%s", text_string(&reason));
    ck_assert_msg(config_load(sandbox_write(world->sandbox, "felucca.yaml", yaml), &world->config, &reason,
                              &warnings) == 0,
                  "%s", text_string(&reason));
    ck_assert_msg(jobdb_open(state_dir, &world->db, &reason) == 0, "%s", text_string(&reason));
}

static void end(struct world *world)
{
    jobdb_destroy(&world->db);
    config_destroy(&world->config);
    sandbox_destroy(&world->sandbox);
}

/* Of all statements since they were last counted. */
static int64_t take_steps(struct jobdb *db)
{
    int64_t steps = 0;
    for (sqlite3_stmt *each = sqlite3_next_stmt(db->sql, NULL); each; each = sqlite3_next_stmt(db->sql, each))
        steps += sqlite3_stmt_status(each, SQLITE_STMTSTATUS_VM_STEP, 1);
    return steps;
}

static int64_t steps_of(const struct world *world, const char *target)
{
    AUTO(asked_release) struct asked asked = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(surroundings_release) struct surroundings around = {0};
    const struct who who = {.by = WHO_ANYBODY};
    unsigned status = 200;
    ck_assert_uint_eq(asked_parse(target, &asked, &reason), 200);
    surroundings_look(world->config, &around);
    const struct page *page = page_find(asked.page);
    const struct page_question question = {.config = world->config,
                                           .db = world->db,
                                           .around = &around,
                                           .asked = &asked,
                                           .who = &who,
                                           .now = clock_wall_ms(),
                                           .status = &status,
                                           .reason = &reason};
    (void)take_steps(world->db);
    AUTO(json_release) json_t *document = page->read(&question);
    ck_assert_msg(document && jobdb_error_code(world->db) == 0, "%s: %u %s", target, status,
                  text_string(&reason));
    return take_steps(world->db);
}

/* Of the short past it is the first that waits, of the long one it is finished. */
#define ONE "2.25.10000000000000000000000000000000000100"

/* What walks back for a filter is bounded on its page (docs/console.md). */
static const struct past_row {
    const char *label;
    bool has_trouble;
    const char *targets[12];
} past_rows[] = {
    {"all is well",
     false,
     {"/", "/?span=day", "/studies", "/studies?rows=200", "/studies?album=ct&since=30d",
      "/studies?state=waiting", "/study/" ONE, "/trouble", "/albums", "/tokens", "/journal"}},
    {"much has failed",
     true,
     {"/", "/studies?state=failed", "/studies?state=quarantined", "/trouble", "/albums", "/journal",
      "/journal?before=100"}},
};

/* One database each: to make it takes longer than to ask. */
START_TEST(a_long_past_costs_no_more)
{
    const struct past_row *row = &past_rows[_i];
    struct world few, many;
    begin(&few, SHORT, row->has_trouble);
    begin(&many, LONG, row->has_trouble);
    for (const char *const *target = row->targets; *target; target++) {
        int64_t of_few = steps_of(&few, *target), of_many = steps_of(&many, *target);
        ck_assert_msg(of_many < 2 * of_few + 1000, "%s, %s: %lld steps after %d, %lld after %d", row->label,
                      *target, (long long)of_few, SHORT, (long long)of_many, LONG);
    }
    end(&few);
    end(&many);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("console steps");
    tests_rows(tests, a_long_past_costs_no_more, ROWS(past_rows));
    return tests_run(tests);
}
