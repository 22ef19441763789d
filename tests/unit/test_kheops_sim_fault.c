/* The trouble that the simulated KHEOPS makes on order. */
#include "tests/support/simulator.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "tests/support/port.h"
#include "tests/support/suite.h"

#include <string.h>
#include <sys/socket.h>

static struct sandbox *sandbox;
static struct simulator *sim;
static const char *files[2];

static void set_up(void)
{
    static const char *const options[] = {"--token", "main:read,write:WRITE", NULL};
    sandbox = sandbox_create();
    sim = simulator_start(sandbox, "kheops", options);
    struct dicom_spec spec;
    dicom_spec_init(&spec, 1);
    for (unsigned i = 0; i < 2; i++) {
        files[i] = sandbox_path(sandbox, "%u.dcm", i);
        dicom_uid(spec.sop_uid, 1, 1, i + 1);
        ck_assert_int_eq(dicom_write(&spec, files[i]), 0);
    }
}

static void tear_down(void)
{
    simulator_destroy(&sim);
    sandbox_destroy(&sandbox);
}

/* $1 and $2 stand for the SOP Instance UIDs of the two files. */
static void order(const char *fault)
{
    AUTO(text_release) struct text json = TEXT_EMPTY;
    for (; *fault; fault++) {
        char uid[DICOM_UID_SIZE];
        if (*fault == '$') {
            dicom_uid(uid, 1, 1, (unsigned)(*++fault - '0'));
            text_append(&json, uid);
        } else {
            text_append_char(&json, *fault);
        }
    }
    simulator_order(sim, "/sim/faults", text_string(&json));
}

static const struct row {
    const char *label, *fault;
    int status; /* 0: no answer */
    int stored;
    const char *says;
    int again; /* status of the same request, once more */
} rows[] = {
    {"a status", "{\"kind\":\"stow\",\"action\":\"status\",\"status\":503,\"first\":1}", 503, 0, NULL, 200},
    {"before the body", "{\"action\":\"status\",\"stage\":\"before\",\"status\":429,\"first\":1}", 429, 0,
     NULL, 200},
    {"after storing", "{\"action\":\"status\",\"stage\":\"stored\",\"status\":504,\"first\":1}", 504, 2, NULL,
     200},
    {"a recorded answer", "{\"action\":\"recorded\",\"answer\":\"stow: token without write\",\"first\":1}",
     403, 0, "Authorization is not valid for posting", 200},
    {"its own body", "{\"action\":\"status\",\"status\":400,\"body\":\"no way\"}", 400, 0, "no way", 400},
    {"dropped before the body", "{\"action\":\"drop\",\"stage\":\"before\",\"first\":1}", 0, 0, NULL, 200},
    {"dropped after the body", "{\"action\":\"drop\",\"first\":1}", 0, 0, NULL, 200},
    {"dropped after storing", "{\"action\":\"drop\",\"stage\":\"stored\",\"first\":1}", 0, 2, NULL, 200},
    {"half an answer", "{\"action\":\"garbage\",\"stage\":\"stored\"}", 200, 2, "[{", 200},
    {"an empty answer", "{\"action\":\"empty\",\"stage\":\"stored\",\"first\":1}", 200, 2, NULL, 200},
    {"one instance refused", "{\"action\":\"refuse\",\"sop\":\"$1\",\"reason\":42752}", 202, 1, "[42752]",
     202},
    {"one unnamed", "{\"action\":\"unnamed\",\"sop\":\"$1\"}", 202, 1, "0008119A", 202},
    {"one unlisted", "{\"action\":\"unlisted\",\"sop\":\"$2\",\"first\":1}", 200, 1, NULL, 200},
    {"one forgotten", "{\"action\":\"forgotten\",\"sop\":\"$2\"}", 200, 2, NULL, 200},
    {"one with a warning", "{\"action\":\"warn\",\"sop\":\"$2\",\"reason\":45056}", 200, 2, "00081196", 200},
    {"by instance", "{\"action\":\"status\",\"status\":500,\"sop\":\"$2\"}", 500, 0, NULL, 500},
    {"another instance", "{\"action\":\"status\",\"status\":500,\"sop\":\"$9\"}", 200, 2, NULL, 200},
    {"another album", "{\"action\":\"status\",\"status\":500,\"album\":\"other\"}", 200, 2, NULL, 200},
    {"another kind", "{\"kind\":\"share\",\"action\":\"status\",\"status\":500}", 200, 2, NULL, 200},
    {"not the first one", "{\"action\":\"status\",\"status\":500,\"skip\":1}", 200, 2, NULL, 500},
    {"each second one", "{\"action\":\"status\",\"status\":500,\"every\":2}", 200, 2, NULL, 500},
};

START_TEST(trouble_happens)
{
    const struct row *row = &rows[_i];
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(http_client_answer_release) struct http_client_answer second = HTTP_CLIENT_ANSWER_EMPTY;
    order(row->fault);
    int status = simulator_stow(sim, "WRITE", NULL, files, 2, &answer);
    ck_assert_msg(status == row->status, "%s: %d %s", row->label, status, text_string(&answer.body));
    ck_assert_msg(simulator_count(sim, "instances") == row->stored, "%s", row->label);
    ck_assert_msg(!row->says || strstr(text_string(&answer.body), row->says), "%s: %s", row->label,
                  text_string(&answer.body));
    status = simulator_stow(sim, "WRITE", NULL, files, 2, &second);
    ck_assert_msg(status == row->again, "%s, again: %d", row->label, status);
}
END_TEST

static const struct refused_row {
    const char *label, *fault;
} refused_rows[] = {
    {"an unknown member", "{\"acton\":\"drop\"}"},
    {"an unknown action", "{\"action\":\"explode\"}"},
    {"an unknown stage", "{\"action\":\"drop\",\"stage\":\"never\"}"},
    {"an unknown kind", "{\"action\":\"drop\",\"kind\":\"post\"}"},
    {"a status without one", "{\"action\":\"status\"}"},
};

START_TEST(wrong_order_is_refused)
{
    const struct refused_row *row = &refused_rows[_i];
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    int status = http_client_request(sim->admin_port, "POST", "/sim/faults", NULL, row->fault,
                                     strlen(row->fault), &answer);
    ck_assert_msg(status == 400, "%s: %d", row->label, status);
}
END_TEST

START_TEST(retry_after_is_told)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(text_release) struct text value = TEXT_EMPTY;
    order("{\"action\":\"status\",\"status\":503,\"retry_after\":\"7\"}");
    ck_assert_int_eq(simulator_stow(sim, "WRITE", NULL, files, 2, &answer), 503);
    ck_assert(http_client_header(&answer, "Retry-After", &value));
    ck_assert_str_eq(text_string(&value), "7");
}
END_TEST

/* After half of the body: what came completely before is stored. */
START_TEST(drop_in_the_body_keeps_complete_parts)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    struct dicom_spec large;
    dicom_spec_init(&large, 1);
    dicom_shape(&large, 8 << 20);
    dicom_uid(large.sop_uid, 1, 1, 3);
    const char *many[] = {files[0], sandbox_path(sandbox, "large.dcm")};
    ck_assert_int_eq(dicom_write(&large, many[1]), 0);
    order("{\"action\":\"drop\",\"stage\":\"body\",\"bytes\":4000000,\"first\":1}");
    ck_assert_int_eq(simulator_stow(sim, "WRITE", NULL, many, 2, &answer), 0);
    ck_assert(simulator_wait_instances(sim, 1, 5000));
    ck_assert_int_eq(simulator_count(sim, "answers.stow.dropped"), 1);
}
END_TEST

START_TEST(hang_lasts_until_the_client_goes)
{
    order("{\"action\":\"hang\",\"kind\":\"qido\"}");
    AUTO(fd_close) int fd = port_connect(sim->port);
    static const char request[] =
        "GET /api/studies HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer WRITE\r\n\r\n";
    ck_assert(send(fd, request, sizeof request - 1, MSG_NOSIGNAL) > 0);
    char byte;
    struct timeval limit = {0, 200000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ck_assert_int_eq(recv(fd, &byte, 1, 0), -1);
    fd_close(&fd);
    /* Its end does not wait for those that hang. */
    ck_assert_int_eq(process_end(sim->process, 5000), 0);
}
END_TEST

START_TEST(invisible_until_fetched)
{
    AUTO(http_client_answer_release) struct http_client_answer stow = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(text_release) struct text path = TEXT_EMPTY;
    char study[DICOM_UID_SIZE];
    dicom_uid(study, 1, 0, 0);
    text_format(&path, "/api/studies/%s/fetch", study);
    order("{\"action\":\"invisible\",\"first\":1}");
    ck_assert_int_eq(simulator_stow(sim, "WRITE", NULL, files, 2, &stow), 200);
    for (int i = 0; i < 2; i++) {
        AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
        AUTO(http_client_answer_release) struct http_client_answer fetch = HTTP_CLIENT_ANSWER_EMPTY;
        int status = http_client_request(sim->port, "GET", "/api/studies", "Authorization: Bearer WRITE\r\n",
                                         NULL, 0, &answer);
        ck_assert_int_eq(status, i == 0 ? 204 : 200);
        ck_assert_int_eq(http_client_request(sim->port, "POST", text_string(&path),
                                             "Authorization: Bearer WRITE\r\n", NULL, 0, &fetch),
                         200);
    }
}
END_TEST

START_TEST(away_and_back)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    simulator_order(sim, "/sim/away", "{\"away\": true}");
    ck_assert(!port_accepts(sim->port));
    ck_assert_int_eq(simulator_count(sim, "instances"), 0);
    simulator_order(sim, "/sim/away", "{\"away\": false}");
    ck_assert(port_accepts(sim->port));
    simulator_order(sim, "/sim/away", "{\"ms\": 300}");
    ck_assert(port_wait(sim->port, 10000));
    ck_assert_int_eq(simulator_stow(sim, "WRITE", NULL, files, 2, &answer), 200);
}
END_TEST

START_TEST(delay_is_added)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    simulator_order(sim, "/sim/config", "{\"delay_ms\": 150}");
    int64_t begin = clock_monotonic_ms();
    ck_assert_int_eq(simulator_stow(sim, "WRITE", NULL, files, 2, &answer), 200);
    ck_assert_int_ge(clock_monotonic_ms() - begin, 150);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("kheops_sim_fault");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, trouble_happens, ROWS(rows));
    tests_rows(tests, wrong_order_is_refused, ROWS(refused_rows));
    tests_add(tests, retry_after_is_told);
    tests_add(tests, drop_in_the_body_keeps_complete_parts);
    tests_add(tests, hang_lasts_until_the_client_goes);
    tests_add(tests, invisible_until_fetched);
    tests_add(tests, away_and_back);
    tests_add(tests, delay_is_added);
    return tests_run(tests);
}
