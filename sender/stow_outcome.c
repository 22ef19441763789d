#include "sender/stow_outcome.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/dicom/uid.h"

#include <stdlib.h>

/* What the functions below look at, and where they write. */
struct judge {
    const struct batch *batch;
    const struct config_destination *destination;
    const struct http_answer *answer;
    stow_keyword *keyword;
    struct work_result *result;
    struct stow_judgement *judgement;
};

void stow_judgement_release(struct stow_judgement *judgement)
{
    memory_free(&judgement->open);
}

static struct work_answer *answer_of(const struct judge *judge, size_t item)
{
    return &judge->result->answers[judge->batch->items[item].index];
}

static void set(const struct judge *judge, size_t item, enum work_outcome outcome, bool bounded,
                const char *reason)
{
    work_answer_set(answer_of(judge, item), outcome, bounded, judge->answer->status, reason);
}

static void set_all(const struct judge *judge, enum work_outcome outcome, bool bounded, const char *reason)
{
    for (size_t i = 0; i < judge->batch->count; i++)
        set(judge, i, outcome, bounded, reason);
}

static void open_all(const struct judge *judge, enum stow_question question)
{
    judge->judgement->question = question;
    for (size_t i = 0; i < judge->batch->count; i++)
        judge->judgement->open[i] = true;
}

/* The body went out, what came of it is not known: it may all be there. */
static void ask_presence(const struct judge *judge)
{
    if (judge->answer->body_sent)
        open_all(judge, STOW_ASK_PRESENCE);
}

/* ---- per instance ---- */

static void append_tags(const struct judge *judge, const struct stow_reference *reference, struct text *out)
{
    for (size_t i = 0; i < reference->tag_count; i++) {
        uint32_t tag = reference->tags[i];
        const char *keyword = judge->keyword ? judge->keyword(tag) : NULL;
        text_format(out, "%s(%04X,%04X)%s%s", i == 0 ? ": " : ", ", (unsigned)(tag >> 16),
                    (unsigned)(tag & 0xffff), keyword ? " " : "", keyword ? keyword : "");
    }
}

static void append_failure(const struct judge *judge, const struct stow_reference *reference,
                           const struct stow_failure_rule *rule, struct text *out)
{
    text_format(out, "0x%04X: %s", reference->reason,
                rule->sentence ? rule->sentence : "it is there already");
    append_tags(judge, reference, out);
    if (reference->reason == 0x0106 && judge->destination->kheops && !judge->destination->skip_verify)
        text_append(out, "; correct them at their source, or set skip_verify: true for this destination");
}

static void judge_failed(const struct judge *judge, size_t item, const struct stow_reference *reference)
{
    const struct stow_failure_rule *rule = stow_failure_rule(reference->reason);
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (reference->reason == 0)
        text_append(&reason, "the server refuses it and gives no reason");
    else
        append_failure(judge, reference, rule, &reason);
    set(judge, item, rule->outcome, rule->bounded, text_string(&reason));
    judge->result->trouble |= rule->trouble;
    if (rule->token) {
        judge->judgement->question = STOW_ASK_TOKEN;
        judge->judgement->open[item] = true;
    }
}

static void judge_stored(const struct judge *judge, size_t item, const struct stow_reference *reference)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (reference->reason)
        text_format(&reason, "stored, with WarningReason 0x%04X", reference->reason);
    set(judge, item, WORK_DONE_OUTCOME, false, reference->reason ? text_string(&reason) : NULL);
}

static void judge_unlisted(const struct judge *judge, size_t item, const struct stow_answer *answer)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    text_append(&reason, "the answer does not list it");
    if (answer->other_failures > 0)
        text_format(&reason, ", but %zu failure%s without a name (0x%04X)", answer->other_failures,
                    answer->other_failures == 1 ? "" : "s", answer->other_reason);
    set(judge, item, WORK_RETRY_OUTCOME, true, text_string(&reason));
    judge->judgement->unlisted++;
}

static void judge_listed(const struct judge *judge, const struct stow_answer *answer)
{
    for (size_t i = 0; i < judge->batch->count; i++) {
        const struct stow_reference *reference =
            stow_answer_find(answer, judge->batch->items[i].meta.sop_instance);
        if (!reference) {
            judge_unlisted(judge, i, answer);
            continue;
        }
        judge->judgement->listed++;
        if (reference->stored)
            judge_stored(judge, i, reference);
        else
            judge_failed(judge, i, reference);
    }
    /* The culprit is among those that are not listed; alone, it is known. */
    judge->result->split = judge->judgement->unlisted > 0;
}

/* ---- per request ---- */

/* 409 from a server that does not say of what: some answer so for an instance that they have. */
static void judge_bare_conflict(const struct judge *judge)
{
    bool alone = judge->batch->count == 1;
    judge->result->split = true;
    if (judge->destination->conflict_means == CONFIG_CONFLICT_STORED && alone)
        set_all(judge, WORK_DUPLICATE_OUTCOME, false,
                "409 without a list: taken as stored (conflict_means: stored)");
    else
        set_all(judge, WORK_RETRY_OUTCOME, true,
                "the server answers 409 and does not say why; if it does so for instances that it has, set "
                "conflict_means: stored");
}

/* 200 without a body is some servers' way to say "stored", but never KHEOPS's: what stands in front of it, or
 * something inside of it, has lost the answer or the request. */
static void judge_empty(const struct judge *judge)
{
    if (!judge->destination->kheops) {
        set_all(judge, WORK_DONE_OUTCOME, false, "stored: 200 without a list");
        return;
    }
    judge->result->trouble = judge->result->split = true;
    set_all(judge, WORK_RETRY_OUTCOME, true,
            "the server answers 200 and lists nothing, as KHEOPS never does; if this is another server, set "
            "kheops: false");
    ask_presence(judge);
}

static void judge_body(const struct judge *judge)
{
    const struct http_answer *answer = judge->answer;
    AUTO(stow_answer_destroy) struct stow_answer *listed = NULL;
    int code = answer->trouble != HTTP_NONE
                   ? ERR_SYNTAX
                   : stow_answer_read(answer->content_type, text_string(&answer->body), answer->body.length,
                                      &listed);
    if (code == 0) {
        judge_listed(judge, listed);
    } else if (answer->status == 409) {
        judge_bare_conflict(judge);
    } else if (answer->status == 200 && code == ERR_ABSENT) {
        judge_empty(judge);
    } else {
        judge->result->trouble = true;
        set_all(judge, WORK_RETRY_OUTCOME, false,
                code == ERR_ABSENT ? "the answer says that some were stored, but not which"
                                   : "the answer cannot be read as DICOM JSON or DICOM XML");
        ask_presence(judge);
    }
}

static void append_status(const struct judge *judge, const struct stow_status_rule *rule, struct text *out)
{
    text_format(out, "the server answers %d: %s", judge->answer->status, rule->sentence);
    if (judge->answer->location.length > 0)
        text_format(out, " (%.200s)", text_string(&judge->answer->location));
}

static void judge_status(const struct judge *judge, const struct stow_status_rule *rule)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    bool alone = judge->batch->count == 1;
    append_status(judge, rule, &reason);
    const char *text = text_string(&reason);
    judge->result->trouble = rule->trouble;
    judge->result->split = rule->verdict == STOW_BROKEN || rule->verdict == STOW_REFUSED;
    switch (rule->verdict) {
    case STOW_TOKEN:
        set_all(judge, WORK_RETRY_OUTCOME, true, text);
        open_all(judge, STOW_ASK_TOKEN);
        break;
    case STOW_WRONG_URL:
        set_all(judge, WORK_BLOCKED_OUTCOME, false, text);
        break;
    case STOW_REFUSED:
        set_all(judge, alone ? WORK_REJECT_OUTCOME : WORK_RETRY_OUTCOME, true, text);
        break;
    case STOW_OUTAGE:
        set_all(judge, WORK_RETRY_OUTCOME, false, text);
        break;
    default:
        set_all(judge, WORK_RETRY_OUTCOME, true, text);
        break;
    }
    if (judge->answer->status >= 500 && rule->verdict != STOW_REFUSED)
        ask_presence(judge);
}

/* A server that refuses a token early may reset the connection before its answer could be read. */
static bool was_cut_off(const struct http_answer *answer)
{
    return answer->trouble == HTTP_BROKEN && !answer->body_sent && answer->sent_bytes > 0;
}

static void judge_no_answer(const struct judge *judge)
{
    const char *reason = text_string(&judge->answer->reason);
    bool oversize = judge->answer->trouble == HTTP_OVERSIZE;
    if (judge->answer->trouble == HTTP_REQUEST) {
        set_all(judge, WORK_BLOCKED_OUTCOME, false, reason);
    } else if (judge->answer->trouble == HTTP_SOURCE) {
        set_all(judge, WORK_RETRY_OUTCOME, false, "another file of its request could not be read");
    } else {
        judge->result->trouble = true;
        judge->result->split = oversize; /* fewer instances have a shorter answer */
        set_all(judge, WORK_RETRY_OUTCOME, oversize, reason);
        ask_presence(judge);
        if (was_cut_off(judge->answer))
            open_all(judge, STOW_ASK_TOKEN);
    }
}

/* A status whose body matters not counts however the connection ended afterwards. */
static bool status_counts(const struct http_answer *answer)
{
    if (answer->status == 0 || answer->trouble == HTTP_SOURCE)
        return false;
    if (stow_status_rule(answer->status)->verdict != STOW_LISTED)
        return true;
    return answer->trouble == HTTP_NONE || (answer->trouble == HTTP_OVERSIZE && answer->status == 409);
}

void stow_judge(const struct batch *batch, const struct config_destination *destination,
                const struct http_answer *answer, stow_keyword *keyword, struct work_result *result,
                struct stow_judgement *ret_judgement)
{
    *ret_judgement = (struct stow_judgement){.open = memory_new(batch->count + 1, sizeof(bool))};
    struct judge judge = {batch, destination, answer, keyword, result, ret_judgement};
    result->not_before_ms = answer->retry_after_ms;
    if (!status_counts(answer))
        judge_no_answer(&judge);
    else if (stow_status_rule(answer->status)->verdict == STOW_LISTED)
        judge_body(&judge);
    else
        judge_status(&judge, stow_status_rule(answer->status));
}

/* ---- after introspection ---- */

static void set_open(const struct batch *batch, const struct stow_judgement *judgement,
                     struct work_result *result, enum work_outcome outcome, bool bounded, const char *reason)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct work_answer *answer = &result->answers[batch->items[i].index];
        if (judgement->open[i])
            work_answer_set(answer, outcome, bounded, answer->http_status, reason);
    }
}

static const char *sentence_when_fine(int http_status)
{
    if (http_status == 401 || http_status == 403)
        return "KHEOPS refuses the token, but calls it active and allowed to write when asked; if this "
               "stays, make "
               "a new token";
    return "0x0124: KHEOPS does not let its series into the album although the token may write: the series "
           "is in "
           "another album of this KHEOPS, but not in this one (share it there, or remove it), or its series "
           "UID is "
           "not valid, or it was coming in at the same time";
}

/* The token is fine, or nothing can be said about it: then a UID that KHEOPS can never take is the cause, or
 * it may pass. */
static void decide_for_good_token(const struct batch *batch, const struct stow_judgement *judgement,
                                  struct work_result *result, const char *sentence)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct work_answer *answer = &result->answers[batch->items[i].index];
        if (!judgement->open[i])
            continue;
        bool invalid = answer->http_status != 401 && answer->http_status != 403 &&
                       !(uid_is_oid(batch->study) && uid_is_oid(batch->items[i].meta.sop_instance));
        if (invalid)
            work_answer_set(answer, WORK_REJECT_OUTCOME, false, answer->http_status,
                            "0x0124: its study or instance UID is not a valid object identifier");
        else
            work_answer_set(answer, WORK_RETRY_OUTCOME, true, answer->http_status,
                            sentence ? sentence : sentence_when_fine(answer->http_status));
    }
}

static int request_status(const struct batch *batch, const struct work_result *result)
{
    return batch->count > 0 ? result->answers[batch->items[0].index].http_status : 0;
}

void stow_decide_token(const struct batch *batch, const struct stow_judgement *judgement,
                       const struct introspection *introspection, struct work_result *result)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const int status = request_status(batch, result);
    if (introspection && introspection_explain(introspection, "the STOW token", "write", &reason)) {
        set_open(batch, judgement, result, WORK_BLOCKED_OUTCOME, false, text_string(&reason));
        result->trouble = result->trouble && status != 0; /* it was not the server that was in trouble */
    } else if (status == 0) {
        return; /* the connection was lost, and not because of the token */
    } else if (introspection && introspection->state == INTROSPECTION_OUTAGE) {
        result->trouble = true;
        set_open(batch, judgement, result, WORK_RETRY_OUTCOME, false, text_string(&introspection->trouble));
    } else if (introspection && introspection->state == INTROSPECTION_ACTIVE) {
        decide_for_good_token(batch, judgement, result, NULL);
    } else if (status == 401 || status == 403) {
        set_open(
            batch, judgement, result, WORK_BLOCKED_OUTCOME, false,
            "the server refuses the credentials in headers: renew them, or give them the right to store");
    } else {
        decide_for_good_token(batch, judgement, result, "0x0124: the server says that it is not authorised");
    }
}

void stow_token_replaced(const struct batch *batch, const struct stow_judgement *judgement,
                         struct work_result *result)
{
    set_open(batch, judgement, result, WORK_RETRY_OUTCOME, false,
             "the token was refused, and has been replaced meanwhile: trying the new one");
}

/* ---- after QIDO-RS ---- */

void stow_decide_present(const struct batch *batch, const struct stow_judgement *judgement,
                         const char *sop_instance, struct work_result *result)
{
    const struct batch_item *item = batch_find(batch, sop_instance);
    if (!item || !judgement->open[item - batch->items])
        return;
    struct work_answer *answer = &result->answers[item->index];
    work_answer_set(answer, WORK_DONE_OUTCOME, false, answer->http_status,
                    "stored: its request got no good answer, QIDO-RS lists it");
}
