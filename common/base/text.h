/* text - a string that grows.
 *
 * A struct text is always terminated by NUL once something was appended; text_string() of an empty one is "".
 * It may hold NUL bytes; length counts them. Start with struct text t = TEXT_EMPTY and release with
 * AUTO(text_release). Appending does not fail (memory.h); bound what a peer can make you append. */
#ifndef FELUCCA_BASE_TEXT_H
#define FELUCCA_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *bytes;
    size_t length;
    size_t capacity;
};

#define TEXT_EMPTY \
    {              \
        NULL, 0, 0 \
    }

void text_release(struct text *text);

/* Makes it empty and keeps the memory. */
void text_clear(struct text *text);
/* Drops what is behind the first bytes, of which it may have fewer. */
void text_cut(struct text *text, size_t length);

void text_append(struct text *text, const char *string);
void text_append_bytes(struct text *text, const void *bytes, size_t length);
void text_append_char(struct text *text, char c);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_format_list(struct text *text, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* The content as a C string, borrowed until the next change; "" when empty. */
const char *text_string(const struct text *text);

/* The content, is then yours, to free(); the text is empty afterwards. Never NULL. */
char *text_take(struct text *text);

/* A number for people: "1,234,567". Appended. */
void text_append_count(struct text *text, int64_t number);

/* A size for people: "529 KiB"; a duration for people from milliseconds: "3 min", "2 h". Appended. */
void text_append_size(struct text *text, int64_t bytes);
void text_append_duration(struct text *text, int64_t milliseconds);

bool string_starts_with(const char *string, const char *prefix);
bool string_ends_with(const char *string, const char *suffix);

/* Whether a list of words, with blanks between them, has this one, of length bytes, as a whole word. */
bool string_has_word(const char *words, const char *word, size_t length);

/* The smallest number of insertions, deletions, substitutions and swaps of neighbours between two names of
 * at most 64 bytes (longer ones: a large number). For "did you mean". */
unsigned string_distance(const char *a, const char *b);

#endif
