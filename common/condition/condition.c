#include "common/condition/condition.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/condition/compiled.h"
#include "common/condition/parser.h"

#include <stdlib.h>

int condition_compile(const char *text, const struct condition_dictionary *dictionary,
                      struct condition **ret_condition, struct condition_error *ret_error)
{
    AUTO(condition_destroy) struct condition *condition = memory_new(1, sizeof *condition);
    int error = parser_run(text, dictionary, &condition->tree, ret_error);
    if (error)
        return error;
    program_generate(&condition->tree, &condition->program);
    condition->text = memory_string(text);
    *ret_condition = condition;
    condition = NULL;
    return 0;
}

void condition_destroy(struct condition **condition)
{
    if (!*condition)
        return;
    tree_release(&(*condition)->tree);
    program_release(&(*condition)->program);
    free((*condition)->text);
    free(*condition);
    *condition = NULL;
}

const char *condition_text(const struct condition *condition)
{
    return condition->text;
}

enum condition_verdict condition_judge(const struct condition *condition, const struct condition_facts *facts)
{
    return program_run(&condition->program, &condition->tree, facts);
}

bool condition_holds(const struct condition *condition, const struct condition_facts *facts)
{
    return condition_judge(condition, facts) == CONDITION_TRUE;
}

/* What each() is to be told. */
struct asker {
    const struct tree *tree;
    void (*each)(void *context, const struct condition_path *path, enum condition_aspect aspect);
    void *context;
};

static void ask_operand(const struct asker *asker, const struct test *test, const struct operand *operand)
{
    if (operand->kind != OPERAND_TEXT && operand->kind != OPERAND_TAG_NUMBER)
        return;
    enum condition_aspect aspect = test->kind == TEST_PRESENT            ? CONDITION_PRESENCE
                                   : operand->kind == OPERAND_TAG_NUMBER ? CONDITION_NUMBER
                                                                         : CONDITION_TEXT;
    asker->each(asker->context, &asker->tree->paths[operand->path], aspect);
}

void condition_each_question(const struct condition *condition,
                             void (*each)(void *context, const struct condition_path *path,
                                          enum condition_aspect aspect),
                             void *context)
{
    const struct tree *tree = &condition->tree;
    const struct asker asker = {tree, each, context};
    for (size_t i = 0; i < tree->test_count; i++) {
        const struct test *test = &tree->tests[i];
        bool alone = test->kind == TEST_PRESENT || test->kind == TEST_MATCHES;
        uint32_t count = alone ? 0 : test->kind >= TEST_EQUAL ? 1 : test->right_count;
        ask_operand(&asker, test, &tree->operands[test->left]);
        for (uint32_t j = 0; j < count; j++)
            ask_operand(&asker, test, &tree->operands[test->right + j]);
    }
}
