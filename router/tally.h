/* tally - what a condition that is tried was for the headers it was asked of, part by part.
 *
 * Of a test that never held it has the values that were there instead, by count and the nearest first; never those that may identify
 * a patient. Bounded: TALLY_LINES parts, which look at TALLY_LOOKED tags or facts in all of them, TALLY_VALUES values of each; and the
 * comparisons of an answer, TALLY_CELLS, since the router makes it in one piece. */
#ifndef FELUCCA_ROUTER_TALLY_H
#define FELUCCA_ROUTER_TALLY_H

#include "common/base/json.h"
#include "common/condition/explain.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    TALLY_LINES = 400,
    TALLY_LOOKED = 400,
    TALLY_VALUES = 100,
    TALLY_TOLD = 10,      /* groups of values */
    TALLY_CELLS = 2000000 /* near_cells() */
};

struct tally;

struct tally *tally_create(void);
void tally_destroy(struct tally **tally);

/* Adds one header, or the newest one of a series. False, and nothing is added: it has more than TALLY_LINES parts, they look at
 * more than TALLY_LOOKED, or it is no explanation of the same condition. */
bool tally_add(struct tally *tally, const struct explanation *explanation);

/* The parts as explain_json_lines() has them, with counts: [{ depth, kind, text, yes, no, undecided, never, values }]. values, only
 * of a test that never held: [{ name, hidden, absent, without_text, unknown, seen, others, more }], where seen is [{ text, how, part, count,
 * values }], the nearest first: text, the value that most had; how "begins", "ends", "holds": so many values have that part in common,
 * which is near to what was wanted; "is": text alone is meant. others: values beyond those; more: there were even more, which were not
 * counted. Only what a test looks at first is held against what it wants. The values of the others are ordered by their count alone, and
 * so are all for which the rest of TALLY_CELLS is not enough. A new reference. */
json_t *tally_lines(const struct tally *tally);

#endif
