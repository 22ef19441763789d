/* Nothing of a patient and no token leaves the spool and the requests: a study full of marks goes through
 * everything at debug level, well and in every kind of trouble, with servers that say back what they were
 * sent; then logs, job database with its write-ahead log, metrics and what the operator's commands print are
 * searched for the marks. The spool and KHEOPS have them, or the test would see nothing. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/receipt.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/scene.h"
#include "tests/support/stock.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 60000, QUARANTINED = 3 };

#define MARK  "XQ7MARK"
#define BIRTH "18770703"
#define WRITE "XQ7MARKmainwrite00000A"
#define SEND  "XQ7MARKmainsend000000B"
#define ALBUM "XQ7MARKctwrite0000000C"

/* In every character set that a value of ours is written in. */
static const struct mark {
    const char *bytes;
    size_t length;
} marks[] = {
    {MARK, sizeof MARK - 1},
    {BIRTH, sizeof BIRTH - 1},
    {"\xC4\xD6\xDC\xC4\xD6\xDC", 6},                          /* ISO_IR 100 */
    {"\xC3\x84\xC3\x96\xC3\x9C\xC3\x84\xC3\x96\xC3\x9C", 12}, /* UTF-8 */
    {"\x1b$B;3ED", 7},                                        /* ISO 2022 IR 87 */
    {"\xE5\xB1\xB1\xE7\x94\xB0", 6},                          /* the same as UTF-8 */
};

static const struct charset_row {
    const char *name, *patient;
} charsets[] = {
    {"ISO_IR 100", MARK "^\xC4\xD6\xDC\xC4\xD6\xDC"},
    {"ISO_IR 192", MARK "^\xC3\x84\xC3\x96\xC3\x9C\xC3\x84\xC3\x96\xC3\x9C=\xE5\xB1\xB1\xE7\x94\xB0"},
    {"ISO 2022 IR 6\\ISO 2022 IR 87", MARK "^A=\x1b$B;3ED\x1b(B^\x1b$B;3ED\x1b(B"},
};

static const struct dicom_element marked_elements[] = {
    {0x0008, 0x0080, "LO", MARK " hospital", 0, NULL, 0},
    {0x0008, 0x0090, "PN", MARK "^DOCTOR", 0, NULL, 0},
    {0x0009, 0x0010, "LO", MARK " CREATOR", 0, NULL, 0},
    {0x0009, 0x1001, "LO", MARK " private", 0, NULL, 0},
    {0x0010, 0x0030, "DA", BIRTH, 0, NULL, 0},
    {0x0010, 0x1000, "LO", MARK "OTHERID", 0, NULL, 0},
    {0x0010, 0x4000, "LT", MARK " comment", 0, NULL, 0},
};

static struct scene scene;
static struct text printed; /* by the commands, and at the metrics ports */
static unsigned studies;

static void set_up(void)
{
    static const char *const tokens[] = {"--token", "main:write:" WRITE, "--token", "main:read,send:" SEND,
                                         "--token", "ct:write:" ALBUM,   NULL};
    static const struct pipeline_album album = {"ct", ALBUM, SEND,
                                                "tagValueIsPresent(#Tag.Modality, \"CT\")"};
    scene.sandbox = sandbox_create();
    scene.kheops = simulator_start(scene.sandbox, "kheops", tokens);
    const struct pipeline_destination destination = {
        .name = "main",
        .simulator = scene.kheops,
        .token = WRITE,
        .albums = &album,
        .album_count = 1,
        .more = "        condition: '!tagValueContains(\"0010,0010\", \"NOBODY\")'\n"};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, "retention: 1d\n"};
    scene.pipeline = pipeline_create(scene.sandbox, &options);
    pipeline_start_all(scene.pipeline); /* they log at debug */
}

static void tear_down(void)
{
    text_release(&printed);
    scene_close(&scene);
}

/* ---- what is sent ---- */

static void marked_spec(struct dicom_spec *spec)
{
    const struct charset_row *row = &charsets[studies % ROWS(charsets)];
    dicom_spec_init(spec, 100 + ++studies);
    spec->character_set = row->name;
    spec->patient_name = row->patient;
    spec->patient_id = MARK "ID";
    spec->accession_number = MARK "ACC";
    spec->study_id = MARK "SID";
    spec->study_description = MARK " study";
    spec->series_description = MARK " series";
    spec->extra = marked_elements;
    spec->extra_count = ROWS(marked_elements);
}

static void send_marked(void)
{
    struct dicom_spec spec;
    const char *folder = sandbox_make_folder(scene.sandbox, "marked-%u", studies);
    marked_spec(&spec);
    ck_assert_int_eq(dicom_write_study(&spec, spec.seed, 1, 1, folder, NULL, NULL), 0);
    ck_assert_int_eq(pipeline_storescu(pipeline_port(scene.pipeline), "FELUCCA", folder, PATIENCE_MS, NULL),
                     0);
}

static bool quarantine_is_full(void *context)
{
    (void)context;
    return folder_count(sandbox_path(scene.sandbox, "state/spool/quarantine"), ".dcm") == QUARANTINED;
}

/* As a receiver leaves them: of no node, cut in the middle, and no DICOM at all. */
static void receive_bad_files(void)
{
    const char *incoming = sandbox_path(scene.sandbox, "state/spool/incoming");
    for (int i = 0; i < QUARANTINED; i++) {
        struct dicom_spec spec;
        marked_spec(&spec);
        AUTO(memory_free)
        char *path =
            stock_receive(sandbox_path(scene.sandbox, "state/spool"), &spec, i == 0 ? "NOBODY" : "FELUCCA");
        AUTO(text_release) struct text content = TEXT_EMPTY;
        file_read(path, &content);
        if (i == 1)
            content.length = (size_t)file_data_set_offset(path) + 300;
        if (i == 2)
            memcpy(content.bytes + file_data_set_offset(path), MARK MARK MARK, 3 * (sizeof MARK - 1));
        file_write(path, content.bytes, content.length);
        const char *to = sandbox_path(scene.sandbox, "state/spool/incoming/%.*s.dcm", RECEIPT_LENGTH,
                                      strrchr(path, '/') + 1);
        ck_assert_int_eq(rename(path, to), 0);
    }
    ck_assert(file_exists(incoming));
}

/* ---- servers that say back what they were sent ---- */

#define ECHO "<html>Sorry, " MARK "^DOE born " BIRTH ", Bearer " WRITE " " ALBUM " is not welcome</html>"

static const struct echo_row {
    const char *label, *fault;
    const char *kind; /* of the requests whose answers are counted */
} echoes[] = {
    {"STOW 500",
     "\"kind\":\"stow\",\"action\":\"status\",\"status\":500,\"content_type\":\"text/html\",\"body\":\"" ECHO
     "\"",
     "stow"},
    {"STOW 409", "\"kind\":\"stow\",\"action\":\"status\",\"status\":409,\"body\":\"" ECHO "\"", "stow"},
    {"STOW 403", "\"kind\":\"stow\",\"action\":\"status\",\"status\":403,\"body\":\"" ECHO "\"", "stow"},
    {"STOW 400",
     "\"kind\":\"stow\",\"action\":\"status\",\"status\":400,\"content_type\":\"" MARK "/" WRITE
     "\",\"body\":\"" ECHO "\"",
     "stow"},
    {"STOW elsewhere",
     "\"kind\":\"stow\",\"action\":\"status\",\"status\":302,\"location\":\"http://" MARK
     "@127.0.0.1:1/login/" WRITE "/" BIRTH "\"",
     "stow"},
    {"STOW 200 about others",
     "\"kind\":\"stow\",\"action\":\"status\",\"status\":200,\"content_type\":\"application/dicom+json\","
     "\"body\":\""
     "{\\\"00081198\\\":{\\\"vr\\\":\\\"SQ\\\",\\\"Value\\\":[{\\\"00081155\\\":{\\\"vr\\\":\\\"UI\\\","
     "\\\"Value\\\":[\\\"" MARK "\\\"]},"
     "\\\"00081197\\\":{\\\"vr\\\":\\\"US\\\",\\\"Value\\\":[\\\"" MARK
     "\\\"]}}]},\\\"00100010\\\":{\\\"Value\\\":[\\\"" MARK "\\\"]}}\"",
     "stow"},
    {"introspection",
     "\"kind\":\"introspect\",\"action\":\"status\",\"status\":200,\"content_type\":\"application/json\","
     "\"body\":\""
     "{\\\"active\\\":true,\\\"scope\\\":\\\"read " WRITE " send\\\",\\\"album_id\\\":\\\"" SEND "\\\"}\"",
     "introspect"},
    {"introspection in HTML",
     "\"kind\":\"introspect\",\"action\":\"status\",\"status\":200,\"body\":\"" ECHO "\"", "introspect"},
    {"share 404", "\"kind\":\"share\",\"action\":\"status\",\"status\":404,\"body\":\"" ECHO "\"", "share"},
    {"share 500", "\"kind\":\"share\",\"action\":\"status\",\"status\":500,\"body\":\"" ECHO "\"", "share"},
    {"share elsewhere",
     "\"kind\":\"share\",\"action\":\"status\",\"status\":308,\"location\":\"http://127.0.0.1:1/" ALBUM "\"",
     "share"},
    {"instance refused", "\"kind\":\"stow\",\"stage\":\"instance\",\"action\":\"refuse\",\"reason\":262",
     "stow"},
};

struct hits {
    const char *path;
    int64_t before;
};

static bool was_hit(void *context)
{
    const struct hits *hits = context;
    return simulator_count(scene.kheops, hits->path) > hits->before;
}

static void meet(const struct echo_row *row)
{
    AUTO(text_release) struct text fault = TEXT_EMPTY;
    AUTO(text_release) struct text path = TEXT_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    text_format(&fault, "{%s,\"first\":2}", row->fault);
    text_format(&path, "requests.%s", row->kind);
    struct hits hits = {text_string(&path), simulator_count(scene.kheops, text_string(&path))};
    simulator_order(scene.kheops, "/sim/faults", text_string(&fault));
    if (strcmp(row->kind, "introspect") == 0) /* they are asked again */
        process_signal(pipeline_process(scene.pipeline, PIPELINE_SENDER, 0), SIGHUP);
    send_marked();
    pipeline_check(scene.pipeline, wait_until(was_hit, &hits, PATIENCE_MS), row->label);
    (void)http_client_request(scene.kheops->admin_port, "DELETE", "/sim/faults", NULL, NULL, 0, &answer);
}

/* ---- what is looked at ---- */

static void print_all(void)
{
    const char *file = sandbox_path(scene.sandbox, "marked-0/S1-I1.dcm");
    const char *const commands[][8] = {
        {"status", NULL},
        {"status", "--json", NULL},
        {"jobs", NULL},
        {"jobs", "--json", NULL},
        {"jobs", "--csv", NULL},
        {"show", "2.25", NULL},
        {"show", "--accession", MARK "ACC", NULL},
        {"show", "--patient", MARK "ID", "--json", NULL},
        {"jobs", "--study-id", MARK "SID", NULL},
        {"studies", NULL},
        {"studies", "--patient", MARK "ID", "--json", NULL},
        {"quarantine", NULL},
        {"quarantine", "--json", NULL},
        {"check", NULL},
        {"config", NULL},
        {"health", NULL},
        {"condition", "tagValueContains(#Tag.PatientName, \"A\") || tagText(#Tag.PatientID) == \"x\"", file,
         NULL},
        {"condition", file, NULL},
        {"hold", "main", NULL},
        {"release", "main", NULL},
        {"retry", "--destination", "main", "--yes", NULL},
    };
    for (size_t i = 0; i < ROWS(commands); i++) {
        size_t before = printed.length;
        (void)scene_felucca(&scene, commands[i], &printed);
        ck_assert_msg(printed.length > before, "felucca %s prints nothing", commands[i][0]);
    }
    for (int stage = 0; stage < PIPELINE_STAGES; stage++)
        ck_assert_int_eq(pipeline_page(scene.pipeline, (enum pipeline_stage)stage, 0, "/metrics", &printed),
                         200);
}

/* The first mark in the bytes, or NULL. */
static const char *find_mark(const struct text *content)
{
    for (size_t i = 0; i < ROWS(marks); i++) {
        const char *at =
            content->bytes ? memmem(content->bytes, content->length, marks[i].bytes, marks[i].length) : NULL;
        if (at)
            return at;
    }
    return NULL;
}

static void ck_clean(const char *what, const struct text *content)
{
    const char *at = find_mark(content);
    size_t before = at ? (size_t)(at - content->bytes) : 0, lead = before < 200 ? before : 200;
    if (at)
        (void)fprintf(stderr, "%s says: %.*s\n", what, (int)(lead + 40), at - lead);
    ck_assert_msg(!at, "a mark is in %s", what);
}

struct search {
    size_t files, with_marks;
};

static void search_file(void *context, const char *path)
{
    struct search *search = context;
    AUTO(text_release) struct text content = TEXT_EMPTY;
    file_read(path, &content);
    search->files++;
    search->with_marks += find_mark(&content) != NULL;
}

static void check_file(void *context, const char *path)
{
    AUTO(text_release) struct text content = TEXT_EMPTY;
    if (strstr(path, "/spool/") || strstr(path, "/headers/")) /* patient data is there, as documented */
        return;
    file_read(path, &content);
    ck_clean(path, &content);
    *(size_t *)context += 1;
}

static void ck_all_is_clean(void)
{
    static const char *const names[] = {"receiver", "router", "sender", "sharer"};
    size_t files = 0;
    ck_clean("what the commands print", &printed);
    folder_walk(pipeline_state_dir(scene.pipeline), check_file, &files);
    ck_assert_uint_ge(files, 3); /* jobs.db, its log, what is in run/ */
    for (size_t i = 0; i < ROWS(names); i++) {
        AUTO(text_release) struct text log = TEXT_EMPTY;
        file_read(sandbox_path(scene.sandbox, "%s-0.log", names[i]), &log);
        ck_assert_uint_gt(log.length, 300);
        ck_clean(names[i], &log);
    }
}

static void ck_marks_are_where_they_belong(void)
{
    struct search spool = {0}, store = {0};
    folder_walk(sandbox_path(scene.sandbox, "state/spool"), search_file, &spool);
    folder_walk(scene.kheops->store, search_file, &store);
    ck_assert_uint_ge(spool.with_marks, ROWS(charsets) + QUARANTINED - 1);
    ck_assert_uint_ge(store.with_marks, ROWS(charsets));
}

START_TEST(no_mark_is_left_anywhere)
{
    for (size_t i = 0; i < ROWS(charsets); i++)
        send_marked();
    pipeline_check(scene.pipeline, simulator_wait_instances(scene.kheops, ROWS(charsets), PATIENCE_MS),
                   "it arrives");
    pipeline_check(scene.pipeline, simulator_wait_shared(scene.kheops, "ct", ROWS(charsets), PATIENCE_MS),
                   "it is shared");
    receive_bad_files();
    for (size_t i = 0; i < ROWS(echoes); i++)
        meet(&echoes[i]);
    pipeline_check(scene.pipeline, wait_until(quarantine_is_full, NULL, PATIENCE_MS),
                   "the bad files are quarantined");
    simulator_order_token(scene.kheops, WRITE, "{\"revoked\": true}");
    send_marked();
    print_all();
    pipeline_stop_all(scene.pipeline);
    ck_marks_are_where_they_belong();
    ck_all_is_clean();
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("privacy");
    tests_timeout(tests, 200);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, no_mark_is_left_anywhere);
    return tests_run(tests);
}
