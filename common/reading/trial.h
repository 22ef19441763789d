/* trial - conditions that a person tries: compiled and asked by a felucca-header of its own, so that a stranger's regular
 * expression costs that process alone (decision 50).
 *
 * The router writes expressions and hands them over once (channel.h); the helper says of each whether it is a condition. From
 * then on it says of each header what each condition is for it (judgement.h). All of a trial has TRIAL_SECONDS_MAX (limit.h). */
#ifndef FELUCCA_READING_TRIAL_H
#define FELUCCA_READING_TRIAL_H

#include "common/condition/condition.h"
#include "common/reading/questions.h"

struct trial_expression {
    const char *text;
    bool is_shown; /* part by part; otherwise its verdict alone is told */
};

enum { TRIAL_EXPRESSIONS_MAX = 1000 };

/* ---- the router's side ---- */

/* As bytes, appended. in_force: of which attributes values may be told beside (tellable.h). */
void trial_write(const struct trial_expression *expressions, size_t count, const struct questions *in_force,
                 struct text *out);

/* What the helper said of one expression. */
struct trial_compiled {
    char *error;      /* NULL: it is a condition. Several lines, as condition_error_print() makes them */
    bool identifying; /* it asks for what may identify a patient (tellable.h) */
};
void trial_compiled_release(struct trial_compiled *compiled);
/* Of so many expressions; releases nothing. 0, or ERR_SYNTAX: no trial_append_compiled() of them made that. Release each in either
 * case. */
int trial_parse_compiled(const char *bytes, size_t length, size_t count, struct trial_compiled *ret_list);

/* ---- the helper's side ---- */

struct trial_condition {
    struct condition *condition; /* NULL: it is none, */
    char *error;                 /* because of that */
    bool is_shown;
};
struct trial {
    struct trial_condition *list;
    size_t count;
    struct questions *in_force;
};

/* Compiles what trial_write() made. 0 or ERR_SYNTAX. */
int trial_read(const char *bytes, size_t length, struct trial **ret_trial);
void trial_destroy(struct trial **trial);

void trial_append_compiled(const struct trial *trial, struct text *out);

#endif
