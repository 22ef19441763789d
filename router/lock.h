/* lock - one router at a time works on a state directory.
 *
 * It is an open file description lock on jobs.db.lock beside jobs.db. That file is never unlinked, the kernel
 * lets the lock go with the process, and it works on local file systems only. A second router waits for it
 * (warm standby). */
#ifndef FELUCCA_ROUTER_LOCK_H
#define FELUCCA_ROUTER_LOCK_H

/* Opens the file and tries to take the lock. 0: it is held until fd_close() of *ret_fd. ERR_LOCKED: somebody
 * else holds it, and the descriptor is open for another lock_try(). ERR_IO and others: the file cannot be
 * opened. */
int lock_open(const char *state_dir, int *ret_fd);
int lock_try(int fd);

#endif
