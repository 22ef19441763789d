/* keys - checks the CURVE keys that one process needs for its tcp:// endpoints: whether they are there.
 *
 * config_load() cannot: only the process itself has its secret, and only the router has the list. */
#ifndef FELUCCA_CONFIG_KEYS_H
#define FELUCCA_CONFIG_KEYS_H

#include "common/base/text.h"
#include "common/config/config.h"
#include "common/config/processes.h"

/* 0, or ERR_CONFIG with lines in errors. A file with the secret that others can read, or a list that others
 * can write, is a line in warnings. */
int config_check_keys(const struct config *config, const struct processes_row *process, struct text *errors,
                      struct text *warnings);

/* The same for `felucca check`, which does not know whose configuration it is: the secret key is one, the list
 * can be read. */
int config_check_any_keys(const struct config *config, struct text *errors, struct text *warnings);

#endif
