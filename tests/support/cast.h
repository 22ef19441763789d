/* cast - workers played by a test over the real socket, so that they can do what no real one does.
 *
 * An actor says HELLO until it is answered, PINGs with what it holds, answers WHO with HELLO, and keeps the
 * works it is given until the test takes them. It holds a work until its RESULT is acknowledged or the test
 * makes it drop it. All actors of a cast live while the test waits for any of them, in cast_turn() and the
 * functions that wait. */
#ifndef FELUCCA_TESTS_CAST_H
#define FELUCCA_TESTS_CAST_H

#include "common/wire/bus.h"
#include "common/wire/work.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct actor {
    struct bus *bus;
    enum work_stage stage;
    int slots;
    char name[32], session[WORK_SESSION_SIZE];
    const char *endpoint;
    const char *proof;   /* set it: shows this instead of the router's secret */
    bool greeted;        /* its HELLO was answered */
    bool silent;         /* set it: says nothing by itself, answers nothing; still takes what comes */
    bool follows;        /* set it before it greets: it keeps works until others have ended */
    bool denies;         /* set it: its PINGs and HELLOs list nothing */
    struct work **works; /* given, and not yet taken by the test; oldest first */
    size_t work_count, work_capacity;
    char (*held)[WORK_ID_SIZE];
    size_t held_count, held_capacity;
    char (*acknowledged)[WORK_ID_SIZE];
    size_t acknowledged_count, acknowledged_capacity;
    unsigned whos, permits, refusals; /* PERMIT: its token may be used, or not */
    int64_t serials;                  /* of its TOKENs, so far */
    int64_t said;                     /* monotonic: its last HELLO or PING */
    struct actor *next;
};

struct cast {
    struct config *config;
    struct actor *actors;
    unsigned names;
};

/* For the work socket of a router on this state folder. */
struct cast *cast_create(const char *state_dir);
void cast_destroy(struct cast **cast);

/* A new worker; borrowed until cast_remove() or the end. */
struct actor *cast_add(struct cast *cast, enum work_stage stage, int slots);
/* Its connection ends, as when its process is killed. */
void cast_remove(struct cast *cast, struct actor *actor);
/* Everybody acts, for some milliseconds at most. */
void cast_turn(struct cast *cast);
/* Everybody acts until the condition holds, or the time is over: whether it holds. */
bool cast_until(struct cast *cast, bool (*condition)(void *context), void *context, int64_t limit_ms);

/* Waits until the router has answered its HELLO. */
bool actor_wait_greeted(struct cast *cast, struct actor *actor, int64_t limit_ms);
/* The next work it was given; is then yours; NULL when none came in time. */
struct work *actor_wait_work(struct cast *cast, struct actor *actor, int64_t limit_ms);
/* Says RESULT with this outcome for every item (retry: bounded), without waiting for anything. */
void actor_answer(struct actor *actor, const struct work *work, enum work_outcome outcome);
/* Says this RESULT. */
void actor_say_result(struct actor *actor, struct work_result *result);
/* Says RESULT until it is acknowledged. */
bool actor_finish(struct cast *cast, struct actor *actor, const struct work *work, enum work_outcome outcome);
bool actor_wait_acknowledged(struct cast *cast, struct actor *actor, const char *work_id, int64_t limit_ms);
/* Says BYE: no more work. */
void actor_say_bye(struct actor *actor);
/* Does not hold it any more. */
void actor_drop(struct actor *actor, const char *work_id);
/* Whether it would list the work: it was given it, and was neither acknowledged nor told that others have it. */
bool actor_holds(const struct actor *actor, const char *work_id);
/* Tells of an active STOW token of a destination, which opens this album: whether the router permits it. */
bool actor_tell_token(struct cast *cast, struct actor *actor, const char *destination, const char *album_id);
/* What its HELLO shows. */
void actor_prove(const struct actor *actor, char ret_proof[PROOF_SIZE]);
/* Says anything; json NULL: a message of one frame. */
void actor_say(struct actor *actor, const char *verb, const char *json);
void actor_say_message(struct actor *actor, const struct work_message *message);

#endif
