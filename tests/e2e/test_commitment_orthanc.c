/* Storage commitment with a real Orthanc, which asks for it and shows what was reported. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/http_client.h"
#include "tests/support/orthanc.h"
#include "tests/support/pipeline.h"
#include "tests/support/suite.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { PATIENCE_MS = 60000, SEED = 9 };

#define CT      "1.2.840.10008.5.1.4.1.1.2"
#define STRANGE "1.2.3.4.5.6.7"

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct orthanc *orthanc;
static struct pipeline *pipeline;
static char path[200];

static void set_up(void)
{
    static const char *const tokens[] = {"--token", "main:write:MAINWRITE", NULL};
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
    orthanc = orthanc_start(sandbox, "orthanc");
    text_format(&lines,
                "FELUCCA\n    sources: [ { aet: MODALITY }, { aet: ORTHANC, host: 127.0.0.1, port: %d } ]",
                orthanc->dicom_port);
    const struct pipeline_destination destination = {
        .name = "main", .simulator = kheops, .token = "MAINWRITE"};
    const struct pipeline_node node = {text_string(&lines), &destination, 1};
    const struct pipeline_options options = {&node, 1, NULL};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start_all(pipeline);
    pipeline_start(pipeline, PIPELINE_COMMITTER);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    orthanc_destroy(&orthanc);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
}

static int request(const char *method, const char *where, const char *body, struct text *ret_body)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    int status =
        http_client_request(orthanc->http_port, method, where, NULL, body, body ? strlen(body) : 0, &answer);
    text_clear(ret_body);
    text_append_bytes(ret_body, answer.body.bytes, answer.body.length);
    return status;
}

/* Asks for these; path is then where Orthanc tells of it. */
static void ask(const char *first, const char *second)
{
    AUTO(text_release) struct text body = TEXT_EMPTY;
    AUTO(text_release) struct text said = TEXT_EMPTY;
    text_format(&body,
                "{\"AET\":\"FELUCCA\",\"Host\":\"127.0.0.1\",\"Port\":%d,\"AllowStorageCommitment\":true}",
                pipeline_port(pipeline));
    pipeline_check(pipeline, request("PUT", "/modalities/felucca", text_string(&body), &said) == 200,
                   text_string(&said));
    text_clear(&body);
    text_format(&body, "{\"DicomInstances\":[[\"" CT "\",\"%s\"],[\"" CT "\",\"%s\"]]}", first, second);
    pipeline_check(
        pipeline, request("POST", "/modalities/felucca/storage-commitment", text_string(&body), &said) == 200,
        text_string(&said));
    json_t *json = json_loads(text_string(&said), 0, NULL);
    const char *where = json_string_value(json_object_get(json, "Path"));
    pipeline_check(pipeline, where && strlen(where) < sizeof path, text_string(&said));
    (void)snprintf(path, sizeof path, "%s", where);
    json_decref(json);
}

/* Whether the status that Orthanc shows is this one. */
static bool shows(void *context)
{
    AUTO(text_release) struct text said = TEXT_EMPTY;
    if (request("GET", path, NULL, &said) != 200)
        return false;
    json_t *json = json_loads(text_string(&said), 0, NULL);
    const char *status = json_string_value(json_object_get(json, "Status"));
    bool same = status && strcmp(status, context) == 0;
    json_decref(json);
    return same;
}

START_TEST(it_shows_success)
{
    char first[DICOM_UID_SIZE], second[DICOM_UID_SIZE];
    set_up();
    pipeline_send_small_study(pipeline, sandbox, SEED, 2);
    dicom_uid(first, SEED, 1, 1);
    dicom_uid(second, SEED, 2, 1);
    ask(first, second);
    pipeline_check(pipeline, wait_until(shows, (void *)"Success", PATIENCE_MS), "it is not committed");
    pipeline_check(pipeline, simulator_count(kheops, "instances") == 2, "and it is not delivered");
}
END_TEST

START_TEST(it_shows_failure)
{
    char first[DICOM_UID_SIZE];
    set_up();
    pipeline_send_small_study(pipeline, sandbox, SEED, 1);
    dicom_uid(first, SEED, 1, 1);
    ask(first, STRANGE);
    pipeline_check(pipeline, wait_until(shows, (void *)"Failure", PATIENCE_MS), "nothing is denied");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("commitment_orthanc");
    tests_timeout(tests, 180);
    tests_abreast(tests, 2);
    tests_fixture(tests, NULL, tear_down);
    tests_add(tests, it_shows_success);
    tests_add(tests, it_shows_failure);
    return tests_run(tests);
}
