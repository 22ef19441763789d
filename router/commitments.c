#include "router/commitments.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/receipt.h"
#include "common/config/config.h"
#include "common/jobs/commitment.h"
#include "common/jobs/intake.h"
#include "common/spool/asked.h"
#include "common/spool/spool.h"
#include "common/wire/commitment_request.h"
#include "router/intake.h"
#include "router/promise.h"
#include "router/reporting.h"
#include "router/shared.h"

#include <stdlib.h>
#include <string.h>

enum {
    SCAN_MS = 10 * 1000,
    TAKEN_A_SCAN = 20,          /* requests; the next scan follows at once */
    PATIENCE_MS = 24 * 3600000, /* where the configuration has no such node any more */
    UNDECIDED_MOST = 1000000,   /* instances of one source */
    JUDGED_A_TURN = 200,
    ROUND_MS = 1000,  /* between two rounds over all that are not decided, at the least; */
    ROUND_SHARE = 10, /* and so many times as long as the last one took */
    SETTLE_MS =
        5000, /* what came on other associations just before it was asked for may be about to be written */
    IMPATIENT_A_TURN = 20,
    OLDEST = 64 /* files of incoming/ that are looked at for one that is about to be taken in */
};

struct commitments {
    int folder; /* -1: it could not be opened */
    int64_t scan_at, round_at;
    int64_t cursor, spent_ns; /* of the round */
    bool running;
    char oldest[RECEIPT_SIZE]; /* in incoming/, when the round began; "": it is empty */
    int64_t began;             /* wall ms: when that was looked at */
    int taken;                 /* by the scan */
};

struct commitments *commitments_create(struct router *router)
{
    struct commitments *commitments = memory_new(1, sizeof *commitments);
    commitments->folder = -1;
    int code = asked_make(router->spool);
    if (code == 0)
        code = asked_open(router->spool, &commitments->folder);
    if (code != 0)
        log_error("requests for storage commitment cannot be read", LOG_S("error", err_text(code)));
    return commitments;
}

void commitments_destroy(struct commitments **commitments)
{
    if (*commitments)
        fd_close(&(*commitments)->folder);
    memory_free(commitments);
}

void commitments_hint(struct router *router)
{
    router->commitments->scan_at = 0;
}

/* ---- taking in ---- */

static int64_t patience_of(const struct router *router, const char *called)
{
    const struct config_node *node = config_find_node(router->config, called);
    return node ? node->commitment.patience_ms : PATIENCE_MS;
}

/* One report answers both. One that was given up is made again: who asks is there. */
static void take_repeated(struct router *router, const struct jobdb_commitment *row, int64_t open,
                          bool failed)
{
    jobdb_add_repeated(router->db, row, router->now);
    if (failed && jobdb_retry_commitment(router->db, open, router->now))
        reporting_wake(router, row->calling, row->called);
    log_warning(failed ? "storage commitment is asked for again after its report failed, reporting it again"
                       : "storage commitment is asked for twice, reporting once",
                LOG_S("transaction", row->transaction), LOG_S("calling", row->calling));
    reporting_remove(router, row->receipt);
}

static void write_down(struct router *router, const char *receipt, const struct commitment_request *request)
{
    const struct commitment *asked = &request->commitment;
    const struct jobdb_commitment row = {
        .receipt = receipt,
        .transaction = asked->transaction,
        .calling = request->calling,
        .called = request->called,
        .address = request->address,
        .asked_at = receipt_time(receipt),
        .patience_until = router->now + patience_of(router, request->called),
        .instances = (int64_t)asked->count,
    };
    bool failed;
    int64_t open = jobdb_find_open_commitment(router->db, &row, &failed);
    if (open != 0) {
        take_repeated(router, &row, open, failed);
        return;
    }
    bool too_many = jobdb_undecided_of(router->db, request->calling) + row.instances > UNDECIDED_MOST;
    int64_t id = jobdb_add_commitment(router->db, &row);
    for (size_t i = 0; i < asked->count; i++)
        jobdb_add_referenced(router->db, id, asked->references[i].sop_class,
                             asked->references[i].sop_instance);
    if (too_many) {
        jobdb_decide_rest(router->db, id, PROMISE_RESOURCES, router->now);
        reporting_add(router, request->calling, request->called);
    }
    CRASH_POINT(ROUTER_COMMITMENT_TAKEN);
    log_info("storage commitment taken in", LOG_S("transaction", asked->transaction),
             LOG_S("calling", request->calling), LOG_S("called", request->called),
             LOG_I("instances", asked->count));
    router->commitments->round_at = 0;
}

/* True: it is dealt with, and not found again. What cannot be read now must not use up the scan of those that can. */
static bool take_request(struct router *router, const char *receipt)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    AUTO(commitment_request_release) struct commitment_request request = {.calling = ""};
    int code = asked_read(router->commitments->folder, receipt, &bytes);
    if (code == ERR_ABSENT)
        return false;
    if (code == 0)
        code = commitment_request_decode(text_string(&bytes), bytes.length, &request);
    if (code == ERR_SYNTAX || code == ERR_RANGE) {
        log_error("a request for storage commitment is none of ours: put aside", LOG_S("receipt", receipt));
        return asked_park(router->commitments->folder, receipt) == 0;
    } else if (code != 0) {
        log_error("cannot read a request for storage commitment, retrying", LOG_S("receipt", receipt),
                  LOG_S("error", err_text(code)));
    } else {
        write_down(router, receipt, &request);
    }
    return code == 0;
}

static int take_file(void *context, const char *receipt)
{
    struct router *router = context;
    bool over;
    if (jobdb_knows_commitment(router->db, receipt, &over)) {
        if (over)
            reporting_remove(router, receipt); /* a crash was between its end and this */
        return 0;
    }
    if (take_request(router, receipt))
        router->commitments->taken++;
    return router->commitments->taken >= TAKEN_A_SCAN;
}

static void scan(struct router *router)
{
    struct commitments *commitments = router->commitments;
    commitments->scan_at = router->monotonic + SCAN_MS;
    commitments->taken = 0;
    int code = commitments->folder < 0 ? 0 : asked_scan(commitments->folder, take_file, router);
    if (code < 0)
        log_error("cannot read the folder of requests for storage commitment, retrying",
                  LOG_S("error", err_text(code)));
    if (commitments->taken >= TAKEN_A_SCAN)
        commitments->scan_at = 0;
}

/* ---- deciding ---- */

/* The oldest files of incoming/, in order. */
struct oldest {
    char receipts[OLDEST][RECEIPT_SIZE];
    size_t count;
};

static int keep_oldest(void *context, const char *receipt)
{
    struct oldest *oldest = context;
    size_t at = oldest->count;
    while (at > 0 && strcmp(receipt, oldest->receipts[at - 1]) < 0)
        at--;
    if (at == OLDEST)
        return 0;
    size_t behind = oldest->count - at - (oldest->count == OLDEST);
    memmove(oldest->receipts[at + 1], oldest->receipts[at], behind * RECEIPT_SIZE);
    memcpy(oldest->receipts[at], receipt, RECEIPT_SIZE);
    oldest->count += oldest->count < OLDEST;
    return 0;
}

/* One that is known and cannot be moved, or that cannot be read, may stay there for days: nobody waits for it but who asks for
 * that one. */
static bool is_awaited(const struct router *router, const char *receipt)
{
    enum instance_state state;
    enum spool_place place;
    bool gone;
    return !intake_cannot_read(router, receipt) && !jobdb_knows(router->db, receipt, &state, &place, &gone);
}

/* The oldest one that others wait for; where there are more than OLDEST of the others, the last of those. */
static void find_oldest(const struct router *router, char *ret_oldest)
{
    struct oldest oldest = {.count = 0};
    if (spool_scan(router->spool, SPOOL_INCOMING, keep_oldest, &oldest) !=
        0) { /* then nobody is called unknown */
        memset(ret_oldest, '0', RECEIPT_LENGTH);
        return;
    }
    for (size_t i = 0; i < oldest.count; i++) {
        bool is_last = i + 1 == OLDEST;
        if (!is_last && !is_awaited(router, oldest.receipts[i]))
            continue;
        memcpy(ret_oldest, oldest.receipts[i], RECEIPT_SIZE);
        return;
    }
}

/* Whether everything that came before the request has been taken in: the round began later, and found nothing older in
 * incoming/ that could be. Else what is known may be an instance's version before the one that is meant. A receipt of a clock that
 * was ahead does not wait for that. */
static bool is_caught_up(const struct router *router, const char *receipt)
{
    const struct commitments *commitments = router->commitments;
    int64_t before = commitments->began - receipt_time(receipt);
    return (before > 0 || before <= -SETTLE_MS) &&
           (!*commitments->oldest || strcmp(commitments->oldest, receipt) > 0);
}

/* And so for a while: who is not known now was never seen. */
static bool is_settled(const struct router *router, const char *receipt)
{
    int64_t age = router->now - receipt_time(receipt);
    return age >= SETTLE_MS || age <= -SETTLE_MS;
}

struct judging {
    const struct config_node *node;
    struct promise_facts facts;
};

static void add_delivery(void *context, const char *destination, const char *state)
{
    struct judging *judging = context;
    if (promise_counts(judging->node, destination))
        promise_add(&judging->facts, state);
}

static void judge(struct router *router, const struct jobdb_referenced *referenced)
{
    struct judging judging = {.node = config_find_node(router->config, referenced->called)};
    struct jobdb_fate_of fate;
    if (!is_caught_up(router, referenced->receipt) ||
        intake_cannot_read_instance(router, referenced->sop_instance))
        return;
    jobdb_find_newest(router->db, referenced->sop_instance, referenced->called, &fate);
    judging.facts.known = fate.instance_id != 0;
    judging.facts.quarantined = fate.quarantined;
    judging.facts.other_class = judging.facts.known && *fate.sop_class && !fate.quarantined &&
                                strcmp(fate.sop_class, referenced->sop_class) != 0;
    if (judging.facts.known)
        jobdb_each_delivery_of(router->db, fate.instance_id, add_delivery, &judging);
    enum promise promise =
        promise_judge(judging.node ? judging.node->commitment.when : CONFIG_DELIVERED, &judging.facts,
                      !judging.facts.known && is_settled(router, referenced->receipt));
    if (promise == PROMISE_OPEN || !jobdb_decide_referenced(router->db, referenced, promise, router->now))
        return;
    CRASH_POINT(ROUTER_COMMITMENT_DECIDED);
    reporting_add(router, referenced->calling, referenced->called);
}

static void begin_round(struct router *router)
{
    struct commitments *commitments = router->commitments;
    commitments->running = true;
    commitments->began = router->now;
    commitments->cursor = commitments->spent_ns = 0;
    memset(commitments->oldest, 0, sizeof commitments->oldest);
    find_oldest(router, commitments->oldest);
}

static void judge_portion(struct router *router)
{
    struct commitments *commitments = router->commitments;
    struct jobdb_referenced *list = memory_new(JUDGED_A_TURN, sizeof *list);
    int64_t began_ns = clock_monotonic_ns();
    size_t count = jobdb_each_referenced(router->db, commitments->cursor, list, JUDGED_A_TURN);
    if (count > 0 && !commitments->running)
        begin_round(router);
    for (size_t i = 0; i < count; i++) {
        judge(router, &list[i]);
        commitments->cursor = list[i].id;
    }
    free(list);
    commitments->spent_ns += clock_monotonic_ns() - began_ns;
    if (count == JUDGED_A_TURN)
        return;
    int64_t rest = ROUND_SHARE * commitments->spent_ns / 1000000;
    commitments->running = false;
    commitments->cursor = commitments->spent_ns = 0;
    commitments->round_at = router->monotonic + (rest > ROUND_MS ? rest : ROUND_MS);
}

static void end_patience(struct router *router)
{
    for (int i = 0; i < IMPATIENT_A_TURN; i++) {
        AUTO(text_release) struct text calling = TEXT_EMPTY;
        AUTO(text_release) struct text called = TEXT_EMPTY;
        int64_t id = jobdb_next_impatient(router->db, router->expires_by, &calling, &called);
        if (id == 0)
            return;
        log_warning("patience is over: what is still on its way is reported as failed",
                    LOG_S("calling", text_string(&calling)), LOG_S("called", text_string(&called)));
        jobdb_decide_rest(router->db, id, PROMISE_FAILED, router->now);
        reporting_add(router, text_string(&calling), text_string(&called));
    }
}

void commitments_turn(struct router *router)
{
    struct commitments *commitments = router->commitments;
    if (router->monotonic >= commitments->scan_at)
        scan(router);
    if (!commitments->running && router->monotonic < commitments->round_at)
        return;
    if (!commitments->running)
        end_patience(router);
    judge_portion(router);
}

int64_t commitments_wakes_at(struct router *router)
{
    const struct commitments *commitments = router->commitments;
    if (commitments->running || commitments->scan_at == 0)
        return 0;
    return commitments->round_at < commitments->scan_at ? commitments->round_at : commitments->scan_at;
}
