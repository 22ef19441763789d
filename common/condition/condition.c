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
