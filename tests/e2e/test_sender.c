/* A real felucca-sender: what it sends, and what it says came of it. The router is a
 * fake, KHEOPS simulated. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/config/address.h"
#include "tests/support/deadline.h"
#include "tests/support/digest.h"
#include "tests/support/files.h"
#include "tests/support/result_words.h"
#include "tests/support/stock.h"
#include "tests/support/suite.h"
#include "tests/support/workplace.h"

#include <jansson.h>
#include <signal.h>
#include <string.h>

enum { LIMIT_MS = 30000, SMALL = 5000 };

static const char *const simulator_options[] = {
    "--token", "main:write:MAINWRITE", "--token", "main:read,write:MAINBOTH",
    "--token", "main:read:MAINREAD",   NULL};

static const struct pipeline_destination destinations[] = {
    {.name = "main", .token = "MAINWRITE"},
    {.name = "readable", .token = "MAINBOTH", .more = "        skip_verify: true\n"},
    {.name = "plain", .token = "MAINREAD", .more = "        kheops: false\n        conflict_means: stored\n"},
};

static struct workplace *workplace;

static void setup(void)
{
    workplace = workplace_create("felucca-sender", simulator_options, destinations, ROWS(destinations), NULL);
}

static void teardown(void)
{
    workplace_destroy(&workplace);
}

static struct work *new_work(const char *destination, uint64_t seed, size_t count)
{
    return stock_work(workplace->spool, destination, seed, count, 2, SMALL);
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

/* ---- good work ---- */

static size_t compare_stored(const json_t *state, struct spool *spool, const struct work *work)
{
    size_t same = 0, i, j, k;
    json_t *study, *series, *instance;
    json_array_foreach(json_object_get(state, "studies_list"), i, study)
        json_array_foreach(json_object_get(study, "series"), j, series)
            json_array_foreach(json_object_get(series, "instances"), k, instance)
    {
        const char *digest = json_string_value(json_object_get(instance, "digest"));
        for (size_t n = 0; n < work->item_count; n++) {
            char expected[32];
            AUTO(memory_free) char *path = stock_path(spool, &work->items[n]);
            (void)snprintf(expected, sizeof expected, "%016llx",
                           (unsigned long long)digest_file(path, file_data_set_offset(path)));
            same += digest && strcmp(digest, expected) == 0;
        }
    }
    return same;
}

START_TEST(a_batch_arrives_byte_by_byte)
{
    struct work *work = stock_work(workplace->spool, "main", 1, 10, 3, 50000);
    fake_router_give(workplace->router, work);
    AUTO(work_result_destroy)
    struct work_result *result = fake_router_wait_result(workplace->router, LIMIT_MS);
    ck_assert_ptr_nonnull(result);
    ck_assert_str_eq(described(result), "done done done done done done done done done done");
    ck_assert_int_eq(result->answers[0].http_status, 200);
    ck_assert_int_gt(result->bytes, 10 * 40000);
    ck_assert_int_eq(counted("requests.stow"), 1);
    ck_assert_int_eq(counted("instances"), 10);
    ck_assert_int_eq(counted("expect_continue"), 0);
    json_t *state = simulator_state(workplace->simulator);
    ck_assert_uint_eq(compare_stored(state, workplace->spool, work), 10);
    json_decref(state);
    work_destroy(&work);
}
END_TEST

START_TEST(requests_go_out_side_by_side)
{
    struct work *works[8];
    simulator_order(workplace->simulator, "/sim/faults",
                    "{\"kind\":\"stow\",\"action\":\"none\",\"delay_ms\":300}");
    for (size_t i = 0; i < ROWS(works); i++) {
        works[i] = new_work("main", 100 + i, 5);
        fake_router_give(workplace->router, works[i]);
    }
    for (size_t i = 0; i < ROWS(works); i++) {
        AUTO(work_result_destroy)
        struct work_result *result = fake_router_wait_result(workplace->router, LIMIT_MS);
        ck_assert_ptr_nonnull(result);
        ck_assert_str_eq(described(result), "done done done done done");
        work_destroy(&works[i]);
    }
    ck_assert_int_ge(counted("in_flight_max"), 4);
}
END_TEST

/* ---- trouble, row by row ---- */

#define STOW_FAULT(rest) "{\"kind\":\"stow\"," rest "}"
#define SOP_FAULT(rest)  "{\"kind\":\"stow\",\"stage\":\"instance\",\"first\":1," rest "}"

/* Three instances; the second order, if any, meets the question that follows. */
static const struct trouble_row {
    const char *label, *destination, *fault, *second;
    const char *outcome;
    const char *says; /* in the first reason */
    int64_t stored;   /* instances afterwards */
    int64_t introspections, questions;
    bool first; /* nothing of the study went there before, from here */
} trouble_rows[] = {
    {"busy", "main", STOW_FAULT("\"action\":\"status\",\"status\":503,\"retry_after\":\"2\""), NULL,
     "retry/slow retry/slow retry/slow", "503", 0, 0, 0, false},
    {"too many", "main", STOW_FAULT("\"action\":\"status\",\"status\":429"), NULL,
     "retry/destination retry/destination retry/destination", "429", 0, 0, 0, false},
    {"PACS away", "main", STOW_FAULT("\"action\":\"status\",\"status\":502"), NULL,
     "retry/crash retry/crash retry/crash", "502", 0, 0, 0, false},
    {"too large", "main", STOW_FAULT("\"stage\":\"before\",\"action\":\"status\",\"status\":413"), NULL,
     "retry/size retry/size retry/size", "too large", 0, 0, 0, false},
    {"moved", "main",
     STOW_FAULT("\"action\":\"status\",\"status\":301,\"location\":\"http://127.0.0.1/new?x=1\""), NULL,
     "blocked/front blocked/front blocked/front", "(http://127.0.0.1/...)", 0, 0, 0, false},
    {"no such address", "main", STOW_FAULT("\"action\":\"status\",\"status\":404"), NULL,
     "blocked/front blocked/front blocked/front", "check stow_url", 0, 0, 0, false},
    {"dropped before", "main", STOW_FAULT("\"stage\":\"before\",\"action\":\"drop\""), NULL,
     "retry/slow retry/slow retry/slow", "connection", 0, 0, 0, false},
    {"empty, may not read", "main", STOW_FAULT("\"stage\":\"stored\",\"action\":\"empty\""), NULL,
     "retry/crash retry/crash retry/crash", "KHEOPS never does", 3, 0, 0, false},
    {"empty, may read", "readable", STOW_FAULT("\"stage\":\"stored\",\"action\":\"empty\""), NULL,
     "done done done", "QIDO-RS lists it", 3, 0, 3, true},
    {"empty, may read, not the study's first request", "readable",
     STOW_FAULT("\"stage\":\"stored\",\"action\":\"empty\""), NULL, "retry/crash retry/crash retry/crash",
     "not known that it was not there before", 3, 0, 2, false},
    {"empty, and nothing stored", "readable", STOW_FAULT("\"action\":\"empty\""), NULL,
     "retry/crash retry/crash retry/crash", "KHEOPS never does", 0, 0, 1, false},
    {"empty, not KHEOPS", "plain", STOW_FAULT("\"stage\":\"body\",\"action\":\"empty\""), NULL,
     "done done done", "200 without a list", 0, 0, 0, false},
    {"garbage, may not read", "main", STOW_FAULT("\"stage\":\"stored\",\"action\":\"garbage\""), NULL,
     "retry/slow retry/slow retry/slow", "cannot be read", 3, 0, 0, false},
    {"garbage, may read", "readable", STOW_FAULT("\"stage\":\"stored\",\"action\":\"garbage\""), NULL,
     "done done done", "QIDO-RS lists it", 3, 0, 3, true},
    {"504 after storing, may read", "readable",
     STOW_FAULT("\"stage\":\"stored\",\"action\":\"status\",\"status\":504"), NULL, "done done done",
     "QIDO-RS lists it", 3, 0, 3, true},
    {"504 before storing, may read", "readable", STOW_FAULT("\"action\":\"status\",\"status\":504"), NULL,
     "retry/slow retry/slow retry/slow", "504", 0, 0, 1, false},
    {"dropped after storing, may read", "readable", STOW_FAULT("\"stage\":\"stored\",\"action\":\"drop\""),
     NULL, "done done done", "QIDO-RS lists it", 3, 0, 3, true},
    {"... and QIDO-RS is away", "readable", STOW_FAULT("\"stage\":\"stored\",\"action\":\"drop\""),
     "{\"kind\":\"qido\",\"action\":\"status\",\"status\":503}", "retry/slow retry/slow retry/slow",
     "connection", 3, 0, 1, false},
    {"one differs", "main", SOP_FAULT("\"action\":\"refuse\",\"reason\":262"), NULL,
     "reject/instance done done", "0x0106", 2, 0, 0, false},
    {"all differ", "main", STOW_FAULT("\"stage\":\"instance\",\"action\":\"refuse\",\"reason\":262"), NULL,
     "reject/instance reject/instance reject/instance", "0x0106", 0, 0, 0, false},
    {"one is there", "main", SOP_FAULT("\"action\":\"refuse\",\"reason\":273"), NULL, "duplicate done done",
     "there already", 2, 0, 0, false},
    {"one cannot be processed", "main", SOP_FAULT("\"action\":\"refuse\",\"reason\":272"), NULL,
     "retry/suspect done done", "0x0110", 2, 0, 0, false},
    {"one without a name", "main", SOP_FAULT("\"action\":\"unnamed\""), NULL, "retry/group done done",
     "without a name", 2, 0, 0, false},
    {"one is not listed", "main", SOP_FAULT("\"action\":\"unlisted\""), NULL, "retry/group done done",
     "does not list", 2, 0, 0, false},
    {"one is stored and not listed", "main", SOP_FAULT("\"action\":\"forgotten\""), NULL,
     "retry/group done done", "does not list", 3, 0, 0, false},
    {"a warning", "main", SOP_FAULT("\"action\":\"warn\",\"reason\":45056"), NULL, "done done done", "0xB000",
     3, 0, 0, false},
    {"one is not authorised", "main", SOP_FAULT("\"action\":\"refuse\",\"reason\":292"), NULL,
     "retry/collision done done", "another album", 2, 1, 0, false},
    {"not authorised, KHEOPS in trouble", "main", SOP_FAULT("\"action\":\"refuse\",\"reason\":292"),
     "{\"kind\":\"introspect\",\"action\":\"status\",\"status\":500}", "retry/destination done done", "500",
     2, 1, 0, false},
    {"refused though all is fine", "main", STOW_FAULT("\"action\":\"status\",\"status\":403"), NULL,
     "blocked/front blocked/front blocked/front", "active and allowed", 0, 1, 0, false},
    {"may not write", "plain", STOW_FAULT("\"action\":\"none\",\"first\":0"), NULL,
     "blocked/front blocked/front blocked/front", "credentials", 0, 0, 0, false},
    {"conflict of what?", "plain", STOW_FAULT("\"stage\":\"before\",\"action\":\"status\",\"status\":409"),
     NULL, "retry/group retry/group retry/group", "409", 0, 0, 0, false},
};

/* What a row leads to, and what is wrong with it; nothing when all is as it should be. */
static void run_row(const struct trouble_row *row, uint64_t seed, struct text *wrong)
{
    const int64_t stored = counted("instances"), questions = counted("requests.qido");
    const int64_t introspections = counted("requests.introspect");
    simulator_order(workplace->simulator, "/sim/faults", row->fault);
    if (row->second)
        simulator_order(workplace->simulator, "/sim/faults", row->second);
    struct work *work = new_work(row->destination, seed, 3);
    work->unasked = row->first;
    AUTO(work_result_destroy) struct work_result *result = workplace_do(workplace, &work);
    const char *reason = result->answers[0].reason ? result->answers[0].reason : "";
    const struct {
        const char *what;
        int64_t is, should_be;
    } counts[] = {{"instances stored", counted("instances") - stored, row->stored},
                  {"QIDO-RS questions", counted("requests.qido") - questions, row->questions},
                  {"introspections", counted("requests.introspect") - introspections, row->introspections},
                  {"not_before_ms", result->not_before_ms, strstr(row->fault, "retry_after") ? 2000 : 0}};
    if (strcmp(described(result), row->outcome) != 0 || !strstr(reason, row->says))
        text_format(wrong, "\n%s: %s, %s", row->label, described(result), reason);
    for (size_t i = 0; i < ROWS(counts); i++) {
        if (counts[i].is != counts[i].should_be)
            text_format(wrong, "\n%s: %lld %s", row->label, (long long)counts[i].is, counts[i].what);
    }
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    ck_assert_int_eq(http_client_request(workplace->simulator->admin_port, "DELETE", "/sim/faults", NULL,
                                         NULL, 0, &answer) /
                         100,
                     2);
}

/* One process for all rows: starting one for each would cost minutes. */
START_TEST(trouble_has_its_outcome)
{
    AUTO(text_release) struct text wrong = TEXT_EMPTY;
    AUTO(text_release) struct text log = TEXT_EMPTY;
    for (int i = 0; i < 2; i++) { /* what is asked at start must not be counted below */
        AUTO(work_token_destroy)
        struct work_token *token = fake_router_wait_token(workplace->router, NULL, WORK_TOKEN_STOW, LIMIT_MS);
        ck_assert_ptr_nonnull(token);
    }
    for (size_t i = 0; i < ROWS(trouble_rows); i++)
        run_row(&trouble_rows[i], 1000 * (i + 1), &wrong);
    ck_assert_msg(wrong.length == 0, "%s", text_string(&wrong));
    file_read(workplace->log, &log);
    ck_assert_msg(!strstr(text_string(&log), "MAINWRITE") && !strstr(text_string(&log), "MAINBOTH"),
                  "a token in the log");
}
END_TEST

/* ---- what was there before ---- */

static const char *const lost_after_storing =
    STOW_FAULT("\"stage\":\"stored\",\"action\":\"status\",\"status\":504");

/* Sends the work, whose first request it is, while answers get lost. What is told of what was there before. */
static struct work_result *send_first(struct work *work)
{
    simulator_order(workplace->simulator, "/sim/faults", lost_after_storing);
    work->unasked = true;
    for (size_t i = 0; i < work->item_count; i++)
        work->items[i].fresh = true;
    fake_router_give(workplace->router, work);
    struct work_result *result = fake_router_wait_result(workplace->router, LIMIT_MS);
    ck_assert_ptr_nonnull(result);
    return result;
}

/* Somebody else sent a version of each instance before: the UIDs that are listed are those. */
START_TEST(what_was_there_before_is_no_proof)
{
    struct work *others = new_work("readable", 5, 3), *ours = new_work("readable", 5, 3);
    AUTO(work_result_destroy) struct work_result *stored = workplace_do(workplace, &others);
    ck_assert_str_eq(described(stored), "done done done");
    AUTO(work_result_destroy) struct work_result *result = send_first(ours);
    ck_assert_str_eq(described(result), "retry/slow retry/slow retry/slow");
    ck_assert_ptr_nonnull(strstr(result->answers[0].reason, "not known that it was not there before"));
    ck_assert(!result->vacant);
    work_destroy(&ours);
}
END_TEST

START_TEST(a_study_that_was_not_there_is_told_of)
{
    struct work *work = new_work("readable", 6, 3);
    AUTO(work_result_destroy) struct work_result *result = send_first(work);
    ck_assert_str_eq(described(result), "done done done");
    ck_assert(result->vacant && result->answers[0].absent);
    work_destroy(&work);
}
END_TEST

/* The study is there. What is large is asked about by its series: its second one is not there. */
START_TEST(of_a_study_that_is_there_large_instances_of_a_new_series_are_asked_about)
{
    struct work *small = new_work("readable", 7, 1);
    struct work *large = stock_work(workplace->spool, "readable", 7, 2, 2, 17 << 20);
    AUTO(work_result_destroy) struct work_result *stored = workplace_do(workplace, &small);
    ck_assert_str_eq(described(stored), "done");
    AUTO(work_result_destroy) struct work_result *result = send_first(large);
    ck_assert_str_eq(described(result), "retry/slow done");
    ck_assert(!result->vacant && !result->answers[0].absent && result->answers[1].absent);
    work_destroy(&large);
}
END_TEST

/* The upload does not wait for it a second time. */
START_TEST(a_server_that_does_not_say_what_is_there_is_asked_once_in_a_while)
{
    simulator_order(workplace->simulator, "/sim/faults",
                    "{\"kind\":\"qido\",\"action\":\"status\",\"status\":501,\"first\":0}");
    for (uint64_t study = 8; study < 11; study++) {
        struct work *work = new_work("readable", study, 1);
        work->unasked = true;
        AUTO(work_result_destroy) struct work_result *result = workplace_do(workplace, &work);
        ck_assert_str_eq(described(result), "done");
        ck_assert(!result->vacant);
    }
    ck_assert_int_eq(counted("requests.qido"), 1);
}
END_TEST

/* ---- tokens ---- */

START_TEST(a_revoked_token_blocks_and_a_new_one_helps)
{
    simulator_order_token(workplace->simulator, "MAINWRITE", "{\"revoked\":true}");
    simulator_order(workplace->simulator, "/sim/tokens",
                    "{\"album\":\"main\",\"scope\":\"write\",\"token\":\"MAINNEXT\"}");
    struct work *work = new_work("main", 1, 3);
    AUTO(work_result_destroy) struct work_result *blocked = workplace_do(workplace, &work);
    ck_assert_str_eq(described(blocked), "blocked/token blocked/token blocked/token");
    ck_assert_ptr_nonnull(strstr(blocked->answers[0].reason, "the STOW token is not active"));
    ck_assert_ptr_null(strstr(blocked->answers[0].reason, "MAINWRITE"));
    workplace_replace_token(workplace, "MAINWRITE", "MAINNEXT\n");
    work = new_work("main", 1, 3);
    AUTO(work_result_destroy) struct work_result *done = workplace_do(workplace, &work);
    ck_assert_str_eq(described(done), "done done done");
}
END_TEST

/* KHEOPS answers 401 and closes while the body still flows: what comes first to the sender, the answer or the
 * broken connection, is chance. */
START_TEST(a_refusal_while_the_body_flows_blocks)
{
    enum { INSTANCES = 4, BYTES = 20 << 20 };
    simulator_order_token(workplace->simulator, "MAINWRITE", "{\"revoked\":true}");
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct work *work = stock_work(workplace->spool, "main", seed, INSTANCES, 1, BYTES);
        AUTO(work_result_destroy) struct work_result *result = workplace_do(workplace, &work);
        ck_assert_msg(strcmp(described(result), "blocked/token blocked/token blocked/token blocked/token") ==
                          0,
                      "%s: %s", described(result), result->answers[0].reason);
        ck_assert_ptr_nonnull(strstr(result->answers[0].reason, "the STOW token is not active"));
        ck_assert_int_lt(result->bytes, (int64_t)INSTANCES * BYTES);
    }
    ck_assert_int_eq(counted("instances"), 0);
}
END_TEST

/* The file is replaced while a request with the old token is on its way: nobody has to be blocked. */
START_TEST(a_token_replaced_meanwhile_is_noticed)
{
    simulator_order(workplace->simulator, "/sim/faults",
                    STOW_FAULT("\"first\":1,\"delay_ms\":1000,\"action\":\"status\",\"status\":401"));
    struct work *work = new_work("main", 1, 2);
    fake_router_give(workplace->router, work);
    while (counted("requests.stow") == 0)
        ck_assert_ptr_null(fake_router_wait_result(workplace->router, 20));
    workplace_replace_token(workplace, "MAINWRITE", "MAINBOTH\n");
    AUTO(work_result_destroy)
    struct work_result *result = fake_router_wait_result(workplace->router, LIMIT_MS);
    ck_assert_ptr_nonnull(result);
    ck_assert_str_eq(described(result), "retry retry");
    ck_assert_ptr_nonnull(strstr(result->answers[0].reason, "replaced"));
    work_destroy(&work);
}
END_TEST

START_TEST(many_refusals_are_one_question)
{
    struct work *works[4];
    simulator_order_token(workplace->simulator, "MAINWRITE", "{\"scope\":\"read\"}");
    simulator_order(workplace->simulator, "/sim/faults",
                    "{\"kind\":\"introspect\",\"action\":\"none\",\"delay_ms\":300}");
    int64_t before = counted("requests.introspect");
    for (size_t i = 0; i < ROWS(works); i++) {
        works[i] = new_work("main", 60 + i, 5);
        fake_router_give(workplace->router, works[i]);
    }
    for (size_t i = 0; i < ROWS(works); i++) {
        AUTO(work_result_destroy)
        struct work_result *result = fake_router_wait_result(workplace->router, LIMIT_MS);
        ck_assert_str_eq(described(result),
                         "blocked/token blocked/token blocked/token blocked/token blocked/token");
        ck_assert_ptr_nonnull(strstr(result->answers[0].reason, "\"Write\""));
        work_destroy(&works[i]);
    }
    ck_assert_int_le(counted("requests.introspect"), before + 1);
}
END_TEST

START_TEST(what_introspection_says_is_reported)
{
    AUTO(work_token_destroy)
    struct work_token *a = fake_router_wait_token(workplace->router, NULL, WORK_TOKEN_STOW, LIMIT_MS);
    AUTO(work_token_destroy)
    struct work_token *b = fake_router_wait_token(workplace->router, NULL, WORK_TOKEN_STOW, LIMIT_MS);
    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_nonnull(b);
    const struct work_token *main_token = strcmp(a->destination, "main") == 0 ? a : b;
    ck_assert_str_eq(main_token->destination, "main");
    ck_assert_int_eq(main_token->state, WORK_TOKEN_ACTIVE);
    ck_assert_str_eq(main_token->scope, "write");
    ck_assert_str_ne(main_token->album_id, "");
    ck_assert_int_eq(counted("requests.introspect"), 2); /* the plain destination has nobody to ask */
}
END_TEST

START_TEST(with_a_token_that_the_router_refuses_nothing_is_sent)
{
    fake_router_refuse_tokens(workplace->router, "the STOW token opens a wrong album");
    workplace_replace_token(workplace, "MAINWRITE", "MAINBOTH\n");
    struct work *work = new_work("main", 1, 3);
    AUTO(work_result_destroy) struct work_result *blocked = workplace_do(workplace, &work);
    ck_assert_str_eq(described(blocked), "blocked/token blocked/token blocked/token");
    ck_assert_str_eq(blocked->answers[0].reason, "the STOW token opens a wrong album");
    ck_assert_int_eq(counted("requests.stow"), 0);
    fake_router_refuse_tokens(workplace->router, NULL);
    work = new_work("main", 2, 3); /* it asks again */
    AUTO(work_result_destroy) struct work_result *done = workplace_do(workplace, &work);
    ck_assert_str_eq(described(done), "done done done");
    work_destroy(&work);
}
END_TEST

START_TEST(a_report_that_got_lost_is_said_again)
{
    fake_router_lose_tokens(workplace->router, 4); /* two of each destination that KHEOPS is asked about */
    struct work *work = new_work("main", 1, 3);
    AUTO(work_result_destroy) struct work_result *done = workplace_do(workplace, &work);
    ck_assert_str_eq(described(done), "done done done");
    ck_assert_int_le(counted("requests.introspect"), 3);
    work_destroy(&work);
}
END_TEST

/* ---- work that cannot be done ---- */

START_TEST(an_unknown_destination_is_blocked)
{
    struct work *work = new_work("elsewhere", 1, 2);
    AUTO(work_result_destroy) struct work_result *result = workplace_do(workplace, &work);
    ck_assert_str_eq(described(result), "blocked/worker blocked/worker");
    ck_assert_ptr_nonnull(strstr(result->answers[0].reason, "same configuration"));
}
END_TEST

START_TEST(a_missing_token_file_is_blocked)
{
    ck_assert_int_eq(unlink(sandbox_path(workplace->sandbox, "token-MAINWRITE")), 0);
    struct work *work = new_work("main", 1, 2);
    AUTO(work_result_destroy) struct work_result *result = workplace_do(workplace, &work);
    ck_assert_str_eq(described(result), "blocked/worker blocked/worker");
    ck_assert_ptr_nonnull(strstr(result->answers[0].reason, "token-MAINWRITE"));
}
END_TEST

START_TEST(missing_files_do_not_stop_the_rest)
{
    struct work *work = new_work("main", 1, 4);
    AUTO(memory_free) char *gone = stock_path(workplace->spool, &work->items[1]);
    ck_assert_int_eq(unlink(gone), 0);
    work->items[2].size += 1;
    AUTO(work_result_destroy) struct work_result *result = workplace_do(workplace, &work);
    ck_assert_str_eq(described(result), "done missing/worker missing/worker done");
    work = new_work("main", 2, 1);
    work->items[0].size += 1;
    AUTO(work_result_destroy) struct work_result *alone = workplace_do(workplace, &work);
    ck_assert_str_eq(described(alone), "missing/worker");
}
END_TEST

/* ---- the process ---- */

START_TEST(a_reload_brings_a_destination)
{
    struct pipeline_destination more[ROWS(destinations) + 1];
    memcpy(more, destinations, sizeof destinations);
    more[ROWS(destinations)] = (struct pipeline_destination){.name = "late", .token = "MAINWRITE"};
    workplace_configure(workplace, more, ROWS(more), NULL);
    process_signal(workplace->process, SIGHUP);
    for (;;) {
        struct work *work = new_work("late", 1, 1);
        AUTO(work_result_destroy) struct work_result *result = workplace_do(workplace, &work);
        if (strcmp(described(result), "done") == 0)
            break;
        ck_assert_str_eq(described(result), "blocked/worker");
    }
}
END_TEST

/* The address of a destination changes after its work was given, while a question delays the next request. */
static const struct moved_row {
    const char *label, *destination;
    const char *fault, *waits_for; /* the question that is delayed, and how often it was asked by then */
    const char *outcome;
    int64_t requests; /* STOW, all to the address of before */
    bool replaces;    /* the token, so that it is asked about first */
} moved_rows[] = {
    {"before the request", "main", "{\"kind\":\"introspect\",\"action\":\"none\",\"delay_ms\":1500}",
     "requests.introspect", "blocked/worker blocked/worker", 0, true},
    {"before it asks what is there", "readable",
     STOW_FAULT("\"action\":\"status\",\"status\":500,\"delay_ms\":1500"), "requests.stow",
     "retry/crash retry/crash", 1, false},
};

static struct work *work_of_address(const char *destination)
{
    struct work *work = new_work(destination, 1, 2);
    address_of_destination(config_find_destination(workplace->config, destination), work->address);
    return work;
}

static void move_all(void)
{
    struct pipeline_destination moved[ROWS(destinations)];
    AUTO(text_release) struct text url = TEXT_EMPTY;
    text_format(&url, "http://localhost:%d/api/studies", workplace->simulator->port);
    memcpy(moved, destinations, sizeof destinations);
    for (size_t i = 0; i < ROWS(moved); i++)
        moved[i].stow_url = text_string(&url);
    workplace_configure(workplace, moved, ROWS(moved), NULL);
    process_signal(workplace->process, SIGHUP);
}

START_TEST(a_reload_sends_nothing_to_another_address)
{
    const struct moved_row *row = &moved_rows[_i];
    struct work *work = work_of_address(row->destination);
    simulator_order(workplace->simulator, "/sim/faults", row->fault);
    if (row->replaces)
        workplace_replace_token(workplace, "MAINWRITE", "MAINBOTH\n");
    int64_t before = counted(row->waits_for);
    fake_router_give(workplace->router, work);
    while (counted(row->waits_for) == before)
        ck_assert_ptr_null(fake_router_wait_result(workplace->router, 20));
    move_all();
    AUTO(work_result_destroy)
    struct work_result *result = fake_router_wait_result(workplace->router, LIMIT_MS);
    ck_assert_ptr_nonnull(result);
    ck_assert_msg(workplace_wait_log(workplace, "configuration read again", 0), "%s: it ended before",
                  row->label);
    ck_assert_msg(strcmp(described(result), row->outcome) == 0, "%s: %s", row->label, described(result));
    ck_assert_int_eq(counted("requests.stow"), row->requests);
    ck_assert_int_eq(counted("requests.qido"), 0);
    work_destroy(&work);
}
END_TEST

START_TEST(sigterm_finishes_what_is_in_flight)
{
    simulator_order(workplace->simulator, "/sim/faults", STOW_FAULT("\"action\":\"none\",\"delay_ms\":1000"));
    struct work *work = new_work("main", 1, 3);
    fake_router_give(workplace->router, work);
    while (counted("requests.stow") == 0)
        ck_assert_ptr_null(fake_router_wait_result(workplace->router, 20));
    process_signal(workplace->process, SIGTERM);
    ck_assert(fake_router_wait_bye(workplace->router, LIMIT_MS));
    AUTO(work_result_destroy)
    struct work_result *result = fake_router_wait_result(workplace->router, LIMIT_MS);
    ck_assert_ptr_nonnull(result);
    ck_assert_str_eq(described(result), "done done done");
    ck_assert_int_eq(process_wait(workplace->process, LIMIT_MS), 0);
    work_destroy(&work);
}
END_TEST

START_TEST(a_silent_router_ends_no_transfer_until_others_have_it)
{
    simulator_order(workplace->simulator, "/sim/faults", STOW_FAULT("\"action\":\"hang\""));
    struct work *work = new_work("main", 1, 3);
    fake_router_give(workplace->router, work);
    while (counted("in_flight") == 0)
        ck_assert_ptr_null(fake_router_wait_result(workplace->router, 20));
    fake_router_fall_silent(workplace->router);
    ck_assert(workplace_wait_log(workplace, "the router is silent", LIMIT_MS));
    ck_assert_int_eq(counted("in_flight"), 1);
    fake_router_speak(workplace->router);
    fake_router_give_away(workplace->router, work->id);
    while (counted("in_flight") == 1)
        ck_assert_ptr_null(fake_router_wait_result(workplace->router, 20));
    ck_assert(workplace_wait_log(workplace, "others have this work now", LIMIT_MS));
    work_destroy(&work);
}
END_TEST

START_TEST(a_large_instance_needs_no_memory)
{
    struct work *work = stock_work(workplace->spool, "main", 1, 1, 1, 400ULL << 20);
    AUTO(work_result_destroy) struct work_result *result = workplace_do(workplace, &work);
    ck_assert_str_eq(described(result), "done");
    ck_assert_int_gt(result->bytes, 390LL << 20);
#ifdef __SANITIZE_ADDRESS__
    const int64_t most = 64 * 1024; /* the sanitizer keeps shadows */
#else
    const int64_t most = 32 * 1024;
#endif
    int64_t peak = process_peak_memory_kib(workplace->process);
    ck_assert_msg(peak < most, "%lld KiB", (long long)peak);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("sender");
    tests_abreast(tests, 4);
    tests_timeout(tests, 120);
    tests_fixture(tests, setup, teardown);
    tests_add(tests, a_batch_arrives_byte_by_byte);
    tests_add(tests, requests_go_out_side_by_side);
    tests_add(tests, trouble_has_its_outcome);
    tests_add(tests, what_was_there_before_is_no_proof);
    tests_add(tests, a_study_that_was_not_there_is_told_of);
    tests_add(tests, of_a_study_that_is_there_large_instances_of_a_new_series_are_asked_about);
    tests_add(tests, a_server_that_does_not_say_what_is_there_is_asked_once_in_a_while);
    tests_add(tests, a_revoked_token_blocks_and_a_new_one_helps);
    tests_add(tests, a_refusal_while_the_body_flows_blocks);
    tests_add(tests, a_token_replaced_meanwhile_is_noticed);
    tests_add(tests, many_refusals_are_one_question);
    tests_add(tests, with_a_token_that_the_router_refuses_nothing_is_sent);
    tests_add(tests, a_report_that_got_lost_is_said_again);
    tests_add(tests, what_introspection_says_is_reported);
    tests_add(tests, an_unknown_destination_is_blocked);
    tests_add(tests, a_missing_token_file_is_blocked);
    tests_add(tests, missing_files_do_not_stop_the_rest);
    tests_add(tests, a_reload_brings_a_destination);
    tests_rows(tests, a_reload_sends_nothing_to_another_address, ROWS(moved_rows));
    tests_add(tests, sigterm_finishes_what_is_in_flight);
    tests_add(tests, a_silent_router_ends_no_transfer_until_others_have_it);
    tests_add(tests, a_large_instance_needs_no_memory);
    return tests_run(tests);
}
