/* configuration - felucca.yaml as commands that talk to the pipeline need it. */
#ifndef FELUCCA_CLI_CONFIGURATION_H
#define FELUCCA_CLI_CONFIGURATION_H

#include "cli/command.h"
#include "common/config/config.h"

/* EXIT_OK, or EXIT_CONFIG with every error already said on stderr. It leaves warnings
 * to `felucca check` and the processes. The configuration is then yours. */
int configuration_load(const struct cli *cli, struct config **ret_config);

#endif
