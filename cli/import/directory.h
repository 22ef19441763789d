/* directory - the files that a DICOMDIR lists (PS3.3 annex F, PS3.10 section 8). */
#ifndef FELUCCA_CLI_IMPORT_DIRECTORY_H
#define FELUCCA_CLI_IMPORT_DIRECTORY_H

#include "common/base/text.h"

#include <stdbool.h>

/* Calls each(context, path) for every Referenced File ID (0004,1500) of its records, in their order, beside the DICOMDIR;
 * also for those that are not there. What is no File ID, such as one that leads out of the folder, is passed over. Media that
 * show their names in lower case are met. false stops. 0, or an error with a sentence appended to ret_reason. */
int directory_each(const char *path, bool (*each)(void *context, const char *path), void *context,
                   struct text *ret_reason);

#endif
