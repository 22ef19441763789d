/* dataset - the elements of a DICOM file, found without reading their values (PS3.5 section 7, PS3.10).
 *
 * The whole file is walked once, values are skipped: pixel data too, so that what is behind it is seen.
 * Implicit and explicit, little and big endian, deflated; with and without a file meta header. Items of
 * sequences are looked at when a path asks. Nothing here recurses, nesting is bounded, and so is the number
 * of elements, so no file can bloat or stall the process.
 *
 * What is out of place is read over as other readers do: a delimiter without its item, a tag that is smaller
 * than the one before. Where that cannot be, or the file ends too early, the data set is *incomplete*: what
 * was found in it counts, what was not found may be there all the same. Not thread-safe. */
#ifndef FELUCCA_DICOM_DATASET_H
#define FELUCCA_DICOM_DATASET_H

#include "common/base/text.h"
#include "common/dicom/element.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dataset;

/* 0, or ERR_ABSENT, ERR_DENIED, ERR_IO, or ERR_SYNTAX (not DICOM, or not a single element), with a sentence
 * without any value of the file appended to ret_reason. */
int dataset_read(const char *path, struct dataset **ret_dataset, struct text *ret_reason);
/* The same of an open file. The descriptor is the data set's, whatever comes of it. */
int dataset_read_open(int fd, struct dataset **ret_dataset, struct text *ret_reason);
void dataset_destroy(struct dataset **dataset);

/* Where in the file the data set begins: behind the file meta header, where there is one. */
uint64_t dataset_start(const struct dataset *dataset);

const struct dataset_break *dataset_incomplete(const struct dataset *dataset);

/* The disk failed, or the file became shorter, since it was read: nothing that is said of it counts any more. */
bool dataset_failed(const struct dataset *dataset);

/* Something was read over: sequences may have ended before their real end. */
bool dataset_is_disordered(const struct dataset *dataset);

enum dataset_look {
    DATASET_ABSENT, /* with an incomplete data set: not found */
    DATASET_FOUND,
    DATASET_TWICE,    /* found with different values; the first of them is given */
    DATASET_DOUBTFUL, /* found, but what follows is no element: its value may end elsewhere */
    DATASET_BROKEN    /* the item or sequence cannot be read to its end, and it was not found before */
};

/* A top-level element, of the file meta header for group 0002. Quick. */
enum dataset_look dataset_top(struct dataset *dataset, uint32_t tag, struct element *ret_element);

/* The element of an item. */
enum dataset_look dataset_find(struct dataset *dataset, const struct item *item, uint32_t tag,
                               struct element *ret_element);

/* Goes on to the next item of a sequence. DATASET_ABSENT past the last, and when this is no sequence. */
enum dataset_look dataset_next_item(struct dataset *dataset, const struct element *sequence,
                                    struct item *item);

/* Whether the value is a list of items: a sequence, or one of an unknown representation. */
bool element_is_sequence(const struct element *element);

/* Copies the first length bytes of the value as they are written. False when they cannot be read. */
bool dataset_copy(struct dataset *dataset, const struct element *element, void *buffer, size_t length);

/* Appends the file as it is written, but for the value of its pixel data, which is two zeros then: a file in which all other
 * elements are what they are in this one. False, and nothing of use appended: the data set is incomplete, out of order or
 * deflated, or that would be more than most bytes. */
bool dataset_append_header(struct dataset *dataset, size_t most, struct text *out);

#endif
