#include "router/recorded.h"

#include <string.h>

enum tag {
    MEDIA_SOP_CLASS = 0x00020002,
    MEDIA_SOP_INSTANCE = 0x00020003,
    MEDIA_TRANSFER_SYNTAX = 0x00020010,
    SOP_CLASS = 0x00080016,
    SOP_INSTANCE = 0x00080018,
    STUDY = 0x0020000D,
    SERIES = 0x0020000E
};

static const char *value_of(const struct recorded *recorded, uint32_t tag)
{
    switch (tag) {
    case MEDIA_SOP_CLASS:
    case SOP_CLASS:
        return recorded->sop_class;
    case MEDIA_SOP_INSTANCE:
    case SOP_INSTANCE:
        return recorded->sop_instance;
    case MEDIA_TRANSFER_SYNTAX:
        return recorded->transfer_syntax;
    case STUDY:
        return recorded->study;
    case SERIES:
        return recorded->series;
    default:
        return NULL;
    }
}

/* An empty text would be a value that the instance never had. */
static const char *value_or_unknown(struct recorded *recorded, const char *value, uint32_t tag)
{
    if (value && *value)
        return value;
    if (recorded->asked == 0)
        recorded->asked = tag;
    return NULL;
}

static const char *value_at(struct recorded *recorded, const struct condition_path *path)
{
    const char *value = path->depth == 1 ? value_of(recorded, path->tags[0]) : NULL;
    return value_or_unknown(recorded, value, path->tags[path->depth - 1]);
}

static bool is_recorded(void *context, const struct condition_path *path)
{
    return value_at(context, path) != NULL;
}

static const char *recorded_text(void *context, const struct condition_path *path, size_t index,
                                 size_t *ret_length)
{
    const char *value = value_at(context, path);
    if (!value || index > 0)
        return NULL;
    *ret_length = strlen(value);
    return value;
}

/* No recorded tag is a number. */
static bool recorded_number(void *context, const struct condition_path *path, size_t index,
                            double *ret_number)
{
    (void)index;
    (void)ret_number;
    (void)value_or_unknown(context, NULL, path->tags[path->depth - 1]);
    return false;
}

static const char *recorded_transfer(void *context, enum condition_transfer fact, size_t *ret_length)
{
    struct recorded *recorded = context;
    const char *const values[] = {[CONDITION_CALLING_AET] = recorded->calling_aet,
                                  [CONDITION_CALLED_AET] = recorded->called_aet,
                                  [CONDITION_SOURCE_ADDRESS] = recorded->source_address,
                                  [CONDITION_TRANSFER_SYNTAX] = recorded->transfer_syntax};
    const char *value = value_or_unknown(recorded, values[fact], 0);
    *ret_length = value ? strlen(value) : 0;
    return value;
}

/* Nothing is known to be absent. */
static const char *recorded_doubt(void *context, const struct condition_path *path,
                                  enum condition_aspect aspect)
{
    (void)context, (void)path, (void)aspect;
    return "no row tells it";
}

struct condition_facts recorded_facts(struct recorded *recorded)
{
    recorded->asked = 0;
    return (struct condition_facts){recorded,        is_recorded,       recorded_text,
                                    recorded_number, recorded_transfer, recorded_doubt};
}
