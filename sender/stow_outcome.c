#include "sender/stow_outcome.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/dicom/uid.h"
#include "common/kheops/answer_judge.h"
#include "common/kheops/token_verdict.h"

#include <stdlib.h>

enum { STOW_PROCESSING_FAILURE = 0x0110 };

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

static void judge_set(const struct judge *judge, size_t item, enum work_outcome outcome, enum blame blame,
                      const char *reason)
{
    work_answer_set(answer_of(judge, item), outcome, blame, judge->answer->status, reason);
}

static void judge_set_all(const struct judge *judge, enum work_outcome outcome, enum blame blame,
                          const char *reason)
{
    for (size_t i = 0; i < judge->batch->count; i++)
        judge_set(judge, i, outcome, blame, reason);
}

static void judge_open_all(const struct judge *judge, enum answer_next next)
{
    judge->judgement->next = next;
    for (size_t i = 0; i < judge->batch->count; i++)
        judge->judgement->open[i] = true;
}

/* The body went out, and what came of it is not known: all of it may be there. Or an early answer says so. */
static void judge_ask_presence(const struct judge *judge)
{
    bool conflict = judge->answer->early && judge->answer->status == 409;
    if (judge->answer->body_sent || conflict)
        judge_open_all(judge, ANSWER_ASK_PRESENCE);
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

static bool says_stored(const struct stow_reference *reference)
{
    return reference->stored ||
           answer_rule(ANSWER_STOW_INSTANCE, reference->reason, ANSWER_OTHER)->verdict == ANSWER_DUPLICATE;
}

/* What is called stored before all of the request was out is not acknowledged by that. */
static bool judge_too_early(const struct judge *judge, size_t item, const struct stow_reference *reference)
{
    if (!judge->answer->early || !says_stored(reference))
        return false;
    judge_set(judge, item, WORK_RETRY_OUTCOME, answer_blame(ANSWER_OUTAGE, judge->answer),
              "the server calls it stored before it had the whole request, which is not taken as stored");
    return true;
}

/* The UID is there: these bytes, or those of another version that went there from here before? */
static bool judge_another_version(const struct judge *judge, size_t item, const struct answer_rule *rule)
{
    if (rule->verdict != ANSWER_DUPLICATE || !judge->batch->items[item].twin)
        return false;
    judge_set(
        judge, item, WORK_REJECT_OUTCOME, BLAME_INSTANCE,
        "the server has an instance with its UID already and keeps that one, and another version of it was "
        "sent from here before: remove that one at the server, then retry; or drop this job");
    return true;
}

static void judge_failed(const struct judge *judge, size_t item, const struct stow_reference *reference)
{
    const struct answer_rule *rule = answer_rule(ANSWER_STOW_INSTANCE, reference->reason, ANSWER_OTHER);
    const struct answer_meaning *meaning = answer_meaning(rule->verdict);
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (judge_another_version(judge, item, rule))
        return;
    answer_rule_append(rule, ANSWER_STOW_INSTANCE, reference->reason, &reason);
    append_tags(judge, reference, &reason);
    if (reference->reason == 0x0106 && judge->destination->kheops && !judge->destination->skip_verify)
        text_append(&reason, "; correct them at their source, or set skip_verify: true for this destination");
    judge_set(judge, item, meaning->outcome, meaning->blame, text_string(&reason));
    if (meaning->next == ANSWER_ASK_TOKEN) {
        judge->judgement->next = ANSWER_ASK_TOKEN;
        judge->judgement->open[item] = true;
    }
}

static void judge_stored(const struct judge *judge, size_t item, const struct stow_reference *reference)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (reference->reason)
        text_format(&reason, "stored, with WarningReason 0x%04X", reference->reason);
    judge_set(judge, item, WORK_DONE_OUTCOME, BLAME_NOBODY, reference->reason ? text_string(&reason) : NULL);
}

static void judge_unlisted(const struct judge *judge, size_t item, const struct stow_answer *answer)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    bool alone = judge->batch->count == 1 && answer->other_failures > 0;
    if (alone)
        text_format(
            &reason,
            "the server cannot process it: a failure without a name, and it was alone in its request (0x%04X)",
            answer->other_reason);
    else
        text_append(&reason, "the answer does not list it");
    if (!alone && answer->other_failures > 0)
        text_format(&reason, ", but %zu failure%s without a name (0x%04X)", answer->other_failures,
                    answer->other_failures == 1 ? "" : "s", answer->other_reason);
    bool collided = alone && judge->destination->kheops && answer->other_reason == STOW_PROCESSING_FAILURE;
    judge_set(judge, item, WORK_RETRY_OUTCOME, collided ? BLAME_COLLISION : BLAME_GROUP,
              text_string(&reason));
    judge->judgement->unlisted++;
}

/* Where the token is asked about because of others, what was too early just goes again. */
static void judge_ask_early(const struct judge *judge, const struct stow_answer *answer)
{
    bool token = judge->judgement->next == ANSWER_ASK_TOKEN;
    for (size_t i = 0; judge->answer->early && i < judge->batch->count; i++) {
        const struct stow_reference *reference =
            stow_answer_find(answer, judge->batch->items[i].meta.sop_instance);
        if (!reference || !says_stored(reference))
            continue;
        judge->judgement->open[i] = !token;
        judge->judgement->next = token ? ANSWER_ASK_TOKEN : ANSWER_ASK_PRESENCE;
    }
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
        if (judge_too_early(judge, i, reference))
            continue;
        if (reference->stored)
            judge_stored(judge, i, reference);
        else
            judge_failed(judge, i, reference);
    }
    judge_ask_early(judge, answer);
}

/* ---- per request ---- */

/* A server that refuses a token early may reset the connection before its answer could be read. */
static bool was_cut_off(const struct http_answer *answer)
{
    return answer->trouble == HTTP_BROKEN && !answer->body_sent && answer->sent_bytes > 0;
}

static void judge_lost(const struct judge *judge)
{
    enum work_outcome outcome = answer_lost_outcome(judge->answer);
    bool own = judge->answer->trouble == HTTP_SOURCE;
    judge_set_all(judge, outcome, answer_blame(ANSWER_LOST, judge->answer),
                  own ? "another file of its request could not be read"
                      : text_string(&judge->answer->reason));
    if (own || outcome == WORK_BLOCKED_OUTCOME)
        return;
    judge_ask_presence(judge);
    judge->judgement->cut_off = was_cut_off(judge->answer);
    if (judge->judgement->cut_off)
        judge_open_all(judge, ANSWER_ASK_TOKEN);
}

static void judge_whole(const struct judge *judge, const struct answer_rule *rule)
{
    const struct answer_meaning *meaning = answer_meaning(rule->verdict);
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    answer_append_reason(rule, ANSWER_STOW, judge->answer, &reason);
    judge_set_all(judge, meaning->outcome, answer_blame(rule->verdict, judge->answer), text_string(&reason));
    if (meaning->next == ANSWER_ASK_TOKEN)
        judge_open_all(judge, ANSWER_ASK_TOKEN);
    else if (meaning->next == ANSWER_ASK_PRESENCE)
        judge_ask_presence(judge);
}

/* Tells what is true of the answer. Its list, when it has one, is then the caller's. */
static unsigned facts_of(const struct judge *judge, struct stow_answer **ret_listed)
{
    const struct http_answer *answer = judge->answer;
    unsigned body = answer_body(answer);
    if (body == ANSWER_OTHER && answer_needs_body(ANSWER_STOW, answer_code(answer))) {
        int code = stow_answer_read(answer->content_type, text_string(&answer->body), answer->body.length,
                                    ret_listed);
        body = code == 0 ? ANSWER_LIST : code == ERR_ABSENT ? ANSWER_EMPTY : ANSWER_OTHER;
    }
    bool stored = judge->destination->conflict_means == CONFIG_CONFLICT_STORED && judge->batch->count == 1 &&
                  !judge->batch->items[0].twin;
    return body | (judge->destination->kheops ? (unsigned)ANSWER_OF_KHEOPS : 0) |
           (stored ? (unsigned)ANSWER_MEANS_STORED : 0) | (answer->early ? (unsigned)ANSWER_EARLY : 0);
}

void stow_judge(const struct batch *batch, const struct config_destination *destination,
                const struct http_answer *answer, stow_keyword *keyword, struct work_result *result,
                struct stow_judgement *ret_judgement)
{
    *ret_judgement = (struct stow_judgement){.open = memory_new(batch->count + 1, sizeof(bool))};
    struct judge judge = {batch, destination, answer, keyword, result, ret_judgement};
    AUTO(stow_answer_destroy) struct stow_answer *listed = NULL;
    unsigned facts = facts_of(&judge, &listed);
    const struct answer_rule *rule = answer_rule(ANSWER_STOW, answer_code(answer), facts);
    result->not_before_ms = answer->retry_after_ms;
    if (rule->verdict == ANSWER_LOST)
        judge_lost(&judge);
    else if (rule->verdict == ANSWER_LISTED)
        judge_listed(&judge, listed);
    else
        judge_whole(&judge, rule);
}

/* ---- after introspection ---- */

static void set_open(const struct batch *batch, const struct stow_judgement *judgement,
                     struct work_result *result, enum work_outcome outcome, enum blame blame,
                     const char *reason)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct work_answer *answer = &result->answers[batch->items[i].index];
        if (judgement->open[i])
            work_answer_set(answer, outcome, blame, answer->http_status, reason);
    }
}

/* KHEOPS looks at the UIDs of study and series, never at that of the instance. */
static bool kheops_takes_uids(const struct batch *batch, const struct batch_item *item)
{
    return uid_is_oid(batch->study) && (!*item->series || uid_is_oid(item->series));
}

/* The token is fine, or (sentence given) another server than KHEOPS says so: a UID that KHEOPS can never take is
 * the cause, or it may pass. */
static void decide_for_good_token(const struct batch *batch, const struct stow_judgement *judgement,
                                  struct work_result *result, const char *sentence)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct work_answer *answer = &result->answers[batch->items[i].index];
        const struct answer_rule *rule =
            answer_rule(ANSWER_STOW_GOOD_TOKEN, answer->http_status, ANSWER_OTHER);
        const struct answer_meaning *meaning = answer_meaning(rule->verdict);
        bool whole = answer->http_status == 401 || answer->http_status == 403;
        if (!judgement->open[i])
            continue;
        if (!whole && !sentence && !kheops_takes_uids(batch, &batch->items[i]))
            work_answer_set(answer, WORK_REJECT_OUTCOME, BLAME_INSTANCE, answer->http_status,
                            "0x0124: its study or series UID is not a valid object identifier");
        else
            work_answer_set(answer, meaning->outcome, sentence ? BLAME_SUSPECT : meaning->blame,
                            answer->http_status, sentence ? sentence : rule->sentence);
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
    if (introspection && introspection_explain(introspection, token_name(WORK_TOKEN_STOW),
                                               token_permissions(WORK_TOKEN_STOW), &reason)) {
        set_open(batch, judgement, result, WORK_BLOCKED_OUTCOME, BLAME_TOKEN, text_string(&reason));
    } else if (judgement->cut_off) {
        return; /* not because of the token */
    } else if (introspection && introspection->state == INTROSPECTION_OUTAGE) {
        set_open(batch, judgement, result, WORK_RETRY_OUTCOME, BLAME_DESTINATION,
                 text_string(&introspection->trouble));
    } else if (introspection && introspection->state == INTROSPECTION_ACTIVE) {
        decide_for_good_token(batch, judgement, result, NULL);
    } else if (status == 401 || status == 403) {
        set_open(
            batch, judgement, result, WORK_BLOCKED_OUTCOME, BLAME_FRONT,
            "the server refuses the credentials (headers, auth): renew them, or give them the right to store");
    } else {
        decide_for_good_token(batch, judgement, result, "0x0124: the server says that it is not authorised");
    }
}

void stow_token_replaced(const struct batch *batch, const struct stow_judgement *judgement,
                         struct work_result *result)
{
    set_open(batch, judgement, result, WORK_RETRY_OUTCOME, BLAME_NOBODY,
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
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (item->absent && !item->twin) {
        work_answer_set(answer, WORK_DONE_OUTCOME, BLAME_NOBODY, answer->http_status,
                        "stored: its request got no good answer, QIDO-RS lists it");
        return;
    }
    text_format(&reason, "%s; QIDO-RS lists its UID, but %s, so it is sent again",
                answer->reason ? answer->reason : "no good answer came",
                item->twin ? "another version of it went there before"
                           : "it is not known that it was not there before");
    work_answer_set(answer, answer->outcome, answer->blame, answer->http_status, text_string(&reason));
}
