#include "common/base/loop_clock.h"

int64_t loop_clock_read(struct loop_clock *clock, int64_t monotonic_ms)
{
    int64_t passed = monotonic_ms - clock->read_at;
    if (clock->read_at == 0)
        clock->counted = monotonic_ms;
    else
        clock->counted += passed < LOOP_TURN_MS ? passed : LOOP_TURN_MS;
    clock->read_at = monotonic_ms;
    return clock->counted;
}
