/* Tasks of a worker process that no router has given work to: the test does. */
#include "common/worker/task.h"

#include "common/base/cleanup.h"
#include "common/config/address.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TASKS = 3 };

/* A kind whose tasks do nothing until the test ends them. */
struct errand {
    struct task task;
    char *bought;
};

static struct errand *begun[TASKS];
static size_t begun_count, told, released;
static enum work_outcome last_outcome[2];
static bool ends_at_once, begins = true;

static void errand_begin(struct task *task)
{
    struct errand *errand = (struct errand *)task;
    ck_assert_ptr_null(errand->bought);
    errand->bought = strdup("bread");
    begun[begun_count++] = errand;
    if (ends_at_once)
        task_finish_all(task, WORK_BLOCKED_OUTCOME, BLAME_WORKER, "no shop");
}

static void errand_tell(const struct task *task)
{
    told++;
    for (size_t i = 0; i < task->result->answer_count && i < 2; i++)
        last_outcome[i] = task->result->answers[i].outcome;
}

static void errand_release(struct task *task)
{
    struct errand *errand = (struct errand *)task;
    ck_assert(!begins || strcmp(errand->bought, "bread") == 0);
    free(errand->bought);
    released++;
}

static const struct task_kind errand_kind = {sizeof(struct errand), errand_begin, errand_tell,
                                             errand_release};
static const struct worker_kind kind = {
    .stage = WORK_SEND, .name = "errand", .tasks = {[WORK_SEND] = &errand_kind}};

/* ---- the process, without its loop ---- */

static struct sandbox *sandbox;
static struct config_album album = {.name = (char *)"research", .api_url = (char *)"https://kheops/api"};
static struct config_destination destination = {.name = (char *)"kheops",
                                                .stow_url = (char *)"https://kheops/api/studies",
                                                .api_url = (char *)"https://kheops/api",
                                                .albums = &album,
                                                .album_count = 1};
static struct config_node node = {.destinations = &destination, .destination_count = 1};
static struct config config = {.nodes = &node, .node_count = 1};
static struct worker_process process;

static void report(void *context, const struct token_report *report)
{
    (void)context;
    (void)report;
}

static void set_up(void)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const struct worker_handler handler = {0};
    sandbox = sandbox_create();
    ck_assert_int_eq(chdir(sandbox_folder(sandbox)), 0);
    config.endpoints.work = (char *)"ipc://work.sock";
    process = (struct worker_process){.kind = &kind, .config = &config};
    ck_assert_int_eq(http_create(&process.http), 0);
    process.tokens = token_watch_create(process.http, report, NULL);
    token_watch_configure(process.tokens, &config, WORK_SEND);
    ck_assert_int_eq(worker_create(&config, WORK_SEND, TASKS, &handler, &process.worker, &reason), 0);
}

static void tear_down(void)
{
    task_give_up_all(&process);
    token_watch_destroy(&process.tokens);
    worker_destroy(&process.worker);
    http_destroy(&process.http);
    sandbox_destroy(&sandbox);
}

static struct work *work_new(const char *id, const char *where, const char *into)
{
    struct work *work = calloc(1, sizeof *work);
    (void)snprintf(work->id, sizeof work->id, "%s", id);
    work->destination = strdup(where);
    work->album = into ? strdup(into) : NULL;
    work->study = strdup("1.2");
    work->items = calloc(2, sizeof *work->items);
    work->item_count = 2;
    work->items[0].id = 1;
    work->items[1].id = 2;
    return work;
}

static void start_all(void)
{
    for (int i = 0; i < TASKS; i++)
        task_start(&process, work_new((const char *[]){"e-1", "e-2", "e-3"}[i], "kheops", NULL));
    ck_assert_uint_eq(begun_count, TASKS);
}

/* ---- ends ---- */

/* In which order three tasks end: first, middle and last of the list, in every order. */
static const size_t orders[][TASKS] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

START_TEST(tasks_end_in_any_order)
{
    start_all();
    for (size_t i = 0; i < TASKS; i++) {
        task_finish(&begun[orders[_i][i]]->task);
        size_t left = 0;
        for (const struct task *task = process.tasks; task; task = task->next)
            left++;
        ck_assert_uint_eq(left, TASKS - 1 - i);
    }
    ck_assert_uint_eq(told, TASKS);
    ck_assert_uint_eq(released, TASKS);
    ck_assert(worker_busy(process.worker)); /* its results, until a router acknowledges them */
}
END_TEST

START_TEST(what_is_given_up_has_no_result)
{
    start_all();
    task_finish(&begun[1]->task);
    task_give_up(&process, "e-2");
    ck_assert_uint_eq(released, 1);
    task_give_up(&process, "e-3");
    ck_assert_uint_eq(released, 2);
    task_give_up_all(&process);
    ck_assert_ptr_null(process.tasks);
    ck_assert_uint_eq(told, 1);
    ck_assert_uint_eq(released, TASKS);
}
END_TEST

START_TEST(a_task_may_end_while_it_begins)
{
    ends_at_once = true;
    task_start(&process, work_new("e-1", "kheops", NULL));
    ck_assert_ptr_null(process.tasks);
    ck_assert_uint_eq(told, 1);
    ck_assert_int_eq(last_outcome[0], WORK_BLOCKED_OUTCOME);
    ck_assert_int_eq(last_outcome[1], WORK_BLOCKED_OUTCOME);
}
END_TEST

START_TEST(a_missing_file_stays_missing)
{
    task_start(&process, work_new("e-1", "kheops", NULL));
    work_answer_set(&begun[0]->task.result->answers[1], WORK_MISSING_OUTCOME, BLAME_SUSPECT, 0, "gone");
    task_finish_all(&begun[0]->task, WORK_RETRY_OUTCOME, BLAME_NOBODY, "later");
    ck_assert_int_eq(last_outcome[0], WORK_RETRY_OUTCOME);
    ck_assert_int_eq(last_outcome[1], WORK_MISSING_OUTCOME);
}
END_TEST

/* ---- what the router has for its address ---- */

static const struct address_row {
    const char *label, *stow_url, *api_url; /* at the router */
    const char *album, *album_url;          /* NULL: a destination's */
    bool begins;
} address_rows[] = {
    {"the same", "https://kheops/api/studies", "https://kheops/api", NULL, NULL, true},
    {"another stow_url", "https://other/api/studies", "https://kheops/api", NULL, NULL, false},
    {"another api_url", "https://kheops/api/studies", "https://other/api", NULL, NULL, false},
    {"the album's is the same", NULL, NULL, "research", "https://kheops/api", true},
    {"the album's is another", NULL, NULL, "research", "https://other/api", false},
    {"an album that is not here", NULL, NULL, "teaching", "https://other/api", true},
};

START_TEST(nothing_begins_that_would_go_elsewhere)
{
    const struct address_row *row = &address_rows[_i];
    struct work *work = work_new("e-1", "kheops", row->album);
    const struct config_destination its = {.stow_url = (char *)row->stow_url,
                                           .api_url = (char *)row->api_url};
    const struct config_album its_album = {.api_url = (char *)row->album_url};
    if (row->album)
        address_of_album(&its_album, work->address);
    else
        address_of_destination(&its, work->address);
    begins = row->begins;
    task_start(&process, work);
    ck_assert_msg(begun_count == row->begins, "%s", row->label);
    ck_assert_uint_eq(released, !row->begins);
    ck_assert_msg(row->begins || last_outcome[1] == WORK_BLOCKED_OUTCOME, "%s", row->label);
}
END_TEST

/* ---- what a task asks ---- */

static unsigned explained;

static void take_explanation(void *context, struct introspection *introspection)
{
    ck_assert_ptr_eq(context, begun[0]);
    ck_assert_int_eq(introspection->state, INTROSPECTION_UNKNOWN);
    explained++;
}

START_TEST(a_token_that_is_not_watched_is_unknown)
{
    task_start(&process, work_new("e-1", "elsewhere", NULL));
    task_ask_token(&begun[0]->task, WORK_TOKEN_STOW, take_explanation);
    ck_assert_uint_eq(explained, 1);
}
END_TEST

static const struct place_row {
    const char *label, *destination, *album;
    bool is_destination, is_album;
} place_rows[] = {
    {"both are named", "kheops", "research", true, true},
    {"the album is not", "kheops", "teaching", true, false},
    {"the destination is not", "elsewhere", "research", false, false},
};

START_TEST(the_configuration_in_force_counts)
{
    const struct place_row *row = &place_rows[_i];
    task_start(&process, work_new("e-1", row->destination, row->album));
    const struct task *task = &begun[0]->task;
    ck_assert_msg(task_destination(task) == (row->is_destination ? &destination : NULL), "%s", row->label);
    ck_assert_msg(task_album(task) == (row->is_album ? &album : NULL), "%s", row->label);
}
END_TEST

START_TEST(an_answer_ends_the_transfer)
{
    const struct http_answer answer = {.status = 200, .milliseconds = 412};
    task_start(&process, work_new("e-1", "kheops", NULL));
    struct task *task = &begun[0]->task;
    task->transfer = (struct http_transfer *)(void *)task; /* gone, and never looked at again */
    task_answered(task, &answer);
    ck_assert_ptr_null(task->transfer);
    ck_assert_int_eq(task->result->milliseconds, 412);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("task");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, tasks_end_in_any_order, ROWS(orders));
    tests_add(tests, what_is_given_up_has_no_result);
    tests_add(tests, a_task_may_end_while_it_begins);
    tests_add(tests, a_missing_file_stays_missing);
    tests_rows(tests, nothing_begins_that_would_go_elsewhere, ROWS(address_rows));
    tests_add(tests, a_token_that_is_not_watched_is_unknown);
    tests_rows(tests, the_configuration_in_force_counts, ROWS(place_rows));
    tests_add(tests, an_answer_ends_the_transfer);
    return tests_run(tests);
}
