/* cell - how people call this Felucca among others: the key `cell`, else the name of its host. */
#ifndef FELUCCA_CONFIG_CELL_H
#define FELUCCA_CONFIG_CELL_H

#include "common/config/config.h"

enum { CONFIG_CELL_SIZE = 65 };

/* Into the buffer, cut to its size; never "". Returns the buffer. */
const char *config_cell(const struct config *config, char buffer[CONFIG_CELL_SIZE]);

/* Whether `fleet` names another cell than this one. */
bool config_has_other_cells(const struct config *config);

#endif
