/* commitment_jobs - requests for storage commitment that are not over, as jobs among others: they go to the source that is
 * to be told. */
#ifndef FELUCCA_CLI_COMMITMENT_JOBS_H
#define FELUCCA_CLI_COMMITMENT_JOBS_H

#include "common/jobs/read.h"

/* Calls each for those that match; none does where the filter is about a destination, album, study, series or number. A
 * state may be "waiting", "queued", "deferred" or "failed"; named: the reason tells the transaction. 0, or the connection's
 * error. */
int commitment_jobs_read(struct jobdb *db, const struct jobdb_filter *filter, bool named,
                         void (*each)(void *context, const struct jobdb_job_row *row), void *context);

#endif
