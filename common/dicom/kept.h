/* kept - a header to be kept after its file is gone: everything of the file but the pixel data's value, deflated.
 *
 * Inflated it is a DICOM file again, whose pixel data is there (two zeros), so that conditions see in it what they saw in the
 * whole file. What would not be so is not kept: a header that cannot be read to its end or is out of order, a deflated data
 * set, and more than KEPT_MAX bytes. */
#ifndef FELUCCA_DICOM_KEPT_H
#define FELUCCA_DICOM_KEPT_H

#include "common/dicom/dataset.h"

enum { KEPT_MAX = 256 << 10 };

/* Appends a header of at most KEPT_MAX bytes, deflated: a whole file but for the pixel data. False: it is larger. */
bool kept_deflate(const struct text *header, struct text *out);

/* Appends the deflated header. False: it cannot be kept, nothing was appended. */
bool kept_append(struct dataset *dataset, struct text *out);

/* A file in memory with the header; the descriptor is then yours. 0; ERR_SYNTAX: kept_append() did not make that; ERR_IO. */
int kept_open(const void *bytes, size_t length, int *ret_fd);

#endif
