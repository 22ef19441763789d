#include "common/jobs/batch.h"

#include "common/base/memory.h"

#include <stdlib.h>

struct jobdb_item *jobdb_batch_add(struct jobdb_batch *batch)
{
    batch->items =
        memory_grow(batch->items, &batch->item_capacity, batch->item_count + 1, sizeof *batch->items);
    struct jobdb_item *item = &batch->items[batch->item_count++];
    *item = (struct jobdb_item){0};
    return item;
}

void jobdb_batch_release(struct jobdb_batch *batch)
{
    free(batch->items);
    *batch = (struct jobdb_batch){0};
}
