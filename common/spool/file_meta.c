#include "common/spool/file_meta.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/dicom/implementation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PREAMBLE_SIZE = 128,
    GROUP_LENGTH_SIZE = 12, /* the element (0002,0000) */
    FIXED_SIZE = PREAMBLE_SIZE + 4 + GROUP_LENGTH_SIZE,
    GROUP_MAX = 64 * 1024 /* ours has less than 1 KiB */
};

/* Element numbers of group 0002. */
enum {
    VERSION = 0x0001,
    SOP_CLASS = 0x0002,
    SOP_INSTANCE = 0x0003,
    TRANSFER_SYNTAX = 0x0010,
    IMPLEMENTATION_CLASS_UID = 0x0012,
    IMPLEMENTATION_VERSION = 0x0013,
    SOURCE_AET = 0x0016,
    SENDING_AET = 0x0017,
    RECEIVING_AET = 0x0018,
    PRIVATE_CREATOR = 0x0100,
    PRIVATE_INFORMATION = 0x0102
};

static const char *const priority_names[] = {
    [FILE_META_MEDIUM] = "medium", [FILE_META_HIGH] = "high", [FILE_META_LOW] = "low"};

static void append_little(struct text *out, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        text_append_char(out, (char)(value >> 8 * i & 0xff));
}

/* VRs with a four-byte length (PS3.5 section 7.1.2); the only one that we write is OB. */
static bool vr_is_long(const char *vr)
{
    static const char names[] = "OB OW OD OF OL OV SQ SV UC UN UR UT UV ";
    for (const char *name = names; *name; name += 3) {
        if (memcmp(vr, name, 2) == 0)
            return true;
    }
    return false;
}

static void append_element(struct text *out, uint32_t element, const char *vr, const char *value,
                           size_t length)
{
    append_little(out, 0x0002, 2);
    append_little(out, element, 2);
    text_append(out, vr);
    uint32_t padded = (uint32_t)(length + (length & 1));
    if (vr_is_long(vr))
        append_little(out, 0, 2);
    append_little(out, padded, vr_is_long(vr) ? 4 : 2);
    text_append_bytes(out, value, length);
    if (length & 1)
        text_append_char(out, strcmp(vr, "UI") == 0 ? '\0' : ' ');
}

static void append_string(struct text *out, uint32_t element, const char *vr, const char *value)
{
    append_element(out, element, vr, value, strlen(value));
}

static void append_transfer(struct text *group, const struct file_meta *meta)
{
    if (meta->calling_aet[0]) {
        append_string(group, SOURCE_AET, "AE", meta->calling_aet);
        append_string(group, SENDING_AET, "AE", meta->calling_aet);
    }
    if (meta->called_aet[0])
        append_string(group, RECEIVING_AET, "AE", meta->called_aet);
    if (meta->source_address[0]) {
        AUTO(text_release) struct text information = TEXT_EMPTY;
        text_format(&information, "address=%s;priority=%s", meta->source_address,
                    priority_names[meta->priority]);
        append_string(group, PRIVATE_CREATOR, "UI", FILE_META_CREATOR);
        append_string(group, PRIVATE_INFORMATION, "OB", text_string(&information));
    }
}

void file_meta_encode(const struct file_meta *meta, struct text *out)
{
    AUTO(text_release) struct text group = TEXT_EMPTY;
    append_element(&group, VERSION, "OB", "\0\1", 2);
    append_string(&group, SOP_CLASS, "UI", meta->sop_class);
    append_string(&group, SOP_INSTANCE, "UI", meta->sop_instance);
    append_string(&group, TRANSFER_SYNTAX, "UI", meta->transfer_syntax);
    append_string(&group, IMPLEMENTATION_CLASS_UID, "UI", IMPLEMENTATION_CLASS);
    append_string(&group, IMPLEMENTATION_VERSION, "SH", IMPLEMENTATION_NAME);
    append_transfer(&group, meta);

    static const char preamble[PREAMBLE_SIZE];
    text_append_bytes(out, preamble, sizeof preamble);
    text_append(out, "DICM");
    append_little(out, 0x0002, 2);
    append_little(out, 0x0000, 2);
    text_append(out, "UL");
    append_little(out, 4, 2);
    append_little(out, (uint32_t)group.length, 4);
    text_append_bytes(out, group.bytes, group.length);
}

static uint32_t little(const unsigned char *bytes, int count)
{
    uint32_t value = 0;
    for (int i = count - 1; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

/* Reads exactly size bytes: ERR_SYNTAX when the file is shorter. */
static int read_at(int fd, void *buffer, size_t size, off_t offset)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(fd, (char *)buffer + done, size - done, offset + (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        if (n == 0)
            return ERR_SYNTAX;
        done += (size_t)n;
    }
    return 0;
}

/* Without padding at either end; a value with more bytes than the buffer holds is not well-formed. */
static int take_string(const unsigned char *value, size_t length, char *buffer, size_t size)
{
    while (length && (value[length - 1] == ' ' || value[length - 1] == '\0'))
        length--;
    for (; length && *value == ' '; length--)
        value++;
    if (length >= size || memchr(value, '\0', length))
        return ERR_SYNTAX;
    memcpy(buffer, value, length);
    buffer[length] = '\0';
    return 0;
}

/* "address=10.1.2.3;priority=low"; what is not of this form tells nothing. */
static void take_information(const unsigned char *value, size_t length, struct file_meta *meta)
{
    char buffer[128];
    if (take_string(value, length, buffer, sizeof buffer) < 0 || !string_starts_with(buffer, "address="))
        return;
    char *address = buffer + strlen("address="), *end = strchr(address, ';');
    if (!end || (size_t)(end - address) >= sizeof meta->source_address)
        return;
    memcpy(meta->source_address, address, (size_t)(end - address));
    for (int priority = 0; priority < 3; priority++) {
        if (string_starts_with(end, ";priority=") &&
            strcmp(end + strlen(";priority="), priority_names[priority]) == 0)
            meta->priority = (enum file_meta_priority)priority;
    }
}

static int take_element(uint32_t element, const unsigned char *value, size_t length, struct file_meta *meta,
                        bool *private_is_ours)
{
    char creator[FILE_META_UID_SIZE];
    switch (element) {
    case SOP_CLASS:
        return take_string(value, length, meta->sop_class, sizeof meta->sop_class);
    case SOP_INSTANCE:
        return take_string(value, length, meta->sop_instance, sizeof meta->sop_instance);
    case TRANSFER_SYNTAX:
        return take_string(value, length, meta->transfer_syntax, sizeof meta->transfer_syntax);
    case SOURCE_AET:
        return take_string(value, length, meta->calling_aet, sizeof meta->calling_aet);
    case RECEIVING_AET:
        return take_string(value, length, meta->called_aet, sizeof meta->called_aet);
    case PRIVATE_CREATOR:
        *private_is_ours = take_string(value, length, creator, sizeof creator) == 0 &&
                           strcmp(creator, FILE_META_CREATOR) == 0;
        return 0;
    case PRIVATE_INFORMATION:
        if (*private_is_ours)
            take_information(value, length, meta);
        return 0;
    default:
        return 0;
    }
}

static int parse_group(const unsigned char *group, size_t size, struct file_meta *meta)
{
    bool private_is_ours = false;
    for (size_t at = 0; at < size;) {
        if (size - at < 8 || little(group + at, 2) != 0x0002)
            return ERR_SYNTAX;
        uint32_t element = little(group + at + 2, 2);
        bool is_long = vr_is_long((const char *)group + at + 4);
        if (is_long && size - at < 12)
            return ERR_SYNTAX;
        size_t length = is_long ? little(group + at + 8, 4) : little(group + at + 6, 2);
        at += is_long ? 12 : 8;
        if (length > size - at)
            return ERR_SYNTAX;
        int rc = take_element(element, group + at, length, meta, &private_is_ours);
        if (rc < 0)
            return rc;
        at += length;
    }
    return meta->transfer_syntax[0] ? 0 : ERR_SYNTAX;
}

int file_meta_read(int fd, struct file_meta *ret_meta, int64_t *ret_data_offset)
{
    unsigned char fixed[FIXED_SIZE];
    int rc = read_at(fd, fixed, sizeof fixed, 0);
    if (rc < 0)
        return rc;
    static const unsigned char expected[] = "DICM\x02\0\0\0UL\x04\0";
    if (memcmp(fixed + PREAMBLE_SIZE, expected, sizeof expected - 1) != 0)
        return ERR_SYNTAX;
    size_t size = little(fixed + FIXED_SIZE - 4, 4);
    if (size > GROUP_MAX)
        return ERR_SYNTAX;
    AUTO(memory_free) unsigned char *group = memory_new(size + 1, 1);
    rc = read_at(fd, group, size, FIXED_SIZE);
    struct file_meta meta = {.priority = FILE_META_MEDIUM};
    if (rc == 0)
        rc = parse_group(group, size, &meta);
    if (rc < 0)
        return rc;
    *ret_meta = meta;
    *ret_data_offset = FIXED_SIZE + (int64_t)size;
    return 0;
}
