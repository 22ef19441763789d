/* resting - which workers lack something for a destination or album, so that others do its work: the router writes the list,
 * `felucca status` shows it.
 *
 * It is a file of the state directory, and is a hint: the router that runs writes it anew, and without a router it means
 * nothing. A JSON array of objects with the texts worker, stage, destination, album (null: the destination itself) and
 * reason. */
#ifndef FELUCCA_SPOOL_RESTING_H
#define FELUCCA_SPOOL_RESTING_H

#include "common/base/json.h"

/* An empty list removes the file. 0 or an error of the file system. */
int resting_write(const char *state_dir, const json_t *list);
/* The list is then yours; empty where there is no file, or none that can be read. */
json_t *resting_read(const char *state_dir);

#endif
