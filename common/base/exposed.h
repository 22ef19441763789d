/* exposed - whether any user of this machine may read or change a file. */
#ifndef FELUCCA_BASE_EXPOSED_H
#define FELUCCA_BASE_EXPOSED_H

#include <stdbool.h>

/* By the modes of the file and of every folder above it. A file that is not there, or that this process cannot look at,
 * is not. */
bool exposed_to_all(const char *path);

#endif
