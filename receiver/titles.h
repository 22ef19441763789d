/* titles - the AE titles of an A-ASSOCIATE-RQ (PS3.8 section 9.3.2): whom a peer calls, and as whom.
 *
 * A title has 16 bytes on the wire; blanks around it are no part of it. */
#ifndef FELUCCA_RECEIVER_TITLES_H
#define FELUCCA_RECEIVER_TITLES_H

#include "common/spool/file_meta.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct titles {
    char called[FILE_META_AET_SIZE], calling[FILE_META_AET_SIZE];
};

/* Without the blanks; what is behind a NUL, or the first 16 bytes, does not count. */
void title_trim(const char *title, char (*ret_title)[FILE_META_AET_SIZE]);

/* Of a request. Both are empty when it is too short for titles. */
void titles_read(const void *pdu, size_t length, struct titles *ret_titles);

/* Of the request that the socket holds; it stays there. Both are empty when it is too short for titles. */
void titles_peek(int socket, struct titles *ret_titles);

#ifdef __cplusplus
}
#endif

#endif
