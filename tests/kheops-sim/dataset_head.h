/* dataset_head - the head of a Part 10 file, read while it streams by.
 *
 * Fed with the file in pieces of any size, it keeps the UIDs and the attributes that KHEOPS compares, all of
 * which are before (0020,0012), and a digest of the data set (everything behind the file meta header).
 * Explicit and implicit VR, both byte orders, deflated data sets, sequences of either length. No piece is
 * kept; values longer than ELEMENT_VALUE_MAX bytes are cut. */
#ifndef FELUCCA_SIM_DATASET_HEAD_H
#define FELUCCA_SIM_DATASET_HEAD_H

#include "tests/kheops-sim/attributes.h"

#include <stddef.h>
#include <stdint.h>

enum { HEAD_UID_SIZE = 65 };

struct dataset_head {
    char transfer_syntax[HEAD_UID_SIZE], sop_class[HEAD_UID_SIZE], sop_instance[HEAD_UID_SIZE];
    char study[HEAD_UID_SIZE], series[HEAD_UID_SIZE];
    char *attributes[ATTRIBUTES]; /* the first value of each, trimmed, in UTF-8; NULL when there is none */
    uint64_t set;                 /* of all attributes: the same for instances that KHEOPS compares once */
};

enum head_state { HEAD_READING, HEAD_KNOWN, HEAD_BROKEN };

struct head_reader;

struct head_reader *head_reader_create(void);
void head_reader_destroy(struct head_reader **reader);

/* Takes the next piece. KNOWN once everything wanted was read; go on feeding, for the digest. */
enum head_state head_reader_feed(struct head_reader *reader, const void *bytes, size_t length);

/* The file ends here. KNOWN when all four UIDs were there. */
enum head_state head_reader_end(struct head_reader *reader);

/* Complete once KNOWN; borrowed from the reader. */
const struct dataset_head *head_reader_head(const struct head_reader *reader);

/* Of the data set so far. */
uint64_t head_reader_digest(const struct head_reader *reader);

#endif
