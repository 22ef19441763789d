#include "sharer/inquiring.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/config/secret.h"
#include "common/dicom/metadata.h"
#include "common/dicom/uid.h"
#include "common/kheops/credentials.h"
#include "sharer/inquiry_outcome.h"
#include "sharer/share.h"

#include <string.h>

struct inquiring {
    struct task task;
    struct share_tokens tokens; /* the source token is what the requests carry */
    size_t at;                  /* of the work's instances: the one that is asked about */
};

static void inquiring_release(struct task *task)
{
    share_tokens_wipe(&((struct inquiring *)task)->tokens);
}

/* ---- the end ---- */

static void inquiring_tell(const struct task *task)
{
    const struct work *work = task->work;
    const struct work_answer *answer = &task->result->answers[0];
    bool done = answer->outcome == WORK_DONE_OUTCOME;
    LOG_AT(done ? LOG_INFO : LOG_WARNING,
           done ? "KHEOPS told of a series" : "KHEOPS did not tell of a series",
           LOG_S("destination", work->destination), LOG_S("album", work->album), LOG_S("study", work->study),
           LOG_S("series", work->series), LOG_I("instances", task->result->header_count),
           LOG_I("status", answer->http_status), LOG_I("ms", task->result->milliseconds),
           LOG_S("outcome", work_outcome_name(answer->outcome)), LOG_S("reason", answer->reason));
}

/* The time of all its requests, not of the last. */
static void inquiring_finish(struct inquiring *inquiring)
{
    struct task *task = &inquiring->task;
    task->result->milliseconds = clock_monotonic_ms() - task->began_at;
    task_finish(task);
}

/* ---- refused: is it the token? ---- */

static void inquiring_explained(void *context, struct introspection *source)
{
    struct inquiring *inquiring = context;
    inquiry_decide(source, inquiring->task.result);
    inquiring_finish(inquiring);
}

static bool source_was_replaced(const struct inquiring *inquiring)
{
    const struct config_album *album = task_album(&inquiring->task);
    struct share_tokens now = {.source = TEXT_EMPTY};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    bool replaced = album &&
                    share_tokens_resolve(task_destination(&inquiring->task), album, &now, &reason) == 0 &&
                    strcmp(text_string(&now.source), text_string(&inquiring->tokens.source)) != 0;
    share_tokens_wipe(&now);
    return replaced;
}

static void inquiring_ask_token(struct inquiring *inquiring)
{
    struct work_answer *answer = &inquiring->task.result->answers[0];
    if (source_was_replaced(inquiring)) {
        work_answer_set(answer, WORK_RETRY_OUTCOME, BLAME_NOBODY, answer->http_status,
                        "the source token was refused, and has been replaced meanwhile: trying the new one");
        inquiring_finish(inquiring);
        return;
    }
    task_ask_token(&inquiring->task, WORK_TOKEN_SOURCE, inquiring_explained);
}

/* ---- the requests ---- */

static void inquiring_ask_next(struct inquiring *inquiring);

static const char *instance_of(const struct inquiring *inquiring)
{
    return inquiring->task.work->instances[inquiring->at];
}

/* What is known of the instance, or why nothing is; then the next one. */
static void inquiring_note(struct inquiring *inquiring, const struct http_answer *answer, const char *why)
{
    const struct work *work = inquiring->task.work;
    const struct metadata_wanted wanted = {work->study, work->series, instance_of(inquiring)};
    struct work_header *header = work_result_add_header(inquiring->task.result, wanted.instance);
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int code =
        why ? ERR_ABSENT
            : metadata_read(text_string(&answer->body), answer->body.length, &wanted, &header->kept, &reason);
    if (code == ERR_ABSENT)
        header->why = memory_string(why ? why : "KHEOPS does not have all instances of the series");
    else if (code != 0) {
        AUTO(text_release) struct text sentence = TEXT_EMPTY;
        text_format(&sentence, "KHEOPS's answer about an instance cannot be used: %s", text_string(&reason));
        header->why = text_take(&sentence);
    }
    inquiring->at++;
    inquiring_ask_next(inquiring);
}

static void inquiring_answered(void *context, struct http_answer *answer)
{
    struct inquiring *inquiring = context;
    struct task *task = &inquiring->task;
    task_answered(task, answer);
    switch (inquiry_judge(answer, task->result)) {
    case INQUIRY_READ:
        work_answer_set(&task->result->answers[0], WORK_DONE_OUTCOME, BLAME_NOBODY, answer->status, NULL);
        inquiring_note(inquiring, answer, NULL);
        return;
    case INQUIRY_ABSENT:
        inquiring_note(inquiring, answer, "KHEOPS does not have all instances of the series");
        return;
    case INQUIRY_TOO_LONG:
        inquiring_note(inquiring, answer,
                       "KHEOPS's answer about an instance cannot be used: it is longer than 4 MiB");
        return;
    case INQUIRY_ASK_TOKEN:
        inquiring_ask_token(inquiring);
        return;
    default:
        inquiring_finish(inquiring);
    }
}

static void inquiring_request(struct inquiring *inquiring, const struct config_album *album)
{
    const struct work *work = inquiring->task.work;
    const struct config_destination *destination = task_destination(&inquiring->task);
    AUTO(text_release) struct text url = TEXT_EMPTY;
    AUTO(secret_wipe) struct text source = TEXT_EMPTY;
    text_format(&url, "%s/studies/%s/series/%s/instances/%s/metadata", album->api_url, work->study,
                work->series, instance_of(inquiring));
    text_format(&source, "Bearer %s", text_string(&inquiring->tokens.source));
    const struct http_header headers[] = {{(char *)"Authorization", source.bytes},
                                          {(char *)"Accept", (char *)"application/dicom+json"}};
    const struct http_request request = {.method = HTTP_GET,
                                         .url = text_string(&url),
                                         .headers = headers,
                                         .header_count = sizeof headers / sizeof *headers,
                                         .tls = credentials_tls(destination),
                                         .proxy = text_string(&inquiring->tokens.proxy),
                                         .http2 = destination->http2,
                                         .answer_max = METADATA_MAX};
    http_start(inquiring->task.process->http, &request, inquiring_answered, inquiring,
               &inquiring->task.transfer);
}

/* A new configuration may have come since the last one. */
static void inquiring_ask_next(struct inquiring *inquiring)
{
    struct task *task = &inquiring->task;
    const struct config_album *album = task_album(task);
    if (inquiring->at == task->work->instance_count) {
        work_answer_set(&task->result->answers[0], WORK_DONE_OUTCOME, BLAME_NOBODY,
                        task->result->answers[0].http_status, NULL);
        inquiring_finish(inquiring);
    } else if (!album) {
        task_finish_all(
            task, WORK_BLOCKED_OUTCOME, BLAME_WORKER,
            "this sharer's configuration does not name the album: give router and sharers the same "
            "configuration");
    } else if (task_goes_elsewhere(task)) {
        task_finish_elsewhere(task);
    } else if (!uid_is_plain(instance_of(inquiring))) {
        inquiring_note(inquiring, NULL,
                       "the UID of an instance has other characters than digits and dots: KHEOPS cannot be "
                       "asked about it");
    } else {
        inquiring_request(inquiring, album);
    }
}

static void inquiring_begin(struct task *task)
{
    struct inquiring *inquiring = (struct inquiring *)task;
    const struct config_album *album = task_album(task);
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (!uid_is_plain(task->work->study) || !uid_is_plain(task->work->series))
        task_finish_all(task, WORK_REJECT_OUTCOME, BLAME_INSTANCE,
                        "its study or series UID has other characters than digits and dots: KHEOPS takes no "
                        "such");
    else if (album && share_tokens_resolve(task_destination(task), album, &inquiring->tokens, &reason) != 0)
        task_finish_all(task, WORK_BLOCKED_OUTCOME, BLAME_WORKER, text_string(&reason));
    else
        inquiring_ask_next(inquiring);
}

const struct task_kind inquiring_kind = {sizeof(struct inquiring), inquiring_begin, inquiring_tell,
                                         inquiring_release};
