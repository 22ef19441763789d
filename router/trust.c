#include "router/trust.h"

#include <stdbool.h>

/* The wall clock is believed. */
static void believe(struct trust *trust)
{
    trust->trusted = trust->offset;
    trust->doubt_until = 0;
}

enum trust_change trust_start(struct trust *trust, int64_t wall, int64_t monotonic, int64_t wall_at,
                              int64_t trusted_at, int64_t doubt_ms)
{
    trust->offset = wall - monotonic;
    believe(trust);
    if (wall_at == 0)
        return TRUST_SAME;
    bool back = wall < wall_at - TRUST_STEP_MS;
    if ((doubt_ms > 0 && !back && wall > trusted_at) || wall - trusted_at > TRUST_GAP_MS) {
        trust->trusted = trusted_at - monotonic;
        trust->doubt_until = monotonic + (doubt_ms > 0 ? doubt_ms : TRUST_DOUBT_MS);
    }
    if (back)
        return TRUST_BACK;
    return trust->doubt_until ? TRUST_LEAPT : TRUST_SAME;
}

enum trust_change trust_look(struct trust *trust, int64_t wall, int64_t monotonic)
{
    int64_t step = wall - monotonic - trust->offset;
    trust->offset += step;
    if (step > TRUST_STEP_MS) {
        trust->doubt_until = monotonic + TRUST_DOUBT_MS;
        return TRUST_LEAPT;
    }
    if (step >= -TRUST_STEP_MS)
        trust->trusted += step;
    if (trust->doubt_until == 0 || trust->offset <= trust->trusted)
        believe(trust);
    if (step < -TRUST_STEP_MS)
        return TRUST_BACK;
    if (trust->doubt_until == 0 || monotonic < trust->doubt_until)
        return TRUST_SAME;
    believe(trust);
    return TRUST_BELIEVED;
}

int64_t trust_time(const struct trust *trust, int64_t monotonic)
{
    return trust->trusted + monotonic;
}

int64_t trust_doubt_ms(const struct trust *trust, int64_t monotonic)
{
    return trust->doubt_until > monotonic ? trust->doubt_until - monotonic : trust->doubt_until != 0;
}
