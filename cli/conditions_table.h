/* conditions_table - what each condition has said of what was received, as `felucca status` shows it. */
#ifndef FELUCCA_CLI_CONDITIONS_TABLE_H
#define FELUCCA_CLI_CONDITIONS_TABLE_H

#include "cli/grid.h"
#include "common/jobs/read.h"

/* The columns of such a grid, zeroed before. */
void conditions_table_begin(struct grid *grid);

/* A row of the grid, and a note where nothing has matched for long; nothing for a target without a condition. */
void conditions_table_add(struct grid *grid, const struct jobdb_status_row *row, int64_t now,
                          struct text *notes);

#endif
