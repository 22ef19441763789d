#include "cli/import/tally.h"

#include "cli/table.h"
#include "common/base/cleanup.h"
#include "common/base/memory.h"

enum { COUNT_WIDTH = 11, NAME_WIDTH = 200 };

void tally_release(struct tally *tally)
{
    for (size_t i = 0; i < OUTCOMES; i++)
        memory_free(&tally->examples[i]);
}

void tally_add(struct tally *tally, enum outcome outcome, const char *file)
{
    if (tally->counts[outcome]++ == 0)
        tally->examples[outcome] = memory_string(file);
}

int64_t tally_of_kind(const struct tally *tally, enum outcome_kind kind)
{
    int64_t sum = 0;
    for (size_t i = 0; i < OUTCOMES; i++)
        sum += outcome_kind((enum outcome)i) == kind ? tally->counts[i] : 0;
    return sum;
}

static void append_outcome(const struct tally *tally, size_t i, struct text *out)
{
    AUTO(text_release) struct text count = TEXT_EMPTY;
    text_append_count(&count, tally->counts[i]);
    table_cell(out, text_string(&count), COUNT_WIDTH, TABLE_RIGHT);
    text_append(out, outcome_sentence((enum outcome)i));
    if (outcome_kind((enum outcome)i) != OUTCOME_GOOD) {
        text_append(out, tally->counts[i] == 1 ? ": " : ", such as ");
        table_plain(out, tally->examples[i], NAME_WIDTH);
    }
    text_append_char(out, '\n');
}

void tally_append(const struct tally *tally, struct text *out)
{
    for (size_t i = 0; i < OUTCOMES; i++) {
        if (tally->counts[i] > 0)
            append_outcome(tally, i, out);
    }
}

json_t *tally_json(const struct tally *tally)
{
    json_t *counts = json_object();
    for (size_t i = 0; i < OUTCOMES; i++)
        json_object_set_new(counts, outcome_word((enum outcome)i),
                            json_integer((json_int_t)tally->counts[i]));
    return counts;
}
