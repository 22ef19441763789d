/* version - the versions of one instance: receipts with the same SOP Instance UID. The one that was received later is the
 * newer one, whatever came into the database first. */
#ifndef FELUCCA_JOBS_VERSION_H
#define FELUCCA_JOBS_VERSION_H

#include "common/jobs/jobdb.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether a newer version than the one of this receipt is stored at the destination; its receipt, RECEIPT_SIZE bytes.
 * instance_id: INT64_MAX where the receipt has no row yet. sop_instance NULL: it has no versions. */
bool jobdb_find_newer(struct jobdb *db, const char *sop_instance, const char *receipt, int64_t instance_id,
                      int64_t destination_id, char *ret_receipt);

#endif
