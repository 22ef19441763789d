#include "common/reading/tellable.h"

#include "common/condition/explain.h"
#include "common/dicom/dictionary.h"

#include <string.h>

/* Texts that say what was examined, and with what. */
static const uint32_t told_texts[] = {
    0x00080070, /* manufacturer */
    0x00081010, /* station name */
    0x00081030, /* study description */
    0x0008103E, /* series description */
    0x00081090, /* manufacturer's model name */
    0x00181030, /* protocol name */
};

/* What holds nobody's words: application entities, codes, UIDs, and numbers; XS is US or SS. */
static const char told_vrs[][3] = {"AE", "CS", "UI", "DS", "IS", "FL", "FD",
                                   "SL", "SS", "SV", "UL", "US", "UV", "XS"};

/* Of such a VR, and hidden all the same. */
static const uint32_t never_told[] = {
    0x00041130, /* the name of a medium, which somebody types */
    0x00700080, /* the name of a presentation or measurement, which somebody types */
    0x0040A730, /* what a report says */
};

static bool is_in(const uint32_t *tags, size_t count, uint32_t tag)
{
    for (size_t i = 0; i < count; i++)
        if (tags[i] == tag)
            return true;
    return false;
}

/* By the standard's VR of the attribute, whatever the condition or the file says that it is. */
static bool has_vr(uint32_t tag, const char vrs[][3], size_t count)
{
    const char *vr = dictionary_vr(tag);
    for (size_t i = 0; vr && i < count; i++)
        if (strcmp(vr, vrs[i]) == 0)
            return true;
    return false;
}

static bool is_standard(const struct condition_path *path)
{
    static const char sequence[][3] = {"SQ"};
    uint32_t last = path->tags[path->depth - 1];
    for (size_t i = 0; i < path->depth; i++) {
        bool is_private = path->tags[i] >> 16 & 1;
        bool is_never = is_in(never_told, sizeof never_told / sizeof *never_told, path->tags[i]);
        if (is_private || is_never || (i + 1 < path->depth && !has_vr(path->tags[i], sequence, 1)))
            return false;
    }
    return (path->depth == 1 && is_in(told_texts, sizeof told_texts / sizeof *told_texts, last)) ||
           has_vr(last, told_vrs, sizeof told_vrs / sizeof *told_vrs);
}

/* The same attribute, whatever VR a condition says that it has. */
static struct condition_path bare(const struct condition_path *path)
{
    struct condition_path copy = *path;
    memset(copy.vr, 0, sizeof copy.vr);
    return copy;
}

static void add_path(void *context, const struct condition_path *path, enum condition_aspect aspect)
{
    struct condition_path attribute = bare(path);
    (void)aspect;
    questions_add_width(context, &attribute);
}

void tellable_add(struct questions *in_force, const struct condition *condition)
{
    if (condition)
        condition_each_question(condition, add_path, in_force);
}

bool tellable_is(const struct questions *in_force, const struct condition_path *path)
{
    struct condition_path attribute = bare(path);
    if (path->depth == 0 || explain_is_identifying(path))
        return false;
    return is_standard(path) || (in_force && questions_find(in_force, &attribute) >= 0);
}
