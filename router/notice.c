#include "router/notice.h"

enum notice_says notice_look(struct notice *notice, int64_t count, int64_t now, int64_t monotonic,
                             int64_t *ret_more)
{
    if (count == 0 && notice->gone_at == 0)
        notice->gone_at = monotonic;
    if (count == 0)
        return monotonic - notice->gone_at >= NOTICE_GONE_MS ? NOTICE_SAYS_OVER : NOTICE_SAYS_NOTHING;
    notice->gone_at = 0;
    notice->count = count;
    if (notice->told > count)
        notice->told = count; /* some of them are repaired: what comes next is new */
    int64_t since = now - notice->told_at;
    if (count == notice->told || (since >= 0 && since < NOTICE_MORE_MS))
        return NOTICE_SAYS_NOTHING;
    *ret_more = count - notice->told;
    notice->told = count;
    notice->told_at = now;
    return NOTICE_SAYS_MORE;
}
