/* An expression (up to the first NUL), and values that its tags have: the verdict is the same when the tree
 * is walked from its leaves up, and its negation is the opposite. Each value after a NUL stands for one tag
 * and one item: which one is its first byte. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/condition/explain.h"
#include "tests/fuzz/words.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { VALUES = 8 };

struct values {
    const char *texts[VALUES];
    size_t lengths[VALUES];
    size_t count;
};

/* Which value a path has first; the others follow for paths into sequences. */
static size_t place(const struct condition_path *path, size_t index)
{
    uint32_t mixed = 0;
    for (size_t i = 0; i < path->depth; i++)
        mixed = mixed * 31 + path->tags[i];
    return mixed % VALUES + index;
}

static const char *text(void *context, const struct condition_path *path, size_t index, size_t *ret_length)
{
    const struct values *values = context;
    size_t at = place(path, index);
    if (at >= values->count || (path->depth == 1 && index > 0) || values->lengths[at] == 0)
        return NULL;
    *ret_length = values->lengths[at];
    return values->texts[at];
}

static bool is_present(void *context, const struct condition_path *path)
{
    size_t length;
    return text(context, path, 0, &length) != NULL;
}

static bool number(void *context, const struct condition_path *path, size_t index, double *ret_number)
{
    size_t length = 0;
    char buffer[32], *end;
    const char *from = text(context, path, index, &length);
    if (!from || length >= sizeof buffer)
        return false;
    memcpy(buffer, from, length);
    buffer[length] = '\0';
    *ret_number = strtod(buffer, &end);
    return end != buffer && *end == '\0' && *ret_number == *ret_number;
}

static const char *transfer(void *context, enum condition_transfer fact, size_t *ret_length)
{
    const struct values *values = context;
    if ((size_t)fact >= values->count)
        return NULL;
    *ret_length = values->lengths[fact];
    return values->texts[fact];
}

static void split(const char *bytes, size_t length, struct values *ret_values)
{
    *ret_values = (struct values){.count = 0};
    while (ret_values->count < VALUES) {
        const char *end = length > 0 ? memchr(bytes, '\0', length) : NULL;
        size_t part = end ? (size_t)(end - bytes) : length;
        ret_values->texts[ret_values->count] = bytes;
        ret_values->lengths[ret_values->count++] = part;
        if (!end)
            return;
        bytes += part + 1;
        length -= part + 1;
    }
}

/* Every other attribute that is not found may be there all the same. */
static const char *unknown(void *context, const struct condition_path *path, enum condition_aspect aspect)
{
    (void)context;
    return path && (path->tags[0] + aspect) % 2 == 0 ? "it may be there" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    AUTO(memory_free) char *copy = memory_string_n((const char *)bytes, length);
    AUTO(condition_destroy) struct condition *condition = NULL;
    AUTO(condition_destroy) struct condition *negated = NULL;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    AUTO(text_release) struct text negation = TEXT_EMPTY;
    AUTO(text_release) struct text printed = TEXT_EMPTY;
    struct values values;
    size_t expression = strlen(copy);
    if (condition_compile(copy, &word_dictionary, &condition, &error) != 0)
        return 0;
    split(copy + (expression < length ? expression + 1 : expression),
          expression < length ? length - expression - 1 : 0, &values);
    const struct condition_facts facts = {&values, is_present, text, number, transfer, unknown};
    enum condition_verdict verdict = condition_judge(condition, &facts);
    AUTO(explain_destroy)
    struct explanation *explanation = explain_create(condition, &word_dictionary, &facts, length % 2);
    assert(explanation->verdict == verdict);
    explain_print(explanation, 2, &printed);
    text_format(&negation, "!(%s)", copy);
    if (condition_compile(negation.bytes, &word_dictionary, &negated, &error) == 0)
        assert(condition_judge(negated, &facts) + verdict == CONDITION_TRUE);
    return 0;
}
