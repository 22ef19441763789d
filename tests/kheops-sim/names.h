/* names - finds an object by its name: a hash table of pointers.
 *
 * The name is in the object and is borrowed as long as the object is in the table. Nothing is ever taken
 * out. Not thread-safe. */
#ifndef FELUCCA_SIM_NAMES_H
#define FELUCCA_SIM_NAMES_H

#include <stddef.h>

struct names {
    struct name_slot {
        const char *name;
        void *object;
    } * slots;
    size_t count, capacity;
};

void *names_get(const struct names *names, const char *name);
/* The name must not be in the table. */
void names_put(struct names *names, const char *name, void *object);
void names_release(struct names *names);

#endif
