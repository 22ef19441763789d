#define PCRE2_CODE_UNIT_WIDTH 8

#include "common/condition/regex.h"

#include "common/base/err.h"
#include "common/base/memory.h"

#include <pcre2.h>
#include <stdlib.h>

/* No text gets fewer steps a starting place than this, enough for a plain word. */
enum { STEPS_LEAST = 100, HEAP_KIB = 8192, DEPTH = 10000 };

struct regex {
    pcre2_code *code;
};

int regex_compile(const char *pattern, size_t length, struct regex **ret_regex, char *message, size_t size,
                  size_t *ret_offset)
{
    int error = 0;
    PCRE2_SIZE offset = 0;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern, length,
                      PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C, &error, &offset, NULL);
    if (!code) {
        if (pcre2_get_error_message(error, (PCRE2_UCHAR *)message, size) < 0)
            (void)snprintf(message, size, "not a regular expression");
        *ret_offset = offset < length ? offset : length;
        return ERR_SYNTAX;
    }
    *ret_regex = memory_new(1, sizeof **ret_regex);
    (*ret_regex)->code = code;
    return 0;
}

void regex_destroy(struct regex **regex)
{
    if (!*regex)
        return;
    pcre2_code_free((*regex)->code);
    free(*regex);
    *regex = NULL;
}

/* PCRE2 counts steps anew for every starting place, so the whole is bounded by places times limit. */
static uint32_t steps_a_place(size_t length, size_t earlier)
{
    size_t steps = REGEX_STEPS / (length + 1) / (earlier + 1);
    return steps > STEPS_LEAST ? (uint32_t)steps : STEPS_LEAST;
}

enum condition_verdict regex_matches(const struct regex *regex, const char *text, size_t length,
                                     size_t earlier)
{
    bool cut = length > REGEX_SUBJECT_MAX;
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    int result = PCRE2_ERROR_NOMEMORY;
    if (cut)
        length = REGEX_SUBJECT_MAX;
    if (context && data) {
        pcre2_set_match_limit(context, steps_a_place(length, earlier));
        pcre2_set_depth_limit(context, DEPTH);
        pcre2_set_heap_limit(context, HEAP_KIB);
        result = pcre2_match(regex->code, (PCRE2_SPTR)text, length, 0, 0, data, context);
    }
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    /* 0: found, but the groups do not fit into our one pair of offsets, which nobody reads. */
    if (result >= 0)
        return CONDITION_TRUE;
    return result == PCRE2_ERROR_NOMATCH && !cut ? CONDITION_FALSE : CONDITION_UNDECIDED;
}
