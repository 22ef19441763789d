/* notice - one cause that people are told of, from its beginning to its end: what is said of it, and when.
 *
 * It knows no clock: times come in as parameters, in ms. Its beginning is told at once. What it grows by is told
 * together, once an hour at most. It is over when it was gone for a minute. */
#ifndef FELUCCA_ROUTER_NOTICE_H
#define FELUCCA_ROUTER_NOTICE_H

#include <stdbool.h>
#include <stdint.h>

enum { NOTICE_MORE_MS = 60 * 60 * 1000, NOTICE_GONE_MS = 60 * 1000 };

enum notice_says { NOTICE_SAYS_NOTHING, NOTICE_SAYS_MORE, NOTICE_SAYS_OVER };

struct notice {
    int64_t count, told; /* how many there are; of them, how many were told of */
    int64_t told_at;     /* wall ms */
    int64_t gone_at;     /* monotonic; 0: it is there */
};

/* There are count of it; 0: it is gone. ret_more: how many came since the last telling, for NOTICE_SAYS_MORE. */
enum notice_says notice_look(struct notice *notice, int64_t count, int64_t now, int64_t monotonic,
                             int64_t *ret_more);

#endif
