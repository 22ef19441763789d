/* lasting - whether a file system keeps what was flushed to it when the power fails, as far as the kernel tells.
 *
 * Not those in memory, and not an ext4 without a journal: there whole folders may be gone or in disorder until fsck has been
 * there. What cannot be told counts as one that keeps it: no network, overlay or unknown file system is judged. Nothing can be
 * said here of disks that say "flushed" too early. */
#ifndef FELUCCA_BASE_LASTING_H
#define FELUCCA_BASE_LASTING_H

#include "common/base/text.h"

#include <stdbool.h>

/* Where the kernel tells of it; for tests. */
struct lasting_places {
    const char *ext4;  /* "/proc/fs/ext4" */
    const char *block; /* "/sys/dev/block" */
};
extern const struct lasting_places lasting_kernel;

/* Of the file system that has this open file or folder. False: why not, and what to do, is appended, as it goes on behind
 * "state_dir is on ". */
bool lasting_judge(int fd, const struct lasting_places *places, struct text *sentence);

#endif
