/* troubles - what needs a person now, by the limits of `notify: when`. */
#ifndef FELUCCA_ROUTER_TROUBLES_H
#define FELUCCA_ROUTER_TROUBLES_H

#include "common/config/occasions.h"

#include <stdbool.h>
#include <stdint.h>

struct router;

/* count: how many of it; 1 for what is not counted. destination and album NULL: it is about none; borrowed during the
 * call. */
struct trouble {
    enum occasion occasion;
    const char *destination, *album;
    int64_t count;
};

/* Of what the configuration names, and wants to be told of. */
void troubles_find(struct router *router, void (*each)(void *context, const struct trouble *trouble),
                   void *context);

/* Whether that could still be found: the cause is wanted, and what it is about is configured. */
bool troubles_wanted(struct router *router, const char *cause, const char *destination, const char *album);

#endif
