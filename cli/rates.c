#include "cli/rates.h"

void rates_add(struct rates *rates, const struct rates_sample *sample)
{
    rates->samples[rates->next] = *sample;
    rates->next = (rates->next + 1) % RATES_SAMPLES;
    if (rates->count < RATES_SAMPLES)
        rates->count++;
}

static double per_second(int64_t amount, int64_t ms)
{
    return (double)amount * 1000.0 / (double)ms;
}

static void append_estimate(struct text *line, int64_t backlog, int64_t decline, int64_t ms)
{
    if (decline > 0) {
        text_append(line, ", empty in about ");
        text_append_duration(line, (int64_t)((double)backlog * (double)ms / (double)decline));
    } else if (decline < 0) {
        text_format(line, ", growing by %.1f/s", per_second(-decline, ms));
    } else {
        text_append(line, ", not shrinking");
    }
}

void rates_append(const struct rates *rates, struct text *line)
{
    if (rates->count == 0)
        return;
    const struct rates_sample *last = &rates->samples[(rates->next + RATES_SAMPLES - 1) % RATES_SAMPLES];
    const struct rates_sample *first =
        rates->count < RATES_SAMPLES ? rates->samples : &rates->samples[rates->next];
    int64_t ms = last->at - first->at;
    if (ms > 0) {
        text_format(line, "%.1f instances/s, ", per_second(last->done - first->done, ms));
        text_append_size(line, (int64_t)per_second(last->bytes - first->bytes, ms));
        text_append(line, "/s; ");
    }
    text_format(line, "backlog %lld", (long long)last->backlog);
    if (ms > 0 && last->backlog > 0)
        append_estimate(line, last->backlog, first->backlog - last->backlog, ms);
}
