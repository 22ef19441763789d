/* conversation - the router's sockets: receipts from the receiver, messages of workers. Each turn takes a
 * bounded number, so that no socket starves the others. */
#include "router/parts.h"

enum { HINTS_A_TURN = 1000, MESSAGES_A_TURN = 500 };

void conversation_take_hints(struct router *router)
{
    struct bus_message message;
    for (int i = 0; i < HINTS_A_TURN && bus_receive(router->hints, &message) == 0; i++) {
        if (message.lengths[0] == RECEIPT_LENGTH)
            intake_add(router, message.frames[0]);
        bus_message_release(&message);
    }
}

static void say(struct router *router, const struct bus_peer *peer, enum work_verb verb)
{
    struct work_message message = {.verb = verb};
    outbox_say(router->outbox, peer, &message);
}

static void greet(struct router *router, const struct bus_peer *peer, const struct work_message *hello)
{
    if (hello->protocol != WORK_PROTOCOL) {
        log_warning("worker speaks another version of the protocol, ignoring it: upgrade it with the router",
                    LOG_S("worker", hello->name), LOG_I("its", hello->protocol),
                    LOG_I("ours", WORK_PROTOCOL));
        return;
    }
    crew_hello(router->crew, peer, hello, router->monotonic);
    log_info("worker says hello", LOG_S("worker", hello->name), LOG_S("stage", work_stage_name(hello->stage)),
             LOG_I("slots", hello->slots), LOG_I("holds", hello->held_count));
    say(router, peer, WORK_PONG);
}

static void take(struct router *router, const struct bus_peer *peer, const struct work_message *message)
{
    bool known = crew_heard(router->crew, peer, router->monotonic);
    switch (message->verb) {
    case WORK_HELLO:
        greet(router, peer, message);
        break;
    case WORK_PING:
        crew_check_held(router->crew, peer, message);
        say(router, peer, known ? WORK_PONG : WORK_WHO);
        break;
    case WORK_RESULT:
        outcome_take(router, peer, message);
        if (!known)
            say(router, peer, WORK_WHO);
        break;
    case WORK_TOKEN:
        tokens_take(router, message->token);
        break;
    case WORK_BYE:
        crew_bye(router->crew, peer);
        break;
    default:
        break; /* a router's own verbs mean nothing from a worker */
    }
}

void conversation_take_work(struct router *router)
{
    struct bus_message raw;
    int taken = 0;
    while (taken < MESSAGES_A_TURN && bus_receive(router->work, &raw) == 0) {
        struct work_message message;
        if (work_decode(raw.frames[0], raw.lengths[0], raw.frames[1], raw.lengths[1], &message) == 0)
            take(router, &raw.peer, &message);
        work_message_release(&message);
        bus_message_release(&raw);
        taken++;
    }
    router->inputs_drained = taken < MESSAGES_A_TURN;
}

/* ---- strangers ---- */

void conversation_look_at_door(struct router *router)
{
    door_look(router->door, router->hints, "hints", router->monotonic);
    door_look(router->door, router->work, "work", router->monotonic);
    door_look(router->door, router->control, "control", router->monotonic);
}

void conversation_read_keys(struct router *router)
{
    door_read_keys(router->hints, "hints", router->config);
    door_read_keys(router->work, "work", router->config);
    door_read_keys(router->control, "control", router->config);
}
