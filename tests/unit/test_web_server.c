/* A server whose answers threads make: what one address, or one person behind a proxy, may hold of it, and what others have then. */
#include "common/service/web_server.h"

#include "common/base/cleanup.h"
#include "common/service/guests.h"
#include "tests/support/deadline.h"
#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS = 4, CONNECTIONS = 64, PER_ADDRESS = 20, CROWD = 150, SOON_MS = 20000 };

static struct web_server *server;
static pthread_t owner;
static int over;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER; /* whose holds up the owner */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool may_end;
static unsigned made;

/* ---- the server ---- */

/* What is slow is made when the test says so. */
static void answer(void *context, const struct web_request *request, struct web_answer *ret_answer)
{
    (void)context;
    (void)pthread_mutex_lock(&mutex);
    while (!may_end && strncmp(request->target, "/slow", 5) == 0)
        (void)pthread_cond_wait(&changed, &mutex);
    made += strncmp(request->target, "/slow", 5) == 0;
    (void)pthread_mutex_unlock(&mutex);
    ret_answer->status = 200;
    text_append(&ret_answer->body, "made");
}

#define PROXY "127.0.0.9"

/* Whom the proxy names. */
static bool person(void *context, const struct web_request *request, unsigned char *ret_person)
{
    const char *name = web_request_header(request, "X-User");
    (void)context;
    if (name)
        (void)snprintf((char *)ret_person, WEB_PERSON_SIZE, "%-*s", WEB_PERSON_SIZE - 1, name);
    return name != NULL;
}

static bool is_shared(void *context, const unsigned char *address)
{
    unsigned char proxy[GUESTS_ADDRESS_SIZE];
    (void)context;
    return inet_pton(AF_INET6, "::ffff:" PROXY, proxy) == 1 && memcmp(address, proxy, sizeof proxy) == 0;
}

static void *own(void *context)
{
    struct pollfd fds[] = {{.fd = web_server_fd(server), .events = POLLIN}, {.fd = over, .events = POLLIN}};
    (void)context;
    while (!(fds[1].revents & POLLIN)) {
        (void)poll(fds, 2, (int)web_server_wait_ms(server));
        (void)pthread_mutex_lock(&turn);
        web_server_turn(server);
        (void)pthread_mutex_unlock(&turn);
    }
    return NULL;
}

static void set_up(void)
{
    const struct web_server_rules rules = {.answer = answer,
                                           .person = person,
                                           .is_shared = is_shared,
                                           .connections = CONNECTIONS,
                                           .per_address = PER_ADDRESS,
                                           .connection_bytes = 8192,
                                           .threads = THREADS,
                                           .ask_ms = 60000,
                                           .answer_ms = 60000,
                                           .rest_ms = 60000};
    may_end = false;
    made = 0;
    over = eventfd(0, EFD_CLOEXEC);
    ck_assert_int_eq(web_server_create(&rules, "127.0.0.1", 0, &server), 0);
    ck_assert_int_eq(pthread_create(&owner, NULL, own, NULL), 0);
}

static void let_end(void)
{
    (void)pthread_mutex_lock(&mutex);
    may_end = true;
    (void)pthread_cond_broadcast(&changed);
    (void)pthread_mutex_unlock(&mutex);
}

static void tear_down(void)
{
    let_end();
    (void)eventfd_write(over, 1);
    (void)pthread_join(owner, NULL);
    web_server_destroy(&server);
    (void)close(over);
}

/* ---- who asks ---- */

/* A connection from this address that says nothing. */
static int come(const char *from)
{
    struct sockaddr_in mine = {.sin_family = AF_INET};
    struct sockaddr_in theirs = {.sin_family = AF_INET, .sin_port = htons((uint16_t)web_server_port(server))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(inet_pton(AF_INET, from, &mine.sin_addr), 1);
    ck_assert_int_eq(inet_pton(AF_INET, "127.0.0.1", &theirs.sin_addr), 1);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&mine, sizeof mine), 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&theirs, sizeof theirs), 0);
    return fd;
}

/* One that has asked, with these lines among its headers. */
static int ask_with(const char *from, const char *target, const char *headers)
{
    AUTO(text_release) struct text request = TEXT_EMPTY;
    int fd = come(from);
    text_format(&request, "GET %s HTTP/1.1\r\nHost: here\r\n%s\r\n", target, headers);
    (void)send(fd, text_string(&request), request.length, MSG_NOSIGNAL);
    return fd;
}

static int ask(const char *from, const char *target)
{
    return ask_with(from, target, "");
}

#define ADA "X-User: ada\r\n"
#define VIV "X-User: viv\r\n"

/* Of the answer; 0: the connection has ended; -1: nothing came in time. */
static int status_of(int fd, int limit_ms)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    char head[512];
    if (poll(&wait, 1, limit_ms) != 1)
        return -1;
    ssize_t got = recv(fd, head, sizeof head - 1, MSG_PEEK);
    if (got <= 0)
        return 0;
    head[got] = '\0';
    ck_assert_msg(strncmp(head, "HTTP/1.1 ", 9) == 0, "%s", head);
    return (int)strtol(head + 9, NULL, 10);
}

/* How many of them have that status by now. */
static unsigned count(const int *fds, size_t fd_count, int status)
{
    unsigned found = 0;
    for (size_t i = 0; i < fd_count; i++)
        found += status_of(fds[i], 0) == status;
    return found;
}

static void close_all(const int *fds, size_t fd_count)
{
    for (size_t i = 0; i < fd_count; i++)
        (void)close(fds[i]);
}

static void ck_answered(const char *from)
{
    int fd = ask(from, "/fast");
    ck_assert_int_eq(status_of(fd, SOON_MS), 200);
    (void)close(fd);
}

/* ---- the tests ---- */

static int crowd[CROWD];

/* The last of them: the others had to go for them. */
static bool all_are_answered(void *context)
{
    (void)context;
    return count(crowd, CROWD, -1) == 0;
}

/* Whoever had to go holds no connection, though its answer is not begun; and then it is never made. */
START_TEST(a_crowd_of_one_address_keeps_nobody_out)
{
    for (unsigned i = 0; i < CROWD; i++)
        crowd[i] = ask("127.0.0.2", i % 2 ? "/slow/1" : "/slow/0");
    ck_answered("127.0.0.3");
    ck_answered("127.0.0.4");
    let_end();
    ck_assert(wait_until(all_are_answered, NULL, SOON_MS));
    ck_assert_uint_eq(count(crowd, CROWD, 200), PER_ADDRESS);
    ck_assert_uint_le(made, PER_ADDRESS + THREADS);
    close_all(crowd, CROWD);
}
END_TEST

enum { MORE = 3 };

static bool some_are_refused(void *context)
{
    return count(context, WEB_WAITING_MOST + MORE, 503) == MORE;
}

/* What it waits for already may be asked for once more. */
START_TEST(who_waits_for_too_much_is_told)
{
    int fds[WEB_WAITING_MOST + MORE], again = -1;
    char target[WEB_WAITING_MOST + MORE][32];
    for (unsigned i = 0; i < ROWS(fds); i++) {
        (void)snprintf(target[i], sizeof target[i], "/slow/%u", i);
        fds[i] = ask("127.0.0.2", target[i]);
    }
    ck_assert(wait_until(some_are_refused, fds, SOON_MS));
    ck_assert_uint_eq(count(fds, ROWS(fds), -1), WEB_WAITING_MOST);
    ck_answered("127.0.0.3");
    for (unsigned i = 0; i < ROWS(fds) && again < 0; i++)
        if (status_of(fds[i], 0) == -1)
            again = ask("127.0.0.2", target[i]);
    ck_answered("127.0.0.3"); /* which was seen after that one */
    let_end();
    ck_assert_int_eq(status_of(again, SOON_MS), 200);
    (void)close(again);
    close_all(fds, ROWS(fds));
}
END_TEST

/* ---- behind a proxy ---- */

START_TEST(who_waits_for_too_much_takes_nothing_of_others)
{
    int fds[WEB_WAITING_MOST + MORE], other[WEB_WAITING_MOST];
    char target[32];
    for (unsigned i = 0; i < ROWS(fds); i++) {
        (void)snprintf(target, sizeof target, "/slow/%u", i);
        fds[i] = ask_with(PROXY, target, ADA);
    }
    ck_assert(wait_until(some_are_refused, fds, SOON_MS));
    int fast = ask_with(PROXY, "/fast", VIV);
    ck_assert_int_eq(status_of(fast, SOON_MS), 200); /* the thread that one person leaves */
    for (unsigned i = 0; i < ROWS(other); i++) {
        (void)snprintf(target, sizeof target, "/slow/viv%u", i);
        other[i] = ask_with(PROXY, target, VIV);
    }
    let_end();
    for (unsigned i = 0; i < ROWS(other); i++)
        ck_assert_int_eq(status_of(other[i], SOON_MS), 200);
    (void)close(fast);
    close_all(other, ROWS(other));
    close_all(fds, ROWS(fds));
}
END_TEST

/* Who comes behind, in such numbers that the oldest connections have to go. */
static void come_as_one_person(unsigned i)
{
    crowd[i] = ask_with(PROXY, i % 2 ? "/slow/1" : "/slow/0", ADA);
}

static void come_as_many_people(unsigned i)
{
    char headers[32];
    (void)snprintf(headers, sizeof headers, "X-User: %u\r\n", i % 5);
    crowd[i] = ask_with(PROXY, "/slow/0", headers);
}

static void come_silently(unsigned i)
{
    crowd[i] = come(PROXY);
}

static void come_from_many_addresses(unsigned i)
{
    char address[32];
    (void)snprintf(address, sizeof address, "127.0.1.%u", i + 1);
    crowd[i] = ask(address, "/slow/0");
}

/* What has to go and is under way holds its connection until it is made. */
static void come_for_all_threads(unsigned i)
{
    char address[32], target[32];
    (void)snprintf(address, sizeof address, "127.0.1.%u", i + 1);
    (void)snprintf(target, sizeof target, "/slow/%u", i);
    crowd[i] = ask(address, target);
}

static const struct crowd_row {
    const char *label;
    void (*come)(unsigned i);
} crowd_rows[] = {
    {"one person of the proxy", come_as_one_person},
    {"five people of the proxy", come_as_many_people},
    {"the proxy, with connections that say nothing", come_silently},
    {"many addresses", come_from_many_addresses},
    {"many addresses that hold all threads", come_for_all_threads},
};

static bool most_have_gone(void *context)
{
    (void)context;
    return count(crowd, CROWD, 0) >= CROWD - CONNECTIONS;
}

/* The oldest connection of all, and of the proxy: it stays, since others have more than its person. */
START_TEST(a_crowd_pushes_out_nobody_at_a_proxy)
{
    const struct crowd_row *row = &crowd_rows[_i];
    int first = ask_with(PROXY, "/slow/viv", VIV);
    ck_answered("127.0.0.3");        /* which was seen after that one */
    (void)pthread_mutex_lock(&turn); /* they come all at once */
    for (unsigned i = 0; i < CROWD; i++)
        row->come(i);
    (void)pthread_mutex_unlock(&turn);
    ck_assert_msg(wait_until(most_have_gone, NULL, SOON_MS), "%s", row->label);
    int later = ask_with(PROXY, "/fast", "X-User: eve\r\n");
    let_end();
    ck_assert_msg(status_of(later, SOON_MS) == 200, "%s", row->label);
    ck_assert_msg(status_of(first, SOON_MS) == 200, "%s", row->label);
    close_all(crowd, CROWD);
    (void)close(first);
    (void)close(later);
}
END_TEST

static const struct network_row {
    const char *label, *a, *b;
    bool is_same;
} network_rows[] = {
    {"the same", "::ffff:10.0.0.1", "::ffff:10.0.0.1", true},
    {"another of version 4", "::ffff:10.0.0.1", "::ffff:10.0.0.2", false},
    {"one network of version 6", "2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true},
    {"another network of version 6", "2001:db8:0:1::1", "2001:db8:0:2::1", false},
    {"neither is the other", "::1", "::ffff:0.0.0.1", false},
};

START_TEST(an_address_of_version_6_is_its_network)
{
    const struct network_row *row = &network_rows[_i];
    unsigned char a[GUESTS_ADDRESS_SIZE], b[GUESTS_ADDRESS_SIZE], of_a[GUESTS_ADDRESS_SIZE],
        of_b[GUESTS_ADDRESS_SIZE];
    ck_assert(inet_pton(AF_INET6, row->a, a) == 1 && inet_pton(AF_INET6, row->b, b) == 1);
    guests_network(a, of_a);
    guests_network(b, of_b);
    ck_assert_msg((memcmp(of_a, of_b, sizeof of_a) == 0) == row->is_same, "%s", row->label);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("web server");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, a_crowd_of_one_address_keeps_nobody_out);
    tests_add(tests, who_waits_for_too_much_is_told);
    tests_add(tests, who_waits_for_too_much_takes_nothing_of_others);
    tests_rows(tests, a_crowd_pushes_out_nobody_at_a_proxy, ROWS(crowd_rows));
    tests_rows(tests, an_address_of_version_6_is_its_network, ROWS(network_rows));
    return tests_run(tests);
}
