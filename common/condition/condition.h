/* condition - a boolean expression over one DICOM instance, compiled once and evaluated often.
 *
 * The language is the one that KARNAK's users write (docs/conditions.md). Everything that can be wrong with
 * an expression is found by condition_compile(); evaluation cannot fail: it answers true, false, or that it
 * cannot be decided, allocates nothing unbounded, and has no recursion over the heap. Pure: no input or output, no DICOM toolkit. Names of
 * attributes come from a condition_dictionary, values from condition_facts. A compiled condition is read-only
 * and may be used from several threads, each with facts of its own. */
#ifndef FELUCCA_CONDITION_CONDITION_H
#define FELUCCA_CONDITION_CONDITION_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONDITION_TEXT_MAX = 64 * 1024, /* bytes of an expression */
    CONDITION_DEPTH_MAX = 100,      /* nesting */
    CONDITION_PATH_MAX = 8          /* tags in a path into sequences */
};

/* Where a value is: tags (group << 16 | element) from the outermost sequence in; depth 1 is top level. vr:
 * how the value is to be read, whatever the file and the dictionary say; "": as they say. */
struct condition_path {
    uint32_t tags[CONDITION_PATH_MAX];
    size_t depth;
    char vr[3];
};

/* What a condition is for an instance. Two of the three can be joined with a third as Kleene's logic has it:
 * "no and unknown" is no, "yes or unknown" is yes. In this order && is the least and || the most. */
enum condition_verdict { CONDITION_FALSE, CONDITION_UNDECIDED, CONDITION_TRUE };

/* What is asked of a value. */
enum condition_aspect { CONDITION_PRESENCE, CONDITION_TEXT, CONDITION_NUMBER, CONDITION_ASPECTS };

/* Facts of the transfer that an expression can name. */
enum condition_transfer {
    CONDITION_CALLING_AET,
    CONDITION_CALLED_AET,
    CONDITION_SOURCE_ADDRESS,
    CONDITION_TRANSFER_SYNTAX
};

/* The names of attributes. context is passed back as it is. */
struct condition_dictionary {
    void *context;
    /* The tag of a DICOM keyword (retired ones too, private ones never), or false. */
    bool (*tag_of)(void *context, const char *keyword, uint32_t *ret_tag);
    /* The keyword of a tag, borrowed for ever, or NULL. */
    const char *(*keyword_of)(void *context, uint32_t tag);
    /* Whether values of a value representation ("LO") have a text. */
    bool (*has_text)(void *context, const char *vr);
    /* Calls each(closure, keyword) for every keyword, for "did you mean". */
    void (*for_each)(void *context, void (*each)(void *closure, const char *keyword), void *closure);
};

/* What an evaluation may ask about the instance. Text is UTF-8 as docs/conditions.md defines it ("the text of
 * a tag"), borrowed until the facts are gone, and NULL where the tag is absent or has no value or no text.
 * A path into sequences is asked item by item: index counts from 0 over all items, in order, those whose
 * value has a text (number: is a number); NULL or false past the last. A path of depth 1 has index 0 only.
 * number is the first value of a tag. */
struct condition_facts {
    void *context;
    bool (*is_present)(void *context, const struct condition_path *path);
    const char *(*text)(void *context, const struct condition_path *path, size_t index, size_t *ret_length);
    bool (*number)(void *context, const struct condition_path *path, size_t index, double *ret_number);
    const char *(*transfer)(void *context, enum condition_transfer fact, size_t *ret_length);
    /* Asked right after one of the functions above found nothing, or nothing more: NULL when that is so, else
     * why it may be there all the same, as a part of a sentence, borrowed until the facts are gone ("reading
     * ended at offset 1,234 ..."). path NULL: a fact of the transfer. The function may be NULL: all that is
     * not found is not there. */
    const char *(*unknown)(void *context, const struct condition_path *path, enum condition_aspect aspect);
};

/* What is wrong with an expression, and where. */
struct condition_error {
    size_t offset; /* bytes from the start of the expression */
    size_t length; /* of the place, at least 1 */
    char *message; /* what is wrong; is then yours */
    char *hint;    /* what would be right ("did you mean tagValueContains?"), or NULL; is then yours */
};

struct condition;

/* Compiles text. 0, or ERR_SYNTAX with *ret_error filled (release it with condition_error_release()). */
int condition_compile(const char *text, const struct condition_dictionary *dictionary,
                      struct condition **ret_condition, struct condition_error *ret_error);
void condition_destroy(struct condition **condition);
void condition_error_release(struct condition_error *error);

/* Appends the error as a person should see it: what is wrong, below it the line of the expression, below that
 * a caret under the place and the hint, each line indented by two spaces and ended but for the last:
 *     unknown function "tagValueContain"
 *       tagValueContain(#Tag.Modality, "CT")
 *       ^~~~~~~~~~~~~~~ did you mean tagValueContains? */
void condition_error_print(const char *expression, const struct condition_error *error, struct text *out);

/* The expression as it was written, borrowed from the condition. */
const char *condition_text(const struct condition *condition);

/* Only CONDITION_TRUE may send or share anything. CONDITION_UNDECIDED: what the facts do not know could make
 * it true or false. */
enum condition_verdict condition_judge(const struct condition *condition,
                                       const struct condition_facts *facts);

/* Whether it is true for certain. What is not may be undecided: a negation of this answer means nothing. */
bool condition_holds(const struct condition *condition, const struct condition_facts *facts);

/* Appends why an undecided condition is: "#Tag.StudyDescription is not known: reading ended at offset 1,234
 * behind (0032,1060): the value there is cut". No value of the instance. */
void condition_tell_doubt(const struct condition *condition, const struct condition_dictionary *dictionary,
                          const struct condition_facts *facts, struct text *out);

#endif
