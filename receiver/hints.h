/* hints - what the receiver's processes tell: receipts for the router, and numbers for the metrics.
 *
 * One pipe, written by the parent and by every association's process, read by the helper process (helper.h),
 * which owns ZeroMQ and the health port, so that neither is ever in a process that forks. Writing never
 * blocks: when the pipe is full, or the helper is away, what was told is lost, and the router finds the file
 * with its next scan. A helper that dies is started again, at most once a second. */
#ifndef FELUCCA_RECEIVER_HINTS_H
#define FELUCCA_RECEIVER_HINTS_H

#include "common/config/config.h"
#include "receiver/hint.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct hints;

/* Makes the pipe and starts the helper. config is read before the call returns, and again by
 * hints_restart_helper(). 0 or ERR_IO. */
int hints_create(const struct config *config, struct hints **ret_hints);
/* Ends the helper after it has taken everything told before; waits a bounded time. In the parent only. */
void hints_destroy(struct hints **hints);

/* In a process that was forked to serve one peer: it tells, and need not read what others told. */
void hints_leave_to_tell(struct hints *hints);

void hints_tell(struct hints *hints, enum hint_kind kind, const char *receipt, int64_t number);
/* HINT_INSTANCE. */
void hints_tell_instance(struct hints *hints, const char *receipt, int64_t bytes, int64_t durable_us);

/* The helper's process, 0 while it is away. */
pid_t hints_helper(const struct hints *hints);

/* For the parent: was this child the helper? Notes that it must be started again. */
bool hints_reaped(struct hints *hints, pid_t pid);
/* Starts the helper if it is away and a second has passed. before (may be NULL) is called in the new process,
 * to close what belongs to the parent alone. */
void hints_revive(struct hints *hints, const struct config *config, int64_t now_ms,
                  void (*before)(void *context), void *context);
/* Lets the helper end, so that it starts again with the new configuration. */
void hints_restart_helper(struct hints *hints);

#endif
