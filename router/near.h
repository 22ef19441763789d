/* near - how near a value comes to what a test of a condition wanted, and with which part of it: "TRIAL-7" of "TRIAL-7 day 3"
 * where "TRIAL_7" was wanted. Pure and bounded: texts are compared up to NEAR_BYTES, each letter with each, which near_cells() counts. */
#ifndef FELUCCA_ROUTER_NEAR_H
#define FELUCCA_ROUTER_NEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NEAR_BYTES = 256, WANTED_MOST = 8 };

/* Where the test looks for it. */
enum near_where {
    NEAR_NOWHERE /* it wants no text of its own */,
    NEAR_BEGIN,
    NEAR_END,
    NEAR_PART,
    NEAR_NUMBER
};

/* What a test wanted. */
struct wanted {
    enum near_where where;
    char *texts[WANTED_MOST]; /* owned */
    double numbers[WANTED_MOST];
    size_t count;
};

/* From a test as it is written: 'tagValueIsOneOf(#Tag.Modality, "CT", "MR")'. Release it. */
void wanted_read(const char *test, struct wanted *ret_wanted);
void wanted_release(struct wanted *wanted);

struct near {
    double cost;          /* 0: it is there; the smaller, the nearer. For numbers how far away */
    bool is_near;         /* by few letters: then */
    size_t start, length; /* is the part of the value that is meant */
};

struct near near_judge(const struct wanted *wanted, const char *value);
/* How many comparisons of letters that is; some nanoseconds each. */
int64_t near_cells(const struct wanted *wanted, const char *value);

#endif
