#include "sharer/sharer.h"

#include "common/base/memory.h"
#include "sharer/inquiring.h"
#include "sharer/parts.h"
#include "sharer/sharing.h"

static int sharer_slots(const struct config *config)
{
    return config->sharer.slots;
}

static int sharer_open(struct worker_process *process, struct text *ret_reason)
{
    struct sharer *sharer = process->own = memory_new(1, sizeof *sharer);
    (void)ret_reason;
    sharer->gauges = sharer_gauges_create(service_metrics(process->service));
    return 0;
}

static void sharer_close(struct worker_process *process)
{
    struct sharer *sharer = process->own;
    sharer_gauges_destroy(&sharer->gauges);
    memory_free(&process->own);
}

const struct worker_kind sharer_kind = {
    .stage = WORK_SHARE,
    .name = "sharer",
    .tasks = {[WORK_SHARE] = &sharing_kind, [WORK_INQUIRE] = &inquiring_kind},
    .slots = sharer_slots,
    .open = sharer_open,
    .close = sharer_close,
};
