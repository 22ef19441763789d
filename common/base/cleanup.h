/* cleanup - let the scope release what it owns.
 *
 *     AUTO(jobdb_destroy) struct jobdb *db = NULL;
 *
 * calls jobdb_destroy(&db) when the scope ends, however it ends. A destructor has the shape
 * void noun_destroy(struct noun **), sets the pointer to NULL and accepts NULL and half-built objects.
 * Handing ownership over is setting the local to NULL. */
#ifndef FELUCCA_BASE_CLEANUP_H
#define FELUCCA_BASE_CLEANUP_H

#define AUTO(destructor) __attribute__((cleanup(destructor)))

/* Closes *fd when it is not negative and sets it to -1. For AUTO(fd_close) int fd = -1.
 * errno is left as it was. */
void fd_close(int *fd);

#endif
