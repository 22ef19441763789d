#include "sender/sending.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/dicom/dictionary.h"
#include "common/login/login.h"
#include "common/config/secret.h"
#include "common/dicom/uid.h"
#include "sender/batch.h"
#include "sender/before.h"
#include "sender/multipart.h"
#include "sender/parts.h"
#include "sender/stow.h"
#include "sender/stow_outcome.h"
#include "sender/stow_token.h"

#include <string.h>

struct sending {
    struct task task;
    struct batch *batch;
    struct multipart *multipart;
    struct before before;
    struct text token; /* that the request carried */
    struct stow_judgement judgement;
    size_t asked; /* items of the batch whose series have been asked about */
    int status;   /* of the STOW answer */
};

static const struct sender *sender_of(const struct task *task)
{
    return task->process->own;
}

static void sending_release(struct task *task)
{
    struct sending *sending = (struct sending *)task;
    multipart_destroy(&sending->multipart);
    batch_destroy(&sending->batch);
    stow_judgement_release(&sending->judgement);
    secret_wipe(&sending->token);
    login_forget(sender_of(task)->logins, task);
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

static void sending_log(const struct sending *sending)
{
    const struct work_result *result = sending->task.result;
    const char *study = sending->task.work->study;
    size_t done;
    const struct work_answer *trouble = first_not_done(result, &done);
    if (!trouble) {
        log_info("batch sent", LOG_S("destination", result->destination), LOG_S("study", study),
                 LOG_I("instances", done), LOG_I("status", sending->status), LOG_I("bytes", result->bytes),
                 LOG_I("ms", result->milliseconds), LOG_S("first_receipt", result->answers[0].receipt),
                 LOG_S("work", result->id));
        return;
    }
    log_warning(done > 0 ? "batch sent in part" : "batch not sent", LOG_S("destination", result->destination),
                LOG_S("study", study), LOG_I("instances", result->answer_count), LOG_I("stored", done),
                LOG_I("status", sending->status), LOG_I("bytes", result->bytes),
                LOG_I("ms", result->milliseconds), LOG_S("outcome", work_outcome_name(trouble->outcome)),
                LOG_S("receipt", trouble->receipt), LOG_S("work", result->id),
                LOG_S("reason", trouble->reason));
}

static void sending_tell(const struct task *task)
{
    sending_log((const struct sending *)task);
    sender_gauges_result(sender_of(task)->gauges, task->result);
}

/* ---- the token is refused ---- */

static void sending_token_explained(void *context, struct introspection *introspection)
{
    struct sending *sending = context;
    const struct config_destination *destination = task_destination(&sending->task);
    bool asked = destination && destination->kheops && sending->token.length > 0;
    stow_decide_token(sending->batch, &sending->judgement, asked ? introspection : NULL,
                      sending->task.result);
    task_finish(&sending->task);
}

/* Whether a request would carry another token now than the one that was refused. */
static bool token_was_replaced(const struct sending *sending, const struct config_destination *destination)
{
    struct credentials credentials;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const struct login_place place = login_place_of(destination);
    struct logins *logins = sender_of(&sending->task)->logins;
    if (sending->status == 401 && login_renew(logins, &place, text_string(&sending->token)))
        return true;
    bool resolved = login_credentials(logins, &place, &credentials, &reason) == 0;
    bool replaced = resolved && strcmp(text_string(&credentials.token), text_string(&sending->token)) != 0;
    credentials_wipe(&credentials);
    return replaced;
}

static void sending_ask_token(struct sending *sending)
{
    const struct config_destination *destination = task_destination(&sending->task);
    if (destination && token_was_replaced(sending, destination)) {
        stow_token_replaced(sending->batch, &sending->judgement, sending->task.result);
        task_finish(&sending->task);
        return;
    }
    task_ask_token(&sending->task, WORK_TOKEN_STOW, sending_token_explained);
}

/* ---- what is there? ---- */

static void sending_ask_next_series(struct sending *sending);

static void sending_found_one(void *context, const char *sop_instance)
{
    struct sending *sending = context;
    stow_decide_present(sending->batch, &sending->judgement, sop_instance, sending->task.result);
}

/* Without an answer nothing more is known of the others either: they are sent again. */
static void sending_presence_answered(void *context, struct http_answer *answer)
{
    struct sending *sending = context;
    sending->task.transfer = NULL;
    if (stow_read_present(answer, sending_found_one, sending))
        sending_ask_next_series(sending);
    else
        task_finish(&sending->task);
}

static const char *series_of(const struct sending *sending, size_t item)
{
    return sending->task.work->items[sending->batch->items[item].index].series;
}

static bool was_asked(const struct sending *sending, const char *series)
{
    for (size_t i = 0; i + 1 < sending->asked; i++) {
        if (strcmp(series_of(sending, i), series) == 0)
            return true;
    }
    return false;
}

/* QIDO-RS refuses a token that may not read, with the status of a database that is away. */
static bool may_read(const struct sending *sending, const struct config_destination *destination,
                     const struct credentials *credentials)
{
    const struct token_place place = {destination->name, NULL, WORK_TOKEN_STOW};
    return token_watch_allows(sending->task.process->tokens, &place, text_string(&credentials->token),
                              "read");
}

static void sending_ask_next_series(struct sending *sending)
{
    const struct config_destination *destination = task_destination(&sending->task);
    /* Since a reload: what is there says nothing of the place that it went to. */
    if (task_goes_elsewhere(&sending->task))
        destination = NULL;
    while (destination && sending->asked < sending->batch->count) {
        const char *series = series_of(sending, sending->asked++);
        struct credentials credentials;
        AUTO(text_release) struct text reason = TEXT_EMPTY;
        if (!uid_is_plain(series) || !uid_is_plain(sending->task.work->study) || was_asked(sending, series))
            continue;
        const struct login_place place = login_place_of(destination);
        bool resolved =
            login_credentials(sender_of(&sending->task)->logins, &place, &credentials, &reason) == 0 &&
            stow_token_look(&sending->task, destination, &credentials) == STOW_TOKEN_FITS &&
            may_read(sending, destination, &credentials);
        if (resolved)
            stow_ask_present(sending->task.process->http, destination, &credentials,
                             sending->task.work->study, series, sending_presence_answered, sending,
                             &sending->task.transfer);
        credentials_wipe(&credentials);
        if (resolved)
            return;
    }
    task_finish(&sending->task);
}

/* ---- STOW ---- */

static const char *keyword_of(uint32_t tag)
{
    const struct condition_dictionary *dictionary = dictionary_for_conditions();
    return dictionary->keyword_of(dictionary->context, tag);
}

static void sending_take_missing(struct sending *sending)
{
    const struct batch_item *failed = multipart_failed(sending->multipart);
    if (failed)
        work_answer_set(&sending->task.result->answers[failed->index], WORK_MISSING_OUTCOME, BLAME_SUSPECT, 0,
                        "its spool file became unreadable or shorter while it was sent");
}

static void sending_answered(void *context, struct http_answer *answer)
{
    struct sending *sending = context;
    const struct config_destination *destination = task_destination(&sending->task);
    task_answered(&sending->task, answer);
    sending->status = answer->status;
    sending->task.result->bytes = answer->sent_bytes;
    sender_gauges_request(sender_of(&sending->task)->gauges, sending->task.work->destination, answer->status,
                          answer->sent_bytes, answer->milliseconds);
    if (!destination) {
        /* Taken out of the configuration meanwhile. What was stored is found to be there later. */
        task_finish_all(&sending->task, WORK_RETRY_OUTCOME, BLAME_WORKER,
                        "the configuration does not name the destination any more");
        return;
    }
    const struct login_place place = login_place_of(destination);
    if (answer->status / 100 == 2)
        login_taken(sender_of(&sending->task)->logins, &place, text_string(&sending->token));
    stow_judge(sending->batch, destination, answer, keyword_of, sending->task.result, &sending->judgement);
    sending_take_missing(sending);
    if (sending->judgement.next == ANSWER_ASK_TOKEN)
        sending_ask_token(sending);
    else if (sending->judgement.next == ANSWER_ASK_PRESENCE)
        sending_ask_next_series(sending);
    else
        task_finish(&sending->task);
}

static void sending_post(struct sending *sending, const struct config_destination *destination,
                         const struct credentials *credentials)
{
    if (multipart_create(sending->batch, &sending->multipart) != 0) {
        task_finish_all(&sending->task, WORK_RETRY_OUTCOME, BLAME_WORKER, "the kernel gives no random bytes");
        return;
    }
    text_append(&sending->token, text_string(&credentials->token));
    stow_token_note(&sending->task, destination, credentials);
    stow_start(sending->task.process->http, destination, credentials, sending->multipart,
               sending->batch->count, sending_answered, sending, &sending->task.transfer);
}

/* ---- may its token be used? ---- */

static void sending_try(struct sending *sending);

static void sending_permitted(void *context, enum token_permission permission, const char *sentence)
{
    struct sending *sending = context;
    if (permission == TOKEN_PERMITTED) {
        sending->task.began_at = clock_monotonic_ms(); /* what is asked from now on is about a token of now */
        sending_try(sending);
    } else if (permission == TOKEN_REFUSED) {
        task_finish_all(&sending->task, WORK_BLOCKED_OUTCOME, BLAME_TOKEN, sentence);
    } else { /* that KHEOPS cannot be asked may be this sender's own trouble */
        task_finish_all(&sending->task, WORK_RETRY_OUTCOME, BLAME_WORKER, sentence);
    }
}

/* The next question about what was there is answered. */
static void sending_go_on(struct task *task)
{
    sending_try((struct sending *)task);
}

/* Sends, when the token that the headers carry now may be used; asks first when that is not known. Before the first
 * request of a study there are questions, too: each is answered with another look at configuration and token. */
static void sending_go(struct sending *sending, const struct config_destination *destination,
                       const struct credentials *credentials)
{
    switch (stow_token_look(&sending->task, destination, credentials)) {
    case STOW_TOKEN_FITS:
        if (!before_ask(&sending->before, &sending->task, sending->batch, destination, credentials,
                        sending_go_on))
            sending_post(sending, destination, credentials);
        break;
    case STOW_TOKEN_UNKNOWN:
        task_ask_permission(&sending->task, sending_permitted);
        break;
    default:
        stow_token_finish_elsewhere(&sending->task);
        break;
    }
}

/* A login server is this worker's way to a token: another worker may have another way. */
static void sending_logged_in(void *context, enum login_verdict verdict, const char *sentence)
{
    struct sending *sending = context;
    if (verdict == LOGIN_FINE)
        sending_try(sending);
    else
        task_finish_all(&sending->task, verdict == LOGIN_AWAY ? WORK_RETRY_OUTCOME : WORK_BLOCKED_OUTCOME,
                        BLAME_WORKER, sentence);
}

/* With what a request to the destination carries, which a login server may have to be asked for. */
static void sending_show(struct sending *sending, const struct config_destination *destination)
{
    AUTO(credentials_wipe) struct credentials credentials = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct logins *logins = sender_of(&sending->task)->logins;
    const struct login_place place = login_place_of(destination);
    int code = login_credentials(logins, &place, &credentials, &reason);
    if (code == LOGIN_WAITS)
        login_ask(logins, &place, sending_logged_in, sending);
    else if (code != 0)
        task_finish_all(&sending->task, WORK_BLOCKED_OUTCOME, BLAME_WORKER, text_string(&reason));
    else
        sending_go(sending, destination, &credentials);
}

static void sending_try(struct sending *sending)
{
    const struct config_destination *destination = task_destination(&sending->task);
    if (!destination)
        sender_finish_unnamed(&sending->task);
    else if (task_goes_elsewhere(&sending->task))
        task_finish_elsewhere(&sending->task);
    else
        sending_show(sending, destination);
}

static void sending_begin(struct task *task)
{
    struct sending *sending = (struct sending *)task;
    if (!task_destination(task)) {
        sender_finish_unnamed(task);
        return;
    }
    batch_open(sender_of(task)->spool, task->work, task->result, &sending->batch);
    if (sending->batch->count == 0)
        task_finish(task);
    else
        sending_try(sending);
}

const struct task_kind sending_kind = {sizeof(struct sending), sending_begin, sending_tell, sending_release};
