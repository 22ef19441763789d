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

const char *operand_doubt(const struct tree *tree, const struct operand *operand,
                          const struct condition_facts *facts, enum condition_aspect aspect)
{
    if (!facts->unknown || operand->kind == OPERAND_STRING || operand->kind == OPERAND_NUMBER)
        return NULL;
    const struct condition_path *path =
        operand->kind == OPERAND_TRANSFER ? NULL : &tree->paths[operand->path];
    return facts->unknown(facts->context, path, aspect);
}

static enum condition_verdict verdict_of(bool holds, bool doubt)
{
    return holds ? CONDITION_TRUE : doubt ? CONDITION_UNDECIDED : CONDITION_FALSE;
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

/* One text against each value of right; a missing one is an empty text. */
static enum condition_verdict fits_any(const struct tree *tree, enum test_kind kind, const char *text,
                                       size_t length, const struct operand *right,
                                       const struct condition_facts *facts)
{
    for (size_t i = 0;; i++) {
        size_t value_length;
        const char *value = operand_text(tree, right, facts, i, &value_length);
        bool doubt = !value && operand_doubt(tree, right, facts, CONDITION_TEXT);
        if (!value && (i > 0 || doubt))
            return verdict_of(false, doubt);
        if (text_fits(kind, text, length, value ? value : "", value_length))
            return CONDITION_TRUE;
        if (!operand_is_many(tree, right))
            return CONDITION_FALSE;
    }
}

/* Whether any value of left fits any value of right; only one of them may have more than one. */
static enum condition_verdict any_fits(const struct tree *tree, enum test_kind kind,
                                       const struct operand *left, const struct operand *right,
                                       const struct condition_facts *facts)
{
    bool doubt = false;
    for (size_t i = 0;; i++) {
        size_t length;
        const char *text = operand_text(tree, left, facts, i, &length);
        if (!text)
            return verdict_of(false, doubt || operand_doubt(tree, left, facts, CONDITION_TEXT));
        enum condition_verdict fits = fits_any(tree, kind, text, length, right, facts);
        if (fits == CONDITION_TRUE)
            return fits;
        doubt = doubt || fits == CONDITION_UNDECIDED;
        if (!operand_is_many(tree, left))
            return verdict_of(false, doubt);
    }
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

/* A comparison of two texts; a missing text is an empty one. Of several values one must fit, or
 * for != all. */
static enum condition_verdict texts_compare(const struct tree *tree, const struct test *test,
                                            const struct condition_facts *facts)
{
    const struct operand *left = &tree->operands[test->left], *right = &tree->operands[test->right];
    bool left_many = operand_is_many(tree, left), many = left_many || operand_is_many(tree, right);
    bool all = test->kind == TEST_UNEQUAL;
    for (size_t i = 0;; i++) {
        size_t a_length, b_length;
        const char *a = operand_text(tree, left, facts, left_many ? i : 0, &a_length);
        const char *b = operand_text(tree, right, facts, left_many ? 0 : i, &b_length);
        if ((!a && operand_doubt(tree, left, facts, CONDITION_TEXT)) ||
            (!b && operand_doubt(tree, right, facts, CONDITION_TEXT)))
            return CONDITION_UNDECIDED;
        if (i > 0 && !(left_many ? a : b))
            return verdict_of(all, false);
        if (order_fits(test->kind, text_order(a ? a : "", a_length, b ? b : "", b_length)) != all)
            return verdict_of(!all, false);
        if (!many)
            return verdict_of(all, false);
    }
}

/* One of two numbers that are compared. */
struct side {
    const struct operand *operand;
    bool many, found, unknown;
    double number;
};

static void read_side(const struct tree *tree, const struct condition_facts *facts, size_t index,
                      struct side *side)
{
    side->found = operand_number(tree, side->operand, facts, side->many ? index : 0, &side->number);
    side->unknown = !side->found && operand_doubt(tree, side->operand, facts, CONDITION_NUMBER);
}

/* Not a single number: whatever it is compared with, it is false. */
static bool has_none(const struct side *side, size_t index)
{
    return !side->found && !side->unknown && (index == 0 || !side->many);
}

/* A comparison of two numbers, false when one is missing. Of several values one must fit, or for != all. */
static enum condition_verdict numbers_compare(const struct tree *tree, const struct test *test,
                                              const struct condition_facts *facts)
{
    struct side left = {.operand = &tree->operands[test->left]},
                right = {.operand = &tree->operands[test->right]};
    left.many = operand_is_many(tree, left.operand);
    right.many = operand_is_many(tree, right.operand);
    bool all = test->kind == TEST_UNEQUAL;
    for (size_t i = 0;; i++) {
        read_side(tree, facts, i, &left);
        read_side(tree, facts, i, &right);
        if (has_none(&left, i) || has_none(&right, i))
            return CONDITION_FALSE;
        if (left.unknown || right.unknown)
            return CONDITION_UNDECIDED;
        if (!left.found || !right.found)
            return verdict_of(all, false);
        double a = left.number, b = right.number;
        if (order_fits(test->kind, (a > b) - (a < b)) != all)
            return verdict_of(!all, false);
        if (!left.many && !right.many)
            return verdict_of(all, false);
    }
}

static enum condition_verdict any_matches(const struct tree *tree, const struct test *test,
                                          const struct condition_facts *facts)
{
    const struct operand *left = &tree->operands[test->left];
    bool doubt = false;
    for (size_t i = 0;; i++) {
        size_t length;
        const char *text = operand_text(tree, left, facts, i, &length);
        doubt = doubt || (!text && operand_doubt(tree, left, facts, CONDITION_TEXT));
        if (!text && (i > 0 || doubt))
            return verdict_of(false, doubt);
        enum condition_verdict matches = regex_matches(test->regex, text ? text : "", length, i);
        if (matches == CONDITION_TRUE)
            return matches;
        doubt = doubt || matches == CONDITION_UNDECIDED;
        if (!operand_is_many(tree, left) || !text)
            return verdict_of(false, doubt);
    }
}

static enum condition_verdict is_present(const struct tree *tree, const struct operand *operand,
                                         const struct condition_facts *facts)
{
    if (facts->is_present(facts->context, &tree->paths[operand->path]))
        return CONDITION_TRUE;
    return verdict_of(false, operand_doubt(tree, operand, facts, CONDITION_PRESENCE));
}

enum condition_verdict test_judge(const struct tree *tree, const struct test *test,
                                  const struct condition_facts *facts)
{
    const struct operand *left = &tree->operands[test->left];
    if (test->kind == TEST_PRESENT)
        return is_present(tree, left, facts);
    if (test->kind == TEST_MATCHES)
        return any_matches(tree, test, facts);
    if (test->kind >= TEST_EQUAL)
        return test->numbers ? numbers_compare(tree, test, facts) : texts_compare(tree, test, facts);
    enum condition_verdict best = CONDITION_FALSE;
    for (uint32_t i = 0; i < test->right_count && best != CONDITION_TRUE; i++) {
        enum condition_verdict fits =
            any_fits(tree, test->kind, left, &tree->operands[test->right + i], facts);
        best = fits > best ? fits : best;
    }
    return best;
}
