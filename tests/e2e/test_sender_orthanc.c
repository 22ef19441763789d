/* A real felucca-sender and a real Orthanc: its answers in DICOM JSON and in DICOM XML, good ones and bad
 * ones. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/files.h"
#include "tests/support/orthanc.h"
#include "tests/support/result_words.h"
#include "tests/support/stock.h"
#include "tests/support/suite.h"
#include "tests/support/workplace.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

static struct sandbox *sandbox;
static struct orthanc *orthanc;
static struct workplace *workplace;

static void setup(void)
{
    sandbox = sandbox_create();
    orthanc = orthanc_start(sandbox, "orthanc");
    AUTO(text_release) struct text wrong = TEXT_EMPTY;
    text_format(&wrong, "http://127.0.0.1:%d/nowhere/studies", orthanc->http_port);
    const struct pipeline_destination destinations[] = {
        {.name = "json", .stow_url = orthanc->stow_url, .more = "        kheops: false\n"},
        {.name = "xml",
         .stow_url = orthanc->stow_url,
         .more = "        kheops: false\n        headers: \"Accept: application/dicom+xml\"\n"},
        {.name = "wrong", .stow_url = text_string(&wrong), .more = "        kheops: false\n"}};
    workplace = workplace_create("felucca-sender", NULL, destinations, ROWS(destinations), NULL);
}

static void teardown(void)
{
    workplace_destroy(&workplace);
    orthanc_destroy(&orthanc);
    sandbox_destroy(&sandbox);
}

static const char *described(const struct work_result *result)
{
    static struct text says;
    text_clear(&says);
    result_describe(result, &says);
    return text_string(&says);
}

static size_t instances_there(void)
{
    json_t *list = http_client_json(orthanc->http_port, "GET", "/instances", NULL);
    size_t count = json_array_size(list);
    json_decref(list);
    return count;
}

static const char *const forms[] = {"json", "xml"};

START_TEST(what_orthanc_lists_is_done)
{
    struct work *work = stock_work(workplace->spool, forms[_i], 1, 6, 2, 20000);
    AUTO(work_result_destroy) struct work_result *result = workplace_do(workplace, &work);
    ck_assert_msg(strcmp(described(result), "done done done done done done") == 0, "%s: %s",
                  described(result), result->answers[0].reason);
    ck_assert_ptr_null(result->answers[0].reason); /* listed, not just taken for stored */
    ck_assert_uint_eq(instances_there(), 6);
}
END_TEST

/* One data set is garbage: the others are stored, and it is named or alone not listed, whatever Orthanc
 * prefers. */
START_TEST(what_orthanc_cannot_read_is_not_done)
{
    struct work *work = stock_work(workplace->spool, forms[_i], 1, 3, 1, 20000);
    AUTO(memory_free) char *path = stock_path(workplace->spool, &work->items[1]);
    AUTO(fd_close) int fd = open(path, O_WRONLY | O_CLOEXEC);
    AUTO(memory_free) char *garbage = memory_new(10000, 1);
    memset(garbage, 0xA5, 10000);
    ck_assert_int_eq(pwrite(fd, garbage, 10000, file_data_set_offset(path)), 10000);
    AUTO(work_result_destroy) struct work_result *result = workplace_do(workplace, &work);
    ck_assert_int_ne(result->answers[1].outcome, WORK_DONE_OUTCOME);
    ck_assert_int_ne(result->answers[1].outcome, WORK_DUPLICATE_OUTCOME);
    size_t done = 0;
    for (size_t i = 0; i < result->answer_count; i++)
        done += result->answers[i].outcome == WORK_DONE_OUTCOME;
    ck_assert_msg(done <= instances_there(), "%zu done, %zu there", done, instances_there());
    ck_assert_msg(done == 2 || result->answers[1].blame == BLAME_GROUP, "%s: %s", described(result),
                  result->answers[1].reason);
}
END_TEST

START_TEST(a_wrong_address_is_blocked)
{
    struct work *work = stock_work(workplace->spool, "wrong", 1, 2, 1, 20000);
    AUTO(work_result_destroy) struct work_result *result = workplace_do(workplace, &work);
    ck_assert_msg(strcmp(described(result), "blocked/front blocked/front") == 0, "%s: %s", described(result),
                  result->answers[0].reason);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("sender_orthanc");
    tests_abreast(tests, 3);
    tests_timeout(tests, 90);
    tests_fixture(tests, setup, teardown);
    tests_rows(tests, what_orthanc_lists_is_done, ROWS(forms));
    tests_rows(tests, what_orthanc_cannot_read_is_not_done, ROWS(forms));
    tests_add(tests, a_wrong_address_is_blocked);
    return tests_run(tests);
}
