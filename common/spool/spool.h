/* spool - the folders that hold what was received: the first source of truth.
 *
 *     spool/incoming/<receipt>.<boot>.part  being received (held with a lock by its receiver); boot: boot_mark()
 *     spool/incoming/<receipt>.dcm    durable and acknowledged
 *     spool/queue/<xx>/<receipt>.dcm  in the job database; xx are the receipt's last two digits
 *     spool/quarantine/               could not be taken in; an operator decides
 *     spool/kept/<xx>/                finished, within its retention time
 *     spool/dropped/                  given up by an operator, kept for a while
 *
 * Only the receiver, `felucca import` and felucca-tray write files, only the router moves and removes them; senders open read-only. */
#ifndef FELUCCA_SPOOL_SPOOL_H
#define FELUCCA_SPOOL_SPOOL_H

#include <stdbool.h>
#include <stdint.h>
#include "common/base/text.h"

#define SPOOL_PLACE_MAP(X)      \
    X(INCOMING, "incoming")     \
    X(QUEUE, "queue")           \
    X(QUARANTINE, "quarantine") \
    X(KEPT, "kept")             \
    X(DROPPED, "dropped")

enum spool_place {
#define X(name, folder) SPOOL_##name,
    SPOOL_PLACE_MAP(X)
#undef X
        SPOOL_PLACES
};

/* The folder's name ("incoming"), borrowed for ever. */
const char *spool_place_name(enum spool_place place);
bool spool_place_parse(const char *name, enum spool_place *ret_place);

struct spool;

/* Opens state_dir/spool for reading (a sender: every folder must be there or may appear later). */
int spool_open(const char *state_dir, struct spool **ret_spool);
/* Opens it and makes the state folder and all spool folders that are missing, durably (receiver, router). */
int spool_create(const char *state_dir, struct spool **ret_spool);
void spool_destroy(struct spool **spool);

/* The folder that has a receipt's file at that place: a descriptor, borrowed from the spool; negative
 * error when there is none. The file's name there is "<receipt>.dcm". */
int spool_folder(struct spool *spool, enum spool_place place, const char *receipt);

/* The path of a receipt's file, appended. */
void spool_append_path(const struct spool *spool, enum spool_place place, const char *receipt,
                       struct text *path);

/* Opens a receipt's file for reading; the descriptor is then yours. ERR_ABSENT when it is not there. */
int spool_open_file(struct spool *spool, enum spool_place place, const char *receipt, int *ret_fd);

/* Looks in incoming/ and queue/, then everywhere else. ERR_ABSENT when the file is nowhere. */
int spool_find(struct spool *spool, const char *receipt, enum spool_place *ret_place);

/* Renames, never over an existing file. Where the file is at its goal already and not at the start: 0. */
int spool_move(struct spool *spool, const char *receipt, enum spool_place from, enum spool_place to);

/* Removes the file. Already gone: 0. */
int spool_remove(struct spool *spool, const char *receipt, enum spool_place place);

/* Calls each(context, receipt) for every receipt with a .dcm file at a place, in no order, until each returns
 * other than 0, which is then returned. Other names are passed over. */
int spool_scan(struct spool *spool, enum spool_place place, int (*each)(void *context, const char *receipt),
               void *context);

/* Makes a .part file in incoming/ with a new receipt (RECEIPT_SIZE bytes), open for writing and locked, so
 * that no sweep takes it while the descriptor, which is then yours, is open. */
int spool_create_partial(struct spool *spool, char *ret_receipt, int *ret_fd);

/* Gives a .part file, whose content was made durable before, its .dcm name, and makes that durable. After a
 * failure neither name is left unless the disk refuses even that, and the instance counts as not received. */
int spool_commit_partial(struct spool *spool, const char *receipt);

/* Removes a .part file. Already gone: 0. */
int spool_remove_partial(struct spool *spool, const char *receipt);

/* Removes every .part file that nobody holds a lock on; returns how many in *ret_count (may be NULL). Where locks may not
 * reach other hosts (base/filesystem.h), only those of this start of the kernel, and others that are older than an hour. */
int spool_sweep_partial(struct spool *spool, unsigned *ret_count);

/* The folder that has all of these: a descriptor, borrowed from the spool; negative when it was closed. */
int spool_root(const struct spool *spool);

/* The folder incoming/: a descriptor, borrowed from the spool; negative error when there is none. */
int spool_incoming(struct spool *spool);

/* For a process that works in incoming/ alone: every other folder is closed, and not to be had any more. */
void spool_keep_incoming(struct spool *spool);

/* Bytes of its whole file system. */
int spool_disk_size(struct spool *spool, int64_t *ret_bytes);

/* What is left of its file system. */
struct spool_room {
    int64_t bytes,
        files; /* files: as many more as its free inodes allow; INT64_MAX where it does not count them */
};
int spool_room(struct spool *spool, struct spool_room *ret_room);

/* Instances are refused (A700) where there is less than min_bytes, or fewer files than this. */
enum { SPOOL_FILES_LEAST = 1000 };
bool spool_room_suffices(const struct spool_room *room, int64_t min_bytes);

#endif
