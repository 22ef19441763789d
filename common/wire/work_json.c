/* The JSON of the work protocol: written here, and read with every field checked. */
#include "common/wire/work.h"

#include "common/base/base64.h"
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/json.h"
#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    TEXT_MAX = 4096,
    ITEMS_MAX = 10000,
    HELD_MAX = 10000,
    SLOTS_MAX = 1024,
    MESSAGE_DEPTH = 8,
    REPORTED_MAX = 20000
};

/* ---- writing ---- */

static json_t *ids_to_json(char (*ids)[WORK_ID_SIZE], size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, json_string(ids[i]));
    return list;
}

static json_t *held_to_json(const struct work_message *message)
{
    return ids_to_json(message->held, message->held_count);
}

/* WHO, PONG. */
static json_t *gone_to_json(const struct work_message *message)
{
    json_t *json = json_object();
    if (message->gone_count > 0)
        (void)json_object_set_new(json, "gone", ids_to_json(message->gone, message->gone_count));
    if (message->reason)
        (void)json_object_set_new(json, "reason", json_string(message->reason));
    return json;
}

static json_t *instances_to_json(const struct work *work)
{
    json_t *list = json_array();
    for (size_t i = 0; i < work->instance_count; i++)
        (void)json_array_append_new(list, json_string(work->instances[i]));
    return list;
}

static json_t *headers_to_json(const struct work_result *result)
{
    json_t *list = json_array();
    for (size_t i = 0; i < result->header_count; i++) {
        const struct work_header *header = &result->headers[i];
        AUTO(text_release) struct text kept = TEXT_EMPTY;
        base64_encode(header->kept.bytes, header->kept.length, &kept);
        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "instance", header->instance, "header",
                                                    text_string(&kept), "why", json_from_text(header->why)));
    }
    return list;
}

static json_t *notice_to_json(const struct work_notice *notice)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:I}", "id", notice->id, "cause",
                     notice->cause, "state", work_notice_state_name(notice->state), "destination",
                     json_from_text(notice->destination), "album", json_from_text(notice->album), "count",
                     (json_int_t)notice->count, "more", (json_int_t)notice->more, "since",
                     (json_int_t)notice->since, "at", (json_int_t)notice->at);
}

static json_t *report_to_json(const struct work_report *report)
{
    json_t *list = json_array();
    for (size_t i = 0; i < report->count; i++)
        (void)json_array_append_new(list, json_pack("[s, s, i]", report->list[i].sop_class,
                                                    report->list[i].sop_instance, report->list[i].reason));
    return json_pack("{s:s, s:s, s:s, s:o}", "transaction", report->transaction, "called", report->called,
                     "address", report->address, "list", list);
}

static json_t *work_to_json(const struct work *work)
{
    json_t *items = json_array();
    for (size_t i = 0; i < work->item_count; i++)
        (void)json_array_append_new(
            items, json_pack("{s:I, s:s, s:I, s:s, s:b, s:b, s:b}", "id", (json_int_t)work->items[i].id,
                             "receipt", work->items[i].receipt, "size", (json_int_t)work->items[i].size,
                             "series", work->items[i].series, "twin", work->items[i].twin, "absent",
                             work->items[i].absent, "fresh", work->items[i].fresh));
    json_t *json = json_pack("{s:s, s:s, s:s, s:o, s:s, s:o, s:o, s:s, s:b, s:o}", "work", work->id, "stage",
                             work_stage_name(work->stage), "destination", work->destination, "album",
                             json_from_text(work->album), "study", work->study, "series",
                             json_from_text(work->series), "home", json_from_text(work->home), "address",
                             work->address, "unasked", work->unasked, "items", items);
    if (*work->after)
        (void)json_object_set_new(json, "after", json_string(work->after));
    if (work->instance_count > 0)
        (void)json_object_set_new(json, "instances", instances_to_json(work));
    if (work->notice)
        (void)json_object_set_new(json, "notice", notice_to_json(work->notice));
    if (work->report)
        (void)json_object_set_new(json, "report", report_to_json(work->report));
    return json;
}

static json_t *result_to_json(const struct work_result *result, const char *session)
{
    json_t *answers = json_array();
    for (size_t i = 0; i < result->answer_count; i++) {
        const struct work_answer *answer = &result->answers[i];
        (void)json_array_append_new(
            answers, json_pack("{s:I, s:s, s:s, s:s, s:i, s:o, s:b}", "id", (json_int_t)answer->id, "receipt",
                               answer->receipt, "outcome", work_outcome_name(answer->outcome), "blame",
                               blame_name(answer->blame), "status", answer->http_status, "reason",
                               json_from_text(answer->reason), "absent", answer->absent));
    }
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:b, s:b, s:I, s:I, s:I, s:o}", "session", session, "work",
        result->id, "stage", work_stage_name(result->stage), "destination", result->destination, "album",
        json_from_text(result->album), "home", json_from_text(result->home), "address", result->address,
        "opens", json_from_text(result->opens), "unbegun", result->unbegun, "vacant", result->vacant,
        "not_before_ms", (json_int_t)result->not_before_ms, "bytes", (json_int_t)result->bytes,
        "milliseconds", (json_int_t)result->milliseconds, "answers", answers);
    if (result->header_count > 0)
        (void)json_object_set_new(json, "headers", headers_to_json(result));
    return json;
}

static const char *const token_kinds[] = {"stow", "destination", "source"};

static const char *const token_states[] = {
#define X(name, text, meaning) text,
    WORK_TOKEN_STATE_MAP(X)
#undef X
};

static json_t *token_to_json(const struct work_token *token)
{
    return json_pack("{s:I, s:s, s:o, s:s, s:s, s:b, s:s, s:s, s:I}", "serial", (json_int_t)token->serial,
                     "destination", token->destination, "album", json_from_text(token->album), "kind",
                     token_kinds[token->kind], "state", token_states[token->state], "replaced",
                     token->replaced, "scope", token->scope ? token->scope : "", "album_id",
                     token->album_id ? token->album_id : "", "expires_at", (json_int_t)token->expires_at);
}

static json_t *permit_to_json(const struct work_permit *permit)
{
    return json_pack("{s:I, s:b, s:o}", "serial", (json_int_t)permit->serial, "allowed", permit->allowed,
                     "reason", json_from_text(permit->reason));
}

static json_t *look_to_json(const struct work_message *message)
{
    const struct work_look *look = message->look;
    json_t *json = json_pack("{s:s, s:o, s:s}", "destination", look->destination, "album",
                             json_from_text(look->album), "address", look->address);
    if (message->verb == WORK_SEEN)
        (void)json_object_set_new(json, "ready", json_boolean(look->ready));
    return json;
}

static json_t *message_to_json(const struct work_message *message)
{
    switch (message->verb) {
    case WORK_HELLO:
        return json_pack("{s:s, s:s, s:s, s:i, s:i, s:b, s:s, s:o}", "stage", work_stage_name(message->stage),
                         "name", message->name ? message->name : "", "session", message->session, "protocol",
                         message->protocol, "slots", message->slots, "follows", message->follows, "proof",
                         message->proof, "held", held_to_json(message));
    case WORK_PING:
        return json_pack("{s:s, s:o}", "session", message->session, "held", held_to_json(message));
    case WORK_WHO:
    case WORK_PONG:
        return gone_to_json(message);
    case WORK_BYE:
        return json_pack("{s:s}", "session", message->session);
    case WORK_ACK:
        return json_pack("{s:s}", "work", message->acknowledged);
    case WORK_WORK:
        return work_to_json(message->work);
    case WORK_RESULT:
        return result_to_json(message->result, message->session);
    case WORK_TOKEN:
        return token_to_json(message->token);
    case WORK_PERMIT:
        return permit_to_json(message->permit);
    case WORK_LOOK:
    case WORK_SEEN:
        return look_to_json(message);
    default:
        return json_object();
    }
}

void work_encode(const struct work_message *message, struct text *out)
{
    AUTO(json_release) json_t *json = message_to_json(message);
    json_append(json, out);
}

/* ---- reading: false when the field is missing, of the wrong kind, or out of bounds ---- */

static bool work_read_text(const json_t *json, const char *key, char **ret_text)
{
    const json_t *value = json_object_get(json, key);
    if (!json_is_string(value) || json_string_length(value) > TEXT_MAX)
        return false;
    *ret_text = memory_string(json_string_value(value));
    return true;
}

static bool work_read_optional_text(const json_t *json, const char *key, char **ret_text)
{
    return json_is_null(json_object_get(json, key)) || work_read_text(json, key, ret_text);
}

static bool work_read_fixed(const json_t *json, const char *key, char *ret_buffer, size_t size)
{
    const json_t *value = json_object_get(json, key);
    if (!json_is_string(value) || json_string_length(value) == 0 || json_string_length(value) >= size)
        return false;
    memcpy(ret_buffer, json_string_value(value), json_string_length(value) + 1);
    return true;
}

/* Absent or "": *ret_buffer stays empty. */
static bool work_read_optional_fixed(const json_t *json, const char *key, char *ret_buffer, size_t size)
{
    const json_t *value = json_object_get(json, key);
    return !value || (json_is_string(value) && json_string_length(value) == 0) ||
           work_read_fixed(json, key, ret_buffer, size);
}

static bool work_read_number(const json_t *json, const char *key, int64_t low, int64_t high,
                             int64_t *ret_number)
{
    const json_t *value = json_object_get(json, key);
    if (!json_is_integer(value) || json_integer_value(value) < low || json_integer_value(value) > high)
        return false;
    *ret_number = json_integer_value(value);
    return true;
}

static bool work_read_int(const json_t *json, const char *key, int low, int high, int *ret_number)
{
    int64_t number;
    if (!work_read_number(json, key, low, high, &number))
        return false;
    *ret_number = (int)number;
    return true;
}

static bool work_read_bool(const json_t *json, const char *key, bool *ret_bool)
{
    const json_t *value = json_object_get(json, key);
    *ret_bool = json_is_true(value);
    return json_is_boolean(value);
}

static bool work_read_name(const json_t *json, const char *key, const char *const *names, size_t count,
                           int *ret_index)
{
    const char *value = json_text_or_null(json, key);
    for (size_t i = 0; value && i < count; i++) {
        if (strcmp(value, names[i]) == 0) {
            *ret_index = (int)i;
            return true;
        }
    }
    return false;
}

static bool work_read_stage(const json_t *json, enum work_stage *ret_stage)
{
    static const char *const names[] = {
#define X(name, text, worker, meaning) text,
        WORK_STAGE_MAP(X)
#undef X
    };
    int index;
    if (!work_read_name(json, "stage", names, WORK_STAGES, &index))
        return false;
    *ret_stage = (enum work_stage)index;
    return true;
}

/* Only an instance has a receipt; "" means none. */
static bool work_read_receipt(const json_t *json, enum work_stage stage, char *ret_receipt)
{
    const char *value = json_text_or_null(json, "receipt");
    if (!value || (stage == WORK_SEND ? !receipt_is_valid(value) : *value != '\0'))
        return false;
    memcpy(ret_receipt, value, strlen(value) + 1);
    return true;
}

static bool work_read_ids(const json_t *list, char (**ret_ids)[WORK_ID_SIZE], size_t *ret_count)
{
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > HELD_MAX)
        return false;
    *ret_ids = memory_new(count, sizeof **ret_ids);
    *ret_count = count;
    for (size_t i = 0; i < count; i++) {
        const json_t *id = json_array_get(list, i);
        if (!json_is_string(id) || json_string_length(id) == 0 || json_string_length(id) >= WORK_ID_SIZE)
            return false;
        memcpy((*ret_ids)[i], json_string_value(id), json_string_length(id) + 1);
    }
    return true;
}

static bool work_read_held(const json_t *json, struct work_message *message)
{
    return work_read_ids(json_object_get(json, "held"), &message->held, &message->held_count);
}

static bool work_read_gone(const json_t *json, struct work_message *message)
{
    const json_t *gone = json_object_get(json, "gone");
    return (!gone || work_read_ids(gone, &message->gone, &message->gone_count)) &&
           (!json_object_get(json, "reason") || work_read_text(json, "reason", &message->reason));
}

static bool work_read_hello(const json_t *json, struct work_message *message)
{
    if (!work_read_text(json, "name", &message->name) ||
        !work_read_fixed(json, "session", message->session, sizeof message->session) ||
        !work_read_int(json, "protocol", 0, 1000000, &message->protocol))
        return false;
    message->follows = json_is_true(json_object_get(json, "follows"));
    return message->protocol != WORK_PROTOCOL ||
           (work_read_stage(json, &message->stage) && work_stage_worker(message->stage) == message->stage &&
            work_read_int(json, "slots", 0, SLOTS_MAX, &message->slots) &&
            work_read_optional_fixed(json, "proof", message->proof, sizeof message->proof) &&
            work_read_held(json, message));
}

static bool work_read_items(const json_t *json, struct work *work)
{
    const json_t *items = json_object_get(json, "items");
    size_t count = json_array_size(items);
    if (!json_is_array(items) || count == 0 || count > ITEMS_MAX || (work->stage != WORK_SEND && count > 1))
        return false;
    work->items = memory_new(count, sizeof *work->items);
    work->item_count = count;
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(items, i);
        work->items[i].twin = json_is_true(json_object_get(item, "twin"));
        work->items[i].absent = json_is_true(json_object_get(item, "absent"));
        work->items[i].fresh = json_is_true(json_object_get(item, "fresh"));
        if (!work_read_number(item, "id", 1, INT64_MAX, &work->items[i].id) ||
            !work_read_receipt(item, work->stage, work->items[i].receipt) ||
            !work_read_number(item, "size", 0, INT64_MAX, &work->items[i].size) ||
            !work_read_optional_fixed(item, "series", work->items[i].series, sizeof work->items[i].series))
            return false;
    }
    return true;
}

static bool work_read_notice(const json_t *json, struct work_notice **ret_notice)
{
    static const char *const states[] = {
#define X(name, text) text,
        WORK_NOTICE_STATE_MAP(X)
#undef X
    };
    struct work_notice *notice = *ret_notice = memory_new(1, sizeof *notice);
    int state;
    if (!work_read_name(json, "state", states, WORK_NOTICE_STATES, &state))
        return false;
    notice->state = (enum work_notice_state)state;
    return work_read_text(json, "id", &notice->id) && work_read_text(json, "cause", &notice->cause) &&
           work_read_optional_text(json, "destination", &notice->destination) &&
           work_read_optional_text(json, "album", &notice->album) &&
           work_read_number(json, "count", 0, INT64_MAX, &notice->count) &&
           work_read_number(json, "more", 0, INT64_MAX, &notice->more) &&
           work_read_number(json, "since", 0, INT64_MAX, &notice->since) &&
           work_read_number(json, "at", 0, INT64_MAX, &notice->at);
}

/* The SOP Instance UIDs of an inquiry. */
static bool work_read_instances(const json_t *json, struct work *work)
{
    const json_t *list = json_object_get(json, "instances");
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count == 0 || count > WORK_INQUIRED_MAX || !work->album || !work->series)
        return false;
    work->instances = memory_new(count, sizeof *work->instances);
    work->instance_count = count;
    for (size_t i = 0; i < count; i++) {
        const json_t *uid = json_array_get(list, i);
        if (!json_is_string(uid) || json_string_length(uid) == 0 || json_string_length(uid) >= WORK_UID_SIZE)
            return false;
        memcpy(work->instances[i], json_string_value(uid), json_string_length(uid) + 1);
    }
    return true;
}

static bool work_read_uid(const json_t *value, char *ret_uid, size_t size)
{
    if (!json_is_string(value) || json_string_length(value) == 0 || json_string_length(value) >= size)
        return false;
    memcpy(ret_uid, json_string_value(value), json_string_length(value) + 1);
    return true;
}

static bool work_read_reported(const json_t *json, struct work_report *report)
{
    const json_t *list = json_object_get(json, "list");
    size_t count = json_array_size(list);
    if (count == 0 || count > REPORTED_MAX)
        return false;
    report->list = memory_new(count, sizeof *report->list);
    report->count = count;
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i), *reason = json_array_get(item, 2);
        struct work_reported *reported = &report->list[i];
        if (!work_read_uid(json_array_get(item, 0), reported->sop_class, sizeof reported->sop_class) ||
            !work_read_uid(json_array_get(item, 1), reported->sop_instance, sizeof reported->sop_instance) ||
            !json_is_integer(reason) || json_integer_value(reason) < 0 || json_integer_value(reason) > 0xFFFF)
            return false;
        reported->reason = (int)json_integer_value(reason);
    }
    return true;
}

static bool work_read_report(const json_t *json, struct work_report **ret_report)
{
    struct work_report *report = *ret_report = memory_new(1, sizeof *report);
    return work_read_text(json, "transaction", &report->transaction) &&
           work_read_text(json, "called", &report->called) &&
           work_read_text(json, "address", &report->address) && work_read_reported(json, report);
}

static bool work_read_work(const json_t *json, struct work_message *message)
{
    struct work *work = message->work = memory_new(1, sizeof *work);
    work->unasked = json_is_true(json_object_get(json, "unasked"));
    return work_read_fixed(json, "work", work->id, sizeof work->id) && work_read_stage(json, &work->stage) &&
           work_read_text(json, "destination", &work->destination) &&
           work_read_optional_text(json, "album", &work->album) &&
           work_read_text(json, "study", &work->study) &&
           work_read_optional_text(json, "series", &work->series) &&
           work_read_optional_text(json, "home", &work->home) &&
           work_read_optional_fixed(json, "address", work->address, sizeof work->address) &&
           work_read_optional_fixed(json, "after", work->after, sizeof work->after) &&
           (work->stage != WORK_SHARE || (work->album && work->series)) &&
           (work->stage != WORK_NOTIFY || work_read_notice(json_object_get(json, "notice"), &work->notice)) &&
           (work->stage != WORK_INQUIRE || work_read_instances(json, work)) &&
           (work->stage != WORK_COMMIT || work_read_report(json_object_get(json, "report"), &work->report)) &&
           work_read_items(json, work);
}

static bool work_read_answers(const json_t *json, struct work_result *result)
{
    static const char *const outcomes[] = {
#define X(name, text, meaning) text,
        WORK_OUTCOME_MAP(X)
#undef X
    };
    static const char *const blames[] = {
#define X(name, text, attempt, together, target, excuse, says, others, nothing) text,
        BLAME_MAP(X)
#undef X
    };
    const json_t *answers = json_object_get(json, "answers");
    size_t count = json_array_size(answers);
    if (!json_is_array(answers) || count == 0 || count > ITEMS_MAX)
        return false;
    result->answers = memory_new(count, sizeof *result->answers);
    result->answer_count = count;
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(answers, i);
        struct work_answer *answer = &result->answers[i];
        int outcome, blame;
        if (!work_read_number(item, "id", 1, INT64_MAX, &answer->id) ||
            !work_read_receipt(item, result->stage, answer->receipt) ||
            !work_read_name(item, "outcome", outcomes, WORK_OUTCOMES, &outcome) ||
            !work_read_name(item, "blame", blames, BLAMES, &blame) ||
            !work_read_int(item, "status", 0, 999, &answer->http_status) ||
            !work_read_optional_text(item, "reason", &answer->reason))
            return false;
        answer->absent = json_is_true(json_object_get(item, "absent"));
        answer->outcome = (enum work_outcome)outcome;
        answer->blame = (enum blame)blame;
    }
    return true;
}

static bool work_read_header(const json_t *json, struct work_result *result)
{
    char instance[WORK_UID_SIZE];
    const json_t *kept = json_object_get(json, "header");
    if (!work_read_fixed(json, "instance", instance, sizeof instance) || !json_is_string(kept))
        return false;
    struct work_header *header = work_result_add_header(result, instance);
    return work_read_optional_text(json, "why", &header->why) &&
           base64_decode(json_string_value(kept), json_string_length(kept), &header->kept) == 0 &&
           header->kept.length <= WORK_HEADER_MAX && (header->kept.length > 0) == (header->why == NULL);
}

static bool work_read_headers(const json_t *json, struct work_result *result)
{
    const json_t *list = json_object_get(json, "headers");
    if (!list)
        return true;
    if (!json_is_array(list) || result->stage != WORK_INQUIRE || json_array_size(list) > WORK_INQUIRED_MAX)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!work_read_header(json_array_get(list, i), result))
            return false;
    return true;
}

static bool work_read_result(const json_t *json, struct work_message *message)
{
    struct work_result *result = message->result = memory_new(1, sizeof *result);
    result->unbegun = json_is_true(json_object_get(json, "unbegun"));
    result->vacant = json_is_true(json_object_get(json, "vacant"));
    return work_read_fixed(json, "session", message->session, sizeof message->session) &&
           work_read_fixed(json, "work", result->id, sizeof result->id) &&
           work_read_stage(json, &result->stage) &&
           work_read_text(json, "destination", &result->destination) &&
           work_read_optional_text(json, "album", &result->album) &&
           work_read_optional_text(json, "home", &result->home) &&
           work_read_optional_fixed(json, "address", result->address, sizeof result->address) &&
           work_read_optional_text(json, "opens", &result->opens) &&
           work_read_number(json, "not_before_ms", 0, INT64_MAX / 2, &result->not_before_ms) &&
           work_read_number(json, "bytes", 0, INT64_MAX, &result->bytes) &&
           work_read_number(json, "milliseconds", 0, INT64_MAX, &result->milliseconds) &&
           work_read_answers(json, result) && work_read_headers(json, result);
}

static bool work_read_token(const json_t *json, struct work_message *message)
{
    struct work_token *token = message->token = memory_new(1, sizeof *token);
    int kind, state;
    if (!work_read_name(json, "kind", token_kinds, 3, &kind) ||
        !work_read_name(json, "state", token_states, WORK_TOKEN_STATES, &state))
        return false;
    token->kind = (enum work_token_kind)kind;
    token->state = (enum work_token_state)state;
    token->replaced = json_is_true(json_object_get(json, "replaced"));
    token->expires_at = json_integer_value(json_object_get(json, "expires_at"));
    if (token->expires_at < 0)
        return false;
    return work_read_number(json, "serial", 1, INT64_MAX, &token->serial) &&
           work_read_text(json, "destination", &token->destination) &&
           work_read_optional_text(json, "album", &token->album) &&
           work_read_text(json, "scope", &token->scope) && work_read_text(json, "album_id", &token->album_id);
}

static bool work_read_permit(const json_t *json, struct work_message *message)
{
    struct work_permit *permit = message->permit = memory_new(1, sizeof *permit);
    return work_read_number(json, "serial", 1, INT64_MAX, &permit->serial) &&
           work_read_bool(json, "allowed", &permit->allowed) &&
           work_read_optional_text(json, "reason", &permit->reason);
}

static bool work_read_look(const json_t *json, struct work_message *message)
{
    struct work_look *look = message->look = memory_new(1, sizeof *look);
    return work_read_text(json, "destination", &look->destination) &&
           work_read_optional_text(json, "album", &look->album) &&
           work_read_fixed(json, "address", look->address, sizeof look->address) &&
           (message->verb == WORK_LOOK || work_read_bool(json, "ready", &look->ready));
}

static bool work_read_message(const json_t *json, struct work_message *message)
{
    switch (message->verb) {
    case WORK_HELLO:
        return work_read_hello(json, message);
    case WORK_PING:
        return work_read_fixed(json, "session", message->session, sizeof message->session) &&
               work_read_held(json, message);
    case WORK_WHO:
    case WORK_PONG:
        return work_read_gone(json, message);
    case WORK_BYE:
        return work_read_fixed(json, "session", message->session, sizeof message->session);
    case WORK_ACK:
        return work_read_fixed(json, "work", message->acknowledged, sizeof message->acknowledged);
    case WORK_WORK:
        return work_read_work(json, message);
    case WORK_RESULT:
        return work_read_result(json, message);
    case WORK_TOKEN:
        return work_read_token(json, message);
    case WORK_PERMIT:
        return work_read_permit(json, message);
    case WORK_LOOK:
    case WORK_SEEN:
        return work_read_look(json, message);
    default:
        return true;
    }
}

static bool find_verb(const char *verb, size_t length, enum work_verb *ret_verb)
{
    for (int i = 0; i < WORK_VERBS; i++) {
        const char *name = work_verb_name((enum work_verb)i);
        if (strlen(name) == length && memcmp(name, verb, length) == 0) {
            *ret_verb = (enum work_verb)i;
            return true;
        }
    }
    return false;
}

int work_decode(const char *verb, size_t verb_length, const char *json, size_t json_length,
                struct work_message *ret_message)
{
    *ret_message = (struct work_message){0};
    static const struct json_limits limits = {WORK_MESSAGE_MAX, MESSAGE_DEPTH, .unique = true};
    AUTO(json_release) json_t *root = NULL;
    if (!json || !find_verb(verb, verb_length, &ret_message->verb) ||
        json_read(json, json_length, &limits, &root) != 0)
        return ERR_SYNTAX;
    if (json_is_object(root) && work_read_message(root, ret_message))
        return 0;
    work_message_release(ret_message);
    return ERR_SYNTAX;
}
