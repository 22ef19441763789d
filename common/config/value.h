/* value - the kinds of scalars: how each is written, checked and printed.
 *
 * Parsers answer 0, or ERR_SYNTAX or ERR_RANGE with "is not ...; write ..." appended to reason: what is wrong
 * and what would be right, without the value itself (the reader shows it where it may be shown). */
#ifndef FELUCCA_CONFIG_VALUE_H
#define FELUCCA_CONFIG_VALUE_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stdint.h>

int config_value_integer(const char *text, int64_t least, int64_t most, int64_t *ret_value,
                         struct text *reason);
int config_value_boolean(const char *text, bool *ret_value, struct text *reason);

/* "500ms", "5s", "15m", "12h", "30d"; or word (such as "never"; NULL: none), which means 0. */
int config_value_duration(const char *text, const char *word, int64_t least_ms, int64_t most_ms,
                          int64_t *ret_ms, struct text *reason);
void config_value_print_duration(struct text *out, const char *word, int64_t ms);

/* "512B", "64KiB", "64MiB", "1GiB", "2TiB". */
int config_value_size(const char *text, int64_t least, int64_t most, int64_t *ret_bytes, struct text *reason);
void config_value_print_size(struct text *out, int64_t bytes);

/* One of the words, ended by NULL; its place in the list. */
int config_value_choice(const char *text, const char *const *words, int *ret_index, struct text *reason);

/* DICOM's AE title: 1 to 16 ASCII characters, no backslash, no control character, no blank at either end. */
int config_value_check_aet(const char *text, struct text *reason);
/* A destination's or album's name: 1 to 64 characters, without slash and control characters. */
int config_value_check_name(const char *text, struct text *reason);
int config_value_check_uid(const char *text, struct text *reason);
/* A CURVE key in Z85. */
int config_value_check_key(const char *text, struct text *reason);
/* A day of the calendar: "2027-02-26". */
int config_value_check_date(const char *text, struct text *reason);
/* Anything on one line. */
int config_value_check_line(const char *text, struct text *reason);

#endif
