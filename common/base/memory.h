/* memory - allocation of small objects, which does not fail.
 *
 * Running out of memory for a small object of our own is a broken environment: the process says so on
 * stderr and exits with status 70; its supervisor starts it again, and the spool and the database hold
 * everything that counts. Callers therefore never test the result. Whatever has a size that a peer chooses
 * (a request, an answer, a file) is bounded first, or allocated with malloc and tested. */
#ifndef FELUCCA_BASE_MEMORY_H
#define FELUCCA_BASE_MEMORY_H

#include <stddef.h>

/* Zeroed memory for count objects of size bytes each; is then yours, to free(). */
void *memory_new(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/* Grows the array at old (NULL at first) so that it holds at least wanted items of size bytes, doubling its
 * capacity, which is kept in *capacity (in items). New items are zeroed. The result replaces old. */
void *memory_grow(void *old, size_t *capacity, size_t wanted, size_t size) __attribute__((returns_nonnull));

/* A copy of a string (NULL gives NULL) or of its first length bytes; is then yours, to free(). */
char *memory_string(const char *string);
char *memory_string_n(const char *string, size_t length) __attribute__((returns_nonnull));

/* Frees *pointer and sets it to NULL. For AUTO(memory_free) char *s: pass the address of any pointer. */
void memory_free(void *pointer);

#endif
