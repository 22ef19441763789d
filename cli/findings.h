/* findings - what a check found, in order: one list, of which both the lines for people and the objects for programs
 * are made. */
#ifndef FELUCCA_CLI_FINDINGS_H
#define FELUCCA_CLI_FINDINGS_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>

#define FINDING_MAP(X) /* name, how its line begins, its verdict in JSON */ \
    X(SUMMARY, "", "ok")                                                    \
    X(OK, "ok     ", "ok")                                                  \
    X(WRONG, "WRONG  ", "wrong")                                            \
    X(NOTE, "note   ", "note")

enum finding_verdict {
#define X(name, start, verdict) FINDING_##name,
    FINDING_MAP(X)
#undef X
};

struct finding {
    enum finding_verdict verdict;
    struct text sentence, more; /* more: further sentences, each a line that ends with a newline */
};

/* Starts zeroed. */
struct findings {
    struct finding *list;
    size_t count, capacity;
};

/* The sentence is copied, and has no newline at its end. */
void findings_add(struct findings *findings, enum finding_verdict verdict, const char *sentence);
/* Each line of the text is a finding; blank ones are none. */
void findings_add_lines(struct findings *findings, enum finding_verdict verdict, const char *lines);
/* A further sentence of the last finding, of which there is one. */
void findings_add_more(struct findings *findings, const char *sentence);

/* Whether none is wrong. */
bool findings_are_well(const struct findings *findings);

/* A line each, and one for each further sentence below it; appended. */
void findings_append_lines(const struct findings *findings, struct text *out);
/* An object a line, with verdict and sentence; appended. */
void findings_append_json(const struct findings *findings, struct text *out);

void findings_release(struct findings *findings);

#endif
