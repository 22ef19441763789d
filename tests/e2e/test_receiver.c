/* The real receiver with DCMTK's own tools, and with peers that behave worse than they do. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/spool/file_meta.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/dul.h"
#include "tests/support/files.h"
#include "tests/support/http_client.h"
#include "tests/support/port.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 30000 };

#define CT_STORAGE   "1.2.840.10008.5.1.4.1.1.2"
#define VERIFICATION "1.2.840.10008.1.1"
#define IMPLICIT     "1.2.840.10008.1.2"

static struct sandbox *sandbox;
static struct process *receiver;
static int port, health_port;

static const char *incoming(void)
{
    return sandbox_path(sandbox, "state/spool/incoming");
}

/* Settings of the receiver section, and what is said of who may call. */
static void configure(const char *settings, const char *nodes)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    text_format(
        &yaml,
        "state_dir: %s\nreceiver:\n  port: %d\n  bind: 127.0.0.1\n%smetrics: { bind: 127.0.0.1, port: %d }\n"
        "nodes:\n%s",
        sandbox_path(sandbox, "state"), port, settings, health_port, nodes);
    sandbox_write(sandbox, "felucca.yaml", text_string(&yaml));
}

#define NODE(aet, name, rest)                                               \
    "  - aet: " aet "\n" rest "    destinations:\n      - name: " name "\n" \
    "        stow_url: http://127.0.0.1:9/api/studies\n"
#define ANY_CALLER NODE("FELUCCA", "main", "")

static void set_up(void)
{
    sandbox = sandbox_create();
    port = port_free();
    health_port = port_free_run(4);
}

static void tear_down(void)
{
    process_destroy(&receiver);
    sandbox_destroy(&sandbox);
}

static void start(void)
{
    const char *const argv[] = {FELUCCA_BIN "/felucca-receiver", "--config",
                                sandbox_path(sandbox, "felucca.yaml"), NULL};
    const struct process_options options = {.output = sandbox_path(sandbox, "receiver.log")};
    process_destroy(&receiver);
    receiver = process_start(argv, &options);
    ck_assert(port_wait(port, WAIT_MS));
}

/* Runs one of DCMTK's tools against a port: its exit status. */
static int run_tool(const char *const *words, int at_port, struct text *ret_output)
{
    char number[16];
    const char *argv[16];
    size_t count = 0;
    (void)snprintf(number, sizeof number, "%d", at_port);
    for (; *words; words++) /* "@" is where address and port are */
        if (strcmp(*words, "@") == 0) {
            argv[count++] = "127.0.0.1";
            argv[count++] = number;
        } else {
            argv[count++] = *words;
        }
    argv[count] = NULL;
    return process_run(argv, NULL, WAIT_MS, ret_output);
}

static int echo(const char *calling_aet, const char *called_aet, struct text *ret_output)
{
    const char *const words[] = {"echoscu", "-v", "-aet", calling_aet, "-aec", called_aet, "@", NULL};
    return run_tool(words, port, ret_output);
}

struct expected_files {
    const char *suffix;
    size_t count;
};

static bool files_are(void *context)
{
    const struct expected_files *expected = context;
    return folder_count(incoming(), expected->suffix) == expected->count;
}

static bool wait_files(const char *suffix, size_t count)
{
    struct expected_files expected = {suffix, count};
    return wait_until(files_are, &expected, WAIT_MS);
}

/* ---- bit for bit ---- */

static const struct syntax_row {
    const char *label;
    enum dicom_coding coding;
    const char *transfer_syntax;
    bool encapsulated;
    const char *proposal; /* of storescu, which would turn it into another; NULL: dcmsend */
} syntax_rows[] = {
    {"explicit little endian", DICOM_EXPLICIT_LE, NULL, false, "-xe"},
    {"implicit little endian", DICOM_IMPLICIT_LE, NULL, false, "-xi"},
    {"explicit big endian", DICOM_EXPLICIT_BE, NULL, false, "-xb"},
    {"JPEG baseline", DICOM_EXPLICIT_LE, "1.2.840.10008.1.2.4.50", true, NULL},
    {"JPEG lossless", DICOM_EXPLICIT_LE, "1.2.840.10008.1.2.4.70", true, NULL},
    {"JPEG-LS", DICOM_EXPLICIT_LE, "1.2.840.10008.1.2.4.80", true, NULL},
    {"JPEG 2000", DICOM_EXPLICIT_LE, "1.2.840.10008.1.2.4.90", true, NULL},
    {"RLE", DICOM_EXPLICIT_LE, "1.2.840.10008.1.2.5", true, NULL},
    {"MPEG-4", DICOM_EXPLICIT_LE, "1.2.840.10008.1.2.4.102", true, NULL},
};

struct pair {
    char uid[FILE_META_UID_SIZE];
    struct file_meta meta;
    const char *transfer_syntax;
    unsigned references;
};

static void read_meta(void *context, const char *path)
{
    struct pair *pair = context;
    int64_t offset;
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(file_meta_read(fd, &pair->meta, &offset), 0);
    ck_assert_str_eq(pair->meta.sop_instance, pair->uid);
    ck_assert_str_eq(pair->meta.transfer_syntax, pair->transfer_syntax);
    ck_assert_str_eq(pair->meta.source_address, "127.0.0.1");
}

static void compare_spooled(void *context, const char *path)
{
    ck_assert(files_same_data_set(path, context));
}

static void compare_reference(void *context, const char *path)
{
    struct pair *pair = context;
    pair->references++;
    folder_walk(incoming(), compare_spooled, (void *)path);
}

static void send_everywhere(const char *proposal, const char *folder, int reference_port)
{
    const char *const compressed[] = {"dcmsend", "--decompress-never", "-aec", "FELUCCA", "@", "+sd", folder,
                                      NULL};
    const char *const plain[] = {"storescu", proposal, "-aec", "FELUCCA", "+sd", "@", folder, NULL};
    const char *const *words = proposal ? plain : compressed;
    ck_assert_int_eq(run_tool(words, port, NULL), 0);
    ck_assert_int_eq(run_tool(words, reference_port, NULL), 0);
}

START_TEST(an_instance_is_kept_bit_for_bit)
{
    const struct syntax_row *row = &syntax_rows[_i];
    struct dicom_spec spec;
    struct pair pair = {.references = 0};
    dicom_spec_init(&spec, 40 + (uint64_t)_i);
    spec.coding = row->coding;
    spec.transfer_syntax = row->transfer_syntax;
    spec.encapsulated = row->encapsulated;
    dicom_shape(&spec, 300000);
    (void)snprintf(pair.uid, sizeof pair.uid, "%s", spec.sop_uid);
    pair.transfer_syntax = dicom_transfer_syntax(&spec);
    const char *folder = sandbox_make_folder(sandbox, "in");
    ck_assert_int_eq(dicom_write(&spec, sandbox_path(sandbox, "in/one.dcm")), 0);

    configure("", ANY_CALLER);
    start();
    int reference_port = port_free();
    char number[16];
    (void)snprintf(number, sizeof number, "%d", reference_port);
    const char *const words[] = {
        "storescp", "--bit-preserving", "+xa", "-od", sandbox_make_folder(sandbox, "reference"), number,
        NULL};
    struct process *reference = process_start(words, NULL);
    ck_assert(port_wait(reference_port, WAIT_MS));
    send_everywhere(row->proposal, folder, reference_port);
    process_destroy(&reference);

    ck_assert(wait_files("", 1)); /* an association's end removes what it prepared */
    folder_walk(incoming(), read_meta, &pair);
    folder_walk(sandbox_path(sandbox, "reference"), compare_reference, &pair);
    ck_assert_uint_eq(pair.references, 1);
}
END_TEST

START_TEST(a_study_arrives_whole)
{
    struct dicom_spec spec;
    dicom_spec_init(&spec, 1);
    const char *folder = sandbox_make_folder(sandbox, "in");
    ck_assert_int_eq(dicom_write_study(&spec, 1, 3, 20, folder, NULL, NULL), 0);
    configure("", ANY_CALLER);
    start();
    const char *const words[] = {"storescu", "-aec", "FELUCCA", "+sd", "@", folder, NULL};
    ck_assert_int_eq(run_tool(words, port, NULL), 0);
    ck_assert_uint_eq(folder_count(incoming(), ".dcm"), 60);
    ck_assert(wait_files("", 60));
}
END_TEST

/* ---- who may call ---- */

#define SOME_CALLERS                                                                       \
    NODE("FELUCCA", "main",                                                                \
         "    sources:\n      - { aet: CT01 }\n      - { aet: NEAR, host: 127.0.0.0/8 }\n" \
         "      - { aet: FAR, host: 10.0.0.1 }\n")                                         \
    NODE("OPEN", "other", "")

static const struct caller_row {
    const char *calling, *called, *says; /* NULL: admitted */
} caller_rows[] = {
    {"CT01", "FELUCCA", NULL},
    {"NEAR", "FELUCCA", NULL},
    {"ANYBODY", "OPEN", NULL},
    {"CT01", "NOBODY", "Called AE Title Not Recognized"},
    {"ANYBODY", "NOBODY", "Called AE Title Not Recognized"},
    {"ANYBODY", "FELUCCA", "Calling AE Title Not Recognized"},
    {"FAR", "FELUCCA", "Calling AE Title Not Recognized"},
    {"ct01", "FELUCCA", "Calling AE Title Not Recognized"},
};

START_TEST(callers_are_admitted_as_configured)
{
    configure("", SOME_CALLERS);
    start();
    for (size_t i = 0; i < ROWS(caller_rows); i++) {
        const struct caller_row *row = &caller_rows[i];
        AUTO(text_release) struct text output = TEXT_EMPTY;
        int status = echo(row->calling, row->called, &output);
        ck_assert_msg((status == 0) == !row->says, "%s to %s: %d", row->calling, row->called, status);
        if (row->says) {
            ck_assert_ptr_nonnull(strstr(text_string(&output), "Rejected Permanent, Source: Service User"));
            ck_assert_ptr_nonnull(strstr(text_string(&output), row->says));
        }
    }
}
END_TEST

START_TEST(another_service_is_refused_but_not_the_association)
{
    configure("", ANY_CALLER);
    start();
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *const words[] = {"findscu", "-v", "-P", "-aec", "FELUCCA", "-k", "0010,0020=1", "@", NULL};
    ck_assert_int_ne(run_tool(words, port, &output), 0);
    ck_assert_ptr_nonnull(strstr(text_string(&output), "No Acceptable Presentation Contexts"));
}
END_TEST

/* ---- peers byte by byte ---- */

static void say(int client, const struct text *bytes)
{
    ck_assert_int_eq(send(client, bytes->bytes, bytes->length, MSG_NOSIGNAL), (ssize_t)bytes->length);
}

static int ask(enum dul_pdu expected, struct text *pdu)
{
    static const struct dul_context contexts[] = {{1, VERIFICATION, {IMPLICIT}}, {3, CT_STORAGE, {IMPLICIT}}};
    AUTO(text_release) struct text request = TEXT_EMPTY;
    int client = port_connect(port);
    dul_append_request(&request, "FELUCCA", "CT01", contexts, ROWS(contexts));
    say(client, &request);
    ck_assert_int_eq(dul_read(client, WAIT_MS, pdu), expected);
    return client;
}

static int associate(void)
{
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    return ask(DUL_ASSOCIATE_AC, &pdu);
}

static void begin_store(int client)
{
    static const struct dul_command store = {0x01, 1, CT_STORAGE, "1.2.3", 0, true};
    AUTO(text_release) struct text said = TEXT_EMPTY;
    dul_append_command(&said, 3, &store);
    dul_append_data(&said, 3, "abcd", 4, false);
    say(client, &said);
}

static int end_store(int client)
{
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    dul_append_data(&pdu, 3, "efgh", 4, true);
    say(client, &pdu);
    ck_assert_int_eq(dul_read(client, WAIT_MS, &pdu), DUL_DATA);
    return dul_status(&pdu);
}

START_TEST(beyond_the_limit_a_peer_is_turned_away_for_now)
{
    configure("  max_associations: 1\n", ANY_CALLER);
    start();
    AUTO(fd_close) int first = associate();
    AUTO(text_release) struct text output = TEXT_EMPTY;
    ck_assert_int_ne(echo("CT01", "FELUCCA", &output), 0);
    ck_assert_ptr_nonnull(strstr(text_string(&output), "Rejected Transient"));
    ck_assert_ptr_nonnull(strstr(text_string(&output), "Local Limit Exceeded"));
    begin_store(first);
    ck_assert_int_eq(end_store(first), 0);
}
END_TEST

START_TEST(silent_peers_are_in_nobodys_way)
{
    enum { CROWD = 150 };
    int silent[CROWD];
    configure("  max_associations: 1\n", ANY_CALLER);
    start();
    for (int i = 0; i < CROWD; i++)
        silent[i] = port_connect(port);
    int64_t begun_ms = clock_monotonic_ms();
    ck_assert_int_eq(echo("CT01", "FELUCCA", NULL), 0);
    ck_assert_int_lt(clock_monotonic_ms() - begun_ms, 5000);
    for (int i = 0; i < CROWD; i++)
        fd_close(&silent[i]);
}
END_TEST

START_TEST(below_the_floor_nothing_is_half_stored)
{
    configure("  min_free_space: 900000GiB\n", ANY_CALLER);
    start();
    AUTO(fd_close) int client = associate();
    for (int i = 0; i < 2; i++) {
        begin_store(client);
        ck_assert_int_eq(end_store(client), 0xa700);
        ck_assert_uint_eq(folder_count(incoming(), ""), 0);
    }
    static const struct dul_command command = {0x30, 9, VERIFICATION, "", -1, false};
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    dul_append_command(&pdu, 1, &command);
    say(client, &pdu);
    ck_assert_int_eq(dul_read(client, WAIT_MS, &pdu), DUL_DATA);
    ck_assert_int_eq(dul_status(&pdu), 0);
}
END_TEST

/* The same numbers for the same seed. */
static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* An association with one instance, of which some bytes are others, or which ends too early. */
static void damaged_conversation(uint32_t seed, struct text *out)
{
    static const struct dul_context contexts[] = {{1, VERIFICATION, {IMPLICIT}}, {3, CT_STORAGE, {IMPLICIT}}};
    static const struct dul_command store = {0x01, 1, CT_STORAGE, "1.2.3", 0, true};
    uint32_t state = seed * 2654435761u;
    dul_append_request(out, "FELUCCA", "CT01", contexts, ROWS(contexts));
    size_t request = out->length;
    dul_append_command(out, 3, &store);
    dul_append_data(out, 3, "abcdefgh", 8, false);
    dul_append_data(out, 3, "abcdefgh", 8, true);
    dul_append_release(out);
    bool after_request = seed % 2 == 0; /* half of them get an association first */
    size_t from = after_request ? request : 0;
    for (uint32_t i = next_random(&state) % 8; i > 0; i--)
        out->bytes[from + next_random(&state) % (out->length - from)] = (char)next_random(&state);
    if (seed % 5 == 0)
        out->length = from + next_random(&state) % (out->length - from);
}

static bool no_children_but_the_helper(void *context)
{
    (void)context;
    AUTO(text_release) struct text path = TEXT_EMPTY, list = TEXT_EMPTY;
    int pid = (int)process_pid(receiver), count = 0;
    text_format(&path, "/proc/%d/task/%d/children", pid, pid);
    file_read(text_string(&path), &list);
    for (char *next = list.bytes, *end; next && strtol(next, &end, 10) > 0; next = end)
        count++;
    return count == 1;
}

START_TEST(hostile_peers_leave_the_receiver_standing)
{
    configure("", ANY_CALLER);
    start();
    for (uint32_t seed = 1; seed <= 200; seed++) {
        AUTO(text_release) struct text said = TEXT_EMPTY;
        AUTO(fd_close) int client = port_connect(port);
        damaged_conversation(seed, &said);
        (void)send(client, said.bytes, said.length, MSG_NOSIGNAL);
        (void)shutdown(client, SHUT_WR);
    }
    ck_assert(wait_until(no_children_but_the_helper, NULL, WAIT_MS));
    ck_assert(process_running(receiver));
    ck_assert_int_eq(echo("CT01", "FELUCCA", NULL), 0);
    ck_assert(wait_files(".part", 0));
}
END_TEST

/* ---- processes that die, stop and read their configuration again ---- */

static void kill_children(void)
{
    AUTO(text_release) struct text path = TEXT_EMPTY, list = TEXT_EMPTY;
    int pid = (int)process_pid(receiver), killed = 0;
    text_format(&path, "/proc/%d/task/%d/children", pid, pid);
    file_read(text_string(&path), &list);
    for (char *next = list.bytes, *end; (pid = (int)strtol(next, &end, 10)) > 0; next = end, killed++)
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(killed, 2); /* the helper, and the association's process */
}

static bool is_healthy(void *context)
{
    (void)context;
    if (!port_accepts(health_port))
        return false;
    struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    int status = http_client_request(health_port, "GET", "/healthz", NULL, NULL, 0, &answer);
    http_client_answer_release(&answer);
    return status == 200;
}

START_TEST(killed_children_cost_one_association)
{
    configure("", ANY_CALLER);
    start();
    ck_assert(wait_until(is_healthy, NULL, WAIT_MS));
    AUTO(fd_close) int client = associate();
    begin_store(client);
    ck_assert(wait_files(".part", 1));
    kill_children();
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    ck_assert_int_eq(dul_read(client, WAIT_MS, &pdu), DUL_END);
    ck_assert(wait_files("", 0));
    ck_assert(wait_until(is_healthy, NULL, WAIT_MS));
    AUTO(fd_close) int next = associate();
    begin_store(next);
    ck_assert_int_eq(end_store(next), 0);
    ck_assert_uint_eq(folder_count(incoming(), ".dcm"), 1);
}
END_TEST

START_TEST(sigterm_lets_an_instance_finish)
{
    configure("", ANY_CALLER);
    start();
    AUTO(fd_close) int busy = associate();
    AUTO(fd_close) int idle = associate();
    begin_store(busy);
    ck_assert(wait_files(".part", 1));
    process_signal(receiver, SIGTERM);
    ck_assert(port_wait_closed(port, WAIT_MS));
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    ck_assert_int_eq(dul_read(idle, WAIT_MS, &pdu), DUL_ABORT);
    fd_close(&idle);
    ck_assert(process_running(receiver));
    ck_assert_int_eq(end_store(busy), 0);
    ck_assert_int_eq(dul_read(busy, WAIT_MS, &pdu), DUL_ABORT);
    fd_close(&busy);
    ck_assert_int_eq(process_wait(receiver, WAIT_MS), 0);
    ck_assert_uint_eq(folder_count(incoming(), ".dcm"), 1);
    ck_assert_uint_eq(folder_count(incoming(), ""), 1);
}
END_TEST

START_TEST(partial_files_of_an_earlier_run_are_removed)
{
    folder_make(incoming());
    file_write_string(sandbox_path(sandbox, "state/spool/incoming/0194f0c0ffee0123456789abcdef0123.part"),
                      "cut");
    file_write_string(sandbox_path(sandbox, "state/spool/incoming/0194f0c0ffee0123456789abcdef0124.dcm"),
                      "whole");
    configure("", ANY_CALLER);
    start();
    ck_assert_uint_eq(folder_count(incoming(), ".part"), 0);
    ck_assert_uint_eq(folder_count(incoming(), ".dcm"), 1);
}
END_TEST

START_TEST(a_reload_counts_for_new_associations)
{
    configure("", ANY_CALLER);
    start();
    ck_assert_int_ne(echo("CT01", "SECOND", NULL), 0);
    AUTO(fd_close) int before = associate();
    configure("", ANY_CALLER NODE("SECOND", "second", ""));
    process_signal(receiver, SIGHUP);
    int64_t deadline_ms = clock_monotonic_ms() + WAIT_MS;
    while (echo("CT01", "SECOND", NULL) != 0)
        ck_assert_int_lt(clock_monotonic_ms(), deadline_ms);
    begin_store(before);
    ck_assert_int_eq(end_store(before), 0);
    sandbox_write(sandbox, "felucca.yaml", "nodes: nonsense\n");
    process_signal(receiver, SIGHUP);
    ck_assert_int_eq(echo("CT01", "SECOND", NULL), 0);
    ck_assert(process_running(receiver));
}
END_TEST

static size_t count_lines(const struct text *output, const char *wanted)
{
    size_t count = 0;
    for (const char *at = text_string(output); (at = strstr(at, wanted)); at += strlen(wanted))
        count++;
    return count;
}

/* The source's name ends with the instance's number, as its UID does. */
static void check_whole(void *context, const char *path)
{
    struct file_meta meta;
    int64_t offset;
    (void)context;
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(file_meta_read(fd, &meta, &offset), 0);
    long number = strtol(strrchr(meta.sop_instance, '.') + 1, NULL, 10);
    ck_assert(files_same_data_set(path, sandbox_path(sandbox, "in/S1-I%05ld.dcm", number)));
}

static bool some_arrived(void *context)
{
    (void)context;
    return folder_count(incoming(), ".dcm") >= 20;
}

/* Whatever a PACS was told "stored" is there and whole after the receiver died in the middle of a study. */
START_TEST(what_was_acknowledged_survives_sigkill)
{
    struct dicom_spec spec;
    dicom_spec_init(&spec, 7);
    dicom_shape(&spec, 100000);
    const char *folder = sandbox_make_folder(sandbox, "in");
    ck_assert_int_eq(dicom_write_study(&spec, 7, 1, 500, folder, NULL, NULL), 0);
    configure("", ANY_CALLER);
    start();
    char number[16];
    (void)snprintf(number, sizeof number, "%d", port);
    const char *const words[] = {"storescu",  "-v",   "-aec", "FELUCCA", "+sd",
                                 "127.0.0.1", number, folder, NULL};
    const struct process_options options = {.output = sandbox_path(sandbox, "storescu.log")};
    struct process *sender = process_start(words, &options);
    ck_assert(wait_until(some_arrived, NULL, WAIT_MS));
    process_kill(receiver);
    ck_assert(process_wait(sender, WAIT_MS) != PROCESS_STILL_RUNNING);
    process_destroy(&sender);

    AUTO(text_release) struct text output = TEXT_EMPTY;
    file_read(options.output, &output);
    size_t acknowledged = count_lines(&output, "Received Store Response (Success)");
    start();
    ck_assert_uint_ge(acknowledged, 20);
    ck_assert_uint_ge(folder_count(incoming(), ".dcm"), acknowledged);
    ck_assert_uint_eq(folder_count(incoming(), ".part"), 0);
    folder_walk(incoming(), check_whole, NULL);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("receiver");
    tests_abreast(tests, 4);
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, an_instance_is_kept_bit_for_bit, ROWS(syntax_rows));
    tests_add(tests, a_study_arrives_whole);
    tests_add(tests, callers_are_admitted_as_configured);
    tests_add(tests, another_service_is_refused_but_not_the_association);
    tests_add(tests, beyond_the_limit_a_peer_is_turned_away_for_now);
    tests_add(tests, silent_peers_are_in_nobodys_way);
    tests_add(tests, below_the_floor_nothing_is_half_stored);
    tests_add(tests, hostile_peers_leave_the_receiver_standing);
    tests_add(tests, killed_children_cost_one_association);
    tests_add(tests, sigterm_lets_an_instance_finish);
    tests_add(tests, partial_files_of_an_earlier_run_are_removed);
    tests_add(tests, a_reload_counts_for_new_associations);
    tests_add(tests, what_was_acknowledged_survives_sigkill);
    return tests_run(tests);
}
