#include "sharer/sharing.h"

#include "common/base/cleanup.h"
#include "common/base/log.h"
#include "common/dicom/uid.h"
#include "sharer/share.h"
#include "sharer/share_outcome.h"
#include "sharer/parts.h"

#include <string.h>

struct sharing {
    struct task task;
    struct share_tokens tokens; /* that the request carries */
    bool requested;
    struct introspection destination; /* what KHEOPS said of the first token */
};

static void sharing_release(struct task *task)
{
    struct sharing *sharing = (struct sharing *)task;
    share_tokens_wipe(&sharing->tokens);
    introspection_release(&sharing->destination);
}

static const struct sharer *sharer_of(const struct task *task)
{
    return task->process->own;
}

/* ---- the end ---- */

static void sharing_log(const struct task *task)
{
    const struct work *work = task->work;
    const struct work_answer *answer = &task->result->answers[0];
    bool done = answer->outcome == WORK_DONE_OUTCOME;
    if (done)
        log_info("series shared", LOG_S("destination", work->destination), LOG_S("album", work->album),
                 LOG_S("study", work->study), LOG_S("series", work->series),
                 LOG_I("status", answer->http_status), LOG_I("ms", task->result->milliseconds));
    else
        log_warning("series not shared", LOG_S("destination", work->destination), LOG_S("album", work->album),
                    LOG_S("study", work->study), LOG_S("series", work->series),
                    LOG_I("status", answer->http_status), LOG_I("ms", task->result->milliseconds),
                    LOG_S("outcome", work_outcome_name(answer->outcome)), LOG_S("reason", answer->reason));
}

static void sharing_tell(const struct task *task)
{
    const struct sharing *sharing = (const struct sharing *)task;
    sharing_log(task);
    sharer_gauges_result(sharer_of(task)->gauges, task->result, !sharing->requested);
}

/* ---- refused: which token, and why? ---- */

static void sharing_source_explained(void *context, struct introspection *source)
{
    struct sharing *sharing = context;
    share_decide(&sharing->destination, source, sharing->task.result);
    task_finish(&sharing->task);
}

static void sharing_destination_explained(void *context, struct introspection *destination)
{
    struct sharing *sharing = context;
    introspection_copy(destination, &sharing->destination);
    task_ask_token(&sharing->task, WORK_TOKEN_SOURCE, sharing_source_explained);
}

/* Whether the album's files or variables hold other tokens now than those that were refused. */
static bool tokens_were_replaced(const struct sharing *sharing)
{
    const struct config_album *album = task_album(&sharing->task);
    struct share_tokens now;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (!album)
        return false;
    bool resolved = share_tokens_resolve(task_destination(&sharing->task), album, &now, &reason) == 0;
    bool replaced =
        resolved && (strcmp(text_string(&now.destination), text_string(&sharing->tokens.destination)) != 0 ||
                     strcmp(text_string(&now.source), text_string(&sharing->tokens.source)) != 0);
    share_tokens_wipe(&now);
    return replaced;
}

static void sharing_ask_tokens(struct sharing *sharing)
{
    if (tokens_were_replaced(sharing)) {
        share_token_replaced(sharing->task.result);
        task_finish(&sharing->task);
        return;
    }
    task_ask_token(&sharing->task, WORK_TOKEN_DESTINATION, sharing_destination_explained);
}

/* ---- the request ---- */

static void sharing_answered(void *context, struct http_answer *answer)
{
    struct sharing *sharing = context;
    task_answered(&sharing->task, answer);
    bool ask = share_judge(answer, sharing->task.result) == ANSWER_ASK_TOKEN;
    /* While the login provider is away KHEOPS says 500 of a token that it refuses. */
    if (ask || answer->status == 500)
        sharing_ask_tokens(sharing);
    else
        task_finish(&sharing->task);
}

static void sharing_begin(struct task *task)
{
    struct sharing *sharing = (struct sharing *)task;
    const struct work *work = task->work;
    const struct config_album *album = task_album(task);
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (!album) {
        task_finish_all(
            task, WORK_BLOCKED_OUTCOME, BLAME_WORKER,
            "this sharer's configuration does not name the album: give router and sharers the same "
            "configuration");
    } else if (!uid_is_plain(work->study) || !uid_is_plain(work->series)) {
        task_finish_all(task, WORK_REJECT_OUTCOME, BLAME_INSTANCE,
                        "its study or series UID has other characters than digits and dots: KHEOPS takes no "
                        "such");
    } else if (share_tokens_resolve(task_destination(task), album, &sharing->tokens, &reason) != 0) {
        task_finish_all(task, WORK_BLOCKED_OUTCOME, BLAME_WORKER, text_string(&reason));
    } else {
        sharing->requested = true;
        share_start(task->process->http, task_destination(task), album, &sharing->tokens, work,
                    sharing_answered, sharing, &task->transfer);
    }
}

const struct task_kind sharing_kind = {sizeof(struct sharing), sharing_begin, sharing_tell, sharing_release};
