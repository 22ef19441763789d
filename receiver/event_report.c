#include "receiver/event_report.h"

#include "common/base/cleanup.h"
#include "common/dicom/encoding.h"

#include <string.h>

#define IMPLICIT_LITTLE "1.2.840.10008.1.2"

#define TAG_REFERENCED_CLASS    0x00081150
#define TAG_REFERENCED_INSTANCE 0x00081155
#define TAG_TRANSACTION         0x00081195
#define TAG_FAILURE_REASON      0x00081197
#define TAG_FAILED              0x00081198
#define TAG_REFERENCED          0x00081199

static void append_little(struct text *out, uint32_t value, int count)
{
    for (int i = 0; i < count; i++)
        text_append_char(out, (char)(value >> 8 * i & 0xff));
}

static void append_tag(struct text *out, uint32_t tag)
{
    append_little(out, tag >> 16, 2);
    append_little(out, tag & 0xffff, 2);
}

/* vr NULL: implicit. A sequence's length has four bytes in either. */
static void append_head(struct text *out, uint32_t tag, const char *vr, size_t length)
{
    append_tag(out, tag);
    if (vr)
        text_append_bytes(out, vr, 2);
    if (vr && strcmp(vr, "SQ") == 0)
        append_little(out, 0, 2);
    append_little(out, (uint32_t)length, vr && strcmp(vr, "SQ") != 0 ? 2 : 4);
}

static void append_uid(struct text *out, uint32_t tag, bool is_explicit, const char *uid)
{
    size_t length = strlen(uid);
    append_head(out, tag, is_explicit ? "UI" : NULL, length + length % 2);
    text_append_bytes(out, uid, length + length % 2); /* padded with its own NUL */
}

static void append_item(struct text *out, bool is_explicit, const struct work_reported *reported)
{
    AUTO(text_release) struct text item = TEXT_EMPTY;
    append_uid(&item, TAG_REFERENCED_CLASS, is_explicit, reported->sop_class);
    append_uid(&item, TAG_REFERENCED_INSTANCE, is_explicit, reported->sop_instance);
    if (reported->reason != 0) {
        append_head(&item, TAG_FAILURE_REASON, is_explicit ? "US" : NULL, 2);
        append_little(&item, (uint32_t)reported->reason, 2);
    }
    append_head(out, TAG_ITEM, NULL, item.length);
    text_append_bytes(out, item.bytes, item.length);
}

/* A list without items is left out. */
static void append_list(struct text *out, uint32_t tag, bool is_explicit, const struct work_report *report,
                        bool denied)
{
    AUTO(text_release) struct text items = TEXT_EMPTY;
    for (size_t i = 0; i < report->count; i++)
        if ((report->list[i].reason != 0) == denied)
            append_item(&items, is_explicit, &report->list[i]);
    if (items.length == 0)
        return;
    append_head(out, tag, is_explicit ? "SQ" : NULL, items.length);
    text_append_bytes(out, items.bytes, items.length);
}

uint16_t event_report_type(const struct work_report *report)
{
    uint16_t type = 1;
    for (size_t i = 0; i < report->count; i++)
        if (report->list[i].reason != 0)
            type = 2;
    return type;
}

void event_report_write(const struct work_report *report, const char *transfer_syntax, struct text *out)
{
    bool is_explicit = strcmp(transfer_syntax, IMPLICIT_LITTLE) != 0;
    append_uid(out, TAG_TRANSACTION, is_explicit, report->transaction);
    append_list(out, TAG_FAILED, is_explicit, report, true);
    append_list(out, TAG_REFERENCED, is_explicit, report, false);
}
