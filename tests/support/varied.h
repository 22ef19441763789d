/* varied - studies of one series whose instances differ, sent to a pipeline; and one that a firewall refuses. */
#ifndef FELUCCA_TESTS_VARIED_H
#define FELUCCA_TESTS_VARIED_H

#include "tests/support/dicom.h"
#include "tests/support/pipeline.h"

#include <stdint.h>

/* As dicom_write_study() calls it, before each instance is written; context is NULL. */
typedef void vary_instance(void *context, struct dicom_spec *spec, unsigned series, unsigned instance);

struct varied {
    const char *called_aet;
    uint64_t seed;
    unsigned instances;
    uint64_t bytes;      /* of each file, about */
    vary_instance *vary; /* NULL: they are alike */
};

/* It is taken within limit_ms, or the test ends. */
void varied_send(struct pipeline *pipeline, struct sandbox *sandbox, const struct varied *study,
                 int64_t limit_ms);

/* Bytes that ModSecurity's core rules take for a request inside of the request (their rule 921110). */
extern const struct dicom_element varied_poison;
/* A vary_instance: puts it into the seventh. */
void varied_poison_one(void *context, struct dicom_spec *spec, unsigned series, unsigned instance);

#endif
