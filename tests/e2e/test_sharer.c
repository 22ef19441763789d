/* A real felucca-sharer: what it puts where, and what it says came of it. The router is a fake, KHEOPS
 * simulated. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/result_words.h"
#include "tests/support/stock.h"
#include "tests/support/suite.h"
#include "tests/support/workplace.h"

#include <signal.h>
#include <string.h>

enum { LIMIT_MS = 30000 };

static const char *const simulator_options[] = {
    "--token", "main:write:MAINWRITE",         "--token", "main:read,send:MAINSEND",
    "--token", "research:write:RESEARCHWRITE", "--token", "teaching:write:TEACHINGWRITE",
    NULL};

static const struct pipeline_album albums[] = {
    {.name = "research", .destination_token = "RESEARCHWRITE", .source_token = "MAINSEND"},
    {.name = "teaching", .destination_token = "TEACHINGWRITE", .source_token = "MAINSEND"},
};

static const struct pipeline_destination destinations[] = {
    {.name = "main", .token = "MAINWRITE", .albums = albums, .album_count = ROWS(albums)}};

static struct workplace *workplace;
static struct dicom_spec spec; /* its series is at KHEOPS, in the main album */

static void store_instance(void)
{
    struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    const char *path = sandbox_path(workplace->sandbox, "one.dcm");
    dicom_spec_init(&spec, 1);
    ck_assert_int_eq(dicom_write(&spec, path), 0);
    ck_assert_int_eq(simulator_stow(workplace->simulator, "MAINWRITE", "", &path, 1, &answer), 200);
    http_client_answer_release(&answer);
}

static void setup(void)
{
    workplace = workplace_create("felucca-sharer", simulator_options, destinations, ROWS(destinations), NULL);
    store_instance();
    for (size_t i = 0; i < ROWS(albums); i++) { /* what is asked at start must not be counted in the tests */
        for (int kind = WORK_TOKEN_DESTINATION; kind <= WORK_TOKEN_SOURCE; kind++) {
            AUTO(work_token_destroy)
            struct work_token *token = fake_router_wait_token(workplace->router, albums[i].name,
                                                              (enum work_token_kind)kind, LIMIT_MS);
            ck_assert_ptr_nonnull(token);
            ck_assert_int_eq(token->state, WORK_TOKEN_ACTIVE);
            ck_assert_str_ne(token->album_id, "");
            ck_assert_str_eq(token->scope, kind == WORK_TOKEN_SOURCE ? "read send" : "write");
        }
    }
}

static void teardown(void)
{
    workplace_destroy(&workplace);
}

static struct work *new_work(const char *album, const char *study, const char *series)
{
    struct work *work = memory_new(1, sizeof *work);
    work->stage = WORK_SHARE;
    work->destination = memory_string("main");
    work->album = memory_string(album);
    work->study = memory_string(study);
    work->series = memory_string(series);
    work->items = memory_new(1, sizeof *work->items);
    work->items[0].id = 1;
    work->item_count = 1;
    return work;
}

static const char *described(const struct work_result *result)
{
    static struct text says;
    text_clear(&says);
    result_describe(result, &says);
    return text_string(&says);
}

static int64_t counted(const char *path)
{
    return simulator_count(workplace->simulator, path);
}

static void share(const char *album, const char *outcome)
{
    struct work *work = new_work(album, spec.study_uid, spec.series_uid);
    AUTO(work_result_destroy) struct work_result *result = workplace_do(workplace, &work);
    ck_assert_msg(strcmp(described(result), outcome) == 0, "%s: %s", described(result),
                  result->answers[0].reason);
}

/* ---- good work ---- */

START_TEST(a_series_is_shared_by_one_request)
{
    int64_t before = counted("requests.introspect");
    share("research", "done");
    ck_assert(simulator_wait_shared(workplace->simulator, "research", 1, LIMIT_MS));
    share("research", "done"); /* again: the same answer */
    share("teaching", "done");
    ck_assert_int_eq(counted("answers.share.201"), 3);
    ck_assert_int_eq(counted("requests.introspect"), before);
    ck_assert_int_eq(counted("token_in_url"), 0);
}
END_TEST

START_TEST(many_shares_go_out_side_by_side)
{
    enum { COUNT = 200 };
    /* So that none of them makes a row of KHEOPS: two that make the same one collide there. */
    share("research", "done");
    share("teaching", "done");
    int64_t requests = counted("requests.share"), before = counted("requests.introspect");
    for (int i = 0; i < COUNT; i++) {
        struct work *work = new_work(i % 2 ? "research" : "teaching", spec.study_uid, spec.series_uid);
        fake_router_give(workplace->router, work);
        work_destroy(&work);
    }
    for (int i = 0; i < COUNT; i++) {
        AUTO(work_result_destroy)
        struct work_result *result = fake_router_wait_result(workplace->router, LIMIT_MS);
        ck_assert_ptr_nonnull(result);
        ck_assert_str_eq(described(result), "done");
    }
    ck_assert_int_eq(counted("requests.share"), requests + COUNT);
    ck_assert_int_eq(counted("requests.introspect"), before);
}
END_TEST

/* ---- trouble, row by row ---- */

#define FAULT(rest)       "/sim/faults", "{\"kind\":\"share\"," rest "}"
#define RECORDED(name)    FAULT("\"action\":\"recorded\",\"answer\":\"" name "\"")
#define TOKEN(name, rest) "/sim/tokens/" name, "{" rest "}"

static const struct trouble_row {
    const char *label;
    const char *path, *order; /* trouble on order */
    const char *path2, *order2;
    const char *album, *study, *series; /* NULL: the one that is there */
    const char *outcome, *says;
    int64_t requests, introspections; /* -1: any, since a dead connection is tried again at once */
    const char *mend_path, *mend;     /* makes it good again */
} trouble_rows[] = {
    {"busy", FAULT("\"action\":\"status\",\"status\":503,\"retry_after\":\"2\""), NULL, NULL, "research",
     NULL, NULL, "retry/destination", "503", 1, 0, NULL, NULL},
    {"proxy without KHEOPS", FAULT("\"action\":\"status\",\"status\":502"), NULL, NULL, "research", NULL,
     NULL, "retry/destination", "502", 1, 0, NULL, NULL},
    {"a collision inside", FAULT("\"action\":\"status\",\"status\":500"), NULL, NULL, "research", NULL, NULL,
     "retry/crash", "500", 1, 2, NULL, NULL},
    {"no answer", FAULT("\"action\":\"drop\""), NULL, NULL, "research", NULL, NULL, "retry/destination",
     "connection", -1, 0, NULL, NULL},
    {"somebody's web page", FAULT("\"action\":\"empty\""), NULL, NULL, "research", NULL, NULL,
     "blocked/front", "api_url", 1, 0, NULL, NULL},
    {"moved", FAULT("\"action\":\"status\",\"status\":308,\"location\":\"http://127.0.0.1/x\""), NULL, NULL,
     "research", NULL, NULL, "blocked/front", "redirects", 1, 0, NULL, NULL},
    {"not there yet", NULL, NULL, NULL, NULL, "research", NULL, "1.2.840.77", "retry/gone", "not there yet",
     1, 2, NULL, NULL},
    {"a UID that is no OID", NULL, NULL, NULL, NULL, "research", NULL, "1.999.1", "reject/instance",
     "object identifier", 1, 0, NULL, NULL},
    {"a UID that is no UID", NULL, NULL, NULL, NULL, "research", NULL, "../../token", "reject/instance",
     "digits and dots", 0, 0, NULL, NULL},
    {"source without send", TOKEN("MAINSEND", "\"scope\":\"read\""), NULL, NULL, "research", NULL, NULL,
     "blocked/token", "Add to Album / Inbox", 1, 2, TOKEN("MAINSEND", "\"scope\":\"read send\"")},
    {"destination without write", TOKEN("RESEARCHWRITE", "\"scope\":\"read\""), NULL, NULL, "research", NULL,
     NULL, "blocked/token", "the destination token lacks", 1, 2,
     TOKEN("RESEARCHWRITE", "\"scope\":\"write\"")},
    {"source inactive", TOKEN("MAINSEND", "\"revoked\":true"), NULL, NULL, "teaching", NULL, NULL,
     "blocked/token", "the source token is not active", 1, 2, TOKEN("MAINSEND", "\"revoked\":false")},
    {"destination inactive", TOKEN("TEACHINGWRITE", "\"revoked\":true"), NULL, NULL, "teaching", NULL, NULL,
     "blocked/token", "the destination token is not active", 1, 2,
     TOKEN("TEACHINGWRITE", "\"revoked\":false")},
    {"inactive, and nobody tells", TOKEN("TEACHINGWRITE", "\"revoked\":true"), "/sim/faults",
     "{\"kind\":\"introspect\",\"action\":\"status\",\"status\":500}", "teaching", NULL, NULL,
     "retry/destination", "500", 1, 2, TOKEN("TEACHINGWRITE", "\"revoked\":false")},
    {"the source token's maker left", TOKEN("MAINSEND", "\"author_admin\":false"), NULL, NULL, "research",
     NULL, NULL, "blocked/token", "the source token is not active", 1, 2,
     TOKEN("MAINSEND", "\"author_admin\":true")},
    {"the destination token's maker left", TOKEN("RESEARCHWRITE", "\"author_member\":false"), NULL, NULL,
     "research", NULL, NULL, "blocked/token", "the destination token is not active", 1, 2,
     TOKEN("RESEARCHWRITE", "\"author_member\":true")},
    {"the destination token's maker is just leaving", RECORDED("share: album not found"), NULL, NULL,
     "research", NULL, NULL, "blocked/token", "no longer a member", 1, 0, NULL, NULL},
    {"not found with good tokens", RECORDED("share: series not found"), NULL, NULL, "research", NULL, NULL,
     "retry/gone", "no longer an administrator", 1, 2, NULL, NULL},
    {"no such album in the configuration", NULL, NULL, NULL, NULL, "nowhere", NULL, NULL, "blocked/worker",
     "same configuration", 0, 0, NULL, NULL},
};

static void order(const char *path, const char *json)
{
    if (path)
        simulator_order(workplace->simulator, path, json);
}

static void run_row(const struct trouble_row *row, struct text *wrong)
{
    const int64_t requests = counted("requests.share"), introspections = counted("requests.introspect");
    order(row->path, row->order);
    order(row->path2, row->order2);
    struct work *work = new_work(row->album, row->study ? row->study : spec.study_uid,
                                 row->series ? row->series : spec.series_uid);
    AUTO(work_result_destroy) struct work_result *result = workplace_do(workplace, &work);
    const char *reason = result->answers[0].reason ? result->answers[0].reason : "";
    if (strcmp(described(result), row->outcome) != 0 || !strstr(reason, row->says))
        text_format(wrong, "\n%s: %s, %s", row->label, described(result), reason);
    if ((row->requests >= 0 && counted("requests.share") - requests != row->requests) ||
        counted("requests.introspect") - introspections != row->introspections)
        text_format(wrong, "\n%s: %lld requests, %lld introspections", row->label,
                    (long long)(counted("requests.share") - requests),
                    (long long)(counted("requests.introspect") - introspections));
    order(row->mend_path, row->mend);
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    ck_assert_int_eq(http_client_request(workplace->simulator->admin_port, "DELETE", "/sim/faults", NULL,
                                         NULL, 0, &answer) /
                         100,
                     2);
}

START_TEST(trouble_has_its_outcome)
{
    AUTO(text_release) struct text wrong = TEXT_EMPTY;
    AUTO(text_release) struct text log = TEXT_EMPTY;
    for (size_t i = 0; i < ROWS(trouble_rows); i++)
        run_row(&trouble_rows[i], &wrong);
    ck_assert_msg(wrong.length == 0, "%s", text_string(&wrong));
    share("research", "done");
    file_read(workplace->log, &log);
    ck_assert_msg(!strstr(text_string(&log), "RESEARCHWRITE") && !strstr(text_string(&log), "MAINSEND"),
                  "a token in the log");
}
END_TEST

START_TEST(renewed_tokens_need_no_restart)
{
    simulator_order(workplace->simulator, "/sim/tokens/MAINSEND", "{\"revoked\":true}");
    share("research", "blocked/token");
    simulator_order(workplace->simulator, "/sim/tokens",
                    "{\"album\":\"main\",\"scope\":\"read send\",\"token\":\"MAINSENDNEXT\"}");
    workplace_replace_token(workplace, "MAINSEND", "MAINSENDNEXT\n");
    share("research", "done");
    ck_assert_int_eq(unlink(sandbox_path(workplace->sandbox, "token-RESEARCHWRITE")), 0);
    share("research", "blocked/worker");
}
END_TEST

START_TEST(a_token_that_is_no_good_is_reported_on_reload)
{
    simulator_order(workplace->simulator, "/sim/tokens/RESEARCHWRITE", "{\"revoked\":true}");
    process_signal(workplace->process, SIGHUP);
    AUTO(work_token_destroy)
    struct work_token *token =
        fake_router_wait_token(workplace->router, "research", WORK_TOKEN_DESTINATION, LIMIT_MS);
    ck_assert_ptr_nonnull(token);
    ck_assert_int_eq(token->state, WORK_TOKEN_INACTIVE);
    ck_assert_str_eq(token->destination, "main");
    ck_assert(workplace_wait_log(workplace, "token is no good", LIMIT_MS));
}
END_TEST

START_TEST(sigterm_finishes_what_is_in_flight)
{
    simulator_order(workplace->simulator, FAULT("\"action\":\"none\",\"delay_ms\":1000"));
    struct work *work = new_work("research", spec.study_uid, spec.series_uid);
    fake_router_give(workplace->router, work);
    while (counted("requests.share") == 0)
        ck_assert_ptr_null(fake_router_wait_result(workplace->router, 20));
    process_signal(workplace->process, SIGTERM);
    ck_assert(fake_router_wait_bye(workplace->router, LIMIT_MS));
    AUTO(work_result_destroy)
    struct work_result *result = fake_router_wait_result(workplace->router, LIMIT_MS);
    ck_assert_ptr_nonnull(result);
    ck_assert_str_eq(described(result), "done");
    ck_assert_int_eq(process_wait(workplace->process, LIMIT_MS), 0);
    work_destroy(&work);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("sharer");
    tests_abreast(tests, 4);
    tests_timeout(tests, 120);
    tests_fixture(tests, setup, teardown);
    tests_add(tests, a_series_is_shared_by_one_request);
    tests_add(tests, many_shares_go_out_side_by_side);
    tests_add(tests, trouble_has_its_outcome);
    tests_add(tests, renewed_tokens_need_no_restart);
    tests_add(tests, a_token_that_is_no_good_is_reported_on_reload);
    tests_add(tests, sigterm_finishes_what_is_in_flight);
    return tests_run(tests);
}
