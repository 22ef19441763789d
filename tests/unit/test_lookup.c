/* What a name may mean, in a stored database. */
#include "common/view/lookup.h"

#include "common/base/cleanup.h"
#include "common/jobs/show.h"
#include "tests/support/sandbox.h"
#include "tests/support/stored_database.h"
#include "tests/support/suite.h"

static struct sandbox *sandbox;
static struct jobdb *db;

static void set_up(void)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(jobdb_destroy) struct jobdb *writer = NULL;
    sandbox = sandbox_create();
    const char *state_dir = sandbox_make_folder(sandbox, "state");
    stored_database_make(state_dir);
    ck_assert_msg(jobdb_open(state_dir, &writer, &reason) == 0, "%s", text_string(&reason));
    jobdb_destroy(&writer);
    ck_assert_msg(jobdb_open_reader(state_dir, &db, &reason) == 0, "%s", text_string(&reason));
}

static void tear_down(void)
{
    jobdb_destroy(&db);
    sandbox_destroy(&sandbox);
}

static const struct lookup_row {
    const char *label, *name;
    size_t count;
    enum lookup_kind kind; /* of the first one */
    const char *first;
} lookup_rows[] = {
    {"a whole study, although it begins others", "2.25.105", 1, LOOKUP_STUDY, "2.25.105"},
    {"a whole series", "2.25.105.1", 1, LOOKUP_SERIES, "2.25.105.1"},
    {"a whole instance", "2.25.105.1.11", 1, LOOKUP_SOP_INSTANCE, "2.25.105.1.11"},
    {"the beginning of one", "2.25.107.1.", 1, LOOKUP_SOP_INSTANCE, "2.25.107.1.16"},
    {"the beginning of too many", "2.25", LOOKUP_MOST + 1, LOOKUP_STUDY, "2.25.101"},
    {"the beginning of a receipt", "019b76dae680", 1, LOOKUP_RECEIPT, "019b76dae680000000000000fe10ccb0"},
    {"a delivery", "delivery:16", 1, LOOKUP_RECEIPT, "019b76dae680000000000000fe10ccb0"},
    {"a share", "share:9", 1, LOOKUP_SERIES, "2.25.105.1"},
    {"a quarantined file", "instance:21", 1, LOOKUP_RECEIPT, "019b76dafff000000000000fe10ccaff"},
    {"a job that is not there", "delivery:4711", 0, LOOKUP_STUDY, NULL},
    {"a job with letters behind it", "delivery:16x", 0, LOOKUP_STUDY, NULL},
    {"the end of an instance", ".107.1.16", 1, LOOKUP_SOP_INSTANCE, "2.25.107.1.16"},
    {"the end of a study", ".105", 1, LOOKUP_STUDY, "2.25.105"},
    {"an end as tables show it", "…5.105", 1, LOOKUP_STUDY, "2.25.105"},
    {"too short an end", "105", 0, LOOKUP_STUDY, NULL},
    {"what looks like a beginning is no end", "1.2.3", 0, LOOKUP_STUDY, NULL},
    {"nothing of that name", "1.2.3", 0, LOOKUP_STUDY, NULL},
};

START_TEST(name_means)
{
    const struct lookup_row *row = &lookup_rows[_i];
    AUTO(lookup_release) struct lookup lookup = {.count = 0};
    lookup_find(db, row->name, &lookup);
    ck_assert_str_eq(jobdb_error(db), "");
    ck_assert_msg(lookup.count == row->count, "%s: %zu found", row->label, lookup.count);
    if (row->count == 0)
        return;
    ck_assert_msg(lookup.list[0].kind == row->kind, "%s: a %s", row->label,
                  lookup_kind_name(lookup.list[0].kind));
    ck_assert_str_eq(lookup.list[0].name, row->first);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("lookup");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, name_means, ROWS(lookup_rows));
    return tests_run(tests);
}
