#include "tests/support/deadline.h"

#include "common/base/clock.h"

#include <time.h>

bool wait_until(bool (*condition)(void *context), void *context, int64_t limit_ms)
{
    int64_t end = clock_monotonic_ms() + limit_ms;
    long pause_ms = 1;
    while (!condition(context)) {
        if (clock_monotonic_ms() >= end)
            return condition(context);
        struct timespec pause = {0, pause_ms * 1000000L};
        nanosleep(&pause, NULL);
        if (pause_ms < 20)
            pause_ms++;
    }
    return true;
}
