/* tokens - what KHEOPS says of the tokens, as workers report it, and what may be done with them.
 *
 * It is written down, and told when it changes. A worker hears in any case (PERMIT) that its report came, and
 * of a STOW token whether it may send with it: not with one that is no good, opens one of the destination's own
 * albums, opens another album than its deliveries went to so far, or opens none.
 *
 * The first token that may be used makes its album the destination's home; one of another album only takes its
 * place while nothing was stored in it, or when an operator moves the destination, which settles it at once. Before
 * there is a home the answer waits a moment for what sharers say of the albums' tokens.
 *
 * Two senders may have tokens of two albums, and both were permitted. So each WORK names the home of that moment, and
 * only who has a token of it sends (what was on its way while it moved: former.h).
 *
 * A target is barred while what is known of its tokens would bring things to the wrong place: a destination whose
 * home is one of its own albums, an album whose tokens are of wrong albums. It is blocked, and nothing at all
 * goes. Any other blocked target whose token was renewed is probed at once. */
#ifndef FELUCCA_ROUTER_TOKENS_H
#define FELUCCA_ROUTER_TOKENS_H

#include "common/wire/bus.h"
#include "common/wire/control.h"
#include "common/wire/work.h"

struct router;
struct tokens;

struct tokens *tokens_create(void);
void tokens_destroy(struct tokens **tokens);

/* A worker's TOKEN, which is emptied where its answer waits. */
void tokens_take(struct router *router, const struct bus_peer *peer, struct work_message *message);

/* Before a RESULT is taken: what failed at a target that is barred failed for that reason. */
void tokens_explain(struct router *router, struct work_result *result);

/* Answers what has waited long enough, or need not wait any more. */
void tokens_turn(struct router *router);

/* After start and each reload: who is barred. */
void tokens_configure(struct router *router);

/* `felucca destination move`: the album that the STOW token opens becomes the destination's home. */
void tokens_move(struct router *router, const struct control_request *request, struct control_answer *answer);

#endif
