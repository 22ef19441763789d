/* dicom - synthetic DICOM files (PS3.10), made in plain C, so that no test needs a fixture or DCMTK to make
 * one.
 *
 * A dicom_spec says what is in one instance; dicom_write() streams it to a file: the pixel data is
 * generated block by block, so files of several GiB cost no memory. Everything is a function of the spec, its
 * seed included: the same spec gives the same bytes. No name in here is anybody's. */
#ifndef FELUCCA_TESTS_DICOM_H
#define FELUCCA_TESTS_DICOM_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dicom_coding { DICOM_EXPLICIT_LE, DICOM_IMPLICIT_LE, DICOM_EXPLICIT_BE };

enum { DICOM_UID_SIZE = 65 };

struct dicom_item;

/* One more element. Binary numbers (US, SS, UL, SL, FL, FD, AT, OW…) are given in little endian and turned
 * where the coding asks for it; values are padded to even length as their VR wants. */
struct dicom_element {
    uint16_t group, element;
    const char *vr; /* "LO"; "SQ" takes items; NULL: this element is left out of the file */
    const void *bytes;
    size_t length; /* 0 with bytes: a string, ended by NUL */
    const struct dicom_item *items;
    size_t item_count;
};

struct dicom_item {
    const struct dicom_element *elements; /* in ascending order of tags */
    size_t element_count;
};

/* NULL or "": the element is left out (patient's name, patient id and study id: empty). */
struct dicom_spec {
    uint64_t seed; /* of the pixels */
    enum dicom_coding coding;
    const char *transfer_syntax; /* NULL: that of the coding */
    bool encapsulated;           /* pixel data in fragments, as compressed syntaxes have it */
    const char *character_set;
    const char *patient_name, *patient_id; /* bytes, as the character set has them */
    const char *modality;  /* "CT", "MR", "US" (multi-frame), "SR"; others: secondary capture */
    const char *sop_class; /* NULL: what fits the modality */
    char study_uid[DICOM_UID_SIZE], series_uid[DICOM_UID_SIZE], sop_uid[DICOM_UID_SIZE];
    const char *study_date, *study_time, *accession_number, *study_id;
    const char *study_description, *series_description, *station_name, *body_part;
    int series_number, instance_number;
    /* Pixels: 16 bits each; all 0: no pixel data. dicom_shape() sets them for a size. */
    unsigned rows, columns, frames;
    uint64_t pixel_bytes; /* 0: rows × columns × frames × 2 */
    /* More elements; one with the tag of an element above takes its place. */
    const struct dicom_element *extra;
    size_t extra_count;
};

/* A CT instance of 64 × 64 pixels, with UIDs made from the seed; change what the test is about. */
void dicom_spec_init(struct dicom_spec *spec, uint64_t seed);

/* A valid UID below 2.25, the same for the same numbers. */
void dicom_uid(char ret_uid[DICOM_UID_SIZE], uint64_t seed, unsigned series, unsigned instance);

/* Sets rows, columns and frames so that the file is of about the size, and pixel data as close as an even
 * number can be (at most 0xFFFFFFFE bytes). */
void dicom_shape(struct dicom_spec *spec, uint64_t file_bytes);

/* Writes the file. 0, or a negative error. */
int dicom_write(const struct dicom_spec *spec, const char *path);

/* Appends only the data set, without preamble and file meta header, up to its pixel data, which it leaves
 * out. */
void dicom_append_head(const struct dicom_spec *spec, struct text *out);

/* The SOP class and transfer syntax that the file will have. Borrowed from the spec or for ever. */
const char *dicom_sop_class(const struct dicom_spec *spec);
const char *dicom_transfer_syntax(const struct dicom_spec *spec);

/* Writes series_count series of instance_count instances each to folder/S<series>-I<instance>.dcm (the folder
 * is there), as base says, with series 1, 2, … and UIDs made from seed. vary, unless NULL, is called before
 * each instance is written. 0, or the first error. */
int dicom_write_study(const struct dicom_spec *base, uint64_t seed, unsigned series_count,
                      unsigned instance_count, const char *folder,
                      void (*vary)(void *context, struct dicom_spec *spec, unsigned series,
                                   unsigned instance),
                      void *context);

#endif
