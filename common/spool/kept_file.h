/* kept_file - the file of a study's kept headers (common/dicom/kept.h): its name, and its records.
 *
 * The router alone writes it (router/headers.h); who may enter state_dir/headers/, the service's user, reads it at any time.
 * A record that a crash left half written, or that is being written, is passed over. */
#ifndef FELUCCA_SPOOL_KEPT_FILE_H
#define FELUCCA_SPOOL_KEPT_FILE_H

#include "common/base/receipt.h"
#include "common/base/text.h"

#include <stddef.h>
#include <stdint.h>

enum { KEPT_FILE_MAX = 64 << 20 /* bytes */ };

/* Appends its path below headers/: two hex digits, and a digest of the Study Instance UID. */
void kept_file_append_path(const char *study, struct text *out);

/* Appends a record, as it is to be appended to the file. */
void kept_file_append_record(const char *receipt, const void *bytes, size_t length, struct text *out);

struct kept_record {
    char receipt[RECEIPT_SIZE]; /* "": it was blanked */
    const char *bytes;          /* borrowed from the file's */
    size_t length;
    size_t start, end; /* of the whole record in the file */
};

/* The next record of the file's bytes from *at on, which is moved to where the one behind it may be. False: none. */
bool kept_file_next(const struct text *file, size_t *at, struct kept_record *ret_record);

/* Appends the record of a study's file that blanks it: it has no receipt and no header then, and those around it stay. */
void kept_file_append_blank(const struct kept_record *record, struct text *out);

/* Appends the bytes of a study's file; headers: the folder headers/. 0, also where there is none; ERR_DENIED, ERR_IO. */
int kept_file_read(int headers, const char *study, struct text *out);

#endif
