/* verdict - how far a study is, in words, and what its row needs to be drawn. */
#ifndef FELUCCA_CONSOLE_VERDICT_H
#define FELUCCA_CONSOLE_VERDICT_H

#include "common/base/json.h"
#include "common/jobs/newest.h"

/* "Half there: 352 of 412 deliveries" and the like, without a full stop: appended. */
void verdict_append_headline(const struct jobdb_study_row *row, struct text *out);
/* A row's sentence: what failed or waits; nothing where all is done. Appended. */
void verdict_append(const struct jobdb_study_row *row, struct text *out);

/* Where it goes: { destination, album, state, count } each. A new reference. */
json_t *verdict_goals(const struct jobdb_study_goal *goals, size_t count);

/* How many of verdict_goals() failed: deliveries, or shares. */
int64_t verdict_count_failed(const json_t *goals, bool is_of_shares);

/* Adds to a study as a page's document has it: "wanted" (deliveries that were, or are to be, made), "good_width" and
 * "bad_width" (of a bar of 56), and "chips" (its albums). */
void verdict_shape(json_t *study);

#endif
