/* evaluate - whether one test of a condition holds for an instance. Cannot fail, allocates nothing lasting.
 */
#ifndef FELUCCA_CONDITION_EVALUATE_H
#define FELUCCA_CONDITION_EVALUATE_H

#include "common/condition/tree.h"

bool test_holds(const struct tree *tree, const struct test *test, const struct condition_facts *facts);

/* Value number index of an operand as a text; NULL past the last. Borrowed from the tree or the facts. */
const char *operand_text(const struct tree *tree, const struct operand *operand,
                         const struct condition_facts *facts, size_t index, size_t *ret_length);

/* ... as a number, or false. */
bool operand_number(const struct tree *tree, const struct operand *operand,
                    const struct condition_facts *facts, size_t index, double *ret_number);

#endif
