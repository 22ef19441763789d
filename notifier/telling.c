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
    const struct sending_means means = notifier_means(task->process);
    bool taken = sending_taken(&means, task->work->destination, answer, &said);
    work_answer_set(&task->result->answers[0], taken ? WORK_DONE_OUTCOME : WORK_RETRY_OUTCOME, BLAME_NOBODY,
                    answer->status, text_string(&said));
    task_finish(task);
}

static void telling_begin(struct task *task);

static void telling_logged_in(void *context, enum login_verdict verdict, const char *sentence)
{
    struct task *task = context;
    if (verdict == LOGIN_FINE)
        telling_begin(task);
    else
        task_finish_all(task, WORK_RETRY_OUTCOME, BLAME_NOBODY, sentence);
}

static void telling_begin(struct task *task)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const struct sending_means means = notifier_means(task->process);
    int code = sending_start(&means, task->work->destination, task->work->notice, telling_answered, task,
                             &task->transfer, &reason);
    if (code == LOGIN_WAITS)
        sending_log_in(&means, task->work->destination, telling_logged_in, task);
    else if (code != 0)
        task_finish_all(task, WORK_RETRY_OUTCOME, BLAME_NOBODY, text_string(&reason));
}

static void telling_release(struct task *task)
{
    login_forget(notifier_means(task->process).logins, task);
}

const struct task_kind telling_kind = {sizeof(struct task), telling_begin, telling_tell, telling_release};
