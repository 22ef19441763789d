/* fence - the router goes on only as long as the state folder is its own (common/spool/owner.h).
 *
 * The lock (lock.h) keeps routers of one kernel apart. Where it does not reach, two hosts may have the folder, and two
 * writers destroy the job database. So the owner's file is read before each commit and where a turn begins late, and
 * beside the loop a thread writes the beat every FENCE_BEAT_MS. A router that is not the owner any more, or could not
 * write its beat for FENCE_LIMIT_MS, ends at once with EX_TEMPFAIL and writes nothing more: neither the database, which
 * another one may have open, nor the spool.
 *
 * What it cannot do: hold up what is on its way. A machine that is frozen between a check and the write behind it writes
 * when it wakes. Only storage that lets one host at a time in is safe from that (docs/cells.md).
 *
 * On a local file system the lock alone is enough: the beat is not flushed, and a disk that is full costs the beat and
 * not the router. */
#ifndef FELUCCA_ROUTER_FENCE_H
#define FELUCCA_ROUTER_FENCE_H

#include "common/base/filesystem.h"
#include "common/spool/owner.h"

enum { FENCE_BEAT_MS = 5000, FENCE_LIMIT_MS = 10 * 1000, FENCE_SETTLE_MS = 3000, FENCE_FRESH_MS = 1000 };

struct fence;

/* Takes the folder at state_dir as its next owner, called name (NULL: the host's name). 0; ERR_EXISTS: somebody else was
 * quicker; others: it cannot be written. Where locks may not reach, wait FENCE_SETTLE_MS and call fence_hold() before
 * anything is written: whoever was just committing has ended by then, and whoever took it at the same time shows. */
int fence_take(const char *state_dir, const char *name, struct fence **ret_fence);
/* Begins to beat. */
void fence_start(struct fence *fence);
/* Says "released" where it is still the owner, so that nobody waits for this one. After the last write. */
void fence_destroy(struct fence **fence);

const struct owner *fence_owner(const struct fence *fence);

/* Returns when the folder is this router's, asked of the file system; else the process ends. NULL: returns. */
void fence_hold(struct fence *fence);
/* The same, but an answer that is younger than FENCE_FRESH_MS counts. */
void fence_hold_lately(struct fence *fence);
/* Whether it is the owner, for who can go on without. */
bool fence_holds(struct fence *fence);

#endif
