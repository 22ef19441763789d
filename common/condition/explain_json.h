/* explain_json - an explanation as JSON, for the documents and answers that carry one. */
#ifndef FELUCCA_CONDITION_EXPLAIN_JSON_H
#define FELUCCA_CONDITION_EXPLAIN_JSON_H

#include "common/base/json.h"
#include "common/condition/explain.h"

/* true, false, or null: it cannot be decided. A new reference, as all here. */
json_t *explain_json_verdict(enum condition_verdict verdict);

/* "all of", "test", "constant", …: borrowed for ever. */
const char *explain_json_kind(enum explain_kind kind);

/* One line: { kind, verdict, text }, and "values" where it looked at any: [{ name, texts, total, absent, hidden, unknown }]. */
json_t *explain_json_line(const struct explain_line *line);

/* All lines in their order, each with its "depth" as well. */
json_t *explain_json_lines(const struct explanation *explanation);

#endif
