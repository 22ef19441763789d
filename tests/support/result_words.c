#include "tests/support/result_words.h"

void result_describe(const struct work_result *result, struct text *out)
{
    for (size_t i = 0; i < result->answer_count; i++) {
        const struct work_answer *answer = &result->answers[i];
        bool nobody = answer->blame == BLAME_NOBODY;
        text_format(out, "%s%s%s%s", i ? " " : "", work_outcome_name(answer->outcome), nobody ? "" : "/",
                    nobody ? "" : blame_name(answer->blame));
    }
}
