#include "console/sorting.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* ---- what the address says ---- */

static const struct sorting_column *find(const struct sorting_table *table, const char *name)
{
    for (size_t i = 0; i < table->count && name; i++)
        if (table->columns[i].name && strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

/* The parameter "sort" or "order" of this table. */
static const char *parameter(const struct page_question *question, const struct sorting_table *table,
                             const char *word)
{
    AUTO(text_release) struct text name = TEXT_EMPTY;
    text_format(&name, "%s%s", table->prefix, word);
    return asked_get(question->asked, text_string(&name));
}

static void refuse(const struct page_question *question, const struct sorting_table *table)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    text_format(&sentence, "%ssort is one of:", table->prefix);
    for (size_t i = 0; i < table->count; i++)
        if (table->columns[i].name)
            text_format(&sentence, " %s", table->columns[i].name);
    text_format(&sentence, "; %sorder, which goes with it, is asc or desc.", table->prefix);
    (void)page_refuse(question, text_string(&sentence));
}

bool sorting_take(const struct page_question *question, const struct sorting_table *table,
                  struct sorting *ret_sorting)
{
    const char *name = parameter(question, table, "sort"), *order = parameter(question, table, "order");
    const struct sorting_column *column = find(table, name);
    bool is_order = order && (strcmp(order, "asc") == 0 || strcmp(order, "desc") == 0);
    *ret_sorting = (struct sorting){column, false};
    if ((name && !column) || (order && (!is_order || !column))) {
        refuse(question, table);
        return false;
    }
    if (column)
        ret_sorting->is_descending = order ? strcmp(order, "desc") == 0 : column->falls;
    return true;
}

/* ---- rows ---- */

struct item {
    json_t *row;
    const json_t *value;
    size_t index;
    bool is_descending;
};

static bool is_known(const json_t *value)
{
    return json_is_string(value) || json_is_integer(value);
}

static int compare_values(const json_t *a, const json_t *b)
{
    if (json_is_string(a) && json_is_string(b))
        return strcmp(json_string_value(a), json_string_value(b));
    json_int_t left = json_integer_value(a), right = json_integer_value(b);
    return left < right ? -1 : left > right;
}

static int compare(const void *a, const void *b)
{
    const struct item *left = a, *right = b;
    if (is_known(left->value) != is_known(right->value))
        return is_known(left->value) ? -1 : 1;
    int by = is_known(left->value) ? compare_values(left->value, right->value) : 0;
    if (by != 0)
        return left->is_descending ? -by : by;
    return left->index < right->index ? -1 : 1;
}

/* "condition.matched_at": of an object in the row, where there is one. */
static const json_t *value_of(const json_t *row, const char *member)
{
    const char *dot = strchr(member, '.');
    if (!dot)
        return json_object_get(row, member);
    return json_object_get(json_object_getn(row, member, (size_t)(dot - member)), dot + 1);
}

void sorting_sort(const struct sorting *sorting, json_t *rows)
{
    size_t count = json_array_size(rows);
    if (!sorting->column || count < 2)
        return;
    AUTO(memory_free) struct item *items = memory_new(count, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_incref(json_array_get(rows, i));
        items[i] = (struct item){row, value_of(row, sorting->column->member), i, sorting->is_descending};
    }
    qsort(items, count, sizeof *items, compare);
    (void)json_array_clear(rows);
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(rows, items[i].row);
}

/* ---- heads ---- */

/* Whether it is a parameter of the table's. */
static bool is_own(const struct sorting_table *table, const char *name)
{
    size_t length = strlen(table->prefix);
    return strncmp(name, table->prefix, length) == 0 &&
           (strcmp(name + length, "sort") == 0 || strcmp(name + length, "order") == 0);
}

/* The page's address, sorted so; what else it asks for stays. */
static json_t *link_of(const struct page_question *question, const struct sorting_table *table,
                       const struct sorting_column *column, bool is_descending)
{
    AUTO(text_release) struct text link = TEXT_EMPTY;
    const struct asked *asked = question->asked;
    text_format(&link, "%s?", table->path);
    for (size_t i = 0; i < asked->count; i++) {
        const char *name = asked->parameters[i].name;
        if (is_own(table, name) || !*asked->parameters[i].value)
            continue;
        text_format(&link, "%s=", name);
        asked_append_encoded(asked->parameters[i].value, &link);
        text_append_char(&link, '&');
    }
    text_format(&link, "%ssort=%s&%sorder=%s", table->prefix, column->name, table->prefix,
                is_descending ? "desc" : "asc");
    return json_from_text(text_string(&link));
}

json_t *sorting_heads(const struct page_question *question, const struct sorting_table *table)
{
    json_t *heads = json_array();
    const char *order = parameter(question, table, "order"), *name = parameter(question, table, "sort");
    const struct sorting_column *chosen = find(table, name ? name : table->usual);
    for (size_t i = 0; i < table->count; i++) {
        const struct sorting_column *column = &table->columns[i];
        bool is_chosen = chosen && column == chosen;
        bool is_descending = is_chosen && order ? strcmp(order, "desc") == 0 : column->falls;
        (void)json_array_append_new(
            heads,
            json_pack("{s:s, s:b, s:o, s:o}", "title", column->title, "is_number", column->is_number, "link",
                      table->path && column->name
                          ? link_of(question, table, column, is_chosen ? !is_descending : is_descending)
                          : json_null(),
                      "aria",
                      is_chosen ? json_string(is_descending ? "descending" : "ascending") : json_null()));
    }
    return heads;
}
