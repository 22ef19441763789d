/* bench_console - how long the console's pages take with a million finished deliveries and a backlog.
 *
 *     bench_console [WAITING [FINISHED]]
 *
 * The database is made here, which takes most of the time, below $TMPDIR or /tmp; a real felucca-console shows it.
 * Prints the first answer to each page, which nothing has warmed but what the pages before it read, the slowest of five
 * more, each asked when the one before is too old to be given again, and what those took of a processor; then the same of some pages after what
 * waited has failed. A page that takes 2 s was ended (503). Ends with 1 when something failed, not for a
 * goal. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "tests/bench/past.h"
#include "tests/support/deadline.h"
#include "tests/support/http_client.h"
#include "tests/support/port.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"

#include <stdio.h>
#include <stdlib.h>

enum { WAITING = 100000, FINISHED = 1000000, TIMES = 5, PATIENCE_MS = 20000, KEPT_MS = 1100 };

static const char *const pages[] = {"/",
                                    "/?span=day",
                                    "/studies",
                                    "/studies?rows=200",
                                    "/studies?state=waiting",
                                    "/studies?state=failed",
                                    "/studies?album=ct&since=7d",
                                    "/trouble",
                                    "/albums",
                                    "/sources",
                                    "/tokens",
                                    "/journal",
                                    "/studies.json",
                                    "/sources.json",
                                    "/studies?source=NOBODY",
                                    "/study/2.25.10000000000000000000000000000000000900"};

/* When what waited has failed. The study has 40,000 images. */
static const char *const troubled[] = {"/",
                                       "/studies",
                                       "/studies?state=failed",
                                       "/studies?state=quarantined",
                                       "/trouble",
                                       "/albums",
                                       "/journal",
                                       "/study/2.25.10000000000000000000000000000000000000"};

static const char *write_config(struct sandbox *sandbox, int port)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    text_format(&yaml,
                "state_dir: state\nmetrics: { port: 0 }\nconsole: { port: %d }\nnodes:\n  - aet: BENCH\n"
                "    destinations:\n      - name: main\n        stow_url: http://127.0.0.1:9/api/studies\n"
                "        kheops: false\n",
                port);
    return sandbox_write(sandbox, "felucca.yaml", text_string(&yaml));
}

static bool is_over(void *context)
{
    return clock_monotonic_ms() >= *(int64_t *)context;
}

/* In ms; below 0: it failed. */
static double ask(int port, const char *page, size_t *ret_bytes)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    int64_t began = clock_monotonic_ns();
    int status = http_client_request(port, "GET", page, NULL, NULL, 0, &answer);
    *ret_bytes = answer.body.length;
    return status == 200 || status == 503 ? (double)(clock_monotonic_ns() - began) / 1e6 : -1;
}

static bool measure(const struct process *console, int port, const char *page)
{
    size_t bytes;
    double first = ask(port, page, &bytes), slowest = 0;
    int64_t before_ms = process_cpu_ms(console);
    for (int i = 0; i < TIMES && first >= 0; i++) {
        int64_t until = clock_monotonic_ms() + KEPT_MS;
        (void)wait_until(is_over, &until, PATIENCE_MS);
        double took = ask(port, page, &bytes);
        slowest = took > slowest ? took : slowest;
        first = took < 0 ? took : first;
    }
    (void)printf("%-28s first %7.1f ms, then at most %7.1f ms, of the processor %lld ms each, %zu bytes\n",
                 page, first, slowest, (long long)(process_cpu_ms(console) - before_ms) / TIMES, bytes);
    (void)fflush(stdout);
    return first >= 0;
}

static bool measure_all(struct sandbox *sandbox, const char *const *asked, size_t count)
{
    int port = port_free();
    const char *const argv[] = {FELUCCA_BIN "/felucca-console", "--config", write_config(sandbox, port),
                                NULL};
    const struct process_options options = {.output = sandbox_path(sandbox, "console.log")};
    AUTO(process_destroy) struct process *console = process_start(argv, &options);
    bool done = port_wait(port, PATIENCE_MS);
    for (size_t i = 0; i < count && done; i++)
        done = measure(console, port, asked[i]);
    return done;
}

int main(int argc, char **argv)
{
    int64_t waiting = argc > 1 ? atoll(argv[1]) : WAITING, finished = argc > 2 ? atoll(argv[2]) : FINISHED;
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (argc > 3 || waiting < 0 || finished < 0) {
        (void)fprintf(stderr, "usage: bench_console [WAITING [FINISHED]]\n");
        return 2;
    }
    if (past_make(sandbox_make_folder(sandbox, "state"), "http://127.0.0.1:9", waiting, finished, &reason) !=
        0) {
        (void)fprintf(stderr, "bench_console: %s\n", text_string(&reason));
        return 1;
    }
    (void)printf("%lld finished, %lld waiting\n", (long long)finished, (long long)waiting);
    if (!measure_all(sandbox, pages, sizeof pages / sizeof *pages))
        return 1;
    if (past_trouble(sandbox_path(sandbox, "state"), &reason) != 0) {
        (void)fprintf(stderr, "bench_console: %s\n", text_string(&reason));
        return 1;
    }
    (void)printf("%lld finished, %lld failed\n", (long long)finished, (long long)waiting);
    return measure_all(sandbox, troubled, sizeof troubled / sizeof *troubled) ? 0 : 1;
}
