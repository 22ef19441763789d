/* confinement - what is left to the process of a report once it has a connection, before it reads a byte of the source's.
 *
 * It holds that connection, its pipe and where errors go: no path, no new socket (docs/decisions/0023). The name of the
 * source was resolved before. */
#ifndef FELUCCA_COMMITTER_CONFINEMENT_H
#define FELUCCA_COMMITTER_CONFINEMENT_H

#include "common/config/config.h"

/* Once, in the committer: says in the log what will be missing. */
void confinement_announce(const struct config *config);

/* In a report's process. Where the kernel refuses it goes on, with a line in the log. */
void confinement_begin(void);

#endif
