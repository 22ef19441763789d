/* commitment_request - what an association's process leaves to the router when storage commitment was asked for: who asked
 * whom, and for what, as a file of lines (common/spool/asked.h).
 *
 * A word, a tab, and what it is about; the last line says how many instances there are, so that a file which is cut is
 * seen. The data set was read where nothing else can be reached. What it said is checked here once more, completely. */
#ifndef FELUCCA_WIRE_COMMITMENT_REQUEST_H
#define FELUCCA_WIRE_COMMITMENT_REQUEST_H

#include "common/base/text.h"
#include "common/dicom/commitment.h"

enum { COMMITMENT_AET_SIZE = 17, COMMITMENT_ADDRESS_SIZE = 46 };

struct commitment_request {
    char calling[COMMITMENT_AET_SIZE], called[COMMITMENT_AET_SIZE]; /* AE titles, printable */
    char address[COMMITMENT_ADDRESS_SIZE];                          /* that it was asked from */
    struct commitment commitment;
};

void commitment_request_encode(const struct commitment_request *request, struct text *out);
/* 0, or ERR_SYNTAX. Release it in either case. */
int commitment_request_decode(const char *bytes, size_t length, struct commitment_request *ret_request);
void commitment_request_release(struct commitment_request *request);

#endif
