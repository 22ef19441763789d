/* login - what a request carries so that its server lets it in: `auth` of a destination or notify target, by kind.
 *
 *     switch (login_credentials(logins, &place, &credentials, &reason)) {
 *     case 0:            the request can go
 *     case LOGIN_WAITS:  login_ask(logins, &place, done, context), then once more
 *     default:           a file or variable is missing; reason says which
 *     }
 *
 * Each kind is a file: token.c, basic.c, oauth2.c, aws_sigv4.c. One has to ask somebody, oauth2: its tokens are fetched
 * (RFC 6749, 4.4; with an assertion RFC 7523) once a life for everybody in this process, kept in its memory alone, and
 * fetched anew ahead of their end while they are used: a tenth of the life before, 60 s at most, and up to that much
 * sooner by chance, so that processes do not come all at once; a second of it counts as lost, since tokens say their end
 * in whole ones. They go over no socket but to the server that they are
 * for. A login server that is away, slow or refuses is spoken of as itself: sentences begin with it. It is not followed
 * where it redirects, its answer is bounded, and after a failure it is left alone for LOGIN_REST_MS, doubling, while
 * everybody who asks hears that failure. No sentence holds a secret, or anything that it said but an error code.
 *
 * One thread; done is called from http_poll(), or before login_ask() returns. */
#ifndef FELUCCA_LOGIN_LOGIN_H
#define FELUCCA_LOGIN_LOGIN_H

#include "common/config/config.h"
#include "common/http/http.h"
#include "common/kheops/credentials.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LOGIN_WAITS = 1,
    LOGIN_REST_MS = 1000,
    LOGIN_REST_MOST_MS = 16 * 1000,
    LOGIN_ANSWER_MS = 10 * 1000, /* patience with a login server */
    LOGIN_AHEAD_MOST_MS = 60 * 1000,
    LOGIN_LIFE_MS = 5 * 60 * 1000 /* of a token whose life is not told */
};

struct logins;

/* Of a destination, or of a webhook that gets notices. Borrowed from the configuration for the time of a call. */
struct login_place {
    const char *name;
    const struct config_auth *auth;
    const struct config_destination *destination; /* NULL: a webhook's */
};

struct login_place login_place_of(const struct config_destination *destination);
struct login_place login_place_of_webhook(const struct config_webhook *webhook);

/* http is borrowed until the end. */
struct logins *logins_create(struct http *http);
void logins_destroy(struct logins **logins);
/* For tests. */
void logins_set_clock(struct logins *logins, int64_t (*clock_ms)(void));

/* After start and each reload: forgets the tokens of places that are not named any more, and no login server is left alone
 * for an old failure. The tokens of a login that has changed are forgotten when it is used. config is borrowed until the
 * next call. */
void logins_configure(struct logins *logins, const struct config *config);

/* Fetches what is used and ends soon; call it at least once a second. */
void logins_turn(struct logins *logins);

/* What a request to the place carries now: 0; LOGIN_WAITS: a login server has to be asked first; or a negative error with
 * a sentence, which names variable or file, appended. Wipe the credentials in any case. */
int login_credentials(struct logins *logins, const struct login_place *place,
                      struct credentials *ret_credentials, struct text *ret_reason);

/* Whether what the place's login shows to its server, or to a login server, can be made of what is there now: 0, or a negative
 * error with a sentence appended. Headers and proxy are not looked at. */
int login_check(const struct login_place *place, struct text *ret_reason);

enum login_verdict {
    LOGIN_FINE,
    LOGIN_AWAY,   /* it may pass: no answer, or one of a server in trouble */
    LOGIN_REFUSED /* somebody has to act: it gives no token, or what we show it cannot be read */
};
/* sentence: what is wrong and what to do; "" when it is fine. Borrowed. */
typedef void login_done(void *context, enum login_verdict verdict, const char *sentence);

/* Asks the login server for a token, together with everybody who waits for one. */
void login_ask(struct logins *logins, const struct login_place *place, login_done *done, void *context);

/* Nobody with this context waits any more. */
void login_forget(struct logins *logins, const void *context);

/* The server answered 401 to this token (credentials.token). Whether a request may go again with another one: true where
 * there is a newer one, or where this one had been taken before; it is forgotten, so that the next request asks for
 * another. False where the one before was refused as well, or nobody gives tokens. */
bool login_renew(struct logins *logins, const struct login_place *place, const char *token);
/* The server took it. */
void login_taken(struct logins *logins, const struct login_place *place, const char *token);

/* Whether the place's login server let us in when it was asked last, or none is needed. While it did not it is asked again,
 * as its rest allows. */
bool login_is_well(struct logins *logins, const struct login_place *place);

#endif
