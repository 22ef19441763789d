/* overfull - the calling AE titles that fill the quarantine beyond their share, so that the receiver refuses them and nobody
 * else: the router writes the list, receivers read it before each instance, `felucca status` shows it.
 *
 * It is a file in incoming/, one title a line; without one nobody is refused. It is a hint: the next look of the
 * router writes it anew. */
#ifndef FELUCCA_SPOOL_OVERFULL_H
#define FELUCCA_SPOOL_OVERFULL_H

#include "common/base/text.h"
#include "common/spool/spool.h"

#include <stdbool.h>

/* titles: each with a line's end; a blank one is an empty line. Empty: the list is removed. 0 or an error of the file system. */
int overfull_write(struct spool *spool, const struct text *titles);
/* Appends them; nothing without a list. */
void overfull_read(struct spool *spool, struct text *ret_titles);
/* title: as a peer calls itself, whatever its bytes; the list has those that are no UTF-8 as the database has them. */
bool overfull_lists(struct spool *spool, const char *title);

#endif
