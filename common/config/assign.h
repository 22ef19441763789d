/* assign - puts one value into the member that its key describes, and releases all of them again.
 *
 * Inside the configuration reader only. */
#ifndef FELUCCA_CONFIG_ASSIGN_H
#define FELUCCA_CONFIG_ASSIGN_H

#include "common/base/text.h"
#include "common/config/config.h"
#include "common/config/schema.h"

/* Parses a value of a key that has one (no SECTION, LIST, UIDS, CAUSES, CONDITION). Relative paths begin at folder.
 * 0; or an error with "is not ...; write ..." appended to reason, without the value. */
int config_assign(const char *folder, void *structure, const struct config_key *key, const char *value,
                  struct text *reason);

/* Sets the default of each key, those of SECTIONs too. */
void config_assign_defaults(const struct config_section *section, void *structure);

/* Overwrites what may be secret and releases everything that the schema knows of. */
void config_release(struct config *config);

#endif
