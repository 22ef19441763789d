/* away - moves what a tray is done with out of the way: into done/, or into failed/ with a sentence beside it.
 *
 * Within the tray's folder, so a file that is moved keeps its bytes, its owner and its time; no link is followed, and no file
 * is written over: a name that is taken gets the time behind it. Not safe against others who write into done/ and failed/. */
#ifndef FELUCCA_TRAY_AWAY_H
#define FELUCCA_TRAY_AWAY_H

#include "tray/look.h"

/* Makes done/ and failed/ where they are not, and tells whether files can be moved into them. 0, or an errno, and *ret_name is
 * what is in the way: "done", "failed" or "." for the tray's folder. */
int away_prepare(int root, const char **ret_name);

/* Into done/, below the folders that it was in. 0; EAGAIN: it is another file meanwhile, and left where it was; or an errno. */
int away_done(int root, const struct look_file *file);
/* Removes it. As above. */
int away_delete(int root, const struct look_file *file);
/* Into failed/, with NAME.why.txt beside it. As above. */
int away_failed(int root, const struct look_file *file, const char *sentence);

#endif
