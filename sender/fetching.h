/* fetching - one request to KHEOPS to look at a study again, from WORK to RESULT. */
#ifndef FELUCCA_SENDER_FETCHING_H
#define FELUCCA_SENDER_FETCHING_H

#include "common/worker/task.h"

extern const struct task_kind fetching_kind;

#endif
