#include "common/config/occasions.h"

#include "common/base/err.h"
#include "common/config/value.h"

#include <string.h>

enum limit_kind { LIMIT_NOTHING, LIMIT_DURATION, LIMIT_SIZE };

#define LEAST_MS   INT64_C(1000)
#define MOST_MS    (INT64_C(365) * 24 * 3600 * 1000)
#define LEAST_SIZE (INT64_C(1) << 20)
#define MOST_SIZE  (INT64_C(1) << 50)

static const struct {
    const char *word;
    enum limit_kind limit;
    int64_t standard;
} occasions[] = {
#define X(NAME, word, limit, standard, meaning) {word, LIMIT_##limit, standard},
    OCCASION_MAP(X)
#undef X
};

const char *occasion_word(enum occasion occasion)
{
    return occasions[occasion].word;
}

static int unknown_occasion(struct text *reason)
{
    text_append(reason, "is no cause; write one of ");
    for (int i = 0; i < OCCASIONS; i++)
        text_format(reason, "%s%s", i > 0 ? ", " : "", occasions[i].word);
    return ERR_SYNTAX;
}

int occasion_parse(const char *entry, enum occasion *ret_occasion, int64_t *ret_limit, struct text *reason)
{
    size_t length = strcspn(entry, " ");
    const char *limit = entry + length + strspn(entry + length, " ");
    int i = 0;
    while (i < OCCASIONS &&
           (strlen(occasions[i].word) != length || memcmp(occasions[i].word, entry, length) != 0))
        i++;
    if (i == OCCASIONS)
        return unknown_occasion(reason);
    *ret_occasion = (enum occasion)i;
    *ret_limit = 0;
    if (!*limit)
        return 0;
    if (occasions[i].limit == LIMIT_DURATION)
        return config_value_duration(limit, NULL, LEAST_MS, MOST_MS, ret_limit, reason);
    if (occasions[i].limit == LIMIT_SIZE)
        return config_value_size(limit, LEAST_SIZE, MOST_SIZE, ret_limit, reason);
    text_format(reason, "is not a cause and its limit: %s has none; write the word alone", occasions[i].word);
    return ERR_SYNTAX;
}

static int64_t standard_of(enum occasion occasion, int64_t floor)
{
    return occasions[occasion].limit == LIMIT_SIZE ? 2 * floor : occasions[occasion].standard;
}

void occasion_limits(char *const *entries, size_t count, int64_t floor, int64_t ret_limits[OCCASIONS])
{
    struct text ignored = TEXT_EMPTY;
    for (int i = 0; i < OCCASIONS; i++)
        ret_limits[i] = count == 0 ? standard_of((enum occasion)i, floor) : OCCASION_UNWANTED;
    for (size_t i = 0; i < count; i++) {
        enum occasion occasion;
        int64_t limit;
        if (occasion_parse(entries[i], &occasion, &limit, &ignored) == 0)
            ret_limits[occasion] = limit != 0 ? limit : standard_of(occasion, floor);
    }
    text_release(&ignored);
}
