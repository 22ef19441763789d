#include "common/wire/work.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *work_verb_name(enum work_verb verb)
{
    static const char *const names[] = {
#define X(name, from, meaning) #name,
        WORK_VERB_MAP(X)
#undef X
    };
    return names[verb];
}

const char *work_stage_name(enum work_stage stage)
{
    static const char *const names[] = {
#define X(name, text, worker, meaning) text,
        WORK_STAGE_MAP(X)
#undef X
    };
    return names[stage];
}

enum work_stage work_stage_worker(enum work_stage stage)
{
    static const enum work_stage workers[] = {
#define X(name, text, worker, meaning) worker,
        WORK_STAGE_MAP(X)
#undef X
    };
    return workers[stage];
}

const char *work_outcome_name(enum work_outcome outcome)
{
    static const char *const names[] = {
#define X(name, text, meaning) text,
        WORK_OUTCOME_MAP(X)
#undef X
    };
    return names[outcome];
}

const char *work_notice_state_name(enum work_notice_state state)
{
    static const char *const names[] = {
#define X(name, text) text,
        WORK_NOTICE_STATE_MAP(X)
#undef X
    };
    return names[state];
}

void work_notice_destroy(struct work_notice **notice)
{
    if (!*notice)
        return;
    free((*notice)->id);
    free((*notice)->cause);
    free((*notice)->destination);
    free((*notice)->album);
    free(*notice);
    *notice = NULL;
}

void work_destroy(struct work **work)
{
    if (!*work)
        return;
    free((*work)->destination);
    free((*work)->album);
    free((*work)->study);
    free((*work)->series);
    free((*work)->home);
    work_notice_destroy(&(*work)->notice);
    work_report_destroy(&(*work)->report);
    free((*work)->items);
    free((*work)->instances);
    free(*work);
    *work = NULL;
}

struct work_result *work_result_create(const struct work *work)
{
    struct work_result *result = memory_new(1, sizeof *result);
    memcpy(result->id, work->id, sizeof result->id);
    result->stage = work->stage;
    result->destination = memory_string(work->destination);
    result->album = memory_string(work->album);
    result->home = memory_string(work->home);
    memcpy(result->address, work->address, sizeof result->address);
    result->answers = memory_new(work->item_count, sizeof *result->answers);
    result->answer_count = work->item_count;
    for (size_t i = 0; i < work->item_count; i++) {
        result->answers[i].id = work->items[i].id;
        memcpy(result->answers[i].receipt, work->items[i].receipt, RECEIPT_SIZE);
        result->answers[i].outcome = WORK_RETRY_OUTCOME;
    }
    return result;
}

struct work_header *work_result_add_header(struct work_result *result, const char *instance)
{
    if (!result->headers)
        result->headers = memory_new(WORK_INQUIRED_MAX, sizeof *result->headers);
    struct work_header *header = &result->headers[result->header_count++];
    *header = (struct work_header){.kept = TEXT_EMPTY};
    (void)snprintf(header->instance, sizeof header->instance, "%s", instance);
    return header;
}

void work_headers_release(struct work_header **headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        text_release(&(*headers)[i].kept);
        free((*headers)[i].why);
    }
    free(*headers);
    *headers = NULL;
}

void work_result_destroy(struct work_result **result)
{
    if (!*result)
        return;
    for (size_t i = 0; i < (*result)->answer_count; i++)
        free((*result)->answers[i].reason);
    free((*result)->answers);
    work_headers_release(&(*result)->headers, (*result)->header_count);
    free((*result)->destination);
    free((*result)->album);
    free((*result)->home);
    free((*result)->opens);
    free(*result);
    *result = NULL;
}

void work_answer_set(struct work_answer *answer, enum work_outcome outcome, enum blame blame, int http_status,
                     const char *reason)
{
    answer->outcome = outcome;
    answer->blame = blame;
    answer->http_status = http_status;
    free(answer->reason);
    answer->reason = reason ? memory_string_n(reason, strnlen(reason, WORK_REASON_MAX)) : NULL;
}

bool work_result_is_good(const struct work_result *result)
{
    for (size_t i = 0; i < result->answer_count; i++)
        if (work_answer_is_done(&result->answers[i]))
            return true;
    return false;
}

bool work_answer_is_done(const struct work_answer *answer)
{
    return answer->outcome == WORK_DONE_OUTCOME || answer->outcome == WORK_DUPLICATE_OUTCOME;
}

void work_token_destroy(struct work_token **token)
{
    if (!*token)
        return;
    free((*token)->destination);
    free((*token)->album);
    free((*token)->scope);
    free((*token)->album_id);
    free(*token);
    *token = NULL;
}

void work_permit_destroy(struct work_permit **permit)
{
    if (!*permit)
        return;
    free((*permit)->reason);
    free(*permit);
    *permit = NULL;
}

void work_look_destroy(struct work_look **look)
{
    if (!*look)
        return;
    free((*look)->destination);
    free((*look)->album);
    free(*look);
    *look = NULL;
}

void work_message_release(struct work_message *message)
{
    free(message->name);
    free(message->gone);
    free(message->reason);
    free(message->held);
    work_destroy(&message->work);
    work_result_destroy(&message->result);
    work_token_destroy(&message->token);
    work_permit_destroy(&message->permit);
    work_look_destroy(&message->look);
    *message = (struct work_message){0};
}
