/* shadow_record - writes down which part of a folder is durable, so that shadow.h can make again what a power
 * failure would have left of it. Used by libinject.so in the programs, and by the test.
 *
 * The shadow is a folder on the same file system: "data/<inode>" is a file's content when it was flushed
 * last, "names" the tree of names when a folder was flushed last. "held/<inode>" is a second name of each
 * file, so that no inode number is used twice. All of it belongs to the owner of the lock, who keeps it while
 * names are changed too. Whatever fails here ends the program: a shadow with holes proves nothing. */
#ifndef FELUCCA_TESTS_SHADOW_RECORD_H
#define FELUCCA_TESTS_SHADOW_RECORD_H

/* The folders of shadow and shadowed, in a program's environment. */
#define SHADOW_VARIABLE    "FELUCCA_SHADOW"
#define SHADOW_OF_VARIABLE "FELUCCA_SHADOW_OF"

/* Waits for the lock; for shadow_record_unlock(). */
int shadow_record_lock(const char *shadow);
void shadow_record_unlock(int lock);

/* The descriptor is about to be flushed: a file's content is now durable, or every change of names that was
 * made in the folder before, wherever: journals keep their order. */
void shadow_record_flush(const char *shadow, const char *folder, int fd);

#endif
