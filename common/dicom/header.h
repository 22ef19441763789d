/* header - the attributes of a DICOM file, read once.
 *
 * Answers what conditions ask (header_facts) and the identifiers that the job database needs. Values are read
 * when a condition asks for them, within the bounds of value.h. A header that cannot be read to its end is
 * incomplete: header_facts() then tells that what was not found is unknown, so that no condition becomes true
 * because reading ended early. So is what cannot be decoded: a value whose VR nobody knows, that is too long,
 * or that is there twice. Reading never fails for what a file's bytes are, once it looks like DICOM and has an
 * element. Not thread-safe. */
#ifndef FELUCCA_DICOM_HEADER_H
#define FELUCCA_DICOM_HEADER_H

#include "common/base/text.h"
#include "common/condition/condition.h"
#include "common/dicom/dataset.h"

enum header_uid { HEADER_SOP_CLASS, HEADER_SOP_INSTANCE, HEADER_STUDY, HEADER_SERIES, HEADER_UIDS };

/* Facts of the transfer, which the file itself may not know. Borrowed while the header lives. What is NULL
 * here (or all, without a struct) is taken from the file meta header where that knows it. */
struct header_transfer {
    const char *calling_aet, *called_aet, *source_address, *transfer_syntax;
};

struct header;

/* Reads a Part 10 file, or a bare data set. 0, or ERR_SYNTAX (not DICOM, or without any element), ERR_IO,
 * ERR_DENIED or ERR_ABSENT, with a sentence without any value of the file appended to ret_reason. */
int header_read(const char *path, const struct header_transfer *transfer, struct header **ret_header,
                struct text *ret_reason);
/* The same of an open file. The descriptor is the header's, whatever comes of it. */
int header_read_open(int fd, const struct header_transfer *transfer, struct header **ret_header,
                     struct text *ret_reason);
void header_destroy(struct header **header);

/* Where in the file the data set begins: behind the file meta header, where there is one. */
uint64_t header_data_set(const struct header *header);

/* The disk failed, or the file became shorter, while it was asked: nothing that it said counts, and the file may be as good
 * as ever. To be asked last. */
bool header_failed(const struct header *header);

/* NULL: it was read to its end. Else where and why reading ended, for people, without any value of the file:
 * "reading ended at offset 1,234 behind (0032,1060): the value there is cut". Borrowed from the header. */
const char *header_incomplete(const struct header *header);

/* The same for programs; NULL: it was read to its end. Borrowed from the header. */
const struct dataset_break *header_break(const struct header *header);

/* A UID of the data set (never of the file meta header), padding removed, borrowed; NULL when it is missing,
 * there twice with different values, or nothing that any server would take (uid_is_printable()). Which server
 * takes it is for others to say: PS3.5 section 9 wants digits and dots. */
const char *header_uid(const struct header *header, enum header_uid which);

/* Appends a value that header_uid() does not give, for people: quoted, cut, without control characters. False when
 * there is none. */
bool header_tell_uid(const struct header *header, enum header_uid which, struct text *out);

/* Appends it as kept.h keeps it. False: it cannot be kept. */
bool header_append_kept(struct header *header, struct text *out);

/* What conditions ask; each distinct path is looked up and decoded once. Borrowed from the header. */
const struct condition_facts *header_facts(struct header *header);

#endif
