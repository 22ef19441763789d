/* tokens - what KHEOPS says of the tokens, as workers report it.
 *
 * It is written down, and told when it changes. A blocked target whose token was renewed is probed at
 * once. */
#ifndef FELUCCA_ROUTER_TOKENS_H
#define FELUCCA_ROUTER_TOKENS_H

#include "common/wire/work.h"

struct router;

/* A worker's TOKEN. */
void tokens_take(struct router *router, const struct work_token *token);

#endif
