/* files - what tests ask of files: write one, read one, compare two, count them.
 *
 * A trouble with the disk ends the test at once (a Check assertion), so that no test looks at a result. */
#ifndef FELUCCA_TESTS_FILES_H
#define FELUCCA_TESTS_FILES_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes (or replaces) a file. */
void file_write(const char *path, const void *bytes, size_t length);
void file_write_string(const char *path, const char *content);

/* Appends the content of a file to ret_content. */
void file_read(const char *path, struct text *ret_content);

bool file_exists(const char *path);
/* Its length in bytes, -1 when it is not there. */
int64_t file_size(const char *path);

/* Whether both have the same bytes, from the given offsets on. Neither is read whole into memory. */
bool files_equal(const char *a, int64_t a_offset, const char *b, int64_t b_offset);
/* How many bytes from there on are the same before one differs or one of them ends; -1 when all are. */
int64_t files_differ_at(const char *a, int64_t a_offset, const char *b, int64_t b_offset);

/* Where the data set of a Part 10 file begins: behind its file meta header; -1 when it is none. */
int64_t file_data_set_offset(const char *path);

/* Whether the data sets of two Part 10 files, without their file meta headers, have the same bytes. */
bool files_same_data_set(const char *a, const char *b);

/* Makes a folder and its parents; there already is fine. */
void folder_make(const char *path);

/* How many files in the folder and below have a name that ends so ("" counts all). */
size_t folder_count(const char *path, const char *suffix);

/* Calls each(context, path) for every regular file in the folder and below, in no order. */
void folder_walk(const char *path, void (*each)(void *context, const char *path), void *context);

/* Removes the folder with everything below it; not there is fine. */
void folder_remove(const char *path);

#endif
