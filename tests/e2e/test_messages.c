/* Messages as PS3.7 and PS3.8 allow them and as toolkits rarely write them, to the real receiver: whatever way a
 * data set is cut, it is kept byte for byte; one that is not what its command says is refused, or delivered as
 * what it is where the node wants that. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/spool/file_meta.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/dul.h"
#include "tests/support/files.h"
#include "tests/support/pipeline.h"
#include "tests/support/port.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 30000, VALUES_MOST = 50, CONTEXT = 3 };

#define CT       "1.2.840.10008.5.1.4.1.1.2"
#define IMPLICIT "1.2.840.10008.1.2"
#define EXPLICIT "1.2.840.10008.1.2.1"
#define BIG      "1.2.840.10008.1.2.2"
#define DEFLATED "1.2.840.10008.1.2.1.99"

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct pipeline *pipeline;

static void open_sandbox(void)
{
    static const char *const tokens[] = {"--token", "main:write:MAINWRITE", NULL};
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
}

static void close_sandbox(void)
{
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
}

/* of_node: a line of the node, behind its destinations. */
static void configure(const char *of_node, const char *more)
{
    const struct pipeline_destination destination = {
        .name = "main", .simulator = kheops, .token = "MAINWRITE", .more = of_node};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, more};
    pipeline = pipeline_create(sandbox, &options);
}

static size_t stored_files(void)
{
    AUTO(text_release) struct text folder = TEXT_EMPTY;
    text_format(&folder, "%s/spool/incoming", pipeline_state_dir(pipeline));
    return folder_count(text_string(&folder), ".dcm");
}

static void each_stored(void (*each)(void *context, const char *path), void *context)
{
    AUTO(text_release) struct text folder = TEXT_EMPTY;
    text_format(&folder, "%s/spool/incoming", pipeline_state_dir(pipeline));
    folder_walk(text_string(&folder), each, context);
}

static void say(int client, const struct text *bytes)
{
    ck_assert_int_eq(send(client, bytes->bytes, bytes->length, MSG_NOSIGNAL), (ssize_t)bytes->length);
}

static int associate_as(const char *calling, const char *transfer_syntax)
{
    const struct dul_context context = {CONTEXT, CT, {transfer_syntax}};
    AUTO(text_release) struct text request = TEXT_EMPTY, answer = TEXT_EMPTY;
    int client = port_connect(pipeline_port(pipeline));
    dul_append_request(&request, "FELUCCA", calling, &context, 1);
    say(client, &request);
    ck_assert_int_eq(dul_read(client, WAIT_MS, &answer), DUL_ASSOCIATE_AC);
    ck_assert_int_eq(dul_context_result(&answer, CONTEXT), 0);
    return client;
}

static int associate(const char *transfer_syntax)
{
    return associate_as("CT01", transfer_syntax);
}

static int read_status(int client)
{
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    ck_assert_int_eq(dul_read(client, WAIT_MS, &pdu), DUL_DATA);
    return dul_status(&pdu);
}

static const struct dul_command *store_of(const char *sop_instance)
{
    static struct dul_command command;
    command = (struct dul_command){0x01, 1, CT, sop_instance, 0, true};
    return &command;
}

static int store(int client, const char *sop_instance, const void *bytes, size_t length)
{
    AUTO(text_release) struct text said = TEXT_EMPTY;
    dul_append_command(&said, CONTEXT, store_of(sop_instance));
    dul_append_data(&said, CONTEXT, bytes, length, true);
    say(client, &said);
    return read_status(client);
}

/* ---- cut in any way ---- */

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Cuts bytes into the values that are left, at places that have nothing to do with each other. */
static size_t cut(uint32_t *seed, bool is_command, const struct text *bytes, struct dul_value *values,
                  size_t count)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t left = bytes->length - at, length = i + 1 == count ? left : next_random(seed) % (left + 1);
        if (next_random(seed) % 8 == 0 && i + 1 < count)
            length = 0;
        values[i] = (struct dul_value){CONTEXT, is_command, i + 1 == count, bytes->bytes + at, length};
        at += length;
    }
    return count;
}

/* Values in PDUs of so many; command and data share them. */
static void append_pdus(struct text *out, const struct dul_value *values, size_t count, size_t in_one)
{
    for (size_t at = 0; at < count; at += in_one)
        dul_append_values(out, values + at, at + in_one < count ? in_one : count - at);
}

struct wanted {
    const struct text *data_set;
    unsigned found;
};

static void count_equal(void *context, const char *path)
{
    struct wanted *wanted = context;
    struct file_meta meta;
    int64_t offset;
    if (!string_ends_with(path, ".dcm"))
        return; /* what is prepared for the next */
    AUTO(text_release) struct text file = TEXT_EMPTY;
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(file_meta_read(fd, &meta, &offset), 0);
    file_read(path, &file);
    wanted->found += file.length - (size_t)offset == wanted->data_set->length &&
                     memcmp(file.bytes + offset, wanted->data_set->bytes, wanted->data_set->length) == 0;
}

/* Sends it, each time with another number of values in a PDU. Returns how often. */
static unsigned send_cut(int client, uint32_t *seed, const struct text *command, const struct text *data_set,
                         size_t count)
{
    const size_t in_one[] = {1, 2, 3, count, 2 * count};
    for (size_t i = 0; i < ROWS(in_one); i++) {
        struct dul_value values[2 * VALUES_MOST];
        AUTO(text_release) struct text said = TEXT_EMPTY;
        cut(seed, true, command, values, count);
        cut(seed, false, data_set, values + count, count);
        append_pdus(&said, values, 2 * count, in_one[i]);
        say(client, &said);
        ck_assert_int_eq(read_status(client), 0);
    }
    return ROWS(in_one);
}

START_TEST(a_data_set_is_kept_however_it_is_cut)
{
    uint32_t seed = 77;
    AUTO(text_release) struct text command = TEXT_EMPTY, data_set = TEXT_EMPTY;
    struct dicom_spec spec;
    struct wanted wanted = {&data_set, 0};
    unsigned sent = 0;
    configure(NULL, NULL);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
    AUTO(fd_close) int client = associate(EXPLICIT);
    dicom_spec_init(&spec, seed);
    dicom_append_head(&spec, &data_set);
    for (int i = 0; i < 20000; i++)
        text_append_char(&data_set, (char)next_random(&seed));
    dul_append_elements(&command, store_of(spec.sop_uid));
    for (size_t count = 1; count <= VALUES_MOST; count++)
        sent += send_cut(client, &seed, &command, &data_set, count);
    each_stored(count_equal, &wanted);
    ck_assert_uint_eq(wanted.found, sent);
}
END_TEST

/* ---- of odd length ---- */

static const struct odd_row {
    const char *label, *transfer_syntax, *tail;
    size_t length;
} odd_rows[] = {
    {"a value of three bytes", EXPLICIT, "\x29\0\x10\x10OB\0\0\x03\0\0\0abc", 15},
    {"a byte behind the data set", EXPLICIT, "x", 1},
    {"implicit", IMPLICIT, "\x29\0\x10\x10\x03\0\0\0abc", 11},
    {"deflated: whatever it holds", DEFLATED, "abc", 3},
};

START_TEST(an_odd_data_set_is_kept_as_it_is)
{
    const struct odd_row *row = &odd_rows[_i];
    AUTO(text_release) struct text data_set = TEXT_EMPTY, log = TEXT_EMPTY;
    struct dicom_spec spec;
    dicom_spec_init(&spec, 5);
    if (strcmp(row->transfer_syntax, EXPLICIT) == 0)
        dicom_append_head(&spec, &data_set);
    text_append_bytes(&data_set, row->tail, row->length);
    data_set.length -= data_set.length % 2 == 0;
    configure(NULL, NULL);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
    AUTO(fd_close) int client = associate(row->transfer_syntax);
    ck_assert_msg(store(client, spec.sop_uid, data_set.bytes, data_set.length) == 0, "%s", row->label);
    struct wanted wanted = {&data_set, 0};
    each_stored(count_equal, &wanted);
    ck_assert_uint_eq(wanted.found, 1);
    file_read(sandbox_path(sandbox, "receiver-0.log"), &log);
    const char *line = strstr(text_string(&log), "data set of odd length kept as it came");
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_nonnull(strstr(line, "calling=CT01 address=127.0.0.1"));
    ck_assert_ptr_nonnull(strstr(line, spec.sop_uid));
}
END_TEST

/* ---- something else than the command says ---- */

static const struct mismatch_row {
    const char *label, *transfer_syntax;
    enum dicom_coding coding;
    bool same_class;
} mismatch_rows[] = {
    {"another instance, explicit", EXPLICIT, DICOM_EXPLICIT_LE, true},
    {"another instance, implicit", IMPLICIT, DICOM_IMPLICIT_LE, true},
    {"another instance, big endian", BIG, DICOM_EXPLICIT_BE, true},
    {"another instance, compressed", "1.2.840.10008.1.2.4.90", DICOM_EXPLICIT_LE, true},
    {"another class", EXPLICIT, DICOM_EXPLICIT_LE, false},
};

static void make_mismatch(const struct mismatch_row *row, struct dicom_spec *spec, struct text *data_set)
{
    dicom_spec_init(spec, 9);
    spec->coding = row->coding;
    spec->transfer_syntax = row->transfer_syntax;
    if (!row->same_class)
        spec->sop_class = "1.2.840.10008.5.1.4.1.1.4";
    dicom_append_head(spec, data_set);
}

static bool two_are_counted(void *context)
{
    (void)context;
    AUTO(text_release) struct text page = TEXT_EMPTY;
    return pipeline_page(pipeline, PIPELINE_RECEIVER, 0, "/metrics", &page) == 200 &&
           strstr(text_string(&page), "felucca_received_refused_total{reason=\"mismatched_uids\"} 2\n");
}

START_TEST(what_is_something_else_is_refused)
{
    const struct mismatch_row *row = &mismatch_rows[_i];
    AUTO(text_release) struct text data_set = TEXT_EMPTY, log = TEXT_EMPTY;
    struct dicom_spec spec;
    make_mismatch(row, &spec, &data_set);
    configure(NULL, NULL);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
    AUTO(fd_close) int client = associate(row->transfer_syntax);
    for (int round = 0; round < 2; round++) /* the association goes on */
        ck_assert_msg(store(client, row->same_class ? "1.2.3.4" : spec.sop_uid, data_set.bytes,
                            data_set.length) == 0xa900,
                      "%s", row->label);
    ck_assert_uint_eq(stored_files(), 0);
    if (row->same_class)
        ck_assert_int_eq(store(client, spec.sop_uid, data_set.bytes, data_set.length), 0);
    file_read(sandbox_path(sandbox, "receiver-0.log"), &log);
    const char *line = strstr(text_string(&log), "warning receiver[");
    ck_assert_msg(line && strstr(line, "instance refused, its UIDs are not those"), "%s", text_string(&log));
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_nonnull(strstr(line, "calling=CT01 called=FELUCCA address=127.0.0.1"));
    ck_assert_ptr_nonnull(strstr(line, spec.sop_uid));
    ck_assert(wait_until(two_are_counted, NULL, WAIT_MS));
}
END_TEST

START_TEST(a_node_may_take_it_as_what_it_is)
{
    const struct mismatch_row *row = &mismatch_rows[_i];
    AUTO(text_release) struct text data_set = TEXT_EMPTY;
    struct dicom_spec spec;
    make_mismatch(row, &spec, &data_set);
    configure("    mismatched_uids: accept\n", NULL);
    pipeline_start_all(pipeline);
    AUTO(fd_close) int client = associate(row->transfer_syntax);
    ck_assert_int_eq(
        store(client, row->same_class ? "1.2.3.4" : spec.sop_uid, data_set.bytes, data_set.length), 0);
    pipeline_check(pipeline, simulator_wait_instances(kheops, 1, WAIT_MS), "not delivered");
    json_t *state = simulator_state(kheops);
    AUTO(memory_free) char *said = json_dumps(state, 0);
    ck_assert_msg(strstr(said, spec.sop_uid), "%s", said);
    ck_assert_ptr_null(strstr(said, "1.2.3.4\""));
    json_decref(state);
}
END_TEST

/* ---- what no destination of its node can take ---- */

static bool unfit_is_counted(void *context)
{
    (void)context;
    AUTO(text_release) struct text page = TEXT_EMPTY;
    return pipeline_page(pipeline, PIPELINE_RECEIVER, 0, "/metrics", &page) == 200 &&
           strstr(text_string(&page), "felucca_received_refused_total{reason=\"unfit_uids\"} 2\n");
}

/* The only destination is a KHEOPS, which takes object identifiers alone. */
START_TEST(what_nobody_can_take_is_refused)
{
    AUTO(text_release) struct text word = TEXT_EMPTY, arcs = TEXT_EMPTY, good = TEXT_EMPTY, log = TEXT_EMPTY;
    struct dicom_spec spec;
    dicom_spec_init(&spec, 9);
    dicom_append_head(&spec, &good);
    (void)snprintf(spec.series_uid, sizeof spec.series_uid, "1..2");
    dicom_append_head(&spec, &arcs);
    (void)snprintf(spec.study_uid, sizeof spec.study_uid, "WORD-1");
    dicom_append_head(&spec, &word);
    configure("    mismatched_uids: accept\n", NULL);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
    AUTO(fd_close) int client = associate(EXPLICIT);
    ck_assert_int_eq(store(client, spec.sop_uid, word.bytes, word.length), 0xc000);
    ck_assert_int_eq(store(client, spec.sop_uid, arcs.bytes, arcs.length), 0xc000);
    ck_assert_uint_eq(stored_files(), 0);
    ck_assert_int_eq(store(client, spec.sop_uid, good.bytes, good.length), 0);
    file_read(sandbox_path(sandbox, "receiver-0.log"), &log);
    const char *line = strstr(text_string(&log), "instance refused, no destination of its node can take");
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_nonnull(strstr(line, "calling=CT01 called=FELUCCA address=127.0.0.1 study=WORD-1"));
    ck_assert(wait_until(unfit_is_counted, NULL, WAIT_MS));
}
END_TEST

/* A plain server is given any printable text. */
START_TEST(what_one_destination_can_take_is_taken)
{
    AUTO(text_release) struct text word = TEXT_EMPTY;
    struct dicom_spec spec;
    dicom_spec_init(&spec, 9);
    (void)snprintf(spec.study_uid, sizeof spec.study_uid, "WORD-1");
    dicom_append_head(&spec, &word);
    configure("      - { name: plain, stow_url: 'http://127.0.0.1:9/studies', kheops: false }\n", NULL);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
    AUTO(fd_close) int client = associate(EXPLICIT);
    ck_assert_int_eq(store(client, spec.sop_uid, word.bytes, word.length), 0);
}
END_TEST

/* ---- what the status says of peers ---- */

static void each_is_odd(const struct dicom_spec *spec, const struct text *data_set)
{
    AUTO(text_release) struct text said = TEXT_EMPTY;
    AUTO(fd_close) int client = associate(EXPLICIT);
    ck_assert_int_eq(store(client, spec->sop_uid, data_set->bytes, data_set->length), 0);
    ck_assert_int_eq(store(client, spec->sop_uid, data_set->bytes, data_set->length), 0);
    ck_assert_int_eq(store(client, "1.2.3.4", data_set->bytes, data_set->length), 0xa900);
    dul_append_command(&said, CONTEXT, store_of("1.2.3.5"));
    dul_append_release(&said);
    say(client, &said);
    ck_assert_int_eq(dul_read(client, WAIT_MS, &said), DUL_ABORT);
}

static bool felucca_says(void *context)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *const *words = context; /* an option or NULL; then what is to be said, ended by NULL */
    const char *argv[] = {
        FELUCCA_BIN "/felucca", "--config", pipeline_config(pipeline), "status", words[0], NULL};
    bool says = process_run(argv, NULL, WAIT_MS, &output) == 0;
    for (char *at = output.bytes; at && (at = strchr(at, '\n')); at++)
        *at = ' '; /* lines are wrapped */
    for (size_t i = 1; words[i]; i++)
        says = says && strstr(text_string(&output), words[i]);
    return says;
}

static bool odd_ones_are_counted(void *context)
{
    (void)context;
    AUTO(text_release) struct text page = TEXT_EMPTY;
    return pipeline_page(pipeline, PIPELINE_RECEIVER, 0, "/metrics", &page) == 200 &&
           strstr(text_string(&page), "felucca_received_odd_total 2\n") &&
           strstr(text_string(&page), "felucca_associations_total{outcome=\"protocol\"} 1\n");
}

START_TEST(what_is_odd_is_shown)
{
    AUTO(text_release) struct text data_set = TEXT_EMPTY, log = TEXT_EMPTY;
    struct dicom_spec spec;
    dicom_spec_init(&spec, 6);
    dicom_append_head(&spec, &data_set);
    text_append_bytes(&data_set, "x", 1);
    configure(NULL, NULL);
    pipeline_start_all(pipeline);
    each_is_odd(&spec, &data_set);
    const char *shown[] = {
        "--json",
        "\"oddities\":{",
        "\"odd_length\":{",
        "\"times\":2,\"calling\":\"CT01\",\"called\":\"FELUCCA\",\"address\":\"127.0.0.1\"",
        spec.sop_uid,
        "\"mismatched_uids\":{",
        "\"protocol\":{",
        "\"sop_instance\":\"1.2.3.5\",\"because\":\"a release within a message\"",
        NULL};
    pipeline_check(pipeline, wait_until(felucca_says, shown, WAIT_MS), "not in the status, as JSON");
    const char *told[] = {NULL, "from CT01 at 127.0.0.1 for FELUCCA: a data set of odd length",
                          "; the last of 2. Let the sender be corrected.", spec.sop_uid, NULL};
    pipeline_check(pipeline, felucca_says(told), "not in the status");
    ck_assert(wait_until(odd_ones_are_counted, NULL, WAIT_MS));
    file_read(sandbox_path(sandbox, "receiver-0.log"), &log);
    ck_assert_ptr_nonnull(strstr(text_string(&log), "broke_off=1.2.3.5"));
}
END_TEST

/* ---- names that are no text ---- */

START_TEST(a_title_that_is_no_text_becomes_text)
{
    AUTO(text_release) struct text data_set = TEXT_EMPTY, rows = TEXT_EMPTY;
    struct dicom_spec spec;
    dicom_spec_init(&spec, 11);
    dicom_append_head(&spec, &data_set);
    configure(NULL, NULL);
    pipeline_start_all(pipeline);
    AUTO(fd_close) int client = associate_as("M\xfcller", EXPLICIT);
    ck_assert_int_eq(store(client, spec.sop_uid, data_set.bytes, data_set.length), 0);
    pipeline_check(pipeline, simulator_wait_instances(kheops, 1, WAIT_MS), "not delivered");
    AUTO(text_release) struct text database = TEXT_EMPTY;
    text_format(&database, "%s/jobs.db", pipeline_state_dir(pipeline));
    const char *const argv[] = {"sqlite3", "-readonly", text_string(&database),
                                "SELECT calling_aet FROM instance", NULL};
    ck_assert_int_eq(process_run(argv, NULL, WAIT_MS, &rows), 0);
    ck_assert_str_eq(text_string(&rows), "M\xEF\xBF\xBDller\n");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("messages");
    tests_timeout(tests, 60);
    tests_fixture(tests, open_sandbox, close_sandbox);
    tests_add(tests, a_data_set_is_kept_however_it_is_cut);
    tests_rows(tests, an_odd_data_set_is_kept_as_it_is, ROWS(odd_rows));
    tests_rows(tests, what_is_something_else_is_refused, ROWS(mismatch_rows));
    tests_rows(tests, a_node_may_take_it_as_what_it_is, ROWS(mismatch_rows));
    tests_add(tests, what_nobody_can_take_is_refused);
    tests_add(tests, what_one_destination_can_take_is_taken);
    tests_add(tests, what_is_odd_is_shown);
    tests_add(tests, a_title_that_is_no_text_becomes_text);
    return tests_run(tests);
}
