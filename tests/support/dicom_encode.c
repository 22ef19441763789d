#include "tests/support/dicom_encode.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

#define UNDEFINED_LENGTH 0xFFFFFFFFu

static void put(struct text *out, uint32_t value, int bytes, enum dicom_coding coding)
{
    for (int i = 0; i < bytes; i++) {
        int shift = coding == DICOM_EXPLICIT_BE ? 8 * (bytes - 1 - i) : 8 * i;
        text_append_char(out, (char)(value >> shift));
    }
}

static bool is_one_of(const char *vr, const char *list)
{
    for (; *list; list += 2)
        if (vr[0] == list[0] && vr[1] == list[1])
            return true;
    return false;
}

static void put_header(uint16_t group, uint16_t element, const char *vr, uint32_t length,
                       enum dicom_coding coding, struct text *out)
{
    put(out, group, 2, coding);
    put(out, element, 2, coding);
    if (coding == DICOM_IMPLICIT_LE || group == 0xFFFE) {
        put(out, length, 4, coding);
        return;
    }
    text_append_bytes(out, vr, 2);
    if (is_one_of(vr, "OBODOFOLOVOWSQSVUCUNURUTUV")) {
        put(out, 0, 2, coding);
        put(out, length, 4, coding);
    } else {
        put(out, length, 2, coding);
    }
}

/* How many bytes a number of this VR has; 1 where the order of bytes does not matter. */
static size_t unit(const char *vr)
{
    if (is_one_of(vr, "USSSOWAT"))
        return 2;
    if (is_one_of(vr, "ULSLFLOFOL"))
        return 4;
    return is_one_of(vr, "FDODSVUVOV") ? 8 : 1;
}

static void put_value(const struct dicom_element *element, size_t length, enum dicom_coding coding,
                      struct text *out)
{
    const char *bytes = element->bytes;
    size_t step = coding == DICOM_EXPLICIT_BE ? unit(element->vr) : 1;
    for (size_t i = 0; i + step <= length; i += step)
        for (size_t k = 0; k < step; k++)
            text_append_char(out, bytes[i + step - 1 - k]);
    if (length % 2)
        text_append_char(out, is_one_of(element->vr, "UIOBUN") ? '\0' : ' ');
}

static void put_items(const struct dicom_element *element, enum dicom_coding coding, struct text *out)
{
    for (size_t i = 0; i < element->item_count; i++) {
        const struct dicom_item *item = &element->items[i];
        put_header(0xFFFE, 0xE000, NULL, UNDEFINED_LENGTH, coding, out);
        for (size_t k = 0; k < item->element_count; k++)
            dicom_encode_element(&item->elements[k], coding, out);
        put_header(0xFFFE, 0xE00D, NULL, 0, coding, out);
    }
    put_header(0xFFFE, 0xE0DD, NULL, 0, coding, out);
}

void dicom_encode_element(const struct dicom_element *element, enum dicom_coding coding, struct text *out)
{
    if (!element->vr)
        return;
    bool sequence = strcmp(element->vr, "SQ") == 0;
    size_t length = element->length;
    if (length == 0 && element->bytes)
        length = strlen(element->bytes);
    put_header(element->group, element->element, element->vr,
               sequence ? UNDEFINED_LENGTH : (uint32_t)(length + length % 2), coding, out);
    if (sequence)
        put_items(element, coding, out);
    else if (length)
        put_value(element, length, coding, out);
}

void dicom_encode_pixel_header(enum dicom_coding coding, bool encapsulated, uint64_t length, struct text *out)
{
    if (!encapsulated) {
        put_header(0x7FE0, 0x0010, "OW", (uint32_t)length, coding, out);
        return;
    }
    put_header(0x7FE0, 0x0010, "OB", UNDEFINED_LENGTH, coding, out);
    put_header(0xFFFE, 0xE000, NULL, 0, coding, out);
    put_header(0xFFFE, 0xE000, NULL, (uint32_t)length, coding, out);
}

/* ---- the data set in front of the pixels ---- */

enum { STANDARD_MAX = 48 };

struct head {
    struct dicom_element elements[STANDARD_MAX];
    size_t count;
    char series_number[16], instance_number[16], frames[16];
    unsigned char us[6][2];
};

static void add(struct head *head, uint32_t tag, const char *vr, const void *bytes, size_t length)
{
    if (!bytes || (length == 0 && !*(const char *)bytes))
        return;
    head->elements[head->count++] =
        (struct dicom_element){(uint16_t)(tag >> 16), (uint16_t)tag, vr, bytes, length, NULL, 0};
}

static void add_empty_allowed(struct head *head, uint32_t tag, const char *vr, const char *value)
{
    head->elements[head->count++] =
        (struct dicom_element){(uint16_t)(tag >> 16), (uint16_t)tag, vr, value, 0, NULL, 0};
}

static void add_us(struct head *head, uint32_t tag, size_t slot, unsigned value)
{
    head->us[slot][0] = (unsigned char)value;
    head->us[slot][1] = (unsigned char)(value >> 8);
    add(head, tag, "US", head->us[slot], 2);
}

static void add_identity(struct head *head, const struct dicom_spec *spec)
{
    add(head, 0x00080005, "CS", spec->character_set, 0);
    add(head, 0x00080016, "UI", dicom_sop_class(spec), 0);
    add(head, 0x00080018, "UI", spec->sop_uid, 0);
    add(head, 0x00080020, "DA", spec->study_date, 0);
    add(head, 0x00080030, "TM", spec->study_time, 0);
    add(head, 0x00080050, "SH", spec->accession_number, 0);
    add(head, 0x00080060, "CS", spec->modality, 0);
    add_empty_allowed(head, 0x00080090, "PN", NULL);
    add(head, 0x00081010, "SH", spec->station_name, 0);
    add(head, 0x00081030, "LO", spec->study_description, 0);
    add(head, 0x0008103E, "LO", spec->series_description, 0);
    add_empty_allowed(head, 0x00100010, "PN", spec->patient_name);
    add_empty_allowed(head, 0x00100020, "LO", spec->patient_id);
    add_empty_allowed(head, 0x00100030, "DA", NULL);
    add_empty_allowed(head, 0x00100040, "CS", NULL);
    add(head, 0x00180015, "CS", spec->body_part, 0);
    add(head, 0x0020000D, "UI", spec->study_uid, 0);
    add(head, 0x0020000E, "UI", spec->series_uid, 0);
    add_empty_allowed(head, 0x00200010, "SH", spec->study_id);
    snprintf(head->series_number, sizeof head->series_number, "%d", spec->series_number);
    snprintf(head->instance_number, sizeof head->instance_number, "%d", spec->instance_number);
    add(head, 0x00200011, "IS", head->series_number, 0);
    add(head, 0x00200013, "IS", head->instance_number, 0);
}

static void add_image(struct head *head, const struct dicom_spec *spec)
{
    snprintf(head->frames, sizeof head->frames, "%u", spec->frames);
    add_us(head, 0x00280002, 0, 1);
    add(head, 0x00280004, "CS", "MONOCHROME2", 0);
    if (spec->frames > 1)
        add(head, 0x00280008, "IS", head->frames, 0);
    add_us(head, 0x00280010, 1, spec->rows);
    add_us(head, 0x00280011, 2, spec->columns);
    add_us(head, 0x00280100, 3, 16);
    add_us(head, 0x00280101, 4, 16);
    add_us(head, 0x00280102, 5, 15);
    add(head, 0x00280103, "US", "\0\0", 2);
}

static int by_tag(const void *a, const void *b)
{
    const struct dicom_element *x = a, *y = b;
    uint32_t left = (uint32_t)x->group << 16 | x->element, right = (uint32_t)y->group << 16 | y->element;
    return left < right ? -1 : left > right;
}

void dicom_append_head(const struct dicom_spec *spec, struct text *out)
{
    struct head head = {.count = 0};
    add_identity(&head, spec);
    if (spec->rows || spec->pixel_bytes)
        add_image(&head, spec);
    size_t all = head.count + spec->extra_count;
    AUTO(memory_free) struct dicom_element *elements = memory_new(all, sizeof *elements);
    size_t count = 0;
    for (size_t i = 0; i < spec->extra_count; i++)
        elements[count++] = spec->extra[i];
    for (size_t i = 0; i < head.count; i++) {
        bool replaced = false;
        for (size_t k = 0; k < spec->extra_count; k++)
            replaced |= by_tag(&head.elements[i], &spec->extra[k]) == 0;
        if (!replaced)
            elements[count++] = head.elements[i];
    }
    qsort(elements, count, sizeof *elements, by_tag);
    for (size_t i = 0; i < count; i++)
        dicom_encode_element(&elements[i], spec->coding, out);
}
