#include "router/inquiries.h"

#include "common/base/cleanup.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/random.h"
#include "common/config/config.h"
#include "common/dicom/kept.h"
#include "common/jobs/decision.h"
#include "common/jobs/history.h"
#include "common/jobs/inquiry.h"
#include "common/jobs/operator.h"
#include "common/jobs/outcome.h"
#include "common/jobs/place.h"
#include "common/wire/blame.h"
#include "router/counters.h"
#include "router/decide.h"
#include "router/readers.h"
#include "router/shared.h"
#include "router/targets.h"

#include <stdlib.h>
#include <string.h>

/* An answer whose headers are being read. */
struct hearing {
    struct jobdb_batch batch; /* of its work; without a lease */
    struct work_header *headers;
    size_t header_count, at;    /* at: the one that is read */
    char receipt[RECEIPT_SIZE]; /* under which the readers have it; "": not yet */
    struct hearing *next;
};

struct inquiries {
    struct hearing *first;
};

struct inquiries *inquiries_create(void)
{
    return memory_new(1, sizeof(struct inquiries));
}

static void hearing_destroy(struct hearing **hearing)
{
    if (!*hearing)
        return;
    work_headers_release(&(*hearing)->headers, (*hearing)->header_count);
    jobdb_batch_release(&(*hearing)->batch);
    memory_free(hearing);
}

void inquiries_destroy(struct inquiries **inquiries)
{
    if (!*inquiries)
        return;
    while ((*inquiries)->first) {
        struct hearing *hearing = (*inquiries)->first;
        (*inquiries)->first = hearing->next;
        hearing_destroy(&hearing);
    }
    memory_free(inquiries);
}

/* ---- what is asked ---- */

bool inquiries_are_out(struct router *router, int64_t destination_id)
{
    for (const struct hearing *hearing = router->inquiries->first; hearing; hearing = hearing->next) {
        if (hearing->batch.destination_id == destination_id)
            return true;
    }
    for (const struct lease *lease = crew_leases(router->crew); lease; lease = lease->next) {
        if (lease->batch.stage == WORK_INQUIRE && lease->batch.destination_id == destination_id)
            return true;
    }
    return false;
}

size_t inquiries_next(struct router *router, int64_t inquiry_id, struct jobdb_past *ret_list)
{
    AUTO(jobdb_inquiry_release) struct jobdb_inquiry inquiry;
    struct jobdb_series series;
    size_t count = 0;
    if (!jobdb_find_inquiry(router->db, inquiry_id, &inquiry) ||
        !jobdb_find_series(router->db, inquiry.series_id, &series))
        return 0;
    const size_t most = inquiry.heard == 0 ? 1 : WORK_INQUIRED_MAX;
    int64_t last = inquiry.heard;
    while (count < most &&
           jobdb_next_past(router->db, &series, inquiry.since, inquiry.until, last, &ret_list[count]))
        last = ret_list[count++].id;
    return count;
}

/* ---- moves ---- */

static struct target *target_of(struct router *router, const struct jobdb_batch *batch)
{
    return targets_find(router->targets, batch->destination_id, batch->album_id);
}

static void move_inquiry(struct router *router, const struct jobdb_batch *batch, enum cause cause,
                         const struct work_answer *answer, int64_t due_at)
{
    const struct jobdb_item *item = &batch->items[0];
    const struct jobdb_outcome outcome = {.cause = cause,
                                          .now = router->now,
                                          .due_at = due_at,
                                          .attempts = item->attempts,
                                          .attempt_mark = item->attempt_mark,
                                          .http_status = answer->http_status,
                                          .reason = answer->reason};
    struct target *target = target_of(router, batch);
    if (jobdb_move_inquiry(router->db, batch, item, &outcome) && target)
        target->inquire_at = 0;
}

/* It is over, with a sentence. */
static void end_inquiry(struct router *router, const struct jobdb_batch *batch, enum cause cause,
                        const char *reason)
{
    const struct work_answer answer = {.reason = (char *)reason};
    move_inquiry(router, batch, cause, &answer, router->now);
    log_info("inquiry over", LOG_S("study", batch->study), LOG_S("series", batch->series),
             LOG_S("because", cause_name(cause)));
}

void inquiries_end_empty(struct router *router, const struct jobdb_batch *batch)
{
    end_inquiry(router, batch, CAUSE_GIVEN_UP, "none of its instances is remembered any more");
}

/* ---- trouble ---- */

/* An attempt counts where the answer may be about this series, and another one was answered since the last attempt. */
static bool counts(struct router *router, const struct jobdb_batch *batch, const struct work_answer *answer)
{
    const struct jobdb_item *item = &batch->items[0];
    return blame_rule(answer->blame)->attempt != BLAME_FREE && item->attempt_mark >= 0 &&
           jobdb_inquiry_answered_since(router->db, batch->album_id, item->attempt_mark);
}

static bool is_given_up(const struct router *router, const struct jobdb_item *item)
{
    int64_t give_up = router->config->retry.give_up_ms;
    return item->attempts >= router->config->retry.attempts ||
           (give_up > 0 && router->expires_by - item->received_at > give_up);
}

static void tell_trouble(struct router *router, const struct target *target, const struct jobdb_batch *batch,
                         const struct work_answer *answer)
{
    struct jobdb_event event = {.at = router->now,
                                .kind = "trouble",
                                .destination_id = batch->destination_id,
                                .album_id = batch->album_id,
                                .http_status = answer->http_status,
                                .detail = answer->reason};
    jobdb_add_event(router->db, &event);
    log_warning("KHEOPS could not be asked about series, trying later",
                LOG_S("destination", target->row.destination), LOG_S("album", target->row.album),
                LOG_S("series", batch->series), LOG_I("status", answer->http_status),
                LOG_S("reason", answer->reason));
}

/* It goes again, after others of its album, or fails. The album's next inquiry waits as well. */
static void try_again(struct router *router, struct target *target, struct jobdb_batch *batch,
                      const struct work_answer *answer, int64_t not_before_ms)
{
    const struct target_retry retry = target_retry_of(router->config);
    struct jobdb_item *item = &batch->items[0];
    uint64_t jitter = random_below(UINT64_MAX);
    item->attempts += counts(router, batch, answer);
    item->attempt_mark = router->now;
    if (target && target->inquire_failures == 0)
        tell_trouble(router, target, batch, answer);
    if (target)
        target_inquiry_failed(target, &retry, not_before_ms, jitter, router->now);
    if (is_given_up(router, item))
        move_inquiry(router, batch, CAUSE_GIVEN_UP, answer, router->now);
    else
        move_inquiry(router, batch, CAUSE_TROUBLE, answer,
                     router->now + target_delay(&retry, item->tries, jitter));
}

/* ---- what the headers say ---- */

/* True: it is remembered still, as it was asked about. */
static bool find_instance(struct router *router, const struct hearing *hearing, struct jobdb_past *ret_row)
{
    struct jobdb_past list[WORK_INQUIRED_MAX];
    size_t count = inquiries_next(router, hearing->batch.items[0].id, list);
    const char *wanted = hearing->headers[hearing->at].instance;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].sop_instance, wanted) == 0) {
            *ret_row = list[i];
            return true;
        }
    }
    return false;
}

/* What was heard of it: CONDITION_UNDECIDED with why. */
static enum condition_verdict judge(struct router *router, const struct hearing *hearing,
                                    const struct jobdb_past *row, const struct readers_answer *answer,
                                    struct text *ret_doubt)
{
    const struct target *target = target_of(router, &hearing->batch);
    const struct header_transfer transfer = {row->calling_aet, row->called_aet, row->source_address,
                                             row->transfer_syntax};
    if (!answer->reading) {
        text_format(ret_doubt, "KHEOPS's answer about an instance cannot be used: %s",
                    text_string(&answer->reason));
        return CONDITION_UNDECIDED;
    }
    if (!target->album->condition)
        return CONDITION_TRUE;
    return decide_album(target->album, reading_facts(answer->reading, &transfer), ret_doubt);
}

/* An older question about it may wait for a person: it is answered. */
static void leave_share_out(struct router *router, const struct jobdb_inquiry *inquiry)
{
    AUTO(jobdb_candidate_release) struct jobdb_candidate job = {0};
    int64_t share_id = jobdb_undecided_share(router->db, inquiry->album_id, inquiry->series_id);
    if (share_id && jobdb_find_job(router->db, WORK_SHARE, share_id, &job))
        (void)jobdb_leave_out(router->db, &job, "the album's condition is false", router->now,
                              router->now + router->config->retention_ms);
}

static void share_series(struct router *router, const struct hearing *hearing,
                         const struct jobdb_inquiry *inquiry, const struct jobdb_past *witness)
{
    struct jobdb_series series;
    bool is_there = jobdb_find_series(router->db, inquiry->series_id, &series);
    if (is_there && inquiry->anew &&
        !jobdb_has_share(router->db, inquiry->album_id, series.id, inquiry->anew))
        (void)jobdb_forget_share(router->db, inquiry->album_id, series.id, router->now,
                                 router->now + router->config->retention_ms);
    if (is_there)
        (void)jobdb_reshare(router->db, inquiry->album_id, &series, witness, NULL, inquiry->request_id,
                            router->now, router->now + router->config->retention_ms);
    end_inquiry(router, &hearing->batch, CAUSE_ANSWERED, "it meets the album's condition");
    targets_wake(router->targets);
}

/* All that was asked for was heard, and none of it met the condition. */
static void go_on(struct router *router, const struct hearing *hearing, const struct jobdb_inquiry *inquiry)
{
    struct jobdb_past list[WORK_INQUIRED_MAX];
    const struct work_answer none = {.reason = NULL};
    if (inquiries_next(router, inquiry->id, list) > 0) {
        move_inquiry(router, &hearing->batch, CAUSE_MORE_TO_ASK, &none, router->now);
    } else if (inquiry->doubt.length > 0) {
        end_inquiry(router, &hearing->batch, CAUSE_REFUSED, text_string(&inquiry->doubt));
    } else {
        leave_share_out(router, inquiry);
        end_inquiry(router, &hearing->batch, CAUSE_ANSWERED, "it does not meet the album's condition");
    }
}

/* The instance counts as heard. True: the hearing is over. */
static bool note_verdict(struct router *router, struct hearing *hearing, const struct jobdb_past *row,
                         enum condition_verdict verdict, const char *doubt)
{
    AUTO(jobdb_inquiry_release) struct jobdb_inquiry inquiry;
    if (!jobdb_find_inquiry(router->db, hearing->batch.items[0].id, &inquiry))
        return true; /* it was dropped meanwhile */
    if (verdict == CONDITION_TRUE) {
        share_series(router, hearing, &inquiry, row);
        return true;
    }
    if (verdict == CONDITION_UNDECIDED && inquiry.doubt.length == 0)
        text_append(&inquiry.doubt, doubt);
    jobdb_inquiry_heard(router->db, inquiry.id, row->id,
                        inquiry.doubt.length > 0 ? text_string(&inquiry.doubt) : NULL);
    *hearing->receipt = '\0';
    if (++hearing->at < hearing->header_count)
        return false;
    go_on(router, hearing, &inquiry);
    return true;
}

/* Has the header read. 0, ERR_AGAIN: not yet; else it cannot be. */
static int read_header(struct router *router, struct hearing *hearing, const struct jobdb_past *row,
                       struct readers_answer *ret_answer)
{
    const struct work_header *header = &hearing->headers[hearing->at];
    AUTO(fd_close) int fd = -1;
    if (!*hearing->receipt) {
        /* The same receipt may be asked about for somebody else just now. */
        if (readers_know(router->readers, row->receipt) ||
            !readers_have_room(router->readers, READERS_INQUIRY))
            return ERR_AGAIN;
        int code = kept_open(header->kept.bytes, header->kept.length, &fd);
        if (code != 0)
            return code;
        readers_ask(router->readers, READERS_INQUIRY, row->receipt, fd);
        fd = -1;
        memcpy(hearing->receipt, row->receipt, sizeof hearing->receipt);
    }
    return readers_take(router->readers, READERS_INQUIRY, row->receipt, ret_answer) ? 0 : ERR_AGAIN;
}

/* One header. False: it is being read. */
static bool hear(struct router *router, struct hearing *hearing, bool *ret_over)
{
    const struct work_header *header = &hearing->headers[hearing->at];
    struct target *target = target_of(router, &hearing->batch);
    AUTO(readers_answer_release) struct readers_answer answer = {.code = 0};
    AUTO(text_release) struct text doubt = TEXT_EMPTY;
    struct jobdb_past row;
    *ret_over = !target || !target->album || !find_instance(router, hearing, &row);
    if (*ret_over) { /* the configuration or the database is another one */
        static const struct work_answer changed = {
            .reason = (char *)"its album or its instances changed while KHEOPS was asked"};
        try_again(router, target, &hearing->batch, &changed, 0);
        return true;
    }
    int code = header->why ? 0 : read_header(router, hearing, &row, &answer);
    if (code == ERR_AGAIN)
        return false;
    enum condition_verdict verdict = CONDITION_UNDECIDED;
    if (header->why)
        text_append(&doubt, header->why);
    else if (code != 0)
        text_append(&doubt, "KHEOPS's answer about an instance cannot be used: it is no header");
    else
        verdict = judge(router, hearing, &row, &answer, &doubt);
    *ret_over = note_verdict(router, hearing, &row, verdict, text_string(&doubt));
    return true;
}

void inquiries_turn(struct router *router)
{
    for (struct hearing **link = &router->inquiries->first; *link;) {
        struct hearing *hearing = *link;
        bool over = false;
        while (!over && hear(router, hearing, &over))
            ;
        if (!over) {
            link = &hearing->next;
            continue;
        }
        CRASH_POINT(ROUTER_INQUIRY_HEARD);
        *link = hearing->next;
        if (*hearing->receipt)
            readers_forget(router->readers, READERS_INQUIRY, hearing->receipt);
        hearing_destroy(&hearing);
    }
}

/* ---- what came back ---- */

static bool is_answered(const struct lease *lease, const struct work_result *result)
{
    return work_answer_is_done(&result->answers[0]) && result->header_count > 0 &&
           result->answers[0].id == lease->batch.items[0].id;
}

/* Its answer is read from now on. Until that is over its row stays as it is: a router that dies asks again. */
static void begin_hearing(struct router *router, struct lease *lease, struct work_result *result)
{
    struct hearing *hearing = memory_new(1, sizeof *hearing);
    hearing->batch = lease->batch;
    lease->batch = (struct jobdb_batch){.stage = WORK_INQUIRE};
    memcpy(lease->batch.work, hearing->batch.work, sizeof lease->batch.work);
    hearing->headers = result->headers;
    hearing->header_count = result->header_count;
    result->headers = NULL;
    result->header_count = 0;
    hearing->next = router->inquiries->first;
    router->inquiries->first = hearing;
}

static void end_lease(struct router *router, struct lease *lease, struct target *target)
{
    if (target)
        target->inquiring -= 1;
    crew_end_lease(router->crew, lease);
}

void inquiries_take(struct router *router, struct lease *lease, struct work_result *result)
{
    static const struct work_answer silent = {.reason = (char *)"the sharer did not say what came of it"};
    if (!lease || lease->batch.stage != WORK_INQUIRE)
        return;
    struct target *target = target_of(router, &lease->batch);
    const struct work_answer *answer = &result->answers[0];
    if (target)
        count_inquiry(router->counters, target->row.destination, target->row.album,
                      work_outcome_name(answer->outcome));
    if (is_answered(lease, result)) {
        if (target)
            target_inquired(target);
        begin_hearing(router, lease, result);
    } else if (answer->outcome == WORK_REJECT_OUTCOME) {
        move_inquiry(router, &lease->batch, CAUSE_REFUSED, answer, router->now);
    } else {
        try_again(router, target, &lease->batch, work_answer_is_done(answer) ? &silent : answer,
                  result->not_before_ms);
    }
    end_lease(router, lease, target);
}

/* Whatever took its worker away, the next one waits a little: one that kills each sharer, or that no sharer
 * understands, is not handed out again at once. */
void inquiries_lost(struct router *router, struct lease *lease)
{
    static const struct work_answer lost = {.reason = (char *)"its worker went away"};
    const struct target_retry retry = target_retry_of(router->config);
    struct target *target = target_of(router, &lease->batch);
    uint64_t jitter = random_below(UINT64_MAX);
    bool again = lease->batch.items[0].tries > 1;
    move_inquiry(router, &lease->batch, CAUSE_LEASE_LOST, &lost,
                 router->now + (again ? target_delay(&retry, lease->batch.items[0].tries - 1, jitter) : 0));
    CRASH_POINT(ROUTER_LEASE_LOST);
    log_warning("lease lost, asking KHEOPS again", LOG_S("work", lease->batch.work),
                LOG_S("series", lease->batch.series));
    count_lease_lost(router->counters);
    end_lease(router, lease, target);
}
