#include "notifier/telling.h"

#include "common/base/cleanup.h"
#include "common/base/log.h"
#include "common/notify/sending.h"
#include "notifier/parts.h"

static void telling_tell(const struct task *task)
{
    const struct notifier *notifier = task->process->own;
    const struct work *work = task->work;
    const struct work_answer *answer = &task->result->answers[0];
    bool taken = answer->outcome == WORK_DONE_OUTCOME;
    LOG_AT(taken ? LOG_INFO : LOG_WARNING, taken ? "notice told" : "notice not taken",
           LOG_S("target", work->destination), LOG_S("cause", work->notice->cause),
           LOG_S("state", work_notice_state_name(work->notice->state)),
           LOG_I("ms", task->result->milliseconds), LOG_S("answer", answer->reason ? answer->reason : "-"));
    notifier_gauges_told(notifier->gauges, work->destination, taken);
}

static void telling_answered(void *context, struct http_answer *answer)
{
    struct task *task = context;
    AUTO(text_release) struct text said = TEXT_EMPTY;
    task_answered(task, answer);
    bool taken = sending_taken(answer, &said);
    work_answer_set(&task->result->answers[0], taken ? WORK_DONE_OUTCOME : WORK_RETRY_OUTCOME, BLAME_NOBODY,
                    answer->status, text_string(&said));
    task_finish(task);
}

static void telling_begin(struct task *task)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (sending_start(task->process->http, task->process->config, task->work->destination, task->work->notice,
                      telling_answered, task, &task->transfer, &reason) != 0)
        task_finish_all(task, WORK_RETRY_OUTCOME, BLAME_NOBODY, text_string(&reason));
}

const struct task_kind telling_kind = {sizeof(struct task), telling_begin, telling_tell, NULL};
