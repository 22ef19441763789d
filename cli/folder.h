/* folder - the files of a folder and of all folders in it, by name. */
#ifndef FELUCCA_CLI_FOLDER_H
#define FELUCCA_CLI_FOLDER_H

#include <stdbool.h>

bool folder_is_one(const char *path);

/* Calls each for every regular file below path, in order of names; links are not followed. false stops. 0, or
 * ERR_IO when some folder could not be read. */
int folder_walk_files(const char *path, bool (*each)(void *context, const char *path), void *context);

#endif
