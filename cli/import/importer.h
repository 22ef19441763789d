/* importer - takes files into the spool, as a receiver takes instances: durable, once, and kept as they are.
 *
 * What it is given may be a DICOM file, an archive, an archive in an archive, or anything else; one that is no good is counted
 * and harms no other. Where the spool's disk is short it waits, as a receiver refuses then. */
#ifndef FELUCCA_CLI_IMPORT_IMPORTER_H
#define FELUCCA_CLI_IMPORT_IMPORTER_H

#include "cli/import/outlook.h"
#include "cli/import/progress.h"
#include "cli/import/tally.h"
#include "common/config/config.h"
#include "common/jobs/jobdb.h"

#include <stdbool.h>

/* Borrowed while the importer lives. */
struct import_order {
    const struct config *config;
    const struct config_node *node;
    const char *source;  /* the calling AE title of what is imported */
    bool dry_run, again; /* again: also what it imported before */
    struct jobdb *db;    /* NULL: there is none yet */
};

struct importer;

/* 0, or an error with a sentence appended to ret_reason. */
int importer_create(const struct import_order *order, struct importer **ret_importer,
                    struct text *ret_reason);
/* What was taken is durable, and known to the ledger. */
void importer_destroy(struct importer **importer);

/* From now on SIGINT, SIGTERM and SIGHUP end the import after the bytes at hand: nothing is half imported. */
void importer_heed_signals(void);
bool importer_is_stopped(void);

/* Takes what a person named: a file, a folder with all files in it, a DICOMDIR with those that it lists, or "-", which is
 * standard input. False: the import ends here, since it was stopped. */
bool importer_take(struct importer *importer, const char *path);

const struct tally *importer_tally(const struct importer *importer);
/* NULL, unless it is a dry run. */
const struct outlook *importer_outlook(const struct importer *importer);
struct progress *importer_progress(struct importer *importer);

#endif
