/* parts - what a sharer (sharer.h) has beside what every worker process has, for its tasks. */
#ifndef FELUCCA_SHARER_PARTS_H
#define FELUCCA_SHARER_PARTS_H

#include "sharer/gauges.h"

struct sharer {
    struct sharer_gauges *gauges;
};

#endif
