/* json - JSON, read with limits and written as UTF-8: the owner of jansson.
 *
 * Values are jansson's, and so are the functions that look into one or make one; everybody gets them here.
 * A text becomes a value by json_read() alone, which bounds what a stranger can send, and a value becomes a
 * text by json_append() alone. Names of this header take struct text, err and AUTO(); they never fail for
 * want of memory (memory.h).
 *
 * RFC 8259. Numbers are integers of 64 bits or doubles; strings hold no NUL unless limits say so. */
#ifndef FELUCCA_BASE_JSON_H
#define FELUCCA_BASE_JSON_H

#include "common/base/text.h"

#include <jansson.h>

struct json_limits {
    size_t bytes;   /* of the whole text */
    unsigned depth; /* objects and arrays inside of each other */
    bool unique;    /* an object that has a key twice is refused; else the last one counts */
    bool padded; /* a string may hold NULs, and ends at the first for whoever reads it; else it is no JSON */
    size_t longest; /* 0, or: a string of more bytes, as it is written, is read as "", whatever it holds */
};

/* Reads one object or array with nothing but white space around it. 0, ERR_RANGE (longer or deeper than
 * limits), or ERR_SYNTAX (no JSON, a second value, a key twice). The value is then yours. */
int json_read(const char *bytes, size_t length, const struct json_limits *limits, json_t **ret_value);

/* For AUTO(): gives up a reference; *value is NULL afterwards. */
void json_release(json_t **value);

/* The text of an object's field, borrowed from it; "" (or NULL) when it has no such text. */
const char *json_text(const json_t *object, const char *key);
const char *json_text_or_null(const json_t *object, const char *key);

/* New values. NULL, and a time that is 0 or less, become null; a time becomes ISO 8601 UTC; what is no UTF-8
 * in a text becomes U+FFFD, so that nothing that a server said makes a message unwritable. */
json_t *json_from_text(const char *text);
json_t *json_from_time(int64_t wall_ms);

/* Appends the value in one line, without a newline; {} for NULL, which is what a failed json_pack() gives. */
void json_append(const json_t *value, struct text *out);

/* Gives up an object after it was appended with a newline, or printed so on stdout. */
void json_append_line(json_t *object, struct text *out);
void json_print_line(json_t *object);

#endif
