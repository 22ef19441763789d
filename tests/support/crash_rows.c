#include "tests/support/crash_rows.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/service/service.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/ordeal.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { INSTANCES_A_SERIES = 3, INSTANCE_BYTES = 20000, PATIENCE_MS = 100000, ROW_SECONDS = 170 };

enum repeats { NOTHING, INSTANCE, REQUEST };

static const struct point {
    const char *name, *process, *happened, *becomes;
    enum repeats repeats;
} points[] = {
#define X(name, process, happened, becomes, repeats) {#name, process, happened, becomes, repeats},
    CRASH_POINT_MAP(X)
#undef X
};

enum { POINTS = sizeof points / sizeof *points };

/* What a point needs besides a study. */
static const struct need {
    const char *point;
    const char *before; /* another point that has to be hit first */
    const char *more;   /* of the configuration */
    bool parked;        /* an instance that belongs into quarantine */
    bool asked;         /* an operator who wants a delivery tried again that needs no retry */
} needs[] = {
    {"RECEIVER_CHILD_DIED", "ASSOCIATION_DATA_WRITTEN", NULL, false, false},
    {"ROUTER_ADOPTED", "ROUTER_QUEUE_DUE", NULL, false, false},
    {"ROUTER_QUARANTINE_DUE", NULL, NULL, true, false},
    {"ROUTER_QUARANTINED", NULL, NULL, true, false},
    {"ROUTER_LEASE_LOST", "SENDER_TOOK_WORK", NULL, false, false},
    {"ROUTER_KEEP_DUE", NULL, "retention: 1h\n", false, false},
    {"ROUTER_KEPT", NULL, "retention: 1h\n", false, false},
    {"ROUTER_CHANGE_APPLIED", NULL, NULL, false, true},
    {"ROUTER_ANSWER_DUE", NULL, NULL, false, true},
};

/* Rows run in processes of their own; this is shared with them. */
static struct result {
    bool hit, passed;
    struct ordeal_count count;
    size_t restarts;
    int64_t milliseconds;
} * results;

static size_t chosen[POINTS], chosen_count;
static struct ordeal *ordeal;

static const struct need *need_of(const char *point)
{
    static const struct need none;
    for (size_t i = 0; i < ROWS(needs); i++) {
        if (strcmp(needs[i].point, point) == 0)
            return &needs[i];
    }
    return &none;
}

static const struct point *find_point(const char *name)
{
    for (size_t i = 0; i < POINTS; i++) {
        if (strcmp(points[i].name, name) == 0)
            return &points[i];
    }
    return NULL;
}

/* Associations and the helper are the receiver's children: it goes on without them. */
static bool ends_a_stage(const struct point *point)
{
    return point && strcmp(point->process, "association") != 0 && strcmp(point->process, "helper") != 0;
}

/* ---- one row ---- */

struct trial {
    const struct point *point;
    const struct need *need;
    const char *marks; /* the folder */
    struct text at, environment_at, environment_marks, open;
    size_t restarts, wanted_restarts;
    struct process *person;
};

static bool is_marked(const struct trial *trial, const char *point)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "%s/%s", trial->marks, point);
    return file_exists(text_string(&path));
}

/* Asks again and again until the point was hit, as a person might; what it wants changes nothing. */
static void ask(struct trial *trial)
{
    const char *const argv[] = {
        FELUCCA_BIN "/felucca", "--config", pipeline_config(ordeal->pipeline), "retry", "delivery:1", NULL};
    bool hit = is_marked(trial, trial->point->name);
    if (!trial->need->asked || (trial->person && process_running(trial->person)) || hit)
        return;
    process_destroy(&trial->person);
    trial->person = process_start(argv, NULL);
}

static bool trial_is_over(void *context)
{
    struct trial *trial = context;
    ask(trial);
    trial->restarts += ordeal_revive(ordeal);
    return trial->restarts >= trial->wanted_restarts && is_marked(trial, trial->point->name) &&
           ordeal_is_over(ordeal, &trial->open);
}

static void start(struct trial *trial)
{
    const char *name = trial->point->name;
    /* An association has something to lose by its third instance. */
    bool third = strcmp(trial->point->process, "association") == 0;
    trial->marks = sandbox_make_folder(ordeal->sandbox, "marks");
    text_format(&trial->environment_at, "FELUCCA_CRASH_AT=%s%s%s%s",
                trial->need->before ? trial->need->before : "", trial->need->before ? "," : "", name,
                third ? ":3" : "");
    text_format(&trial->environment_marks, "FELUCCA_CRASH_MARKS=%s", trial->marks);
    trial->wanted_restarts = (size_t)ends_a_stage(trial->point) +
                             (trial->need->before && ends_a_stage(find_point(trial->need->before)));
    const char *const environment[] = {text_string(&trial->environment_at),
                                       text_string(&trial->environment_marks), NULL};
    static const char *kept[3];
    memcpy(kept, environment, sizeof kept);
    for (int stage = 0; stage < PIPELINE_STAGES; stage++)
        pipeline_equip(ordeal->pipeline, (enum pipeline_stage)stage, kept, NULL);
    pipeline_use_programs(ordeal->pipeline, FELUCCA_CRASH_BIN);
    pipeline_start_all(ordeal->pipeline);
}

/* On a machine so slow that the router gave a worker's work to others, requests are repeated that otherwise are
 * not. */
static bool work_was_given_up(void)
{
    static const char *const logs[] = {"sender-0.log", "sharer-0.log"};
    bool given_up = false;
    for (size_t i = 0; i < ROWS(logs); i++) {
        AUTO(text_release) struct text log = TEXT_EMPTY;
        file_read(sandbox_path(ordeal->sandbox, "%s", logs[i]), &log);
        given_up = given_up || strstr(text_string(&log), "others have this work now");
    }
    return given_up;
}

static void check_repeats(const struct trial *trial, const struct ordeal_count *count)
{
    enum repeats allowed = work_was_given_up() ? REQUEST : trial->point->repeats;
    bool sharer = strcmp(trial->point->process, "sharer") == 0;
    AUTO(text_release) struct text what = TEXT_EMPTY;
    text_format(&what, "%s: %llu instances and %llu shares repeated", trial->point->name,
                (unsigned long long)count->repeated, (unsigned long long)count->repeated_shares);
    uint64_t instances = allowed == INSTANCE ? 1 : allowed == REQUEST && !sharer ? count->instances : 0;
    uint64_t shares = allowed == REQUEST && sharer ? 1 : 0;
    if (work_was_given_up()) {
        instances = count->instances;
        shares = ORDEAL_SERIES + 1;
    }
    pipeline_check(ordeal->pipeline, count->repeated <= instances && count->repeated_shares <= shares,
                   text_string(&what));
}

static void run_trial(struct trial *trial, struct result *result)
{
    int64_t began = clock_monotonic_ms();
    AUTO(text_release) struct text what = TEXT_EMPTY;
    start(trial);
    ordeal_add_study(ordeal, 0, (uint64_t)(trial->point - points) + 1, INSTANCES_A_SERIES, INSTANCE_BYTES,
                     trial->need->parked);
    bool over = wait_until(trial_is_over, trial, PATIENCE_MS);
    result->hit = is_marked(trial, trial->point->name);
    text_format(&what, "%s: %s (%zu of %zu processes started again; %s)", trial->point->name,
                result->hit ? "it does not end" : "it was not reached", trial->restarts,
                trial->wanted_restarts, text_string(&trial->open));
    pipeline_check(ordeal->pipeline, over && result->hit, text_string(&what));
    int status = trial->person ? process_wait(trial->person, PATIENCE_MS) : EXIT_OK;
    pipeline_check(ordeal->pipeline, status == EXIT_OK || status == EXIT_NO, "the operator was not answered");
    process_destroy(&trial->person);
    pipeline_await(ordeal->pipeline);
    pipeline_stop_all(ordeal->pipeline);
    ordeal_count(ordeal, &result->count);
    ordeal_check(ordeal, &result->count, trial->point->name);
    check_repeats(trial, &result->count);
    result->restarts = trial->restarts;
    result->milliseconds = clock_monotonic_ms() - began;
    result->passed = true;
}

/* So that what a dead worker had in flight is the request that the point is about. */
static const char one_request_at_a_time[] =
    "sender: { slots: 1, batch_instances: 10 }\nsharer: { slots: 1 }\n";

START_TEST(promises_survive_a_crash)
{
    const struct point *point = &points[chosen[_i]];
    struct trial trial = {.point = point, .need = need_of(point->name)};
    bool worker = strcmp(point->process, "sender") == 0 || strcmp(point->process, "sharer") == 0;
    ordeal = ordeal_create(worker ? one_request_at_a_time : trial.need->more, 1);
    run_trial(&trial, &results[_i]);
    text_release(&trial.open);
    text_release(&trial.environment_at);
    text_release(&trial.environment_marks);
}
END_TEST

/* docs/reliability.md has the list as a table. */
START_TEST(page_is_current)
{
    static const char *const repeated[] = {"–", "1 instance", "1 request"};
    AUTO(text_release) struct text page = TEXT_EMPTY;
    file_read(FELUCCA_SOURCE "/docs/reliability.md", &page);
    for (size_t i = 0; i < POINTS; i++) {
        const struct point *point = &points[i];
        AUTO(text_release) struct text row = TEXT_EMPTY;
        text_format(&row, "| `%s` | %s | %s | %s |\n", point->name, point->happened, point->becomes,
                    repeated[point->repeats]);
        ck_assert_msg(strstr(text_string(&page), text_string(&row)), "docs/reliability.md lacks %s",
                      text_string(&row));
    }
}
END_TEST

static void tear_down(void)
{
    ordeal_destroy(&ordeal);
}

/* ---- all of them ---- */

/* Whether a blank-separated list names the word. */
static bool names(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += length) {
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}

static void choose(const char *processes)
{
    const char *only = getenv("FELUCCA_CRASH_ONLY");
    for (size_t i = 0; i < POINTS; i++) {
        if (names(processes, points[i].process) && (!only || string_starts_with(points[i].name, only)))
            chosen[chosen_count++] = i;
    }
}

static void print_table(void)
{
    struct ordeal_count sum = {0};
    size_t hit = 0;
    printf("\n%-26s %5s %9s %5s %8s %7s %6s\n", "crash point", "hit", "instances", "lost", "repeated",
           "shares", "s");
    for (size_t i = 0; i < chosen_count; i++) {
        const struct result *r = &results[i];
        printf("%-26s %5s %9llu %5llu %8llu %7llu %6.1f%s\n", points[chosen[i]].name, r->hit ? "yes" : "NO",
               (unsigned long long)r->count.instances, (unsigned long long)r->count.lost,
               (unsigned long long)r->count.repeated, (unsigned long long)r->count.repeated_shares,
               (double)r->milliseconds / 1000, r->passed ? "" : "  FAILED");
        hit += r->hit;
        sum.instances += r->count.instances;
        sum.lost += r->count.lost;
        sum.repeated += r->count.repeated;
        sum.repeated_shares += r->count.repeated_shares;
    }
    printf("%-26s %2zu/%-2zu %9llu %5llu %8llu %7llu\n", "together", hit, chosen_count,
           (unsigned long long)sum.instances, (unsigned long long)sum.lost, (unsigned long long)sum.repeated,
           (unsigned long long)sum.repeated_shares);
}

int crash_rows_run(const char *processes)
{
    results = mmap(NULL, POINTS * sizeof *results, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (results == MAP_FAILED)
        return EXIT_FAILURE;
    choose(processes);
    struct tests *tests = tests_create("crash");
    tests_abreast(tests, 6);
    tests_timeout(tests, ROW_SECONDS);
    tests_fixture(tests, NULL, tear_down);
    tests_rows(tests, promises_survive_a_crash, chosen_count);
    tests_add(tests, page_is_current);
    int status = tests_run(tests);
    print_table();
    return status;
}
