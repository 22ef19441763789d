#include "common/reading/trial.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/dicom/dictionary.h"
#include "common/reading/pack.h"
#include "common/reading/tellable.h"

#include <string.h>

enum { LEAST_BYTES = 1 + 4 + 1 };

/* ---- the router's side ---- */

void trial_write(const struct trial_expression *expressions, size_t count, const struct questions *in_force,
                 struct text *out)
{
    AUTO(text_release) struct text paths = TEXT_EMPTY;
    questions_write(in_force, &paths);
    pack_string(out, paths.bytes, paths.length);
    pack_u32(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        pack_u8(out, expressions[i].is_shown);
        pack_string(out, expressions[i].text, strlen(expressions[i].text));
    }
}

void trial_compiled_release(struct trial_compiled *compiled)
{
    memory_free(&compiled->error);
}

int trial_parse_compiled(const char *bytes, size_t length, size_t count, struct trial_compiled *ret_list)
{
    struct parcel parcel = {.bytes = bytes, .length = length};
    bool well = unpack_u32(&parcel) == count;
    for (size_t i = 0; i < count && well; i++) {
        size_t error_length;
        uint8_t identifying = unpack_u8(&parcel);
        const char *error = unpack_string(&parcel, &error_length);
        well = !parcel.broken && identifying <= 1 && strlen(error) == error_length;
        if (well)
            ret_list[i] =
                (struct trial_compiled){error_length > 0 ? memory_string(error) : NULL, identifying == 1};
    }
    return well && unpack_ended(&parcel) ? 0 : ERR_SYNTAX;
}

/* ---- the helper's side ---- */

static void compile(const char *text, struct trial_condition *ret_one)
{
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    struct text printed = TEXT_EMPTY;
    if (condition_compile(text, dictionary_for_conditions(), &ret_one->condition, &error) == 0)
        return;
    condition_error_print(text, &error, &printed);
    ret_one->error = text_take(&printed);
}

int trial_read(const char *bytes, size_t length, struct trial **ret_trial)
{
    AUTO(trial_destroy) struct trial *trial = memory_new(1, sizeof *trial);
    struct parcel parcel = {.bytes = bytes, .length = length};
    size_t paths_length;
    const char *paths = unpack_string(&parcel, &paths_length);
    if (questions_read(paths, paths_length, &trial->in_force) != 0)
        return ERR_SYNTAX;
    uint32_t count = unpack_u32(&parcel);
    if (count > TRIAL_EXPRESSIONS_MAX || !unpack_has(&parcel, count, LEAST_BYTES))
        return ERR_SYNTAX;
    trial->list = memory_new(count + 1, sizeof *trial->list);
    for (; trial->count < count && !parcel.broken; trial->count++) {
        size_t text_length;
        uint8_t is_shown = unpack_u8(&parcel);
        const char *text = unpack_string(&parcel, &text_length);
        parcel.broken |= is_shown > 1 || strlen(text) != text_length;
        trial->list[trial->count].is_shown = is_shown == 1;
        if (!parcel.broken)
            compile(text, &trial->list[trial->count]);
    }
    if (!unpack_ended(&parcel))
        return ERR_SYNTAX;
    *ret_trial = trial;
    trial = NULL;
    return 0;
}

void trial_destroy(struct trial **trial)
{
    if (!*trial)
        return;
    for (size_t i = 0; i < (*trial)->count; i++) {
        condition_destroy(&(*trial)->list[i].condition);
        memory_free(&(*trial)->list[i].error);
    }
    memory_free(&(*trial)->list);
    questions_destroy(&(*trial)->in_force);
    memory_free(trial);
}

struct noted {
    const struct questions *in_force;
    bool identifying;
};

static void note_identifying(void *context, const struct condition_path *path, enum condition_aspect aspect)
{
    struct noted *noted = context;
    (void)aspect;
    noted->identifying |= !tellable_is(noted->in_force, path);
}

void trial_append_compiled(const struct trial *trial, struct text *out)
{
    pack_u32(out, (uint32_t)trial->count);
    for (size_t i = 0; i < trial->count; i++) {
        const struct trial_condition *one = &trial->list[i];
        struct noted noted = {trial->in_force, false};
        if (one->condition)
            condition_each_question(one->condition, note_identifying, &noted);
        pack_u8(out, noted.identifying);
        pack_string(out, one->error ? one->error : "", one->error ? strlen(one->error) : 0);
    }
}
