#include "router/lesson.h"

#include "router/crew.h"

static const char many_missed[] =
    "KHEOPS finds none of several series in the album of the source token: the source token is of another album "
    "than the one that is sent to, or its maker is no longer an administrator of it; make a new source token in the "
    "album that is sent to, as its administrator";

bool lesson_others_pass(const struct target *target, const struct lease *lease, const struct jobdb_item *item)
{
    int64_t mark = item->attempt_mark >= 0 ? item->attempt_mark : lease->stored_mark;
    return target->row.stored > mark;
}

bool lesson_may_be_jobs(enum blame blame)
{
    const struct blame_rule *rule = blame_rule(blame);
    return rule->attempt != BLAME_FREE || rule->together != BLAME_KEEPS;
}

bool lesson_is_old(const struct target *target, const struct jobdb_item *item)
{
    return item->attempt_mark == target->row.stored;
}

static const struct jobdb_item *item_of(const struct jobdb_batch *batch, const struct work_answer *answer)
{
    for (size_t i = 0; i < batch->item_count; i++) {
        if (batch->items[i].id == answer->id)
            return &batch->items[i];
    }
    return NULL;
}

/* What one answer says of the target, its history looked at. */
static enum blame_target says_of_target(const struct target *target, const struct lease *lease,
                                        const struct jobdb_item *item, const struct work_answer *answer)
{
    const struct blame_rule *rule = blame_rule(answer->blame);
    bool alone = lease->batch.item_count == 1;
    if (answer->outcome == WORK_MISSING_OUTCOME)
        return BLAME_NOTHING; /* of our own spool */
    if (answer->blame == BLAME_WORKER)
        return answer->outcome == WORK_BLOCKED_OUTCOME ? BLAME_BLOCKS : BLAME_BACKS_OFF;
    if (rule->excuse == BLAME_OF_OLD && target_is_proven(target))
        return rule->together == BLAME_HALVES ? BLAME_RESTS : BLAME_NOTHING;
    /* How long others need to pass is for the target itself to know when it backs off. */
    if (rule->excuse == BLAME_MEANWHILE && rule->target == BLAME_BLOCKS &&
        (!alone || lesson_others_pass(target, lease, item)))
        return BLAME_NOTHING;
    return rule->target;
}

void lesson_explain(const struct target *target, const struct target_retry *retry, const struct lease *lease,
                    const struct work_result *result, const struct work_answer *answer, struct text *out)
{
    const char *reason = answer->reason ? answer->reason : "";
    bool alone = lease->batch.item_count == 1;
    if (alone && answer->blame == BLAME_FRONT && target_is_proven(target))
        text_format(
            out,
            lease->batch.stage == WORK_SEND
                ? "something in front of the server refuses this instance, where others have passed: %s"
                : "something in front of KHEOPS refuses this series, where others have passed: %s",
            reason);
    else if (alone && answer->blame == BLAME_SLOW && result->milliseconds > retry->first_ms)
        text_format(
            out,
            "large and slow: all of it went out, and no answer came; since the server may be storing it "
            "still, it rests at least as long before it goes again: %s",
            reason);
    else
        text_append(out, reason);
}

/* The answer that says the worst, of those the first. */
static const struct work_answer *worst_answer(const struct target *target, const struct lease *lease,
                                              const struct work_result *result, struct target_lesson *lesson)
{
    const struct work_answer *worst = NULL;
    for (size_t i = 0; i < result->answer_count; i++) {
        const struct work_answer *answer = &result->answers[i];
        const struct jobdb_item *item = item_of(&lease->batch, answer);
        if (!item || work_answer_is_done(answer))
            continue;
        enum blame_target says = says_of_target(target, lease, item, answer);
        lesson->fresh = lesson->fresh || !lesson_is_old(target, item) || !lesson_may_be_jobs(answer->blame);
        if (worst && says <= lesson->says)
            continue;
        worst = answer;
        lesson->says = says;
    }
    return worst;
}

struct target_lesson lesson_of(const struct target *target, const struct target_retry *retry,
                               const struct lease *lease, const struct work_result *result, int64_t stored,
                               struct text *ret_reason)
{
    struct target_lesson lesson = {.stored_at_start = lease->stored_mark,
                                   .not_before_ms = result->not_before_ms};
    const struct work_answer *worst = worst_answer(target, lease, result, &lesson);
    if (stored > 0 && lesson.says == BLAME_RESTS)
        lesson.says = BLAME_NOTHING;
    if (!worst || (stored > 0 && lesson.says == BLAME_NOTHING))
        return lesson;
    lesson.job = lease->batch.item_count == 1 ? lease->batch.items[0].id : 0;
    lesson.walls = worst->blame == BLAME_FRONT;
    lesson.misses = worst->blame == BLAME_GONE;
    if (lesson.misses && lesson.says == BLAME_BLOCKS && target->missed + lesson.fresh >= TARGET_MISSED)
        text_append(ret_reason, many_missed);
    else if (lesson.walls)
        text_append(ret_reason, worst->reason ? worst->reason : "");
    else
        lesson_explain(target, retry, lease, result, worst, ret_reason);
    return lesson;
}
