#include "router/width.h"

static int64_t rate_of(const struct target *target)
{
    return target->destination && !target->row.album_id ? target->destination->rate : 0;
}

/* What was paid at a rate that was corrected since holds up nobody. */
static int64_t paid_until(const struct target *target)
{
    return target->paid_rate == rate_of(target) ? target->paid_until : 0;
}

bool width_is_there(const struct target *target, int64_t monotonic)
{
    return rate_of(target) == 0 || paid_until(target) <= monotonic;
}

int64_t width_opens_at(const struct target *target, int64_t monotonic)
{
    return width_is_there(target, monotonic) ? INT64_MAX : target->paid_until;
}

int64_t width_of_request(const struct target *target, int64_t bytes)
{
    int64_t rate = rate_of(target), most = rate * (WIDTH_REQUEST_MS / 1000);
    return rate > 0 && most < bytes ? most : bytes;
}

int64_t width_time(const struct target *target, int64_t bytes)
{
    int64_t rate = rate_of(target);
    return rate > 0 ? bytes / rate * 1000 + bytes % rate * 1000 / rate : 0;
}

struct width_paid width_pay(struct target *target, const struct jobdb_batch *batch, int64_t monotonic)
{
    int64_t bytes = 0;
    if (rate_of(target) == 0)
        return (struct width_paid){0};
    for (size_t i = 0; i < batch->item_count; i++)
        bytes += batch->items[i].size;
    int64_t from = paid_until(target) > monotonic ? paid_until(target) : monotonic;
    struct width_paid paid = {.ms = width_time(target, bytes), .rate = rate_of(target)};
    target->paid_rate = paid.rate;
    target->paid_until = paid.until = from + paid.ms;
    return paid;
}

void width_give_back(struct target *target, const struct width_paid *paid, int64_t spent_ms,
                     int64_t monotonic)
{
    int64_t back = paid->ms - (spent_ms > 0 ? spent_ms : 0);
    int64_t left = paid->until - monotonic;
    back = back < left ? back : left;
    if (target->paid_rate == paid->rate && back > 0)
        target->paid_until -= back;
}
