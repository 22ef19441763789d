/* bench_backlog - what a router does with a million waiting deliveries and ten million finished ones, beside
 * what it does with an empty database.
 *
 *     bench_backlog [WAITING [FINISHED [INSTANCES]]]
 *
 * A real felucca-router takes in INSTANCES new instances, nobody asks for work meanwhile; then workers of the
 * bench itself say "done" at once to as many deliveries, and to the shares that go meanwhile. With the long
 * past the same, and what `felucca status` and pages of `felucca jobs` take: the slowest of five. The
 * database is made here, which takes most of the time, below $TMPDIR or /tmp. Ends with 1 when something
 * failed, not for a goal. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/jobs/check.h"
#include "common/jobs/jobdb.h"
#include "tests/bench/crowd.h"
#include "tests/bench/goal.h"
#include "tests/bench/past.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

enum { WAITING = 1000000, FINISHED = 10000000, INSTANCES = 10000, STUDY_SERIES = 1 };
enum { LIMIT_MS = 20 * 60 * 1000, CHECKED = 500000 /* rows; a check of more takes minutes */, TIMES = 5 };

/* Instances a second, then deliveries and shares a second while deliveries are left; and the router's
 * processor time for one of them, in ms. */
struct figures {
    double intake, intake_cpu, work, work_cpu;
};

static void complain(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_backlog: %s%s\n", what, why);
}

/* ---- intake ---- */

static void close_sql(sqlite3 **sql)
{
    (void)sqlite3_close(*sql);
}

/* The highest instance there is; by the primary key, so that the question costs the router nothing. */
static int64_t last_instance(const char *state)
{
    AUTO(close_sql) sqlite3 *sql = NULL;
    AUTO(text_release) struct text path = TEXT_EMPTY;
    sqlite3_stmt *row = NULL;
    int64_t last = 0;
    text_format(&path, "%s/jobs.db", state);
    if (sqlite3_open_v2(text_string(&path), &sql, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(sql, "SELECT max(id) FROM instance", -1, &row, NULL) == SQLITE_OK &&
        sqlite3_step(row) == SQLITE_ROW)
        last = sqlite3_column_int64(row, 0);
    (void)sqlite3_finalize(row);
    return last;
}

struct arrival {
    const char *state;
    int64_t more_than, last;
};

static bool has_arrived(void *context)
{
    struct arrival *arrival = context;
    return (arrival->last = last_instance(arrival->state)) > arrival->more_than;
}

/* From the first commit on that has new ones: what a start takes is another question. */
static bool measure_intake(const struct crowd *crowd, int64_t before, unsigned instances,
                           struct figures *ret_figures)
{
    struct arrival arrival = {crowd->state, before, 0};
    if (!wait_until(has_arrived, &arrival, LIMIT_MS))
        return false;
    int64_t began = clock_monotonic_ms(), cpu = process_cpu_ms(crowd->router), first = arrival.last;
    arrival.more_than = before + instances - 1;
    if (!wait_until(has_arrived, &arrival, LIMIT_MS))
        return false;
    double count = (double)(arrival.last - first);
    ret_figures->intake = count * 1000 / (double)(clock_monotonic_ms() - began + 1);
    ret_figures->intake_cpu = (double)(process_cpu_ms(crowd->router) - cpu) / (count + 1);
    return true;
}

/* ---- what people ask ---- */

static const struct question {
    const char *argv[7];
    double goal_ms; /* 0: none */
} questions[] = {
    {{"status"}, 0},
    {{"jobs"}, 100},
    {{"jobs", "--state", "queued"}, 100},
    {{"jobs", "--state", "sending"}, 100},
    {{"jobs", "--state", "sent"}, 100},
    {{"jobs", "--state", "failed"}, 100},
    {{"jobs", "--state", "excluded"}, 100},
    {{"jobs", "--state", "shared"}, 100},
    {{"jobs", "--state", "waiting"}, 100},
};

static bool ask(const struct crowd *crowd, const struct question *question)
{
    const char *argv[12] = {FELUCCA_BIN "/felucca", "--config", crowd->config};
    AUTO(text_release) struct text what = TEXT_EMPTY;
    int64_t slowest = 0;
    text_append(&what, "felucca");
    for (size_t i = 0; question->argv[i]; i++) {
        argv[3 + i] = question->argv[i];
        text_format(&what, " %s", question->argv[i]);
    }
    text_append(&what, ", ms");
    for (int i = 0; i < TIMES; i++) {
        AUTO(text_release) struct text answer = TEXT_EMPTY;
        int64_t began = clock_monotonic_ms();
        if (process_run(argv, NULL, LIMIT_MS, &answer) > 1) {
            complain("no answer: ", text_string(&answer));
            return false;
        }
        int64_t took = clock_monotonic_ms() - began;
        slowest = took > slowest ? took : slowest;
    }
    if (question->goal_ms > 0)
        goal_print(text_string(&what), (double)slowest, question->goal_ms, true);
    else
        (void)printf("  %-52s %8lld\n", text_string(&what), (long long)slowest);
    return true;
}

/* ---- one router ---- */

static bool measure_work(struct crowd *crowd, unsigned instances, struct figures *ret_figures)
{
    int64_t began = clock_monotonic_ms(), cpu = process_cpu_ms(crowd->router);
    if (!crowd_connect(crowd) || !crowd_work(crowd, instances, 0, false, LIMIT_MS))
        return false;
    double count = (double)(crowd->delivered + crowd->shared);
    ret_figures->work = count * 1000 / (double)(clock_monotonic_ms() - began);
    ret_figures->work_cpu = (double)(process_cpu_ms(crowd->router) - cpu) / count;
    (void)printf("  %lu deliveries and %lu shares handed out and done, %.0f/s, %.3f CPU ms each; router: "
                 "peak %lld MiB\n",
                 crowd->delivered, crowd->shared, ret_figures->work, ret_figures->work_cpu,
                 (long long)process_peak_memory_kib(crowd->router) / 1024);
    return true;
}

static bool measure(struct crowd *crowd, struct sandbox *sandbox, int64_t before, unsigned instances,
                    struct figures *ret_figures)
{
    crowd_write(crowd, instances, PAST_SERIES, STUDY_SERIES);
    int64_t began = clock_monotonic_ms();
    crowd_start_router(crowd, sandbox);
    if (!measure_intake(crowd, before, instances, ret_figures))
        return false;
    (void)printf(
        "%lld rows before: start and intake of %u in %.1f s\n  intake %.0f instances/s, %.3f CPU ms each\n",
        (long long)before, instances, (double)(clock_monotonic_ms() - began) / 1000, ret_figures->intake,
        ret_figures->intake_cpu);
    (void)fflush(stdout);
    for (size_t i = 0; before > 0 && i < sizeof questions / sizeof *questions; i++) {
        if (!ask(crowd, &questions[i]))
            return false;
    }
    return measure_work(crowd, instances, ret_figures) && crowd_end(crowd, LIMIT_MS) == 0;
}

/* ---- the past ---- */

static bool has_room(int64_t waiting, int64_t finished)
{
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    const char *folder = sandbox_folder(sandbox);
    struct statvfs disk;
    int64_t wanted = past_bytes(waiting, finished);
    if (statvfs(folder, &disk) != 0)
        return false;
    int64_t free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
    if (free_bytes < wanted || (disk.f_files > 0 && disk.f_favail < 10000)) {
        (void)fprintf(
            stderr,
            "bench_backlog: %lld waiting and %lld finished deliveries need %.1f GB in %s, there are "
            "%.1f GB: set TMPDIR to a folder of a larger disk, or ask for fewer\n",
            (long long)waiting, (long long)finished, (double)wanted / 1e9, folder, (double)free_bytes / 1e9);
        return false;
    }
    return true;
}

static void show_problem(void *context, const char *problem)
{
    (void)context;
    complain("the database made for it is wrong: ", problem);
}

static bool make_past(const char *state, int64_t waiting, int64_t finished)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    int64_t began = clock_monotonic_ms();
    if (past_make(state, CROWD_ORIGIN, waiting, finished, &reason) != 0) {
        complain("cannot make the database: ", text_string(&reason));
        return false;
    }
    text_format(&path, "%s/jobs.db", state);
    double bytes = (double)file_size(text_string(&path));
    (void)printf("%lld waiting, %lld finished: jobs.db has %.2f GB, %.0f bytes an instance, made in %.1f s\n",
                 (long long)waiting, (long long)finished, bytes / 1e9, bytes / (double)(waiting + finished),
                 (double)(clock_monotonic_ms() - began) / 1000);
    (void)fflush(stdout);
    if (waiting + finished > CHECKED)
        return true;
    if (jobdb_open(state, &db, &reason) == 0)
        return jobdb_check(db, show_problem, NULL) == 0;
    complain("cannot open it: ", text_string(&reason));
    return false;
}

/* before: 0 of both for an empty database. */
static bool measure_one(int64_t waiting, int64_t finished, unsigned instances, struct figures *ret_figures)
{
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    struct crowd crowd;
    crowd_init(&crowd, sandbox, "");
    if (waiting + finished > 0 && !make_past(crowd.state, waiting, finished))
        return false;
    if (measure(&crowd, sandbox, waiting + finished, instances, ret_figures))
        return true;
    AUTO(text_release) struct text log = TEXT_EMPTY;
    file_read(sandbox_path(sandbox, "router.log"), &log);
    complain("it did not end well; the router's log:\n", text_string(&log));
    return false;
}

static int64_t argument(int argc, char **argv, int index, int64_t standard)
{
    int64_t number = argc > index ? strtoll(argv[index], NULL, 10) : standard;
    return number / PAST_SERIES * PAST_SERIES;
}

int main(int argc, char **argv)
{
    int64_t waiting = argument(argc, argv, 1, WAITING), finished = argument(argc, argv, 2, FINISHED);
    int64_t instances = argument(argc, argv, 3, INSTANCES);
    struct figures empty, full;
    if (argc > 4 || waiting <= 0 || finished <= 0 || instances <= 0) {
        (void)fprintf(stderr, "usage: bench_backlog [WAITING [FINISHED [INSTANCES]]], each at least %d\n",
                      PAST_SERIES);
        return 2;
    }
    if (!has_room(waiting, finished) || !measure_one(0, 0, (unsigned)instances, &empty) ||
        !measure_one(waiting, finished, (unsigned)instances, &full))
        return 1;
    goal_print("intake, of an empty database's rate", full.intake / empty.intake, 0.9, false);
    goal_print("dispatch and results, of an empty database's rate", full.work / empty.work, 0.9, false);
    return 0;
}
