/* A header that cannot be read to its end, through real processes: what it does not tell is no. The destination
 * without a condition gets the object byte for byte; where a condition cannot be decided nothing is sent or shared
 * before a person decides, by the commands that the manual names. */
#include "common/base/cleanup.h"
#include "tests/support/dicom_encode.h"
#include "tests/support/files.h"
#include "tests/support/operator_view.h"
#include "tests/support/raw_scu.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

#define CT       "1.2.840.10008.5.1.4.1.1.2"
#define EXPLICIT "1.2.840.10008.1.2.1"
#define TRIAL_7  "tagValueIsPresent(\"0040,0254\", \"TRIAL-7\")"

enum { PATIENCE_MS = 60000 };

static struct sandbox *sandbox;
static struct simulator *kheops, *second;
static struct pipeline *pipeline;

static void configure(const char *condition)
{
    const struct pipeline_album albums[] = {{"seven", "SEVENWRITE", "MAINSEND", TRIAL_7},
                                            {"others", "OTHERSWRITE", "MAINSEND", condition}};
    const struct pipeline_destination destinations[] = {
        {.name = "main", .simulator = kheops, .token = "MAINWRITE", .albums = albums, .album_count = 2},
        {.name = "study", .simulator = second, .token = "STUDYWRITE", .condition = condition}};
    const struct pipeline_node node = {"FELUCCA", destinations, 2};
    const struct pipeline_options options = {&node, 1, "retention_excluded: 1d\n"};
    pipeline = pipeline_create(sandbox, &options);
}

static void set_up(void)
{
    static const char *const tokens[] = {
        "--token", "main:write:MAINWRITE",   "--token", "main:read send:MAINSEND",
        "--token", "seven:write:SEVENWRITE", "--token", "others:write:OTHERSWRITE",
        NULL};
    static const char *const other[] = {"--token", "study:write:STUDYWRITE", NULL};
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
    second = simulator_start(sandbox, "second", other);
    configure("!" TRIAL_7);
    pipeline_start_all(pipeline);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    simulator_destroy(&second);
    sandbox_destroy(&sandbox);
}

static void check(bool ok, const char *what)
{
    pipeline_check(pipeline, ok, what);
}

/* ---- data sets that break in the middle ---- */

static void add(struct text *out, uint32_t tag, const char *vr, const void *bytes, size_t length)
{
    const struct dicom_element element = {(uint16_t)(tag >> 16), (uint16_t)tag, vr, bytes, length, NULL, 0};
    dicom_encode_element(&element, DICOM_EXPLICIT_LE, out);
}

static void add_text(struct text *out, uint32_t tag, const char *vr, const char *value)
{
    add(out, tag, vr, value, strlen(value));
}

static const struct kind {
    const char *label, *middle;
    size_t length;
    const char *vr, *tail; /* the VR of its PerformedProcedureStepDescription, and the value */
    bool undecided;
} kinds[] = {
    {"whole", "", 0, "LO", "TRIAL-7", false},
    {"a stray item", "\xfe\xff\x00\xe0\0\0\0\0", 8, "LO", "TRIAL-7", false},
    {"a stray end of a sequence", "\xfe\xff\xdd\xe0\0\0\0\0", 8, "LO", "TRIAL-7", false},
    {"a tag above the pixel data", "\xe1\x7f\x10\0LO\2\0X ", 10, "LO", "TRIAL-7", false},
    {"a length beyond the end", "\x32\0\x60\x10LO\x60\xea", 8, "LO", "TRIAL-7", true},
    {"a sequence that ends nowhere", "\x40\0\x60\x02SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff",
     20, "LO", "TRIAL-7", true},
    {"bytes of no VR", "\x32\0\x60\x10\1\2\3\4", 8, "LO", "TRIAL-7", true},
};

static void uid_of(size_t kind, const char *what, char ret_uid[DICOM_UID_SIZE])
{
    (void)snprintf(ret_uid, DICOM_UID_SIZE, "2.25.95%s%zu", what, kind);
}

static void encode(size_t kind, struct text *out)
{
    char sop[DICOM_UID_SIZE], study[DICOM_UID_SIZE], series[DICOM_UID_SIZE];
    static const char one[] = {1, 0}, pixels[] = {0, 0, 0, 0};
    uid_of(kind, ".1.", sop);
    uid_of(kind, ".2.", study);
    uid_of(kind, ".3.", series);
    add_text(out, 0x00080016, "UI", CT);
    add_text(out, 0x00080018, "UI", sop);
    add_text(out, 0x00080060, "CS", "CT");
    add_text(out, 0x0020000D, "UI", study);
    add_text(out, 0x0020000E, "UI", series);
    add(out, 0x00280010, "US", one, sizeof one);
    text_append_bytes(out, kinds[kind].middle, kinds[kind].length);
    add_text(out, 0x00400254, kinds[kind].vr, kinds[kind].tail);
    add(out, 0x7FE00010, "OW", pixels, sizeof pixels);
}

static void send_kind(size_t kind)
{
    char sop[DICOM_UID_SIZE];
    AUTO(text_release) struct text data_set = TEXT_EMPTY;
    uid_of(kind, ".1.", sop);
    encode(kind, &data_set);
    const struct raw_instance instance = {CT, sop, EXPLICIT, &data_set};
    check(raw_scu_store(pipeline_port(pipeline), "FELUCCA", &instance) == 0, kinds[kind].label);
}

/* Whether a server has it, byte for byte behind the file meta header. */
static bool has(const struct simulator *server, size_t kind)
{
    char sop[DICOM_UID_SIZE];
    AUTO(text_release) struct text data_set = TEXT_EMPTY;
    AUTO(text_release) struct text file = TEXT_EMPTY;
    AUTO(text_release) struct text path = TEXT_EMPTY;
    uid_of(kind, ".1.", sop);
    text_format(&path, "%s/%s.dcm", server->store, sop);
    if (!file_exists(text_string(&path)))
        return false;
    encode(kind, &data_set);
    file_read(text_string(&path), &file);
    return file.length > data_set.length &&
           memcmp(file.bytes + file.length - data_set.length, data_set.bytes, data_set.length) == 0;
}

/* ---- the operator ---- */

static int felucca(const char *const *words, struct text *ret_output)
{
    const char *argv[24] = {FELUCCA_BIN "/felucca"};
    size_t count = 1;
    while (*words)
        argv[count++] = *words++;
    argv[count++] = "--config";
    argv[count++] = pipeline_config(pipeline);
    return process_run(argv, NULL, PATIENCE_MS, ret_output);
}

#define FELUCCA(status, says, ...) ask(status, says, (const char *const[]){__VA_ARGS__, NULL})

static void ask(int status, const char *says, const char *const *words)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int is = felucca(words, &output);
    check(is == status && strstr(text_string(&output), says), text_string(&output));
}

static size_t count_undecided(void)
{
    size_t count = 0;
    for (size_t i = 0; i < ROWS(kinds); i++)
        count += kinds[i].undecided;
    return count;
}

static void wait_jobs(const char *state, const char *destination, const char *album, size_t count,
                      const char *what)
{
    check(operator_wait_jobs(pipeline, state, destination, album, count, PATIENCE_MS), what);
}

static void check_album(const char *album, size_t series)
{
    AUTO(text_release) struct text text = TEXT_EMPTY;
    size_t count = 0;
    simulator_album_text(kheops, album, &text);
    for (const char *at = text_string(&text); (at = strstr(at, "*")); at++)
        count++;
    check(count == series, text_string(&text));
}

static void send_all(void)
{
    size_t doubtful = count_undecided();
    for (size_t i = 0; i < ROWS(kinds); i++)
        send_kind(i);
    check(simulator_wait_instances(kheops, ROWS(kinds), PATIENCE_MS), "not all are at the main destination");
    for (size_t i = 0; i < ROWS(kinds); i++)
        check(has(kheops, i), kinds[i].label);
    wait_jobs("shared", "main", "seven", ROWS(kinds) - doubtful, "what was read is not in its album");
    wait_jobs("undecided", "main", "seven", doubtful, "shares are not undecided");
    wait_jobs("undecided", "main", "others", doubtful, "shares are not undecided");
    wait_jobs("undecided", "study", NULL, doubtful, "deliveries are not undecided");
}

START_TEST(nothing_goes_where_it_cannot_be_decided)
{
    char doubtful_sop[DICOM_UID_SIZE], study[DICOM_UID_SIZE];
    const size_t beyond = 4; /* a length beyond the end */
    send_all();
    check_album("others", 0);
    check_album("seven", ROWS(kinds) - count_undecided());
    check(simulator_count(second, "instances") == 0, "the second destination got something");
    check(operator_count_jobs(pipeline, "excluded", "study", NULL) == ROWS(kinds) - count_undecided(),
          "what was read is not excluded");
    /* where reading ended, wherever somebody looks */
    uid_of(beyond, ".1.", doubtful_sop);
    uid_of(beyond, ".2.", study);
    FELUCCA(0, "undecided", "jobs", "--state", "undecided");
    FELUCCA(0, "behind (0028,0010)", "jobs", "--state", "undecided", "--study", study);
    FELUCCA(0, "\"state\":\"undecided\"", "jobs", "--state", "undecided", "--json");
    FELUCCA(0, "study has 3 deliveries that a person must decide", "status");
    FELUCCA(0, "main/others has 3 shares that a person must decide", "status");
    FELUCCA(0, "\"undecided\":3", "status", "--json");
    FELUCCA(1, "felucca jobs --state undecided --destination study", "status", "--check");
    FELUCCA(0, "cannot be decided", "show", doubtful_sop);
    FELUCCA(0, "reading ended at offset", "show", doubtful_sop, "--json");
    /* the same conditions, the same answer */
    FELUCCA(1, "cannot be decided", "retry", "--state", "undecided", "--yes");
    FELUCCA(1, "0 jobs would be retried", "retry", "--state", "undecided", "--dry-run");
    wait_jobs("undecided", "study", NULL, count_undecided(), "they are decided");
    /* a person decides */
    FELUCCA(0, "3 jobs would be retried", "retry", "--state", "undecided", "--destination", "study",
            "--anyway", "--dry-run");
    FELUCCA(0, "1 job retried", "retry", "--state", "undecided", "--destination", "study", "--study", study,
            "--anyway", "--yes");
    check(simulator_wait_instances(second, 1, PATIENCE_MS), "it is not sent");
    check(has(second, beyond), "it is not sent as it is");
    FELUCCA(0, "3 jobs retried", "retry", "--state", "undecided", "--album", "seven", "--anyway", "--yes");
    wait_jobs("shared", "main", "seven", ROWS(kinds), "they are not shared");
    FELUCCA(0, "3 jobs dropped", "drop", "--state", "undecided", "--album", "others", "--yes");
    FELUCCA(0, "2 jobs dropped", "drop", "--state", "undecided", "--destination", "study", "--yes");
    check_album("others", 0);
    wait_jobs("undecided", "main", NULL, 0, "some are undecided still");
    check(pipeline_wait_drained(pipeline, PATIENCE_MS), "files are left");
    pipeline_stop_all(pipeline);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("undecided");
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, nothing_goes_where_it_cannot_be_decided);
    return tests_run(tests);
}
