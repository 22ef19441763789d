#include "common/jobs/batch.h"

#include "common/base/memory.h"
#include "common/jobs/sql.h"

#include <stdlib.h>
#include <string.h>

void jobdb_batch_release(struct jobdb_batch *batch)
{
    free(batch->items);
    *batch = (struct jobdb_batch){0};
}

struct jobdb_item *jobdb_batch_add(struct jobdb_batch *batch)
{
    batch->items =
        memory_grow(batch->items, &batch->item_capacity, batch->item_count + 1, sizeof *batch->items);
    struct jobdb_item *item = &batch->items[batch->item_count++];
    *item = (struct jobdb_item){0};
    return item;
}

void jobdb_copy_text(char *ret_buffer, size_t size, const char *text)
{
    size_t length = strnlen(text, size - 1);
    memcpy(ret_buffer, text, length);
    ret_buffer[length] = '\0';
}

void jobdb_read_item(sqlite3_stmt *row, int first, struct jobdb_item *ret_item)
{
    ret_item->id = sqlite3_column_int64(row, first);
    ret_item->instance_id = sqlite3_column_int64(row, first + 1);
    ret_item->series_id = sqlite3_column_int64(row, first + 2);
    jobdb_copy_text(ret_item->receipt, sizeof ret_item->receipt, jobdb_text(row, first + 3));
    ret_item->size = sqlite3_column_int64(row, first + 4);
    ret_item->received_at = sqlite3_column_int64(row, first + 5);
    ret_item->tries = sqlite3_column_int(row, first + 6);
    ret_item->attempts = sqlite3_column_int(row, first + 7);
    ret_item->batch_limit = sqlite3_column_int(row, first + 8);
    ret_item->attempt_mark = sqlite3_column_int64(row, first + 9);
    ret_item->urgent = sqlite3_column_int(row, first + 10) != 0;
}
