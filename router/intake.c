#include "router/intake.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/config/config.h"
#include "common/jobs/intake.h"
#include "common/jobs/quarantine.h"
#include "common/service/service.h"
#include "router/arrival.h"
#include "router/arrivals.h"
#include "router/asked.h"
#include "router/counters.h"
#include "router/decide.h"
#include "router/headers.h"
#include "router/outbox.h"
#include "router/pending.h"
#include "router/readers.h"
#include "router/reread.h"
#include "router/shared.h"
#include "router/unreadable.h"

#include <stdlib.h>
#include <string.h>

enum {
    SCAN_MS = 10 * 1000,
    NODE_MS = 5 * 60 * 1000, /* after its reception, for a configuration with its node */
    TELL_MS = 60 * 1000,     /* between two lines that some wait for that */
    PARKED_A_TURN = 8,       /* of the quarantine, after the configuration was read again */
    TURN_MAX = 64,           /* instances a turn, and */
    TURN_MS = 250,           /* what they may take, so that results and heartbeats never wait long */
    WAIT_MS = 100
};

static const char no_node[] = "no node of the configuration has its called AE title",
                  no_meta[] = "it has no file meta header of ours";

struct intake {
    struct pending *pending;
    struct arrivals *arrivals;
    struct unreadable *unreadable;
    struct arrival *flying; /* those whose headers are being read, in no order */
    int64_t next_scan;      /* monotonic */
    int64_t tell_at;        /* monotonic: not before it is said again that some wait for their node */
    bool look_again;        /* at what was quarantined for want of a node, from this row on: */
    int64_t parked;
};

struct intake *intake_create(void)
{
    struct intake *intake = memory_new(1, sizeof *intake);
    intake->pending = pending_create();
    intake->arrivals = arrivals_create();
    intake->unreadable = unreadable_create();
    intake->look_again = true; /* another configuration may be why this router was started */
    return intake;
}

void intake_destroy(struct intake **intake)
{
    if (!*intake)
        return;
    arrivals_destroy(&(*intake)->arrivals);
    pending_destroy(&(*intake)->pending);
    unreadable_destroy(&(*intake)->unreadable);
    while ((*intake)->flying) {
        struct arrival *arrival = (*intake)->flying;
        (*intake)->flying = arrival->next;
        arrival_release(arrival);
        memory_free(&arrival);
    }
    memory_free(intake);
}

void intake_add(struct router *router, const char *receipt)
{
    pending_add(router->intake->pending, receipt);
}

size_t intake_waiting(const struct router *router)
{
    return pending_count(router->intake->pending);
}

bool intake_cannot_read(const struct router *router, const char *receipt)
{
    return unreadable_has(router->intake->unreadable, receipt, router->monotonic);
}

bool intake_cannot_read_instance(const struct router *router, const char *sop_instance)
{
    return unreadable_has_instance(router->intake->unreadable, sop_instance, router->monotonic);
}

/* ---- one receipt ---- */

static void quarantine_file(struct router *router, const struct arrival *arrival, const char *reason)
{
    log_debug("instance quarantined", LOG_S("receipt", arrival->receipt), LOG_S("reason", reason));
    arrivals_quarantined(router->intake->arrivals, &arrival->instance, reason, router->monotonic);
    jobdb_quarantine(router->db, &arrival->instance, reason, router->now);
    outbox_move(router->outbox, arrival->receipt, arrival->place, SPOOL_QUARANTINE);
    count_taken(router->counters, "quarantined");
}

/* What becomes of it, which is decided. */
static void write_down(struct router *router, struct arrival *arrival, const struct reading *reading,
                       const struct decisions *decisions)
{
    struct arrivals_fate fate = {0};
    size_t taken = 0, length;
    const char *header = reading_kept(reading, &length);
    if (header)
        headers_keep(router->headers, arrival->instance.study, arrival->receipt, header, length,
                     router->expires_by);
    CRASH_POINT_IF(header != NULL, ROUTER_HEADER_KEPT);
    arrival->instance.keep_until = router->now + router->config->retention_ms;
    jobdb_take_in(router->db, &arrival->instance, decisions->list, decisions->count, router->now,
                  router->now + router->config->retention_excluded_ms);
    for (size_t i = 0; i < decisions->count; i++) {
        const struct jobdb_decision *decision = &decisions->list[i];
        taken += decision->takes;
        fate.undecided |= decision->undecided || decision->doubt_count > 0;
    }
    fate.excluded = taken == 0 && !fate.undecided;
    CRASH_POINT(ROUTER_DECIDED);
    asked_note(router, decisions, arrival->instance.series);
    count_taken(router->counters, taken > 0 ? "taken" : fate.excluded ? "excluded" : "undecided");
    arrivals_taken(router->intake->arrivals, &arrival->instance, fate, router->monotonic);
    log_debug("instance taken in", LOG_S("receipt", arrival->receipt),
              LOG_S("study", arrival->instance.study), LOG_S("sop_instance", arrival->instance.sop_instance),
              LOG_I("destinations", taken));
    outbox_move(router->outbox, arrival->receipt, arrival->place, SPOOL_QUEUE);
    targets_wake(router->targets);
}

static void take_in(struct router *router, struct arrival *arrival, const struct config_node *node,
                    struct reading *reading)
{
    const struct header_transfer transfer = arrival_transfer(arrival);
    AUTO(decisions_release) struct decisions decisions = {0};
    int64_t began_ns = clock_monotonic_ns();
    const struct condition_facts *facts = reading_facts(reading, &transfer);
    if (node->urgent && condition_judge(node->urgent, facts) == CONDITION_TRUE)
        arrival->instance.urgent = true;
    decide(node, NULL, router->targets, &arrival->instance, facts, &decisions);
    decide_versions(router->db, &arrival->instance, &decisions);
    count_decided(router->counters, began_ns);
    if (decisions.unfit.length > 0)
        quarantine_file(router, arrival, text_string(&decisions.unfit));
    else
        write_down(router, arrival, reading, &decisions);
}

/* The router may not have read the configuration that the receiver has. What was received long ago waits no longer, nor
 * does what was received far ahead of now: the clock was wrong then, and might not come there for years. */
static bool may_get_a_node(struct router *router, const struct arrival *arrival)
{
    struct intake *intake = router->intake;
    int64_t age = router->now - arrival->instance.received_at;
    if (arrival->place != SPOOL_INCOMING || age >= NODE_MS || age <= -NODE_MS)
        return false;
    if (router->monotonic >= intake->tell_at) {
        intake->tell_at = router->monotonic + TELL_MS;
        log_warning("no node has a file's called AE title: it waits for the configuration to be read again",
                    LOG_S("called", arrival->instance.called_aet), LOG_S("receipt", arrival->receipt));
    }
    return true;
}

/* It cannot be read now, which tells nothing of it. The scan looks at it again, which is in incoming/: what a lost database
 * has left in queue/ goes there, as what it is, a file that was received. */
static void try_later(struct router *router, const struct arrival *arrival, int code, const char *why)
{
    log_error("cannot read a spool file, retrying at the next scan", LOG_S("receipt", arrival->receipt),
              LOG_S("error", err_text(code)), LOG_S("because", why));
    unreadable_note(router->intake->unreadable, arrival->receipt, arrival->meta.sop_instance,
                    router->monotonic);
    if (arrival->place == SPOOL_QUEUE)
        outbox_move(router->outbox, arrival->receipt, SPOOL_QUEUE, SPOOL_INCOMING);
}

/* What its header says, once that is read. */
static void judge(struct router *router, struct arrival *arrival, struct readers_answer *answer)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const struct config_node *node = config_find_node(router->config, arrival->meta.called_aet);
    if (answer->code == ERR_SYNTAX) {
        quarantine_file(router, arrival, text_string(&answer->reason));
        return;
    }
    if (answer->code != 0) {
        try_later(router, arrival, answer->code, text_string(&answer->reason));
        return;
    }
    count_parsed(router->counters, reading_ns(answer->reading));
    if (!node) { /* the configuration was read again meanwhile */
        if (!may_get_a_node(router, arrival))
            quarantine_file(router, arrival, no_node);
        return;
    }
    arrival_take_uids(arrival, answer->reading, node, &reason);
    if (reason.length > 0)
        quarantine_file(router, arrival, text_string(&reason));
    else
        take_in(router, arrival, node, answer->reading);
}

/* A receipt with a row: its file should be where the row says. */
static void settle_known(struct router *router, const char *receipt, enum spool_place from,
                         enum spool_place place, bool gone)
{
    if (gone)
        outbox_remove(router->outbox, receipt, from, 0);
    else if (place != from)
        outbox_move(router->outbox, receipt, from, place);
}

/* Quarantines what needs no reading. True: it has to be read, and *ret_fd is open. */
static bool is_worth_reading(struct router *router, struct arrival *arrival, int code)
{
    if (code == ERR_SYNTAX)
        quarantine_file(router, arrival, no_meta);
    else if (code != 0)
        try_later(router, arrival, code, "it cannot be opened");
    else if (config_find_node(router->config, arrival->meta.called_aet))
        return true;
    else if (!may_get_a_node(router, arrival))
        quarantine_file(router, arrival, no_node);
    return false;
}

static bool has_room(const struct router *router)
{
    return readers_have_room(router->readers, READERS_INTAKE);
}

/* Has the header of an open file read. There is room for it. The arrival is the intake's from now on. */
static void ask(struct router *router, struct arrival *arrival, int fd)
{
    readers_ask(router->readers, READERS_INTAKE, arrival->receipt, fd);
    arrival->next = router->intake->flying;
    router->intake->flying = arrival;
    CRASH_POINT(ROUTER_ASKED);
}

/* Has its header read, unless that is being done. There is room for it. */
static void take_receipt(struct router *router, const char *receipt, enum spool_place from)
{
    enum instance_state state;
    enum spool_place place;
    bool gone;
    if (readers_know(router->readers, receipt))
        return;
    if (jobdb_knows(router->db, receipt, &state, &place, &gone)) {
        settle_known(router, receipt, from, place, gone);
        return;
    }
    AUTO(fd_close) int fd = -1;
    struct arrival *arrival = memory_new(1, sizeof *arrival);
    int code = arrival_open(router->spool, receipt, from, arrival, &fd);
    if (code == ERR_ABSENT || !is_worth_reading(router, arrival, code)) { /* absent: a stale hint */
        arrival_release(arrival);
        memory_free(&arrival);
        return;
    }
    ask(router, arrival, fd);
    fd = -1;
}

/* The one whose answer has come. There are as many as the readers have requests, a few dozen. */
static struct arrival *land(struct intake *intake, const char *receipt)
{
    struct arrival **at = &intake->flying;
    while (strcmp((*at)->receipt, receipt) != 0)
        at = &(*at)->next;
    struct arrival *arrival = *at;
    *at = arrival->next;
    return arrival;
}

/* Whether the answer says anything of the file: it does not where only its reader came to an end. */
static bool answer_tells(const struct readers_answer *answer)
{
    return answer->code == 0 || answer->code == ERR_SYNTAX;
}

/* Of what was quarantined for want of a node: whether it still is, and it is not any more now. */
static bool is_taken_back(struct router *router, const struct arrival *arrival,
                          const struct readers_answer *answer)
{
    enum instance_state state;
    enum spool_place place;
    bool gone;
    if (!answer_tells(answer) || !jobdb_knows(router->db, arrival->receipt, &state, &place, &gone) ||
        state != INSTANCE_QUARANTINED)
        return false;
    log_info("a node has the called AE title of a quarantined file now: taken in again",
             LOG_S("receipt", arrival->receipt));
    jobdb_take_back(router->db, arrival->parked_id);
    return true;
}

static void take_answer(struct router *router, struct readers_answer *answer)
{
    struct arrival *arrival = land(router->intake, answer->receipt);
    if (arrival->place != SPOOL_QUARANTINE || is_taken_back(router, arrival, answer))
        judge(router, arrival, answer);
    if (answer_tells(answer))
        unreadable_forget(router->intake->unreadable, arrival->receipt);
    readers_answer_release(answer);
    arrival_release(arrival);
    memory_free(&arrival);
}

/* Answers that have come, at most so many until then (of the monotonic clock). */
static void take_answers(struct router *router, size_t most, int64_t until)
{
    struct readers_answer answer;
    for (size_t i = 0; i < most && clock_monotonic_ms() < until; i++) {
        if (!readers_take(router->readers, READERS_INTAKE, NULL, &answer))
            return;
        take_answer(router, &answer);
    }
}

/* Oldest first: incoming/ holds every receipt whose hint got lost. */
static void scan_incoming(struct router *router)
{
    struct intake *intake = router->intake;
    intake->next_scan = router->monotonic + SCAN_MS;
    int code = pending_scan(intake->pending, router->spool);
    if (code != 0)
        log_error("cannot read the spool's incoming folder, retrying", LOG_S("error", err_text(code)));
}

/* ---- what was quarantined for want of a node ---- */

/* The row is there until the answer has come: a crash meanwhile leaves it as it was. */
static void ask_parked(void *context, const struct jobdb_quarantined *file)
{
    struct router *router = context;
    AUTO(fd_close) int fd = -1;
    if (strcmp(file->reason, no_node) != 0 || !file->called_aet ||
        !config_find_node(router->config, file->called_aet) || readers_know(router->readers, file->receipt))
        return;
    struct arrival *arrival = memory_new(1, sizeof *arrival);
    int code = arrival_open(router->spool, file->receipt, SPOOL_QUARANTINE, arrival, &fd);
    if (code != 0 || !config_find_node(router->config, arrival->meta.called_aet)) {
        arrival_release(arrival);
        memory_free(&arrival);
        return;
    }
    arrival->parked_id = file->id;
    ask(router, arrival, fd);
    fd = -1;
}

static void take_parked(struct router *router)
{
    struct intake *intake = router->intake;
    for (int i = 0; i < PARKED_A_TURN && intake->look_again && has_room(router); i++)
        intake->look_again = jobdb_read_quarantine(router->db, &intake->parked, 1, ask_parked, router) == 1;
}

void intake_reload(struct router *router)
{
    router->intake->next_scan = router->intake->tell_at = 0;
    router->intake->look_again = true;
    router->intake->parked = 0;
}

void intake_turn(struct router *router)
{
    struct pending *pending = router->intake->pending;
    if (router->intake->look_again)
        take_parked(router);
    if (router->monotonic >= router->intake->next_scan ||
        (pending_count(pending) == 0 && pending_is_missing_some(pending)))
        scan_incoming(router);
    readers_turn(router->readers);
    take_answers(router, TURN_MAX, clock_monotonic_ms() + TURN_MS);
    for (size_t i = 0; i < TURN_MAX && pending_count(pending) > 0 && has_room(router); i++)
        take_receipt(router, pending_take(pending), SPOOL_INCOMING);
    readers_turn(router->readers); /* they read on while the turn's changes are made durable */
}

int64_t intake_wakes_at(struct router *router)
{
    if ((intake_waiting(router) > 0 || router->intake->look_again) && has_room(router))
        return 0;
    return readers_wakes_at(router->readers);
}

void intake_tell(struct router *router)
{
    arrivals_turn(router->intake->arrivals, router->monotonic);
}

/* ---- at start, and for operators ---- */

static void wait_for_answers(struct router *router)
{
    struct readers_answer answer;
    if (readers_await(router->readers, READERS_INTAKE, NULL, WAIT_MS, &answer))
        take_answer(router, &answer);
    take_answers(router, SIZE_MAX, INT64_MAX);
    service_turn(router->service);
}

void intake_from_queue(struct router *router, const char *receipt)
{
    while (!has_room(router) && !service_stopping(router->service))
        wait_for_answers(router);
    if (has_room(router))
        take_receipt(router, receipt, SPOOL_QUEUE);
}

void intake_from_quarantine(struct router *router, const char *receipt)
{
    AUTO(arrival_release) struct arrival arrival = {.meta = {{0}}};
    AUTO(fd_close) int fd = -1;
    const char *reason = "found in quarantine/ without a row: its reason was lost";
    int code = arrival_open(router->spool, receipt, SPOOL_QUARANTINE, &arrival, &fd);
    if (code == ERR_SYNTAX)
        reason = no_meta;
    else if (code == 0 && !config_find_node(router->config, arrival.meta.called_aet))
        reason = no_node;
    jobdb_quarantine(router->db, &arrival.instance, reason, router->now);
}

void intake_settle(struct router *router)
{
    while (router->intake->flying && !service_stopping(router->service))
        wait_for_answers(router);
}

int intake_again(struct router *router, int64_t instance_id, const char *receipt, struct text *ret_why)
{
    AUTO(arrival_release) struct arrival arrival = {.meta = {{0}}};
    AUTO(readers_answer_release) struct readers_answer answer = {.code = 0};
    AUTO(fd_close) int fd = -1;
    int code = arrival_open(router->spool, receipt, SPOOL_QUARANTINE, &arrival, &fd);
    bool is_readable = code == 0 && config_find_node(router->config, arrival.meta.called_aet);
    if (is_readable)
        code = reread(router, receipt, SPOOL_QUARANTINE, &answer);
    if (code == ERR_AGAIN)
        return code;
    if (answer.is_condemned) {
        text_format(ret_why, "still cannot be taken in: %s", text_string(&answer.reason));
        return ERR_SYNTAX;
    }
    if (!answer_tells(&answer)) {
        text_format(ret_why, "cannot be read just now: %s", text_string(&answer.reason));
        return ERR_IO;
    }
    if (code != 0 && code != ERR_SYNTAX) {
        text_append(ret_why,
                    code == ERR_ABSENT ? "has no file in quarantine/ any more" : "cannot be read just now");
        return code;
    }
    jobdb_take_back(router->db, instance_id);
    if (is_readable)
        judge(router, &arrival, &answer);
    else
        (void)is_worth_reading(router, &arrival, code);
    return 0;
}

/* ---- an operator wants it delivered as it is ---- */

/* NULL: some destination gets it; else why none does. Borrowed from the decisions or for ever. */
static const char *objection_of(const struct decisions *decisions)
{
    const char *why = "its node has no destination";
    if (decisions->unfit.length > 0)
        return text_string(&decisions->unfit);
    for (size_t i = 0; i < decisions->count; i++) {
        if (decisions->list[i].takes)
            return NULL;
        if (i == 0 || decisions->list[i].undecided)
            why = decisions->list[i].why;
    }
    return why;
}

static bool node_has(const struct config_node *node, const char *destination)
{
    for (size_t i = 0; i < node->destination_count; i++) {
        if (strcmp(node->destinations[i].name, destination) == 0)
            return true;
    }
    return false;
}

/* 0, or ERR_SYNTAX. */
static int deliver_arrival(struct router *router, int64_t instance_id, struct arrival *arrival,
                           const struct config_node *node, const char *destination, struct reading *reading,
                           struct text *ret_why)
{
    AUTO(decisions_release) struct decisions decisions = {0};
    const struct header_transfer transfer = arrival_transfer(arrival);
    struct config_node lenient = *node;
    lenient.mismatched_uids = CONFIG_MISMATCH_ACCEPT;
    arrival_take_uids(arrival, reading, &lenient, ret_why);
    if (ret_why->length > 0)
        return ERR_SYNTAX;
    decide(node, destination, router->targets, &arrival->instance, reading_facts(reading, &transfer),
           &decisions);
    const char *objection = objection_of(&decisions);
    if (objection) {
        bool undecided = false;
        for (size_t i = 0; i < decisions.count; i++)
            undecided |= decisions.list[i].undecided;
        text_format(ret_why, "%s%s", objection,
                    undecided ? "; name the destination that shall get it: --destination NAME" : "");
        return ERR_SYNTAX;
    }
    jobdb_take_back(router->db, instance_id);
    write_down(router, arrival, reading, &decisions);
    return 0;
}

int intake_deliver(struct router *router, int64_t instance_id, const char *receipt, const char *destination,
                   struct text *ret_why)
{
    AUTO(arrival_release) struct arrival arrival = {.meta = {{0}}};
    AUTO(readers_answer_release) struct readers_answer answer = {.code = 0};
    AUTO(fd_close) int fd = -1;
    int code = arrival_open(router->spool, receipt, SPOOL_QUARANTINE, &arrival, &fd);
    const struct config_node *node =
        code == 0 ? config_find_node(router->config, arrival.meta.called_aet) : NULL;
    if (code == ERR_ABSENT)
        text_append(ret_why, "it has no file in quarantine/ any more");
    else if (code == ERR_SYNTAX)
        text_append(ret_why, no_meta);
    else if (code != 0)
        text_append(ret_why, "it cannot be read just now");
    else if (!node)
        text_append(ret_why, no_node);
    else if (destination && !node_has(node, destination))
        text_format(ret_why, "its node %s has no destination %s", node->aet, destination);
    if (ret_why->length > 0)
        return ERR_SYNTAX;
    code = reread(router, receipt, SPOOL_QUARANTINE, &answer);
    if (code == ERR_AGAIN)
        return code;
    if (code != 0 || answer.code != 0) {
        text_append(ret_why, code != 0 ? "it cannot be read just now" : text_string(&answer.reason));
        return ERR_SYNTAX;
    }
    return deliver_arrival(router, instance_id, &arrival, node, destination, answer.reading, ret_why);
}
