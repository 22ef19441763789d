/* modes - warns of secrets that any user of this machine may read. */
#ifndef FELUCCA_CONFIG_MODES_H
#define FELUCCA_CONFIG_MODES_H

#include "common/config/config.h"
#include "common/config/report.h"

/* The file itself where it holds a token, and the files that it names. Looks at their modes only. */
void config_check_modes(const struct config *config, struct config_report *report);

#endif
