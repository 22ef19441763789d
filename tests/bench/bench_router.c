/* bench_router - how many instances a second one router takes in, decides about, hands out and finishes.
 *
 *     bench_router [INSTANCES [SERIES_SIZE [headers|no-headers]]]
 *
 * A spool with that many small instances (5 KB), a real felucca-router on it, one destination with three
 * albums, and workers of the bench itself that say "done" at once: whatever time passes is the router's own.
 * Prints one line: instances, seconds, rate, CPU milliseconds an instance, peak memory; and what the kept headers take an
 * instance. With no-headers none are kept: what the router's turn costs without them. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "tests/bench/crowd.h"
#include "tests/support/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { INSTANCES = 10000, SERIES_SIZE = 100, STUDY_SERIES = 4, LIMIT_MS = 120 * 1000 };

struct taken {
    int64_t bytes, blocks;
};

static void add_file(void *context, const char *path)
{
    struct taken *taken = context;
    struct stat status;
    if (stat(path, &status) != 0)
        return;
    taken->bytes += status.st_size;
    taken->blocks += status.st_blocks * 512;
}

static void print_headers(const struct crowd *crowd, unsigned instances)
{
    AUTO(text_release) struct text folder = TEXT_EMPTY;
    struct taken taken = {0, 0};
    text_format(&folder, "%s/headers", crowd->state);
    folder_walk(text_string(&folder), add_file, &taken);
    (void)printf("kept headers: %.0f bytes an instance, %.0f on the disk\n", (double)taken.bytes / instances,
                 (double)taken.blocks / instances);
}

static int measure(struct sandbox *sandbox, unsigned instances, unsigned series_size, bool headers)
{
    struct crowd crowd;
    unsigned long series = (instances + series_size - 1) / series_size;
    crowd_init(&crowd, sandbox, headers ? "" : "retention_headers: 0s\n");
    crowd_write(&crowd, instances, series_size, STUDY_SERIES);
    int64_t began = clock_monotonic_ms();
    crowd_start_router(&crowd, sandbox);
    if (!crowd_connect(&crowd))
        return 1;
    if (!crowd_work(&crowd, instances, CROWD_SHARES_A_SERIES * series, true, LIMIT_MS)) {
        (void)fprintf(stderr, "bench_router: gave up after %lu deliveries and %lu shares\n", crowd.delivered,
                      crowd.shared);
        return 1;
    }
    double seconds = (double)(clock_monotonic_ms() - began) / 1000;
    (void)printf("router: %u instances, %lu shares in %.2f s: %.0f instances/s, %.3f CPU ms an instance, "
                 "peak %lld MiB\n",
                 instances, crowd.shared, seconds, instances / seconds,
                 (double)process_cpu_ms(crowd.router) / instances,
                 (long long)process_peak_memory_kib(crowd.router) / 1024);
    print_headers(&crowd, instances);
    return crowd_end(&crowd, 20000) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    unsigned instances = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : INSTANCES;
    unsigned series_size = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : SERIES_SIZE;
    const char *headers = argc > 3 ? argv[3] : "headers";
    bool keeps = strcmp(headers, "headers") == 0;
    if (instances == 0 || series_size == 0 || (!keeps && strcmp(headers, "no-headers") != 0)) {
        (void)fprintf(stderr, "usage: bench_router [INSTANCES [SERIES_SIZE [headers|no-headers]]]\n");
        return 2;
    }
    return measure(sandbox, instances, series_size, keeps);
}
