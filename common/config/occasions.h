/* occasions - what a notice may be about, and from when on: `notify: when` of felucca.yaml.
 *
 * An entry of `when` is the word of a cause, and for some a limit behind a blank: "blocked 15m". Whoever tells of
 * causes, looks for them or documents them reads this table. */
#ifndef FELUCCA_CONFIG_OCCASIONS_H
#define FELUCCA_CONFIG_OCCASIONS_H

#include "common/base/text.h"

#include <stdint.h>

#define EXPIRY_STANDARD_MS (INT64_C(14) * 24 * 3600 * 1000)

/* NAME, word, what its limit is, the limit unless said (0: of a SIZE, twice receiver.min_free_space), when it holds */
#define OCCASION_MAP(X)                                                                                     \
    X(FAILED, "failed", NOTHING, 0, "a job failed and waits for a person")                                  \
    X(BLOCKED, "blocked", DURATION, 10 * 60 * 1000, "a destination or album is blocked for so long")        \
    X(QUARANTINE, "quarantine", NOTHING, 0, "a file is in quarantine")                                      \
    X(BACKLOG, "backlog", DURATION, 60 * 60 * 1000, "the oldest job of a destination waits for so long")    \
    X(DISK, "disk", SIZE, 0, "the spool's disk has less free space")                                        \
    X(TOKEN, "token", NOTHING, 0, "KHEOPS calls a token inactive")                                          \
    X(EXPIRY, "expiry", DURATION, EXPIRY_STANDARD_MS, "a token ends, or should have ended, within so long") \
    X(ROUTER, "router", DURATION, 30 * 1000, "the router is silent for so long")

enum occasion {
#define X(NAME, word, limit, standard, meaning) OCCASION_##NAME,
    OCCASION_MAP(X)
#undef X
        OCCASIONS
};

enum { OCCASION_UNWANTED = -1 };

const char *occasion_word(enum occasion occasion);

/* One entry of `when`. 0, or ERR_SYNTAX or ERR_RANGE with "is not ...; write ..." appended to reason. ret_limit: 0 where
 * none is written. */
int occasion_parse(const char *entry, enum occasion *ret_occasion, int64_t *ret_limit, struct text *reason);

/* The limits of the entries, which were checked, or of all causes when there are none: OCCASION_UNWANTED, or the limit.
 * floor: receiver.min_free_space. */
void occasion_limits(char *const *entries, size_t count, int64_t floor, int64_t ret_limits[OCCASIONS]);

#endif
