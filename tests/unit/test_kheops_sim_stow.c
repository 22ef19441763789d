/* What the simulated KHEOPS answers to STOW-RS requests. */
#include "tests/support/simulator.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "tests/support/deadline.h"
#include "tests/support/digest.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct sandbox *sandbox;
static struct simulator *sim;

static void set_up(void)
{
    static const char *const options[] = {
        "--token", "main:write:WRITE",   "--token", "main:read,send:READ",   "--token", "other:write:OTHER",
        "--token", "main:write:REVOKED", "--token", "main:write:SHORTLIVED", NULL};
    sandbox = sandbox_create();
    sim = simulator_start(sandbox, "kheops", options);
    simulator_order(sim, "/sim/tokens/REVOKED", "{\"revoked\": true}");
}

static void tear_down(void)
{
    simulator_destroy(&sim);
    sandbox_destroy(&sandbox);
}

/* A file of the sandbox; spec as a test changed it. */
static const char *make(const struct dicom_spec *spec, const char *name)
{
    const char *path = sandbox_path(sandbox, "%s", name);
    ck_assert_int_eq(dicom_write(spec, path), 0);
    return path;
}

static const char *make_instance(uint64_t seed, unsigned series, unsigned instance)
{
    struct dicom_spec spec;
    dicom_spec_init(&spec, seed);
    spec.rows = spec.columns = 8;
    dicom_uid(spec.series_uid, seed, series, 0);
    dicom_uid(spec.sop_uid, seed, series, instance);
    char name[64];
    snprintf(name, sizeof name, "%llu-%u-%u.dcm", (unsigned long long)seed, series, instance);
    return make(&spec, name);
}

/* ---- one request, one answer ---- */

enum body { TWO_PARTS, ONE_PART_NO_END, NO_TYPE, NOT_DICOM, DICOM_AND_NOT, BARE, NOTHING };

#define TYPE \
    "Content-Type: multipart/related; type=\"application/dicom\"; boundary=" SIMULATOR_BOUNDARY "\r\n"
#define AUTH "Authorization: Bearer WRITE\r\n"

static const struct answer_row {
    const char *label, *headers;
    enum body body;
    int status;
    const char *says; /* in the answer's body */
    int stored;
} answer_rows[] = {
    {"stored", AUTH TYPE, TWO_PARTS, 200, "\"00081199\"", 2},
    {"Accept: XML", AUTH TYPE "Accept: application/dicom+xml\r\n", TWO_PARTS, 200, "<NativeDicomModel", 2},
    {"Accept: plain JSON", AUTH TYPE "Accept: application/json\r\n", TWO_PARTS, 200, "\"00081199\"", 2},
    {"Accept: nothing we have", AUTH TYPE "Accept: text/html\r\n", TWO_PARTS, 406, NULL, 0},
    {"Basic, password is the token", "Authorization: Basic dXNlcjpXUklURQ==\r\n" TYPE, TWO_PARTS, 200, NULL,
     2},
    {"no token", TYPE, TWO_PARTS, 401, NULL, 0},
    {"unknown token", "Authorization: Bearer NOBODY\r\n" TYPE, TWO_PARTS, 401, NULL, 0},
    {"revoked token", "Authorization: Bearer REVOKED\r\n" TYPE, TWO_PARTS, 401, NULL, 0},
    {"header FrontEnd", AUTH TYPE "FrontEnd: 1\r\n", TWO_PARTS, 401, NULL, 0},
    {"token without write", "Authorization: Bearer READ\r\n" TYPE, TWO_PARTS, 403,
     "Authorization is not valid for posting", 0},
    {"no boundary", AUTH "Content-Type: multipart/related; type=\"application/dicom\"\r\n", TWO_PARTS, 400,
     NULL, 0},
    {"not multipart", AUTH "Content-Type: text/plain\r\n", TWO_PARTS, 415, NULL, 0},
    {"cut: the complete part is stored", AUTH TYPE, ONE_PART_NO_END, 500, NULL, 1},
    {"part without Content-Type", AUTH TYPE, NO_TYPE, 500, NULL, 0},
    {"not readable", AUTH TYPE, NOT_DICOM, 202,
     "\"0008119A\":{\"vr\":\"SQ\",\"Value\":[{\"00081197\":{\"vr\":\"US\",\"Value\":[272]}}]}", 0},
    {"one of two not readable", AUTH TYPE, DICOM_AND_NOT, 202, "\"0008119A\"", 1},
    {"one bare instance", AUTH "Content-Type: application/dicom\r\n", BARE, 200, "\"00081199\"", 1},
    {"no part at all", AUTH TYPE, NOTHING, 200, "\"00081199\":{\"vr\":\"SQ\"}", 0},
};

static void append_not_dicom(struct text *body)
{
    text_append(body, "\r\n--" SIMULATOR_BOUNDARY "\r\nContent-Type: application/dicom\r\n\r\n");
    for (int i = 0; i < 40; i++)
        text_append(body, "no DICOM ");
}

static void append_body(enum body kind, struct text *body)
{
    const char *one = make_instance(1, 1, 1), *two = make_instance(1, 1, 2);
    if (kind == BARE)
        file_read(one, body);
    if (kind == TWO_PARTS || kind == ONE_PART_NO_END || kind == DICOM_AND_NOT)
        simulator_append_part(body, one);
    if (kind == TWO_PARTS || kind == ONE_PART_NO_END)
        simulator_append_part(body, two);
    if (kind == NO_TYPE) {
        text_append(body, "--" SIMULATOR_BOUNDARY "\r\n\r\n");
        file_read(one, body);
    }
    if (kind == NOT_DICOM || kind == DICOM_AND_NOT)
        append_not_dicom(body);
    if (kind != ONE_PART_NO_END && kind != BARE)
        simulator_append_end(body);
}

START_TEST(answer_is)
{
    const struct answer_row *row = &answer_rows[_i];
    AUTO(text_release) struct text body = TEXT_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(text_release) struct text challenge = TEXT_EMPTY;
    append_body(row->body, &body);
    int status = http_client_request(sim->port, "POST", "/api/studies", row->headers, body.bytes, body.length,
                                     &answer);
    ck_assert_msg(status == row->status, "%s: %d %s", row->label, status, text_string(&answer.body));
    ck_assert_msg(!row->says || strstr(text_string(&answer.body), row->says), "%s: %s", row->label,
                  text_string(&answer.body));
    ck_assert_msg(simulator_count(sim, "stored") == row->stored, "%s", row->label);
    ck_assert_msg(status != 401 || (strstr(text_string(&answer.body), "HTTP Status 401") &&
                                    http_client_header(&answer, "WWW-Authenticate", &challenge)),
                  "%s", row->label);
}
END_TEST

/* ---- data sets of every coding ---- */

static const struct dicom_element inner[] = {{0x0020, 0x000E, "UI", "1.2.3.4.5", 0, NULL, 0},
                                             {0x0040, 0xA160, "UT", "text", 0, NULL, 0}};
static const struct dicom_item inner_items[] = {{inner, 2}, {NULL, 0}, {inner, 2}};
static const char private_bytes[2000] = {'x', 'y', 'z'};
static const struct dicom_element odd[] = {
    {0x0008, 0x1115, "SQ", NULL, 0, inner_items, 3},
    {0x0009, 0x0010, "LO", "FELUCCA TEST", 0, NULL, 0},
    {0x0009, 0x1001, "OB", private_bytes, sizeof private_bytes, NULL, 0},
    {0x0009, 0x1002, "SQ", NULL, 0, inner_items, 3},
};

static const struct coding_row {
    const char *label;
    enum dicom_coding coding;
    const char *syntax;
    bool encapsulated, deflated;
} coding_rows[] = {
    {"explicit little endian", DICOM_EXPLICIT_LE, NULL, false, false},
    {"implicit little endian", DICOM_IMPLICIT_LE, NULL, false, false},
    {"explicit big endian", DICOM_EXPLICIT_BE, NULL, false, false},
    {"encapsulated", DICOM_EXPLICIT_LE, "1.2.840.10008.1.2.4.50", true, false},
    {"deflated", DICOM_EXPLICIT_LE, NULL, false, true},
};

START_TEST(data_set_is_kept_and_read)
{
    const struct coding_row *row = &coding_rows[_i];
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    struct dicom_spec spec;
    dicom_spec_init(&spec, 3);
    spec.coding = row->coding;
    spec.transfer_syntax = row->syntax;
    spec.encapsulated = row->encapsulated;
    spec.extra = odd;
    spec.extra_count = ROWS(odd);
    const char *file = make(&spec, "a.dcm");
    if (row->deflated) {
        const char *deflated = sandbox_path(sandbox, "deflated.dcm");
        const char *const argv[] = {"dcmconv", "+td", file, deflated, NULL};
        ck_assert_int_eq(process_run(argv, NULL, 20000, NULL), 0);
        file = deflated;
    }
    ck_assert_msg(simulator_stow(sim, "WRITE", NULL, &file, 1, &answer) == 200, "%s: %s", row->label,
                  text_string(&answer.body));
    AUTO(text_release) struct text stored = TEXT_EMPTY;
    text_format(&stored, "%s/%s.dcm", sim->store, spec.sop_uid);
    ck_assert_msg(files_equal(file, 0, text_string(&stored), 0), "%s", row->label);
    char digest[20];
    snprintf(digest, sizeof digest, "%016llx",
             (unsigned long long)digest_file(file, file_data_set_offset(file)));
    json_t *state = simulator_state(sim);
    char *text = json_dumps(state, JSON_COMPACT);
    const char *const seen[] = {digest, spec.series_uid, spec.study_uid, "Synthetic series"};
    for (size_t i = 0; i < ROWS(seen); i++)
        ck_assert_msg(strstr(text, seen[i]), "%s: no %s in %s", row->label, seen[i], text);
    ck_assert_msg(!strstr(text, "1.2.3.4.5\""), "%s: looked into a sequence", row->label);
    free(text);
    json_decref(state);
}
END_TEST

/* The body in pieces of every small size: no boundary is missed, nothing is lost. */
START_TEST(pieces_make_no_difference)
{
    AUTO(text_release) struct text request = TEXT_EMPTY;
    AUTO(text_release) struct text body = TEXT_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    simulator_append_part(&body, make_instance(1, 1, 1));
    simulator_append_part(&body, make_instance(1, 1, 2));
    simulator_append_end(&body);
    text_format(&request,
                "POST /api/studies HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" AUTH TYPE
                "Content-Length: %zu\r\n\r\n",
                body.length);
    text_append_bytes(&request, body.bytes, body.length);
    AUTO(fd_close) int fd = port_connect(sim->port);
    size_t piece = (size_t)_i + 1;
    for (size_t at = 0; at < request.length; at += piece) {
        size_t length = request.length - at < piece ? request.length - at : piece;
        ck_assert(send(fd, request.bytes + at, length, MSG_NOSIGNAL) == (ssize_t)length);
    }
    ck_assert_int_eq(http_client_read(fd, &answer), 200);
    ck_assert_int_eq(simulator_count(sim, "instances"), 2);
    AUTO(text_release) struct text stored = TEXT_EMPTY;
    char sop[DICOM_UID_SIZE];
    dicom_uid(sop, 1, 1, 2);
    text_format(&stored, "%s/%s.dcm", sim->store, sop);
    const char *sent = make_instance(1, 1, 2);
    int64_t at = files_differ_at(sent, 0, text_string(&stored), 0);
    ck_assert_msg(at < 0, "pieces of %zu: %lld bytes sent, %lld stored, which differ at %lld", piece,
                  (long long)file_size(sent), (long long)file_size(text_string(&stored)), (long long)at);
}
END_TEST

/* ---- what KHEOPS lets in ---- */

static int stow_one(const char *token, const char *query, const char *file, struct text *ret_body)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    int status = simulator_stow(sim, token, query, &file, 1, &answer);
    text_clear(ret_body);
    text_append(ret_body, text_string(&answer.body));
    return status;
}

static const struct change_row {
    const char *label;
    uint16_t group, element;
    const char *vr, *value, *query;
    int status;
    const char *says;
} change_rows[] = {
    {"nothing changed", 0x0008, 0x0060, "CS", "CT", NULL, 200, NULL},
    {"other modality", 0x0008, 0x0060, "CS", "MR", NULL, 202, "[\"524384\"]"},
    {"other modality, not compared", 0x0008, 0x0060, "CS", "MR", "?skipVerify=true", 200, NULL},
    {"other study description", 0x0008, 0x1030, "LO", "another", NULL, 202, "[\"528432\"]"},
    {"no study description", 0x0008, 0x1030, "LO", NULL, NULL, 200, NULL},
    {"no study id", 0x0020, 0x0010, "SH", NULL, NULL, 202, "[\"2097168\"]"},
    {"other patient", 0x0010, 0x0010, "PN", "Another^Synthetic", NULL, 202, "[\"1048592\"]"},
    {"no series description", 0x0008, 0x103E, "LO", NULL, NULL, 202, "[\"528446\"]"},
};

START_TEST(attributes_are_compared)
{
    const struct change_row *row = &change_rows[_i];
    AUTO(text_release) struct text body = TEXT_EMPTY;
    struct dicom_spec spec;
    dicom_spec_init(&spec, 1);
    const struct dicom_element change = {
        row->group, row->element, row->value ? row->vr : NULL, row->value, 0, NULL, 0};
    ck_assert_int_eq(stow_one("WRITE", NULL, make(&spec, "first.dcm"), &body), 200);
    dicom_uid(spec.sop_uid, 1, 1, 2);
    spec.extra = &change;
    spec.extra_count = 1;
    int status = stow_one("WRITE", row->query, make(&spec, "second.dcm"), &body);
    ck_assert_msg(status == row->status, "%s: %d %s", row->label, status, text_string(&body));
    ck_assert_msg(!row->says ||
                      (strstr(text_string(&body), row->says) && strstr(text_string(&body), "[262]")),
                  "%s: %s", row->label, text_string(&body));
}
END_TEST

static const struct uid_row {
    const char *label, *uid;
    bool valid;
} uid_rows[] = {
    {"2.25", "2.25.1", true},   {"0.1", "0.1", true},         {"1.39", "1.39.5", true},
    {"2.999", "2.999.5", true}, {"1.40", "1.40.5", false},    {"1.999", "1.999.5", false},
    {"3.x", "3.1.2", false},    {"a single arc", "5", false},
};

START_TEST(uid_must_be_an_oid)
{
    const struct uid_row *row = &uid_rows[_i];
    AUTO(text_release) struct text body = TEXT_EMPTY;
    struct dicom_spec spec;
    dicom_spec_init(&spec, 1);
    snprintf(spec.study_uid, sizeof spec.study_uid, "%s", row->uid);
    int status = stow_one("WRITE", NULL, make(&spec, "a.dcm"), &body);
    ck_assert_msg(status == (row->valid ? 200 : 202), "%s: %d", row->label, status);
    ck_assert_msg(row->valid || strstr(text_string(&body), "[292]"), "%s: %s", row->label,
                  text_string(&body));
}
END_TEST

START_TEST(series_of_another_album_is_refused_for_the_whole_request)
{
    AUTO(text_release) struct text body = TEXT_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    ck_assert_int_eq(stow_one("WRITE", NULL, make_instance(1, 1, 1), &body), 200);
    const char *files[] = {make_instance(1, 1, 2), make_instance(1, 1, 3), make_instance(1, 2, 1)};
    ck_assert_int_eq(simulator_stow(sim, "OTHER", NULL, files, 3, &answer), 202);
    const char *first = strstr(text_string(&answer.body), "[292]");
    ck_assert_msg(first && strstr(first + 1, "[292]"), "%s", text_string(&answer.body));
    ck_assert_int_eq(simulator_count(sim, "instances"), 2);
    /* Out of the first album, and the second one may have it. */
    char series[DICOM_UID_SIZE];
    dicom_uid(series, 1, 1, 0);
    AUTO(text_release) struct text order = TEXT_EMPTY;
    text_format(&order, "{\"album\": \"main\", \"series\": \"%s\"}", series);
    simulator_order(sim, "/sim/remove", text_string(&order));
    ck_assert_int_eq(stow_one("OTHER", NULL, make_instance(1, 1, 2), &body), 200);
}
END_TEST

START_TEST(token_that_expires_meanwhile_is_0124)
{
    AUTO(text_release) struct text body = TEXT_EMPTY;
    simulator_order(sim, "/sim/tokens/SHORTLIVED", "{\"expires_in_ms\": 1000}");
    simulator_order(sim, "/sim/faults", "{\"stage\": \"body\", \"delay_ms\": 1200}");
    ck_assert_int_eq(stow_one("SHORTLIVED", NULL, make_instance(1, 1, 1), &body), 202);
    ck_assert_msg(strstr(text_string(&body), "[292]"), "%s", text_string(&body));
}
END_TEST

/* Of an instance that comes with other bytes the PACS keeps the first, or what it is told to. */
START_TEST(storing_twice_is_counted)
{
    bool overwrites = _i == 1;
    AUTO(text_release) struct text body = TEXT_EMPTY;
    AUTO(text_release) struct text stored = TEXT_EMPTY;
    struct dicom_spec spec;
    dicom_spec_init(&spec, 1);
    const char *first = make(&spec, "first.dcm");
    spec.seed = 2; /* other pixels */
    const char *second = make(&spec, "second.dcm");
    simulator_order(sim, "/sim/config", overwrites ? "{\"overwrites\": true}" : "{\"overwrites\": false}");
    ck_assert_int_eq(stow_one("WRITE", NULL, first, &body), 200);
    ck_assert_int_eq(stow_one("WRITE", NULL, second, &body), 200);
    ck_assert_int_eq(simulator_count(sim, "instances"), 1);
    ck_assert_int_eq(simulator_count(sim, "stored"), 2);
    text_format(&stored, "%s/%s.dcm", sim->store, spec.sop_uid);
    ck_assert(files_equal(overwrites ? second : first, 0, text_string(&stored), 0));
    json_t *state = simulator_state(sim);
    char *text = json_dumps(state, JSON_COMPACT);
    ck_assert_msg(strstr(text, "\"changed\":1"), "%s", text);
    free(text);
    json_decref(state);
}
END_TEST

/* ---- what the PACS makes of texts ---- */

#define GREEK "\316\240\316\273\316\277\316\257\316\277" /* of a ship, in UTF-8 */

static const struct text_row {
    const char *label, *order, *character_set, *name;
    int second; /* status of the second request of the study */
} text_rows[] = {
    {"Latin-1", "{\"latin1\": true}", "ISO_IR 100", "M\374ller^J\366rg", 200},
    {"Latin-1 in UTF-8", "{\"latin1\": true}", "ISO_IR 192", "M\303\274ller", 200},
    {"Greek, and the PACS keeps it", "{\"latin1\": false}", "ISO_IR 192", GREEK, 200},
    {"Greek, and the PACS loses it", "{\"latin1\": true}", "ISO_IR 192", GREEK, 202},
    {"bytes that do not fit", "{\"latin1\": false}", "ISO_IR 192", "M\374ller", 202},
    {"... of plain ASCII", "{\"latin1\": false}", NULL, "M\374ller", 202},
};

START_TEST(texts_are_what_the_pacs_says)
{
    const struct text_row *row = &text_rows[_i];
    AUTO(text_release) struct text body = TEXT_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    struct dicom_spec spec;
    const char *files[3];
    simulator_order(sim, "/sim/config", row->order);
    dicom_spec_init(&spec, 1);
    spec.character_set = row->character_set;
    spec.patient_name = row->name;
    for (unsigned i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "%u.dcm", i);
        dicom_uid(spec.sop_uid, 1, 1, i + 1);
        files[i] = make(&spec, name);
    }
    /* All of the first request is stored: until its end KHEOPS compares with what the first instance said. */
    ck_assert_msg(simulator_stow(sim, "WRITE", NULL, files, 2, &answer) == 200, "%s", row->label);
    int status = stow_one("WRITE", NULL, files[2], &body);
    ck_assert_msg(status == row->second, "%s: %d %s", row->label, status, text_string(&body));
    ck_assert_msg(status == 200 || strstr(text_string(&body), "[\"1048592\"]"), "%s: %s", row->label,
                  text_string(&body));
}
END_TEST

/* ---- dates of a token ---- */

static const struct date_row {
    const char *label, *order;
    int status;
} date_rows[] = {
    {"its date is just over", "{\"date_in_ms\": -1000}", 200},
    {"its date is over for long", "{\"date_in_ms\": -5001}", 401},
    {"its time has come", "{\"not_before_in_ms\": -1}", 200},
    {"its time has not come", "{\"not_before_in_ms\": 60000}", 401},
    {"its maker was demoted", "{\"author_admin\": false}", 401},
    {"its maker is gone", "{\"author_member\": false}", 401},
};

START_TEST(a_token_has_its_time)
{
    const struct date_row *row = &date_rows[_i];
    AUTO(text_release) struct text body = TEXT_EMPTY;
    simulator_order(sim, "/sim/tokens/SHORTLIVED", row->order);
    int status = stow_one("SHORTLIVED", NULL, make_instance(1, 1, 1), &body);
    ck_assert_msg(status == row->status, "%s: %d", row->label, status);
}
END_TEST

/* ---- slow ---- */

static bool stored_late(void *context)
{
    (void)context;
    return simulator_count(sim, "late") == 1;
}

/* nginx gives up, KHEOPS does not: the same instance again is in work twice. */
START_TEST(what_takes_too_long_is_stored_all_the_same)
{
    static const char *const options[] = {
        "--token", "main:write:WRITE", "--silence-ms", "50", "--stow-ms", "2000", NULL};
    AUTO(simulator_destroy) struct simulator *slow = simulator_start(sandbox, "slow", options);
    AUTO(http_client_answer_release) struct http_client_answer first = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer second = HTTP_CLIENT_ANSWER_EMPTY;
    const char *file = make_instance(1, 1, 1);
    struct simulator *usual = sim;
    sim = slow;
    ck_assert_int_eq(simulator_stow(slow, "WRITE", NULL, &file, 1, &first), 504);
    ck_assert_ptr_nonnull(strstr(text_string(&first.body), "nginx"));
    ck_assert_int_eq(simulator_count(slow, "instances"), 0);
    ck_assert_int_eq(simulator_count(slow, "doubled"), 0);
    simulator_order(slow, "/sim/config", "{\"stow_ms\": 0}");
    ck_assert_int_eq(simulator_stow(slow, "WRITE", NULL, &file, 1, &second), 202);
    ck_assert_int_eq(simulator_count(slow, "doubled"), 1);
    ck_assert(wait_until(stored_late, NULL, 20000));
    ck_assert_int_eq(simulator_count(slow, "instances"), 1);
    sim = usual;
}
END_TEST

/* Each request, and each new series in it, takes its time. */
START_TEST(a_request_takes_as_long_as_it_is_told)
{
    AUTO(http_client_answer_release) struct http_client_answer first = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer second = HTTP_CLIENT_ANSWER_EMPTY;
    const char *files[] = {make_instance(1, 1, 1), make_instance(1, 2, 1), make_instance(1, 3, 1)};
    simulator_order(sim, "/sim/config", "{\"stow_ms\": 10, \"series_ms\": 100}");
    int64_t began = clock_monotonic_ms();
    ck_assert_int_eq(simulator_stow(sim, "WRITE", NULL, files, 3, &first), 200);
    ck_assert_int_ge(clock_monotonic_ms() - began, 310);
    simulator_order(sim, "/sim/config", "{\"series_ms\": 3600000}");
    ck_assert_int_eq(simulator_stow(sim, "WRITE", NULL, files, 3, &second), 200); /* no new series */
}
END_TEST

/* A simulator that ends does not wait for what is late. */
START_TEST(the_end_does_not_wait_for_what_is_late)
{
    static const char *const options[] = {
        "--token", "main:write:WRITE", "--silence-ms", "50", "--stow-ms", "3600000", NULL};
    AUTO(simulator_destroy) struct simulator *slow = simulator_start(sandbox, "slow", options);
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    const char *file = make_instance(1, 1, 1);
    ck_assert_int_eq(simulator_stow(slow, "WRITE", NULL, &file, 1, &answer), 504);
    ck_assert_int_eq(process_end(slow->process, 10000), 0);
}
END_TEST

/* The database comes back: the first request that makes a row meets a dead connection, once. */
START_TEST(a_dead_connection_costs_one_instance)
{
    AUTO(text_release) struct text body = TEXT_EMPTY;
    simulator_order(sim, "/sim/parts", "{\"database\": false}");
    ck_assert_int_eq(stow_one("WRITE", NULL, make_instance(1, 1, 1), &body), 502);
    simulator_order(sim, "/sim/parts", "{\"database\": true}");
    ck_assert_int_eq(stow_one("WRITE", NULL, make_instance(1, 1, 1), &body), 202);
    ck_assert_ptr_nonnull(strstr(text_string(&body), "0008119A"));
    ck_assert_int_eq(stow_one("WRITE", NULL, make_instance(1, 1, 1), &body), 200);
}
END_TEST

START_TEST(an_instance_that_is_too_large_cannot_be_read)
{
    static const char *const options[] = {"--token", "main:write:WRITE", "--max-pixels", "20000", NULL};
    AUTO(simulator_destroy) struct simulator *small = simulator_start(sandbox, "small", options);
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    struct dicom_spec spec;
    dicom_spec_init(&spec, 1);
    dicom_shape(&spec, 40000);
    const char *files[] = {make_instance(1, 1, 1), make(&spec, "large.dcm")};
    ck_assert_int_eq(simulator_stow(small, "WRITE", NULL, files, 2, &answer), 202);
    ck_assert_int_eq(simulator_count(small, "instances"), 1);
    ck_assert_ptr_nonnull(strstr(text_string(&answer.body), "0008119A"));
}
END_TEST

/* ---- two first requests of a study at once ---- */

static bool first_is_in_flight(void *context)
{
    (void)context;
    json_t *counts = simulator_counts(sim);
    const json_t *study = json_array_get(json_object_get(counts, "studies_list"), 0);
    bool there = json_integer_value(json_object_get(counts, "in_flight")) == 1 &&
                 json_integer_value(json_object_get(study, "in_flight")) == 1;
    json_decref(counts);
    return there;
}

/* What is in flight when another request begins, and what that one brings. */
static const struct collision_row {
    const char *label;
    bool races;
    unsigned known;            /* series of the study that are stored before; 0: the study is unknown */
    unsigned first, second[2]; /* series of the requests; 0: none */
    int status;
    const char *says;
    int stored; /* of the second */
} collision_rows[] = {
    {"the same new study", true, 0, 1, {2, 0}, 202, "0008119A", 0},
    {"... costs one instance", true, 0, 1, {2, 2}, 202, "0008119A", 1},
    {"... unless told otherwise", false, 0, 1, {2, 0}, 200, NULL, 1},
    {"other new series of a known study", true, 1, 2, {3, 0}, 200, NULL, 1},
    {"the same new series of a known study", true, 1, 2, {2, 0}, 202, "0008119A", 0},
    {"a known series of a known study", true, 1, 1, {1, 0}, 200, NULL, 1},
};

START_TEST(parallel_requests_collide_where_they_make_a_row)
{
    const struct collision_row *row = &collision_rows[_i];
    AUTO(text_release) struct text body = TEXT_EMPTY, head = TEXT_EMPTY, said = TEXT_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer second = HTTP_CLIENT_ANSWER_EMPTY;
    simulator_order(sim, "/sim/config", row->races ? "{\"races\": true}" : "{\"races\": false}");
    for (unsigned series = 1; series <= row->known; series++)
        ck_assert_int_eq(stow_one("WRITE", NULL, make_instance(1, series, 9), &said), 200);
    int64_t before = simulator_count(sim, "instances");
    simulator_append_part(&body, make_instance(1, row->first, 1));
    /* The first request's end has not come when the second one begins. */
    text_format(&head,
                "POST /api/studies HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" AUTH TYPE
                "Content-Length: %zu\r\n\r\n",
                body.length + strlen("\r\n--" SIMULATOR_BOUNDARY "--"));
    AUTO(fd_close) int fd = port_connect(sim->port);
    ck_assert(send(fd, head.bytes, head.length, MSG_NOSIGNAL) == (ssize_t)head.length);
    ck_assert(send(fd, body.bytes, body.length, MSG_NOSIGNAL) == (ssize_t)body.length);
    ck_assert(wait_until(first_is_in_flight, NULL, 10000));
    const char *files[2];
    size_t count = 0;
    for (unsigned i = 0; i < 2 && row->second[i]; i++)
        files[count++] = make_instance(1, row->second[i], 2 + i);
    int status = simulator_stow(sim, "WRITE", NULL, files, count, &second);
    ck_assert_msg(status == row->status, "%s: %d %s", row->label, status, text_string(&second.body));
    ck_assert_msg(!row->says || strstr(text_string(&second.body), row->says), "%s", row->label);
    ck_assert_msg(simulator_count(sim, "instances") == before + row->stored, "%s", row->label);
    ck_assert(send(fd, "\r\n--" SIMULATOR_BOUNDARY "--", strlen(SIMULATOR_BOUNDARY) + 6, MSG_NOSIGNAL) > 0);
    ck_assert_int_eq(http_client_read(fd, &answer), 200);
    ck_assert_msg(simulator_count(sim, "collisions") == (row->status == 202), "%s", row->label);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("kheops_sim_stow");
    tests_abreast(tests, 4);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, answer_is, ROWS(answer_rows));
    tests_rows(tests, data_set_is_kept_and_read, ROWS(coding_rows));
    tests_rows(tests, pieces_make_no_difference, 40);
    tests_rows(tests, attributes_are_compared, ROWS(change_rows));
    tests_rows(tests, uid_must_be_an_oid, ROWS(uid_rows));
    tests_add(tests, series_of_another_album_is_refused_for_the_whole_request);
    tests_add(tests, token_that_expires_meanwhile_is_0124);
    tests_rows(tests, storing_twice_is_counted, 2);
    tests_rows(tests, texts_are_what_the_pacs_says, ROWS(text_rows));
    tests_rows(tests, a_token_has_its_time, ROWS(date_rows));
    tests_add(tests, what_takes_too_long_is_stored_all_the_same);
    tests_add(tests, a_request_takes_as_long_as_it_is_told);
    tests_add(tests, the_end_does_not_wait_for_what_is_late);
    tests_add(tests, a_dead_connection_costs_one_instance);
    tests_add(tests, an_instance_that_is_too_large_cannot_be_read);
    tests_rows(tests, parallel_requests_collide_where_they_make_a_row, ROWS(collision_rows));
    return tests_run(tests);
}
