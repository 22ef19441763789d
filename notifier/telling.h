/* telling - one message on its way to a target: the request, what it answered, the RESULT. */
#ifndef FELUCCA_NOTIFIER_TELLING_H
#define FELUCCA_NOTIFIER_TELLING_H

#include "common/worker/task.h"

extern const struct task_kind telling_kind;

#endif
