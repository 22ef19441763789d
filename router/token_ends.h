/* token_ends - when the tokens of a destination or album end, for whoever tells of it (common/kheops/token_expiry.h). */
#ifndef FELUCCA_ROUTER_TOKEN_ENDS_H
#define FELUCCA_ROUTER_TOKEN_ENDS_H

#include "common/kheops/token_expiry.h"
#include "common/wire/work.h"

struct router;
struct target;

/* Of a target that the configuration names: a destination's STOW token, or one of an album's two. */
struct token_expiry token_ends(struct router *router, const struct target *target, enum work_token_kind kind);

#endif
