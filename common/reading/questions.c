#include "common/reading/questions.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/reading/pack.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_BYTES = 1 + 3 + 1 + 4, TABLE_SIZE = 64 };

struct questions {
    struct question *list;
    size_t count, room;
    uint32_t *table; /* index + 1 by the path's hash, open addressing; its size is a power of two */
    size_t table_size;
    bool wants_hashes, wants_kept;
    struct search_key key;
};

struct questions *questions_create(void)
{
    return memory_new(1, sizeof(struct questions));
}

void questions_destroy(struct questions **questions)
{
    if (!*questions)
        return;
    free((*questions)->list);
    free((*questions)->table);
    memory_free(questions);
}

static bool same_path(const struct condition_path *a, const struct condition_path *b)
{
    return a->depth == b->depth && memcmp(a->vr, b->vr, sizeof a->vr) == 0 &&
           memcmp(a->tags, b->tags, a->depth * sizeof *a->tags) == 0;
}

/* The place of the path in the table: where it is, or where it belongs. */
static uint32_t *place(const struct questions *questions, const struct condition_path *path)
{
    uint64_t hash = path->depth + ((uint64_t)path->vr[0] << 8 | (unsigned char)path->vr[1]);
    for (size_t i = 0; i < path->depth; i++)
        hash = (hash ^ path->tags[i]) * 0x9E3779B97F4A7C15u;
    size_t mask = questions->table_size - 1, at = (size_t)(hash >> 32) & mask;
    while (questions->table[at] && !same_path(&questions->list[questions->table[at] - 1].path, path))
        at = (at + 1) & mask;
    return &questions->table[at];
}

static void grow_table(struct questions *questions)
{
    free(questions->table);
    questions->table_size = questions->table_size ? questions->table_size * 2 : TABLE_SIZE;
    questions->table = memory_new(questions->table_size, sizeof *questions->table);
    for (size_t i = 0; i < questions->count; i++)
        *place(questions, &questions->list[i].path) = (uint32_t)i + 1;
}

static void add_path(struct questions *questions, const struct condition_path *path, unsigned aspects)
{
    if ((questions->count + 1) * 2 > questions->table_size)
        grow_table(questions);
    uint32_t *at = place(questions, path);
    if (!*at) {
        questions->list =
            memory_grow(questions->list, &questions->room, questions->count + 1, sizeof *questions->list);
        questions->list[questions->count].path = *path;
        *at = (uint32_t)++questions->count;
    }
    questions->list[*at - 1].aspects |= aspects;
}

void questions_add_width(struct questions *questions, const struct condition_path *path)
{
    add_path(questions, path, QUESTION_WIDTH);
}

static void add_question(void *context, const struct condition_path *path, enum condition_aspect aspect)
{
    add_path(context, path, 1u << aspect);
}

void questions_add(struct questions *questions, const struct condition *condition)
{
    if (condition)
        condition_each_question(condition, add_question, questions);
}

void questions_want_hashes(struct questions *questions, const struct search_key *key)
{
    questions->wants_hashes = true;
    questions->key = *key;
}

const struct search_key *questions_search_key(const struct questions *questions)
{
    return questions->wants_hashes ? &questions->key : NULL;
}

void questions_want_kept(struct questions *questions)
{
    questions->wants_kept = true;
}

bool questions_wants_kept(const struct questions *questions)
{
    return questions->wants_kept;
}

size_t questions_count(const struct questions *questions)
{
    return questions->count;
}

const struct question *questions_at(const struct questions *questions, size_t index)
{
    return &questions->list[index];
}

ptrdiff_t questions_find(const struct questions *questions, const struct condition_path *path)
{
    return questions->count > 0 ? (ptrdiff_t)*place(questions, path) - 1 : -1;
}

/* ---- as bytes ---- */

void questions_write(const struct questions *questions, struct text *out)
{
    pack_u8(out, questions->wants_hashes);
    pack_u8(out, questions->wants_kept);
    text_append_bytes(out, questions->key.bytes, sizeof questions->key.bytes);
    pack_u32(out, (uint32_t)questions->count);
    for (size_t i = 0; i < questions->count; i++) {
        const struct question *question = &questions->list[i];
        pack_u8(out, (uint8_t)question->path.depth);
        text_append_bytes(out, question->path.vr, sizeof question->path.vr);
        pack_u8(out, (uint8_t)question->aspects);
        for (size_t j = 0; j < question->path.depth; j++)
            pack_u32(out, question->path.tags[j]);
    }
}

static void read_question(struct parcel *parcel, struct questions *questions)
{
    struct condition_path path = {.depth = unpack_u8(parcel)};
    for (size_t i = 0; i < sizeof path.vr; i++)
        path.vr[i] = (char)unpack_u8(parcel);
    unsigned aspects = unpack_u8(parcel);
    bool is_one = path.depth > 0 && path.depth <= CONDITION_PATH_MAX && path.vr[sizeof path.vr - 1] == '\0' &&
                  aspects > 0 && aspects < 2u * QUESTION_WIDTH;
    for (size_t i = 0; is_one && i < path.depth; i++)
        path.tags[i] = unpack_u32(parcel);
    if (!is_one || parcel->broken) {
        parcel->broken = true;
        return;
    }
    add_path(questions, &path, aspects);
}

static void read_wishes(struct parcel *parcel, struct questions *questions)
{
    unsigned hashes = unpack_u8(parcel);
    unsigned kept = unpack_u8(parcel);
    parcel->broken |= hashes > 1 || kept > 1;
    questions->wants_hashes = hashes == 1;
    questions->wants_kept = kept == 1;
    for (size_t i = 0; i < sizeof questions->key.bytes; i++)
        questions->key.bytes[i] = unpack_u8(parcel);
}

int questions_read(const char *bytes, size_t length, struct questions **ret_questions)
{
    AUTO(questions_destroy) struct questions *questions = questions_create();
    struct parcel parcel = {.bytes = bytes, .length = length};
    read_wishes(&parcel, questions);
    uint32_t count = unpack_u32(&parcel);
    if (!unpack_has(&parcel, count, LEAST_BYTES))
        return ERR_SYNTAX;
    for (uint32_t i = 0; i < count && !parcel.broken; i++)
        read_question(&parcel, questions);
    if (!unpack_ended(&parcel) || questions->count != count)
        return ERR_SYNTAX;
    *ret_questions = questions;
    questions = NULL;
    return 0;
}
