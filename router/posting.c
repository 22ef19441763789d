#include "router/posting.h"

#include "common/base/cleanup.h"
#include "common/base/crash.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/random.h"
#include "common/config/config.h"
#include "common/jobs/notice.h"
#include "router/dispatch.h"
#include "router/outbox.h"
#include "router/shared.h"
#include "router/target.h"

#include <stdlib.h>
#include <string.h>

struct addressee {
    char *name;
    int64_t failures, until; /* in a row; wall ms */
    bool out;                /* a message is with a worker */
};

struct posting {
    struct addressee *list;
    size_t count, capacity;
    bool loaded;
};

struct posting *posting_create(void)
{
    return memory_new(1, sizeof(struct posting));
}

void posting_destroy(struct posting **posting)
{
    if (!*posting)
        return;
    for (size_t i = 0; i < (*posting)->count; i++)
        free((*posting)->list[i].name);
    free((*posting)->list);
    memory_free(posting);
}

/* ---- who is told ---- */

static struct addressee *addressee_named(struct posting *posting, const char *name)
{
    for (size_t i = 0; i < posting->count; i++)
        if (strcmp(posting->list[i].name, name) == 0)
            return &posting->list[i];
    posting->list = memory_grow(posting->list, &posting->capacity, posting->count + 1, sizeof *posting->list);
    struct addressee *addressee = &posting->list[posting->count++];
    *addressee = (struct addressee){.name = memory_string(name)};
    return addressee;
}

static void load_addressee(void *context, const struct jobdb_recipient *recipient)
{
    struct router *router = context;
    struct addressee *addressee = addressee_named(router->posting, recipient->name);
    int64_t latest = router->now + target_longest(router->config->retry.ceiling_ms);
    addressee->failures = recipient->failures;
    addressee->until = recipient->until < latest ? recipient->until : latest;
}

static void load(struct router *router)
{
    if (router->posting->loaded)
        return;
    router->posting->loaded = true;
    (void)jobdb_each_recipient(router->db, load_addressee, router);
}

void posting_hold(struct router *router, const struct jobdb_batch *batch)
{
    AUTO(text_release) struct text name = TEXT_EMPTY;
    load(router);
    if (jobdb_message_target(router->db, batch->items[0].id, batch->work, &name))
        addressee_named(router->posting, text_string(&name))->out = true;
}

void posting_hurry(struct router *router, int64_t latest)
{
    for (size_t i = 0; i < router->posting->count; i++)
        if (router->posting->list[i].until > latest)
            router->posting->list[i].until = latest;
}

/* ---- telling ---- */

static void say_notice(struct router *router, const struct lease *lease, const struct addressee *addressee,
                       struct work_notice *notice)
{
    struct work_item item = {.id = lease->batch.items[0].id};
    struct work work = {.stage = WORK_NOTIFY,
                        .destination = addressee->name,
                        .study = (char *)"",
                        .notice = notice,
                        .items = &item,
                        .item_count = 1};
    memcpy(work.id, lease->batch.work, sizeof work.id);
    const struct work_message message = {.verb = WORK_WORK, .work = &work};
    outbox_say(router->outbox, seat_peer(lease->seat), &message);
}

static void post_to(struct router *router, struct addressee *addressee)
{
    struct seat *seat = crew_most_credit(router->crew, WORK_NOTIFY, router->awake);
    AUTO(work_notice_destroy) struct work_notice *notice = NULL;
    struct jobdb_batch batch = {0};
    if (!seat || addressee->out || addressee->until > router->now)
        return;
    dispatch_name(router, seat, &batch);
    if (jobdb_pick_message(router->db, addressee->name, &batch, &notice)) {
        const struct lease *lease = crew_lease(router->crew, seat, &batch, router->awake, 0);
        addressee->out = true;
        say_notice(router, lease, addressee, notice);
    }
    jobdb_batch_release(&batch);
}

void posting_turn(struct router *router)
{
    load(router);
    for (size_t i = 0; i < config_notified(router->config); i++)
        post_to(router, addressee_named(router->posting, config_notified_name(router->config, i)));
}

/* ---- what came of it ---- */

static void count_failure(struct router *router, struct addressee *addressee, const char *reason)
{
    const struct target_retry retry = target_retry_of(router->config);
    addressee->failures++;
    addressee->until = router->now + target_delay(&retry, addressee->failures, random_below(UINT64_MAX));
    jobdb_recipient_failed(router->db, addressee->name, addressee->failures, addressee->until, reason,
                           router->now);
    log_warning("notice not taken, retry later", LOG_S("target", addressee->name), LOG_S("reason", reason),
                LOG_I("failures", addressee->failures));
}

static void count_success(struct router *router, struct addressee *addressee)
{
    addressee->failures = 0;
    addressee->until = 0;
    jobdb_recipient_took(router->db, addressee->name, router->now);
}

void posting_take(struct router *router, struct lease *lease, const struct work_result *result)
{
    const struct work_answer *answer = &result->answers[0];
    AUTO(text_release) struct text name = TEXT_EMPTY;
    int64_t id = lease ? lease->batch.items[0].id : answer->id;
    bool known = jobdb_message_target(router->db, id, result->id, &name);
    if (known && work_answer_is_done(answer)) {
        jobdb_message_sent(router->db, id, router->now);
        count_success(router, addressee_named(router->posting, text_string(&name)));
    } else if (known && lease) {
        jobdb_message_again(router->db, id);
        count_failure(router, addressee_named(router->posting, text_string(&name)),
                      answer->reason ? answer->reason : "the notifier did not say why");
    }
    if (!lease || lease->batch.stage != WORK_NOTIFY)
        return;
    addressee_named(router->posting, text_string(&name))->out = false;
    crew_end_lease(router->crew, lease);
}

void posting_lost(struct router *router, struct lease *lease)
{
    int64_t id = lease->batch.items[0].id;
    AUTO(text_release) struct text name = TEXT_EMPTY;
    if (jobdb_message_target(router->db, id, lease->batch.work, &name))
        addressee_named(router->posting, text_string(&name))->out = false;
    jobdb_message_again(router->db, id);
    CRASH_POINT(ROUTER_LEASE_LOST);
    log_warning("lease lost, telling it again", LOG_S("target", text_string(&name)));
    crew_end_lease(router->crew, lease);
}
