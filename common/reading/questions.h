/* questions - what the conditions of a configuration ask of a header: each path once, and what is asked of it.
 *
 * The router makes them of its configuration, felucca-header reads them once and answers them for every file, in
 * their order. */
#ifndef FELUCCA_READING_QUESTIONS_H
#define FELUCCA_READING_QUESTIONS_H

#include "common/condition/condition.h"
#include "common/search/search_hash.h"

/* A bit beside those of the aspects: how many characters its first text has. */
enum { QUESTION_WIDTH = 1 << CONDITION_ASPECTS };

struct question {
    struct condition_path path;
    unsigned aspects; /* bits: 1 << enum condition_aspect, QUESTION_WIDTH */
};

struct questions;

struct questions *questions_create(void);
void questions_destroy(struct questions **questions);

/* Adds what the condition asks; NULL: nothing. */
void questions_add(struct questions *questions, const struct condition *condition);
/* Asks for nothing but how many characters a text has, so that no text of a patient comes with the answer. */
void questions_add_width(struct questions *questions, const struct condition_path *path);

/* Hashes of the numbers that people look for are wanted, too: the numbers themselves then stay where the header is
 * read. The key is copied. */
void questions_want_hashes(struct questions *questions, const struct search_key *key);
/* NULL: they are not wanted. Borrowed. */
const struct search_key *questions_search_key(const struct questions *questions);

/* The header itself is wanted, too, as common/dicom/kept.h keeps it. */
void questions_want_kept(struct questions *questions);
bool questions_wants_kept(const struct questions *questions);

size_t questions_count(const struct questions *questions);
/* Borrowed until the next one is added. */
const struct question *questions_at(const struct questions *questions, size_t index);
/* The number of the path's question, or -1. */
ptrdiff_t questions_find(const struct questions *questions, const struct condition_path *path);

/* As bytes, appended; and back: 0 or ERR_SYNTAX. */
void questions_write(const struct questions *questions, struct text *out);
int questions_read(const char *bytes, size_t length, struct questions **ret_questions);

#endif
