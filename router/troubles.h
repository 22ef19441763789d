/* troubles - what needs a person now, by the limits of `notify: when`. */
#ifndef FELUCCA_ROUTER_TROUBLES_H
#define FELUCCA_ROUTER_TROUBLES_H

#include "common/config/occasions.h"

#include <stdint.h>

struct router;

/* count: how many of it; 1 for what is not counted. destination and album NULL: it is about none; borrowed during the
 * call. */
struct trouble {
    enum occasion occasion;
    const char *destination, *album;
    int64_t count;
};

void troubles_find(struct router *router, void (*each)(void *context, const struct trouble *trouble),
                   void *context);

#endif
