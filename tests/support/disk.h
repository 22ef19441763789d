/* disk - a file system of a test's own (ext4 in an image file), which can fill up and lose its power.
 *
 * It is mounted in a mount namespace of the test's process and its children, so that nothing stays mounted
 * when they end, in whatever way. Needs root and loop devices; where they are missing there is none, and the
 * reason is printed. */
#ifndef FELUCCA_TESTS_DISK_H
#define FELUCCA_TESTS_DISK_H

#include "tests/support/sandbox.h"

#include <stdbool.h>
#include <stdint.h>

struct disk;

/* Makes the image, formats and mounts it on the folder, which is made. NULL: not possible here, the reason
 * was printed. Before any process is started that should see it. */
struct disk *disk_create(struct sandbox *sandbox, const char *folder, int64_t bytes);
void disk_destroy(struct disk **disk);

/* Copies the image to a file as it is at one moment: no write to it was completed or under way meanwhile. So
 * it holds what a power failure at that moment would leave, and not what the kernel has only in its memory.
 * The processes that write to it should stand still. False: they do not. */
bool disk_copy(struct disk *disk, const char *path);

/* Unmounts, and mounts the image in that file instead; the kernel replays its journal. */
void disk_replace(struct disk *disk, const char *path);

/* Makes a file on it that takes all its free space but so many bytes, replacing an earlier one; and removes
 * it. */
void disk_fill(struct disk *disk, int64_t left);
void disk_free(struct disk *disk);

/* Makes empty files on it until it takes only so many more; and removes so many of them again. */
void disk_take_files(struct disk *disk, int64_t left);
void disk_give_files(struct disk *disk, int64_t count);

#endif
