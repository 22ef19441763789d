/* Studies a page at a time, the newest first; and questions that end by themselves. */
#include "common/jobs/newest.h"

#include "common/base/err.h"
#include "common/jobs/show.h"
#include "tests/support/jobs_world.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

enum { MANY = 1000000 };

struct page {
    char studies[16][JOBDB_UID_SIZE];
    char states[16][16];
    size_t count;
    int64_t instances, goals;
    struct jobdb_newest_end end;
};

static void take(void *context, const struct jobdb_study_row *row, const struct jobdb_study_goal *goals,
                 size_t count)
{
    struct page *page = context;
    (void)goals;
    (void)snprintf(page->studies[page->count], JOBDB_UID_SIZE, "%s", row->study);
    (void)snprintf(page->states[page->count++], 16, "%s", row->state);
    page->instances += row->instances;
    page->goals += (int64_t)count;
}

static void read_page(struct jobdb_newest newest, struct page *ret_page)
{
    *ret_page = (struct page){.count = 0};
    newest.looks = newest.looks > 0 ? newest.looks : MANY;
    newest.reads = newest.reads > 0 ? newest.reads : MANY;
    ck_assert_int_eq(jobdb_read_newest(world.db, &newest, take, ret_page, &ret_page->end), 0);
}

/* So many studies of two instances; the first one gets another at last. */
static void take_in_many(unsigned studies)
{
    char study[32], series[32], sop[40];
    for (unsigned i = 0; i < studies * 2 + 1; i++) {
        unsigned which = i < studies * 2 ? i / 2 + 1 : 1;
        (void)snprintf(study, sizeof study, "1.%u", which);
        (void)snprintf(series, sizeof series, "1.%u.1", which);
        (void)snprintf(sop, sizeof sop, "1.%u.1.%u", which, i);
        world_take_in(study, series, sop, which == 2 ? world.ct_album : 0, false);
    }
}

START_TEST(pages_follow_each_other)
{
    struct page page;
    take_in_many(5);
    read_page((struct jobdb_newest){.limit = 2}, &page);
    ck_assert_uint_eq(page.count, 2);
    ck_assert_str_eq(page.studies[0], "1.1"); /* its last instance came last */
    ck_assert_str_eq(page.studies[1], "1.5");
    ck_assert_int_eq(page.instances, 5);
    ck_assert(page.end.before > 0 && !page.end.gave_up);
    read_page((struct jobdb_newest){.limit = 2, .before = page.end.before}, &page);
    ck_assert_str_eq(page.studies[0], "1.4");
    ck_assert_str_eq(page.studies[1], "1.3");
    read_page((struct jobdb_newest){.limit = 2, .before = page.end.before}, &page);
    ck_assert_uint_eq(page.count, 1); /* 1.1 was shown where its newest instance is */
    ck_assert_str_eq(page.studies[0], "1.2");
    ck_assert_int_eq(page.goals, 2); /* main, and its album */
    ck_assert_int_eq(page.end.before, 0);
}
END_TEST

START_TEST(a_page_that_is_full_is_not_the_last)
{
    struct page page;
    take_in_many(2);
    read_page((struct jobdb_newest){.limit = 2}, &page);
    ck_assert_uint_eq(page.count, 2);
    ck_assert_int_eq(page.end.before, 0);
}
END_TEST

START_TEST(looks_are_bounded)
{
    struct page page;
    take_in_many(5);
    read_page((struct jobdb_newest){.limit = 5, .looks = 3, .state = "failed"}, &page);
    ck_assert_uint_eq(page.count, 0);
    ck_assert_int_eq(page.end.before, 0); /* what failed has an index, and is nothing */
    read_page((struct jobdb_newest){.limit = 5, .looks = 3, .state = "done"}, &page);
    ck_assert_uint_eq(page.count, 0);
    ck_assert(page.end.gave_up && page.end.before > 0 && page.end.at > 0);
    read_page((struct jobdb_newest){.limit = 5, .reads = 2, .state = "done"}, &page);
    ck_assert(page.end.gave_up && page.end.before > 0);
}
END_TEST

static void end_next(enum cause cause)
{
    struct jobdb_batch batch;
    ck_assert(world_pick(WORLD_NOW, 1, &batch));
    world_end(&batch, cause, WORLD_NOW + 1000);
}

START_TEST(failed_studies_have_pages)
{
    struct page page;
    take_in_many(5);
    for (int i = 0; i < 11; i++)
        end_next(CAUSE_REFUSED);
    read_page((struct jobdb_newest){.limit = 3, .state = "failed"}, &page);
    ck_assert_uint_eq(page.count, 3);
    ck_assert_str_eq(page.studies[0], "1.1");
    ck_assert_str_eq(page.studies[2], "1.4");
    ck_assert(page.end.before > 0 && !page.end.gave_up);
    read_page((struct jobdb_newest){.limit = 3, .state = "failed", .before = page.end.before}, &page);
    ck_assert_uint_eq(page.count, 2);
    ck_assert_str_eq(page.studies[0], "1.3");
    ck_assert_str_eq(page.studies[1], "1.2");
    ck_assert_int_eq(page.end.before, 0);
}
END_TEST

static const struct filter_row {
    const char *label;
    struct jobdb_newest newest;
    size_t count;
} filter_rows[] = {
    {"all", {.limit = 16}, 5},
    {"of a state", {.limit = 16, .state = "waiting"}, 5},
    {"of another state", {.limit = 16, .state = "done"}, 0},
    {"to a destination", {.limit = 16, .destination = "main"}, 5},
    {"to another destination", {.limit = 16, .destination = "other"}, 0},
    {"of an album", {.limit = 16, .album = "ct"}, 1},
    {"of nobody", {.limit = 16, .calling_aet = "NOBODY"}, 0},
    {"later", {.limit = 16, .since = INT64_MAX}, 0},
    {"with a hash", {.limit = 16, .hash = "0"}, 0},
};

START_TEST(filter_is_kept)
{
    struct page page;
    take_in_many(5);
    read_page(filter_rows[_i].newest, &page);
    ck_assert_msg(page.count == filter_rows[_i].count, "%s: %zu", filter_rows[_i].label, page.count);
}
END_TEST

START_TEST(one_study_is_read)
{
    struct page page = {.count = 0};
    take_in_many(2);
    ck_assert(jobdb_read_study(world.db, "1.2", take, &page));
    ck_assert_str_eq(page.states[0], "waiting");
    ck_assert(!jobdb_read_study(world.db, "1", take, &page));
    ck_assert_uint_eq(page.count, 1);
}
END_TEST

struct twin {
    const struct jobdb_study_row *row; /* as `felucca studies` has it */
    bool is_same;
};

static bool is_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void compare(void *context, const struct jobdb_study_row *b, const struct jobdb_study_goal *goals,
                    size_t count)
{
    struct twin *twin = context;
    const struct jobdb_study_row *a = twin->row;
    (void)goals;
    (void)count;
    twin->is_same = is_text(a->study, b->study) && is_text(a->state, b->state) &&
                    is_text(a->calling_aet, b->calling_aet) && is_text(a->destinations, b->destinations) &&
                    is_text(a->albums, b->albums) && a->series == b->series && a->instances == b->instances &&
                    a->received == b->received && a->delivered == b->delivered && a->waiting == b->waiting &&
                    a->failed == b->failed && a->undecided == b->undecided &&
                    a->quarantined == b->quarantined && a->first_received_at == b->first_received_at &&
                    a->last_received_at == b->last_received_at;
}

static void find_twin(void *context, const struct jobdb_study_row *row)
{
    struct twin twin = {.row = row};
    ck_assert(jobdb_read_study(world.db, row->study, compare, &twin));
    ck_assert_msg(twin.is_same, "%s is another one", row->study);
    ++*(int *)context;
}

START_TEST(lists_agree)
{
    const struct jobdb_filter filter = {.state = NULL};
    int studies = 0;
    take_in_many(5);
    world_take_in("1.1", "1.1.1", "1.1.1.0", 0, false); /* once more */
    for (int i = 0; i < 6; i++)
        end_next(i % 3 ? CAUSE_STORED : CAUSE_REFUSED);
    ck_assert_int_eq(jobdb_read_studies(world.db, &filter, find_twin, &studies), 0);
    ck_assert_int_eq(studies, 5);
}
END_TEST

static void ignore(void *context, const struct jobdb_field *fields, size_t count)
{
    (void)context;
    (void)fields;
    (void)count;
}

START_TEST(long_question_is_ended)
{
    take_in_many(200);
    jobdb_limit(world.db, 0);
    ck_assert_int_eq(jobdb_ask(world.db, JOBDB_ASK_SENDERS, NULL, NULL, 0, ignore, NULL), ERR_TOO_LONG);
    ck_assert_int_eq(jobdb_error_code(world.db), ERR_TOO_LONG);
    world_tear_down();
    world_set_up();
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("jobdb newest");
    tests_fixture(tests, world_set_up, world_tear_down);
    tests_add(tests, pages_follow_each_other);
    tests_add(tests, a_page_that_is_full_is_not_the_last);
    tests_add(tests, looks_are_bounded);
    tests_add(tests, failed_studies_have_pages);
    tests_rows(tests, filter_is_kept, ROWS(filter_rows));
    tests_add(tests, one_study_is_read);
    tests_add(tests, lists_agree);
    tests_add(tests, long_question_is_ended);
    return tests_run(tests);
}
