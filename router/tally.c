#include "router/tally.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/condition/explain_json.h"
#include "router/near.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct seen {
    char *text;
    int64_t count;
};

/* What a test looked at. */
struct looked {
    char *name;
    bool hidden;
    int64_t absent, without_text, unknown;
    struct seen *list;
    size_t count, room;
    bool full; /* there were more than TALLY_VALUES */
};

struct part {
    enum explain_kind kind;
    unsigned depth;
    char *text;
    int64_t verdicts[CONDITION_TRUE + 1];
    struct looked *looked;
    size_t looked_count;
};

struct tally {
    struct part *parts;
    size_t count;
};

struct tally *tally_create(void)
{
    return memory_new(1, sizeof(struct tally));
}

static void forget_values(struct part *part)
{
    for (size_t i = 0; i < part->looked_count; i++) {
        struct looked *looked = &part->looked[i];
        for (size_t j = 0; j < looked->count; j++)
            memory_free(&looked->list[j].text);
        memory_free(&looked->list);
        memory_free(&looked->name);
    }
    memory_free(&part->looked);
    part->looked_count = 0;
}

void tally_destroy(struct tally **tally)
{
    if (!*tally)
        return;
    for (size_t i = 0; i < (*tally)->count; i++) {
        forget_values(&(*tally)->parts[i]);
        memory_free(&(*tally)->parts[i].text);
    }
    memory_free(&(*tally)->parts);
    memory_free(tally);
}

/* ---- adding ---- */

static void count_text(struct looked *looked, const char *text)
{
    for (size_t i = 0; i < looked->count; i++) {
        if (strcmp(looked->list[i].text, text) != 0)
            continue;
        looked->list[i].count++;
        return;
    }
    looked->full |= looked->count == TALLY_VALUES;
    if (looked->count == TALLY_VALUES)
        return;
    looked->list = memory_grow(looked->list, &looked->room, looked->count + 1, sizeof *looked->list);
    looked->list[looked->count++] = (struct seen){memory_string(text), 1};
}

static void add_value(struct looked *looked, const struct explain_value *value)
{
    looked->hidden |= value->hidden;
    looked->unknown += value->unknown != NULL;
    looked->absent += value->absent && !value->unknown;
    looked->without_text += !value->absent && !value->hidden && value->text_count == 0 && !value->unknown;
    for (size_t i = 0; i < value->text_count && !value->hidden; i++)
        count_text(looked, value->texts[i]);
}

static void add_line(struct part *part, const struct explain_line *line)
{
    part->verdicts[line->verdict]++;
    if (part->verdicts[CONDITION_TRUE] > 0)
        forget_values(part);
    size_t count = line->value_count < part->looked_count ? line->value_count : part->looked_count;
    for (size_t i = 0; i < count; i++)
        add_value(&part->looked[i], &line->values[i]);
}

static void begin_part(struct part *part, const struct explain_line *line)
{
    part->kind = line->kind;
    part->depth = line->depth;
    part->text = memory_string(line->text);
    part->looked_count = line->value_count;
    part->looked = line->value_count > 0 ? memory_new(line->value_count, sizeof *part->looked) : NULL;
    for (size_t i = 0; i < line->value_count; i++)
        part->looked[i].name = memory_string(line->values[i].name);
}

static bool is_same(const struct tally *tally, const struct explanation *explanation)
{
    if (explanation->line_count != tally->count)
        return false;
    for (size_t i = 0; i < tally->count; i++)
        if (tally->parts[i].kind != explanation->lines[i].kind ||
            tally->parts[i].depth != explanation->lines[i].depth)
            return false;
    return true;
}

static bool is_within_bounds(const struct explanation *explanation)
{
    size_t looked = 0;
    for (size_t i = 0; i < explanation->line_count && i < TALLY_LINES; i++)
        looked += explanation->lines[i].value_count;
    return explanation->line_count <= TALLY_LINES && looked <= TALLY_LOOKED;
}

bool tally_add(struct tally *tally, const struct explanation *explanation)
{
    if (!is_within_bounds(explanation))
        return false;
    if (!tally->parts) {
        tally->parts = memory_new(explanation->line_count + 1, sizeof *tally->parts);
        for (; tally->count < explanation->line_count; tally->count++)
            begin_part(&tally->parts[tally->count], &explanation->lines[tally->count]);
    }
    if (!is_same(tally, explanation))
        return false;
    for (size_t i = 0; i < tally->count; i++)
        add_line(&tally->parts[i], &explanation->lines[i]);
    return true;
}

/* ---- values that have something near in common ---- */

struct group {
    const char *text; /* of the value that most had */
    int64_t text_count;
    struct near near; /* of that value */
    int64_t count;
    size_t values;
};

static bool has_same_part(const struct group *group, const char *text, const struct near *near)
{
    return group->near.is_near && near->is_near && group->near.length == near->length &&
           memcmp(group->text + group->near.start, text + near->start, near->length) == 0;
}

/* wanted NULL: no value is near. */
static size_t group_values(const struct looked *looked, const struct wanted *wanted, struct group *groups)
{
    size_t count = 0;
    for (size_t i = 0; i < looked->count; i++) {
        const struct seen *seen = &looked->list[i];
        struct near near = wanted ? near_judge(wanted, seen->text) : (struct near){.cost = HUGE_VAL};
        size_t at = near.is_near ? 0 : count;
        while (at < count && !has_same_part(&groups[at], seen->text, &near))
            at++;
        struct group *group = &groups[at];
        if (at == count) {
            count++;
            *group = (struct group){.text = seen->text, .text_count = seen->count, .near = near};
        }
        group->count += seen->count;
        group->values++;
        if (seen->count > group->text_count) {
            group->text = seen->text;
            group->text_count = seen->count;
            group->near = near;
        }
    }
    return count;
}

/* The nearest first; of those as near, what most had. What is not near has no order but that, numbers apart. */
static int compare_groups(const void *left, const void *right)
{
    const struct group *a = left, *b = right;
    if (a->near.is_near != b->near.is_near)
        return a->near.is_near ? -1 : 1;
    if (a->near.is_near && a->near.cost != b->near.cost)
        return a->near.cost < b->near.cost ? -1 : 1;
    return a->count != b->count ? (a->count > b->count ? -1 : 1) : strcmp(a->text, b->text);
}

static int compare_numbers(const void *left, const void *right)
{
    const struct group *a = left, *b = right;
    if (a->near.cost != b->near.cost)
        return a->near.cost < b->near.cost ? -1 : 1;
    return compare_groups(left, right);
}

static json_t *group_json(const struct group *group, enum near_where where)
{
    static const char *const names[] = {[NEAR_BEGIN] = "begins", [NEAR_END] = "ends", [NEAR_PART] = "holds"};
    AUTO(memory_free) char *part = NULL;
    bool has_part = group->values > 1 && group->near.is_near;
    if (has_part)
        part = memory_string_n(group->text + group->near.start, group->near.length);
    return json_pack("{s:o, s:s, s:o, s:I, s:I}", "text", json_from_text(group->text), "how",
                     has_part ? names[where] : "is", "part", json_from_text(part), "count",
                     (json_int_t)group->count, "values", (json_int_t)group->values);
}

static json_t *seen_json(const struct looked *looked, const struct wanted *wanted, int64_t *ret_others)
{
    struct group groups[TALLY_VALUES];
    size_t count = group_values(looked, wanted, groups);
    enum near_where where = wanted ? wanted->where : NEAR_NOWHERE;
    json_t *list = json_array();
    qsort(groups, count, sizeof *groups, where == NEAR_NUMBER ? compare_numbers : compare_groups);
    *ret_others = 0;
    for (size_t i = 0; i < count; i++) {
        if (i < TALLY_TOLD)
            (void)json_array_append_new(list, group_json(&groups[i], where));
        else
            *ret_others += (int64_t)groups[i].values;
    }
    return list;
}

/* ---- telling ---- */

/* All of its values are held against what is wanted, or none: otherwise chance would say which ones are near. */
static bool pay(int64_t *cells, const struct looked *looked, const struct wanted *wanted)
{
    int64_t price = 0;
    for (size_t i = 0; i < looked->count; i++)
        price += near_cells(wanted, looked->list[i].text);
    if (price > *cells)
        return false;
    *cells -= price;
    return true;
}

static json_t *looked_json(const struct looked *looked, const struct wanted *wanted)
{
    int64_t others;
    json_t *seen = seen_json(looked, wanted, &others);
    return json_pack("{s:o, s:b, s:I, s:I, s:I, s:o, s:I, s:b}", "name", json_from_text(looked->name),
                     "hidden", looked->hidden, "absent", (json_int_t)looked->absent, "without_text",
                     (json_int_t)looked->without_text, "unknown", (json_int_t)looked->unknown, "seen", seen,
                     "others", (json_int_t)others, "more", looked->full);
}

static json_t *values_of(const struct part *part, int64_t *cells)
{
    struct wanted wanted;
    json_t *values = json_array();
    wanted_read(part->text, &wanted);
    for (size_t i = 0; i < part->looked_count; i++) {
        bool is_judged = i == 0 && pay(cells, &part->looked[i], &wanted);
        (void)json_array_append_new(values, looked_json(&part->looked[i], is_judged ? &wanted : NULL));
    }
    wanted_release(&wanted);
    return values;
}

static json_t *part_json(const struct part *part, int64_t *cells)
{
    bool never = part->kind == EXPLAIN_TEST && part->verdicts[CONDITION_TRUE] == 0;
    return json_pack("{s:I, s:s, s:o, s:I, s:I, s:I, s:b, s:o}", "depth", (json_int_t)part->depth, "kind",
                     explain_json_kind(part->kind), "text", json_from_text(part->text), "yes",
                     (json_int_t)part->verdicts[CONDITION_TRUE], "no",
                     (json_int_t)part->verdicts[CONDITION_FALSE], "undecided",
                     (json_int_t)part->verdicts[CONDITION_UNDECIDED], "never", never, "values",
                     never ? values_of(part, cells) : json_array());
}

json_t *tally_lines(const struct tally *tally)
{
    json_t *lines = json_array();
    int64_t cells = TALLY_CELLS;
    for (size_t i = 0; i < tally->count; i++)
        (void)json_array_append_new(lines, part_json(&tally->parts[i], &cells));
    return lines;
}
