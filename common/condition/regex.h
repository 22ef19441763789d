/* regex - a regular expression of the condition language; the only file that knows PCRE2.
 *
 * Compiled once, when the configuration is read. Matching is bounded: it looks at the first REGEX_SUBJECT_MAX
 * bytes of a text, and takes at most about REGEX_STEPS steps, so that no pattern and no text can stall the
 * process; what is not found within that is not known. Read-only once compiled. */
#ifndef FELUCCA_CONDITION_REGEX_H
#define FELUCCA_CONDITION_REGEX_H

#include "common/condition/terms.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REGEX_SUBJECT_MAX = 64 * 1024, REGEX_STEPS = 20000000 };

struct regex;

/* 0, or ERR_SYNTAX with what is wrong in message (of size bytes) and where in *ret_offset. */
int regex_compile(const char *pattern, size_t length, struct regex **ret_regex, char *message, size_t size,
                  size_t *ret_offset);
void regex_destroy(struct regex **regex);

/* Whether the pattern is found anywhere in the text, which should be UTF-8. earlier is the number of texts
 * tried before by the same test: the more there were, the fewer steps each of the others gets. */
enum condition_verdict regex_matches(const struct regex *regex, const char *text, size_t length,
                                     size_t earlier);

#endif
