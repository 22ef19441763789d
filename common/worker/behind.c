#include "common/worker/behind.h"

#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

struct waiting {
    struct work *work;
    struct waiting *next;
};

void behind_keep(struct worker_process *process, struct work *work)
{
    struct waiting *waiting = memory_new(1, sizeof *waiting);
    *waiting = (struct waiting){work, process->waiting};
    process->waiting = waiting;
}

/* Takes the first one out of which this is the id, or (after) the id of the one before it; NULL: none. Is then yours. */
static struct work *take(struct worker_process *process, const char *work_id, bool after)
{
    for (struct waiting **link = &process->waiting; *link; link = &(*link)->next) {
        struct waiting *found = *link;
        struct work *work = found->work;
        if (strcmp(after ? work->after : work->id, work_id) != 0)
            continue;
        *link = found->next;
        free(found);
        return work;
    }
    return NULL;
}

void behind_give_back(struct worker_process *process, struct work *work)
{
    struct work_result *result = work_result_create(work);
    result->unbegun = true;
    worker_finish(process->worker, &result);
    work_destroy(&work);
}

struct work *behind_take(struct worker_process *process, const char *ended)
{
    return take(process, ended, true);
}

bool behind_forget(struct worker_process *process, const char *work_id)
{
    struct work *work = take(process, work_id, false);
    bool found = work != NULL;
    work_destroy(&work);
    return found;
}

void behind_give_back_all(struct worker_process *process)
{
    while (process->waiting) {
        struct work *work = take(process, process->waiting->work->id, false);
        behind_give_back(process, work);
    }
}

void behind_destroy(struct worker_process *process)
{
    while (process->waiting)
        (void)behind_forget(process, process->waiting->work->id);
}
