/* look - one walk through a tray's folder and the folders in it.
 *
 * By descriptors alone: no symbolic link is followed, and what is renamed meanwhile leads nowhere else. Bounded: so many folders
 * deep, and each may end it. Passed over are the tray's own folders (done, failed), and names of files that are still written by
 * common habit: those that begin with "." or end with "~", .part, .partial, .filepart, .tmp or .crdownload. */
#ifndef FELUCCA_TRAY_LOOK_H
#define FELUCCA_TRAY_LOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define LOOK_DONE   "done"
#define LOOK_FAILED "failed"

enum { LOOK_DEPTH = 32, LOOK_EMPTY_MS = 3600 * 1000 };

/* Anything but a folder. Borrowed during the call. */
struct look_file {
    int folder;              /* where it is */
    const char *name, *path; /* path: from the tray's folder on */
    struct stat status;      /* of itself, were it a link */
};

struct look {
    bool (*each)(void *context, const struct look_file *file); /* false stops */
    /* Every few entries. False stops. */
    bool (*proceed)(void *context);
    void *context;
    int64_t now;                /* wall ms: a folder that is empty for LOOK_EMPTY_MS is removed */
    int64_t unreadable, deeper; /* folders that were not looked into, and why */
    int error;                  /* errno of the last one that is unreadable */
};

/* root: the tray's folder, borrowed. Whether it came to the end. */
bool look_walk(struct look *look, int root);

#endif
