/* dataset - the elements of a DICOM file up to its pixel data, as raw bytes: the thin bridge to DCMTK.
 *
 * Plain C on this side, DCMTK on the other; no exception crosses. Nothing is interpreted here but the file's
 * structure: texts, numbers and character sets are value.h's and charset.h's. Not thread-safe. */
#ifndef FELUCCA_DICOM_DATASET_H
#define FELUCCA_DICOM_DATASET_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dataset;
/* An item of a sequence, and an element; borrowed from the dataset. */
struct dataset_item;
struct dataset_element;

/* Reads the file up to its pixel data; longer values stay in the file until they are asked for. 0, or
 * ERR_ABSENT, ERR_DENIED, ERR_IO or ERR_SYNTAX (not DICOM, cut, broken), with a sentence without any value of
 * the file appended to ret_reason. */
int dataset_read(const char *path, struct dataset **ret_dataset, struct text *ret_reason);
void dataset_destroy(struct dataset **dataset);

/* The pixel data element with a value that stands where reading stopped: (7FE0,0008), (7FE0,0009) or
 * (7FE0,0010); 0 when there is none. */
uint32_t dataset_pixel_data(const struct dataset *dataset);

/* The top-level element, of the file meta header for group 0002; NULL when there is none. Quick. */
const struct dataset_element *dataset_top(const struct dataset *dataset, uint32_t tag);

/* The element of an item, likewise. */
const struct dataset_element *dataset_find(const struct dataset_item *item, uint32_t tag);

/* The value representation as two letters, such as "LO"; "SQ" for a sequence, "UN" when unknown. */
const char *dataset_element_vr(const struct dataset_element *element);

/* Bytes of the value; 0 for a sequence. */
size_t dataset_element_length(const struct dataset_element *element);

/* Copies length bytes from the start of the value, numbers in the machine's byte order. False when they
 * cannot be read. */
bool dataset_element_copy(const struct dataset_element *element, void *buffer, size_t length);

/* The item after previous (NULL: the first); NULL past the last, and when this is no sequence. */
const struct dataset_item *dataset_element_item(const struct dataset_element *element,
                                                const struct dataset_item *previous);

#endif
