#include "common/condition/evaluate.h"

#include <string.h>

const char *operand_text(const struct tree *tree, const struct operand *operand,
                         const struct condition_facts *facts, size_t index, size_t *ret_length)
{
    *ret_length = 0;
    switch (operand->kind) {
    case OPERAND_TEXT:
        return facts->text(facts->context, &tree->paths[operand->path], index, ret_length);
    case OPERAND_TRANSFER:
        return index == 0 ? facts->transfer(facts->context, operand->transfer, ret_length) : NULL;
    case OPERAND_STRING:
    case OPERAND_NUMBER:
        *ret_length = operand->length;
        return index == 0 ? operand->bytes : NULL;
    case OPERAND_TAG_NUMBER:
        break;
    }
    return NULL;
}

bool operand_number(const struct tree *tree, const struct operand *operand,
                    const struct condition_facts *facts, size_t index, double *ret_number)
{
    if (operand->kind == OPERAND_TAG_NUMBER)
        return facts->number(facts->context, &tree->paths[operand->path], index, ret_number);
    *ret_number = operand->number;
    return index == 0;
}

/* A value function: one text against another. */
static bool text_fits(enum test_kind kind, const char *text, size_t length, const char *value,
                      size_t value_length)
{
    if (value_length > length)
        return false;
    switch (kind) {
    case TEST_EQUALS:
    case TEST_ONE_OF:
        return value_length == length && memcmp(text, value, length) == 0;
    case TEST_CONTAINS:
        return memmem(text, length, value, value_length) != NULL;
    case TEST_BEGINS:
        return memcmp(text, value, value_length) == 0;
    default:
        return memcmp(text + length - value_length, value, value_length) == 0;
    }
}

/* Whether any value of left fits any value of right; only one of them may have more than one. */
static bool any_fits(const struct tree *tree, enum test_kind kind, const struct operand *left,
                     const struct operand *right, const struct condition_facts *facts)
{
    const char *text, *value;
    size_t length, value_length;
    for (size_t i = 0; (text = operand_text(tree, left, facts, i, &length)); i++) {
        for (size_t j = 0;; j++) {
            value = operand_text(tree, right, facts, j, &value_length);
            if (!value && j > 0)
                break;
            if (text_fits(kind, text, length, value ? value : "", value_length))
                return true;
            if (!operand_is_many(tree, right))
                break;
        }
        if (!operand_is_many(tree, left))
            break;
    }
    return false;
}

static bool order_fits(enum test_kind kind, int order)
{
    switch (kind) {
    case TEST_EQUAL:
        return order == 0;
    case TEST_UNEQUAL:
        return order != 0;
    case TEST_LESS:
        return order < 0;
    case TEST_LESS_EQUAL:
        return order <= 0;
    case TEST_GREATER:
        return order > 0;
    default:
        return order >= 0;
    }
}

static int text_order(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t shorter = a_length < b_length ? a_length : b_length;
    int order = shorter > 0 ? memcmp(a, b, shorter) : 0;
    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

/* A comparison of two texts; a missing text is an empty one. Of several values one must fit, or for != all.
 */
static bool texts_compare(const struct tree *tree, const struct test *test,
                          const struct condition_facts *facts)
{
    const struct operand *left = &tree->operands[test->left], *right = &tree->operands[test->right];
    bool left_many = operand_is_many(tree, left), many = left_many || operand_is_many(tree, right);
    bool all = test->kind == TEST_UNEQUAL;
    for (size_t i = 0;; i++) {
        size_t a_length, b_length;
        const char *a = operand_text(tree, left, facts, left_many ? i : 0, &a_length);
        const char *b = operand_text(tree, right, facts, left_many ? 0 : i, &b_length);
        if (i > 0 && !(left_many ? a : b))
            return all;
        if (order_fits(test->kind, text_order(a ? a : "", a_length, b ? b : "", b_length)) != all)
            return !all;
        if (!many)
            return all;
    }
}

/* A comparison of two numbers, false when one is missing. Of several values one must fit, or for != all. */
static bool numbers_compare(const struct tree *tree, const struct test *test,
                            const struct condition_facts *facts)
{
    const struct operand *left = &tree->operands[test->left], *right = &tree->operands[test->right];
    bool left_many = operand_is_many(tree, left), many = left_many || operand_is_many(tree, right);
    bool all = test->kind == TEST_UNEQUAL;
    for (size_t i = 0;; i++) {
        double a, b;
        if (!operand_number(tree, left, facts, left_many ? i : 0, &a) ||
            !operand_number(tree, right, facts, left_many ? 0 : i, &b))
            return i > 0 && all;
        if (order_fits(test->kind, (a > b) - (a < b)) != all)
            return !all;
        if (!many)
            return all;
    }
}

static bool any_matches(const struct tree *tree, const struct test *test, const struct condition_facts *facts)
{
    const struct operand *left = &tree->operands[test->left];
    size_t i = 0, length;
    const char *text = operand_text(tree, left, facts, 0, &length);
    do {
        if (regex_matches(test->regex, text ? text : "", length, i))
            return true;
        i++;
    } while (operand_is_many(tree, left) && text && (text = operand_text(tree, left, facts, i, &length)));
    return false;
}

bool test_holds(const struct tree *tree, const struct test *test, const struct condition_facts *facts)
{
    const struct operand *left = &tree->operands[test->left];
    if (test->kind == TEST_PRESENT)
        return facts->is_present(facts->context, &tree->paths[left->path]);
    if (test->kind == TEST_MATCHES)
        return any_matches(tree, test, facts);
    if (test->kind >= TEST_EQUAL)
        return test->numbers ? numbers_compare(tree, test, facts) : texts_compare(tree, test, facts);
    for (uint32_t i = 0; i < test->right_count; i++)
        if (any_fits(tree, test->kind, left, &tree->operands[test->right + i], facts))
            return true;
    return false;
}
