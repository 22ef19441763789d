/* The rows are the specification: what each answer of a STOW-RS server means for an instance. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "sender/stow_outcome.h"
#include "tests/support/result_words.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

#define SOP(n)      "1.2.3." #n
#define STORED(uid) "{\"00081155\":{\"vr\":\"UI\",\"Value\":[\"" uid "\"]}}"
#define FAILED(uid, reason)                                                                                \
    "{\"00081155\":{\"vr\":\"UI\",\"Value\":[\"" uid "\"]},\"00081197\":{\"vr\":\"US\",\"Value\":[" reason \
    "]}}"
#define LIST(stored, failed, others)                                                                      \
    "{\"00081199\":{\"vr\":\"SQ\",\"Value\":[" stored "]},\"00081198\":{\"vr\":\"SQ\",\"Value\":[" failed \
    "]},\"0008119A\":{\"vr\":\"SQ\",\"Value\":[" others "]}}"

/* A batch of up to three instances, 1.2.3.1 and so on, and what goes with it. */
struct scene {
    struct work work;
    struct work_item items[3];
    struct batch_item batch_items[3];
    struct batch batch;
    struct config_destination destination;
    struct http_answer answer;
    struct work_result *result;
    struct stow_judgement judgement;
};

static void scene_init(struct scene *scene, size_t count)
{
    *scene = (struct scene){0};
    scene->work = (struct work){.id = "work-1",
                                .destination = (char *)"kheops",
                                .study = (char *)"1.2.3",
                                .items = scene->items,
                                .item_count = count};
    for (size_t i = 0; i < count; i++) {
        scene->items[i].id = (int64_t)i + 1;
        scene->batch_items[i] = (struct batch_item){.index = i, .fd = -1};
        (void)snprintf(scene->batch_items[i].meta.sop_instance, FILE_META_UID_SIZE, "1.2.3.%zu", i + 1);
    }
    scene->batch = (struct batch){.items = scene->batch_items, .count = count, .study = "1.2.3"};
    scene->destination = (struct config_destination){.name = (char *)"kheops", .kheops = true};
    scene->result = work_result_create(&scene->work);
}

static void scene_release(struct scene *scene)
{
    text_release(&scene->answer.body);
    text_release(&scene->answer.reason);
    text_release(&scene->answer.location);
    work_result_destroy(&scene->result);
    stow_judgement_release(&scene->judgement);
}

static const char *keyword(uint32_t tag)
{
    return tag == 0x00080060 ? "Modality" : NULL;
}

static void judge(struct scene *scene, int status, const char *body)
{
    scene->answer.status = status;
    if (scene->answer.trouble == HTTP_NONE)
        scene->answer.body_sent = true;
    text_append(&scene->answer.body, body);
    stow_judge(&scene->batch, &scene->destination, &scene->answer, keyword, scene->result, &scene->judgement);
}

/* "done" "retry/crash" … of every instance; then ?token or ?presence. */
static void describe(const struct scene *scene, struct text *out)
{
    result_describe(scene->result, out);
    if (scene->judgement.next == ANSWER_ASK_TOKEN)
        text_append(out, " ?token");
    if (scene->judgement.next == ANSWER_ASK_PRESENCE)
        text_append(out, " ?presence");
}

/* ---- by status ---- */

static const struct status_row {
    int status;
    const char *body;
    const char *alone, *two; /* what comes of one instance, and of two */
} status_rows[] = {
    {200, "", "retry/crash ?presence", "retry/crash retry/crash ?presence"},
    {200, LIST(STORED(SOP(1)) "," STORED(SOP(2)), "", ""), "done", "done done"},
    {200, LIST(STORED(SOP(1)), "", ""), "done", "done retry/group"},
    {200, "{}", "retry/group", "retry/group retry/group"},
    {200, "{\"00081199\":", "retry/slow ?presence", "retry/slow retry/slow ?presence"},
    {200, "<html><body>welcome</body></html>", "retry/slow ?presence", "retry/slow retry/slow ?presence"},
    {202, LIST(STORED(SOP(1)), FAILED(SOP(2), "272"), ""), "done", "done retry/suspect"},
    {202, LIST(STORED(SOP(1)), "", "{}"), "done", "done retry/group"},
    {202, "", "retry/slow ?presence", "retry/slow retry/slow ?presence"},
    {409, LIST("", FAILED(SOP(1), "262") "," FAILED(SOP(2), "273"), ""), "reject/instance",
     "reject/instance duplicate"},
    {409, LIST("", "", "{},{}"), "retry/group", "retry/group retry/group"},
    {409, "", "retry/group", "retry/group retry/group"},
    {409, "conflict", "retry/group", "retry/group retry/group"},
    {400, "", "retry/group", "retry/group retry/group"},
    {401, "", "retry/suspect ?token", "retry/suspect retry/suspect ?token"},
    {403, "", "retry/suspect ?token", "retry/suspect retry/suspect ?token"},
    {301, "", "blocked/front", "blocked/front blocked/front"},
    {308, "", "blocked/front", "blocked/front blocked/front"},
    {404, "", "blocked/front", "blocked/front blocked/front"},
    {405, "", "blocked/front", "blocked/front blocked/front"},
    {406, "", "blocked/front", "blocked/front blocked/front"},
    {411, "", "blocked/front", "blocked/front blocked/front"},
    {413, "<html>", "retry/size", "retry/size retry/size"},
    {415, "", "blocked/front", "blocked/front blocked/front"},
    {501, "", "blocked/front", "blocked/front blocked/front"},
    {500, "", "retry/crash ?presence", "retry/crash retry/crash ?presence"},
    {502, "<html>", "retry/crash ?presence", "retry/crash retry/crash ?presence"},
    {503, "", "retry/slow ?presence", "retry/slow retry/slow ?presence"},
    {504, "", "retry/slow ?presence", "retry/slow retry/slow ?presence"},
    {507, "", "retry/slow ?presence", "retry/slow retry/slow ?presence"},
    {408, "", "retry/slow ?presence", "retry/slow retry/slow ?presence"},
    {429, "", "retry/destination", "retry/destination retry/destination"},
    {201, LIST(STORED(SOP(1)), "", ""), "done", "done retry/group"},
    {201, "", "retry/crash ?presence", "retry/crash retry/crash ?presence"},
    {204, "", "retry/crash ?presence", "retry/crash retry/crash ?presence"},
    {400, LIST("", FAILED(SOP(1), "49152"), ""), "reject/instance", "reject/instance retry/group"},
    {424, "", "retry/slow ?presence", "retry/slow retry/slow ?presence"},
    {418, "", "retry/group", "retry/group retry/group"},
};

START_TEST(a_status_has_its_outcome)
{
    const struct status_row *row = &status_rows[_i];
    for (size_t count = 1; count <= 2; count++) {
        AUTO(scene_release) struct scene scene;
        AUTO(text_release) struct text says = TEXT_EMPTY;
        scene_init(&scene, count);
        judge(&scene, row->status, row->body);
        describe(&scene, &says);
        ck_assert_msg(strcmp(text_string(&says), count == 1 ? row->alone : row->two) == 0,
                      "%d with %s, %zu: %s", row->status, row->body, count, text_string(&says));
        for (size_t i = 0; i < count; i++) {
            const struct work_answer *answer = &scene.result->answers[i];
            ck_assert_int_eq(answer->http_status, row->status);
            ck_assert(answer->outcome == WORK_DONE_OUTCOME || (answer->reason && answer->reason[0]));
        }
    }
}
END_TEST

/* ---- by failure reason ---- */

static const struct reason_row {
    unsigned reason;
    const char *outcome;
} reason_rows[] = {
    {0x0106, "reject/instance"},
    {0x0110, "retry/suspect"},
    {0x0111, "duplicate"},
    {0x0122, "reject/instance"},
    {0x0124, "retry/suspect ?token"},
    {0xA700, "retry/destination"},
    {0xA701, "retry/destination"},
    {0xA76F, "retry/destination"},
    {0xA770, "reject/instance"},
    {0xA779, "reject/instance"},
    {0xA77A, "retry"},
    {0xA77B, "reject/instance"},
    {0xA77C, "retry/destination"},
    {0xA7FF, "retry/destination"},
    {0xA900, "reject/instance"},
    {0xA9FF, "reject/instance"},
    {0xC000, "reject/instance"},
    {0xC122, "reject/instance"},
    {0xCFFF, "reject/instance"},
    {0xB000, "retry/suspect"},
    {0xB00E, "duplicate"},
    {0x0117, "retry/suspect"},
    {0x0000, "retry/suspect"},
    {0xFFFF, "retry/suspect"},
};

START_TEST(a_failure_reason_has_its_outcome)
{
    const struct reason_row *row = &reason_rows[_i];
    AUTO(scene_release) struct scene scene;
    AUTO(text_release) struct text says = TEXT_EMPTY;
    AUTO(text_release) struct text body = TEXT_EMPTY;
    scene_init(&scene, 1);
    text_format(&body, LIST("", FAILED(SOP(1), "%u"), ""), row->reason);
    judge(&scene, 409, text_string(&body));
    describe(&scene, &says);
    ck_assert_msg(strcmp(text_string(&says), row->outcome) == 0, "0x%04X: %s", row->reason,
                  text_string(&says));
}
END_TEST

/* ---- without an answer ---- */

static const struct trouble_row {
    enum http_trouble trouble;
    int status;
    bool body_sent;
    int64_t sent_bytes;
    const char *outcome;
} trouble_rows[] = {
    {HTTP_UNROUTED, 0, false, 0, "retry/worker retry/worker"},
    {HTTP_UNREACHABLE, 0, false, 0, "retry/destination retry/destination"},
    {HTTP_TLS, 0, false, 0, "retry/destination retry/destination"},
    {HTTP_TIMEOUT, 0, false, 0, "retry/destination retry/destination"},
    {HTTP_TIMEOUT, 0, true, 0, "retry/slow retry/slow ?presence"},
    {HTTP_BROKEN, 0, false, 0, "retry/destination retry/destination"},
    {HTTP_BROKEN, 0, true, 0, "retry/slow retry/slow ?presence"},
    {HTTP_BROKEN, 0, false, 1000, "retry/cut retry/cut ?token"},
    {HTTP_BROKEN, 200, true, 0, "retry/slow retry/slow ?presence"},
    {HTTP_BROKEN, 204, true, 0, "retry/slow retry/slow ?presence"},
    {HTTP_BROKEN, 401, false, 0, "retry/suspect retry/suspect ?token"},
    {HTTP_BROKEN, 413, false, 0, "retry/size retry/size"},
    {HTTP_OVERSIZE, 0, true, 0, "retry/crash retry/crash ?presence"},
    {HTTP_OVERSIZE, 200, true, 0, "retry/crash retry/crash ?presence"},
    {HTTP_OVERSIZE, 502, true, 0, "retry/crash retry/crash ?presence"},
    {HTTP_OVERSIZE, 409, true, 0, "retry/group retry/group"},
    {HTTP_REQUEST, 0, false, 0, "blocked/worker blocked/worker"},
    {HTTP_SOURCE, 0, false, 0, "retry retry"},
};

START_TEST(no_answer_has_its_outcome)
{
    const struct trouble_row *row = &trouble_rows[_i];
    AUTO(scene_release) struct scene scene;
    AUTO(text_release) struct text says = TEXT_EMPTY;
    scene_init(&scene, 2);
    scene.answer.trouble = row->trouble;
    scene.answer.body_sent = row->body_sent;
    scene.answer.sent_bytes = row->sent_bytes;
    text_append(&scene.answer.reason, "a sentence");
    judge(&scene, row->status, "{\"0008");
    describe(&scene, &says);
    ck_assert_msg(strcmp(text_string(&says), row->outcome) == 0, "%d with %d: %s", (int)row->trouble,
                  row->status, text_string(&says));
}
END_TEST

/* ---- before the request was out ---- */

/* Of two instances (one where the conflict means stored). Nothing is acknowledged. */
static const struct early_row {
    const char *label;
    int status;
    const char *body;
    size_t count;
    bool body_sent;
    const char *outcome;
} early_rows[] = {
    {"a list", 409, LIST(STORED(SOP(1)), FAILED(SOP(2), "272"), ""), 2, false,
     "retry/cut retry/suspect ?presence"},
    {"a list, and the rest went out", 400, LIST(STORED(SOP(1)) "," STORED(SOP(2)), "", ""), 2, true,
     "retry/slow retry/slow ?presence"},
    {"a list of what is there", 409, LIST("", FAILED(SOP(1), "273"), ""), 2, false,
     "retry/cut retry/group ?presence"},
    {"a list with a refused token", 409, LIST(STORED(SOP(1)), FAILED(SOP(2), "292"), ""), 2, false,
     "retry/cut retry/suspect ?token"},
    {"a conflict that means stored", 409, "", 1, false, "retry/crash ?presence"},
    {"a conflict", 409, "", 2, false, "retry/group retry/group"},
    {"a bad request", 400, "", 2, false, "retry/group retry/group"},
    {"a refusal", 401, "", 2, false, "retry/suspect retry/suspect ?token"},
    {"too large", 413, "", 2, false, "retry/size retry/size"},
};

START_TEST(what_is_said_too_early_acknowledges_nothing)
{
    const struct early_row *row = &early_rows[_i];
    AUTO(scene_release) struct scene scene;
    AUTO(text_release) struct text says = TEXT_EMPTY;
    scene_init(&scene, row->count);
    scene.destination.conflict_means = CONFIG_CONFLICT_STORED;
    scene.answer.early = true;
    scene.answer.status = row->status;
    scene.answer.body_sent = row->body_sent;
    scene.answer.sent_bytes = 1000;
    text_append(&scene.answer.body, row->body);
    stow_judge(&scene.batch, &scene.destination, &scene.answer, keyword, scene.result, &scene.judgement);
    describe(&scene, &says);
    ck_assert_msg(strcmp(text_string(&says), row->outcome) == 0, "%s: %s", row->label, text_string(&says));
    if (scene.judgement.next == ANSWER_ASK_PRESENCE) {
        scene.batch_items[0].absent = true;
        stow_decide_present(&scene.batch, &scene.judgement, SOP(1), scene.result);
        ck_assert_int_eq(scene.result->answers[0].outcome, WORK_DONE_OUTCOME);
    }
}
END_TEST

/* ---- what operators read ---- */

START_TEST(differing_attributes_are_named)
{
    AUTO(scene_release) struct scene scene;
    scene_init(&scene, 1);
    judge(&scene, 409,
          LIST("",
               "{\"00081155\":{\"Value\":[\"1.2.3.1\"]},\"00081197\":{\"Value\":[262]},"
               "\"00001005\":{\"Value\":[\"524384\",\"1048592\"]}}",
               ""));
    const char *reason = scene.result->answers[0].reason;
    ck_assert_ptr_nonnull(strstr(reason, "(0008,0060) Modality, (0010,0010)"));
    ck_assert_ptr_nonnull(strstr(reason, "skip_verify"));
}
END_TEST

START_TEST(retry_after_and_location_are_told)
{
    AUTO(scene_release) struct scene busy;
    AUTO(scene_release) struct scene moved;
    scene_init(&busy, 1);
    busy.answer.retry_after_ms = 7000;
    judge(&busy, 503, "");
    ck_assert_int_eq(busy.result->not_before_ms, 7000);
    scene_init(&moved, 1);
    text_append(&moved.answer.location, "https://kheops.example.org/api/studies");
    judge(&moved, 301, "");
    ck_assert_ptr_nonnull(
        strstr(moved.result->answers[0].reason, "(https://kheops.example.org/api/studies)"));
}
END_TEST

START_TEST(a_warning_is_stored)
{
    AUTO(scene_release) struct scene scene;
    scene_init(&scene, 1);
    judge(&scene, 200,
          "{\"00081199\":{\"Value\":[{\"00081155\":{\"Value\":[\"1.2.3.1\"]},"
          "\"00081196\":{\"Value\":[45056]}}]}}");
    ck_assert_int_eq(scene.result->answers[0].outcome, WORK_DONE_OUTCOME);
    ck_assert_ptr_nonnull(strstr(scene.result->answers[0].reason, "0xB000"));
}
END_TEST

/* It was alone: a failure without a name is its own. */
START_TEST(a_failure_without_a_name_has_one_when_nobody_else_was_there)
{
    for (size_t count = 1; count <= 2; count++) {
        AUTO(scene_release) struct scene scene;
        scene_init(&scene, count);
        judge(&scene, 202, LIST("", "", "{\"00081197\":{\"vr\":\"US\",\"Value\":[272]}}"));
        ck_assert_msg((strstr(scene.result->answers[0].reason, "cannot process it") != NULL) == (count == 1),
                      "%zu: %s", count, scene.result->answers[0].reason);
        ck_assert_ptr_nonnull(strstr(scene.result->answers[0].reason, "0x0110"));
        ck_assert_int_eq(scene.result->answers[0].blame, count == 1 ? BLAME_COLLISION : BLAME_GROUP);
    }
}
END_TEST

START_TEST(a_conflict_may_mean_stored)
{
    AUTO(scene_release) struct scene one;
    AUTO(scene_release) struct scene two;
    scene_init(&one, 1);
    one.destination.conflict_means = CONFIG_CONFLICT_STORED;
    judge(&one, 409, "");
    ck_assert_int_eq(one.result->answers[0].outcome, WORK_DUPLICATE_OUTCOME);
    scene_init(&two, 2);
    two.destination.conflict_means = CONFIG_CONFLICT_STORED;
    judge(&two, 409, "");
    ck_assert_int_eq(two.result->answers[0].outcome,
                     WORK_RETRY_OUTCOME); /* of which one? alone it is known */
    ck_assert_int_eq(two.result->answers[1].blame, BLAME_GROUP);
}
END_TEST

/* ---- after introspection ---- */

static const struct token_row {
    const char *label;
    int status; /* 0, 200: cut off early; 409: the second of two instances has 0x0124, the first is stored */
    int state;  /* -1: nobody can be asked */
    const char *scope;
    const char *study;
    const char *outcome, *says;
} token_rows[] = {
    {"401, inactive", 401, INTROSPECTION_INACTIVE, "", "1.2.3", "blocked/token blocked/token", "not active"},
    {"403, lacks write", 403, INTROSPECTION_ACTIVE, "read", "1.2.3", "blocked/token blocked/token",
     "\"write\""},
    {"403, a person's token may", 403, INTROSPECTION_ACTIVE, "user write", "1.2.3",
     "blocked/front blocked/front", "refuses"},
    {"401, all fine", 401, INTROSPECTION_ACTIVE, "write", "1.2.3", "blocked/front blocked/front",
     "refuses the token"},
    {"401, KHEOPS in trouble", 401, INTROSPECTION_OUTAGE, "", "1.2.3", "retry/destination retry/destination",
     "away"},
    {"401, does not introspect", 401, INTROSPECTION_UNKNOWN, "", "1.2.3", "blocked/front blocked/front",
     "credentials"},
    {"403, no KHEOPS", 403, -1, "", "1.2.3", "blocked/front blocked/front", "credentials"},
    {"cut off early, inactive", 0, INTROSPECTION_INACTIVE, "", "1.2.3", "blocked/token blocked/token",
     "not active"},
    {"cut off early, all fine", 0, INTROSPECTION_ACTIVE, "write", "1.2.3", "retry/cut retry/cut", "cut off"},
    {"cut off early, outage", 0, INTROSPECTION_OUTAGE, "", "1.2.3", "retry/cut retry/cut", "cut off"},
    {"cut off early, no KHEOPS", 0, -1, "", "1.2.3", "retry/cut retry/cut", "cut off"},
    {"an answer cut off early, all fine", 200, INTROSPECTION_ACTIVE, "write", "1.2.3", "retry/cut retry/cut",
     "cut off"},
    {"an answer cut off early, no KHEOPS", 200, -1, "", "1.2.3", "retry/cut retry/cut", "cut off"},
    {"an answer cut off early, inactive", 200, INTROSPECTION_INACTIVE, "", "1.2.3",
     "blocked/token blocked/token", "not active"},
    {"0x0124, inactive", 409, INTROSPECTION_INACTIVE, "", "1.2.3", "done blocked/token", "not active"},
    {"0x0124, lacks write", 409, INTROSPECTION_ACTIVE, "read", "1.2.3", "done blocked/token", "\"write\""},
    {"0x0124, all fine", 409, INTROSPECTION_ACTIVE, "write", "1.2.3", "done retry/collision",
     "another album"},
    {"0x0124, outage", 409, INTROSPECTION_OUTAGE, "", "1.2.3", "done retry/destination", "away"},
    {"0x0124, no KHEOPS", 409, -1, "", "1.2.3", "done retry/suspect", "not authorised"},
    {"0x0124, a UID that is no OID", 409, INTROSPECTION_ACTIVE, "write", "3.2.1", "done reject/instance",
     "identifier"},
    {"0x0124, inactive and no OID", 409, INTROSPECTION_INACTIVE, "", "3.2.1", "done blocked/token",
     "not active"},
};

START_TEST(a_refusal_is_decided)
{
    const struct token_row *row = &token_rows[_i];
    AUTO(scene_release) struct scene scene;
    AUTO(text_release) struct text says = TEXT_EMPTY;
    struct introspection introspection = {
        .state = (enum introspection_state)row->state, .scope = (char *)row->scope, .album_id = (char *)""};
    text_append(&introspection.trouble, "KHEOPS is away");
    scene_init(&scene, 2);
    (void)snprintf(scene.batch.study, sizeof scene.batch.study, "%s", row->study);
    if (row->status == 0 || row->status == 200) {
        scene.answer.trouble = HTTP_BROKEN;
        scene.answer.sent_bytes = 1000;
        text_append(&scene.answer.reason, "the connection was cut off");
    }
    judge(&scene, row->status, row->status == 409 ? LIST(STORED(SOP(1)), FAILED(SOP(2), "292"), "") : "");
    ck_assert_int_eq(scene.judgement.next, ANSWER_ASK_TOKEN);
    stow_decide_token(&scene.batch, &scene.judgement, row->state < 0 ? NULL : &introspection, scene.result);
    scene.judgement.next = ANSWER_SETTLED;
    describe(&scene, &says);
    text_release(&introspection.trouble);
    ck_assert_msg(strcmp(text_string(&says), row->outcome) == 0, "%s: %s", row->label, text_string(&says));
    ck_assert_msg(strstr(scene.result->answers[1].reason, row->says), "%s: %s", row->label,
                  scene.result->answers[1].reason);
}
END_TEST

/* 0x0124 although the token is good: a UID that KHEOPS can never take is final, all else may pass. */
static const struct uid_row {
    const char *label, *study, *series, *sop;
    bool kheops;
    enum work_outcome outcome;
} uid_rows[] = {
    {"fine", "1.2.3", "1.2.3.4", "1.2.3.4.5", true, WORK_RETRY_OUTCOME},
    {"leading zeros", "1.2.03", "01.2.003", "1.2.0", true, WORK_RETRY_OUTCOME},
    {"the series is not told", "1.2.3", "", "1.2.3.4.5", true, WORK_RETRY_OUTCOME},
    {"a study of one arc", "123", "1.2.3.4", "1.2.3.4.5", true, WORK_REJECT_OUTCOME},
    {"a study below 3", "3.2.1", "1.2.3.4", "1.2.3.4.5", true, WORK_REJECT_OUTCOME},
    {"a series below 1.40", "1.2.3", "1.40.5", "1.2.3.4.5", true, WORK_REJECT_OUTCOME},
    {"a series with an empty arc", "1.2.3", "1..2", "1.2.3.4.5", true, WORK_REJECT_OUTCOME},
    {"an instance below 3", "1.2.3", "1.2.3.4", "3.2.1", true, WORK_RETRY_OUTCOME},
    {"a study and series of no KHEOPS", "3.2.1", "1.40.5", "3.2.1", false, WORK_RETRY_OUTCOME},
};

START_TEST(a_uid_that_kheops_cannot_take_is_final)
{
    const struct uid_row *row = &uid_rows[_i];
    AUTO(scene_release) struct scene scene;
    AUTO(text_release) struct text listed = TEXT_EMPTY;
    struct introspection good = {
        .state = INTROSPECTION_ACTIVE, .scope = (char *)"write", .album_id = (char *)""};
    scene_init(&scene, 1);
    struct batch_item *item = &scene.batch_items[0];
    (void)snprintf(scene.batch.study, sizeof scene.batch.study, "%s", row->study);
    (void)snprintf(item->series, sizeof item->series, "%s", row->series);
    (void)snprintf(item->meta.sop_instance, sizeof item->meta.sop_instance, "%s", row->sop);
    text_format(&listed, LIST("", FAILED("%s", "292"), ""), row->sop);
    judge(&scene, 202, text_string(&listed));
    stow_decide_token(&scene.batch, &scene.judgement, row->kheops ? &good : NULL, scene.result);
    const struct work_answer *answer = &scene.result->answers[0];
    ck_assert_msg(answer->outcome == row->outcome, "%s: %s", row->label, work_outcome_name(answer->outcome));
    ck_assert_msg((strstr(answer->reason, "identifier") != NULL) == (row->outcome == WORK_REJECT_OUTCOME),
                  "%s: %s", row->label, answer->reason);
}
END_TEST

START_TEST(a_replaced_token_is_tried)
{
    AUTO(scene_release) struct scene scene;
    AUTO(text_release) struct text says = TEXT_EMPTY;
    scene_init(&scene, 2);
    judge(&scene, 401, "");
    stow_token_replaced(&scene.batch, &scene.judgement, scene.result);
    scene.judgement.next = ANSWER_SETTLED;
    describe(&scene, &says);
    ck_assert_str_eq(text_string(&says), "retry retry");
}
END_TEST

/* ---- after QIDO-RS ---- */

START_TEST(what_is_there_is_done)
{
    AUTO(scene_release) struct scene scene;
    AUTO(text_release) struct text says = TEXT_EMPTY;
    scene_init(&scene, 3);
    judge(&scene, 504, "");
    scene.batch_items[1].absent = true;
    stow_decide_present(&scene.batch, &scene.judgement, "1.2.3.2", scene.result);
    stow_decide_present(&scene.batch, &scene.judgement, "9.9.9", scene.result);
    describe(&scene, &says);
    ck_assert_str_eq(text_string(&says), "retry/slow done retry/slow ?presence");
    ck_assert_int_eq(scene.result->answers[1].http_status, 504);
}
END_TEST

/* An instance whose file was not there is not in the batch: its answer stays what it is. */
START_TEST(others_of_the_work_are_left_alone)
{
    AUTO(scene_release) struct scene scene;
    scene_init(&scene, 3);
    work_answer_set(&scene.result->answers[0], WORK_MISSING_OUTCOME, BLAME_WORKER, 0, "gone");
    scene.batch_items[0] = scene.batch_items[2];
    scene.batch.count = 2;
    judge(&scene, 200, LIST(STORED(SOP(3)), "", ""));
    ck_assert_int_eq(scene.result->answers[0].outcome, WORK_MISSING_OUTCOME);
    ck_assert_int_eq(scene.result->answers[1].outcome, WORK_RETRY_OUTCOME);
    ck_assert_int_eq(scene.result->answers[2].outcome, WORK_DONE_OUTCOME);
}
END_TEST

/* ---- another version of it went there before ---- */

static const struct twin_row {
    const char *label;
    int status;
    const char *body, *one, *twin; /* what comes of an only version, and of a twin */
} twin_rows[] = {
    {"listed as stored", 200, LIST(STORED(SOP(1)), "", ""), "done", "done"},
    {"0x0111", 409, LIST("", FAILED(SOP(1), "273"), ""), "duplicate", "reject/instance"},
    {"0xB00E", 409, LIST("", FAILED(SOP(1), "45070"), ""), "duplicate", "reject/instance"},
    {"409 that means stored", 409, "", "duplicate", "retry/group"},
};

START_TEST(a_uid_that_is_there_proves_nothing_of_a_twin)
{
    const struct twin_row *row = &twin_rows[_i];
    for (int twin = 0; twin < 2; twin++) {
        AUTO(scene_release) struct scene scene;
        AUTO(text_release) struct text says = TEXT_EMPTY;
        scene_init(&scene, 1);
        scene.batch_items[0].twin = twin;
        scene.destination.conflict_means = CONFIG_CONFLICT_STORED;
        judge(&scene, row->status, row->body);
        describe(&scene, &says);
        ck_assert_msg(strcmp(text_string(&says), twin ? row->twin : row->one) == 0, "%s, %d: %s", row->label,
                      twin, text_string(&says));
    }
}
END_TEST

static const struct presence_row {
    const char *label;
    bool absent, twin;
    const char *says, *why; /* in the reason */
} presence_rows[] = {
    {"it was not there before", true, false, "done", "QIDO-RS lists it"},
    {"nobody knows what was there before", false, false, "retry/slow",
     "not known that it was not there before"},
    {"another version of it went there", false, true, "retry/slow", "another version of it"},
    {"... though it was not there before", true, true, "retry/slow", "another version of it"},
};

START_TEST(presence_proves_something_of_what_was_absent_alone)
{
    const struct presence_row *row = &presence_rows[_i];
    AUTO(scene_release) struct scene scene;
    AUTO(text_release) struct text says = TEXT_EMPTY;
    scene_init(&scene, 1);
    scene.batch_items[0].absent = row->absent;
    scene.batch_items[0].twin = row->twin;
    judge(&scene, 504, "");
    ck_assert_int_eq(scene.judgement.next, ANSWER_ASK_PRESENCE);
    stow_decide_present(&scene.batch, &scene.judgement, "1.2.3.1", scene.result);
    result_describe(scene.result, &says);
    ck_assert_msg(strcmp(text_string(&says), row->says) == 0, "%s: %s", row->label, text_string(&says));
    ck_assert_msg(strstr(scene.result->answers[0].reason, row->why), "%s: %s", row->label,
                  scene.result->answers[0].reason);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("stow_outcome");
    tests_rows(tests, a_status_has_its_outcome, ROWS(status_rows));
    tests_rows(tests, a_failure_reason_has_its_outcome, ROWS(reason_rows));
    tests_rows(tests, no_answer_has_its_outcome, ROWS(trouble_rows));
    tests_rows(tests, what_is_said_too_early_acknowledges_nothing, ROWS(early_rows));
    tests_rows(tests, a_refusal_is_decided, ROWS(token_rows));
    tests_rows(tests, a_uid_that_kheops_cannot_take_is_final, ROWS(uid_rows));
    tests_add(tests, differing_attributes_are_named);
    tests_add(tests, retry_after_and_location_are_told);
    tests_add(tests, a_warning_is_stored);
    tests_add(tests, a_failure_without_a_name_has_one_when_nobody_else_was_there);
    tests_add(tests, a_conflict_may_mean_stored);
    tests_add(tests, a_replaced_token_is_tried);
    tests_add(tests, what_is_there_is_done);
    tests_add(tests, others_of_the_work_are_left_alone);
    tests_rows(tests, a_uid_that_is_there_proves_nothing_of_a_twin, ROWS(twin_rows));
    tests_rows(tests, presence_proves_something_of_what_was_absent_alone, ROWS(presence_rows));
    return tests_run(tests);
}
