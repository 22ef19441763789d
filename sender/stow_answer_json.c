/* stow_answer_json - a STOW answer in the DICOM JSON model (PS3.18 annex F). */
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/json.h"
#include "common/http/http.h"
#include "sender/stow_answer_parts.h"

#include <stdio.h>

/* What counts is a UID or a number. KHEOPS appends the RetrieveURL of each instance to the one before: of a request of
 * 50 that is a quarter of a megabyte, and most of a sender's time, when it is read as text. */
enum { LONGEST = 512 };

static void take_value(const json_t *value, enum stow_field field, struct stow_reference *reference)
{
    char number[32];
    if (json_is_string(value)) {
        stow_reference_set(reference, field, json_string_value(value));
    } else if (json_is_integer(value)) {
        (void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        stow_reference_set(reference, field, number);
    }
}

static void read_item(const json_t *item, struct stow_reference *reference)
{
    const char *tag;
    json_t *attribute;
    json_object_foreach((json_t *)item, tag, attribute)
    {
        enum stow_field field = stow_field_of(tag);
        const json_t *values = json_object_get(attribute, "Value");
        if (field != STOW_FIELDS && !json_is_array(values))
            take_value(values, field, reference); /* some servers leave the array out */
        for (size_t i = 0; field != STOW_FIELDS && i < json_array_size(values); i++)
            take_value(json_array_get(values, i), field, reference);
    }
}

static int read_sequence(const json_t *attribute, enum stow_sequence sequence, struct stow_answer *answer)
{
    const json_t *items = json_object_get(attribute, "Value");
    int code = 0;
    for (size_t i = 0; code == 0 && i < json_array_size(items); i++) {
        struct stow_reference reference = {0};
        read_item(json_array_get(items, i), &reference);
        code = stow_answer_add(answer, sequence, &reference);
    }
    return code;
}

static int read_data_set(const json_t *data_set, struct stow_answer *answer)
{
    const char *tag;
    json_t *attribute;
    int code = json_is_object(data_set) ? 0 : ERR_SYNTAX;
    json_object_foreach((json_t *)data_set, tag, attribute)
    {
        enum stow_sequence sequence = stow_sequence_of(tag);
        if (code == 0 && sequence != STOW_SEQUENCES)
            code = read_sequence(attribute, sequence, answer);
    }
    return code;
}

int stow_answer_read_json(const char *body, size_t length, struct stow_answer *answer)
{
    static const struct json_limits limits = {
        .bytes = HTTP_ANSWER_MAX, .depth = STOW_DEPTH_MAX, .padded = true, .longest = LONGEST};
    AUTO(json_release) json_t *root = NULL;
    if (json_read(body, length, &limits, &root) != 0)
        return ERR_SYNTAX;
    if (!json_is_array(root))
        return read_data_set(root, answer);
    /* Some servers answer with an array: of the one data set, or of one for each instance. */
    int code = json_array_size(root) > 0 ? 0 : ERR_SYNTAX;
    for (size_t i = 0; code == 0 && i < json_array_size(root); i++)
        code = read_data_set(json_array_get(root, i), answer);
    return code;
}
