#include "common/wire/blame.h"

static const struct blame_rule rules[] = {
#define X(name, text, attempt, together, target, excuse, says, others, nothing)                \
    [BLAME_##name] = {text, BLAME_##attempt, BLAME_##together, BLAME_##target, BLAME_##excuse, \
                      says, others,          nothing},
    BLAME_MAP(X)
#undef X
};

const struct blame_rule *blame_rule(enum blame blame)
{
    return &rules[blame];
}

const char *blame_name(enum blame blame)
{
    return rules[blame].text;
}

void blame_reference(struct text *out)
{
    text_append(out, "| blamed | a worker says it for | others pass | nothing passes |\n|---|---|---|---|\n");
    for (int i = 0; i < BLAMES; i++)
        text_format(out, "| `%s` | %s | %s | %s |\n", rules[i].text, rules[i].says, rules[i].others,
                    rules[i].nothing);
}
