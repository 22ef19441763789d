/* trays_seen - what felucca-tray says of the trays of the configuration (common/spool/tray_report.h), for people and programs. */
#ifndef FELUCCA_VIEW_TRAYS_SEEN_H
#define FELUCCA_VIEW_TRAYS_SEEN_H

#include "common/base/json.h"
#include "common/base/text.h"
#include "common/config/config.h"

/* A sentence for each tray whose files are not taken, with line ends between them; appended. */
void trays_seen_append(const struct config *config, int64_t now, struct text *lines);

/* [{"tray", "running", "waiting", "set_aside", "trouble", "trouble_since"}], a new reference. */
json_t *trays_seen_json(const struct config *config, int64_t now);

#endif
