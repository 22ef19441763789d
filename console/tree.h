/* tree - the parts of a condition with their verdicts, for the template of that name. */
#ifndef FELUCCA_CONSOLE_TREE_H
#define FELUCCA_CONSOLE_TREE_H

#include "common/base/json.h"

/* Adds is_yes, is_no and is_open by a member that is true, false or null. */
void tree_shape_verdict(json_t *object, const char *member);

/* Lines as explain_json_lines() has them, or with counts in place of verdicts and values: opens, closes, is_part, and of each value what
 * was seen, in words. */
void tree_shape(json_t *lines);

#endif
