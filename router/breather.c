#include "router/breather.h"

bool breather_begin(struct breather *breather, int64_t now)
{
    if (now < breather->rests_until)
        return false;
    *breather = (struct breather){.began = now};
    return true;
}

void breather_end(struct breather *breather, int64_t now, bool is_busy)
{
    int64_t rest = (now - breather->began) * (is_busy ? BREATHER_BUSY : 1);
    if (rest > 0)
        breather->rests_until = now + (rest < BREATHER_LONGEST_MS ? rest : BREATHER_LONGEST_MS);
}
