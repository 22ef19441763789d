/* process - a process that does work for the router: all that sender, sharer and their like have in common.
 *
 *     struct service *service = service_start("sender", argc, argv);
 *     struct worker_process *sender = worker_process_create(service, &sender_kind);
 *     return service_run(service, worker_process_turn, sender);
 *
 * One thread and one loop; as many requests at once as it has slots. It takes work from the router
 * (worker.h), makes a task of each (task.h), watches the tokens that its requests carry and reports what
 * KHEOPS says of them, takes a new configuration, and gives up what the router has given to others. A kind gives
 * what differs.
 *
 * It is the skeleton of its processes, as common/service is of all: it logs. */
#ifndef FELUCCA_WORKER_PROCESS_H
#define FELUCCA_WORKER_PROCESS_H

#include "common/worker/parts.h"

/* Opens what its kind needs and connects to the router. NULL, after a line in the log, when the environment
 * is broken. kind is borrowed. */
struct worker_process *worker_process_create(struct service *service, const struct worker_kind *kind);
void worker_process_destroy(struct worker_process **process);

/* One turn of the loop, for service_run(): whether there is work in hand. */
bool worker_process_turn(void *context);

#endif
