/* fitting - whether a node has anywhere to send an instance, by its UIDs: KHEOPS takes object identifiers alone, other servers
 * any printable text. What nobody can take is refused where it comes in, so that its sender knows at once. */
#ifndef FELUCCA_CONFIG_FITTING_H
#define FELUCCA_CONFIG_FITTING_H

#include "common/config/config.h"

#include <stdbool.h>

/* study, series: "" where it is not known, which is the router's to judge. True for a node without destinations. */
bool fitting_can_be_taken(const struct config_node *node, const char *study, const char *series);

/* NULL: the destination's server can take them; else why it cannot. Borrowed for ever. */
const char *fitting_uid_objection(const struct config_destination *destination, const char *study,
                                  const char *series);

/* Whether it is among the destination's sop_classes, or there is no such list. NULL: it is not known, and no list has it. */
bool fitting_class_is_wanted(const struct config_destination *destination, const char *sop_class);

#endif
