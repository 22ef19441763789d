/* durable - what must survive a power failure, and the order in which it becomes durable.
 *
 * All functions take folder descriptors and plain names, so that nothing here ever follows a path
 * made by someone else. A failed fsync is final: the kernel may have dropped the pages, so it is
 * never tried again. */
#ifndef FELUCCA_BASE_DURABLE_H
#define FELUCCA_BASE_DURABLE_H

#include <stdint.h>

/* Flushes a file's data and size, or a folder's entries, to the disk. 0, ERR_IO or ERR_NOSPACE. */
int durable_sync(int fd);

/* Renames within or between folders, never over an existing file: ERR_EXISTS then, ERR_ABSENT when there is
 * no such file. On a file system that cannot do both at once (NFS) it looks first: names there must be one
 * process's own. Not durable until durable_sync() of the folder. */
int durable_rename(int from_dir, const char *from, int to_dir, const char *to);

/* Removes a file; ERR_ABSENT when there is none. */
int durable_remove(int dir, const char *name);

/* Makes a folder (mode 0750) below dir unless it is there, and opens it. The descriptor is then yours. */
int durable_folder(int dir, const char *name, int *ret_dir);

/* What an unprivileged writer may still take of the file system of dir: bytes, and files (its free inodes; INT64_MAX where
 * it does not count them). */
int durable_room(int dir, int64_t *ret_bytes, int64_t *ret_files);
/* All bytes of that file system, taken or free. */
int durable_disk_size(int dir, int64_t *ret_bytes);

#endif
