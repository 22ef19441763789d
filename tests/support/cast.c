#include "tests/support/cast.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/random.h"
#include "tests/support/require.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { HELLO_AGAIN_MS = 100, PING_MS = 300, TURN_MS = 10, ANSWER_MS = 30000 };

/* ---- the cast ---- */

struct cast *cast_create(const char *state_dir)
{
    struct cast *cast = memory_new(1, sizeof *cast);
    AUTO(text_release) struct text endpoint = TEXT_EMPTY;
    text_format(&endpoint, "ipc://%s/run/work/sock", state_dir);
    cast->config = memory_new(1, sizeof *cast->config);
    cast->config->endpoints.work = text_take(&endpoint);
    return cast;
}

static void release_actor(struct actor *actor)
{
    bus_destroy(&actor->bus);
    for (size_t i = 0; i < actor->work_count; i++)
        work_destroy(&actor->works[i]);
    free(actor->works);
    free(actor->held);
    free(actor->acknowledged);
    free(actor);
}

void cast_remove(struct cast *cast, struct actor *actor)
{
    struct actor **link = &cast->actors;
    while (*link && *link != actor)
        link = &(*link)->next;
    require(*link, "not of this cast");
    *link = actor->next;
    release_actor(actor);
}

void cast_destroy(struct cast **cast)
{
    if (!*cast)
        return;
    while ((*cast)->actors)
        cast_remove(*cast, (*cast)->actors);
    free((*cast)->config->endpoints.work);
    free((*cast)->config);
    free(*cast);
    *cast = NULL;
}

struct actor *cast_add(struct cast *cast, enum work_stage stage, int slots)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct actor *actor = memory_new(1, sizeof *actor);
    actor->stage = stage;
    actor->slots = slots;
    actor->endpoint = cast->config->endpoints.work;
    actor->said = -HELLO_AGAIN_MS;
    (void)snprintf(actor->name, sizeof actor->name, "actor-%u", ++cast->names);
    require(random_hex(actor->session, WORK_SESSION_SIZE - 1) == 0, "no random digits");
    require(bus_create(cast->config, BUS_DEALER, cast->config->endpoints.work, &actor->bus, &reason) == 0,
            "%s", text_string(&reason));
    actor->next = cast->actors;
    cast->actors = actor;
    return actor;
}

/* ---- what an actor says ---- */

void actor_say(struct actor *actor, const char *verb, const char *json)
{
    (void)bus_send(actor->bus, NULL, verb, strlen(verb), json, json ? strlen(json) : 0);
}

void actor_say_message(struct actor *actor, const struct work_message *message)
{
    AUTO(text_release) struct text json = TEXT_EMPTY;
    work_encode(message, &json);
    actor_say(actor, work_verb_name(message->verb), text_string(&json));
}

void actor_prove(const struct actor *actor, char ret_proof[PROOF_SIZE])
{
    (void)snprintf(ret_proof, PROOF_SIZE, "%s", actor->proof ? actor->proof : "");
    if (!actor->proof)
        proof_read(actor->endpoint, ret_proof);
}

static void say_presence(struct actor *actor, enum work_verb verb)
{
    struct work_message message = {.verb = verb,
                                   .stage = actor->stage,
                                   .name = actor->name,
                                   .protocol = WORK_PROTOCOL,
                                   .slots = actor->slots,
                                   .follows = actor->follows,
                                   .held = actor->held,
                                   .held_count = actor->denies ? 0 : actor->held_count};
    memcpy(message.session, actor->session, sizeof message.session);
    if (verb == WORK_HELLO)
        actor_prove(actor, message.proof);
    actor_say_message(actor, &message);
    actor->said = clock_monotonic_ms();
}

void actor_say_result(struct actor *actor, struct work_result *result)
{
    struct work_message message = {.verb = WORK_RESULT, .result = result};
    memcpy(message.session, actor->session, sizeof message.session);
    actor_say_message(actor, &message);
}

void actor_answer(struct actor *actor, const struct work *work, enum work_outcome outcome)
{
    AUTO(work_result_destroy) struct work_result *result = work_result_create(work);
    for (size_t i = 0; i < result->answer_count; i++)
        work_answer_set(&result->answers[i], outcome,
                        outcome == WORK_RETRY_OUTCOME ? BLAME_SUSPECT : BLAME_NOBODY, 0,
                        "as played by a test");
    actor_say_result(actor, result);
}

void actor_say_bye(struct actor *actor)
{
    struct work_message bye = {.verb = WORK_BYE};
    memcpy(bye.session, actor->session, sizeof bye.session);
    actor_say_message(actor, &bye);
}

void actor_drop(struct actor *actor, const char *work_id)
{
    for (size_t i = 0; i < actor->held_count; i++) {
        if (strcmp(actor->held[i], work_id) == 0) {
            memmove(actor->held[i], actor->held[--actor->held_count], WORK_ID_SIZE);
            return;
        }
    }
}

bool actor_holds(const struct actor *actor, const char *work_id)
{
    for (size_t i = 0; i < actor->held_count; i++)
        if (strcmp(actor->held[i], work_id) == 0)
            return true;
    return false;
}

/* ---- what it hears ---- */

static void remember(char (**ids)[WORK_ID_SIZE], size_t *count, size_t *capacity, const char *id)
{
    *ids = memory_grow(*ids, capacity, *count + 1, sizeof **ids);
    (void)snprintf((*ids)[(*count)++], WORK_ID_SIZE, "%s", id);
}

static void take(struct actor *actor, struct work_message *message)
{
    switch (message->verb) {
    case WORK_PONG:
        actor->greeted = true;
        for (size_t i = 0; i < message->gone_count; i++)
            actor_drop(actor, message->gone[i]);
        break;
    case WORK_WHO:
        actor->whos++;
        if (!actor->silent)
            say_presence(actor, WORK_HELLO);
        break;
    case WORK_WORK:
        remember(&actor->held, &actor->held_count, &actor->held_capacity, message->work->id);
        actor->works =
            memory_grow(actor->works, &actor->work_capacity, actor->work_count + 1, sizeof(struct work *));
        actor->works[actor->work_count++] = message->work;
        message->work = NULL;
        break;
    case WORK_ACK:
        remember(&actor->acknowledged, &actor->acknowledged_count, &actor->acknowledged_capacity,
                 message->acknowledged);
        actor_drop(actor, message->acknowledged);
        break;
    case WORK_PERMIT:
        actor->permits += message->permit->allowed;
        actor->refusals += !message->permit->allowed;
        break;
    case WORK_LOOK:
        break; /* it is asked again */
    default:
        require(false, "a router never says %s", work_verb_name(message->verb));
    }
}

static void act(struct actor *actor)
{
    struct bus_message raw;
    int64_t waited = clock_monotonic_ms() - actor->said;
    while (bus_receive(actor->bus, &raw) == 0) {
        struct work_message message;
        require(work_decode(raw.frames[0], raw.lengths[0], raw.frames[1], raw.lengths[1], &message) == 0,
                "the router says what is no message: %s", raw.frames[0]);
        take(actor, &message);
        work_message_release(&message);
        bus_message_release(&raw);
    }
    if (actor->silent)
        return;
    if (!actor->greeted && waited >= HELLO_AGAIN_MS)
        say_presence(actor, WORK_HELLO);
    else if (waited >= PING_MS)
        say_presence(actor, WORK_PING);
}

void cast_turn(struct cast *cast)
{
    struct pollfd fds[64];
    size_t count = 0;
    for (struct actor *actor = cast->actors; actor; actor = actor->next) {
        act(actor);
        if (count < sizeof fds / sizeof *fds && !bus_has_input(actor->bus))
            fds[count++] = (struct pollfd){.fd = bus_fd(actor->bus), .events = POLLIN};
    }
    (void)poll(fds, count, TURN_MS);
}

bool cast_until(struct cast *cast, bool (*condition)(void *context), void *context, int64_t limit_ms)
{
    int64_t end = clock_monotonic_ms() + limit_ms;
    while (!condition(context)) {
        if (clock_monotonic_ms() >= end)
            return false;
        cast_turn(cast);
    }
    return true;
}

/* ---- waiting ---- */

static bool is_greeted(void *actor)
{
    return ((struct actor *)actor)->greeted;
}

bool actor_wait_greeted(struct cast *cast, struct actor *actor, int64_t limit_ms)
{
    return cast_until(cast, is_greeted, actor, limit_ms);
}

static bool has_work(void *actor)
{
    return ((struct actor *)actor)->work_count > 0;
}

struct work *actor_wait_work(struct cast *cast, struct actor *actor, int64_t limit_ms)
{
    if (!cast_until(cast, has_work, actor, limit_ms))
        return NULL;
    struct work *work = actor->works[0];
    actor->work_count--;
    memmove(actor->works, actor->works + 1, actor->work_count * sizeof(struct work *));
    return work;
}

struct acknowledgement {
    struct actor *actor;
    const char *work_id;
};

static bool is_acknowledged(void *context)
{
    const struct acknowledgement *wanted = context;
    for (size_t i = 0; i < wanted->actor->acknowledged_count; i++) {
        if (strcmp(wanted->actor->acknowledged[i], wanted->work_id) == 0)
            return true;
    }
    return false;
}

bool actor_wait_acknowledged(struct cast *cast, struct actor *actor, const char *work_id, int64_t limit_ms)
{
    struct acknowledgement wanted = {actor, work_id};
    return cast_until(cast, is_acknowledged, &wanted, limit_ms);
}

bool actor_finish(struct cast *cast, struct actor *actor, const struct work *work, enum work_outcome outcome)
{
    actor_answer(actor, work, outcome);
    return actor_wait_acknowledged(cast, actor, work->id, ANSWER_MS);
}

static bool is_answered(void *context)
{
    const struct actor *actor = context;
    return actor->permits + actor->refusals == (unsigned)actor->serials;
}

bool actor_tell_token(struct cast *cast, struct actor *actor, const char *destination, const char *album_id)
{
    struct work_token token = {.serial = ++actor->serials,
                               .destination = (char *)destination,
                               .kind = WORK_TOKEN_STOW,
                               .state = WORK_TOKEN_ACTIVE,
                               .scope = (char *)"write",
                               .album_id = (char *)album_id};
    unsigned before = actor->permits;
    actor_say_message(actor, &(struct work_message){.verb = WORK_TOKEN, .token = &token});
    require(cast_until(cast, is_answered, actor, ANSWER_MS), "the router answers no TOKEN");
    return actor->permits > before;
}
