/* owner - whose a state folder is: the file cell.owner in it, which the router that works there keeps.
 *
 * A lock says this to one kernel. The file says it to everybody who can read the folder: which router, since when, and,
 * by a beat that goes up, whether it lives. Each router that takes the folder over has a generation of its own, one more
 * than that of the one before.
 *
 * The file has one line of JSON, padded to OWNER_BYTES. A new owner writes a new file and renames it, so the one before,
 * which goes on writing its beat into the file that it holds open, changes nothing any more, even when it was frozen
 * in between. A generation is taken by making the empty file cell.generation.N, which exactly one can make (O_EXCL, also
 * on NFS since version 3); the last OWNER_GENERATIONS of these stay. */
#ifndef FELUCCA_SPOOL_OWNER_H
#define FELUCCA_SPOOL_OWNER_H

#include "common/base/boot.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    OWNER_BYTES = 1024,
    OWNER_ID_SIZE = 33,    /* 32 hex digits */
    OWNER_NAME_SIZE = 129, /* longer ones are cut */
    OWNER_GENERATIONS = 8
};

struct owner {
    char cell[OWNER_ID_SIZE];    /* the folder's, made once */
    char session[OWNER_ID_SIZE]; /* of one router process, random */
    char name[OWNER_NAME_SIZE];  /* how people call the cell */
    char host[OWNER_NAME_SIZE];
    char boot[BOOT_ID_SIZE];
    int64_t generation, beat; /* from 1; beat goes up while it lives */
    int64_t since, beat_at;   /* wall ms of that host: for people, never compared */
    bool released;            /* it ended well: nobody needs to wait for it */
};

/* The owner of the folder dir (a descriptor). 0; ERR_ABSENT: nobody ever; ERR_SYNTAX: the file is none of ours. */
int owner_read(int dir, struct owner *ret_owner);

/* A router of this process, of that name (NULL: the host's), with a session of its own; cell and generation follow
 * from what the folder says: one more than any that was taken. 0 or ERR_IO. */
int owner_next(int dir, const char *name, int64_t now, struct owner *ret_owner);

/* Takes its generation, then the folder, durably: *ret_fd is for owner_beat(). ERR_EXISTS: the generation is
 * somebody else's. */
int owner_claim(int dir, const struct owner *owner, int *ret_fd);

/* Writes into the file of its own. durable: until it is on the disk, or with its server. */
int owner_beat(int fd, const struct owner *owner, bool durable);

/* 0: the folder is this owner's. ERR_LOCKED: it is not, or nobody's. Else it cannot be told. */
int owner_verify(int dir, const struct owner *owner);

#endif
