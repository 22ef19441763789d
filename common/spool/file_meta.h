/* file_meta - the file meta information in front of a data set (PS3.10 section 7.1), in plain C.
 *
 * A spool file explains itself: our header in front of the data set, which is as it was received, tells
 * who sent it to whom. Explicit VR Little Endian, whatever the data set is in. Beside the standard elements
 *     (0002,0016) Source AE Title and (0002,0017) Sending AE Title: the calling AE title
 *     (0002,0018) Receiving AE Title: the called one
 *     (0002,0100) Private Information Creator UID: FILE_META_CREATOR
 *     (0002,0102) Private Information: "address=<peer's address>;priority=<low|medium|high>"
 * None of these leaves the house: for sending, encode a file_meta with these members left empty. */
#ifndef FELUCCA_SPOOL_FILE_META_H
#define FELUCCA_SPOOL_FILE_META_H

#include "common/base/text.h"

#include <stdint.h>

#define FILE_META_CREATOR "2.25.236517895170428964518637429146710987221"

enum { FILE_META_UID_SIZE = 65, FILE_META_AET_SIZE = 17, FILE_META_ADDRESS_SIZE = 46 };

/* C-STORE priority (PS3.7 section 9.3.1.1: 0 medium, 1 high, 2 low). */
enum file_meta_priority { FILE_META_MEDIUM = 0, FILE_META_HIGH = 1, FILE_META_LOW = 2 };

struct file_meta {
    char sop_class[FILE_META_UID_SIZE];
    char sop_instance[FILE_META_UID_SIZE];
    char transfer_syntax[FILE_META_UID_SIZE];
    char calling_aet[FILE_META_AET_SIZE]; /* without padding; empty: left out */
    char called_aet[FILE_META_AET_SIZE];
    char source_address[FILE_META_ADDRESS_SIZE]; /* numeric IPv4 or IPv6; empty: left out with priority */
    enum file_meta_priority priority;
};

/* Appends preamble, prefix and group 0002 to out; the data set follows them. */
void file_meta_encode(const struct file_meta *meta, struct text *out);

/* Reads them from the start of an open file (pread; the file position stays). *ret_data_offset is where the
 * data set begins. 0, ERR_SYNTAX or ERR_IO. Unknown elements of group 0002 are passed over. */
int file_meta_read(int fd, struct file_meta *ret_meta, int64_t *ret_data_offset);

#endif
