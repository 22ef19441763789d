/* recorded - the table of what KHEOPS answers: answers.txt, which says what its lines mean.
 *
 * The simulator looks an answer up by its name; the client mode (compare.h) asks the questions. */
#ifndef FELUCCA_SIM_RECORDED_H
#define FELUCCA_SIM_RECORDED_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* Lines of the table, in order; borrowed from it. */
struct recorded_lines {
    const char **lines;
    size_t count, capacity;
};

struct recorded {
    const char *name, *words;
    const char *when; /* the state that KHEOPS has to be in; "": as always */
    bool asked, real;
    const char *method, *path; /* NULL: not asked */
    struct recorded_lines request_headers, request_body;
    int status;
    struct recorded_lines headers; /* "Name: value", or "-Name" for one that must not be there */
    char *body;                    /* the lines joined; NULL: nothing is said about it */
};

struct recorded_table;

/* The table that is built in (path NULL) or one in a file. 0, ERR_ABSENT or ERR_SYNTAX with a sentence. */
int recorded_table_read(const char *path, struct recorded_table **ret_table, struct text *ret_reason);
void recorded_table_destroy(struct recorded_table **table);

size_t recorded_count(const struct recorded_table *table);
const struct recorded *recorded_at(const struct recorded_table *table, size_t i);
/* NULL when there is none of that name. */
const struct recorded *recorded_find(const struct recorded_table *table, const char *name);

/* What is in braces at *cursor, without them, appended to ret_word, and the cursor behind them; false, and
 * nothing happens, where there is no word in braces. */
bool recorded_take_word(const char **cursor, struct text *ret_word);

#endif
