/* unreadable - the files of incoming/ that could not be read when they were tried last, each by its receipt, with its SOP instance
 * where at least its first bytes could be read.
 *
 * They stay where they are and are tried again. Whoever waits until everything older has been taken in need not wait for them: a
 * disk that has lost one file holds up nobody but who asks for that one. In memory alone; it forgets what was not tried for a while,
 * and has room for UNREADABLE_MOST. */
#ifndef FELUCCA_ROUTER_UNREADABLE_H
#define FELUCCA_ROUTER_UNREADABLE_H

#include <stdbool.h>
#include <stdint.h>

enum { UNREADABLE_MOST = 1000, UNREADABLE_MS = 60 * 1000 };

struct unreadable;

struct unreadable *unreadable_create(void);
void unreadable_destroy(struct unreadable **unreadable);

/* It could not be read at that time (monotonic ms). sop_instance: "" where it is not known. */
void unreadable_note(struct unreadable *unreadable, const char *receipt, const char *sop_instance,
                     int64_t now);
/* It was read. */
void unreadable_forget(struct unreadable *unreadable, const char *receipt);

bool unreadable_has(const struct unreadable *unreadable, const char *receipt, int64_t now);
/* Whether one of them is of this instance. */
bool unreadable_has_instance(const struct unreadable *unreadable, const char *sop_instance, int64_t now);

#endif
