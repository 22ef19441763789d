/* bench_router - how many instances a second one router takes in, decides about, hands out and finishes.
 *
 *     bench_router [INSTANCES [SERIES_SIZE]]
 *
 * A spool with that many small instances (5 KB), a real felucca-router on it, one destination with three
 * albums, and workers of the bench itself that say "done" at once: whatever time passes is the router's own.
 * Prints one line: instances, seconds, rate, CPU milliseconds an instance, peak memory. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "tests/bench/crowd.h"

#include <stdio.h>
#include <stdlib.h>

enum { INSTANCES = 10000, SERIES_SIZE = 100, STUDY_SERIES = 4, LIMIT_MS = 120 * 1000 };

static int measure(struct sandbox *sandbox, unsigned instances, unsigned series_size)
{
    struct crowd crowd;
    unsigned long series = (instances + series_size - 1) / series_size;
    crowd_init(&crowd, sandbox);
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
    return crowd_end(&crowd, 20000) == 0 ? 0 : 1;
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
