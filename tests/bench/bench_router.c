/* bench_router - how many instances a second one router takes in, decides about, hands out and finishes.
 *
 *     bench_router [INSTANCES [SERIES_SIZE]]
 *
 * A spool with that many small instances (5 KB), a real felucca-router on it, one destination with three
 * albums, and workers of the bench itself that say "done" at once: whatever time passes is the router's own.
 * Prints one line: instances, seconds, rate, CPU milliseconds an instance, peak memory. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/pipeline/worker.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/stock.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INSTANCES = 10000, SERIES_SIZE = 100, LIMIT_MS = 120 * 1000 };

static const char configuration[] = "state_dir: %s\n"
                                    "metrics: { bind: 127.0.0.1, port: 0 }\n"
                                    "log: { level: warning, format: text }\n"
                                    "nodes:\n"
                                    "  - aet: BENCH\n"
                                    "    destinations:\n"
                                    "      - name: main\n"
                                    "        stow_url: http://127.0.0.1:9/api/studies\n"
                                    "        headers: 'Authorization: Bearer x'\n"
                                    "        connections: 64\n"
                                    "        albums:\n"
                                    "          - { name: ct, api_url: 'http://127.0.0.1:9/api',\n"
                                    "              destination_token: x, source_token: y,\n"
                                    "              condition: 'tagValueIsPresent(#Tag.Modality, \"CT\")' }\n"
                                    "          - { name: mr, api_url: 'http://127.0.0.1:9/api',\n"
                                    "              destination_token: x, source_token: y,\n"
                                    "              condition: 'tagValueIsPresent(#Tag.Modality, \"MR\")' }\n"
                                    "          - { name: all, api_url: 'http://127.0.0.1:9/api',\n"
                                    "              destination_token: x, source_token: y }\n";

/* ---- the spool ---- */

static void write_instance(const char *folder, unsigned number, unsigned series_size)
{
    struct dicom_spec spec;
    unsigned series = number / series_size;
    dicom_spec_init(&spec, 1);
    dicom_uid(spec.study_uid, series / 4 + 1, 0, 0);
    dicom_uid(spec.series_uid, series / 4 + 1, series % 4 + 1, 0);
    dicom_uid(spec.sop_uid, series / 4 + 1, series % 4 + 1, number + 1);
    free(stock_receive(folder, &spec, "BENCH"));
}

/* ---- workers that say "done" at once ---- */

struct crowd {
    struct worker *sender, *sharer;
    unsigned long delivered, shared;
};

static void finish(struct worker *worker, struct work *work)
{
    struct work_result *result = work_result_create(work);
    for (size_t i = 0; i < result->answer_count; i++)
        work_answer_set(&result->answers[i], WORK_DONE_OUTCOME, false, 200, NULL);
    worker_finish(worker, &result);
    work_destroy(&work);
}

static void start_send(void *context, struct work *work)
{
    struct crowd *crowd = context;
    crowd->delivered += work->item_count;
    finish(crowd->sender, work);
}

static void start_share(void *context, struct work *work)
{
    struct crowd *crowd = context;
    crowd->shared++;
    finish(crowd->sharer, work);
}

static void ignore(void *context)
{
    (void)context;
}

static void work_until(struct crowd *crowd, unsigned long deliveries, unsigned long shares)
{
    int64_t end = clock_monotonic_ms() + LIMIT_MS;
    while (clock_monotonic_ms() < end) {
        worker_turn(crowd->sender);
        worker_turn(crowd->sharer);
        if (crowd->delivered >= deliveries && crowd->shared >= shares && !worker_busy(crowd->sender) &&
            !worker_busy(crowd->sharer))
            return;
        struct pollfd fds[] = {{.fd = worker_fd(crowd->sender), .events = POLLIN},
                               {.fd = worker_fd(crowd->sharer), .events = POLLIN}};
        (void)poll(fds, 2, 5);
    }
    (void)fprintf(stderr, "bench_router: gave up after %lu deliveries and %lu shares\n", crowd->delivered,
                  crowd->shared);
    exit(1);
}

static int measure(struct sandbox *sandbox, unsigned instances, unsigned series_size)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    AUTO(text_release) struct text work = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const char *state = sandbox_make_folder(sandbox, "state");
    const char *incoming = sandbox_make_folder(sandbox, "state/spool/incoming");
    text_format(&yaml, configuration, state);
    text_format(&work, "ipc://%s/run/work.sock", state);
    for (unsigned i = 0; i < instances; i++)
        write_instance(incoming, i, series_size);
    const char *file = sandbox_write(sandbox, "felucca.yaml", text_string(&yaml));
    const char *const argv[] = {FELUCCA_BIN "/felucca-router", "--config", file, NULL};
    const struct process_options options = {.output = sandbox_path(sandbox, "router.log")};
    struct crowd crowd = {0};
    struct config config = {.endpoints = {.work = (char *)text_string(&work)}};
    struct worker_handler send = {&crowd, start_send, ignore}, share = {&crowd, start_share, ignore};
    int64_t began = clock_monotonic_ms();
    AUTO(process_destroy) struct process *router = process_start(argv, &options);
    if (worker_create(&config, WORK_SEND, 8, &send, &crowd.sender, &reason) != 0 ||
        worker_create(&config, WORK_SHARE, 8, &share, &crowd.sharer, &reason) != 0)
        return 1;
    unsigned long series = (instances + series_size - 1) / series_size;
    work_until(&crowd, instances, 2 * series);
    double seconds = (double)(clock_monotonic_ms() - began) / 1000;
    (void)printf("router: %u instances, %lu shares in %.2f s: %.0f instances/s, %.3f CPU ms an instance, "
                 "peak %lld MiB\n",
                 instances, crowd.shared, seconds, instances / seconds,
                 (double)process_cpu_ms(router) / instances,
                 (long long)process_peak_memory_kib(router) / 1024);
    worker_destroy(&crowd.sender);
    worker_destroy(&crowd.sharer);
    return process_end(router, 20000) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    unsigned instances = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : INSTANCES;
    unsigned series_size = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : SERIES_SIZE;
    if (instances == 0 || series_size == 0) {
        (void)fprintf(stderr, "usage: bench_router [INSTANCES [SERIES_SIZE]]\n");
        return 2;
    }
    return measure(sandbox, instances, series_size);
}
