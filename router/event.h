/* event - the event of a job, for the history. The caller adds when it was and what happened. */
#ifndef FELUCCA_ROUTER_EVENT_H
#define FELUCCA_ROUTER_EVENT_H

#include "common/jobs/batch.h"
#include "common/jobs/history.h"
#include "common/wire/work.h"

/* It belongs to the delivery or share. No event belongs to a fetch: then it is one of the destination. */
struct jobdb_event event_of_job(enum work_stage stage, const struct jobdb_item *item, int64_t destination_id,
                                int64_t album_id);

#endif
