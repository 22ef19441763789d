#include "common/base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t now_ms(clockid_t id)
{
    struct timespec now;
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
    return now_ms(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void)
{
    return now_ms(CLOCK_MONOTONIC);
}

int64_t clock_monotonic_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Years beyond these are no times but broken input; they are shown as the nearest that can be written. */
static time_t whole_seconds(int64_t wall_ms, int *ret_ms)
{
    const int64_t last = 253402300799; /* 9999-12-31T23:59:59Z */
    int64_t seconds = wall_ms / 1000;
    *ret_ms = (int)(wall_ms % 1000);
    if (wall_ms < 0 || seconds > last) {
        *ret_ms = 0;
        seconds = wall_ms < 0 ? 0 : last;
    }
    return (time_t)seconds;
}

const char *clock_iso8601(int64_t wall_ms, char *buffer)
{
    int ms;
    struct tm parts;
    time_t seconds = whole_seconds(wall_ms, &ms);
    (void)gmtime_r(&seconds, &parts);
    size_t length = strftime(buffer, CLOCK_ISO_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(buffer + length, CLOCK_ISO_SIZE - length, ".%03dZ", ms);
    return buffer;
}

const char *clock_local(int64_t wall_ms, char *buffer)
{
    int ms;
    struct tm parts;
    time_t seconds = whole_seconds(wall_ms, &ms);
    (void)localtime_r(&seconds, &parts);
    (void)strftime(buffer, CLOCK_ISO_SIZE, "%Y-%m-%d %H:%M:%S", &parts);
    return buffer;
}

const char *clock_local_day(int64_t wall_ms, char *buffer)
{
    int ms;
    struct tm parts;
    time_t seconds = whole_seconds(wall_ms, &ms);
    (void)localtime_r(&seconds, &parts);
    if (strftime(buffer, CLOCK_DAY_SIZE, "%Y-%m-%d", &parts) == 0)
        buffer[0] = '\0';
    return buffer;
}
