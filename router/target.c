#include "router/target.h"

void target_append_name(const struct target *target, struct text *out)
{
    const char *album = target->row.album;
    text_format(out, "%s%s%s", target->row.destination, album ? "/" : "", album ? album : "");
}

const struct condition *target_condition(const struct target *target)
{
    if (target->row.album)
        return target->album ? target->album->condition : NULL;
    return target->destination ? target->destination->condition : NULL;
}

struct target_retry target_retry_of(const struct config *config)
{
    return (struct target_retry){config->retry.first_ms, config->retry.ceiling_ms};
}

int *target_counter(struct target *target, enum work_stage stage)
{
    if (stage == WORK_INQUIRE)
        return &target->inquiring;
    return stage == WORK_FETCH ? &target->fetching : &target->in_flight;
}

bool target_is_held(const struct target *target)
{
    return target->row.held || target->destination_held;
}

bool target_is_kept(const struct target *target)
{
    return target->closed || target_is_held(target);
}

bool target_is_at_ease(const struct target *target)
{
    return target->destination && !target_is_kept(target) && !target->barred &&
           target->row.state == TARGET_UP && target->fruitless == 0;
}

bool target_is_open(const struct target *target, int64_t now)
{
    if (!target->destination || target_is_kept(target) || target->barred)
        return false;
    if (target->row.state == TARGET_UP)
        return target->in_flight < target->connections;
    return target->in_flight == 0 && target->row.until <= now;
}

bool target_is_wary(const struct target *target, const struct target_retry *retry, int64_t now)
{
    return target->row.state != TARGET_UP || target->fruitless > 0 ||
           now - target->row.since < TARGET_WARY_WAITS * retry->first_ms;
}

int64_t target_opens_at(const struct target *target, int64_t now)
{
    if (!target->destination || target_is_kept(target) || target->barred || target->row.state == TARGET_UP ||
        target->in_flight > 0)
        return INT64_MAX;
    return target->row.until > now ? target->row.until : now;
}

static bool wants_fetches(const struct target *target)
{
    return target->destination && !target->album && target->destination->ensure_visible &&
           !target->row.held && !target->closed && target->row.state == TARGET_UP && target->fetching == 0;
}

bool target_may_fetch(const struct target *target, int64_t now)
{
    return wants_fetches(target) && target->in_flight < target->connections && target->fetch_at <= now &&
           target->fetch_until <= now;
}

int64_t target_fetches_at(const struct target *target)
{
    if (!wants_fetches(target))
        return INT64_MAX;
    return target->fetch_at > target->fetch_until ? target->fetch_at : target->fetch_until;
}

static bool wants_inquiries(const struct target *target)
{
    return target->album && !target_is_kept(target) && !target->barred && target->inquiring == 0;
}

bool target_may_inquire(const struct target *target, int64_t now)
{
    return wants_inquiries(target) && target->inquire_at <= now && target->inquire_until <= now;
}

int64_t target_inquires_at(const struct target *target)
{
    if (!wants_inquiries(target))
        return INT64_MAX;
    return target->inquire_at > target->inquire_until ? target->inquire_at : target->inquire_until;
}

bool target_succeeded(struct target *target, int64_t jobs, int64_t now)
{
    bool changed = target->row.state != TARGET_UP;
    target->row.stored += jobs;
    target->row.failures = 0;
    target->fruitless = target->missed = 0;
    if (changed) {
        target->row.state = TARGET_UP;
        target->row.since = now;
        target->row.until = 0;
    }
    return changed;
}

int64_t target_delay(const struct target_retry *retry, int64_t tries, uint64_t jitter)
{
    int64_t delay = retry->first_ms;
    for (int64_t i = 1; i < tries && delay < retry->ceiling_ms; i++)
        delay *= 2;
    if (delay > retry->ceiling_ms)
        delay = retry->ceiling_ms;
    int64_t half = delay / 2;
    return half + (int64_t)(jitter % (uint64_t)(half + 1));
}

int64_t target_longest(int64_t ceiling_ms)
{
    return ceiling_ms > TARGET_LONGEST_MS ? ceiling_ms : TARGET_LONGEST_MS;
}

int64_t target_longest_rest(int64_t ceiling_ms)
{
    int64_t longest = target_longest(ceiling_ms), rare = ceiling_ms * TARGET_RARE;
    return rare > longest ? rare : longest;
}

/* The longer of what we would wait and what the server asks for, within bounds. */
static int64_t wait_of(const struct target_retry *retry, int64_t failures, int64_t not_before_ms,
                       uint64_t jitter)
{
    int64_t delay = target_delay(retry, failures, jitter);
    int64_t longest = target_longest(retry->ceiling_ms);
    int64_t asked = not_before_ms < longest ? not_before_ms : longest;
    return asked > delay ? asked : delay;
}

bool target_troubled(struct target *target, const struct target_retry *retry, int64_t stored_at_start,
                     int64_t not_before_ms, uint64_t jitter, int64_t now)
{
    struct jobdb_target *row = &target->row;
    if (row->stored > stored_at_start && row->state == TARGET_UP)
        return false;
    /* Requests that went out together fail together: that is one failure. */
    if (row->state == TARGET_BACKING_OFF && row->until > now)
        return false;
    row->failures++;
    row->until = now + wait_of(retry, row->failures, not_before_ms, jitter);
    bool changed = row->state == TARGET_UP;
    if (changed) {
        row->state = TARGET_BACKING_OFF;
        row->since = now;
    }
    return changed;
}

bool target_refused(struct target *target, const struct target_retry *retry, int64_t now)
{
    struct jobdb_target *row = &target->row;
    bool changed = row->state != TARGET_BLOCKED;
    int64_t probe = retry->ceiling_ms < TARGET_BLOCKED_PROBE_MS ? retry->ceiling_ms : TARGET_BLOCKED_PROBE_MS;
    row->failures++;
    row->until = now + probe;
    if (changed) {
        row->state = TARGET_BLOCKED;
        row->since = now;
    }
    return changed;
}

/* Who failed before since anything was stored says nothing new: one culprit alone keeps nobody else waiting. A wall is
 * met by others, too. */
static bool is_new(const struct target *target, const struct target_lesson *lesson)
{
    return lesson->fresh || (lesson->walls && (lesson->job == 0 || lesson->job != target->walled_job));
}

static bool learn_fruitless(struct target *target, const struct target_retry *retry,
                            const struct target_lesson *lesson, int64_t now)
{
    if (!is_new(target, lesson))
        return false;
    target->fruitless++;
    target->walled_job = lesson->walls ? lesson->job : 0;
    if (target->row.state == TARGET_UP && target->fruitless < TARGET_FRUITLESS)
        return false;
    if (lesson->walls || target->row.state == TARGET_BLOCKED)
        return target_refused(target, retry, now);
    return target_troubled(target, retry, lesson->stored_at_start, lesson->not_before_ms, lesson->jitter,
                           now);
}

/* The same job, alone, once more: the wait that its first failure cost is enough for the others. */
static bool learn_nothing_new(struct target *target, const struct target_retry *retry,
                              const struct target_lesson *lesson, int64_t now)
{
    struct jobdb_target *row = &target->row;
    if (row->state != TARGET_UP && row->until <= now)
        row->until = now + wait_of(retry, row->failures, lesson->not_before_ms, lesson->jitter);
    return false;
}

bool target_learn(struct target *target, const struct target_retry *retry, const struct target_lesson *lesson,
                  int64_t now)
{
    switch (lesson->says) {
    case BLAME_RESTS:
        return learn_fruitless(target, retry, lesson, now);
    case BLAME_BACKS_OFF:
        if (!lesson->fresh)
            return learn_nothing_new(target, retry, lesson, now);
        return target_troubled(target, retry, lesson->stored_at_start, lesson->not_before_ms, lesson->jitter,
                               now);
    case BLAME_BLOCKS:
        target->missed += lesson->misses && lesson->fresh;
        return (!lesson->misses || target->missed >= TARGET_MISSED) && target_refused(target, retry, now);
    default:
        return false;
    }
}

bool target_is_proven(const struct target *target)
{
    return target->row.stored > target->row.fresh_mark;
}

void target_renewed(struct target *target)
{
    target->row.fresh_mark = target->row.stored;
    target->fruitless = target->missed = 0;
}

static bool probe_in(struct target *target, enum jobdb_target_state state, int64_t now)
{
    target->fetch_until = target->inquire_until = 0;
    if (target->row.state != state || target->row.until <= now)
        return false;
    target->row.until = now;
    target->look_at = 0;
    return true;
}

bool target_probe_now(struct target *target, int64_t now)
{
    return probe_in(target, TARGET_BLOCKED, now);
}

bool target_end_wait(struct target *target, int64_t now)
{
    bool ended = probe_in(target, TARGET_BACKING_OFF, now);
    if (ended)
        target->row.failures = 0;
    return ended;
}

void target_fetched(struct target *target)
{
    target->fetch_failures = 0;
    target->fetch_until = 0;
}

void target_fetch_failed(struct target *target, const struct target_retry *retry, int64_t not_before_ms,
                         uint64_t jitter, int64_t now)
{
    target->fetch_failures++;
    target->fetch_until = now + wait_of(retry, target->fetch_failures, not_before_ms, jitter);
}

void target_inquired(struct target *target)
{
    target->inquire_failures = 0;
    target->inquire_until = 0;
}

void target_inquiry_failed(struct target *target, const struct target_retry *retry, int64_t not_before_ms,
                           uint64_t jitter, int64_t now)
{
    target->inquire_failures++;
    target->inquire_until = now + wait_of(retry, target->inquire_failures, not_before_ms, jitter);
}
