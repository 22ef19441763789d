/* commitment_offer - what passes between router and association where a report goes over the association that asked for it, as
 * files beside the request (common/spool/asked.h): the report itself, and what came of it. */
#ifndef FELUCCA_WIRE_COMMITMENT_OFFER_H
#define FELUCCA_WIRE_COMMITMENT_OFFER_H

#include "common/base/text.h"
#include "common/wire/work_report.h"

/* Of a report its transaction and its list. */
void commitment_offer_encode(const struct work_report *report, struct text *out);
/* 0 or ERR_SYNTAX; ret_report is yours after 0. */
int commitment_offer_decode(const char *bytes, size_t length, struct work_report **ret_report);

/* The status of the answer that its source gave. */
void commitment_outcome_encode(unsigned status, struct text *out);
/* 0 or ERR_SYNTAX. */
int commitment_outcome_decode(const char *bytes, size_t length, unsigned *ret_status);

#endif
