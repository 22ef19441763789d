#include "common/worker/worker.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/loop_clock.h"
#include "common/base/memory.h"
#include "common/base/random.h"
#include "common/config/cell.h"
#include "common/wire/bus.h"
#include "common/worker/reports.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HELLO_AGAIN_MS = 200, REFUSED_AGAIN_MS = 30 * 1000, RESEND_MS = 2000, NEVER = -1 };

/* One work as the router sees it: in hand until its result is there, then a result until the ACK. */
struct holding {
    char id[WORK_ID_SIZE];
    char *result;        /* encoded RESULT, NULL while the work is in hand */
    bool well;           /* something in it was done */
    int64_t result_sent; /* monotonic; NEVER: not yet */
};

struct worker {
    struct bus *bus;
    struct worker_handler handler;
    enum work_stage stage;
    int slots;
    bool leaving;
    char name[64];
    char session[WORK_SESSION_SIZE];
    char *endpoint;
    char proof[PROOF_SIZE]; /* that its last HELLO showed */
    struct holding *holdings;
    size_t holding_count, holding_capacity;
    struct reports *reports;
    char *refusal; /* why the router gives us no work */
    struct loop_clock clock;
    int64_t last_heard;            /* of the loop's clock; NEVER */
    int64_t last_ping, last_hello; /* monotonic; NEVER */
};

/* The same process id in the same cell, after a move or a restart, is another worker. */
static void choose_name(struct worker *worker, const struct config *config)
{
    char cell[CONFIG_CELL_SIZE];
    (void)config_cell(config, cell);
    static const char *const kinds[WORK_STAGES] = {[WORK_SEND] = "sender",
                                                   [WORK_SHARE] = "sharer",
                                                   [WORK_NOTIFY] = "notifier",
                                                   [WORK_COMMIT] = "committer"};
    (void)snprintf(worker->name, sizeof worker->name, "%s-%.32s-%d-%.4s", kinds[worker->stage], cell,
                   (int)getpid(), worker->session);
}

int worker_create(const struct config *config, enum work_stage stage, int slots,
                  const struct worker_handler *handler, struct worker **ret_worker, struct text *ret_reason)
{
    AUTO(worker_destroy) struct worker *worker = memory_new(1, sizeof *worker);
    worker->handler = *handler;
    worker->stage = stage;
    worker->slots = slots;
    worker->reports = reports_create();
    worker->last_heard = worker->last_ping = worker->last_hello = NEVER;
    worker->endpoint = memory_string(config->endpoints.work);
    int code = random_hex(worker->session, WORK_SESSION_SIZE - 1);
    choose_name(worker, config);
    if (code == 0)
        code = bus_create(config, BUS_DEALER, config->endpoints.work, &worker->bus, ret_reason);
    if (code != 0)
        return code;
    *ret_worker = worker;
    worker = NULL;
    return 0;
}

void worker_destroy(struct worker **worker)
{
    if (!*worker)
        return;
    reports_destroy(&(*worker)->reports);
    for (size_t i = 0; i < (*worker)->holding_count; i++)
        free((*worker)->holdings[i].result);
    free((*worker)->holdings);
    free((*worker)->refusal);
    free((*worker)->endpoint);
    bus_destroy(&(*worker)->bus);
    free(*worker);
    *worker = NULL;
}

int worker_fd(const struct worker *worker)
{
    return bus_fd(worker->bus);
}

/* ---- what the worker holds ---- */

static struct holding *find_holding(struct worker *worker, const char *id)
{
    for (size_t i = 0; i < worker->holding_count; i++) {
        if (strcmp(worker->holdings[i].id, id) == 0)
            return &worker->holdings[i];
    }
    return NULL;
}

static struct holding *add_holding(struct worker *worker, const char *id)
{
    worker->holdings = memory_grow(worker->holdings, &worker->holding_capacity, worker->holding_count + 1,
                                   sizeof *worker->holdings);
    struct holding *holding = &worker->holdings[worker->holding_count++];
    *holding = (struct holding){.result_sent = NEVER};
    memcpy(holding->id, id, strlen(id) + 1);
    return holding;
}

static void remove_holding(struct worker *worker, struct holding *holding)
{
    free(holding->result);
    *holding = worker->holdings[--worker->holding_count];
}

/* Others have these works now. Results that wait for their ACK are kept: a late `done` is welcome. */
static void stop_gone(struct worker *worker, const struct work_message *message)
{
    for (size_t i = 0; i < message->gone_count; i++) {
        struct holding *holding = find_holding(worker, message->gone[i]);
        if (!holding || holding->result)
            continue;
        worker->handler.abort(worker->handler.context, holding->id);
        remove_holding(worker, holding);
    }
}

/* ---- sending: a message that cannot go out now is said again later by the timers ---- */

static void worker_say(struct worker *worker, struct work_message *message)
{
    AUTO(text_release) struct text json = TEXT_EMPTY;
    const char *verb = work_verb_name(message->verb);
    memcpy(message->session, worker->session, sizeof message->session);
    work_encode(message, &json);
    (void)bus_send(worker->bus, NULL, verb, strlen(verb), text_string(&json), json.length);
}

static void worker_say_with_holdings(struct worker *worker, struct work_message *message)
{
    AUTO(memory_free) char(*held)[WORK_ID_SIZE] = memory_new(worker->holding_count, sizeof *held);
    for (size_t i = 0; i < worker->holding_count; i++)
        memcpy(held[i], worker->holdings[i].id, WORK_ID_SIZE);
    message->held = held;
    message->held_count = worker->holding_count;
    worker_say(worker, message);
}

static void worker_say_hello(struct worker *worker, int64_t now)
{
    struct work_message hello = {.verb = WORK_HELLO,
                                 .stage = worker->stage,
                                 .name = worker->name,
                                 .protocol = WORK_PROTOCOL,
                                 .slots = worker->leaving ? 0 : worker->slots,
                                 .follows = true};
    proof_read(worker->endpoint, worker->proof);
    memcpy(hello.proof, worker->proof, sizeof hello.proof);
    worker_say_with_holdings(worker, &hello);
    worker->last_hello = now;
    worker->last_ping = now;
}

static void worker_send_result(struct worker *worker, struct holding *holding, int64_t now)
{
    const char *verb = work_verb_name(WORK_RESULT);
    (void)bus_send(worker->bus, NULL, verb, strlen(verb), holding->result, strlen(holding->result));
    holding->result_sent = now;
}

/* ---- tokens ---- */

static void worker_say_report(void *context, const struct text *json)
{
    struct worker *worker = context;
    const char *verb = work_verb_name(WORK_TOKEN);
    (void)bus_send(worker->bus, NULL, verb, strlen(verb), text_string(json), json->length);
}

static void worker_say_reports(struct worker *worker)
{
    if (worker_connected(worker))
        reports_say(worker->reports, clock_monotonic_ms(), RESEND_MS, worker_say_report, worker);
}

void worker_report_token(struct worker *worker, const struct work_token *token)
{
    reports_put(worker->reports, token);
    worker_say_reports(worker);
}

static void worker_take_permit(struct worker *worker, const struct work_permit *permit)
{
    reports_answered(worker->reports, permit->serial);
    if (worker->handler.permit)
        worker->handler.permit(worker->handler.context, permit);
}

void worker_report_seen(struct worker *worker, const struct work_look *look)
{
    struct work_message seen = {.verb = WORK_SEEN, .look = (struct work_look *)look};
    worker_say(worker, &seen);
}

/* ---- one turn ---- */

static void worker_take_work(struct worker *worker, struct work_message *message)
{
    if (work_stage_worker(message->work->stage) != worker->stage || find_holding(worker, message->work->id))
        return;
    (void)add_holding(worker, message->work->id);
    struct work *work = message->work;
    message->work = NULL;
    worker->handler.start(worker->handler.context, work);
}

static void take_refusal(struct worker *worker, struct work_message *message)
{
    free(worker->refusal);
    worker->refusal = message->reason;
    message->reason = NULL;
}

/* The router does not know us, and so took no result of ours either. */
static void introduce(struct worker *worker)
{
    worker_say_hello(worker, clock_monotonic_ms());
    for (size_t i = 0; i < worker->holding_count; i++)
        worker->holdings[i].result_sent = NEVER;
}

static void worker_take_message(struct worker *worker, struct work_message *message)
{
    struct holding *holding;
    bool connected = worker_connected(worker);
    worker->last_heard = worker->clock.counted;
    switch (message->verb) {
    case WORK_WHO:
        stop_gone(worker, message);
        take_refusal(worker, message);
        if (!worker->refusal)
            introduce(worker);
        break;
    case WORK_PONG:
        stop_gone(worker, message);
        take_refusal(worker, message);
        break;
    case WORK_WORK:
        if (connected) /* else it was long on its way, and is others' by now: the PINGs do not list it */
            worker_take_work(worker, message);
        break;
    case WORK_ACK:
        holding = find_holding(worker, message->acknowledged);
        if (holding && holding->result)
            remove_holding(worker, holding);
        CRASH_POINT_IF(worker->stage == WORK_SEND, SENDER_ACKNOWLEDGED);
        CRASH_POINT_IF(worker->stage == WORK_SHARE, SHARER_ACKNOWLEDGED);
        CRASH_POINT_IF(worker->stage == WORK_NOTIFY, NOTIFIER_ACKNOWLEDGED);
        CRASH_POINT_IF(worker->stage == WORK_COMMIT, COMMITTER_ACKNOWLEDGED);
        break;
    case WORK_PERMIT:
        worker_take_permit(worker, message->permit);
        break;
    case WORK_LOOK:
        if (worker->handler.look)
            worker->handler.look(worker->handler.context, message->look);
        break;
    default: /* a worker's own verbs */
        break;
    }
}

static void worker_take_messages(struct worker *worker)
{
    struct bus_message raw;
    while (bus_receive(worker->bus, &raw) == 0) {
        struct work_message message;
        if (work_decode(raw.frames[0], raw.lengths[0], raw.frames[1], raw.lengths[1], &message) == 0)
            worker_take_message(worker, &message);
        work_message_release(&message);
        bus_message_release(&raw);
    }
}

static bool is_due(int64_t last, int64_t interval, int64_t now)
{
    return last == NEVER || now - last >= interval;
}

/* A router that started since has another secret than the one that was refused. */
static bool has_new_proof(const struct worker *worker)
{
    char now[PROOF_SIZE];
    proof_read(worker->endpoint, now);
    return strcmp(now, worker->proof) != 0;
}

static int64_t hello_interval(const struct worker *worker)
{
    return worker->refusal && !has_new_proof(worker) ? REFUSED_AGAIN_MS : HELLO_AGAIN_MS;
}

void worker_turn(struct worker *worker)
{
    int64_t now = clock_monotonic_ms();
    (void)loop_clock_read(&worker->clock, now);
    worker_take_messages(worker);
    if (!worker_connected(worker)) {
        if (is_due(worker->last_hello, hello_interval(worker), now))
            worker_say_hello(worker, now);
    } else if (is_due(worker->last_ping, WORK_PING_MS, now)) {
        struct work_message ping = {.verb = WORK_PING};
        worker_say_with_holdings(worker, &ping);
        worker->last_ping = now;
    }
    worker_say_reports(worker);
    for (size_t i = 0; i < worker->holding_count; i++) {
        if (worker->holdings[i].result && is_due(worker->holdings[i].result_sent, RESEND_MS, now))
            worker_send_result(worker, &worker->holdings[i], now);
    }
    /* Sending may have consumed the descriptor's edge: what came meanwhile is taken before anyone waits. */
    worker_take_messages(worker);
}

int64_t worker_wait_ms(const struct worker *worker)
{
    int64_t now = clock_monotonic_ms();
    int64_t last = worker_connected(worker) ? worker->last_ping : worker->last_hello;
    int64_t interval = worker_connected(worker) ? WORK_PING_MS : hello_interval(worker);
    int64_t wait = last + interval - now;
    return wait < 0 ? 0 : wait;
}

void worker_greet(struct worker *worker)
{
    worker_say_hello(worker, clock_monotonic_ms());
}

void worker_finish(struct worker *worker, struct work_result **result)
{
    AUTO(text_release) struct text json = TEXT_EMPTY;
    struct work_message message = {.verb = WORK_RESULT, .result = *result};
    memcpy(message.session, worker->session, sizeof message.session);
    work_encode(&message, &json);
    /* A work that was given up meanwhile may still have a result worth telling. */
    struct holding *holding = find_holding(worker, (*result)->id);
    if (!holding)
        holding = add_holding(worker, (*result)->id);
    free(holding->result);
    holding->result = text_take(&json);
    holding->well = work_result_is_good(*result);
    worker_send_result(worker, holding, clock_monotonic_ms());
    work_result_destroy(result);
}

bool worker_ended_badly(const struct worker *worker, const char *work_id)
{
    for (size_t i = 0; i < worker->holding_count; i++)
        if (strcmp(worker->holdings[i].id, work_id) == 0)
            return worker->holdings[i].result && !worker->holdings[i].well;
    return false;
}

void worker_leave(struct worker *worker)
{
    struct work_message bye = {.verb = WORK_BYE};
    if (worker->leaving)
        return;
    worker->leaving = true;
    worker_say(worker, &bye);
}

bool worker_busy(const struct worker *worker)
{
    return worker->holding_count > 0;
}

bool worker_connected(const struct worker *worker)
{
    return worker->last_heard != NEVER && !worker->refusal &&
           worker->clock.counted - worker->last_heard < WORK_SILENCE_MS;
}

const char *worker_refusal(const struct worker *worker)
{
    return worker->refusal;
}
