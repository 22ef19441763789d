#include "sender/parts.h"

void sender_finish_unnamed(struct task *task)
{
    task_finish_all(task, WORK_BLOCKED_OUTCOME, BLAME_WORKER,
                    "this sender's configuration does not name the destination: give router and senders the "
                    "same configuration");
}
