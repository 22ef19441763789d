/* bench_change - how long an operator's change of very many jobs takes, and how long others wait meanwhile.
 *
 *     bench_change [JOBS]
 *
 * A job database with that many failed deliveries, a real felucca-router on it, and the real command:
 * retry of all of them, then drop of all of them; beside it another operator holds and releases an album
 * again and again. Prints one line for each: jobs, seconds, rate, and the longest and the usual wait of
 * the other one. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/wire/bus.h"
#include "common/wire/control.h"
#include "common/jobs/batch.h"
#include "common/jobs/intake.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/outcome.h"
#include "common/jobs/target.h"
#include "tests/support/files.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    JOBS = 1000000,
    SERIES_SIZE = 200,
    A_COMMIT = 10000,
    START_MS = 600 * 1000,
    LIMIT_MS = 3600 * 1000,
    PAUSE_MS = 20,
    WAITS_MAX = 200000
};

static const char configuration[] = "state_dir: %s\n"
                                    "metrics: { bind: 127.0.0.1, port: 0 }\n"
                                    "log: { level: warning, format: text }\n"
                                    "nodes:\n"
                                    "  - aet: BENCH\n"
                                    "    destinations:\n"
                                    "      - name: main\n"
                                    "        stow_url: http://127.0.0.1:9/api/studies\n"
                                    "        headers: 'Authorization: Bearer x'\n"
                                    "        albums:\n"
                                    "          - { name: all, api_url: 'http://127.0.0.1:9/api',\n"
                                    "              destination_token: x, source_token: y }\n";

/* ---- the database ---- */

static void learn_id(void *context, struct jobdb_target *target)
{
    if (!target->album)
        *(int64_t *)context = target->destination_id;
    jobdb_target_release(target);
}

static void add_failed(struct jobdb *db, int64_t destination_id, unsigned number, int64_t now)
{
    char receipt[RECEIPT_SIZE], study[32], series[48], sop[64];
    struct jobdb_batch batch;
    struct jobdb_decision decision = {.destination_id = destination_id, .takes = true};
    (void)snprintf(receipt, sizeof receipt, "%032x", number + 1);
    (void)snprintf(study, sizeof study, "2.25.%u", number / SERIES_SIZE / 4 + 1);
    (void)snprintf(series, sizeof series, "2.25.%u.%u", number / SERIES_SIZE / 4 + 1,
                   number / SERIES_SIZE % 4);
    (void)snprintf(sop, sizeof sop, "%s.%u", series, number + 1);
    struct jobdb_instance instance = {.receipt = receipt,
                                      .study = study,
                                      .series = series,
                                      .sop_instance = sop,
                                      .sop_class = "1.2",
                                      .transfer_syntax = "1.2.840.10008.1.2",
                                      .calling_aet = "CT01",
                                      .called_aet = "BENCH",
                                      .size = 500000,
                                      .received_at = now};
    jobdb_take_in(db, &instance, &decision, 1, now, 0);
    if (!jobdb_find_delivery(db, receipt, "main", &batch))
        return;
    struct jobdb_outcome outcome = {
        .cause = CAUSE_FILE_MISSING, .now = now, .http_status = 409, .reason = "KHEOPS refuses it"};
    (void)jobdb_move_delivery(db, &batch, batch.items, &outcome, NULL, NULL);
    jobdb_batch_release(&batch);
}

static bool fill(const char *state, unsigned jobs)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    int64_t destination_id = 0, now = clock_wall_ms() - 3600 * 1000;
    if (jobdb_open(state, &db, &reason) != 0)
        return false;
    jobdb_configure(db, "main", NULL, "http://127.0.0.1:9");
    jobdb_each_target(db, learn_id, &destination_id);
    for (unsigned i = 0; i < jobs; i++) {
        add_failed(db, destination_id, i, now);
        if (i % A_COMMIT == 0 && jobdb_commit(db) != 0)
            return false;
    }
    return jobdb_commit(db) == 0;
}

/* ---- the other operator ---- */

static bool wait_for_answer(struct bus *bus, int64_t limit_ms)
{
    int64_t end = clock_monotonic_ms() + limit_ms;
    struct bus_message message;
    while (bus_receive(bus, &message) != 0) {
        struct pollfd fd = {.fd = bus_fd(bus), .events = POLLIN};
        (void)poll(&fd, 1, 1);
        if (clock_monotonic_ms() > end)
            return false;
    }
    bus_message_release(&message);
    return true;
}

/* One request and its answer: milliseconds; -1: none. */
static int64_t ask(struct bus *bus, enum control_verb verb, int64_t limit_ms)
{
    AUTO(control_request_release) struct control_request request = {0};
    AUTO(text_release) struct text json = TEXT_EMPTY;
    int64_t began = clock_monotonic_ms();
    (void)control_request_start(&request, verb);
    request.destination = memory_string("main");
    request.album = memory_string("all");
    control_request_encode(&request, &json);
    while (bus_send(bus, NULL, text_string(&json), json.length, NULL, 0) != 0) {
        (void)poll(NULL, 0, 10);
        if (clock_monotonic_ms() - began > limit_ms)
            return -1;
    }
    return wait_for_answer(bus, limit_ms) ? clock_monotonic_ms() - began : -1;
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* ---- the change ---- */

static bool change(struct bus *bus, const char *config, const char *output, const char *const *words,
                   unsigned jobs)
{
    const char *argv[] = {
        FELUCCA_BIN "/felucca", "--config", config, words[0], words[1], words[2], words[3], NULL};
    const struct process_options how = {.output = output};
    int64_t *waits = memory_new(WAITS_MAX, sizeof *waits), began = clock_monotonic_ms();
    size_t count = 0;
    AUTO(process_destroy) struct process *process = process_start(argv, &how);
    while (process_running(process) && clock_monotonic_ms() - began < LIMIT_MS) {
        int64_t wait = ask(bus, count % 2 == 0 ? CONTROL_HOLD : CONTROL_RELEASE, LIMIT_MS);
        if (wait >= 0 && count < WAITS_MAX)
            waits[count++] = wait;
        (void)poll(NULL, 0, PAUSE_MS);
    }
    double seconds = (double)(clock_monotonic_ms() - began) / 1000;
    qsort(waits, count, sizeof *waits, by_number);
    (void)printf("%s: %u jobs in %.1f s: %.0f jobs/s; %zu other requests waited %lld ms usually, "
                 "%lld ms at most\n",
                 words[0], jobs, seconds, jobs / seconds, count, (long long)(count ? waits[count / 2] : 0),
                 (long long)(count ? waits[count - 1] : 0));
    memory_free(&waits);
    return process_wait(process, 1000) == 0;
}

static int measure(struct sandbox *sandbox, unsigned jobs)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    AUTO(text_release) struct text control = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(bus_destroy) struct bus *bus = NULL;
    const char *state = sandbox_make_folder(sandbox, "state");
    text_format(&yaml, configuration, state);
    text_format(&control, "ipc://%s/run/control/sock", state);
    int64_t began = clock_monotonic_ms();
    if (!fill(state, jobs))
        return 1;
    (void)printf("made in %lld s\n", (long long)(clock_monotonic_ms() - began) / 1000);
    const char *file = sandbox_write(sandbox, "felucca.yaml", text_string(&yaml));
    const char *log = sandbox_path(sandbox, "router.log");
    const char *const argv[] = {FELUCCA_BIN "/felucca-router", "--config", file, NULL};
    const struct process_options options = {.output = log};
    struct config config = {0};
    AUTO(process_destroy) struct process *router = process_start(argv, &options);
    if (bus_create(&config, BUS_DEALER, text_string(&control), &bus, &reason) != 0 ||
        ask(bus, CONTROL_RELEASE, START_MS) < 0)
        return 1;
    const char *said = sandbox_path(sandbox, "said");
    bool good = change(bus, file, said, (const char *const[]){"retry", "--all", "--yes", NULL}, jobs) &&
                change(bus, file, said, (const char *const[]){"drop", "--state", "queued", "--yes"}, jobs);
    AUTO(text_release) struct text output = TEXT_EMPTY;
    file_read(said, &output);
    (void)printf("%s", text_string(&output));
    return process_end(router, LIMIT_MS) == 0 && good ? 0 : 1;
}

int main(int argc, char **argv)
{
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    unsigned jobs = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : JOBS;
    if (jobs == 0) {
        (void)fprintf(stderr, "usage: bench_change [JOBS]\n");
        return 2;
    }
    return measure(sandbox, jobs);
}
