/* terms - what conditions and those who use them speak of: paths, verdicts, what a dictionary and an instance are
 * asked, errors. */
#ifndef FELUCCA_CONDITION_TERMS_H
#define FELUCCA_CONDITION_TERMS_H

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

void condition_error_release(struct condition_error *error);

/* Appends the error as a person should see it: what is wrong, below it the line of the expression, below that
 * a caret under the place and the hint, each line indented by two spaces and ended but for the last:
 *     unknown function "tagValueContain"
 *       tagValueContain(#Tag.Modality, "CT")
 *       ^~~~~~~~~~~~~~~ did you mean tagValueContains? */
void condition_error_print(const char *expression, const struct condition_error *error, struct text *out);

#endif
