#include "common/worker/task.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/memory.h"
#include "common/config/address.h"
#include "common/worker/behind.h"

#include <stdlib.h>
#include <string.h>

static void link_task(struct task *task)
{
    struct worker_process *process = task->process;
    task->next = process->tasks;
    if (task->next)
        task->next->previous = task;
    process->tasks = task;
}

static void unlink_task(struct task *task)
{
    if (task->previous)
        task->previous->next = task->next;
    else
        task->process->tasks = task->next;
    if (task->next)
        task->next->previous = task->previous;
}

_Static_assert((int)WORK_ADDRESS_SIZE == (int)ADDRESS_SIZE, "a message holds an address");

/* What is not configured here the kind finds by itself. */
bool task_goes_elsewhere(const struct task *task)
{
    char address[ADDRESS_SIZE] = "";
    const struct config_destination *destination = task_destination(task);
    const struct config_album *album = destination && task->work->album ? task_album(task) : NULL;
    if (!*task->work->address)
        return false;
    if (album)
        address_of_album(album, address);
    else if (destination && !task->work->album)
        address_of_destination(destination, address);
    return *address && strcmp(address, task->work->address) != 0;
}

void task_finish_elsewhere(struct task *task)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    text_format(
        &sentence,
        "the configuration of this %s has another address (%s) than the router's: give both the same, and reload "
        "the one that has an older one",
        task->process->kind->name, task->work->album ? "api_url" : "stow_url or api_url");
    task_finish_all(task, WORK_BLOCKED_OUTCOME, BLAME_WORKER, text_string(&sentence));
}

void task_start(struct worker_process *process, struct work *work)
{
    const struct task_kind *kind = process->kind->tasks[work->stage];
    struct task *task = memory_new(1, kind->size);
    task->process = process;
    task->kind = kind;
    task->work = work;
    task->result = work_result_create(work);
    task->began_at = clock_monotonic_ms();
    link_task(task);
    CRASH_POINT_IF(work->stage == WORK_SEND, SENDER_TOOK_WORK);
    CRASH_POINT_IF(work->stage == WORK_SHARE, SHARER_TOOK_WORK);
    CRASH_POINT_IF(work->stage == WORK_INQUIRE, INQUIRY_TOOK_WORK);
    CRASH_POINT_IF(work->stage == WORK_NOTIFY, NOTIFIER_TOOK_WORK);
    if (task_goes_elsewhere(task))
        task_finish_elsewhere(task);
    else
        kind->begin(task);
}

static void release_task(struct task *task)
{
    http_cancel(&task->transfer);
    token_watch_forget(task->process->tokens, task);
    unlink_task(task);
    if (task->kind->release)
        task->kind->release(task);
    work_result_destroy(&task->result);
    work_destroy(&task->work);
    free(task);
}

/* What waits for it begins (well), or goes back. */
static void end_task(struct task *task, bool well)
{
    struct worker_process *process = task->process;
    char id[WORK_ID_SIZE];
    memcpy(id, task->work->id, sizeof id);
    struct work *next;
    release_task(task);
    while ((next = behind_take(process, id))) {
        if (well)
            task_start(process, next);
        else
            behind_give_back(process, next);
    }
}

static struct task *find_task(const struct worker_process *process, const char *work_id)
{
    struct task *task = process->tasks;
    while (task && strcmp(task->work->id, work_id) != 0)
        task = task->next;
    return task;
}

bool task_is_in_hand(const struct worker_process *process, const char *work_id)
{
    return find_task(process, work_id) != NULL;
}

void task_give_up(struct worker_process *process, const char *work_id)
{
    struct task *task = find_task(process, work_id);
    if (task)
        end_task(task, true);
}

void task_give_up_all(struct worker_process *process)
{
    while (process->tasks)
        release_task(process->tasks);
}

const struct config_destination *task_destination(const struct task *task)
{
    return config_find_destination(task->process->config, task->work->destination);
}

const struct config_album *task_album(const struct task *task)
{
    const struct config_destination *destination = task_destination(task);
    return destination ? config_find_album(destination, task->work->album) : NULL;
}

void task_answered(struct task *task, const struct http_answer *answer)
{
    CRASH_POINT_IF(task->work->stage == WORK_SEND, SENDER_ANSWERED);
    CRASH_POINT_IF(task->work->stage == WORK_SHARE, SHARER_ANSWERED);
    CRASH_POINT_IF(task->work->stage == WORK_INQUIRE, INQUIRY_ANSWERED);
    CRASH_POINT_IF(task->work->stage == WORK_NOTIFY, NOTIFIER_ANSWERED);
    task->transfer = NULL;
    task->result->milliseconds = answer->milliseconds;
}

void task_ask_token(struct task *task, enum work_token_kind kind, introspection_done *done)
{
    const struct token_place place = {task->work->destination, task->work->album, kind};
    token_watch_ask(task->process->tokens, &place, task->began_at, done, task);
}

void task_ask_permission(struct task *task, token_permission_done *done)
{
    const struct token_place place = {task->work->destination, NULL, WORK_TOKEN_STOW};
    token_watch_ask_permission(task->process->tokens, &place, task->began_at, done, task);
}

void task_finish(struct task *task)
{
    bool well = work_result_is_good(task->result);
    task->kind->tell(task);
    CRASH_POINT_IF(task->work->stage == WORK_SEND, SENDER_RESULT_DUE);
    CRASH_POINT_IF(task->work->stage == WORK_SHARE, SHARER_RESULT_DUE);
    CRASH_POINT_IF(task->work->stage == WORK_INQUIRE, INQUIRY_RESULT_DUE);
    CRASH_POINT_IF(task->work->stage == WORK_NOTIFY, NOTIFIER_RESULT_DUE);
    worker_finish(task->process->worker, &task->result);
    CRASH_POINT_IF(task->work->stage == WORK_SEND, SENDER_RESULT_SENT);
    CRASH_POINT_IF(task->work->stage == WORK_SHARE, SHARER_RESULT_SENT);
    CRASH_POINT_IF(task->work->stage == WORK_INQUIRE, INQUIRY_RESULT_SENT);
    CRASH_POINT_IF(task->work->stage == WORK_NOTIFY, NOTIFIER_RESULT_SENT);
    end_task(task, well);
}

void task_finish_all(struct task *task, enum work_outcome outcome, enum blame blame, const char *reason)
{
    for (size_t i = 0; i < task->result->answer_count; i++) {
        if (task->result->answers[i].outcome != WORK_MISSING_OUTCOME)
            work_answer_set(&task->result->answers[i], outcome, blame, 0, reason);
    }
    task_finish(task);
}
