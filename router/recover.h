/* recover - at start, before any work is handed out, spool and database are made to agree:
 *
 *     a file in queue/ without a row          is taken in as new (the database was lost);
 *     a row whose file is in incoming/        gets it moved (a crash between commit and move);
 *     a row whose file is nowhere             is parked with a sentence;
 *     a file in quarantine/ without a row     is written down again;
 *     work that was handed out                is nobody's lease until its worker says HELLO or the lease
 *                                             time is over. */
#ifndef FELUCCA_ROUTER_RECOVER_H
#define FELUCCA_ROUTER_RECOVER_H

#include <stddef.h>

struct router;

/* Commits in steps, and leaves the last one to the caller. files: those of queue/ that it looked at. An error
 * of the file system is logged and returned. */
int recover(struct router *router, size_t *ret_files);

#endif
