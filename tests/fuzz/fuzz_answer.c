/* What a server answers: a letter for our question, one for the end of its connection, one for more facts, three
 * digits of status, the content type up to a line's end, the body. Whatever it is, a RESULT can be made of it, and
 * nothing is stored that the answer does not list, unless it is empty and not of KHEOPS (decision 0007). */
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/kheops/asker.h"
#include "common/login/oauth2.h"
#include "sender/fetch_outcome.h"
#include "sender/stow.h"
#include "sender/stow_outcome.h"
#include "sharer/share_outcome.h"

#include <assert.h>
#include <string.h>

enum { ITEMS = 2, HEAD = 6, FACT_KHEOPS = 1, FACT_MEANS_STORED = 2, FACT_SENT = 4, FACT_ONE = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char *const instances[ITEMS] = {"1.2.3", "1.2.4"};

static struct work_result *make_result(enum work_stage stage, size_t count)
{
    char name[] = "main";
    struct work_item items[ITEMS] = {{.id = 1}, {.id = 2}};
    for (size_t i = 0; i < ITEMS && stage == WORK_SEND; i++)
        (void)snprintf(items[i].receipt, sizeof items[i].receipt, "%032zu", i);
    const struct work work = {.id = "w-1-s",
                              .stage = stage,
                              .destination = name,
                              .album = stage == WORK_SHARE ? name : NULL,
                              .items = items,
                              .item_count = count};
    return work_result_create(&work);
}

/* What the worker would say, as the router would read it. */
static void ck_can_be_told(struct work_result *result)
{
    AUTO(text_release) struct text json = TEXT_EMPTY;
    AUTO(work_message_release) struct work_message again = {.verb = WORK_WHO};
    const struct work_message message = {.verb = WORK_RESULT, .session = "s", .result = result};
    for (size_t i = 0; i < result->answer_count; i++)
        assert(result->answers[i].outcome < WORK_OUTCOMES);
    work_encode(&message, &json);
    (void)work_decode("RESULT", strlen("RESULT"), text_string(&json), json.length, &again);
    assert(again.result && again.result->answer_count == result->answer_count);
}

/* Whether an instance may be called stored on the ground of this answer. */
static bool is_stored(const struct http_answer *answer, bool is_kheops, const char *instance)
{
    AUTO(stow_answer_destroy) struct stow_answer *list = NULL;
    int code = stow_answer_read(answer->content_type, text_string(&answer->body), answer->body.length, &list);
    const struct stow_reference *reference = code == 0 ? stow_answer_find(list, instance) : NULL;
    return answer->trouble == HTTP_NONE &&
           ((reference && reference->stored) || (code == ERR_ABSENT && !is_kheops));
}

static const char *keyword(uint32_t tag)
{
    return tag % 2 ? "PatientID" : NULL;
}

struct present {
    const struct batch *batch;
    const struct stow_judgement *judgement;
    struct work_result *result;
};

static void found(void *context, const char *sop_instance)
{
    const struct present *present = context;
    stow_decide_present(present->batch, present->judgement, sop_instance, present->result);
}

static void judge_stow(const struct http_answer *answer, unsigned facts)
{
    struct config_destination destination = {.kheops = facts & FACT_KHEOPS, .skip_verify = facts & 16};
    if (facts & FACT_MEANS_STORED)
        destination.conflict_means = CONFIG_CONFLICT_STORED;
    struct batch_item items[ITEMS] = {{.index = 0}, {.index = 1}};
    struct batch batch = {.items = items, .count = facts & FACT_ONE ? 1 : ITEMS, .study = "1.2"};
    for (size_t i = 0; i < ITEMS; i++)
        (void)snprintf(items[i].meta.sop_instance, sizeof items[i].meta.sop_instance, "%s", instances[i]);
    AUTO(work_result_destroy) struct work_result *result = make_result(WORK_SEND, batch.count);
    AUTO(stow_judgement_release) struct stow_judgement judgement = {.open = NULL};
    stow_judge(&batch, &destination, answer, keyword, result, &judgement);
    for (size_t i = 0; i < batch.count; i++)
        assert(result->answers[i].outcome != WORK_DONE_OUTCOME ||
               is_stored(answer, destination.kheops, instances[i]));
    ck_can_be_told(result);
    if (judgement.next == ANSWER_ASK_TOKEN) {
        AUTO(introspection_release) struct introspection introspection = {.scope = NULL};
        introspection_read(answer, &introspection);
        stow_decide_token(&batch, &judgement, &introspection, result);
    } else if (judgement.next == ANSWER_ASK_PRESENCE) {
        struct present present = {&batch, &judgement, result};
        struct http_answer qido = *answer;
        qido.trouble = HTTP_NONE;
        qido.status = 200;
        (void)stow_read_present(&qido, found, &present);
    }
    ck_can_be_told(result);
}

static void judge_share(const struct http_answer *answer)
{
    AUTO(work_result_destroy) struct work_result *result = make_result(WORK_SHARE, 1);
    AUTO(introspection_release) struct introspection introspection = {.scope = NULL};
    enum answer_next next = share_judge(answer, result);
    ck_can_be_told(result);
    assert(result->answers[0].outcome != WORK_DONE_OUTCOME || answer->status / 100 == 2);
    introspection_read(answer, &introspection);
    if (next == ANSWER_ASK_TOKEN)
        share_decide(&introspection, &introspection, result);
    ck_can_be_told(result);
}

static void judge_fetch(const struct http_answer *answer)
{
    AUTO(work_result_destroy) struct work_result *result = make_result(WORK_FETCH, 1);
    AUTO(introspection_release) struct introspection introspection = {.scope = NULL};
    enum answer_next next = fetch_judge(answer, result);
    ck_can_be_told(result);
    introspection_read(answer, &introspection);
    if (next == ANSWER_ASK_TOKEN)
        fetch_decide(&introspection, result);
    ck_can_be_told(result);
}

static void read_token(const struct http_answer *answer)
{
    AUTO(introspection_release) struct introspection introspection = {.scope = NULL};
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    char missing[16];
    introspection_read(answer, &introspection);
    assert(introspection.scope && introspection.album_id);
    assert((introspection.trouble.length > 0) == (introspection.state >= INTROSPECTION_OUTAGE));
    (void)introspection_lacks(&introspection, "read send", missing);
    (void)introspection_explain(&introspection, "the token", "write", &sentence);
}

/* Of a login server: a token that can stand in a header, or a sentence. */
static void read_login(const struct http_answer *answer, bool keyed)
{
    static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
    AUTO(oauth2_answer_wipe) struct oauth2_answer read;
    oauth2_read(answer, "https://login.example.org:443", keyed, &read);
    assert((read.verdict == LOGIN_FINE) == (read.token.length > 0));
    assert((read.verdict == LOGIN_FINE) == (read.sentence.length == 0));
    assert(read.verdict != LOGIN_FINE || read.life_ms >= 1000);
    assert(strspn(text_string(&read.token), characters) == read.token.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length < HEAD)
        return 0;
    unsigned facts = bytes[2] - '0';
    struct http_answer answer = {.trouble = (enum http_trouble)((bytes[1] - '0' + 256) % HTTP_TROUBLES),
                                 .body_sent = facts & FACT_SENT};
    for (size_t i = 3; i < HEAD; i++)
        answer.status = answer.status * 10 + (bytes[i] - '0' + 250) % 10;
    if (answer.trouble == HTTP_REQUEST || answer.trouble == HTTP_UNROUTED ||
        answer.trouble == HTTP_UNREACHABLE || answer.trouble == HTTP_TLS)
        answer.status = 0;
    const uint8_t *type = bytes + HEAD, *line = memchr(type, '\n', length - HEAD);
    size_t type_length = line ? (size_t)(line - type) : 0;
    (void)snprintf(answer.content_type, sizeof answer.content_type, "%.*s", (int)type_length,
                   (const char *)type);
    if (line)
        text_append_bytes(&answer.body, line + 1, (size_t)(bytes + length - line) - 1);
    if (answer.trouble != HTTP_NONE)
        text_append(&answer.reason, "no connection");
    switch (bytes[0]) {
    case 's':
        judge_stow(&answer, facts);
        break;
    case 'a':
        judge_share(&answer);
        break;
    case 'f':
        judge_fetch(&answer);
        break;
    case 'l':
        read_login(&answer, facts & FACT_KHEOPS);
        break;
    default:
        read_token(&answer);
    }
    text_release(&answer.body);
    text_release(&answer.reason);
    return 0;
}
