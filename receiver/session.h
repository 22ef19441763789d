/* session - one association, served in a process of its own.
 *
 * Called after the fork. The process dies of its alarm when it hangs, may take 64 MiB more memory
 * than it began with (not under sanitizers, which take what they like), and finishes at the next pause
 * between two requests when it gets SIGTERM, which it also gets when its parent dies. Whatever happens to it
 * costs this association alone. Writes one line to the log, without a word about patients. */
#ifndef FELUCCA_RECEIVER_SESSION_H
#define FELUCCA_RECEIVER_SESSION_H

#include "receiver/session_start.h"

/* The whole life of the process. */
_Noreturn void session_run(struct session_start *start);

#endif
