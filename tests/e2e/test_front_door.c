/* Two cells behind a real HAProxy with the configuration that `felucca front-door` writes: who goes where, whose address is
 * recorded, and what a dead cell costs. */
#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "common/spool/file_meta.h"
#include "tests/support/deadline.h"
#include "tests/support/dul.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CT_STORAGE "1.2.840.10008.5.1.4.1.1.2"
#define IMPLICIT   "1.2.840.10008.1.2"

enum { SOON_MS = 30000, ANSWER_MS = 10000, CELLS = 2, TITLES = 7, ROUNDS = 3, NO_HAPROXY = 77 };

static const char haproxy[] = "/usr/sbin/haproxy";

static struct sandbox *sandbox;
static struct cell {
    struct process *receiver;
    int port, health;
} cells[CELLS];
static struct process *door;
static int door_port;

/* ---- the scene ---- */

static void start_cell(int number)
{
    struct cell *cell = &cells[number];
    AUTO(text_release) struct text yaml = TEXT_EMPTY, name = TEXT_EMPTY;
    text_format(
        &yaml,
        "state_dir: %s\ncell: n%d\nmetrics: { bind: 127.0.0.1, port: %d }\n"
        "receiver: { port: %d, bind: 127.0.0.1, min_free_space: 256MiB, proxies: [127.0.0.1] }\n"
        "nodes:\n"
        "  - aet: FELUCCA\n    destinations: [{ name: main, stow_url: 'http://127.0.0.1:9/api/studies' }]\n"
        "  - aet: RESEARCH\n    destinations: [{ name: other, stow_url: 'http://127.0.0.1:10/api/studies' }]\n",
        sandbox_path(sandbox, "state-%d", number), number + 1, cell->health, cell->port);
    text_format(&name, "cell-%d.yaml", number);
    const char *config = sandbox_write(sandbox, text_string(&name), text_string(&yaml));
    const struct process_options options = {.output = sandbox_path(sandbox, "cell-%d.log", number)};
    const char *const argv[] = {FELUCCA_BIN "/felucca-receiver", "--config", config, NULL};
    cell->receiver = process_start(argv, &options);
    ck_assert(port_wait(cell->port, SOON_MS));
}

static void open_door(void)
{
    char first[64], second[64], bind_to[64];
    AUTO(text_release) struct text config = TEXT_EMPTY;
    door_port = port_free();
    (void)snprintf(first, sizeof first, "n1=127.0.0.1:%d", cells[0].port);
    (void)snprintf(second, sizeof second, "n2=127.0.0.1:%d", cells[1].port);
    (void)snprintf(bind_to, sizeof bind_to, "127.0.0.1:%d", door_port);
    const char *const make[] = {FELUCCA_BIN "/felucca",
                                "front-door",
                                "--cell",
                                first,
                                "--cell",
                                second,
                                "--bind",
                                bind_to,
                                "--called",
                                "RESEARCH=n2",
                                "--proxy",
                                NULL};
    ck_assert_int_eq(process_run(make, NULL, SOON_MS, &config), 0);
    const char *file = sandbox_write(sandbox, "haproxy.cfg", text_string(&config));
    const char *const argv[] = {haproxy, "-db", "-f", file, NULL};
    const struct process_options options = {.output = sandbox_path(sandbox, "haproxy.log")};
    door = process_start(argv, &options);
    ck_assert(port_wait(door_port, SOON_MS));
}

static void set_up(void)
{
    sandbox = sandbox_create();
    for (int i = 0; i < CELLS; i++) {
        cells[i].port = port_free();
        cells[i].health = port_free();
        start_cell(i);
    }
    open_door();
}

static void tear_down(void)
{
    process_destroy(&door);
    for (int i = 0; i < CELLS; i++)
        process_destroy(&cells[i].receiver);
    sandbox_destroy(&sandbox);
}

/* ---- a modality ---- */

static int connect_from(const char *address)
{
    struct sockaddr_in from = {.sin_family = AF_INET},
                       to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)door_port)};
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(inet_pton(AF_INET, address, &from.sin_addr), 1);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(client, (struct sockaddr *)&from, sizeof from), 0);
    ck_assert_int_eq(connect(client, (struct sockaddr *)&to, sizeof to), 0);
    return client;
}

static bool says(int client, const struct text *bytes)
{
    return send(client, bytes->bytes, bytes->length, MSG_NOSIGNAL) == (ssize_t)bytes->length;
}

struct sending {
    const char *called, *calling, *address;
};

/* One instance in an association of its own: whether it was stored. */
static bool store(void *context)
{
    static const struct dul_context contexts[] = {{1, CT_STORAGE, {IMPLICIT}}};
    static const struct dul_command command = {0x01, 1, CT_STORAGE, "1.2.3", 0, true};
    const struct sending *sending = context;
    AUTO(text_release) struct text request = TEXT_EMPTY, data = TEXT_EMPTY, pdu = TEXT_EMPTY;
    AUTO(fd_close) int client = connect_from(sending->address);
    dul_append_request(&request, sending->called, sending->calling, contexts, 1);
    if (!says(client, &request) || dul_read(client, ANSWER_MS, &pdu) != DUL_ASSOCIATE_AC)
        return false;
    dul_append_command(&data, 1, &command);
    dul_append_data(&data, 1, "abcdefgh", 8, true);
    if (!says(client, &data) || dul_read(client, ANSWER_MS, &pdu) != DUL_DATA || dul_status(&pdu) != 0)
        return false;
    text_clear(&data);
    dul_append_release(&data);
    return says(client, &data) && dul_read(client, ANSWER_MS, &pdu) == DUL_RELEASE_RP;
}

/* ---- what the cells have ---- */

struct census {
    const char *called, *calling;
    size_t count;
    char address[FILE_META_ADDRESS_SIZE];
};

static void count_file(void *context, const char *path)
{
    struct census *census = context;
    struct file_meta meta;
    int64_t offset;
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (!string_ends_with(path, ".dcm") || file_meta_read(fd, &meta, &offset) != 0)
        return;
    if (strcmp(meta.calling_aet, census->calling) != 0 || strcmp(meta.called_aet, census->called) != 0)
        return;
    census->count++;
    (void)snprintf(census->address, sizeof census->address, "%s", meta.source_address);
}

static struct census count_in(int cell, const char *called, const char *calling)
{
    struct census census = {.called = called, .calling = calling};
    folder_walk(sandbox_path(sandbox, "state-%d/spool/incoming", cell), count_file, &census);
    return census;
}

/* ---- tests ---- */

START_TEST(each_calling_title_has_its_cell)
{
    size_t used[CELLS] = {0};
    char title[17];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < TITLES; i++) {
            (void)snprintf(title, sizeof title, "MODALITY%d", i);
            struct sending sending = {"FELUCCA", title, "127.0.0.1"};
            ck_assert(wait_until(store, &sending, SOON_MS));
        }
    }
    for (int i = 0; i < TITLES; i++) {
        (void)snprintf(title, sizeof title, "MODALITY%d", i);
        size_t first = count_in(0, "FELUCCA", title).count, second = count_in(1, "FELUCCA", title).count;
        ck_assert_msg(first + second == ROUNDS && (first == 0 || second == 0), "%s: %zu and %zu", title,
                      first, second);
        used[first == 0]++;
    }
    ck_assert_msg(used[0] > 0 && used[1] > 0, "%zu and %zu titles", used[0], used[1]);
}
END_TEST

START_TEST(a_called_title_has_cells_of_its_own)
{
    char title[17];
    for (int i = 0; i < TITLES; i++) {
        (void)snprintf(title, sizeof title, "MODALITY%d", i);
        struct sending sending = {"RESEARCH", title, "127.0.0.1"};
        ck_assert(wait_until(store, &sending, SOON_MS));
        ck_assert_uint_eq(count_in(0, "RESEARCH", title).count, 0);
        ck_assert_uint_eq(count_in(1, "RESEARCH", title).count, 1);
    }
}
END_TEST

START_TEST(the_callers_address_is_recorded)
{
    struct sending sending = {"RESEARCH", "CT07", "127.0.0.7"};
    ck_assert(wait_until(store, &sending, SOON_MS));
    ck_assert_str_eq(count_in(1, "RESEARCH", "CT07").address, "127.0.0.7");
}
END_TEST

START_TEST(a_dead_cells_callers_go_to_another)
{
    char title[17];
    process_kill(cells[0].receiver);
    for (int i = 0; i < TITLES; i++) {
        (void)snprintf(title, sizeof title, "MODALITY%d", i);
        struct sending sending = {"FELUCCA", title, "127.0.0.1"};
        ck_assert(wait_until(store, &sending, SOON_MS));
        ck_assert_uint_ge(count_in(1, "FELUCCA", title).count, 1);
    }
    process_destroy(&cells[0].receiver);
}
END_TEST

/* deploy/haproxy.cfg is what this command line writes, and HAProxy takes it. */
START_TEST(the_example_is_not_stale)
{
    AUTO(text_release) struct text written = TEXT_EMPTY, stored = TEXT_EMPTY;
    const char *const make[] = {FELUCCA_BIN "/felucca", "front-door", "--cell", "n1=10.0.0.1:11112", "--cell",
                                "n2=10.0.0.2:11112",    "--proxy",    NULL};
    const char *const check[] = {haproxy, "-c", "-f", FELUCCA_SOURCE "/deploy/haproxy.cfg", NULL};
    ck_assert_int_eq(process_run(make, NULL, SOON_MS, &written), 0);
    file_read(FELUCCA_SOURCE "/deploy/haproxy.cfg", &stored);
    ck_assert_str_eq(text_string(&written), text_string(&stored));
    ck_assert_int_eq(process_run(check, NULL, SOON_MS, &written), 0);
}
END_TEST

/* The door's checks are associations that bring nothing, and connections that say nothing: no line at info, no refusal. */
START_TEST(checks_fill_no_log)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    struct sending sending = {"FELUCCA", "CT01", "127.0.0.1"};
    ck_assert(wait_until(store, &sending, SOON_MS));
    for (int i = 0; i < CELLS; i++)
        file_read(sandbox_path(sandbox, "cell-%d.log", i), &log);
    ck_assert_msg(!strstr(text_string(&log), "HAPROXY"), "%s", text_string(&log));
    ck_assert_msg(!strstr(text_string(&log), "peer refused"), "%s", text_string(&log));
    ck_assert_msg(!strstr(text_string(&log), "association rejected"), "%s", text_string(&log));
}
END_TEST

int main(void)
{
    if (access(haproxy, X_OK) != 0) {
        (void)puts("no haproxy here: make packages installs it");
        return NO_HAPROXY;
    }
    struct tests *tests = tests_create("front door");
    tests_abreast(tests, 2);
    tests_timeout(tests, 90);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, each_calling_title_has_its_cell);
    tests_add(tests, a_called_title_has_cells_of_its_own);
    tests_add(tests, the_callers_address_is_recorded);
    tests_add(tests, a_dead_cells_callers_go_to_another);
    tests_add(tests, checks_fill_no_log);
    tests_add(tests, the_example_is_not_stale);
    return tests_run(tests);
}
