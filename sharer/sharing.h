/* sharing - one share on its way: the PUT, introspection of both tokens when it is refused, the RESULT. */
#ifndef FELUCCA_SHARER_SHARING_H
#define FELUCCA_SHARER_SHARING_H

#include "common/worker/task.h"

extern const struct task_kind sharing_kind;

#endif
