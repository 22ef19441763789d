/* trouble - what a KHEOPS does to its clients on a bad day, ordered at random from the simulated one.
 *
 * Nothing in here is a lie or a verdict: it answers errors, nonsense, or nothing, before or after it has done
 * what it was asked; it is slow, away, or refuses tokens for a while; it answers 200 and says nothing. It
 * never lists what it did not store, and never says that it will not take an instance at all. */
#ifndef FELUCCA_TESTS_TROUBLE_H
#define FELUCCA_TESTS_TROUBLE_H

#include "tests/support/simulator.h"

#include <stdint.h>

/* A sequence of numbers that looks random; the same for the same start. */
struct dice {
    uint64_t state;
};

uint64_t dice_roll(struct dice *dice, uint64_t sides); /* from 0 to below sides */
int64_t dice_between(struct dice *dice, int64_t least, int64_t most);

struct trouble {
    const struct simulator *kheops;
    const char *revoked;   /* token, NULL: none */
    int64_t restore_at_ms; /* monotonic: when its token is good again */
    unsigned faults, revocations, absences;
};

/* One more trouble; now_ms is monotonic. */
void trouble_make(struct trouble *trouble, struct dice *dice, int64_t now_ms);
/* To be called now and then: what has its time ends by itself. */
void trouble_turn(struct trouble *trouble, int64_t now_ms);
/* Ends all of it. */
void trouble_end(struct trouble *trouble);

#endif
