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

void width_pay(struct target *target, const struct jobdb_batch *batch, int64_t monotonic)
{
    int64_t rate = rate_of(target), bytes = 0;
    if (rate == 0)
        return;
    for (size_t i = 0; i < batch->item_count; i++)
        bytes += batch->items[i].size;
    int64_t from = paid_until(target) > monotonic ? paid_until(target) : monotonic;
    target->paid_rate = rate;
    target->paid_until = from + bytes / rate * 1000 + bytes % rate * 1000 / rate;
}
