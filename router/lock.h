/* lock - one router at a time on a state directory.
 *
 * An open file description lock on jobs.db.lock beside jobs.db: never unlinked, let go by the kernel with the
 * process, local file systems only. A second router waits for it (warm standby). */
#ifndef FELUCCA_ROUTER_LOCK_H
#define FELUCCA_ROUTER_LOCK_H

/* Opens and tries to take the lock. 0: it is held until fd_close() of *ret_fd; ERR_LOCKED: somebody else
 * holds it (the descriptor is open for another lock_try()); ERR_IO and others: the file cannot be opened. */
int lock_open(const char *state_dir, int *ret_fd);
int lock_try(int fd);

#endif
