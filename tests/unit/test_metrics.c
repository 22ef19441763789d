#include "common/service/metrics.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "tests/support/deadline.h"
#include "tests/support/http_client.h"
#include "tests/support/port.h"
#include "tests/support/suite.h"

#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const none[] = {NULL}, *const one[] = {"destination", NULL},
                         *const three[] = {"destination", "album", "outcome", NULL};

static void ck_prints(struct metrics *metrics, const char *expected)
{
    AUTO(text_release) struct text out = TEXT_EMPTY;
    metrics_print(metrics, &out);
    ck_assert_str_eq(text_string(&out), expected);
}

START_TEST(nothing_is_printed_of_nothing)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();
    ck_prints(metrics, "");
}
END_TEST

START_TEST(counters_and_gauges)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();
    struct metric *plain = metrics_add(metrics, METRIC_COUNTER, "instances_total", "Instances.", none);
    struct metric *labelled = metrics_add(metrics, METRIC_COUNTER, "outcomes_total", "Outcomes.", three);
    struct metric *gauge = metrics_add(metrics, METRIC_GAUGE, "queued", "Waiting jobs.", one);
    metric_add(plain, NULL, 2);
    metric_add(plain, NULL, 0.5);
    metric_add(plain, NULL, -1); /* a counter never falls */
    metric_add(plain, NULL, NAN);
    metric_add(labelled, (const char *const[]){"a", "", "done"}, 1);
    metric_add(labelled, (const char *const[]){"a", "x", "done"}, 3);
    metric_add(labelled, (const char *const[]){"a", "", "done"}, 1);
    metric_set(gauge, (const char *const[]){"a"}, 7);
    metric_add(gauge, (const char *const[]){"a"}, -2);
    metric_set(gauge, (const char *const[]){"b"}, 1e300);
    ck_prints(metrics, "# HELP felucca_instances_total Instances.\n"
                       "# TYPE felucca_instances_total counter\n"
                       "felucca_instances_total 2.5\n"
                       "# HELP felucca_outcomes_total Outcomes.\n"
                       "# TYPE felucca_outcomes_total counter\n"
                       "felucca_outcomes_total{destination=\"a\",album=\"\",outcome=\"done\"} 2\n"
                       "felucca_outcomes_total{destination=\"a\",album=\"x\",outcome=\"done\"} 3\n"
                       "# HELP felucca_queued Waiting jobs.\n"
                       "# TYPE felucca_queued gauge\n"
                       "felucca_queued{destination=\"a\"} 5\n"
                       "felucca_queued{destination=\"b\"} 1e+300\n");
}
END_TEST

START_TEST(what_has_no_labels_begins_at_zero)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();
    metrics_add(metrics, METRIC_COUNTER, "a_total", "A.", NULL);
    metrics_add(metrics, METRIC_COUNTER, "b_total", "B.", one);
    ck_prints(metrics, "# HELP felucca_a_total A.\n# TYPE felucca_a_total counter\nfelucca_a_total 0\n"
                       "# HELP felucca_b_total B.\n# TYPE felucca_b_total counter\n");
}
END_TEST

START_TEST(values_are_escaped)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();
    struct metric *gauge = metrics_add(metrics, METRIC_GAUGE, "g", "A \\ and\na \"line\".", one);
    metric_set(gauge, (const char *const[]){"a\"b\\c\nd \xC3\xA4"}, INFINITY);
    metric_set(gauge, (const char *const[]){"-"}, -INFINITY);
    metric_set(gauge, (const char *const[]){NULL}, NAN);
    ck_prints(metrics, "# HELP felucca_g A \\\\ and\\na \"line\".\n# TYPE felucca_g gauge\n"
                       "felucca_g{destination=\"a\\\"b\\\\c\\nd \xC3\xA4\"} +Inf\n"
                       "felucca_g{destination=\"-\"} -Inf\n"
                       "felucca_g{destination=\"\"} NaN\n");
}
END_TEST

START_TEST(histogram_counts_what_is_at_most_its_bound)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();
    struct metric *histogram = metrics_add(metrics, METRIC_HISTOGRAM, "batch", "Batch size.", one);
    static const double values[] = {1, 1.5, 2, 1000, 1001, 0};
    for (size_t i = 0; i < ROWS(values); i++)
        metric_observe(histogram, (const char *const[]){"a"}, values[i]);
    metric_observe(histogram, (const char *const[]){"a"}, NAN);
    ck_prints(metrics, "# HELP felucca_batch Batch size.\n# TYPE felucca_batch histogram\n"
                       "felucca_batch_bucket{destination=\"a\",le=\"1\"} 2\n"
                       "felucca_batch_bucket{destination=\"a\",le=\"2\"} 4\n"
                       "felucca_batch_bucket{destination=\"a\",le=\"5\"} 4\n"
                       "felucca_batch_bucket{destination=\"a\",le=\"10\"} 4\n"
                       "felucca_batch_bucket{destination=\"a\",le=\"20\"} 4\n"
                       "felucca_batch_bucket{destination=\"a\",le=\"50\"} 4\n"
                       "felucca_batch_bucket{destination=\"a\",le=\"100\"} 4\n"
                       "felucca_batch_bucket{destination=\"a\",le=\"200\"} 4\n"
                       "felucca_batch_bucket{destination=\"a\",le=\"500\"} 4\n"
                       "felucca_batch_bucket{destination=\"a\",le=\"1000\"} 5\n"
                       "felucca_batch_bucket{destination=\"a\",le=\"+Inf\"} 6\n"
                       "felucca_batch_sum{destination=\"a\"} 2005.5\n"
                       "felucca_batch_count{destination=\"a\"} 6\n");
}
END_TEST

static const struct bound_row {
    const char *name, *line;
} bound_rows[] = {
    {"wait_seconds", "felucca_wait_seconds_bucket{le=\"0.005\"} 1\n"},
    {"wait_seconds", "felucca_wait_seconds_bucket{le=\"7200\"} 1\n"},
    {"request_bytes", "felucca_request_bytes_bucket{le=\"1024\"} 1\n"},
    {"request_bytes", "felucca_request_bytes_bucket{le=\"4294967296\"} 1\n"},
    {"things", "felucca_things_bucket{le=\"1\"} 1\n"},
};

START_TEST(bounds_follow_from_the_name)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();
    AUTO(text_release) struct text out = TEXT_EMPTY;
    metric_observe(metrics_add(metrics, METRIC_HISTOGRAM, bound_rows[_i].name, "H.", none), NULL, 0.001);
    metrics_print(metrics, &out);
    ck_assert_msg(strstr(text_string(&out), bound_rows[_i].line), "%s", text_string(&out));
}
END_TEST

START_TEST(family_can_be_refreshed)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();
    struct metric *gauge = metrics_add(metrics, METRIC_GAUGE, "g", "G.", one);
    ck_assert_ptr_eq(metrics_add(metrics, METRIC_GAUGE, "g", "G.", one), gauge);
    metric_set(gauge, (const char *const[]){"old"}, 1);
    metric_clear(gauge);
    metric_set(gauge, (const char *const[]){"new"}, 2);
    ck_prints(metrics, "# HELP felucca_g G.\n# TYPE felucca_g gauge\nfelucca_g{destination=\"new\"} 2\n");
}
END_TEST

START_TEST(combinations_are_bounded)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();
    AUTO(text_release) struct text out = TEXT_EMPTY;
    struct metric *counter = metrics_add(metrics, METRIC_COUNTER, "c_total", "C.", one);
    for (int i = 0; i < METRIC_SAMPLES_MAX + 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        metric_add(counter, (const char *const[]){name}, 1);
    }
    metric_add(counter, (const char *const[]){"0"}, 1);
    metrics_print(metrics, &out);
    size_t lines = 0;
    for (const char *c = text_string(&out); *c; c++)
        lines += *c == '\n';
    ck_assert_uint_eq(lines, 2 + METRIC_SAMPLES_MAX);
    ck_assert_ptr_nonnull(strstr(text_string(&out), "{destination=\"0\"} 2\n"));
}
END_TEST

/* ---- threads ---- */

enum { THREADS = 4, ROUNDS = 20000 };

static void *count_up(void *context)
{
    struct metric *counter = context;
    for (int i = 0; i < ROUNDS; i++)
        metric_add(counter, (const char *const[]){i % 2 ? "a" : "b"}, 1);
    return NULL;
}

START_TEST(updates_of_several_threads_are_all_counted)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();
    pthread_t threads[THREADS];
    struct metric *counter = metrics_add(metrics, METRIC_COUNTER, "c_total", "C.", one);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, count_up, counter), 0);
    for (int i = 0; i < THREADS; i++) {
        AUTO(text_release) struct text between = TEXT_EMPTY;
        metrics_print(metrics, &between);
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    AUTO(text_release) struct text out = TEXT_EMPTY;
    metrics_print(metrics, &out);
    ck_assert_ptr_nonnull(strstr(text_string(&out), "{destination=\"a\"} 40000\n"));
    ck_assert_ptr_nonnull(strstr(text_string(&out), "{destination=\"b\"} 40000\n"));
}
END_TEST

/* ---- HTTP ---- */

static struct metrics *served(void)
{
    struct metrics *metrics = metrics_create();
    metric_add(metrics_add(metrics, METRIC_COUNTER, "c_total", "C.", none), NULL, 3);
    metrics_progress(metrics, true);
    ck_assert_int_eq(metrics_serve(metrics, "127.0.0.1", 0), 0);
    ck_assert_int_gt(metrics_port(metrics), 0);
    return metrics;
}

static const struct request_row {
    const char *label, *method, *path;
    int status;
    const char *body, *type; /* NULL: whatever */
} request_rows[] = {
    {"metrics", "GET", "/metrics", 200,
     "# HELP felucca_c_total C.\n# TYPE felucca_c_total counter\nfelucca_c_total 3\n",
     "text/plain; version=0.0.4; charset=utf-8"},
    {"healthy", "GET", "/healthz", 200, "ok\n", "text/plain; charset=utf-8"},
    {"ready", "GET", "/readyz", 200, "ready\n", "text/plain; charset=utf-8"},
    {"a query", "GET", "/metrics?name=x", 200, NULL, NULL},
    {"another page", "GET", "/", 404, "there are /metrics, /healthz and /readyz\n", NULL},
    {"a page below", "GET", "/metrics/x", 404, NULL, NULL},
    {"a way up", "GET", "/../metrics", 404, NULL, NULL},
    {"another method", "POST", "/metrics", 405, "only GET and HEAD\n", NULL},
    {"deleting", "DELETE", "/metrics", 405, NULL, NULL},
};

START_TEST(request_is_answered)
{
    const struct request_row *row = &request_rows[_i];
    AUTO(metrics_destroy) struct metrics *metrics = served();
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(text_release) struct text type = TEXT_EMPTY;
    int status = http_client_request(metrics_port(metrics), row->method, row->path, NULL, NULL, 0, &answer);
    ck_assert_msg(status == row->status, "%s: %d", row->label, status);
    ck_assert_msg(!row->body || strcmp(text_string(&answer.body), row->body) == 0, "%s: %s", row->label,
                  text_string(&answer.body));
    (void)http_client_header(&answer, "Content-Type", &type);
    ck_assert_msg(!row->type || strcmp(text_string(&type), row->type) == 0, "%s: %s", row->label,
                  text_string(&type));
}
END_TEST

static int status_of(struct metrics *metrics, const char *path)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    return http_client_request(metrics_port(metrics), "GET", path, NULL, NULL, 0, &answer);
}

START_TEST(health_follows_progress)
{
    AUTO(metrics_destroy) struct metrics *metrics = served();
    metrics_progress(metrics, false);
    ck_assert_int_eq(status_of(metrics, "/healthz"), 200);
    ck_assert_int_eq(status_of(metrics, "/readyz"), 503);
    metrics_progress(metrics, true);
    ck_assert_int_eq(status_of(metrics, "/readyz"), 200);
    metrics_set_patience(metrics, -1); /* whatever was, is too long ago */
    ck_assert_int_eq(status_of(metrics, "/healthz"), 503);
    ck_assert_int_eq(status_of(metrics, "/readyz"), 503);
    metrics_set_patience(metrics, METRICS_PATIENCE_MS);
    ck_assert_int_eq(status_of(metrics, "/healthz"), 200);
}
END_TEST

START_TEST(head_is_answered_without_a_body)
{
    AUTO(metrics_destroy) struct metrics *metrics = served();
    static const char request[] = "HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    AUTO(fd_close) int fd = port_connect(metrics_port(metrics));
    char piece[1000];
    ck_assert_int_eq(write(fd, request, sizeof request - 1), (ssize_t)sizeof request - 1);
    for (ssize_t got; (got = read(fd, piece, sizeof piece)) > 0;)
        text_append_bytes(&answer, piece, (size_t)got);
    ck_assert_msg(string_starts_with(text_string(&answer), "HTTP/1.1 200"), "%s", text_string(&answer));
    ck_assert_msg(string_ends_with(text_string(&answer), "\r\n\r\n"), "%s", text_string(&answer));
}
END_TEST

START_TEST(body_of_a_request_is_passed_over)
{
    AUTO(metrics_destroy) struct metrics *metrics = served();
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    static const char body[100000] = "x";
    ck_assert_int_eq(
        http_client_request(metrics_port(metrics), "GET", "/healthz", NULL, body, sizeof body, &answer), 200);
}
END_TEST

START_TEST(nonsense_harms_nobody)
{
    AUTO(metrics_destroy) struct metrics *metrics = served();
    static const char nonsense[] = "\x16\x03\x01 this is no HTTP\r\n\r\n";
    AUTO(fd_close) int fd = port_connect(metrics_port(metrics));
    ck_assert_int_eq(write(fd, nonsense, sizeof nonsense), (ssize_t)sizeof nonsense);
    AUTO(fd_close) int silent = port_connect(metrics_port(metrics));
    ck_assert_int_eq(status_of(metrics, "/healthz"), 200);
}
END_TEST

/* Connections that stay and say nothing, or a byte now and then, from the address that asks. */
START_TEST(slow_connections_keep_nobody_out)
{
    enum { SLOW = 200 };
    int slow[SLOW];
    AUTO(metrics_destroy) struct metrics *metrics = served();
    for (size_t i = 0; i < SLOW; i++) {
        slow[i] = port_connect(metrics_port(metrics));
        (void)send(slow[i], "GET /hea", 1 + i % 8, MSG_NOSIGNAL);
    }
    metrics_progress(metrics, true);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(status_of(metrics, "/healthz"), 200);
        ck_assert_int_eq(status_of(metrics, "/metrics"), 200);
    }
    for (size_t i = 0; i < SLOW; i++)
        fd_close(&slow[i]);
}
END_TEST

/* Alone, so that no other connection makes the server look at it. */
START_TEST(a_dripping_header_is_ended)
{
    enum { DRIP_MS = 100, WAIT_MS = 40000 };
    AUTO(metrics_destroy) struct metrics *metrics = served();
    AUTO(fd_close) int client = port_connect(metrics_port(metrics));
    struct pollfd input = {.fd = client, .events = POLLIN};
    int64_t deadline_ms = clock_monotonic_ms() + WAIT_MS;
    (void)send(client, "GET /healthz HTTP/1.1\r\nX: ", 26, MSG_NOSIGNAL);
    while (poll(&input, 1, DRIP_MS) == 0) {
        ck_assert_int_lt(clock_monotonic_ms(), deadline_ms);
        (void)send(client, "y", 1, MSG_NOSIGNAL);
    }
    char byte;
    ck_assert_int_le(recv(client, &byte, 1, 0), 0);
}
END_TEST

START_TEST(address_in_use_is_an_error)
{
    AUTO(metrics_destroy) struct metrics *metrics = served();
    AUTO(metrics_destroy) struct metrics *second = metrics_create();
    ck_assert_int_eq(metrics_serve(second, "127.0.0.1", metrics_port(metrics)), ERR_NETWORK);
    ck_assert_int_eq(metrics_port(second), 0);
    ck_assert_int_eq(metrics_serve(second, "no address", 0), ERR_NETWORK);
    ck_assert_int_eq(metrics_serve(second, "127.0.0.1", 0), 0);
}
END_TEST

START_TEST(every_address_means_ipv4_too)
{
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();
    metrics_progress(metrics, true);
    if (metrics_serve(metrics, "::", 0) != 0)
        ck_assert_int_ne(access("/proc/net/if_inet6", F_OK), 0); /* no IPv6 on this machine */
    else
        ck_assert_int_eq(status_of(metrics, "/healthz"), 200);
}
END_TEST

/* A signal to the process must find the main thread, which reads it from a descriptor. */
START_TEST(server_takes_no_signals)
{
    sigset_t usual, pending;
    AUTO(metrics_destroy) struct metrics *metrics = served();
    (void)sigemptyset(&usual);
    (void)sigaddset(&usual, SIGUSR1);
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &usual, NULL), 0);
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    ck_assert_int_eq(status_of(metrics, "/healthz"), 200);
    ck_assert_int_eq(sigpending(&pending), 0);
    ck_assert(sigismember(&pending, SIGUSR1) == 1);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("metrics");
    tests_add(tests, nothing_is_printed_of_nothing);
    tests_add(tests, counters_and_gauges);
    tests_add(tests, what_has_no_labels_begins_at_zero);
    tests_add(tests, values_are_escaped);
    tests_add(tests, histogram_counts_what_is_at_most_its_bound);
    tests_rows(tests, bounds_follow_from_the_name, ROWS(bound_rows));
    tests_add(tests, family_can_be_refreshed);
    tests_add(tests, combinations_are_bounded);
    tests_add(tests, updates_of_several_threads_are_all_counted);
    tests_rows(tests, request_is_answered, ROWS(request_rows));
    tests_add(tests, health_follows_progress);
    tests_add(tests, head_is_answered_without_a_body);
    tests_add(tests, body_of_a_request_is_passed_over);
    tests_add(tests, nonsense_harms_nobody);
    tests_add(tests, slow_connections_keep_nobody_out);
    tests_add(tests, a_dripping_header_is_ended);
    tests_add(tests, address_in_use_is_an_error);
    tests_add(tests, every_address_means_ipv4_too);
    tests_add(tests, server_takes_no_signals);
    return tests_run(tests);
}
