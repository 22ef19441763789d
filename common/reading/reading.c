#include "common/reading/reading.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "common/dicom/uid.h"
#include "common/reading/pack.h"

#include <stdlib.h>
#include <string.h>

enum {
    SENTENCE_MAX = 500, /* characters */
    UID_MAX = 64,
    TRANSFERS = CONDITION_TRANSFER_SYNTAX + 1,
    LEAST_TEXT = 4 + 1,
    VALUES_MAX = 1 << 22, /* texts, or numbers */
    MAGNITUDE_MAX = 100   /* of error codes */
};

struct slice {
    const char *bytes;
    size_t length;
};

/* The answer to one question. */
struct reply {
    bool present;
    size_t width;
    size_t first_text, text_count, first_number, number_count;
    const char *doubts[CONDITION_ASPECTS]; /* NULL: none */
};

struct reading {
    char *bytes;
    size_t length;
    const struct questions *questions;
    int code;
    int64_t ns;
    struct text reason, incomplete;
    const char *uids[HEADER_UIDS]; /* "": none */
    struct text told[HEADER_UIDS];
    const char *hashes[READING_HASHES]; /* "": none */
    struct slice kept;
    struct slice transfer[TRANSFERS]; /* of the file meta header */
    const char *known[TRANSFERS];     /* of who asks, NULL: not known */
    struct reply *replies;
    struct slice *texts;
    double *numbers;
    size_t text_count, text_room, number_count, number_room;
    struct condition_facts facts;
};

/* ---- parsing ---- */

/* For people and logs: without control characters, and not endless. */
static void take_sentence(struct parcel *parcel, struct text *out)
{
    size_t length;
    const char *bytes = unpack_string(parcel, &length);
    utf8_append_shown(out, bytes, length, SENTENCE_MAX);
}

static void take_uids(struct reading *reading, struct parcel *parcel)
{
    for (int i = 0; i < HEADER_UIDS; i++) {
        size_t length;
        reading->uids[i] = unpack_string(parcel, &length);
        take_sentence(parcel, &reading->told[i]);
        if (strlen(reading->uids[i]) != length || length > UID_MAX ||
            (length > 0 && !uid_is_printable(reading->uids[i])))
            parcel->broken = true;
    }
}

static void take_hashes(struct reading *reading, struct parcel *parcel)
{
    for (int i = 0; questions_search_key(reading->questions) && i < READING_HASHES; i++) {
        size_t length;
        reading->hashes[i] = unpack_string(parcel, &length);
        parcel->broken |= length > 0 && !search_is_hash(reading->hashes[i], length);
    }
}

static void take_transfer(struct reading *reading, struct parcel *parcel)
{
    for (int i = 0; i < TRANSFERS; i++) {
        bool is_there = unpack_u8(parcel) != 0;
        size_t length;
        const char *bytes = unpack_string(parcel, &length);
        if (is_there)
            reading->transfer[i] = (struct slice){bytes, length};
    }
}

static void take_texts(struct reading *reading, struct parcel *parcel, uint32_t count, struct reply *reply)
{
    reply->first_text = reading->text_count;
    parcel->broken |= reading->text_count + count > VALUES_MAX;
    if (!unpack_has(parcel, count, LEAST_TEXT))
        return;
    for (uint32_t i = 0; i < count && !parcel->broken; i++) {
        struct slice text;
        text.bytes = unpack_string(parcel, &text.length);
        reading->texts =
            memory_grow(reading->texts, &reading->text_room, reading->text_count + 1, sizeof *reading->texts);
        reading->texts[reading->text_count++] = text;
        reply->text_count++;
    }
}

static void take_numbers(struct reading *reading, struct parcel *parcel, uint32_t count, struct reply *reply)
{
    reply->first_number = reading->number_count;
    parcel->broken |= reading->number_count + count > VALUES_MAX;
    if (!unpack_has(parcel, count, sizeof *reading->numbers))
        return;
    for (uint32_t i = 0; i < count && !parcel->broken; i++) {
        reading->numbers = memory_grow(reading->numbers, &reading->number_room, reading->number_count + 1,
                                       sizeof *reading->numbers);
        reading->numbers[reading->number_count++] = unpack_double(parcel);
        reply->number_count++;
    }
}

/* It becomes a part of sentences: plain characters, and no endless one. NULL: there is none. */
static const char *take_doubt(struct parcel *parcel)
{
    size_t length;
    const char *doubt = unpack_string(parcel, &length);
    parcel->broken |= length > SENTENCE_MAX;
    for (size_t i = 0; i < length && !parcel->broken; i++)
        parcel->broken = doubt[i] < ' ' || doubt[i] > '~';
    return length > 0 && !parcel->broken ? doubt : NULL;
}

static void take_reply(struct reading *reading, struct parcel *parcel, enum condition_aspect aspect,
                       struct reply *reply)
{
    uint32_t count = unpack_u32(parcel);
    if (aspect == CONDITION_PRESENCE)
        reply->present = count > 0;
    else if (aspect == CONDITION_TEXT)
        take_texts(reading, parcel, count, reply);
    else
        take_numbers(reading, parcel, count, reply);
    reply->doubts[aspect] = take_doubt(parcel);
}

static void take_replies(struct reading *reading, struct parcel *parcel)
{
    size_t count = questions_count(reading->questions);
    reading->replies = memory_new(count + 1, sizeof *reading->replies);
    for (size_t i = 0; i < count && !parcel->broken; i++) {
        const struct question *question = questions_at(reading->questions, i);
        for (int aspect = 0; aspect < CONDITION_ASPECTS; aspect++) {
            if (question->aspects & 1u << aspect)
                take_reply(reading, parcel, (enum condition_aspect)aspect, &reading->replies[i]);
        }
        if (question->aspects & QUESTION_WIDTH)
            reading->replies[i].width = unpack_u32(parcel);
    }
}

/* A code of err.h, or none. */
static int take_code(struct parcel *parcel)
{
    uint32_t magnitude = unpack_u32(parcel);
    if (magnitude > MAGNITUDE_MAX)
        parcel->broken = true;
    return parcel->broken ? ERR_SYNTAX : -(int)magnitude;
}

int reading_parse(char *bytes, size_t length, const struct questions *questions, struct reading **ret_reading)
{
    AUTO(reading_destroy) struct reading *reading = memory_new(1, sizeof *reading);
    struct parcel parcel = {.bytes = bytes, .length = length};
    reading->bytes = bytes;
    reading->length = length;
    reading->questions = questions;
    reading->ns = (int64_t)(unpack_u64(&parcel) & INT64_MAX);
    reading->code = take_code(&parcel);
    take_sentence(&parcel, &reading->reason);
    if (reading->code == 0) {
        take_uids(reading, &parcel);
        take_sentence(&parcel, &reading->incomplete);
        take_transfer(reading, &parcel);
        take_hashes(reading, &parcel);
        if (questions_wants_kept(questions))
            reading->kept.bytes = unpack_string(&parcel, &reading->kept.length);
        take_replies(reading, &parcel);
    }
    if (!unpack_ended(&parcel))
        return ERR_SYNTAX;
    *ret_reading = reading;
    reading = NULL;
    return 0;
}

void reading_destroy(struct reading **reading)
{
    if (!*reading)
        return;
    text_release(&(*reading)->reason);
    text_release(&(*reading)->incomplete);
    for (int i = 0; i < HEADER_UIDS; i++)
        text_release(&(*reading)->told[i]);
    free((*reading)->replies);
    free((*reading)->texts);
    free((*reading)->numbers);
    free((*reading)->bytes);
    memory_free(reading);
}

/* ---- what it is asked ---- */

int reading_code(const struct reading *reading)
{
    return reading->code;
}

const char *reading_reason(const struct reading *reading)
{
    return text_string(&reading->reason);
}

int64_t reading_ns(const struct reading *reading)
{
    return reading->ns;
}

size_t reading_bytes(const struct reading *reading)
{
    return reading->length + reading->text_room * sizeof *reading->texts +
           reading->number_room * sizeof *reading->numbers;
}

const char *reading_uid(const struct reading *reading, enum header_uid which)
{
    return reading->uids[which][0] ? reading->uids[which] : NULL;
}

bool reading_tell_uid(const struct reading *reading, enum header_uid which, struct text *out)
{
    text_append(out, text_string(&reading->told[which]));
    return reading->told[which].length > 0;
}

const char *reading_hash(const struct reading *reading, enum reading_hash which)
{
    return reading->hashes[which] && reading->hashes[which][0] ? reading->hashes[which] : NULL;
}

const char *reading_kept(const struct reading *reading, size_t *ret_length)
{
    *ret_length = reading->kept.length;
    return reading->kept.length > 0 ? reading->kept.bytes : NULL;
}

const char *reading_incomplete(const struct reading *reading)
{
    return reading->incomplete.length > 0 ? text_string(&reading->incomplete) : NULL;
}

/* NULL: the path was not asked for. */
static const struct reply *reply_to(const struct reading *reading, const struct condition_path *path)
{
    ptrdiff_t index = questions_find(reading->questions, path);
    return index < 0 ? NULL : &reading->replies[index];
}

size_t reading_width(const struct reading *reading, const struct condition_path *path)
{
    const struct reply *reply = reply_to(reading, path);
    return reply ? reply->width : 0;
}

static bool fact_is_present(void *context, const struct condition_path *path)
{
    const struct reply *reply = reply_to(context, path);
    return reply && (reply->present || reply->text_count > 0);
}

static const char *fact_text(void *context, const struct condition_path *path, size_t index,
                             size_t *ret_length)
{
    const struct reading *reading = context;
    const struct reply *reply = reply_to(context, path);
    if (!reply || index >= reply->text_count)
        return NULL;
    const struct slice *text = &reading->texts[reply->first_text + index];
    *ret_length = text->length;
    return text->bytes;
}

static bool fact_number(void *context, const struct condition_path *path, size_t index, double *ret_number)
{
    const struct reading *reading = context;
    const struct reply *reply = reply_to(context, path);
    if (!reply || index >= reply->number_count)
        return false;
    *ret_number = reading->numbers[reply->first_number + index];
    return true;
}

static const char *fact_transfer(void *context, enum condition_transfer fact, size_t *ret_length)
{
    const struct reading *reading = context;
    const char *known = reading->known[fact];
    *ret_length = known ? strlen(known) : reading->transfer[fact].length;
    return known ? known : reading->transfer[fact].bytes;
}

static const char *fact_unknown(void *context, const struct condition_path *path,
                                enum condition_aspect aspect)
{
    const struct reading *reading = context;
    ptrdiff_t index = path ? questions_find(reading->questions, path) : -1;
    if (!path)
        return NULL;
    if (index < 0 || !(questions_at(reading->questions, (size_t)index)->aspects & 1u << aspect))
        return "it was not read";
    return reading->replies[index].doubts[aspect];
}

const struct condition_facts *reading_facts(struct reading *reading, const struct header_transfer *transfer)
{
    static const struct header_transfer nothing;
    const struct header_transfer *known = transfer ? transfer : &nothing;
    reading->known[CONDITION_CALLING_AET] = known->calling_aet;
    reading->known[CONDITION_CALLED_AET] = known->called_aet;
    reading->known[CONDITION_SOURCE_ADDRESS] = known->source_address;
    reading->known[CONDITION_TRANSFER_SYNTAX] = known->transfer_syntax;
    reading->facts = (struct condition_facts){.context = reading,
                                              .is_present = fact_is_present,
                                              .text = fact_text,
                                              .number = fact_number,
                                              .transfer = fact_transfer,
                                              .unknown = fact_unknown};
    return &reading->facts;
}
