/* read - fills a struct config from YAML nodes as the schema says.
 *
 * Inside the configuration reader only. */
#ifndef FELUCCA_CONFIG_READ_H
#define FELUCCA_CONFIG_READ_H

#include "common/config/config.h"
#include "common/config/report.h"
#include "common/config/yaml.h"

/* Sets defaults and everything that the document says, and notes in the report the place of each key and what
 * is wrong with the document. folder is where relative paths begin. */
void config_read(const struct config_yaml *document, const char *folder, struct config *ret_config,
                 struct config_report *report);

#endif
