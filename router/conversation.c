#include "router/conversation.h"

#include "common/base/cleanup.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/receipt.h"
#include "common/spool/asked.h"
#include "common/wire/work.h"
#include "router/commitments.h"
#include "router/crew.h"
#include "router/door.h"
#include "router/former.h"
#include "router/intake.h"
#include "router/outbox.h"
#include "router/outcome.h"
#include "router/own_trouble.h"
#include "router/readiness.h"
#include "router/shared.h"
#include "router/strangers.h"
#include "router/targets.h"
#include "router/tokens.h"

#include <stdlib.h>
#include <string.h>

enum { HINTS_A_TURN = 1000, MESSAGES_A_TURN = 500 };

struct conversation {
    struct door *door;
    struct strangers *strangers;
    char (*undelivered)[WORK_ID_SIZE]; /* works whose worker had left before it was told */
    size_t undelivered_count, undelivered_capacity;
    bool drained; /* nothing waited in the workers' socket at the end of the last turn */
};

struct conversation *conversation_create(struct metrics *metrics)
{
    struct conversation *conversation = memory_new(1, sizeof *conversation);
    conversation->door = door_create(metrics);
    conversation->strangers = strangers_create();
    return conversation;
}

void conversation_destroy(struct conversation **conversation)
{
    if (!*conversation)
        return;
    door_destroy(&(*conversation)->door);
    strangers_destroy(&(*conversation)->strangers);
    free((*conversation)->undelivered);
    memory_free(conversation);
}

/* ---- hints ---- */

static void take_hints(struct router *router)
{
    struct bus_message message;
    for (int i = 0; i < HINTS_A_TURN && bus_receive(router->hints, &message) == 0; i++) {
        if (message.lengths[0] == RECEIPT_LENGTH)
            intake_add(router, message.frames[0]);
        else if (message.lengths[0] == strlen(ASKED_HINT) &&
                 memcmp(message.frames[0], ASKED_HINT, strlen(ASKED_HINT)) == 0)
            commitments_hint(router);
        bus_message_release(&message);
    }
}

/* ---- what workers say ---- */

/* PONG or WHO to a HELLO or PING, and which of the works that it lists are gone. */
static void answer_worker(struct router *router, const struct bus_peer *peer, enum work_verb verb,
                          const struct work_message *asked)
{
    AUTO(memory_free) char(*gone)[WORK_ID_SIZE] = NULL;
    struct work_message message = {.verb = verb};
    message.gone_count = crew_gone(router->crew, asked, &gone);
    message.gone = gone;
    outbox_say(router->outbox, peer, &message);
}

static void ask_who(struct router *router, const struct bus_peer *peer, const char *session)
{
    if (strangers_know(router->conversation->strangers, session))
        return;
    const struct work_message who = {.verb = WORK_WHO};
    outbox_say(router->outbox, peer, &who);
}

static void greet_worker(struct router *router, const struct bus_peer *peer, const struct work_message *hello)
{
    if (hello->protocol != WORK_PROTOCOL) {
        strangers_hello(router, router->conversation->strangers, peer, hello);
        return;
    }
    if (*router->proof && !proof_holds(router->proof, hello->proof)) {
        strangers_unproven(router, router->conversation->strangers, peer, hello);
        return;
    }
    strangers_forget(router->conversation->strangers, hello->session);
    crew_hello(router->crew, peer, hello, router->awake);
    crew_rouse(router->crew, peer, 0);
    own_trouble_retry(router, hello->stage);
    log_info("worker says hello", LOG_S("worker", hello->name), LOG_S("stage", work_stage_name(hello->stage)),
             LOG_I("slots", hello->slots), LOG_I("holds", hello->held_count));
    answer_worker(router, peer, WORK_PONG, hello);
}

/* What it says of a token shows that it can read one. */
static void rouse_worker(struct router *router, const struct bus_peer *peer, const struct work_token *token)
{
    const struct target *target = targets_named(router->targets, token->destination, token->album);
    if (target)
        crew_rouse(router->crew, peer, target->row.destination_id);
}

/* Only who has proved with its HELLO that it is a worker is known, and only what such a one says counts. */
static void take_message(struct router *router, const struct bus_peer *peer, struct work_message *message)
{
    bool known = crew_heard(router->crew, peer, router->awake);
    switch (message->verb) {
    case WORK_HELLO:
        greet_worker(router, peer, message);
        break;
    case WORK_PING:
        crew_check_held(router->crew, peer, message);
        if (!strangers_know(router->conversation->strangers, message->session))
            answer_worker(router, peer, known ? WORK_PONG : WORK_WHO, message);
        break;
    case WORK_RESULT:
        if (!known) {
            ask_who(router, peer, message->session);
        } else if (router->recovered) { /* else it comes again */
            former_excuse(router, message->result);
            tokens_explain(router, message->result);
            outcome_take(router, peer, message);
        }
        break;
    case WORK_TOKEN:
        if (known) /* else it comes again */
            rouse_worker(router, peer, message->token);
        if (known && router->recovered)
            tokens_take(router, peer, message);
        break;
    case WORK_SEEN:
        if (known)
            readiness_take(router, message->look);
        break;
    case WORK_BYE:
        crew_bye(router->crew, peer);
        break;
    default:
        break; /* a router's own verbs mean nothing from a worker */
    }
}

static void take_messages(struct router *router)
{
    struct bus_message raw;
    int taken = 0;
    while (taken < MESSAGES_A_TURN && bus_receive(router->work, &raw) == 0) {
        struct work_message message;
        if (work_decode(raw.frames[0], raw.lengths[0], raw.frames[1], raw.lengths[1], &message) == 0)
            take_message(router, &raw.peer, &message);
        work_message_release(&message);
        bus_message_release(&raw);
        taken++;
    }
    router->conversation->drained = taken < MESSAGES_A_TURN;
}

/* ---- what their silence means ---- */

void conversation_undelivered(void *context, const struct bus_peer *peer, const char *work)
{
    struct router *router = context;
    struct conversation *conversation = router->conversation;
    crew_absent(router->crew, peer);
    conversation->undelivered =
        memory_grow(conversation->undelivered, &conversation->undelivered_capacity,
                    conversation->undelivered_count + 1, sizeof *conversation->undelivered);
    memcpy(conversation->undelivered[conversation->undelivered_count++], work, WORK_ID_SIZE);
}

static void take_back_undelivered(struct router *router)
{
    struct conversation *conversation = router->conversation;
    for (size_t i = 0; i < conversation->undelivered_count; i++) {
        struct lease *lease = crew_find_lease(router->crew, conversation->undelivered[i]);
        if (lease)
            outcome_lease_lost(router, lease);
    }
    conversation->undelivered_count = 0;
}

/* ---- the turn ---- */

void conversation_turn(struct router *router)
{
    take_back_undelivered(router);
    take_hints(router);
    take_messages(router);
    strangers_turn(router, router->conversation->strangers);
    /* What was not read yet may be a worker's sign of life. */
    if (router->conversation->drained)
        crew_expire(router->crew, router->awake, outcome_lease_lost, router);
}

int64_t conversation_wakes_at(struct router *router)
{
    const struct conversation *conversation = router->conversation;
    if (conversation->undelivered_count > 0 || !conversation->drained || bus_has_input(router->hints) ||
        bus_has_input(router->work))
        return 0;
    int64_t expiry = crew_next_expiry(router->crew);
    return expiry == INT64_MAX ? expiry : expiry - router->awake + router->monotonic;
}

/* ---- while it recovers ---- */

void conversation_listen(struct router *router)
{
    take_messages(router);
}

/* ---- the door ---- */

void conversation_look_at_door(struct router *router)
{
    door_look(router->conversation->door, router->hints, "hints", router->monotonic);
    door_look(router->conversation->door, router->work, "work", router->monotonic);
    door_look(router->conversation->door, router->control, "control", router->monotonic);
}

void conversation_read_keys(struct router *router)
{
    door_read_keys(router->hints, "hints", router->config);
    door_read_keys(router->work, "work", router->config);
    door_read_keys(router->control, "control", router->config);
}
