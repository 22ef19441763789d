/* wanted - what the router wants to know of every header. */
#ifndef FELUCCA_ROUTER_WANTED_H
#define FELUCCA_ROUTER_WANTED_H

#include "common/config/config.h"
#include "common/reading/questions.h"

/* What the conditions of the configuration ask, and what suspicion.h does. Is then yours. */
struct questions *wanted(const struct config *config);

#endif
