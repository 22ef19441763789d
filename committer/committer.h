/* committer - makes the reports that the router hands out, each over a DICOM association of its own to the source that
 * asked for storage commitment.
 *
 * A worker (common/worker/worker.h) that knows no HTTP, no database, no spool and no token. Each report is made by a
 * process of its own (errand.h), so that one source which is slow, silent or broken costs nobody else anything. */
#ifndef FELUCCA_COMMITTER_COMMITTER_H
#define FELUCCA_COMMITTER_COMMITTER_H

#include "common/service/service.h"

#include <stdbool.h>

struct committer;

/* Connects to the router. NULL, after a line in the log, when the environment is broken. */
struct committer *committer_create(struct service *service);
void committer_destroy(struct committer **committer);

/* One turn of the loop, for service_run(): whether there is work in hand. */
bool committer_turn(void *context);

#endif
