#include "common/jobs/item.h"

void item_read(struct row *row, struct jobdb_item *ret_item)
{
    ret_item->id = row_number(row);
    ret_item->instance_id = row_number(row);
    ret_item->series_id = row_number(row);
    row_copy(row, ret_item->receipt, sizeof ret_item->receipt);
    ret_item->size = row_number(row);
    ret_item->received_at = row_number(row);
    ret_item->tries = row_int(row);
    ret_item->attempts = row_int(row);
    ret_item->batch_limit = row_int(row);
    ret_item->attempt_mark = row_number(row);
    ret_item->urgent = row_flag(row);
    ret_item->ends = row_int(row);
    ret_item->collided_at = row_number(row);
}
