#include "router/reporting.h"

#include "common/base/cleanup.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/random.h"
#include "common/config/config.h"
#include "common/jobs/commitment.h"
#include "common/jobs/requester.h"
#include "common/spool/asked.h"
#include "router/dispatch.h"
#include "router/offers.h"
#include "router/outbox.h"
#include "router/shared.h"
#include "router/target.h"

#include <stdlib.h>
#include <string.h>

enum { LOOK_MS = 200 };

struct source {
    char *calling, *called;
    int64_t failures, until; /* in a row; wall ms */
    bool waits;              /* a report, as far as is known */
    bool out;                /* one is with a worker, or offered */
    bool may_offer;          /* something waits that was not looked at for that */
    struct offer offer;      /* its id is 0: none */
    bool is_new;             /* it is to be written after the commit */
    int64_t look_at;         /* monotonic */
};

struct reporting {
    struct source *list;
    size_t count, capacity;
    bool loaded;
    char (*over)[RECEIPT_SIZE]; /* files that may go */
    size_t over_count, over_capacity;
};

struct reporting *reporting_create(void)
{
    return memory_new(1, sizeof(struct reporting));
}

void reporting_destroy(struct reporting **reporting)
{
    if (!*reporting)
        return;
    for (size_t i = 0; i < (*reporting)->count; i++) {
        free((*reporting)->list[i].calling);
        free((*reporting)->list[i].called);
    }
    free((*reporting)->list);
    free((*reporting)->over);
    memory_free(reporting);
}

/* ---- who gets reports ---- */

static struct source *source_named(struct reporting *reporting, const char *calling, const char *called)
{
    for (size_t i = 0; i < reporting->count; i++)
        if (strcmp(reporting->list[i].calling, calling) == 0 &&
            strcmp(reporting->list[i].called, called) == 0)
            return &reporting->list[i];
    reporting->list =
        memory_grow(reporting->list, &reporting->capacity, reporting->count + 1, sizeof *reporting->list);
    struct source *source = &reporting->list[reporting->count++];
    *source = (struct source){.calling = memory_string(calling), .called = memory_string(called)};
    return source;
}

static void load_source(void *context, const struct jobdb_requester *requester)
{
    struct router *router = context;
    struct source *source = source_named(router->reporting, requester->calling, requester->called);
    int64_t latest = router->now + target_longest(router->config->retry.ceiling_ms);
    source->failures = requester->failures;
    source->until = requester->until < latest ? requester->until : latest;
}

static void load_waiting(void *context, const struct jobdb_requester *requester)
{
    struct router *router = context;
    struct source *source = source_named(router->reporting, requester->calling, requester->called);
    source->waits = source->may_offer = true;
}

static void load_offered(void *context, const struct jobdb_offered *offered)
{
    struct router *router = context;
    struct source *source = source_named(router->reporting, offered->calling, offered->called);
    if (source->offer.id != 0) { /* one at a time: by a mistake of ours */
        jobdb_report_again(router->db, offered->id, NULL);
        return;
    }
    source->offer.id = offered->id;
    memcpy(source->offer.receipt, offered->receipt, sizeof source->offer.receipt);
    source->out = source->is_new = true;
}

static void load(struct router *router)
{
    if (router->reporting->loaded)
        return;
    router->reporting->loaded = true;
    jobdb_each_requester(router->db, load_source, router);
    jobdb_each_awaiting(router->db, load_waiting, router);
    jobdb_each_offered(router->db, load_offered, router);
}

void reporting_add(struct router *router, const char *calling, const char *called)
{
    struct source *source = source_named(router->reporting, calling, called);
    source->waits = source->may_offer = true;
}

void reporting_wake(struct router *router, const char *calling, const char *called)
{
    struct source *source = source_named(router->reporting, calling, called);
    source->until = 0;
    source->waits = true;
}

void reporting_wake_all(struct router *router)
{
    reporting_hurry(router, 0);
}

void reporting_hurry(struct router *router, int64_t latest)
{
    for (size_t i = 0; i < router->reporting->count; i++)
        if (router->reporting->list[i].until > latest)
            router->reporting->list[i].until = latest;
}

void reporting_hold(struct router *router, const struct jobdb_batch *batch)
{
    struct jobdb_reported reported;
    load(router);
    if (jobdb_find_report(router->db, batch->items[0].id, batch->work, &reported))
        source_named(router->reporting, reported.calling, reported.called)->out = true;
}

/* ---- files ---- */

void reporting_remove(struct router *router, const char *receipt)
{
    struct reporting *reporting = router->reporting;
    reporting->over = memory_grow(reporting->over, &reporting->over_capacity, reporting->over_count + 1,
                                  sizeof *reporting->over);
    (void)memcpy(reporting->over[reporting->over_count++], receipt, RECEIPT_SIZE);
}

static void write_offers(struct router *router)
{
    for (size_t i = 0; i < router->reporting->count; i++) {
        struct source *source = &router->reporting->list[i];
        if (source->is_new && source->offer.id != 0)
            offers_write(router, &source->offer);
        source->is_new = false;
    }
}

/* One that stays is found by the next scan. */
void reporting_clean(struct router *router)
{
    struct reporting *reporting = router->reporting;
    AUTO(fd_close) int folder = -1;
    write_offers(router);
    if (reporting->over_count == 0)
        return;
    CRASH_POINT(ROUTER_COMMITMENT_OVER);
    int code = asked_open(router->spool, &folder);
    for (size_t i = 0; folder >= 0 && i < reporting->over_count; i++) {
        int removed = asked_remove(folder, reporting->over[i]);
        code = code == 0 ? removed : code;
    }
    if (code != 0)
        log_error("cannot remove a request for storage commitment, retrying at the next scan",
                  LOG_S("error", err_text(code)));
    reporting->over_count = 0;
}

/* ---- reporting ---- */

static void say_report(struct router *router, const struct lease *lease, const struct source *source,
                       struct work_report *report)
{
    struct work_item item = {.id = lease->batch.items[0].id};
    struct work work = {.stage = WORK_COMMIT,
                        .destination = source->calling,
                        .study = (char *)"",
                        .report = report,
                        .items = &item,
                        .item_count = 1};
    memcpy(work.id, lease->batch.work, sizeof work.id);
    const struct work_message message = {.verb = WORK_WORK, .work = &work};
    outbox_say(router->outbox, seat_peer(lease->seat), &message);
}

/* An association that is gone does not come again, so one look at what waits is enough. */
static bool offer_to(struct router *router, struct source *source)
{
    bool looks = source->may_offer;
    source->may_offer = false;
    if (!looks || !offers_make(router, source->calling, source->called, &source->offer))
        return false;
    source->out = source->is_new = true;
    source->look_at = router->monotonic + LOOK_MS;
    return true;
}

static void report_to(struct router *router, struct source *source)
{
    AUTO(work_report_destroy) struct work_report *report = NULL;
    struct jobdb_batch batch = {0};
    if (!source->waits || source->out || jobdb_source_is_held(router->db, source->calling) ||
        offer_to(router, source) || source->until > router->now)
        return;
    struct seat *seat = crew_most_credit(router->crew, WORK_COMMIT, router->awake);
    if (!seat)
        return;
    dispatch_name(router, seat, &batch);
    source->waits = jobdb_pick_report(router->db, source->calling, source->called, &batch, &report);
    if (source->waits) {
        const struct lease *lease = crew_lease(router->crew, seat, &batch, router->awake, 0);
        source->out = true;
        CRASH_POINT(ROUTER_REPORT_LEASED);
        say_report(router, lease, source, report);
    }
    jobdb_batch_release(&batch);
}

/* ---- what came of it ---- */

static struct jobdb_requester row_of(const struct source *source)
{
    return (struct jobdb_requester){source->calling, source->called, source->failures, source->until};
}

static void count_failure(struct router *router, struct source *source, const char *reason)
{
    const struct target_retry retry = target_retry_of(router->config);
    source->failures++;
    source->until = router->now + target_delay(&retry, source->failures, random_below(UINT64_MAX));
    const struct jobdb_requester row = row_of(source);
    jobdb_requester_failed(router->db, &row, reason, router->now);
}

static void take_failure(struct router *router, int64_t id, const struct jobdb_reported *reported,
                         struct source *source, const char *reason)
{
    bool too_long = reported->tries >= REPORTING_TRIES &&
                    router->expires_by - reported->decided_at > (int64_t)REPORTING_DAYS * 24 * 3600 * 1000;
    count_failure(router, source, reason);
    if (too_long)
        jobdb_report_failed(router->db, id, reason);
    else
        jobdb_report_again(router->db, id, reason);
    log_warning(too_long ? "commitment report failed, nobody took it for days"
                         : "commitment report not taken, retry later",
                LOG_S("transaction", reported->transaction), LOG_S("calling", source->calling),
                LOG_S("reason", reason), LOG_I("failures", source->failures));
}

static void take_success(struct router *router, int64_t id, const struct jobdb_reported *reported,
                         struct source *source)
{
    jobdb_report_taken(router->db, id, router->now);
    source->failures = source->until = 0;
    const struct jobdb_requester row = row_of(source);
    jobdb_requester_took(router->db, &row, router->now);
    reporting_remove(router, reported->receipt);
    log_info("commitment reported", LOG_S("transaction", reported->transaction),
             LOG_S("calling", source->calling), LOG_S("called", source->called),
             LOG_I("instances", reported->instances), LOG_I("denied", reported->denied));
}

void reporting_take(struct router *router, struct lease *lease, const struct work_result *result)
{
    const struct work_answer *answer = &result->answers[0];
    int64_t id = lease ? lease->batch.items[0].id : answer->id;
    struct jobdb_reported reported;
    struct source *source = NULL;
    if (jobdb_find_report(router->db, id, result->id, &reported)) {
        source = source_named(router->reporting, reported.calling, reported.called);
        if (work_answer_is_done(answer))
            take_success(router, id, &reported, source);
        else if (lease)
            take_failure(router, id, &reported, source,
                         answer->reason ? answer->reason : "the committer did not say why");
    }
    if (!lease || lease->batch.stage != WORK_COMMIT)
        return;
    if (source)
        source->out = false;
    crew_end_lease(router->crew, lease);
}

void reporting_lost(struct router *router, struct lease *lease)
{
    int64_t id = lease->batch.items[0].id;
    struct jobdb_reported reported = {.transaction = ""};
    if (jobdb_find_report(router->db, id, lease->batch.work, &reported))
        source_named(router->reporting, reported.calling, reported.called)->out = false;
    jobdb_report_again(router->db, id, NULL);
    CRASH_POINT(ROUTER_LEASE_LOST);
    log_warning("lease lost, reporting it again", LOG_S("transaction", reported.transaction));
    crew_end_lease(router->crew, lease);
}

/* ---- over the association that asked ---- */

/* The answers that say that a transaction is unknown there count as taken: to say it again would bring nothing. */
static bool is_taken(unsigned status)
{
    return status == 0x0000 || status == 0x0001 || status == 0x0107 || status == 0x0116 ||
           (status & 0xf000) == 0xb000 || status == 0x0112 || status == 0x0115;
}

static void take_answer(struct router *router, struct source *source, unsigned status)
{
    struct jobdb_reported reported;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int64_t id = source->offer.id;
    CRASH_POINT(ROUTER_OUTCOME_TAKEN);
    if (!jobdb_find_report(router->db, id, JOBDB_BY_ASSOCIATION, &reported))
        return;
    if (is_taken(status)) {
        take_success(router, id, &reported, source);
        return;
    }
    text_format(&reason, "the report was answered with status %04x, on the association that asked", status);
    jobdb_report_again(router->db, id, text_string(&reason));
}

static void look_at_offer(struct router *router, struct source *source)
{
    unsigned status;
    enum offers_end end = offers_look(router, &source->offer, &status);
    source->look_at = router->monotonic + LOOK_MS;
    if (end == OFFERS_OPEN)
        return;
    if (end == OFFERS_ANSWERED)
        take_answer(router, source, status);
    else
        jobdb_report_again(router->db, source->offer.id, NULL);
    source->offer.id = 0;
    source->out = false;
    source->waits = source->may_offer = true;
}

/* ---- */

void reporting_turn(struct router *router)
{
    load(router);
    for (size_t i = 0; i < router->reporting->count; i++) {
        struct source *source = &router->reporting->list[i];
        if (source->offer.id != 0 && router->monotonic >= source->look_at)
            look_at_offer(router, source);
        report_to(router, source);
    }
}

int64_t reporting_wakes_at(struct router *router)
{
    int64_t at = INT64_MAX;
    for (size_t i = 0; i < router->reporting->count; i++) {
        const struct source *source = &router->reporting->list[i];
        if (source->offer.id != 0 && source->look_at < at)
            at = source->look_at;
    }
    return at;
}
