/* targets - all destinations and albums that the job database knows, with their configuration.
 *
 * It also has those that the configuration no longer names: their jobs wait, and late results still count. */
#ifndef FELUCCA_ROUTER_TARGETS_H
#define FELUCCA_ROUTER_TARGETS_H

#include "router/target.h"

struct targets;

struct targets *targets_create(void);
void targets_destroy(struct targets **targets);

/* Registers what the configuration names in the database and loads every target. The configuration is
 * borrowed until targets_destroy() or the next targets_configure(). */
void targets_configure(struct targets *targets, struct jobdb *db, const struct config *config);

size_t targets_count(const struct targets *targets);
struct target *targets_at(struct targets *targets, size_t index);

/* album_id 0: the destination itself. NULL when unknown. Borrowed until the next targets_configure(). */
struct target *targets_find(struct targets *targets, int64_t destination_id, int64_t album_id);
/* album NULL: the destination itself. */
struct target *targets_named(struct targets *targets, const char *destination, const char *album);

/* By the configuration's entry (album NULL: the destination itself): quick enough for every instance. */
struct target *targets_for(struct targets *targets, const struct config_destination *destination,
                           const struct config_album *album);

/* Sets whether an operator holds it; of a destination, also for its albums. */
void targets_hold(struct targets *targets, struct target *target, bool held);

/* The wall clock went back: no target waits for a time after latest. */
void targets_hurry(struct targets *targets, int64_t latest);

/* Something changed: every target may have work again. */
void targets_wake(struct targets *targets);

#endif
