/* notifier - tells webhooks and mail addresses what the router wants people to know, and by itself that the router is
 * silent.
 *
 * A worker process (common/worker/process.h) of one kind of task, telling, and a watch over the router's silence
 * (silence.h). It knows no database, no spool and no token. */
#ifndef FELUCCA_NOTIFIER_NOTIFIER_H
#define FELUCCA_NOTIFIER_NOTIFIER_H

#include "common/worker/process.h"

extern const struct worker_kind notifier_kind;

/* One turn of the loop, for service_run(): that of every worker process, and a look at the router. */
bool notifier_turn(void *context);

#endif
