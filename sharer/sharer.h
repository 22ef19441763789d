/* sharer - puts series into further albums of KHEOPS, as the router says, and asks KHEOPS what it knows of a series.
 *
 * A worker process (common/worker/process.h) of two kinds of task: sharing, inquiring. It touches no image data, knows no
 * database and no spool, and sees the tokens of albums only. */
#ifndef FELUCCA_SHARER_SHARER_H
#define FELUCCA_SHARER_SHARER_H

#include "common/worker/process.h"

extern const struct worker_kind sharer_kind;

#endif
