/* stow_loop - a plain loop that posts what is in a spool: what an uploader could reach, or a simple one does.
 *
 * It uses the sender's own request (batch, multipart, http), but no router, no protocol and no database. */
#ifndef FELUCCA_BENCH_STOW_LOOP_H
#define FELUCCA_BENCH_STOW_LOOP_H

#include <stddef.h>

enum { STOW_LOOP_BATCH = 50 };

struct stow_loop;

/* All of queue/ of that configuration, oldest first, to its destination "main", but on this port. */
struct stow_loop *stow_loop_create(const char *config_file, int port);
void stow_loop_destroy(struct stow_loop **loop);

/* Posts the first count instances over so many connections; how many a second. Each has to
 * be answered 200. */
double stow_loop_run(struct stow_loop *loop, size_t instances_a_request, size_t connections, size_t count);

#endif
