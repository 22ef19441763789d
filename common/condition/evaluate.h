/* evaluate - what one test of a condition is for an instance. Cannot fail, allocates nothing lasting. */
#ifndef FELUCCA_CONDITION_EVALUATE_H
#define FELUCCA_CONDITION_EVALUATE_H

#include "common/condition/tree.h"

enum condition_verdict test_judge(const struct tree *tree, const struct test *test,
                                  const struct condition_facts *facts);

/* Value number index of an operand as a text; NULL past the last. Borrowed from the tree or the facts. */
const char *operand_text(const struct tree *tree, const struct operand *operand,
                         const struct condition_facts *facts, size_t index, size_t *ret_length);

/* ... as a number, or false. */
bool operand_number(const struct tree *tree, const struct operand *operand,
                    const struct condition_facts *facts, size_t index, double *ret_number);

/* After one of the two found nothing, or nothing more, or the test of presence did: NULL, or why there may be
 * something all the same. */
const char *operand_doubt(const struct tree *tree, const struct operand *operand,
                          const struct condition_facts *facts, enum condition_aspect aspect);

#endif
