/* pacs - a sender that behaves as a PACS does: what was not acknowledged it sends again.
 *
 * It has studies, synthetic ones, and DCMTK's storescu, which sends all that is not acknowledged yet in one
 * association; which instances were acknowledged is read from what storescu says. Nothing here waits. */
#ifndef FELUCCA_TESTS_PACS_H
#define FELUCCA_TESTS_PACS_H

#include "tests/support/dicom.h"
#include "tests/support/sandbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pacs_instance {
    char sop_uid[DICOM_UID_SIZE], series_uid[DICOM_UID_SIZE];
    char *path;
    uint64_t digest;     /* of the data set in the file */
    unsigned series;     /* its number in its study, from 1 on */
    bool acknowledged;   /* storescu saw Success for it */
    unsigned times_sent; /* how often storescu has begun to send it */
};

struct pacs;

/* name tells its files in the sandbox apart. */
struct pacs *pacs_create(struct sandbox *sandbox, const char *name, int port, const char *called_aet);
/* Ends the association that is under way. */
void pacs_destroy(struct pacs **pacs);

/* Sends with that program (tests/tools/dicom_peer.c) instead of storescu, from that address of this machine, with that
 * AE title; all borrowed. */
void pacs_use(struct pacs *pacs, const char *program, const char *from, const char *calling_aet);

/* Writes a study as dicom_write_study() does, to be sent with the next association. */
void pacs_add_study(struct pacs *pacs, const struct dicom_spec *base, uint64_t seed, unsigned series_count,
                    unsigned instance_count,
                    void (*vary)(void *context, struct dicom_spec *spec, unsigned series, unsigned instance),
                    void *context);

/* Begins an association with all that is not acknowledged; false when one is under way, or all is. */
bool pacs_start(struct pacs *pacs);
/* Whether one is under way; takes what the last one said when it has ended. */
bool pacs_busy(struct pacs *pacs);

size_t pacs_count(const struct pacs *pacs);
size_t pacs_acknowledged(const struct pacs *pacs);
/* Borrowed until a study is added. */
const struct pacs_instance *pacs_instance(const struct pacs *pacs, size_t index);
/* The longest time that a C-STORE took; dicom_peer alone says it. */
int64_t pacs_slowest_ms(const struct pacs *pacs);
/* Associations begun. */
unsigned pacs_associations(const struct pacs *pacs);

#endif
