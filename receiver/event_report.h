/* event_report - the data set of an N-EVENT-REPORT of Storage Commitment (PS3.4 section J.3.3). */
#ifndef FELUCCA_RECEIVER_EVENT_REPORT_H
#define FELUCCA_RECEIVER_EVENT_REPORT_H

#include "common/base/text.h"
#include "common/wire/work_report.h"

#include <stdint.h>

/* The Event Type ID: 1 all committed, 2 something is denied. */
uint16_t event_report_type(const struct work_report *report);

/* Appends it, in Implicit or Explicit VR Little Endian (commitment_takes_syntax()). */
void event_report_write(const struct work_report *report, const char *transfer_syntax, struct text *out);

#endif
