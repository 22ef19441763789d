/* Any text as an expression: it is compiled, or refused with a place inside it and a message. */
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/condition/condition.h"
#include "tests/fuzz/words.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    AUTO(memory_free) char *expression = memory_string_n((const char *)bytes, length);
    AUTO(condition_destroy) struct condition *condition = NULL;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    AUTO(text_release) struct text printed = TEXT_EMPTY;
    int result = condition_compile(expression, &word_dictionary, &condition, &error);
    if (result == 0) {
        assert(condition && !error.message && strcmp(condition_text(condition), expression) == 0);
        return 0;
    }
    assert(result == ERR_SYNTAX && !condition);
    assert(error.message && *error.message && error.length > 0 && error.offset <= strlen(expression));
    condition_error_print(expression, &error, &printed);
    assert(printed.length > 0 && printed.length < 2000);
    return 0;
}
