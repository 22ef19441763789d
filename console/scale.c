#include "console/scale.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"

#include <stdbool.h>
#include <stdlib.h>

enum { LEAST = 4, CUT_PART = 6, FAR = 3 };

int64_t scale_round_up(int64_t number)
{
    int64_t top = 1;
    for (int step = 0; top < number && top < INT64_MAX / 10; step++)
        top = step % 3 == 1 ? top / 2 * 5 : top * 2;
    return top < number ? number : top;
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? 1 : left > right ? -1 : 0;
}

int64_t scale_top(const int64_t *values, size_t count)
{
    AUTO(memory_free) int64_t *sorted = memory_new(count + 1, sizeof *sorted);
    size_t some = 0;
    for (size_t i = 0; i < count; i++)
        if (values[i] > 0)
            sorted[some++] = values[i];
    qsort(sorted, some, sizeof *sorted, compare);
    int64_t most = some > 0 ? sorted[0] : 0, other = sorted[some / CUT_PART];
    bool is_cut = some >= CUT_PART && most / FAR >= other;
    int64_t top = is_cut ? other : most;
    return scale_round_up(top > LEAST ? top : LEAST);
}
