#include "cli/conditions_table.h"

#include "cli/columns.h"
#include "cli/when.h"
#include "common/base/cleanup.h"

void conditions_table_begin(struct grid *grid)
{
    static const struct grid_column columns[] = {
        {"CONDITION OF", TABLE_LEFT, false}, {"YES/HOUR", TABLE_RIGHT, false},
        {"NO/HOUR", TABLE_RIGHT, false},     {"YES/DAY", TABLE_RIGHT, false},
        {"NO/DAY", TABLE_RIGHT, false},      {"YES", TABLE_RIGHT, false},
        {"NO", TABLE_RIGHT, false},          {"SINCE", TABLE_LEFT, false}};
    grid->columns = columns;
    grid->column_count = sizeof columns / sizeof *columns;
}

void conditions_table_add(struct grid *grid, const struct jobdb_status_row *row, int64_t now,
                          struct text *notes)
{
    const struct jobdb_condition *condition = row->condition;
    AUTO(text_release) struct text name = TEXT_EMPTY;
    AUTO(text_release) struct text since = TEXT_EMPTY;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    if (!condition)
        return;
    text_format(&name, "%s%s%s", row->destination, row->album ? "/" : "", row->album ? row->album : "");
    when_append(condition->since, now, &since);
    grid_add(grid, text_string(&name));
    grid_add_number(grid, condition->yes_hour);
    grid_add_number(grid, condition->no_hour);
    grid_add_number(grid, condition->yes_day);
    grid_add_number(grid, condition->no_day);
    grid_add_number(grid, condition->yes);
    grid_add_number(grid, condition->no);
    grid_add(grid, text_string(&since));
    if (!jobdb_matches_nothing(condition, now))
        return;
    text_format(&sentence, "%s: nothing matched since ", text_string(&name));
    when_append(condition->matched_at ? condition->matched_at : condition->since, now, &sentence);
    text_append(&sentence, ", ");
    text_append_count(&sentence, condition->unmatched_series);
    text_append(&sentence,
                " series asked; is its condition right? Try it: felucca condition --config FILE FOLDER");
    text_append_char(notes, '\n');
    table_wrap(notes, text_string(&sentence), 2, columns_line());
}
