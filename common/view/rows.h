/* rows - one row of a list that people read, as a JSON object: of jobs, of the status, of the quarantine. The
 * members' names are for scripts and keep their meaning; their order is that of the columns in CSV (csv.h). Times
 * are ISO 8601 UTC. Objects are new references. */
#ifndef FELUCCA_VIEW_ROWS_H
#define FELUCCA_VIEW_ROWS_H

#include "common/base/json.h"
#include "common/jobs/commitment.h"
#include "common/jobs/quarantine.h"
#include "common/jobs/read.h"
#include "common/jobs/studies.h"

json_t *rows_job(const struct jobdb_job_row *job);
json_t *rows_status(const struct jobdb_status_row *row);
json_t *rows_study(const struct jobdb_study_row *study);
json_t *rows_commitment(const struct jobdb_commitment_row *row);
json_t *rows_quarantined(const struct jobdb_quarantined *file);

#endif
