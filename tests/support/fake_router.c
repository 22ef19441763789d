#include "tests/support/fake_router.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/wire/bus.h"

#include <check.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_MOST = 1024, TURN_MS = 20 };

struct fake_router {
    struct bus *bus;
    struct bus_peer worker;
    bool silent;
    char gone[1][WORK_ID_SIZE]; /* "": none */
    const char *refusal;
    unsigned unheard;
    unsigned hellos, byes, works;
    int slots;
    struct work_result *results[KEPT_MOST];
    size_t result_count;
    struct work_token *tokens[KEPT_MOST];
    size_t token_count;
    struct work_message ping; /* the last one */
};

struct fake_router *fake_router_create(const struct config *config)
{
    struct fake_router *router = memory_new(1, sizeof *router);
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (bus_create(config, BUS_ROUTER, config->endpoints.work, &router->bus, &reason) != 0)
        ck_abort_msg("no router socket: %s", text_string(&reason));
    return router;
}

void fake_router_destroy(struct fake_router **router)
{
    struct fake_router *gone = *router;
    if (!gone)
        return;
    for (size_t i = 0; i < gone->result_count; i++)
        work_result_destroy(&gone->results[i]);
    for (size_t i = 0; i < gone->token_count; i++)
        work_token_destroy(&gone->tokens[i]);
    work_message_release(&gone->ping);
    bus_destroy(&gone->bus);
    free(gone);
    *router = NULL;
}

void fake_router_fall_silent(struct fake_router *router)
{
    router->silent = true;
}

void fake_router_speak(struct fake_router *router)
{
    router->silent = false;
}

void fake_router_give_away(struct fake_router *router, const char *work_id)
{
    (void)snprintf(router->gone[0], sizeof router->gone[0], "%s", work_id);
}

static void say(struct fake_router *router, const struct bus_peer *peer, struct work_message *message)
{
    AUTO(text_release) struct text json = TEXT_EMPTY;
    const char *verb = work_verb_name(message->verb);
    if (router->silent)
        return;
    work_encode(message, &json);
    ck_assert_int_eq(bus_send(router->bus, peer, verb, strlen(verb), text_string(&json), json.length), 0);
}

static void take_result(struct fake_router *router, const struct bus_peer *peer, struct work_message *message)
{
    struct work_message ack = {.verb = WORK_ACK};
    memcpy(ack.acknowledged, message->result->id, sizeof ack.acknowledged);
    say(router, peer, &ack);
    ck_assert_uint_lt(router->result_count, KEPT_MOST);
    router->results[router->result_count++] = message->result;
    message->result = NULL;
}

static void take(struct fake_router *router, const struct bus_peer *peer, struct work_message *message)
{
    struct work_message pong = {.verb = WORK_PONG, .gone = router->gone, .gone_count = *router->gone[0] != 0};
    struct work_permit permit = {.allowed = !router->refusal, .reason = (char *)router->refusal};
    switch (message->verb) {
    case WORK_HELLO:
        router->worker = *peer;
        router->slots = message->slots;
        router->hellos++;
        say(router, peer, &pong);
        break;
    case WORK_PING:
        work_message_release(&router->ping);
        router->ping = *message;
        *message = (struct work_message){0};
        say(router, peer, &pong);
        break;
    case WORK_RESULT:
        take_result(router, peer, message);
        break;
    case WORK_TOKEN:
        if (router->unheard > 0) {
            router->unheard--;
            break;
        }
        permit.serial = message->token->serial;
        say(router, peer, &(struct work_message){.verb = WORK_PERMIT, .permit = &permit});
        ck_assert_uint_lt(router->token_count, KEPT_MOST);
        router->tokens[router->token_count++] = message->token;
        message->token = NULL;
        break;
    case WORK_BYE:
        router->byes++;
        break;
    default:
        ck_abort_msg("a worker never says %s", work_verb_name(message->verb));
    }
}

void fake_router_refuse_tokens(struct fake_router *router, const char *sentence)
{
    router->refusal = sentence;
}

void fake_router_lose_tokens(struct fake_router *router, unsigned count)
{
    router->unheard = count;
}

static void turn(struct fake_router *router)
{
    struct bus_message raw;
    struct pollfd fd = {.fd = bus_fd(router->bus), .events = POLLIN};
    if (!bus_has_input(router->bus))
        (void)poll(&fd, 1, TURN_MS);
    while (bus_receive(router->bus, &raw) == 0) {
        struct work_message message;
        ck_assert_int_eq(work_decode(raw.frames[0], raw.lengths[0], raw.frames[1], raw.lengths[1], &message),
                         0);
        take(router, &raw.peer, &message);
        work_message_release(&message);
        bus_message_release(&raw);
    }
}

/* Turns until *count is not zero; takes one off it. */
static bool wait_counted(struct fake_router *router, unsigned *count, int64_t limit_ms)
{
    int64_t deadline = clock_monotonic_ms() + limit_ms;
    while (*count == 0 && clock_monotonic_ms() < deadline)
        turn(router);
    if (*count == 0)
        return false;
    --*count;
    return true;
}

int fake_router_wait_hello(struct fake_router *router, int64_t limit_ms)
{
    return wait_counted(router, &router->hellos, limit_ms) ? router->slots : 0;
}

bool fake_router_wait_bye(struct fake_router *router, int64_t limit_ms)
{
    return wait_counted(router, &router->byes, limit_ms);
}

void fake_router_give(struct fake_router *router, struct work *work)
{
    if (!work->id[0])
        (void)snprintf(work->id, sizeof work->id, "test-%u", ++router->works);
    struct work_message message = {.verb = WORK_WORK, .work = work};
    say(router, &router->worker, &message);
}

struct work_result *fake_router_wait_result(struct fake_router *router, int64_t limit_ms)
{
    int64_t deadline = clock_monotonic_ms() + limit_ms;
    while (router->result_count == 0 && clock_monotonic_ms() < deadline)
        turn(router);
    if (router->result_count == 0)
        return NULL;
    struct work_result *result = router->results[0];
    router->result_count--;
    memmove(router->results, router->results + 1, router->result_count * sizeof *router->results);
    return result;
}

static struct work_token *take_token(struct fake_router *router, const char *album, enum work_token_kind kind)
{
    for (size_t i = 0; i < router->token_count; i++) {
        struct work_token *token = router->tokens[i];
        if (token->kind != kind || strcmp(token->album ? token->album : "", album ? album : "") != 0)
            continue;
        router->token_count--;
        memmove(router->tokens + i, router->tokens + i + 1,
                (router->token_count - i) * sizeof *router->tokens);
        return token;
    }
    return NULL;
}

struct work_token *fake_router_wait_token(struct fake_router *router, const char *album,
                                          enum work_token_kind kind, int64_t limit_ms)
{
    int64_t deadline = clock_monotonic_ms() + limit_ms;
    struct work_token *token;
    while (!(token = take_token(router, album, kind)) && clock_monotonic_ms() < deadline)
        turn(router);
    return token;
}

bool fake_router_holds(struct fake_router *router, const char *work_id)
{
    turn(router);
    for (size_t i = 0; i < router->ping.held_count; i++) {
        if (strcmp(router->ping.held[i], work_id) == 0)
            return true;
    }
    return false;
}
