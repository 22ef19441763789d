/* fetch - the studies that KHEOPS is asked to look at again (ensure_visible), once nothing of them has been
 * stored for a while. One row a destination and study, used again whenever more of the study is stored. */
#ifndef FELUCCA_JOBS_FETCH_H
#define FELUCCA_JOBS_FETCH_H

#include "common/jobs/batch.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/outcome.h"

#include <stdbool.h>
#include <stdint.h>

/* Something of the study was stored at now: KHEOPS is asked to look again at due_at, whatever was planned
 * before. */
void jobdb_want_fetch(struct jobdb *db, int64_t destination_id, const char *study, int64_t now,
                      int64_t due_at);

/* Takes the next due one of a destination into the batch (whose work is set) and leases it. When there is
 * none, *ret_next_due tells when one will be, or INT64_MAX. */
bool jobdb_pick_fetch(struct jobdb *db, int64_t destination_id, int64_t now, struct jobdb_batch *batch,
                      int64_t *ret_next_due);

/* What came of it. False: its state does not know this move; nothing was changed. When more of the study was
 * stored meanwhile it is queued again, whatever came of it. *ret_due_at: when it is due next, INT64_MAX when
 * it is over. */
bool jobdb_move_fetch(struct jobdb *db, const struct jobdb_batch *batch, const struct jobdb_item *item,
                      const struct jobdb_outcome *outcome, int64_t *ret_due_at);

#endif
