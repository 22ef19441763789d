#include "common/reading/judgement.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/dicom/dictionary.h"
#include "common/reading/pack.h"
#include "common/reading/tellable.h"

#include <string.h>

/* What is left above it has room for one explanation: those that are larger are left out. */
enum { ROOM = JUDGEMENT_MAX / 2, EXPLANATION_MAX = JUDGEMENT_MAX / 4 };
enum { ABSENT = 1, HIDDEN = 2, FLAGS = 4 };
enum { LINE_LEAST = 1 + 4 + 1 + 5 + 4, VALUE_LEAST = 5 + 1 + 8 + 5 + 1 };

static void pack_text(struct text *out, const char *string)
{
    pack_string(out, string ? string : "", string ? strlen(string) : 0);
}

/* ---- writing ---- */

static void write_value(const struct explain_value *value, struct text *out)
{
    size_t shown = value->hidden ? 0 : value->text_count;
    pack_text(out, value->name);
    pack_u8(out, (uint8_t)((value->absent ? ABSENT : 0) | (value->hidden ? HIDDEN : 0)));
    pack_u64(out, value->total);
    pack_text(out, value->unknown);
    pack_u8(out, (uint8_t)shown);
    for (size_t i = 0; i < shown; i++)
        pack_text(out, value->texts[i]);
}

static void write_explanation(const struct explanation *explanation, struct text *out)
{
    pack_u32(out, (uint32_t)explanation->line_count);
    for (size_t i = 0; i < explanation->line_count; i++) {
        const struct explain_line *line = &explanation->lines[i];
        pack_u8(out, (uint8_t)line->kind);
        pack_u32(out, line->depth);
        pack_u8(out, (uint8_t)line->verdict);
        pack_text(out, line->text);
        pack_u32(out, (uint32_t)line->value_count);
        for (size_t j = 0; j < line->value_count; j++)
            write_value(&line->values[j], out);
    }
}

static bool hides(const void *context, const struct condition_path *path)
{
    return !tellable_is(context, path);
}

/* 0 lines: there is no explanation. */
static void write_one(const struct trial *trial, const struct trial_condition *one,
                      const struct condition_facts *facts, bool has_room, struct text *out)
{
    AUTO(explain_destroy) struct explanation *explanation = NULL;
    if (one->condition && one->is_shown)
        explanation =
            explain_create_hiding(one->condition, dictionary_for_conditions(), facts, hides, trial->in_force);
    enum condition_verdict verdict = explanation      ? explanation->verdict
                                     : one->condition ? condition_judge(one->condition, facts)
                                                      : CONDITION_UNDECIDED;
    pack_u8(out, (uint8_t)verdict);
    size_t start = out->length;
    if (explanation && has_room && explanation->line_count <= JUDGEMENT_LINES_MAX)
        write_explanation(explanation, out);
    if (out->length - start > EXPLANATION_MAX)
        text_cut(out, start);
    if (out->length == start)
        pack_u32(out, 0);
}

static void write_code(int code, const char *reason, struct text *out)
{
    pack_u32(out, (uint32_t)-code);
    pack_text(out, reason);
}

void judgement_write(int fd, const struct trial *trial, const struct header_transfer *transfer,
                     struct text *out)
{
    AUTO(header_destroy) struct header *header = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    size_t start = out->length;
    int code = header_read_open(fd, transfer, &header, &reason);
    write_code(code, text_string(&reason), out);
    if (code != 0)
        return;
    pack_text(out, header_incomplete(header));
    pack_text(out, header_uid(header, HEADER_SOP_CLASS));
    pack_text(out, header_uid(header, HEADER_STUDY));
    pack_text(out, header_uid(header, HEADER_SERIES));
    for (size_t i = 0; i < trial->count; i++)
        write_one(trial, &trial->list[i], header_facts(header), out->length - start < ROOM, out);
    if (header_failed(header)) { /* whatever was made of it */
        text_cut(out, start);
        write_code(ERR_IO, "cannot be read", out);
    }
}

/* ---- parsing ---- */

/* NULL: it is "". */
static char *take_text(struct parcel *parcel)
{
    size_t length;
    const char *text = unpack_string(parcel, &length);
    parcel->broken |= strlen(text) != length;
    return length > 0 && !parcel->broken ? memory_string(text) : NULL;
}

static char *take_name(struct parcel *parcel)
{
    char *text = take_text(parcel);
    return text ? text : memory_string("");
}

static void take_value(struct parcel *parcel, struct explain_value *value)
{
    value->name = take_name(parcel);
    uint8_t flags = unpack_u8(parcel);
    value->absent = flags & ABSENT;
    value->hidden = flags & HIDDEN;
    value->total = (size_t)unpack_u64(parcel);
    value->unknown = take_text(parcel);
    uint8_t shown = unpack_u8(parcel);
    parcel->broken |= flags >= FLAGS || shown > EXPLAIN_VALUES || (value->hidden && shown > 0);
    for (uint8_t i = 0; i < shown && !parcel->broken; i++)
        value->texts[value->text_count++] = take_name(parcel);
}

static void take_line(struct parcel *parcel, struct explain_line *line, unsigned deepest)
{
    uint8_t kind = unpack_u8(parcel);
    line->depth = unpack_u32(parcel);
    uint8_t verdict = unpack_u8(parcel);
    line->text = take_name(parcel);
    uint32_t count = unpack_u32(parcel);
    parcel->broken |= kind > EXPLAIN_TEST || verdict > CONDITION_TRUE || line->depth > deepest;
    if (!unpack_has(parcel, count, VALUE_LEAST))
        return;
    line->kind = (enum explain_kind)kind;
    line->verdict = (enum condition_verdict)verdict;
    line->values = count > 0 ? memory_new(count, sizeof *line->values) : NULL;
    for (; line->value_count < count && !parcel->broken; line->value_count++)
        take_value(parcel, &line->values[line->value_count]);
}

/* The first line is the whole, and none is more than one deeper than the one before. */
static struct explanation *take_explanation(struct parcel *parcel, enum condition_verdict verdict)
{
    uint32_t count = unpack_u32(parcel);
    parcel->broken |= count > JUDGEMENT_LINES_MAX;
    if (count == 0 || !unpack_has(parcel, count, LINE_LEAST))
        return NULL;
    struct explanation *explanation = memory_new(1, sizeof *explanation);
    explanation->verdict = verdict;
    explanation->lines = memory_new(count, sizeof *explanation->lines);
    unsigned deepest = 0;
    for (; explanation->line_count < count && !parcel->broken; explanation->line_count++) {
        struct explain_line *line = &explanation->lines[explanation->line_count];
        take_line(parcel, line, deepest);
        deepest = line->depth + 1;
    }
    return explanation;
}

static void take_header(struct parcel *parcel, size_t count, struct judgement *judgement)
{
    judgement->incomplete = take_text(parcel);
    judgement->sop_class = take_text(parcel);
    judgement->study = take_text(parcel);
    judgement->series = take_text(parcel);
    judgement->list = memory_new(count + 1, sizeof *judgement->list);
    for (; judgement->count < count && !parcel->broken; judgement->count++) {
        struct judged *judged = &judgement->list[judgement->count];
        uint8_t verdict = unpack_u8(parcel);
        parcel->broken |= verdict > CONDITION_TRUE;
        judged->verdict = (enum condition_verdict)(parcel->broken ? CONDITION_UNDECIDED : verdict);
        judged->explanation = take_explanation(parcel, judged->verdict);
    }
}

int judgement_parse(const char *bytes, size_t length, size_t count, struct judgement **ret_judgement)
{
    AUTO(judgement_destroy) struct judgement *judgement = memory_new(1, sizeof *judgement);
    struct parcel parcel = {.bytes = bytes, .length = length};
    uint32_t code = unpack_u32(&parcel);
    judgement->reason = take_text(&parcel);
    if (code > INT32_MAX)
        return ERR_SYNTAX;
    judgement->code = -(int)code;
    if (code == 0)
        take_header(&parcel, count, judgement);
    if (!unpack_ended(&parcel))
        return ERR_SYNTAX;
    *ret_judgement = judgement;
    judgement = NULL;
    return 0;
}

void judgement_destroy(struct judgement **judgement)
{
    if (!*judgement)
        return;
    memory_free(&(*judgement)->reason);
    memory_free(&(*judgement)->incomplete);
    memory_free(&(*judgement)->sop_class);
    memory_free(&(*judgement)->study);
    memory_free(&(*judgement)->series);
    for (size_t i = 0; i < (*judgement)->count; i++)
        explain_destroy(&(*judgement)->list[i].explanation);
    memory_free(&(*judgement)->list);
    memory_free(judgement);
}
