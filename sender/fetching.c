#include "sender/fetching.h"

#include "common/base/cleanup.h"
#include "common/base/log.h"
#include "common/dicom/uid.h"
#include "sender/fetch_outcome.h"
#include "sender/parts.h"
#include "sender/stow.h"
#include "sender/stow_token.h"

static void fetching_tell(const struct task *task)
{
    const struct work *work = task->work;
    const struct work_answer *answer = &task->result->answers[0];
    bool done = answer->outcome == WORK_DONE_OUTCOME;
    LOG_AT(done ? LOG_INFO : LOG_WARNING, done ? "study looked at again" : "study not looked at again",
           LOG_S("destination", work->destination), LOG_S("study", work->study),
           LOG_I("status", answer->http_status), LOG_I("ms", task->result->milliseconds),
           LOG_S("outcome", work_outcome_name(answer->outcome)), LOG_S("reason", answer->reason));
}

static void fetching_explained(void *context, struct introspection *introspection)
{
    struct task *task = context;
    fetch_decide(introspection, task->result);
    task_finish(task);
}

static void fetching_answered(void *context, struct http_answer *answer)
{
    struct task *task = context;
    task_answered(task, answer);
    if (fetch_judge(answer, task->result) == ANSWER_ASK_TOKEN)
        task_ask_token(task, WORK_TOKEN_STOW, fetching_explained);
    else
        task_finish(task);
}

/* It brings nothing anywhere, so a token that nobody has permitted may ask: KHEOPS explains what is wrong with it, or takes
 * it again. One of another album does not see the study. */
static void fetching_go(struct task *task, const struct config_destination *destination,
                        const struct credentials *credentials)
{
    if (stow_token_look(task, destination, credentials) == STOW_TOKEN_ELSEWHERE)
        stow_token_finish_elsewhere(task);
    else
        stow_ask_fetch(task->process->http, destination, credentials, task->work->study, fetching_answered,
                       task, &task->transfer);
}

static void fetching_begin(struct task *task)
{
    const struct config_destination *destination = task_destination(task);
    struct credentials credentials = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (!destination || !destination->api_url) {
        sender_finish_unnamed(task);
    } else if (!uid_is_plain(task->work->study)) {
        task_finish_all(task, WORK_REJECT_OUTCOME, BLAME_INSTANCE,
                        "its study UID has other characters than digits and dots: KHEOPS takes no such");
    } else if (credentials_of_destination(destination, &credentials, &reason) != 0) {
        task_finish_all(task, WORK_BLOCKED_OUTCOME, BLAME_WORKER, text_string(&reason));
    } else {
        fetching_go(task, destination, &credentials);
    }
    credentials_wipe(&credentials);
}

const struct task_kind fetching_kind = {sizeof(struct task), fetching_begin, fetching_tell, NULL};
