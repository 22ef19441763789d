/* bench_browsers - fifty browsers that have pages of the console open, for console.sh.
 *
 *     bench_browsers PORT SECONDS
 *
 * Each keeps one connection and asks for its page every 2 s by its ETag, as the pages' script does. Prints how many answers came, how
 * many of them said that nothing is new, and the slowest. Ends with 1 when one failed. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "tests/support/port.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BROWSERS = 50, EVERY_MS = 2000 };

static const char *const pages[] = {"/", "/studies", "/trouble", "/albums", "/sources"};

struct browser {
    pthread_t thread;
    int port, number;
    int64_t until;
    int64_t answers, unchanged, failed;
    double slowest_ms;
    char tag[64];
};

/* Until the end of the head, and then so many bytes as it says. 0: the connection ended. */
static int read_answer(int fd, struct text *head)
{
    char part[16384];
    const char *end = NULL, *length;
    size_t more = 0;
    text_clear(head);
    while (!end) {
        ssize_t got = read(fd, part, sizeof part);
        if (got <= 0)
            return 0;
        text_append_bytes(head, part, (size_t)got);
        end = strstr(text_string(head), "\r\n\r\n");
    }
    length = strcasestr(text_string(head), "\r\nContent-Length: ");
    if (length && length < end)
        more = strtoul(length + strlen("\r\nContent-Length: "), NULL, 10);
    size_t seen = head->length - (size_t)(end + 4 - text_string(head));
    while (seen < more) {
        ssize_t got = read(fd, part, sizeof part);
        if (got <= 0)
            return 0;
        seen += (size_t)got;
    }
    return (int)strtol(text_string(head) + strcspn(text_string(head), " "), NULL, 10);
}

static void take_tag(struct browser *browser, const struct text *head)
{
    const char *tag = strcasestr(text_string(head), "\r\nETag: ");
    if (tag)
        (void)snprintf(browser->tag, sizeof browser->tag, "%.*s", (int)strcspn(tag + 8, "\r"), tag + 8);
}

static void ask(struct browser *browser, int fd)
{
    AUTO(text_release) struct text request = TEXT_EMPTY, head = TEXT_EMPTY;
    int64_t began = clock_monotonic_ns();
    text_format(&request, "GET %s HTTP/1.1\r\nHost: localhost\r\nX-Felucca-Refresh: 1\r\n",
                pages[browser->number % (int)(sizeof pages / sizeof *pages)]);
    if (*browser->tag)
        text_format(&request, "If-None-Match: %s\r\n", browser->tag);
    text_append(&request, "\r\n");
    bool is_sent = send(fd, text_string(&request), request.length, MSG_NOSIGNAL) == (ssize_t)request.length;
    int status = is_sent ? read_answer(fd, &head) : 0;
    double took = (double)(clock_monotonic_ns() - began) / 1e6;
    browser->answers += status == 200 || status == 304;
    browser->unchanged += status == 304;
    browser->failed += status != 200 && status != 304;
    browser->slowest_ms = took > browser->slowest_ms ? took : browser->slowest_ms;
    if (status == 200)
        take_tag(browser, &head);
}

static void rest_until(int64_t at)
{
    int64_t left = at - clock_monotonic_ms();
    if (left > 0)
        (void)nanosleep(&(struct timespec){left / 1000, left % 1000 * 1000000}, NULL);
}

/* They do not begin at one moment. */
static void *browse(void *context)
{
    struct browser *browser = context;
    int64_t next = clock_monotonic_ms() + browser->number * EVERY_MS / BROWSERS;
    rest_until(next);
    AUTO(fd_close) int fd = port_connect(browser->port);
    while (clock_monotonic_ms() < browser->until && browser->failed == 0) {
        ask(browser, fd);
        next += EVERY_MS;
        rest_until(next);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static struct browser browsers[BROWSERS];
    struct browser sum = {.failed = 0};
    if (argc != 3) {
        (void)fprintf(stderr, "usage: bench_browsers PORT SECONDS\n");
        return 2;
    }
    for (int i = 0; i < BROWSERS; i++) {
        browsers[i].port = (int)strtol(argv[1], NULL, 10);
        browsers[i].number = i;
        browsers[i].until = clock_monotonic_ms() + strtol(argv[2], NULL, 10) * 1000;
        if (pthread_create(&browsers[i].thread, NULL, browse, &browsers[i]) != 0)
            return 1;
    }
    for (int i = 0; i < BROWSERS; i++) {
        (void)pthread_join(browsers[i].thread, NULL);
        sum.answers += browsers[i].answers;
        sum.unchanged += browsers[i].unchanged;
        sum.failed += browsers[i].failed;
        sum.slowest_ms = browsers[i].slowest_ms > sum.slowest_ms ? browsers[i].slowest_ms : sum.slowest_ms;
    }
    (void)printf("%d browsers: %lld answers, %lld of them unchanged, %lld failed, the slowest %.0f ms\n",
                 BROWSERS, (long long)sum.answers, (long long)sum.unchanged, (long long)sum.failed,
                 sum.slowest_ms);
    return sum.failed > 0;
}
