/* inquiring - one inquiry on its way: KHEOPS is asked for the metadata of some instances of a series, one after the other,
 * with the source token of an album; what it tells goes to the router as headers, and nowhere else. */
#ifndef FELUCCA_SHARER_INQUIRING_H
#define FELUCCA_SHARER_INQUIRING_H

#include "common/worker/task.h"

extern const struct task_kind inquiring_kind;

#endif
