/* A real Orthanc as the destination: what it lists and what it gives back is what was sent. */
#include "tests/support/orthanc.h"

#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/http_client.h"
#include "tests/support/pipeline.h"
#include "tests/support/suite.h"

#include <string.h>

enum { PATIENCE_MS = 60000, SERIES = 4, INSTANCES = 5 };

static struct sandbox *sandbox;
static struct orthanc *orthanc;
static struct pipeline *pipeline;

static void set_up(void)
{
    sandbox = sandbox_create();
    orthanc = orthanc_start(sandbox, "orthanc");
    const struct pipeline_destination destination = {
        .name = "orthanc", .stow_url = orthanc->stow_url, .more = "        kheops: false\n"};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, NULL};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start_all(pipeline);
}

static void tear_down(void)
{
    pipeline_destroy(&pipeline);
    orthanc_destroy(&orthanc);
    sandbox_destroy(&sandbox);
}

static void vary(void *context, struct dicom_spec *spec, unsigned series, unsigned instance)
{
    static const char *const modalities[SERIES] = {"CT", "MR", "US", "SR"};
    static const enum dicom_coding codings[SERIES] = {DICOM_EXPLICIT_LE, DICOM_IMPLICIT_LE, DICOM_EXPLICIT_BE,
                                                      DICOM_EXPLICIT_LE};
    (void)context, (void)instance;
    spec->modality = modalities[series - 1];
    spec->coding = codings[series - 1];
    spec->frames = series == 3 ? 4 : 1;
    if (series == 4)
        spec->rows = spec->columns = spec->frames = 0;
}

/* ---- what QIDO-RS lists ---- */

static bool lists_all(void *context)
{
    const char *path = context;
    json_t *list = http_client_json(orthanc->http_port, "GET", path, NULL);
    size_t count = json_array_size(list);
    json_decref(list);
    return count == (size_t)SERIES * INSTANCES;
}

static void check_series(const char *study)
{
    for (unsigned series = 1; series <= SERIES; series++) {
        char uid[DICOM_UID_SIZE], path[256];
        dicom_uid(uid, 1, series, 0);
        (void)snprintf(path, sizeof path, "/dicom-web/studies/%s/series/%s/instances", study, uid);
        json_t *list = http_client_json(orthanc->http_port, "GET", path, NULL);
        ck_assert_msg(json_array_size(list) == INSTANCES, "series %u", series);
        json_decref(list);
    }
}

/* ---- the files that it gives back ---- */

static void compare_with_reference(const char *reference, const char *id, unsigned number)
{
    AUTO(http_client_answer_release) struct http_client_answer file = HTTP_CLIENT_ANSWER_EMPTY;
    AUTO(text_release) struct text wanted = TEXT_EMPTY;
    char path[128];
    (void)snprintf(path, sizeof path, "/instances/%s", id);
    json_t *instance = http_client_json(orthanc->http_port, "GET", path, NULL);
    json_t *tags = json_object_get(instance, "MainDicomTags");
    text_format(&wanted, "%s/%s.dcm", reference, json_string_value(json_object_get(tags, "SOPInstanceUID")));
    json_decref(instance);
    (void)snprintf(path, sizeof path, "/instances/%s/file", id);
    ck_assert_int_eq(http_client_request(orthanc->http_port, "GET", path, NULL, NULL, 0, &file), 200);
    const char *got = sandbox_path(sandbox, "got-%u.dcm", number);
    file_write(got, file.body.bytes, file.body.length);
    ck_assert_msg(file_exists(text_string(&wanted)), "%s was never sent", text_string(&wanted));
    ck_assert_msg(files_same_data_set(got, text_string(&wanted)), "%s is not as it was sent",
                  text_string(&wanted));
}

START_TEST(orthanc_has_what_was_sent)
{
    struct dicom_spec base;
    char study[DICOM_UID_SIZE], path[256];
    const char *folder = sandbox_make_folder(sandbox, "study"),
               *reference = sandbox_path(sandbox, "reference");
    dicom_spec_init(&base, 1);
    ck_assert_int_eq(dicom_write_study(&base, 1, SERIES, INSTANCES, folder, vary, NULL), 0);
    dicom_uid(study, 1, 0, 0);
    pipeline_reference(sandbox, folder, reference);
    ck_assert_int_eq(pipeline_storescu(pipeline_port(pipeline), "FELUCCA", folder, PATIENCE_MS, NULL), 0);
    (void)snprintf(path, sizeof path, "/dicom-web/studies/%s/instances", study);
    pipeline_check(pipeline, wait_until(lists_all, path, PATIENCE_MS), "Orthanc does not list all instances");
    pipeline_check(pipeline, pipeline_wait_drained(pipeline, PATIENCE_MS), "the spool is not empty");
    check_series(study);
    json_t *ids = http_client_json(orthanc->http_port, "GET", "/instances", NULL), *id;
    size_t i;
    ck_assert_uint_eq(json_array_size(ids), SERIES * INSTANCES);
    json_array_foreach(ids, i, id) compare_with_reference(reference, json_string_value(id), (unsigned)i);
    json_decref(ids);
    pipeline_stop_all(pipeline);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("orthanc");
    tests_timeout(tests, 200);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, orthanc_has_what_was_sent);
    return tests_run(tests);
}
