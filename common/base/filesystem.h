/* filesystem - what kind of file system a folder is on, and whether a lock taken there keeps everybody else away.
 *
 * By statfs(2) alone: the magic number that the kernel gives it. What the table does not name counts as one whose locks
 * may not reach everybody. */
#ifndef FELUCCA_BASE_FILESYSTEM_H
#define FELUCCA_BASE_FILESYSTEM_H

#include "common/base/text.h"

#include <stdbool.h>

enum filesystem_kind {
    FILESYSTEM_LOCAL,    /* of one kernel: a lock reaches everybody who can write there */
    FILESYSTEM_SERVED,   /* of a server or cluster that grants locks between hosts, where it is mounted so */
    FILESYSTEM_DOUBTFUL, /* its locks, or its memory maps, are often each mount's own */
    FILESYSTEM_UNKNOWN
};

struct filesystem {
    enum filesystem_kind kind;
    const char *name; /* "ext4", "NFS"; borrowed for ever */
};

/* Of the file system that has this open file or folder. */
void filesystem_of(int fd, struct filesystem *ret_filesystem);
/* By the magic number of statfs(2). */
void filesystem_known(unsigned long magic, struct filesystem *ret_filesystem);

/* What is to be said of a state folder there. shared: the configuration says that it may be so. */
enum filesystem_verdict { FILESYSTEM_FINE, FILESYSTEM_WARNING, FILESYSTEM_WRONG };
/* Other than FILESYSTEM_FINE: appends a sentence, with what to do. */
enum filesystem_verdict filesystem_judge(const struct filesystem *filesystem, bool shared,
                                         struct text *sentence);

#endif
