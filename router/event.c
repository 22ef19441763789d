#include "router/event.h"

struct jobdb_event event_of_job(enum work_stage stage, const struct jobdb_item *item, int64_t destination_id,
                                int64_t album_id)
{
    return (struct jobdb_event){.instance_id = stage == WORK_SEND ? item->instance_id : 0,
                                .delivery_id = stage == WORK_SEND ? item->id : 0,
                                .share_id = stage == WORK_SHARE ? item->id : 0,
                                .destination_id = destination_id,
                                .album_id = album_id};
}
