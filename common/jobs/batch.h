/* batch - the jobs that one WORK carries: deliveries of one lane, one share, one fetch, one inquiry, one message, or one
 * report. */
#ifndef FELUCCA_JOBS_BATCH_H
#define FELUCCA_JOBS_BATCH_H

#include "common/base/receipt.h"
#include "common/jobs/jobdb.h"
#include "common/wire/work.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jobdb_item {
    int64_t id;          /* of the delivery, share, fetch or inquiry */
    int64_t instance_id; /* share: of its witness, 0 when that is gone; others: 0 */
    int64_t series_id;
    char receipt[RECEIPT_SIZE];
    char series[JOBDB_UID_SIZE]; /* its Series Instance UID; known in a picked batch of deliveries only */
    int64_t size;
    int64_t received_at; /* share, fetch, inquiry: created_at */
    int tries, attempts;
    int batch_limit; /* 0, or the largest request that it may be part of; negative: while the destination is
                        in trouble */
    int64_t attempt_mark; /* -1: no attempt yet */
    int ends;             /* requests in a row whose end told nothing; deliveries only */
    int64_t collided_at;  /* when it first seemed to meet another request there; 0: never; deliveries only */
    bool urgent;
    /* Known in a picked batch of deliveries only: */
    bool twin;   /* another receipt of its SOP Instance UID went to the destination */
    bool absent; /* its UID was not there before anything of it went there */
    bool fresh;  /* this is its first request there */
};

struct jobdb_batch {
    char work[WORK_ID_SIZE];
    enum work_stage stage;
    int64_t destination_id, album_id, lane_id;
    char study[JOBDB_UID_SIZE];
    char series[JOBDB_UID_SIZE]; /* share, inquiry only */
    bool
        unasked; /* the first deliveries of its lane: whether its study is there is not known; picked batch only */
    struct jobdb_item *items;
    size_t item_count, item_capacity;
    int64_t bytes;
};

/* Room for one more item, all zeros; borrowed until the next. */
struct jobdb_item *jobdb_batch_add(struct jobdb_batch *batch);
void jobdb_batch_release(struct jobdb_batch *batch);

#endif
