#include "sender/stow_answer_parts.h"

#include "common/base/err.h"
#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

static const char *const sequence_tags[STOW_SEQUENCES] = {
    [STOW_STORED] = "00081199", [STOW_FAILED] = "00081198", [STOW_OTHER] = "0008119A"};

static const char *const field_tags[STOW_FIELDS] = {[STOW_SOP_INSTANCE] = "00081155",
                                                    [STOW_WARNING] = "00081196",
                                                    [STOW_FAILURE] = "00081197",
                                                    [STOW_TAGS] = "00001005"};

static int find_tag(const char *const *tags, int count, const char *tag)
{
    int i = 0;
    while (i < count && strcasecmp(tags[i], tag) != 0)
        i++;
    return i;
}

enum stow_sequence stow_sequence_of(const char *tag)
{
    return (enum stow_sequence)find_tag(sequence_tags, STOW_SEQUENCES, tag);
}

enum stow_field stow_field_of(const char *tag)
{
    return (enum stow_field)find_tag(field_tags, STOW_FIELDS, tag);
}

/* ---- building ---- */

static void set_uid(struct stow_reference *reference, const char *value)
{
    value += strspn(value, " \t\r\n");
    size_t length = strlen(value);
    while (length > 0 && strchr(" \t\r\n", value[length - 1]))
        length--;
    if (length == 0 || length >= sizeof reference->sop_instance)
        return;
    memcpy(reference->sop_instance, value, length);
    reference->sop_instance[length] = '\0';
}

/* KHEOPS writes the tag as a decimal number; eight digits are hex, as DICOM has it (a decimal number of eight
 * digits would be a tag that does not exist). */
static void add_tag(struct stow_reference *reference, const char *value)
{
    char *end;
    size_t length = strspn(value, "0123456789abcdefABCDEF");
    unsigned long long tag = strtoull(value, &end, length == 8 ? 16 : 10);
    if (end == value || *end || tag == 0 || tag > UINT32_MAX || reference->tag_count == STOW_TAGS_MAX)
        return;
    reference->tags[reference->tag_count++] = (uint32_t)tag;
}

static void set_reason(struct stow_reference *reference, const char *value)
{
    char *end;
    unsigned long reason = strtoul(value, &end, 10);
    if (end != value && reason <= UINT16_MAX)
        reference->reason = (unsigned)reason;
}

void stow_reference_set(struct stow_reference *reference, enum stow_field field, const char *value)
{
    switch (field) {
    case STOW_SOP_INSTANCE:
        set_uid(reference, value);
        break;
    case STOW_TAGS:
        add_tag(reference, value);
        break;
    case STOW_WARNING:
    case STOW_FAILURE:
        set_reason(reference, value);
        break;
    default:
        break;
    }
}

int stow_answer_add(struct stow_answer *answer, enum stow_sequence sequence, struct stow_reference *reference)
{
    if (answer->count + answer->other_failures >= STOW_REFERENCES_MAX)
        return ERR_RANGE;
    /* A failure whose item names no instance is as good as one among the others. */
    if (sequence == STOW_OTHER || (sequence == STOW_FAILED && !reference->sop_instance[0])) {
        if (answer->other_failures++ == 0)
            answer->other_reason = reference->reason;
        return 0;
    }
    if (!reference->sop_instance[0])
        return 0;
    reference->stored = sequence == STOW_STORED;
    answer->references =
        memory_grow(answer->references, &answer->capacity, answer->count + 1, sizeof *answer->references);
    answer->references[answer->count++] = *reference;
    return 0;
}
