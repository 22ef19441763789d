/* question - what a command asks on the terminal, where no option said it. */
#ifndef FELUCCA_CLI_QUESTION_H
#define FELUCCA_CLI_QUESTION_H

#include "common/base/text.h"

#include <stdbool.h>

/* Whether there is a terminal to ask on. */
bool question_possible(void);

/* Asks and appends the answer, or usual (may be NULL) when it is empty. False: the input ended. */
bool question_ask(const char *question, const char *usual, struct text *ret_answer);

/* The same for a secret: what is typed is not shown. */
bool question_ask_secret(const char *question, struct text *ret_answer);

#endif
