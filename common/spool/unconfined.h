/* unconfined - what the kernel refuses of the limits that processes which read strangers' bytes should have: a receiver
 * writes it, `felucca status` shows it.
 *
 * A file in incoming/, there only where something is refused; a receiver that starts begins anew. It is a hint. */
#ifndef FELUCCA_SPOOL_UNCONFINED_H
#define FELUCCA_SPOOL_UNCONFINED_H

#include "common/base/text.h"
#include "common/spool/spool.h"

/* A part of a sentence; "": nothing is refused, and the file is removed. What the file system refuses is not told. */
void unconfined_write(struct spool *spool, const char *because);
/* Appends it, cut and fit to be shown whatever the file holds; nothing where nothing is refused. */
void unconfined_read(struct spool *spool, struct text *ret_because);

#endif
