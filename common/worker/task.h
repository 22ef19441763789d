/* task - one work in hand of a worker process, from WORK to RESULT.
 *
 * A kind of work is a struct that begins with a task, and the functions of its kind:
 *
 *     struct sharing { struct task task; ... };
 *     const struct task_kind sharing_kind = {sizeof(struct sharing), begin, tell, release};
 *
 * A task begins when its work comes. It ends by itself, once, with task_finish() or task_finish_all(), and is
 * then gone; one does not begin whose target has another address here than at the router (WORK says it), and
 * is answered so. Or it is given up without a result, while a request or a question is under way. What a request
 * needs of the configuration is looked up when it is made, so a reload in between does no harm; who makes a request
 * after a question compares the address once more, with task_goes_elsewhere(). */
#ifndef FELUCCA_WORKER_TASK_H
#define FELUCCA_WORKER_TASK_H

#include "common/worker/parts.h"

struct task_kind {
    size_t size; /* of the whole struct, which comes zeroed */
    void (*begin)(struct task *task);
    /* Tells log and metrics what came of it. */
    void (*tell)(const struct task *task);
    /* Releases what the kind added, also of a task that did not begin; may be NULL. */
    void (*release)(struct task *task);
};

struct task {
    struct worker_process *process;
    const struct task_kind *kind;
    struct task *previous, *next;
    struct work *work;
    struct work_result *result;
    struct http_transfer *transfer; /* the request under way, cancelled when the task ends */
    int64_t began_at;               /* monotonic */
};

/* Begins work, which is then the task's. */
void task_start(struct worker_process *process, struct work *work);

/* Whether the work of this id has a task. */
bool task_is_in_hand(const struct worker_process *process, const char *work_id);

/* What the configuration in force says of its work; NULL: nothing, any more. */
const struct config_destination *task_destination(const struct task *task);
const struct config_album *task_album(const struct task *task);

/* Whether the router, when it gave the work, had another address for its target than the configuration in force has. */
bool task_goes_elsewhere(const struct task *task);
/* Ends a task for that. */
void task_finish_elsewhere(struct task *task);

/* Notes that the answer to its one great request came: the transfer is over, the time it took is kept. */
void task_answered(struct task *task, const struct http_answer *answer);

/* Asks KHEOPS about a token of its destination or album; done is called once with the task as its context,
 * unless the task ends before. */
void task_ask_token(struct task *task, enum work_token_kind kind, introspection_done *done);

/* Asks KHEOPS and the router whether the STOW token of its destination may be used; the same. */
void task_ask_permission(struct task *task, token_permission_done *done);

/* Hands its result to the router and ends it. */
void task_finish(struct task *task);
/* The same after setting every answer but those whose files are missing. */
void task_finish_all(struct task *task, enum work_outcome outcome, enum blame blame, const char *reason);

/* Gives up the task of a work, or all tasks of a process, without results. */
void task_give_up(struct worker_process *process, const char *work_id);
void task_give_up_all(struct worker_process *process);

#endif
