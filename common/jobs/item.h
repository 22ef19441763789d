/* item - the columns of a job that is handed out or moved: the same ones in the same order, whatever it is.
 * Private to common/jobs. */
#ifndef FELUCCA_JOBS_ITEM_H
#define FELUCCA_JOBS_ITEM_H

#include "common/jobs/batch.h"
#include "common/jobs/row.h"

/* Of delivery w and its instance i, of share s, of fetch f, of inquiry q, of message m, of commitment c. */
#define DELIVERY_ITEM                                                                          \
    "w.id, w.instance_id, w.series_id, i.receipt, i.size, i.received_at, w.tries, w.attempts," \
    " w.batch_limit, w.attempt_mark, i.urgent, w.ends, w.collided_at"
#define SHARE_ITEM \
    "s.id, s.witness_id, s.series_id, '', 0, s.created_at, s.tries, s.attempts, 0, s.attempt_mark, 0, 0, 0"
#define FETCH_ITEM "f.id, 0, 0, '', 0, f.created_at, f.tries, f.attempts, 0, f.attempt_mark, 0, 0, 0"
#define INQUIRY_ITEM \
    "q.id, 0, q.series_id, '', 0, q.created_at, q.tries, q.attempts, 0, q.attempt_mark, 0, 0, 0"
#define MESSAGE_ITEM    "m.id, 0, 0, '', 0, m.made_at, m.tries, 0, 0, -1, 0, 0, 0"
#define COMMITMENT_ITEM "c.id, 0, 0, '', 0, c.asked_at, c.tries, 0, 0, -1, 0, 0, 0"

/* What orders the versions of one instance: when each was received, with which its receipt begins; within one
 * millisecond the order of taking in. Alone that tells nothing: files come back from quarantine, headers are read side
 * by side, and a lost database is made again in the order of a folder. */
#define RECEIPT_ORDER(receipt, id) "(substr(" receipt ", 1, 12), " id ")"

/* Reads them, from the next column on. */
void item_read(struct row *row, struct jobdb_item *ret_item);

#endif
