/* late - work that goes on after its client was answered: nginx gave up, KHEOPS did not.
 *
 * One thread for each; late_destroy() ends the waiting, and what waited is forgotten, as when KHEOPS is stopped. */
#ifndef FELUCCA_SIM_LATE_H
#define FELUCCA_SIM_LATE_H

#include <stdbool.h>
#include <stdint.h>

struct late;

struct late *late_create(void);
/* Waits for the threads. */
void late_destroy(struct late **late);

/* Calls done in so many milliseconds, with true; or with false when late_destroy() came first. */
void late_after(struct late *late, int64_t milliseconds, void (*done)(void *context, bool in_time),
                void *context);

#endif
