/* sorting - a table's columns, by which its rows can be sorted: in the address (sort, order), and as links in its heads.
 *
 * The rows of one page are sorted, and no others: what a page costs is bounded, so that it must say which rows it shows. Without
 * sort they stay in the order in which they were read. What is not known (null) comes last in either order; rows that are alike stay as
 * they were. A page of several tables names the parameters of each further one by a prefix (files_sort, files_order), so that each
 * stays as it was sorted. */
#ifndef FELUCCA_CONSOLE_SORTING_H
#define FELUCCA_CONSOLE_SORTING_H

#include "common/base/json.h"
#include "console/page.h"

#include <stdbool.h>
#include <stddef.h>

#define SORTING_PARAMETERS "sort order"

struct sorting_column {
    const char *title;
    const char *name;   /* in the address; NULL: not by this one */
    const char *member; /* of a row: numbers, or texts; "condition.matched_at": of an object in it */
    bool is_number;     /* stands to the right */
    bool falls;         /* the largest, the latest first, unless order says otherwise */
};

struct sorting_table {
    const char *path; /* of the page; NULL: its heads are no links */
    const struct sorting_column *columns;
    size_t count;
    const char *usual;  /* the column by which rows are in order as they are read; NULL: none */
    const char *prefix; /* of its parameters' names */
};

/* Of lists of studies. */
extern const struct sorting_table page_studies_table;

struct sorting {
    const struct sorting_column *column; /* NULL: as it was read */
    bool is_descending;
};

/* What the address says. False: sort or order is none; page_refuse() was told. */
bool sorting_take(const struct page_question *question, const struct sorting_table *table,
                  struct sorting *ret_sorting);

void sorting_sort(const struct sorting *sorting, json_t *rows);

/* The heads, for a template: [{ title, is_number, link, aria }]; link is the page's address with this order, and the other way
 * where it is in force; aria is "ascending", "descending" or null. A new reference. */
json_t *sorting_heads(const struct page_question *question, const struct sorting_table *table);

#endif
