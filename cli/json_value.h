/* json_value - what commands print with --json: one object a line, times as ISO 8601 UTC. */
#ifndef FELUCCA_CLI_JSON_VALUE_H
#define FELUCCA_CLI_JSON_VALUE_H

#include "common/base/text.h"

#include <jansson.h>
#include <stdint.h>

/* New references. NULL, and times that are 0 or less, become null; so does text that is not UTF-8. */
json_t *json_value_text(const char *text);
json_t *json_value_time(int64_t wall_ms);

/* Prints the object and a newline on stdout, and gives it up. */
void json_value_print(json_t *object);
/* Appends the same instead. */
void json_value_append(struct text *out, json_t *object);

/* For AUTO(): gives up a reference. */
void json_value_release(json_t **value);

#endif
