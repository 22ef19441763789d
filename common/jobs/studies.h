/* studies - the studies that the job database remembers, with what became of them: `felucca studies`. */
#ifndef FELUCCA_JOBS_STUDIES_H
#define FELUCCA_JOBS_STUDIES_H

#include "common/jobs/read.h"

/* Studies, the newest first. Of the filter: study is its beginning or its end, state one of JOBDB_STUDY_STATES, the worst
 * of what is true, where excluded and dropped are of those of which nothing was delivered; a destination and an album are those that it went or shall go to; series is not looked at. */
#define JOBDB_STUDY_STATES "failed waiting undecided quarantined dropped excluded done"
struct jobdb_study_row {
    const char *study, *state, *calling_aet, *destinations, *albums; /* borrowed during the call */
    int64_t series, instances;
    int64_t received; /* times: an instance may have come more than once */
    int64_t delivered, waiting, failed, undecided, quarantined, first_received_at, last_received_at;
};
int jobdb_read_studies(struct jobdb *db, const struct jobdb_filter *filter,
                       void (*each)(void *context, const struct jobdb_study_row *row), void *context);

#endif
