/* confinement - what is left to the process of an association, before it reads more than the two titles of the request.
 *
 * It holds its connection, the pipe for hints and where errors go. It may make, write, rename and remove files in incoming/
 * and in the folder of requests for commitment, and read there which titles have too much in quarantine; nothing else of the machine (docs/decisions/0023). */
#ifndef FELUCCA_RECEIVER_CONFINEMENT_H
#define FELUCCA_RECEIVER_CONFINEMENT_H

#include "common/config/config.h"
#include "common/spool/spool.h"
#include "receiver/hints.h"

/* Once, in the receiver: says what will be missing, in the log and for the status. */
void confinement_announce(const struct config *config, struct spool *spool);

/* In an association's process; asked: the folder of requests for commitment, -1 for none. Where the kernel refuses it goes on, with a line in the log, and the status and a
 * metric say so. */
void confinement_begin(const struct config *config, struct spool *spool, int asked, struct hints *hints);

#endif
