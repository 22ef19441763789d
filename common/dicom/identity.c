#include "common/dicom/identity.h"

#include "common/base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    HEAD_MOST = 12,
    INFLATED_MOST = 1 << 20, /* bytes of a deflated data set that are looked at */
    INFLATE_STEP = 4096,
    DEPTH_MOST = 64
};

#define UNDEFINED        0xFFFFFFFFu
#define TAG_LAST         0x0020000Eu /* of those that are wanted */
#define TAG_ITEM         0xFFFEE000u
#define TAG_ITEM_END     0xFFFEE00Du
#define TAG_SEQUENCE_END 0xFFFEE0DDu

struct identity {
    bool implicit, big_endian, deflated;
    bool done;
    z_stream inflater;
    bool inflating; /* the stream is ours to end */
    size_t inflated;

    unsigned char head[HEAD_MOST]; /* of the element that begins */
    size_t head_length;
    unsigned depth; /* sequences and items of undefined length that are open */
    uint64_t skip;  /* bytes of a value that are passed over */
    char *value;    /* where the value goes that is wanted */
    size_t value_length, value_wanted;
    char uids[4][IDENTITY_UID_SIZE]; /* as wanted_tags has them */
};

enum { SOP_CLASS, SOP_INSTANCE, STUDY, SERIES, WANTED };

static const uint32_t wanted_tags[WANTED] = {
    [SOP_CLASS] = 0x00080016, [SOP_INSTANCE] = 0x00080018, [STUDY] = 0x0020000D, [SERIES] = TAG_LAST};

struct identity *identity_create(void)
{
    return memory_new(1, sizeof(struct identity));
}

static void end_inflating(struct identity *identity)
{
    if (identity->inflating)
        (void)inflateEnd(&identity->inflater);
    identity->inflating = false;
}

void identity_destroy(struct identity **identity)
{
    if (*identity)
        end_inflating(*identity);
    memory_free(identity);
}

static bool is_one_of(const char *uid, const char *const *uids)
{
    while (*uids && strcmp(*uids, uid) != 0)
        uids++;
    return *uids != NULL;
}

/* How the elements of a data set are written (PS3.5 annex A); all that are not listed: explicit, little endian. */
void identity_begin(struct identity *identity, const char *transfer_syntax)
{
    static const char *const implicit[] = {"1.2.840.10008.1.2", "1.2.840.113619.5.2", NULL};
    static const char *const big_endian[] = {"1.2.840.10008.1.2.2", NULL};
    static const char *const deflated[] = {"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95",
                                           "1.2.840.10008.1.2.4.205", NULL};
    end_inflating(identity);
    *identity = (struct identity){.implicit = is_one_of(transfer_syntax, implicit),
                                  .big_endian = is_one_of(transfer_syntax, big_endian),
                                  .deflated = is_one_of(transfer_syntax, deflated)};
    if (identity->deflated) {
        identity->inflating = inflateInit2(&identity->inflater, -MAX_WBITS) == Z_OK;
        identity->done = !identity->inflating;
    }
}

static uint32_t number(const struct identity *identity, size_t at, int count)
{
    uint32_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | identity->head[at + (size_t)(identity->big_endian ? i : count - 1 - i)];
    return value;
}

static bool is_delimiter(uint32_t tag)
{
    return tag == TAG_ITEM || tag == TAG_ITEM_END || tag == TAG_SEQUENCE_END;
}

static bool vr_is(const struct identity *identity, const char *vr)
{
    return memcmp(identity->head + 4, vr, 2) == 0;
}

/* VRs with a length of four bytes (PS3.5 section 7.1.2). */
static bool vr_is_long(const struct identity *identity)
{
    static const char vrs[][3] = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ",
                                  "SV", "UC", "UN", "UR", "UT", "UV"};
    for (size_t i = 0; i < sizeof vrs / sizeof *vrs; i++)
        if (vr_is(identity, vrs[i]))
            return true;
    return false;
}

static bool vr_is_possible(const struct identity *identity)
{
    const unsigned char *vr = identity->head + 4;
    return vr[0] >= 'A' && vr[0] <= 'Z' && vr[1] >= 'A' && vr[1] <= 'Z';
}

/* How long the head is, as far as can be said by now. */
static size_t head_size(const struct identity *identity)
{
    if (identity->head_length < 8 || identity->implicit ||
        is_delimiter(number(identity, 0, 2) << 16 | number(identity, 2, 2)) || !vr_is_long(identity))
        return 8;
    return 12;
}

static void want(struct identity *identity, char *value, uint32_t length)
{
    if (length < IDENTITY_UID_SIZE) { /* what is longer is no UID */
        identity->value = value;
        identity->value_wanted = length;
        identity->value_length = 0;
    } else {
        identity->skip = length;
    }
}

/* The sequences and items around: false where they do not fit together. */
static bool take_delimiter(struct identity *identity, uint32_t tag, uint32_t length)
{
    if (identity->depth == 0)
        return false;
    if (tag != TAG_ITEM)
        identity->depth--;
    else if (length == UNDEFINED)
        identity->depth++;
    else
        identity->skip = length;
    return identity->depth <= DEPTH_MOST;
}

/* A head is there: false when the rest cannot be followed, or need not be. */
static bool take_head(struct identity *identity)
{
    uint32_t tag = number(identity, 0, 2) << 16 | number(identity, 2, 2);
    bool implicit = identity->implicit || is_delimiter(tag);
    if (!implicit && !vr_is_possible(identity))
        return false;
    uint32_t length = implicit                      ? number(identity, 4, 4)
                      : identity->head_length == 12 ? number(identity, 8, 4)
                                                    : number(identity, 6, 2);
    if (is_delimiter(tag))
        return take_delimiter(identity, tag, length);
    if (identity->depth == 0 && tag > TAG_LAST)
        return false;
    if (length == UNDEFINED) {
        identity->depth++;
        return (implicit || vr_is(identity, "SQ")) && identity->depth <= DEPTH_MOST;
    }
    for (int i = 0; identity->depth == 0 && i < WANTED; i++) {
        if (tag == wanted_tags[i]) {
            want(identity, identity->uids[i], length);
            return true;
        }
    }
    identity->skip = length;
    return true;
}

/* A UID is there but for its end and its padding. */
static void take_value(struct identity *identity)
{
    char *value = identity->value;
    size_t length = identity->value_length, blanks = 0;
    while (length > 0 && (value[length - 1] == ' ' || value[length - 1] == '\0'))
        length--;
    while (blanks < length && value[blanks] == ' ')
        blanks++;
    memmove(value, value + blanks, length - blanks);
    value[length - blanks] = '\0';
    identity->value = NULL;
}

static size_t least(size_t a, uint64_t b)
{
    return b < a ? (size_t)b : a;
}

static void follow(struct identity *identity, const unsigned char *bytes, size_t length)
{
    while (!identity->done && length > 0) {
        size_t taken;
        if (identity->skip > 0) {
            taken = least(length, identity->skip);
            identity->skip -= taken;
        } else if (identity->value) {
            taken = least(length, identity->value_wanted - identity->value_length);
            memcpy(identity->value + identity->value_length, bytes, taken);
            identity->value_length += taken;
        } else {
            taken = least(length, head_size(identity) - identity->head_length);
            memcpy(identity->head + identity->head_length, bytes, taken);
            identity->head_length += taken;
            if (identity->head_length >= 8 && identity->head_length == head_size(identity)) {
                identity->done = !take_head(identity);
                identity->head_length = 0;
            }
        }
        if (identity->value && identity->value_length == identity->value_wanted)
            take_value(identity);
        bytes += taken;
        length -= taken;
    }
}

static void inflate_and_follow(struct identity *identity, const unsigned char *bytes, size_t length)
{
    unsigned char plain[INFLATE_STEP];
    identity->inflater.next_in = (unsigned char *)(uintptr_t)bytes;
    identity->inflater.avail_in = (unsigned)length;
    while (!identity->done) {
        identity->inflater.next_out = plain;
        identity->inflater.avail_out = sizeof plain;
        int code = inflate(&identity->inflater, Z_SYNC_FLUSH);
        size_t got = sizeof plain - identity->inflater.avail_out;
        follow(identity, plain, got);
        identity->inflated += got;
        if ((code != Z_OK && code != Z_BUF_ERROR) || identity->inflated > INFLATED_MOST)
            identity->done = true;
        if (identity->inflater.avail_out > 0)
            break; /* it wants more */
    }
}

bool identity_feed(struct identity *identity, const void *bytes, size_t length)
{
    if (!identity->done && identity->deflated)
        inflate_and_follow(identity, bytes, length);
    else if (!identity->done)
        follow(identity, bytes, length);
    return identity->done;
}

static const char *uid_of(const struct identity *identity, int which)
{
    return identity->value == identity->uids[which] ? "" : identity->uids[which];
}

const char *identity_sop_class(const struct identity *identity)
{
    return uid_of(identity, SOP_CLASS);
}

const char *identity_sop_instance(const struct identity *identity)
{
    return uid_of(identity, SOP_INSTANCE);
}

const char *identity_study(const struct identity *identity)
{
    return uid_of(identity, STUDY);
}

const char *identity_series(const struct identity *identity)
{
    return uid_of(identity, SERIES);
}
