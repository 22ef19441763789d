/* work_set - which instances are in work, so that one which is in two requests at once is noticed (model.h).
 *
 * Calls need the model's lock. */
#ifndef FELUCCA_SIM_WORK_SET_H
#define FELUCCA_SIM_WORK_SET_H

#include <stddef.h>
#include <stdint.h>

/* One STOW request's instances, as digests of their UIDs; in a list of all that are in work. */
struct work_set {
    struct work_set *next;
    uint64_t *instances;
    size_t count, capacity;
};

/* Adds an instance to a request's set; how many other requests of the list have it in work. */
size_t work_set_add(struct work_set *list, struct work_set *set, const char *sop);
void work_set_enter(struct work_set **list, struct work_set *set);
/* Takes the set out of the list, and releases what it holds. */
void work_set_leave(struct work_set **list, struct work_set *set);

#endif
