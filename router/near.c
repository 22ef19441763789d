#include "router/near.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/condition/token.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OTHER_CASE = 1, EDIT = 256 /* more than any number of the former */, WANTED_BYTES = 64 };

/* ---- what is wanted ---- */

static bool is_called(const struct token *name, const char *function)
{
    return name->name_length == strlen(function) && strncmp(name->name, function, name->name_length) == 0;
}

static enum near_where where_of(const struct token *name)
{
    return is_called(name, "tagValueEndsWith")   ? NEAR_END
           : is_called(name, "tagValueContains") ? NEAR_PART
                                                 : NEAR_BEGIN;
}

static void take_text(const struct lexer *lexer, const struct token *token, struct wanted *wanted)
{
    size_t length;
    if (wanted->where == NEAR_NUMBER)
        wanted->count = 0; /* a text says more */
    if (wanted->where == NEAR_NUMBER || wanted->where == NEAR_NOWHERE)
        wanted->where = NEAR_BEGIN;
    wanted->texts[wanted->count++] = token_string(lexer, token, &length);
}

static void take_number(const struct lexer *lexer, const struct token *token, struct wanted *wanted)
{
    AUTO(memory_free) char *digits = memory_string_n(lexer->text + token->offset, token->length);
    if (wanted->where != NEAR_NOWHERE && wanted->where != NEAR_NUMBER)
        return;
    wanted->where = NEAR_NUMBER;
    wanted->numbers[wanted->count++] = strtod(digits, NULL);
}

/* The string that opens a call is a tag by its number, and what follows "matches" is a pattern. */
void wanted_read(const char *test, struct wanted *ret_wanted)
{
    struct lexer lexer = {.text = test, .length = strlen(test)};
    struct token token = {.kind = TOKEN_END}, before, name = token;
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    *ret_wanted = (struct wanted){.where = NEAR_NOWHERE};
    for (;;) {
        before = token;
        if (token_next(&lexer, &token, &error) != 0 || token.kind == TOKEN_END ||
            token.kind == TOKEN_MATCHES || ret_wanted->count == WANTED_MOST)
            return;
        if (token.kind == TOKEN_NAME)
            name = token;
        else if (token.kind == TOKEN_STRING && before.kind != TOKEN_OPEN) {
            take_text(&lexer, &token, ret_wanted);
            if (name.kind == TOKEN_NAME)
                ret_wanted->where = where_of(&name);
        } else if (token.kind == TOKEN_NUMBER && before.kind != TOKEN_OPEN)
            take_number(&lexer, &token, ret_wanted);
    }
}

void wanted_release(struct wanted *wanted)
{
    for (size_t i = 0; i < WANTED_MOST; i++)
        memory_free(&wanted->texts[i]);
}

/* ---- distances ---- */

static unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c - 'A' + 'a') : c;
}

static unsigned exchange(char a, char b)
{
    if (a == b)
        return 0;
    return lower((unsigned char)a) == lower((unsigned char)b) ? OTHER_CASE : EDIT;
}

/* One row of the table: by how much of the value so far, and where the part began. */
struct cell {
    unsigned cost;
    size_t start;
};

static struct cell better(struct cell a, struct cell b)
{
    return b.cost < a.cost ? b : a;
}

/* The row of the wanted text's next letter, from the row before. */
static void next_row(char letter, const char *value, size_t length, unsigned first, struct cell *row)
{
    struct cell corner = row[0];
    row[0].cost = first;
    for (size_t j = 1; j <= length; j++) {
        struct cell above = row[j];
        struct cell best = {corner.cost + exchange(letter, value[j - 1]), corner.start};
        best = better(best, (struct cell){above.cost + EDIT, above.start});
        best = better(best, (struct cell){row[j - 1].cost + EDIT, row[j - 1].start});
        corner = above;
        row[j] = best;
    }
}

static bool is_inside_character(const char *value, size_t at)
{
    return ((unsigned char)value[at] & 0xC0) == 0x80;
}

/* Sellers' algorithm: the part of the value that needs the fewest changes. */
static struct near compare(enum near_where where, const char *wanted, const char *value)
{
    struct cell row[NEAR_BYTES + 1];
    size_t most = strnlen(value, NEAR_BYTES), letters = strnlen(wanted, WANTED_BYTES);
    bool free_start = where != NEAR_BEGIN, free_end = where != NEAR_END;
    for (size_t j = 0; j <= most; j++)
        row[j] = (struct cell){free_start ? 0 : (unsigned)j * EDIT, free_start ? j : 0};
    for (size_t i = 0; i < letters; i++)
        next_row(wanted[i], value, most, (unsigned)(i + 1) * EDIT, row);
    size_t end = most;
    for (size_t j = 0; j <= most && free_end; j++)
        if (row[j].cost < row[end].cost)
            end = j;
    struct near near = {.cost = row[end].cost, .start = row[end].start};
    while (near.start > 0 && is_inside_character(value, near.start))
        near.start--;
    while (is_inside_character(value, end))
        end++;
    while (free_start && near.start < end && value[near.start] == ' ')
        near.start++;
    near.length = end - near.start;
    size_t few = letters / 3 > 1 ? letters / 3 : 1, edits = row[end].cost / EDIT;
    near.is_near = near.length > 0 && edits <= few && edits < letters;
    return near;
}

static struct near compare_number(double wanted, const char *value)
{
    char *end;
    double number = strtod(value, &end);
    return (struct near){.cost = end == value || !isfinite(number) ? HUGE_VAL : fabs(number - wanted)};
}

struct near near_judge(const struct wanted *wanted, const char *value)
{
    struct near best = {.cost = HUGE_VAL};
    for (size_t i = 0; i < wanted->count; i++) {
        struct near one = wanted->where == NEAR_NUMBER ? compare_number(wanted->numbers[i], value)
                                                       : compare(wanted->where, wanted->texts[i], value);
        if (i == 0 || one.cost < best.cost)
            best = one;
    }
    return best;
}

int64_t near_cells(const struct wanted *wanted, const char *value)
{
    size_t letters = 0;
    for (size_t i = 0; i < wanted->count; i++)
        letters += wanted->where == NEAR_NUMBER ? 1 : strnlen(wanted->texts[i], WANTED_BYTES);
    return (int64_t)(letters * strnlen(value, NEAR_BYTES));
}
