/* Threads that do what they are handed: who waits for whom. */
#include "common/base/clock.h"
#include "common/service/pool.h"
#include "tests/support/deadline.h"
#include "tests/support/suite.h"

#include <pthread.h>
#include <string.h>

enum { THREADS = 4, JOBS = 8, SOON_MS = 20000 };

struct task {
    struct pool_job job; /* the first member */
    bool has_begun, may_end, is_worked, is_done;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct task tasks[JOBS];
static struct pool *pool;

static const unsigned char ada[POOL_ASKER_SIZE] = {1}, bob[POOL_ASKER_SIZE] = {2}, cyd[POOL_ASKER_SIZE] = {3};

static void set(bool *what)
{
    (void)pthread_mutex_lock(&mutex);
    *what = true;
    (void)pthread_cond_broadcast(&changed);
    (void)pthread_mutex_unlock(&mutex);
}

static bool is_set(void *context)
{
    (void)pthread_mutex_lock(&mutex);
    bool is = *(bool *)context;
    (void)pthread_mutex_unlock(&mutex);
    return is;
}

static void work(struct pool_job *job)
{
    struct task *task = (struct task *)(void *)job;
    (void)pthread_mutex_lock(&mutex);
    task->has_begun = true;
    while (!task->may_end)
        (void)pthread_cond_wait(&changed, &mutex);
    task->is_worked = true;
    (void)pthread_mutex_unlock(&mutex);
}

static void done(struct pool_job *job)
{
    set(&((struct task *)(void *)job)->is_done);
}

static void set_up(void)
{
    memset(tasks, 0, sizeof tasks);
    pool = pool_create(THREADS, work, done);
}

static void tear_down(void)
{
    for (int i = 0; i < JOBS; i++)
        set(&tasks[i].may_end);
    pool_destroy(&pool);
}

static void add_of(int index, const char *about, const unsigned char *asker, bool is_named)
{
    tasks[index].job.about = about;
    tasks[index].job.asker = asker;
    tasks[index].job.is_named = is_named;
    pool_add(pool, &tasks[index].job);
}

static void add(int index, const char *about, const unsigned char *asker)
{
    add_of(index, about, asker, false);
}

#define CK_SOON(what) ck_assert(wait_until(is_set, &(what), SOON_MS))

START_TEST(long_job_holds_up_no_other)
{
    add(0, "a", ada);
    CK_SOON(tasks[0].has_begun);
    set(&tasks[1].may_end);
    add(1, "b", ada);
    CK_SOON(tasks[1].is_done);
    ck_assert(!is_set(&tasks[0].is_worked));
}
END_TEST

/* The one behind it goes ahead. */
START_TEST(of_one_thing_one_is_done)
{
    add(0, "a", ada);
    CK_SOON(tasks[0].has_begun);
    set(&tasks[1].may_end);
    set(&tasks[2].may_end);
    add(1, "a", bob);
    add(2, "b", bob);
    CK_SOON(tasks[2].is_done);
    ck_assert(!is_set(&tasks[1].has_begun));
    set(&tasks[0].may_end);
    CK_SOON(tasks[1].is_done);
}
END_TEST

static const struct named_row {
    const char *label;
    const unsigned char *first, *second;
    bool is_first_named, is_second_named, waits;
} named_rows[] = {
    {"two persons", ada, bob, true, true, false},
    {"a person with himself", ada, ada, true, true, true},
    {"an address behind a person", ada, bob, true, false, false},
    {"a person behind an address", ada, bob, false, true, false},
    {"two addresses", ada, bob, false, false, true},
};

/* However many requests for a page one person has. */
START_TEST(what_is_made_for_a_person_holds_up_no_other)
{
    const struct named_row *row = &named_rows[_i];
    add_of(0, "a", row->first, row->is_first_named);
    CK_SOON(tasks[0].has_begun);
    set(&tasks[1].may_end);
    set(&tasks[2].may_end);
    add_of(1, "a", row->second, row->is_second_named);
    add_of(2, "b", row->second, row->is_second_named);
    CK_SOON(tasks[2].is_done);
    if (row->waits)
        ck_assert_msg(!is_set(&tasks[1].has_begun), "%s", row->label);
    else
        ck_assert_msg(wait_until(is_set, &tasks[1].is_done, SOON_MS), "%s", row->label);
    set(&tasks[0].may_end);
    CK_SOON(tasks[1].is_done);
}
END_TEST

START_TEST(one_asker_leaves_a_thread_to_others)
{
    static const char *const abouts[] = {"a", "b", "c", "d"};
    for (int i = 0; i < THREADS; i++)
        add(i, abouts[i], ada);
    for (int i = 0; i < THREADS - 1; i++)
        CK_SOON(tasks[i].has_begun);
    set(&tasks[4].may_end);
    add(4, "e", bob);
    CK_SOON(tasks[4].is_done);
    ck_assert(!is_set(&tasks[3].has_begun));
    set(&tasks[0].may_end);
    CK_SOON(tasks[3].has_begun);
}
END_TEST

/* However many of one wait, and since when. */
START_TEST(who_has_the_fewest_under_way_is_next)
{
    static const char *const abouts[] = {"a", "b", "c", "d"};
    for (int i = 0; i < THREADS - 1; i++)
        add(i, abouts[i], ada);
    add(3, "d", bob);
    for (int i = 0; i < THREADS; i++)
        CK_SOON(tasks[i].has_begun);
    add(4, "e", ada);
    add(5, "f", bob);
    add(6, "g", cyd);
    set(&tasks[0].may_end);
    CK_SOON(tasks[0].is_done);
    CK_SOON(tasks[6].has_begun);
    ck_assert(!is_set(&tasks[4].has_begun) && !is_set(&tasks[5].has_begun));
}
END_TEST

/* What is asked for twice is one thing. */
START_TEST(things_of_an_asker_are_counted)
{
    const struct pool_job asked = {.about = "z", .asker = ada}, again = {.about = "b", .asker = ada};
    const struct pool_job other = {.about = "z", .asker = bob};
    add(0, "a", ada);
    CK_SOON(tasks[0].has_begun);
    add(1, "a", ada);
    add(2, "a", ada);
    ck_assert_uint_eq(pool_count(pool, &asked), 1);
    add(3, "b", ada);
    CK_SOON(tasks[3].has_begun);
    add(4, "c", ada);
    add(5, "c", ada);
    add(6, "d", bob);
    ck_assert_uint_eq(pool_count(pool, &asked), 3);
    ck_assert_uint_eq(pool_count(pool, &again), 2);
    ck_assert_uint_eq(pool_count(pool, &other), 1);
}
END_TEST

START_TEST(what_has_not_begun_can_be_taken_back)
{
    add(0, "a", ada);
    CK_SOON(tasks[0].has_begun);
    add(1, "a", ada);
    ck_assert(!pool_take_back(pool, &tasks[0].job));
    ck_assert(pool_take_back(pool, &tasks[1].job));
    ck_assert(!pool_take_back(pool, &tasks[1].job));
    set(&tasks[0].may_end);
    CK_SOON(tasks[0].is_done);
    set(&tasks[2].may_end);
    add(2, "a", ada);
    CK_SOON(tasks[2].is_done);
    ck_assert(!is_set(&tasks[1].has_begun) && !is_set(&tasks[1].is_done));
}
END_TEST

static void *rest(void *context)
{
    pool_rest(pool);
    set(context);
    return NULL;
}

START_TEST(it_rests_when_nothing_is_under_way)
{
    pthread_t thread;
    bool has_come_to_rest = false;
    add(0, "a", ada);
    CK_SOON(tasks[0].has_begun);
    ck_assert_int_eq(pthread_create(&thread, NULL, rest, &has_come_to_rest), 0);
    ck_assert(!is_set(&has_come_to_rest));
    set(&tasks[0].may_end);
    CK_SOON(has_come_to_rest);
    ck_assert(is_set(&tasks[0].is_worked));
    (void)pthread_join(thread, NULL);
    set(&tasks[1].may_end);
    add(1, "b", ada);
    ck_assert(!is_set(&tasks[1].has_begun));
    pool_go_on(pool);
    CK_SOON(tasks[1].is_done);
}
END_TEST

/* What has not begun at the end is its maker's again, undone. */
START_TEST(what_is_left_is_given_back)
{
    pool_rest(pool);
    add(0, "a", ada);
    add(1, "b", ada);
    pool_destroy(&pool);
    for (int i = 0; i < 2; i++)
        ck_assert(is_set(&tasks[i].is_done) && !is_set(&tasks[i].is_worked));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("pool");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, long_job_holds_up_no_other);
    tests_add(tests, of_one_thing_one_is_done);
    tests_rows(tests, what_is_made_for_a_person_holds_up_no_other, ROWS(named_rows));
    tests_add(tests, one_asker_leaves_a_thread_to_others);
    tests_add(tests, who_has_the_fewest_under_way_is_next);
    tests_add(tests, things_of_an_asker_are_counted);
    tests_add(tests, what_has_not_begun_can_be_taken_back);
    tests_add(tests, it_rests_when_nothing_is_under_way);
    tests_add(tests, what_is_left_is_given_back);
    return tests_run(tests);
}
