/* decision - what was decided about a job when its instance was taken in, decided again: deliveries and shares that
 * are undecided, and those that are excluded or dropped whose file is still there. */
#ifndef FELUCCA_JOBS_DECISION_H
#define FELUCCA_JOBS_DECISION_H

#include "common/jobs/intake.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/operator.h"

#include <stdbool.h>
#include <stdint.h>

/* A decision is open again: an excluded or dropped delivery or share is undecided, for this reason, and its instance
 * active, whose file belongs into queue/ from now on. A share has no witness then, but this request. True also for
 * one that is undecided already: it has the reason then. False: its state does not allow it. */
bool jobdb_bring_back(struct jobdb *db, const struct jobdb_candidate *job, const char *reason,
                      int64_t request_id);

/* An undecided delivery is due, and its instance brings the shares that the decision names. False: it is not
 * undecided. */
bool jobdb_admit_delivery(struct jobdb *db, const struct jobdb_candidate *job,
                          const struct jobdb_instance *instance, const struct jobdb_decision *decision,
                          int64_t now);
/* An undecided share is to be shared: due at once where its series is stored. Its witness is this one from now on
 * (0: none), or the request that it has or gets (0: as it is). The file of the one that it had stays until keep_until
 * when nothing else is to be done with it. False: it is not undecided. */
bool jobdb_admit_share(struct jobdb *db, int64_t share_id, int64_t witness_id, int64_t request_id,
                       int64_t now, int64_t keep_until);

/* An undecided delivery is excluded after all; an undecided share goes with its row, so that a later instance can ask
 * anew. When nothing else of its instance is open, that is done. False: it is not undecided. */
bool jobdb_leave_out(struct jobdb *db, const struct jobdb_candidate *job, const char *why, int64_t now,
                     int64_t keep_until);

#endif
