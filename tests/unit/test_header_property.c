/* The law of broken headers: for any file that is cut inside an element, whose elements come in another order,
 * that is interleaved with other elements at any place, or in which a bit of an element's header is flipped, no
 * negated condition is true that is false on the whole file. From seeds that a failure names. */
#include "common/base/cleanup.h"
#include "common/dicom/dictionary.h"
#include "common/dicom/header.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <string.h>

static struct sandbox *sandbox;

static void setup(void)
{
    sandbox = sandbox_create();
}

static void teardown(void)
{
    sandbox_destroy(&sandbox);
}

static uint64_t state;

static size_t below(size_t bound)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (size_t)(state >> 33) % bound;
}

/* ---- a data set, and where its elements are ---- */

enum { PLACES = 128, TOPS = 16 };

struct spot {
    size_t start, length_at, end; /* of the header, its length field, and the value; of the top level */
    size_t length_size;
};

struct built {
    bool is_explicit, defined; /* defined: sequences and items with a length */
    struct text bytes;
    size_t places[PLACES]; /* where an element, item or delimiter begins, at any level */
    size_t place_count;
    struct spot tops[TOPS];
    size_t top_count;
};

static void built_release(struct built *built)
{
    text_release(&built->bytes);
}

static void add_number(struct text *out, uint32_t number, size_t size)
{
    for (size_t i = 0; i < size; i++)
        text_append_char(out, (char)(number >> 8 * i));
}

static void add_tag(struct text *out, uint32_t tag)
{
    add_number(out, tag >> 16, 2);
    add_number(out, tag & 0xFFFF, 2);
}

/* The header; the size of its length field. */
static size_t add_header(struct built *built, uint32_t tag, const char *vr, uint32_t length)
{
    bool is_long = strcmp(vr, "SQ") == 0 || strcmp(vr, "OW") == 0 || strcmp(vr, "UT") == 0;
    built->places[built->place_count++] = built->bytes.length;
    add_tag(&built->bytes, tag);
    bool with_vr = built->is_explicit && *vr;
    if (with_vr)
        text_append(&built->bytes, vr);
    if (with_vr && is_long)
        add_number(&built->bytes, 0, 2);
    size_t size = with_vr && !is_long ? 2 : 4;
    add_number(&built->bytes, length, size);
    return size;
}

static void add_value(struct built *built, uint32_t tag, const char *vr, const char *value)
{
    size_t length = strlen(value);
    (void)add_header(built, tag, vr, (uint32_t)(length + length % 2));
    text_append(&built->bytes, value);
    if (length % 2)
        text_append_char(&built->bytes, ' ');
}

/* Sets the length in front of what was added since. */
static void end_length(struct built *built, size_t behind)
{
    uint32_t length = (uint32_t)(built->bytes.length - behind);
    for (size_t i = 0; i < 4; i++)
        built->bytes.bytes[behind - 4 + i] = (char)(length >> 8 * i);
}

static void add_delimiter(struct built *built, uint32_t tag)
{
    if (!built->defined)
        (void)add_header(built, tag, "", 0);
}

static void add_item(struct built *built, const char *step, const char *room)
{
    (void)add_header(built, 0xFFFEE000, "", UINT32_MAX);
    size_t behind = built->bytes.length;
    add_value(built, 0x00400007, "LO", step);
    add_value(built, 0x00400011, "SH", room);
    if (built->defined)
        end_length(built, behind);
    add_delimiter(built, 0xFFFEE00D);
}

static void add_sequence(struct built *built)
{
    (void)add_header(built, 0x00400275, "SQ", UINT32_MAX);
    size_t behind = built->bytes.length;
    add_item(built, "PERFUSION", "ROOM 1");
    add_item(built, "LOCALIZER", "ROOM 2");
    if (built->defined)
        end_length(built, behind);
    add_delimiter(built, 0xFFFEE0DD);
}

/* What is in the data set, with conditions that are false on it and must not become true. */
static const struct attribute {
    uint32_t tag;
    const char *vr, *value; /* NULL: the sequence */
} attributes[] = {
    {0x00080005, "CS", "ISO_IR 100"},
    {0x00080060, "CS", "SR"},
    {0x00081030, "LO",
     "Sch\xE4"
     "del TRIAL-7"},
    {0x00100020, "LO", "SYN-1"},
    {0x00200011, "IS", "12"},
    {0x00280010, "US", "AB"},
    {0x00400254, "LO", "TRIAL-7"},
    {0x00400275, "SQ", NULL},
    {0x00420010, "ST", "a title"},
    {0x7FE00010, "OW", "pixels pixels pixels"},
};

static const char *const conditions[] = {
    "!tagValueIsPresent(#Tag.Modality, \"SR\")",
    "!tagIsPresent(#Tag.Modality)",
    "tagText(#Tag.Modality) != \"SR\"",
    "!tagValueBeginsWith(#Tag.StudyDescription, \"Sch\xC3\xA4"
    "del\")",
    "!tagValueContains(#Tag.StudyDescription, \"TRIAL-7\")",
    "!(tagText(#Tag.StudyDescription) matches \"TRIAL\")",
    "!tagValueIsOneOf(#Tag.PatientID, \"SYN-1\", \"SYN-2\")",
    "tagText(#Tag.PatientID) == \"\"",
    "!(tagNumber(#Tag.SeriesNumber) == 12)",
    "tagNumber(#Tag.SeriesNumber) != 12",
    "!(tagNumber(#Tag.Rows) == 16961)",
    "!tagValueIsPresent(\"0040,0254\", \"TRIAL-7\")",
    "tagText(\"0040,0254\") < \"TRIAL-7\"",
    "!tagIsPresent(#Tag.RequestAttributesSequence)",
    "!tagValueIsPresent(\"0040,0275/0040,0007\", \"PERFUSION\")",
    "!tagValueIsPresent(\"0040,0275/0040,0007\", \"LOCALIZER\")",
    "tagText(\"0040,0275/0040,0011\") != \"ROOM 2\"",
    "!tagIsPresent(\"0040,0275/0040,0011\")",
    "!(tagText(\"0042,0010\") matches \"title\")",
    "!tagIsPresent(#Tag.PixelData)",
    "!(tagIsPresent(#Tag.PixelData) && tagValueIsPresent(#Tag.Modality, \"SR\"))",
    "tagIsPresent(#Tag.PixelData) == false",
};

static struct condition *compiled[ROWS(conditions)];

static void compile_all(void)
{
    for (size_t i = 0; i < ROWS(conditions); i++) {
        AUTO(condition_error_release) struct condition_error error = {.message = NULL};
        ck_assert_msg(condition_compile(conditions[i], dictionary_for_conditions(), &compiled[i], &error) ==
                          0,
                      "%s: %s", conditions[i], error.message);
    }
}

/* order NULL: as they should be. */
static void build(struct built *built, const size_t *order)
{
    for (size_t i = 0; i < ROWS(attributes); i++) {
        const struct attribute *attribute = &attributes[order ? order[i] : i];
        struct spot *spot = &built->tops[built->top_count++];
        spot->start = built->bytes.length;
        if (attribute->value)
            add_value(built, attribute->tag, attribute->vr, attribute->value);
        else
            add_sequence(built);
        spot->end = built->bytes.length;
        bool is_long = !built->is_explicit || strcmp(attribute->vr, "OW") == 0 || !attribute->value;
        spot->length_at = spot->start + (!built->is_explicit ? 4 : is_long ? 8 : 6);
        spot->length_size = is_long ? 4 : 2;
    }
}

/* ---- the law ---- */

static size_t refused, incomplete, decided;

static struct header *read_bytes(const struct built *built, const struct text *bytes)
{
    static const char preamble[128];
    AUTO(text_release) struct text file = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct header *header = NULL;
    const char *path = sandbox_path(sandbox, "x.dcm");
    text_append_bytes(&file, preamble, sizeof preamble);
    text_append(&file, "DICM");
    add_tag(&file, 0x00020010);
    text_append(&file, "UI");
    add_number(&file, 20, 2);
    text_append_bytes(&file, built->is_explicit ? "1.2.840.10008.1.2.1\0" : "1.2.840.10008.1.2\0\0\0", 20);
    text_append_bytes(&file, bytes->bytes, bytes->length);
    file_write(path, file.bytes, file.length);
    if (header_read(path, NULL, &header, &reason) != 0)
        refused++;
    return header;
}

static void keep_the_law(const struct built *built, const struct text *bytes, const char *what, size_t where)
{
    AUTO(header_destroy) struct header *header = read_bytes(built, bytes);
    if (!header)
        return;
    incomplete += header_incomplete(header) != NULL;
    for (size_t i = 0; i < ROWS(conditions); i++) {
        enum condition_verdict verdict = condition_judge(compiled[i], header_facts(header));
        ck_assert_msg(verdict != CONDITION_TRUE, "%s %zu, %s%s: %s (%s)", what, where,
                      built->is_explicit ? "explicit" : "implicit", built->defined ? ", with lengths" : "",
                      conditions[i], header_incomplete(header) ? header_incomplete(header) : "complete");
        decided += verdict == CONDITION_FALSE;
    }
}

/* ---- cut, turned round, interleaved, flipped ---- */

static bool is_top_boundary(const struct built *built, size_t offset)
{
    for (size_t i = 0; i < built->top_count; i++)
        if (built->tops[i].start == offset || built->tops[i].end == offset)
            return true;
    return false;
}

static bool is_boundary(const struct built *built, size_t offset)
{
    for (size_t i = 0; i < built->place_count; i++)
        if (built->places[i] == offset)
            return true;
    return is_top_boundary(built, offset);
}

static void cut_everywhere(const struct built *built)
{
    for (size_t length = 1; length < built->bytes.length; length++) {
        const struct text cut = {built->bytes.bytes, length, 0};
        if (!is_top_boundary(built, length))
            keep_the_law(built, &cut, "cut at", length);
    }
}

static void interleave(const struct built *built, size_t at, const struct text *piece, const char *what)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    text_append_bytes(&bytes, built->bytes.bytes, at);
    text_append_bytes(&bytes, piece->bytes, piece->length);
    text_append_bytes(&bytes, built->bytes.bytes + at, built->bytes.length - at);
    keep_the_law(built, &bytes, what, at);
}

/* At every border between elements, items and delimiters, of any level. */
static void interleave_everywhere(const struct built *built)
{
    static const struct {
        const char *label;
        uint32_t tag;
        const char *vr, *value;
        uint32_t length; /* without a value */
    } pieces[] = {
        {"an item at", 0xFFFEE000, "", NULL, 0},
        {"an endless item at", 0xFFFEE000, "", NULL, UINT32_MAX},
        {"an item of 24 bytes at", 0xFFFEE000, "", NULL, 24},
        {"the end of an item at", 0xFFFEE00D, "", NULL, 0},
        {"the end of a sequence at", 0xFFFEE0DD, "", NULL, 0},
        {"an endless sequence at", 0x00400275, "SQ", NULL, UINT32_MAX},
        {"a private attribute at", 0x7FE10010, "LO", "X", 0},
        {"a modality at", 0x00080060, "CS", "CT", 0},
        {"a character set at", 0x00080005, "CS", "ISO_IR 192", 0},
        {"a step at", 0x00400007, "LO", "X", 0},
        {"a trial at", 0x00400254, "LO", "OTHER", 0},
        {"pixel data at", 0x7FE00010, "OW", "x", 0},
        {"a group length at", 0x00400000, "UL", "abcd", 0},
        {"a command at", 0x00000002, "UI", "1.2", 0},
        {"an endless value at", 0x00420011, "OB", NULL, UINT32_MAX},
    };
    for (size_t i = 0; i < ROWS(pieces); i++) {
        AUTO(built_release) struct built piece = {.is_explicit = built->is_explicit, .bytes = TEXT_EMPTY};
        if (pieces[i].value)
            add_value(&piece, pieces[i].tag, pieces[i].vr, pieces[i].value);
        else
            (void)add_header(&piece, pieces[i].tag, pieces[i].vr, pieces[i].length);
        for (size_t k = 0; k < built->place_count; k++)
            interleave(built, built->places[k], &piece.bytes, pieces[i].label);
    }
}

/* Where a flipped length ends at another element, a shorter or longer value is as good as the right one, and
 * nobody can tell. A flipped tag is another attribute, a flipped VR another value, and that stays so. */
static void flip_lengths(struct built *built)
{
    for (size_t i = 0; i < built->top_count; i++) {
        const struct spot *spot = &built->tops[i];
        for (size_t bit = 0; bit < 8 * spot->length_size; bit++) {
            char *byte = &built->bytes.bytes[spot->length_at + bit / 8];
            *byte = (char)(*byte ^ 1 << bit % 8);
            uint32_t length = 0;
            for (size_t k = 0; k < spot->length_size; k++)
                length |= (uint32_t)(unsigned char)built->bytes.bytes[spot->length_at + k] << 8 * k;
            size_t end = spot->length_at + spot->length_size + length;
            if (!is_boundary(built, end))
                keep_the_law(built, &built->bytes, "flipped bit of the length at", spot->length_at * 8 + bit);
            *byte = (char)(*byte ^ 1 << bit % 8);
        }
    }
}

static void shuffle(size_t order[ROWS(attributes)])
{
    for (size_t i = 0; i < ROWS(attributes); i++)
        order[i] = i;
    for (size_t i = ROWS(attributes) - 1; i > 0; i--) {
        size_t other = below(i + 1), kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
}

/* Seed 0: in order; 1: in reverse; others at random. Four ways to write each. */
START_TEST(no_negation_becomes_true)
{
    size_t order[ROWS(attributes)];
    size_t seed = (size_t)_i / 4;
    state = 0x9E3779B97F4A7C15u * (uint64_t)(seed + 1);
    shuffle(order);
    for (size_t i = 0; i < ROWS(attributes) && seed < 2; i++)
        order[i] = seed == 0 ? i : ROWS(attributes) - 1 - i;
    AUTO(built_release)
    struct built built = {.is_explicit = _i % 2 == 0, .defined = _i / 2 % 2 == 0, .bytes = TEXT_EMPTY};
    compile_all();
    build(&built, order);
    keep_the_law(&built, &built.bytes, "the whole", 0);
    ck_assert_uint_eq(decided, ROWS(conditions));
    ck_assert_uint_eq(incomplete, 0);
    cut_everywhere(&built);
    ck_assert_uint_gt(incomplete, built.bytes.length / 2);
    interleave_everywhere(&built);
    flip_lengths(&built);
    ck_assert_uint_gt(decided, 5000);
    for (size_t i = 0; i < ROWS(conditions); i++)
        condition_destroy(&compiled[i]);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("header_property");
    tests_fixture(tests, setup, teardown);
    tests_timeout(tests, 60);
    tests_rows(tests, no_negation_becomes_true, 40);
    return tests_run(tests);
}
