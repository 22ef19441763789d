/* bench-stow - how fast a sender uploads from a full spool, beside two plain loops over the same files.
 *
 *     bench_stow              all rows
 *     bench_stow large        one instance of 4 GiB, for its memory (needs 4 GiB in $TMPDIR)
 *
 * "sender" is the real process; a fake router gives it a new batch whenever one is answered. "limit" posts
 * the same batches over four connections in a plain loop, without router or protocol. "singly" posts one
 * instance a request over one connection, as KARNAK does. All in one run, into a simulated KHEOPS that keeps
 * nothing; the delay stands before each of its answers. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/pipeline/credentials.h"
#include "common/pipeline/http.h"
#include "sender/batch.h"
#include "sender/multipart.h"
#include "sender/stow.h"
#include "tests/support/stock.h"
#include "tests/support/suite.h"
#include "tests/support/workplace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 4, BATCH = 50, LIMIT_MS = 600000 };

static const struct row {
    uint64_t bytes;
    size_t count;
    int delay_ms;
    size_t singly; /* instances for the slow one */
} rows[] = {
    {529 * 1000, 2000, 0, 1000}, {529 * 1000, 2000, 5, 300}, {529 * 1000, 2000, 50, 60},
    {5 * 1000, 5000, 0, 2000},   {5 * 1000, 5000, 5, 500},   {5 * 1000, 5000, 50, 60},
};

static const char *const simulator_options[] = {"--discard", "--no-races", "--token", "main:write:MAINWRITE",
                                                NULL};
static const struct pipeline_destination destinations[] = {{.name = "main", .token = "MAINWRITE"}};

struct works {
    struct work **list;
    size_t count;
};

static struct works make_works(struct workplace *workplace, const struct row *row)
{
    struct works works = {.count = (row->count + BATCH - 1) / BATCH};
    works.list = memory_new(works.count, sizeof *works.list);
    for (size_t i = 0; i < works.count; i++)
        works.list[i] = stock_work(workplace->spool, "main", 1000 * (i + 1), BATCH, 1, row->bytes);
    return works;
}

static void free_works(struct works *works)
{
    for (size_t i = 0; i < works->count; i++)
        work_destroy(&works->list[i]);
    free(works->list);
}

static double per_second(size_t count, int64_t since_ms)
{
    int64_t elapsed = clock_monotonic_ms() - since_ms;
    return (double)count * 1000 / (double)(elapsed > 0 ? elapsed : 1);
}

static void check_done(const struct work_result *result)
{
    ck_assert_msg(result != NULL, "no result in time");
    for (size_t i = 0; i < result->answer_count; i++)
        ck_assert_msg(result->answers[i].outcome == WORK_DONE_OUTCOME, "%s", result->answers[i].reason);
}

static double run_sender(struct workplace *workplace, const struct works *works)
{
    int64_t start = clock_monotonic_ms();
    size_t given = 0;
    for (; given < SLOTS && given < works->count; given++)
        fake_router_give(workplace->router, works->list[given]);
    for (size_t done = 0; done < works->count; done++) {
        AUTO(work_result_destroy)
        struct work_result *result = fake_router_wait_result(workplace->router, LIMIT_MS);
        check_done(result);
        if (given < works->count)
            fake_router_give(workplace->router, works->list[given++]);
    }
    return per_second(works->count * BATCH, start);
}

/* ---- the plain loops ---- */

struct loop {
    struct workplace *workplace;
    struct http *http;
    const struct config_destination *destination;
    struct credentials credentials;
    const struct works *works;
    size_t instances_a_request, next, end; /* numbers of instances */
};

struct request {
    struct loop *loop;
    struct work slice;
    struct work_result *result;
    struct batch *batch;
    struct multipart *multipart;
};

static void start_next(struct loop *loop);

static void request_done(void *context, struct http_answer *answer)
{
    struct request *request = context;
    struct loop *loop = request->loop;
    ck_assert_msg(answer->status == 200, "%d %s", answer->status, text_string(&answer->reason));
    multipart_destroy(&request->multipart);
    batch_destroy(&request->batch);
    work_result_destroy(&request->result);
    free(request);
    start_next(loop);
}

static void start_next(struct loop *loop)
{
    if (loop->next >= loop->end)
        return;
    const struct work *whole = loop->works->list[loop->next / BATCH];
    struct request *request = memory_new(1, sizeof *request);
    request->loop = loop;
    request->slice = *whole;
    request->slice.items += loop->next % BATCH;
    request->slice.item_count = loop->instances_a_request;
    loop->next += loop->instances_a_request;
    request->result = work_result_create(&request->slice);
    batch_open(loop->workplace->spool, &request->slice, request->result, &request->batch);
    ck_assert_int_eq(multipart_create(request->batch, &request->multipart), 0);
    stow_start(loop->http, loop->destination, &loop->credentials, request->multipart, request->batch->count,
               request_done, request, NULL);
}

static double run_loop(struct workplace *workplace, const struct works *works, size_t instances_a_request,
                       size_t connections, size_t count)
{
    struct loop loop = {.workplace = workplace,
                        .destination = config_find_destination(workplace->config, "main"),
                        .works = works,
                        .instances_a_request = instances_a_request,
                        .end = count};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_int_eq(http_create(&loop.http), 0);
    ck_assert_int_eq(credentials_of_destination(loop.destination, &loop.credentials, &reason), 0);
    int64_t start = clock_monotonic_ms();
    for (size_t i = 0; i < connections; i++)
        start_next(&loop);
    while (http_active(loop.http) > 0)
        http_poll(loop.http, NULL, 0, 1000);
    double rate = per_second(count, start);
    credentials_wipe(&loop.credentials);
    http_destroy(&loop.http);
    return rate;
}

/* ---- rows ---- */

START_TEST(a_row_is_measured)
{
    const struct row *row = &rows[_i];
    struct workplace *workplace = workplace_create("felucca-sender", simulator_options, destinations, 1,
                                                   "sender: { slots: 4, batch_instances: 50 }\n");
    struct works works = make_works(workplace, row);
    AUTO(text_release) struct text order = TEXT_EMPTY;
    text_format(&order, "{\"kind\":\"stow\",\"action\":\"none\",\"delay_ms\":%d}", row->delay_ms);
    if (row->delay_ms > 0)
        simulator_order(workplace->simulator, "/sim/faults", text_string(&order));
    size_t count = works.count * BATCH;
    (void)run_loop(workplace, &works, BATCH, SLOTS, count); /* warms the page cache */
    int64_t cpu = process_cpu_ms(workplace->process);
    double sender = run_sender(workplace, &works);
    cpu = process_cpu_ms(workplace->process) - cpu;
    double limit = run_loop(workplace, &works, BATCH, SLOTS, count);
    double singly = run_loop(workplace, &works, 1, 1, row->singly < count ? row->singly : count);
    printf("%7.0f KB %4d ms %9.0f %9.0f %9.1f %8.2f %8.1f %9.3f %7lld\n", (double)row->bytes / 1000,
           row->delay_ms, sender, limit, singly, sender / limit, sender / singly, (double)cpu / (double)count,
           (long long)process_peak_memory_kib(workplace->process) / 1024);
    (void)fflush(stdout);
    free_works(&works);
    workplace_destroy(&workplace);
}
END_TEST

START_TEST(a_large_instance_is_measured)
{
    struct workplace *workplace =
        workplace_create("felucca-sender", simulator_options, destinations, 1, NULL);
    struct work *work = stock_work(workplace->spool, "main", 1, 1, 1, 4294960000ULL);
    int64_t start = clock_monotonic_ms();
    fake_router_give(workplace->router, work);
    AUTO(work_result_destroy)
    struct work_result *result = fake_router_wait_result(workplace->router, LIMIT_MS);
    check_done(result);
    double seconds = (double)(clock_monotonic_ms() - start) / 1000;
    printf("one instance of %.2f GiB: %.1f s, %.0f MB/s, peak memory of the sender %lld MiB\n",
           (double)result->bytes / (1 << 30), seconds, (double)result->bytes / 1e6 / seconds,
           (long long)process_peak_memory_kib(workplace->process) / 1024);
    work_destroy(&work);
    workplace_destroy(&workplace);
}
END_TEST

/* What the helpers of tests need is a test around them, and a row in a process of its own does no harm. */
int main(int argc, char **argv)
{
    struct tests *tests = tests_create("bench_stow");
    tests_timeout(tests, 1800);
    if (argc > 1 && strcmp(argv[1], "large") == 0) {
        tests_add(tests, a_large_instance_is_measured);
        return tests_run(tests);
    }
    printf("%10s %7s %9s %9s %9s %8s %8s %9s %7s\n", "instance", "delay", "sender/s", "limit/s", "singly/s",
           "/limit", "/singly", "CPU ms", "MiB");
    (void)fflush(stdout);
    tests_rows(tests, a_row_is_measured, ROWS(rows));
    return tests_run(tests);
}
