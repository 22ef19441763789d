#include "common/dicom/commitment.h"

#include "common/base/memory.h"
#include "common/dicom/encoding.h"
#include "common/dicom/uid.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define IMPLICIT_LITTLE "1.2.840.10008.1.2"
#define EXPLICIT_LITTLE "1.2.840.10008.1.2.1"

#define TAG_REFERENCED_CLASS    0x00081150
#define TAG_REFERENCED_INSTANCE 0x00081155
#define TAG_TRANSACTION         0x00081195
#define TAG_REFERENCED          0x00081199

static const char cut_off[] = "its data set is cut off", no_items[] = "its list of instances holds no items",
                  no_end[] = "its data set has an end where none can be";

struct reading {
    const unsigned char *bytes;
    bool is_explicit;
    struct commitment *commitment;
    const char *wrong; /* NULL: nothing yet */
};

/* The header of an element. */
struct head {
    uint32_t tag, length;
    size_t value;
};

bool commitment_takes_syntax(const char *transfer_syntax)
{
    return strcmp(transfer_syntax, IMPLICIT_LITTLE) == 0 || strcmp(transfer_syntax, EXPLICIT_LITTLE) == 0;
}

static bool fail(struct reading *reading, const char *wrong)
{
    if (!reading->wrong)
        reading->wrong = wrong;
    return false;
}

static uint32_t number(const unsigned char *bytes, int count)
{
    uint32_t value = 0;
    for (int i = count - 1; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

/* VRs with a length of four bytes (PS3.5 section 7.1.2). */
static bool vr_is_long(const unsigned char *vr)
{
    static const char vrs[][3] = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ",
                                  "SV", "UC", "UN", "UR", "UT", "UV"};
    for (size_t i = 0; i < sizeof vrs / sizeof *vrs; i++)
        if (memcmp(vr, vrs[i], 2) == 0)
            return true;
    return false;
}

static bool is_delimiter(uint32_t tag)
{
    return tag == TAG_ITEM || tag == TAG_ITEM_END || tag == TAG_SEQUENCE_END;
}

/* The header at a place before end, its value as far as it has a length within end too. */
static bool read_head(struct reading *reading, size_t at, size_t end, struct head *ret_head)
{
    const unsigned char *bytes = reading->bytes + at;
    if (end - at < 8)
        return fail(reading, cut_off);
    struct head head = {number(bytes, 2) << 16 | number(bytes + 2, 2), number(bytes + 4, 4), at + 8};
    if (reading->is_explicit && !is_delimiter(head.tag)) {
        bool is_long = vr_is_long(bytes + 4);
        if (is_long && end - at < 12)
            return fail(reading, cut_off);
        head.length = is_long ? number(bytes + 8, 4) : number(bytes + 6, 2);
        head.value = at + (is_long ? 12 : 8);
    }
    if (head.length != DATASET_UNDEFINED && head.length > end - head.value)
        return fail(reading, cut_off);
    *ret_head = head;
    return true;
}

/* Behind a value without a length: what it holds is passed over, by counting what is open. */
static bool pass_undefined(struct reading *reading, size_t end, size_t *at)
{
    for (size_t open = 1; open > 0;) {
        struct head head;
        if (!read_head(reading, *at, end, &head))
            return false;
        bool closes = head.tag == TAG_ITEM_END || head.tag == TAG_SEQUENCE_END;
        bool opens = !closes && head.length == DATASET_UNDEFINED;
        open += opens;
        open -= closes;
        *at = head.value + (opens || closes ? 0 : head.length);
    }
    return true;
}

static bool pass_value(struct reading *reading, const struct head *head, size_t end, size_t *at)
{
    *at = head->value;
    if (head->length == DATASET_UNDEFINED)
        return pass_undefined(reading, end, at);
    *at += head->length;
    return true;
}

/* Blanks and NULs behind it are padding. */
static bool take_uid(struct reading *reading, const struct head *head, char (*to)[COMMITMENT_UID_SIZE])
{
    const char *value = (const char *)reading->bytes + head->value;
    size_t length = head->length;
    while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\0'))
        length--;
    if (length >= sizeof *to || memchr(value, '\0', length))
        return fail(reading, "a UID in it is longer than 64 characters, or has a NUL within");
    memcpy(*to, value, length);
    (*to)[length] = '\0';
    return true;
}

/* ---- one instance ---- */

static bool take_of_item(struct reading *reading, const struct head *head,
                         struct commitment_reference *reference)
{
    if (head->length == DATASET_UNDEFINED)
        return true;
    if (head->tag == TAG_REFERENCED_CLASS)
        return take_uid(reading, head, &reference->sop_class);
    return head->tag != TAG_REFERENCED_INSTANCE || take_uid(reading, head, &reference->sop_instance);
}

static bool check_reference(struct reading *reading, const struct commitment_reference *reference)
{
    if (!uid_is_printable(reference->sop_class) || !uid_is_printable(reference->sop_instance))
        return fail(reading, "an instance in it has no Referenced SOP Class UID or SOP Instance UID");
    return true;
}

static bool read_item(struct reading *reading, const struct head *item, size_t end, size_t *at)
{
    bool open = item->length == DATASET_UNDEFINED;
    size_t item_end = open ? end : item->value + item->length;
    if (reading->commitment->count == COMMITMENT_REFERENCES_MOST)
        return fail(reading, "it has more than 20,000 instances");
    struct commitment_reference *reference = commitment_add(reading->commitment);
    *at = item->value;
    while (open || *at < item_end) {
        struct head head;
        if (!read_head(reading, *at, item_end, &head))
            return false;
        if (open && head.tag == TAG_ITEM_END) {
            *at = head.value;
            break;
        }
        if (is_delimiter(head.tag))
            return fail(reading, no_end);
        if (!take_of_item(reading, &head, reference) || !pass_value(reading, &head, item_end, at))
            return false;
    }
    return check_reference(reading, reference);
}

static bool read_sequence(struct reading *reading, const struct head *sequence, size_t end, size_t *at)
{
    bool open = sequence->length == DATASET_UNDEFINED;
    size_t sequence_end = open ? end : sequence->value + sequence->length;
    *at = sequence->value;
    while (open || *at < sequence_end) {
        struct head head;
        if (!read_head(reading, *at, sequence_end, &head))
            return false;
        if (open && head.tag == TAG_SEQUENCE_END) {
            *at = head.value;
            return true;
        }
        if (head.tag != TAG_ITEM)
            return fail(reading, no_items);
        if (!read_item(reading, &head, sequence_end, at))
            return false;
    }
    return true;
}

/* ---- the data set ---- */

static bool read_element(struct reading *reading, size_t end, size_t *at)
{
    struct head head;
    if (!read_head(reading, *at, end, &head))
        return false;
    if (is_delimiter(head.tag))
        return fail(reading, no_end);
    if (head.tag == TAG_REFERENCED)
        return read_sequence(reading, &head, end, at);
    if (head.tag == TAG_TRANSACTION && head.length != DATASET_UNDEFINED &&
        !take_uid(reading, &head, &reading->commitment->transaction))
        return false;
    return pass_value(reading, &head, end, at);
}

const char *commitment_read(const void *bytes, size_t length, const char *transfer_syntax,
                            struct commitment *ret_commitment)
{
    struct reading reading = {bytes, strcmp(transfer_syntax, EXPLICIT_LITTLE) == 0, ret_commitment, NULL};
    *ret_commitment = (struct commitment){.count = 0};
    for (size_t at = 0; at < length;)
        if (!read_element(&reading, length, &at))
            return reading.wrong;
    if (!uid_is_printable(ret_commitment->transaction))
        return "it has no Transaction UID";
    return ret_commitment->count == 0 ? "it refers to no instance" : NULL;
}

struct commitment_reference *commitment_add(struct commitment *commitment)
{
    commitment->references = memory_grow(commitment->references, &commitment->capacity, commitment->count + 1,
                                         sizeof *commitment->references);
    return &commitment->references[commitment->count++];
}

void commitment_release(struct commitment *commitment)
{
    free(commitment->references);
    *commitment = (struct commitment){.count = 0};
}
