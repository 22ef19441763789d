/* instance - takes one DICOM file (PS3.10) that lies on a disk into the spool, as a receiver takes an instance: durable, under the
 * same conditions, the same floor of free space and the same share of the quarantine, and once.
 *
 * What was taken is in the source's ledger before it is durable (ledger.h). Not thread-safe; two of them are independent. */
#ifndef FELUCCA_IMPORT_INSTANCE_H
#define FELUCCA_IMPORT_INSTANCE_H

#include "common/base/sha256.h"
#include "common/config/config.h"
#include "common/dicom/header.h"
#include "common/import/ledger.h"
#include "common/import/outcome.h"
#include "common/jobs/jobdb.h"
#include "common/spool/deposit.h"
#include "common/spool/spool.h"

#include <stdbool.h>
#include <stdint.h>

/* The class of a DICOMDIR (PS3.3 annex F). */
#define INSTANCE_DIRECTORY_CLASS "1.2.840.10008.1.3.10"

/* What it needs; all borrowed. */
struct instance_desk {
    const struct config_node *node;
    const char *source; /* the calling AE title that it gets */
    struct jobdb *db;   /* NULL: there is none yet, so nothing has a history */
    struct spool *spool;
    struct deposit *deposit;
    struct ledger *ledger;
    struct sha256_stream *digest;
    bool again;      /* also what the ledger knows */
    bool whole_only; /* a data set that ends too early is OUTCOME_CUT, and nothing of it is taken */
    /* After each block of the file, and before anything is written. False: stop. */
    bool (*proceed)(void *context);
    /* Whether the disk has room for so many bytes, those of the file, beyond what must stay free; after some waiting where that
     * is wanted. False: not now. */
    bool (*find_room)(void *context, int64_t bytes);
    /* A dry run: is shown what would be imported; NULL: it is imported. */
    void (*show)(void *context, struct header *header);
    void *context;
    int64_t bytes; /* of the data sets that were imported, or would be */
};

/* The descriptor is borrowed. OUTCOMES: stopped in the middle, or there is no room; nothing of it is left. */
enum outcome instance_take(struct instance_desk *desk, int fd);

#endif
