/* wanted - what the router wants to know of every header. */
#ifndef FELUCCA_ROUTER_WANTED_H
#define FELUCCA_ROUTER_WANTED_H

#include "common/reading/questions.h"

struct router;

/* What the conditions of the configuration ask, what suspicion.h does, and the hashes of search.h. Is then yours. */
struct questions *wanted(struct router *router);

#endif
