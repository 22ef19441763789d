/* reading - what felucca-header found in one file: the identifiers, whether the header was read whole, and the answers to the questions of the configuration.
 *
 * It answers as the header itself does (common/dicom/header.h), but what was not asked for is unknown. The bytes
 * come from a process that strangers' files may have taken over: whatever they are, a reading is well-formed, or
 * there is none. Its texts are bounded by READING_MAX altogether; what has no room is unknown. */
#ifndef FELUCCA_READING_READING_H
#define FELUCCA_READING_READING_H

#include "common/dicom/header.h"
#include "common/reading/questions.h"

enum { READING_MAX = 32 << 20 }; /* bytes */

/* Reads the header of an open file, which is closed, and appends the answers. At most READING_MAX bytes. */
void reading_write(int fd, const struct questions *questions, struct text *out);

/* The hashes of search_hash.h. */
enum reading_hash {
    READING_ACCESSION,
    READING_PATIENT,
    READING_PATIENT_ISSUED, /* with its issuer */
    READING_STUDY_ID,
    READING_HASHES
};

struct reading;

/* From the bytes, which are then its own (also after an error). 0, or ERR_SYNTAX: no reading_write() made them.
 * questions are those that were asked; borrowed while it lives. */
int reading_parse(char *bytes, size_t length, const struct questions *questions,
                  struct reading **ret_reading);
void reading_destroy(struct reading **reading);

/* As header_read() of the file: 0, or an error with its sentence. After an error nothing else may be asked. */
int reading_code(const struct reading *reading);
const char *reading_reason(const struct reading *reading);
/* How long it took, and how much memory it holds. */
int64_t reading_ns(const struct reading *reading);
size_t reading_bytes(const struct reading *reading);

/* As the functions of the same names of common/dicom/header.h. */
const char *reading_uid(const struct reading *reading, enum header_uid which);
bool reading_tell_uid(const struct reading *reading, enum header_uid which, struct text *out);
const char *reading_incomplete(const struct reading *reading);

/* NULL: they were not wanted, or the header has no such number. Borrowed. */
const char *reading_hash(const struct reading *reading, enum reading_hash which);

/* The header as common/dicom/kept.h keeps it, borrowed; NULL: it was not wanted, or cannot be kept. */
const char *reading_kept(const struct reading *reading, size_t *ret_length);

/* How many characters the first text under a path has, where questions_add_width() asked it; 0: it has none. */
size_t reading_width(const struct reading *reading, const struct condition_path *path);

/* What conditions ask. transfer says what is known of the transfer; its NULLs (or all, without a struct) are taken
 * from the file meta header. Both borrowed: the facts from the reading, the transfer until they are asked. */
const struct condition_facts *reading_facts(struct reading *reading, const struct header_transfer *transfer);

#endif
