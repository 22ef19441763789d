/* explain - why a condition holds for an instance or does not: every sub-expression, its verdict, and what it
 * saw.
 *
 * Everything is evaluated, also what condition_holds() would not need to look at. Values that may identify a
 * patient are hidden unless asked for; any value is cut at EXPLAIN_SHOWN characters and free of control
 * characters. */
#ifndef FELUCCA_CONDITION_EXPLAIN_H
#define FELUCCA_CONDITION_EXPLAIN_H

#include "common/condition/condition.h"

enum { EXPLAIN_SHOWN = 64, EXPLAIN_VALUES = 3 /* shown of a path with many values */ };

enum explain_kind {
    EXPLAIN_ALL, /* of the lines below that are one deeper */
    EXPLAIN_ANY,
    EXPLAIN_NOT,
    EXPLAIN_SAME,
    EXPLAIN_DIFFER,
    EXPLAIN_CONSTANT,
    EXPLAIN_TEST
};

/* What a tag or fact of the transfer was when a test looked at it. */
struct explain_value {
    char *name; /* as conditions write it: "#Tag.Modality", "0040,0275/0040,0007", "callingAET" */
    char *texts[EXPLAIN_VALUES]; /* the first ones; none when absent, without a text, or hidden */
    size_t text_count;
    size_t total;  /* how many there are, of a path into sequences */
    bool absent;   /* no such value */
    bool hidden;   /* it may identify a patient */
    char *unknown; /* why there may be a value, or one more, all the same; NULL: there is not */
};

struct explain_line {
    enum explain_kind kind;
    unsigned depth; /* 0: the whole expression; what belongs to a line follows it, one deeper */
    enum condition_verdict verdict;
    char *text; /* the part of the expression, white space made one blank */
    struct explain_value *values;
    size_t value_count;
};

struct explanation {
    enum condition_verdict verdict;
    struct explain_line *lines;
    size_t line_count;
};

struct explanation *explain_create(const struct condition *condition,
                                   const struct condition_dictionary *dictionary,
                                   const struct condition_facts *facts, bool show_identifying);

/* The same, where hides says of each path whether its values are hidden. */
typedef bool explain_hides(const void *context, const struct condition_path *path);
struct explanation *explain_create_hiding(const struct condition *condition,
                                          const struct condition_dictionary *dictionary,
                                          const struct condition_facts *facts, explain_hides *hides,
                                          const void *context);
void explain_destroy(struct explanation **explanation);

/* "all of", "any of", ...; NULL for tests and constants. Borrowed for ever. */
const char *explain_kind_text(enum explain_kind kind);

/* Appends why it cannot be decided, as condition_tell_doubt(). */
void explain_doubt(const struct explanation *explanation, struct text *out);

/* Appends the lines for people, each after indent blanks; "?" is what cannot be decided. */
void explain_print(const struct explanation *explanation, unsigned indent, struct text *out);

/* Whether a value there may identify a patient, or somebody who cares for one. */
bool explain_is_identifying(const struct condition_path *path);

#endif
