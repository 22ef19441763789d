/* recorded - what the row of an instance tells of it when its file is gone, as facts for a condition.
 *
 * What is not recorded is unknown: a condition over it is true or false only where what is recorded makes it
 * so. */
#ifndef FELUCCA_ROUTER_RECORDED_H
#define FELUCCA_ROUTER_RECORDED_H

#include "common/condition/condition.h"

#include <stdbool.h>

struct recorded {
    const char *study, *series, *sop_instance, *sop_class, *transfer_syntax;
    const char *calling_aet, *called_aet, *source_address; /* borrowed; all may be NULL: not recorded */
    uint32_t asked;                                        /* the first tag that is not recorded, 0: none */
};

/* Facts over it, borrowed from it. */
struct condition_facts recorded_facts(struct recorded *recorded);

#endif
