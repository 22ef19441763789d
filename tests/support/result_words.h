/* result_words - what a RESULT says, in words: "done retry/group reject/instance", one an item. */
#ifndef FELUCCA_TESTS_RESULT_WORDS_H
#define FELUCCA_TESTS_RESULT_WORDS_H

#include "common/wire/work.h"

/* Appends outcome/blame of each item; nothing behind the outcome where nobody is blamed. */
void result_describe(const struct work_result *result, struct text *out);

#endif
