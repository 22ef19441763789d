/* header - the data set of a DICOM file up to its pixel data, read once.
 *
 * Answers what conditions ask (header_facts) and the identifiers that the job database needs. Reads at most
 * what stands before the pixel data; long values are read when a condition asks for them, within the bounds
 * of value.h. Parsing untrusted bytes is DCMTK's work, and DCMTK may crash: the router is prepared for that.
 * Not thread-safe. */
#ifndef FELUCCA_DICOM_HEADER_H
#define FELUCCA_DICOM_HEADER_H

#include "common/base/text.h"
#include "common/condition/condition.h"

enum header_uid { HEADER_SOP_CLASS, HEADER_SOP_INSTANCE, HEADER_STUDY, HEADER_SERIES, HEADER_UIDS };

/* Facts of the transfer, which the file itself may not know. Borrowed while the header lives. What is NULL
 * here (or all, without a struct) is taken from the file meta header where that knows it. */
struct header_transfer {
    const char *calling_aet, *called_aet, *source_address, *transfer_syntax;
};

struct header;

/* Reads a Part 10 file. 0, or ERR_SYNTAX (not DICOM, cut, broken) or ERR_IO or ERR_ABSENT, with a sentence
 * without any value of the file appended to ret_reason. */
int header_read(const char *path, const struct header_transfer *transfer, struct header **ret_header,
                struct text *ret_reason);
void header_destroy(struct header **header);

/* A UID of the data set (never of the file meta header), padding removed, borrowed; NULL when it is missing,
 * empty, longer than 64 bytes, or holds anything but digits and dots (PS3.5 section 9). */
const char *header_uid(const struct header *header, enum header_uid which);

/* What conditions ask; each distinct path is looked up and decoded once. Borrowed from the header. */
const struct condition_facts *header_facts(struct header *header);

#endif
