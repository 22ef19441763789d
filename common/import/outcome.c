#include "common/import/outcome.h"

static const struct {
    enum outcome_kind kind;
    const char *word, *sentence;
} outcomes[] = {
#define X(name, kind, word, sentence) {OUTCOME_##kind, word, sentence},
    OUTCOME_MAP(X)
#undef X
};

enum outcome_kind outcome_kind(enum outcome outcome)
{
    return outcomes[outcome].kind;
}

const char *outcome_word(enum outcome outcome)
{
    return outcomes[outcome].word;
}

const char *outcome_sentence(enum outcome outcome)
{
    return outcomes[outcome].sentence;
}
