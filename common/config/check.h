/* check - tells what one key cannot know: whether the keys of a configuration agree, and what follows from
 * them. Inside the configuration reader only. Accepts a configuration of which parts could not be read. */
#ifndef FELUCCA_CONFIG_CHECK_H
#define FELUCCA_CONFIG_CHECK_H

#include "common/config/config.h"
#include "common/config/report.h"

/* Fills what is derived: endpoints, API URLs, origins, names and limits of notices. */
void config_derive(struct config *config);

/* Checks the processes' own keys, who gets notices (check_notify.c), the console (check_console.c), trays (check_trays.c), then nodes with their destinations and albums (check_nodes.c). */
void config_check(const struct config *config, struct config_report *report);
void config_check_console(const struct config *config, struct config_report *report);
void config_check_fleet(const struct config *config, struct config_report *report);
void config_check_notify(const struct config *config, struct config_report *report);
void config_check_trays(const struct config *config, struct config_report *report);
void config_check_nodes(const struct config *config, struct config_report *report);

#endif
