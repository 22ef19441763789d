/* token_watch - what KHEOPS says about the tokens of a process, asked seldom and by one question at a time.
 *
 * Every token is asked about at start, after a reload, and once an hour; and when a request was refused.
 * Several refusals of one token at a time wait for one and the same question, and for a few seconds its
 * answer serves those that follow: a refused backlog costs KHEOPS no flood of questions. A token that is used
 * in several places (one source token for many albums) is asked about once for all of them, if they go to the server
 * by the same way (certificates, proxy). Everything is learned through report.
 *
 * What a token may be used for, the router decides: it alone sees all tokens. So each report has a serial, and
 * token_watch_permit() brings the answer. Until a STOW token's content was permitted nothing is sent with it;
 * what was permitted once goes on while KHEOPS or the router is away.
 *
 * Between questions it looks whether tokens were replaced, a few places a second, and asks about those that
 * were: a renewed token counts within seconds. */
#ifndef FELUCCA_KHEOPS_TOKEN_WATCH_H
#define FELUCCA_KHEOPS_TOKEN_WATCH_H

#include "common/config/config.h"
#include "common/kheops/asker.h"
#include "common/wire/work.h"

#include <stdint.h>

enum {
    TOKEN_WATCH_HOUR_MS = 60 * 60 * 1000,
    TOKEN_WATCH_OUTAGE_MS = 60 * 1000, /* asked again when there was no answer */
    TOKEN_WATCH_LOOK_MS = 1000         /* between two looks for replaced tokens */
};

/* A token by its place: of a destination's headers (album NULL), or one of an album's two. */
struct token_place {
    const char *destination, *album;
    enum work_token_kind kind;
};

struct token_watch;

/* What the router must know of an answer of KHEOPS. */
struct token_report {
    struct token_place place;
    const struct introspection *introspection;
    bool
        replaced; /* it is about another token than the last one of this place; of the first one nothing is known */
    int64_t serial;
};

/* Called for each answer of KHEOPS, and where a server does not introspect a STOW token; borrowed. */
typedef void token_watch_report(void *context, const struct token_report *report);

struct token_watch *token_watch_create(struct http *http, token_watch_report *report, void *context);
void token_watch_destroy(struct token_watch **watch);

/* Another clock than clock_monotonic_ms(): for tests, which do not wait an hour. Before anything is
 * configured. */
void token_watch_set_clock(struct token_watch *watch, int64_t (*clock_ms)(void));

/* Watches the tokens of config from now on: those of destinations (WORK_SEND) or of albums (WORK_SHARE) that
 * are KHEOPS's. config is borrowed until the next call. All are due at once. Questions under way are answered
 * first. */
void token_watch_configure(struct token_watch *watch, const struct config *config, enum work_stage stage);

/* Begins questions that are due, a few at a time, and looks for tokens that were replaced. Call it in every
 * turn of the loop. */
void token_watch_turn(struct token_watch *watch);

/* Asks, or joins a question under way, or uses the answer to one that was begun at or after since (monotonic:
 * when the refused request began). done is called once, at the latest from http_poll(), perhaps before this
 * returns. A token that is not watched, or cannot be resolved: UNKNOWN. */
void token_watch_ask(struct token_watch *watch, const struct token_place *place, int64_t since,
                     introspection_done *done, void *context);

/* ---- whether a STOW token may be used ---- */

/* The router's answer to a report. */
void token_watch_permit(struct token_watch *watch, const struct work_permit *permit);

/* The id of the album that this token, the one that is at the place now, opens, as KHEOPS said when it was permitted: ""
 * when nothing was told. NULL: it has not been permitted. Borrowed until the next call that permits or asks. */
const char *token_watch_album(const struct token_watch *watch, const struct token_place *place,
                              const char *token);

/* Whether this token may do it ("read"), as far as KHEOPS has said; true where nothing is known of it. */
bool token_watch_allows(const struct token_watch *watch, const struct token_place *place, const char *token,
                        const char *permission);

enum token_permission {
    TOKEN_PERMITTED, /* the token that was there when it was asked for */
    TOKEN_REFUSED,
    TOKEN_UNDECIDED /* KHEOPS could not be asked */
};
/* sentence: why it is not permitted; borrowed. */
typedef void token_permission_done(void *context, enum token_permission permission, const char *sentence);

/* Asks KHEOPS and then the router. done is called once, perhaps before this returns. */
void token_watch_ask_permission(struct token_watch *watch, const struct token_place *place, int64_t since,
                                token_permission_done *done, void *context);

/* Tells the router again what is known of a place, since it goes by what another worker told of it; a few times a minute at
 * most. What was permitted stays so until it answers. */
void token_watch_tell_again(struct token_watch *watch, const struct token_place *place);

/* Nobody with this context waits for answers any more. */
void token_watch_forget(struct token_watch *watch, const void *context);

#endif
