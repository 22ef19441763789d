/* route - which handler a request goes to. */
#ifndef FELUCCA_SIM_ROUTE_H
#define FELUCCA_SIM_ROUTE_H

#include "tests/kheops-sim/call.h"

struct route {
    const char *method, *pattern; /* {study} and {series} fill the call's members; a last * takes the rest */
    enum kind kind;
    void (*handle)(struct call *call); /* NULL: stow.h */
    bool admin;                        /* served by the second port too */
};

/* The route of call->method and call->path, with the call's study, series and kind filled in; NULL with the
 * answer in the call. */
const struct route *route_find(struct call *call);

#endif
