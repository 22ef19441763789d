/* windows_seen - which destinations are outside of their window now, by the present configuration and this host's clock. */
#ifndef FELUCCA_VIEW_WINDOWS_SEEN_H
#define FELUCCA_VIEW_WINDOWS_SEEN_H

#include "common/base/json.h"
#include "common/base/text.h"
#include "common/config/config.h"

#include <stdint.h>

/* Wall ms when it opens; 0: it takes requests now, or the configuration does not name it. */
int64_t windows_seen_opens_at(const struct config *config, const char *destination, int64_t now);

/* "20:00", where it is closed; appended. */
void windows_seen_append_time(const struct config *config, const char *destination, int64_t now,
                              struct text *out);

/* Gives each delivery or share of the array that waits for a window "waits_for", a text such as "20:00". */
void windows_seen_mark_jobs(const struct config *config, json_t *jobs, int64_t now);

#endif
