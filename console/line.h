/* line - what happened to a study, drawn on a line of time: what a template needs.
 *
 *     { label, within, more, lanes: [{ name, is_album, said }], keys: [{ mark, tone, word }], drawings: [one each of three sizes] }
 *
 * A drawing is as wide as its page: lengths from left to right are parts of a hundred, those from top to bottom are pixels. It is
 * made for the least width that its size is shown at (console.css), so that nothing overlaps at a larger one. Texts that hold a
 * time also have it as ISO 8601 and the form it is written in, for the reader's own zone. */
#ifndef FELUCCA_CONSOLE_LINE_H
#define FELUCCA_CONSOLE_LINE_H

#include "common/base/json.h"
#include "common/jobs/jobdb.h"

#include <stdint.h>

/* Of a study and its goals (verdict_goals()). A new reference; null: nothing has happened that is remembered. now: wall ms. */
json_t *line_of(struct jobdb *db, const char *study, const json_t *goals, int64_t now);

#endif
