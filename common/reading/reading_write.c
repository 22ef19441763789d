#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/reading/pack.h"
#include "common/reading/reading.h"

#include <string.h>

/* What is left above it has room for the rest of an answer, one text (value.h), and all doubts. */
enum { ROOM = READING_MAX - (8 << 20) };

static const char no_room[] = "what the conditions ask for is more than is read of one header";

static void pack_text(struct text *out, const char *string)
{
    pack_string(out, string ? string : "", string ? strlen(string) : 0);
}

static void write_uids(const struct header *header, struct text *out)
{
    for (int i = 0; i < HEADER_UIDS; i++) {
        AUTO(text_release) struct text told = TEXT_EMPTY;
        const char *uid = header_uid(header, (enum header_uid)i);
        pack_text(out, uid);
        if (!uid)
            (void)header_tell_uid(header, (enum header_uid)i, &told);
        pack_text(out, text_string(&told));
    }
}

static void write_transfer(const struct condition_facts *facts, struct text *out)
{
    for (int i = CONDITION_CALLING_AET; i <= CONDITION_TRANSFER_SYNTAX; i++) {
        size_t length = 0;
        const char *fact = facts->transfer(facts->context, (enum condition_transfer)i, &length);
        pack_u8(out, fact != NULL);
        pack_string(out, fact ? fact : "", length);
    }
}

/* ---- hashes ---- */

/* The first text of a top-level element; *ret_length is 0 where there is none. */
static const char *number_of(const struct condition_facts *facts, uint32_t tag, size_t *ret_length)
{
    const struct condition_path path = {.tags = {tag}, .depth = 1};
    const char *text = facts->text(facts->context, &path, 0, ret_length);
    *ret_length = text ? *ret_length : 0;
    return text ? text : "";
}

static bool hash_number(const struct condition_facts *facts, const struct search_key *key,
                        enum reading_hash which, char *ret_hash)
{
    static const struct {
        uint32_t tag;
        enum search_kind kind;
    } numbers[READING_HASHES] = {[READING_ACCESSION] = {0x00080050, SEARCH_ACCESSION},
                                 [READING_PATIENT] = {0x00100020, SEARCH_PATIENT},
                                 [READING_PATIENT_ISSUED] = {0x00100020, SEARCH_PATIENT},
                                 [READING_STUDY_ID] = {0x00200010, SEARCH_STUDY_ID}};
    static const uint32_t issuer_tag = 0x00100021;
    size_t length, issuer_length;
    const char *number = number_of(facts, numbers[which].tag, &length);
    if (which != READING_PATIENT_ISSUED)
        return search_hash(key, numbers[which].kind, number, length, ret_hash);
    const char *issuer = number_of(facts, issuer_tag, &issuer_length);
    return search_hash_issued(key, number, length, issuer, issuer_length, ret_hash);
}

static void write_hashes(const struct condition_facts *facts, const struct search_key *key, struct text *out)
{
    for (int i = 0; key && i < READING_HASHES; i++) {
        char hash[SEARCH_HASH_SIZE];
        pack_text(out, hash_number(facts, key, (enum reading_hash)i, hash) ? hash : NULL);
    }
}

/* ---- answers ---- */

/* The count of what follows is known when it is written. */
static void set_count(struct text *out, size_t at, uint32_t count)
{
    memcpy(out->bytes + at, &count, sizeof count);
}

static uint32_t write_texts(const struct condition_facts *facts, const struct condition_path *path,
                            struct text *out, bool *ret_full)
{
    uint32_t count = 0;
    size_t length = 0;
    const char *text;
    while ((text = facts->text(facts->context, path, count, &length))) {
        *ret_full = out->length + length > ROOM;
        if (*ret_full)
            break;
        pack_string(out, text, length);
        count++;
    }
    return count;
}

static uint32_t write_numbers(const struct condition_facts *facts, const struct condition_path *path,
                              struct text *out, bool *ret_full)
{
    uint32_t count = 0;
    double number = 0;
    while (facts->number(facts->context, path, count, &number)) {
        *ret_full = out->length > ROOM;
        if (*ret_full)
            break;
        pack_double(out, number);
        count++;
    }
    return count;
}

static void write_answer(const struct condition_facts *facts, const struct condition_path *path,
                         enum condition_aspect aspect, struct text *out)
{
    bool full = false;
    uint32_t count = 0;
    size_t at = out->length;
    pack_u32(out, 0);
    if (aspect == CONDITION_PRESENCE)
        count = facts->is_present(facts->context, path);
    else if (aspect == CONDITION_TEXT)
        count = write_texts(facts, path, out, &full);
    else
        count = write_numbers(facts, path, out, &full);
    set_count(out, at, count);
    pack_text(out, full ? no_room : facts->unknown(facts->context, path, aspect));
}

/* Of its first text; 0: it has none. */
static void write_width(const struct condition_facts *facts, const struct condition_path *path,
                        struct text *out)
{
    size_t length = 0;
    const char *text = facts->text(facts->context, path, 0, &length);
    uint32_t count = 0;
    for (size_t i = 0; text && i < length; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    pack_u32(out, count);
}

static void write_answers(const struct condition_facts *facts, const struct questions *questions,
                          struct text *out)
{
    for (size_t i = 0; i < questions_count(questions); i++) {
        const struct question *question = questions_at(questions, i);
        for (int aspect = 0; aspect < CONDITION_ASPECTS; aspect++) {
            if (question->aspects & 1u << aspect)
                write_answer(facts, &question->path, (enum condition_aspect)aspect, out);
        }
        if (question->aspects & QUESTION_WIDTH)
            write_width(facts, &question->path, out);
    }
}

static void write_kept(struct header *header, struct text *out)
{
    AUTO(text_release) struct text kept = TEXT_EMPTY;
    (void)header_append_kept(header, &kept);
    pack_string(out, text_string(&kept), kept.length);
}

static void write_header(struct header *header, const struct questions *questions, struct text *out)
{
    write_uids(header, out);
    pack_text(out, header_incomplete(header));
    write_transfer(header_facts(header), out);
    write_hashes(header_facts(header), questions_search_key(questions), out);
    if (questions_wants_kept(questions))
        write_kept(header, out);
    write_answers(header_facts(header), questions, out);
}

static void write_code(int code, const char *reason, struct text *out)
{
    pack_u32(out, (uint32_t)-code);
    pack_text(out, reason);
}

void reading_write(int fd, const struct questions *questions, struct text *out)
{
    AUTO(header_destroy) struct header *header = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int64_t began_ns = clock_monotonic_ns();
    int code = header_read_open(fd, NULL, &header, &reason);
    size_t start = out->length;
    pack_u64(out, 0);
    size_t behind_time = out->length;
    write_code(code, text_string(&reason), out);
    if (code == 0)
        write_header(header, questions, out);
    if (code == 0 && header_failed(header)) { /* whatever was made of it */
        out->length = behind_time;
        write_code(ERR_IO, "cannot be read", out);
    }
    uint64_t took = (uint64_t)(clock_monotonic_ns() - began_ns);
    memcpy(out->bytes + start, &took, sizeof took);
}
