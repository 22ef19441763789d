/* run - one run of questions to a KHEOPS: its address, its tokens, and the UIDs that are made for it.
 *
 * It fills in what is in braces in answers.txt. */
#ifndef FELUCCA_SIM_RUN_H
#define FELUCCA_SIM_RUN_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct run_token {
    char *name, *value;
};

struct run {
    const char *url;  /* "https://kheops.example.org", without a path */
    uint64_t number;  /* UIDs are made from it */
    const char *when; /* the state of KHEOPS; "": as always */
    struct run_token *tokens;
    size_t token_count, token_capacity;
};

/* Lines "NAME TOKEN"; empty ones and those with # are passed over. 0, ERR_ABSENT, or ERR_SYNTAX. */
int run_read_tokens(struct run *run, const char *path);
void run_release(struct run *run);

/* Text of a request. False with the name of a token that the run has not. */
bool run_fill(const struct run *run, const char *text, struct text *out, struct text *ret_missing);

/* Text of an answer: a pattern for run_matches(), in which RUN_ANY is any text and RUN_BYTE any byte. accept: the
 * request's header, or NULL. */
#define RUN_ANY  "\xEE\x80\x80"
#define RUN_BYTE "\xEE\x80\x81"
bool run_pattern(const struct run *run, const char *text, const char *accept, struct text *out,
                 struct text *ret_missing);
bool run_matches(const char *pattern, const char *text, size_t length);

/* Appends a UID of this run, as "study 1", "series 1 2" or "instance 1 2 3" names it; false for other words. */
bool run_append_uid(const struct run *run, const char *word, struct text *out);

/* The text (or pattern) for people, without tokens: each becomes its name in braces. */
void run_append_masked(const struct run *run, const char *text, struct text *out);

#endif
