/* commitment - what a requester asks to be committed (PS3.4 section J.3.2): the data set of its N-ACTION, read.
 *
 * A transaction and the instances that it refers to. Elements that mean nothing here are passed over. A data set is
 * in memory as it came, whatever its bytes are: nothing of it is believed before it was checked, nothing recurses, and what
 * is read is bounded. A UID is 1 to 64 printable characters, as modalities write them, without padding. */
#ifndef FELUCCA_DICOM_COMMITMENT_H
#define FELUCCA_DICOM_COMMITMENT_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Storage Commitment Push Model, and its one well-known instance. */
#define COMMITMENT_CLASS    "1.2.840.10008.1.20.1"
#define COMMITMENT_INSTANCE "1.2.840.10008.1.20.1.1"

enum {
    COMMITMENT_UID_SIZE = 65,
    COMMITMENT_BYTES_MOST = 4 << 20, /* of a data set */
    COMMITMENT_REFERENCES_MOST = 20000
};

struct commitment_reference {
    char sop_class[COMMITMENT_UID_SIZE];
    char sop_instance[COMMITMENT_UID_SIZE];
};

struct commitment {
    char transaction[COMMITMENT_UID_SIZE];
    struct commitment_reference *references;
    size_t count, capacity;
};

/* Whether a data set in this transfer syntax can be read: Implicit and Explicit VR Little Endian. */
bool commitment_takes_syntax(const char *transfer_syntax);

/* NULL, or what is wrong with it, a part of a sentence. Release it in either case. */
const char *commitment_read(const void *bytes, size_t length, const char *transfer_syntax,
                            struct commitment *ret_commitment);
/* Adds one; borrowed until the next. */
struct commitment_reference *commitment_add(struct commitment *commitment);
void commitment_release(struct commitment *commitment);

#ifdef __cplusplus
}
#endif

#endif
