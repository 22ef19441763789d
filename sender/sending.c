#include "sender/sending.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/dicom/dictionary.h"
#include "common/kheops/credentials.h"
#include "common/config/secret.h"
#include "common/dicom/uid.h"
#include "sender/batch.h"
#include "sender/multipart.h"
#include "sender/stow.h"
#include "sender/stow_outcome.h"

#include <stdlib.h>
#include <string.h>

struct sending {
    struct sender *sender;
    struct sending *previous, *next;
    struct work *work;
    struct work_result *result;
    struct batch *batch;
    struct multipart *multipart;
    struct http_transfer *transfer;
    struct text token; /* that the request carried */
    struct stow_judgement judgement;
    size_t asked;     /* items of the batch whose series have been asked about */
    int status;       /* of the STOW answer */
    int64_t began_at; /* monotonic */
};

static void finish(struct sending *sending);

/* ---- life ---- */

static void release(struct sending *sending)
{
    http_cancel(&sending->transfer);
    token_watch_forget(sending->sender->tokens, sending);
    if (sending->previous)
        sending->previous->next = sending->next;
    else
        sending->sender->sendings = sending->next;
    if (sending->next)
        sending->next->previous = sending->previous;
    multipart_destroy(&sending->multipart);
    batch_destroy(&sending->batch);
    stow_judgement_release(&sending->judgement);
    secret_wipe(&sending->token);
    work_result_destroy(&sending->result);
    work_destroy(&sending->work);
    free(sending);
}

void sending_abort(struct sending **sending)
{
    release(*sending);
    *sending = NULL;
}

static const struct config_destination *destination_of(const struct sending *sending)
{
    return config_find_destination(sending->sender->config, sending->work->destination);
}

/* ---- the end ---- */

static const struct work_answer *first_not_done(const struct work_result *result, size_t *ret_done)
{
    const struct work_answer *found = NULL;
    *ret_done = 0;
    for (size_t i = 0; i < result->answer_count; i++) {
        const struct work_answer *answer = &result->answers[i];
        bool done = answer->outcome == WORK_DONE_OUTCOME || answer->outcome == WORK_DUPLICATE_OUTCOME;
        *ret_done += done;
        if (!done && !found)
            found = answer;
    }
    return found;
}

static void log_end(const struct sending *sending)
{
    const struct work_result *result = sending->result;
    size_t done;
    const struct work_answer *trouble = first_not_done(result, &done);
    if (!trouble) {
        log_info("batch sent", LOG_S("destination", result->destination),
                 LOG_S("study", sending->work->study), LOG_I("instances", done),
                 LOG_I("status", sending->status), LOG_I("bytes", result->bytes),
                 LOG_I("ms", result->milliseconds), LOG_S("first_receipt", result->answers[0].receipt),
                 LOG_S("work", result->id));
        return;
    }
    log_warning(done > 0 ? "batch sent in part" : "batch not sent", LOG_S("destination", result->destination),
                LOG_S("study", sending->work->study), LOG_I("instances", result->answer_count),
                LOG_I("stored", done), LOG_I("status", sending->status), LOG_I("bytes", result->bytes),
                LOG_I("ms", result->milliseconds), LOG_S("outcome", work_outcome_name(trouble->outcome)),
                LOG_S("receipt", trouble->receipt), LOG_S("work", result->id),
                LOG_S("reason", trouble->reason));
}

static void finish(struct sending *sending)
{
    log_end(sending);
    sender_gauges_result(sending->sender->gauges, sending->result);
    CRASH_POINT(SENDER_RESULT_DUE);
    worker_finish(sending->sender->worker, &sending->result);
    CRASH_POINT(SENDER_RESULT_SENT);
    release(sending);
}

static void finish_all(struct sending *sending, enum work_outcome outcome, const char *reason)
{
    for (size_t i = 0; i < sending->result->answer_count; i++) {
        if (sending->result->answers[i].outcome != WORK_MISSING_OUTCOME)
            work_answer_set(&sending->result->answers[i], outcome, false, 0, reason);
    }
    finish(sending);
}

/* ---- the token is refused ---- */

static void token_explained(void *context, struct introspection *introspection)
{
    struct sending *sending = context;
    const struct config_destination *destination = destination_of(sending);
    bool asked = destination && destination->kheops && sending->token.length > 0;
    stow_decide_token(sending->batch, &sending->judgement, asked ? introspection : NULL, sending->result);
    finish(sending);
}

/* Whether the headers carry another token now than the one that was refused. */
static bool token_was_replaced(const struct sending *sending, const struct config_destination *destination)
{
    struct credentials credentials;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    bool resolved = credentials_of_destination(destination, &credentials, &reason) == 0;
    bool replaced = resolved && strcmp(text_string(&credentials.token), text_string(&sending->token)) != 0;
    credentials_wipe(&credentials);
    return replaced;
}

static void ask_token(struct sending *sending)
{
    const struct config_destination *destination = destination_of(sending);
    if (destination && token_was_replaced(sending, destination)) {
        stow_token_replaced(sending->batch, &sending->judgement, sending->result);
        finish(sending);
        return;
    }
    const struct token_place place = {sending->work->destination, NULL, WORK_TOKEN_STOW};
    token_watch_ask(sending->sender->tokens, &place, sending->began_at, token_explained, sending);
}

/* ---- what is there? ---- */

static void ask_next_series(struct sending *sending);

static void one_is_there(void *context, const char *sop_instance)
{
    struct sending *sending = context;
    stow_decide_present(sending->batch, &sending->judgement, sop_instance, sending->result);
}

/* Without an answer nothing more is known of the others either: they are sent again. */
static void presence_answered(void *context, struct http_answer *answer)
{
    struct sending *sending = context;
    sending->transfer = NULL;
    if (stow_read_present(answer, one_is_there, sending))
        ask_next_series(sending);
    else
        finish(sending);
}

static const char *series_of(const struct sending *sending, size_t item)
{
    return sending->work->items[sending->batch->items[item].index].series;
}

static bool was_asked(const struct sending *sending, const char *series)
{
    for (size_t i = 0; i + 1 < sending->asked; i++) {
        if (strcmp(series_of(sending, i), series) == 0)
            return true;
    }
    return false;
}

static void ask_next_series(struct sending *sending)
{
    const struct config_destination *destination = destination_of(sending);
    while (destination && sending->asked < sending->batch->count) {
        const char *series = series_of(sending, sending->asked++);
        struct credentials credentials;
        AUTO(text_release) struct text reason = TEXT_EMPTY;
        if (!uid_is_plain(series) || !uid_is_plain(sending->work->study) || was_asked(sending, series))
            continue;
        bool resolved = credentials_of_destination(destination, &credentials, &reason) == 0;
        if (resolved)
            stow_ask_present(sending->sender->http, destination, &credentials, sending->work->study, series,
                             presence_answered, sending, &sending->transfer);
        credentials_wipe(&credentials);
        if (resolved)
            return;
    }
    finish(sending);
}

/* ---- STOW ---- */

static const char *keyword_of(uint32_t tag)
{
    const struct condition_dictionary *dictionary = dictionary_for_conditions();
    return dictionary->keyword_of(dictionary->context, tag);
}

static void take_missing(struct sending *sending)
{
    const struct batch_item *failed = multipart_failed(sending->multipart);
    if (failed)
        work_answer_set(&sending->result->answers[failed->index], WORK_MISSING_OUTCOME, true, 0,
                        "its spool file became unreadable or shorter while it was sent");
}

static void stow_answered(void *context, struct http_answer *answer)
{
    struct sending *sending = context;
    const struct config_destination *destination = destination_of(sending);
    CRASH_POINT(SENDER_ANSWERED);
    sending->transfer = NULL;
    sending->status = answer->status;
    sending->result->bytes = answer->sent_bytes;
    sending->result->milliseconds = answer->milliseconds;
    sender_gauges_request(sending->sender->gauges, sending->work->destination, answer->status,
                          answer->sent_bytes, answer->milliseconds);
    if (!destination) {
        /* Taken out of the configuration meanwhile. What was stored is found to be there later. */
        finish_all(sending, WORK_RETRY_OUTCOME, "the configuration does not name the destination any more");
        return;
    }
    stow_judge(sending->batch, destination, answer, keyword_of, sending->result, &sending->judgement);
    take_missing(sending);
    if (sending->judgement.next == ANSWER_ASK_TOKEN)
        ask_token(sending);
    else if (sending->judgement.next == ANSWER_ASK_PRESENCE)
        ask_next_series(sending);
    else
        finish(sending);
}

static void begin(struct sending *sending, const struct config_destination *destination,
                  const struct credentials *credentials)
{
    if (multipart_create(sending->batch, &sending->multipart) != 0) {
        finish_all(sending, WORK_RETRY_OUTCOME, "the kernel gives no random bytes");
        return;
    }
    text_append(&sending->token, text_string(&credentials->token));
    stow_start(sending->sender->http, destination, credentials, sending->multipart, sending->batch->count,
               stow_answered, sending, &sending->transfer);
}

static struct sending *create(struct sender *sender, struct work *work)
{
    struct sending *sending = memory_new(1, sizeof *sending);
    sending->sender = sender;
    sending->work = work;
    sending->result = work_result_create(work);
    sending->began_at = clock_monotonic_ms();
    sending->next = sender->sendings;
    if (sending->next)
        sending->next->previous = sending;
    sender->sendings = sending;
    return sending;
}

void sending_start(struct sender *sender, struct work *work)
{
    struct sending *sending = create(sender, work);
    const struct config_destination *destination = destination_of(sending);
    struct credentials credentials;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    CRASH_POINT(SENDER_TOOK_WORK);
    if (!destination) {
        finish_all(
            sending, WORK_BLOCKED_OUTCOME,
            "this sender's configuration does not name the destination: give router and senders the same "
            "configuration");
        return;
    }
    batch_open(sender->spool, work, sending->result, &sending->batch);
    if (sending->batch->count == 0) {
        finish(sending);
        return;
    }
    int code = credentials_of_destination(destination, &credentials, &reason);
    if (code == 0)
        begin(sending, destination, &credentials);
    else
        finish_all(sending, WORK_BLOCKED_OUTCOME, text_string(&reason));
    credentials_wipe(&credentials);
}
