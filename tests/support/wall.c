#include "tests/support/wall.h"

#include "common/base/clock.h"

enum { DAY = 24 * 60 };

void wall_append_span(int after_minutes, int minutes, struct text *out)
{
    int now = (int)(clock_wall_ms() / 60000 % DAY), from = (now + after_minutes) % DAY,
        till = (from + minutes) % DAY;
    text_format(out, "%02d:%02d-%02d:%02d", from / 60, from % 60, till / 60, till % 60);
}
