/* fake_router - the router's side of the work protocol in the hands of a test: gives works to one worker at a
 * time and hears what came of them. Nothing of it decides anything.
 *
 * Everything happens inside of the calls that wait: the test has to be in one of them while
 * a worker talks. */
#ifndef FELUCCA_TESTS_FAKE_ROUTER_H
#define FELUCCA_TESTS_FAKE_ROUTER_H

#include "common/config/config.h"
#include "common/wire/work.h"

#include <stdbool.h>

struct fake_router;

/* Binds the work endpoint of the configuration. What cannot be done ends the test (a Check assertion). */
struct fake_router *fake_router_create(const struct config *config);
void fake_router_destroy(struct fake_router **router);

/* Answers no PING any more, and acknowledges nothing; then it does again. */
void fake_router_fall_silent(struct fake_router *router);
void fake_router_speak(struct fake_router *router);
/* From now on it says that others have this work. */
void fake_router_give_away(struct fake_router *router, const char *work_id);

/* From now on no STOW token may be used, with this sentence (borrowed); NULL, as at first: all may. */
void fake_router_refuse_tokens(struct fake_router *router, const char *sentence);
/* The next so many TOKENs get lost. */
void fake_router_lose_tokens(struct fake_router *router, unsigned count);

/* Waits for a HELLO that was not waited for yet; its slots, 0 when none came in time. */
int fake_router_wait_hello(struct fake_router *router, int64_t limit_ms);
/* Waits for a BYE. */
bool fake_router_wait_bye(struct fake_router *router, int64_t limit_ms);

/* Gives a work to the worker that said HELLO last; makes its id when it has none. */
void fake_router_give(struct fake_router *router, struct work *work);

/* Waits for the next RESULT that was not told yet, whatever its work; is then yours; NULL when none came in
 * time. It is acknowledged. */
struct work_result *fake_router_wait_result(struct fake_router *router, int64_t limit_ms);

/* Waits for a TOKEN with this album (NULL: a destination's) and kind; is then yours; NULL when none came. */
struct work_token *fake_router_wait_token(struct fake_router *router, const char *album,
                                          enum work_token_kind kind, int64_t limit_ms);

/* Whether the last PING of the worker listed the work. */
bool fake_router_holds(struct fake_router *router, const char *work_id);

#endif
