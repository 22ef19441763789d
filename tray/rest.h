/* rest - how long the files of a tray have lain unchanged.
 *
 * A file is unchanged while its place, its length and its times of change are what they were at the look before. Time is what
 * the caller says, by the clock without leaps: neither the clock of the host nor that of a file server decides. In memory alone:
 * who starts again begins to wait again. */
#ifndef FELUCCA_TRAY_REST_H
#define FELUCCA_TRAY_REST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct rest;

/* What is remembered of one file. */
struct rest_file {
    int64_t since;      /* unchanged, in ms of the caller */
    unsigned tries;     /* how often it could not be read */
    int64_t not_before; /* it is not tried again, in ms of the caller */
    bool is_stuck;      /* it is done with, and cannot be moved away; ... */
    int outcome;        /* ... an enum outcome of the caller */
};

/* At most so many files. */
struct rest *rest_create(size_t most);
void rest_destroy(struct rest **rest);

/* What is known of it; NULL: there is no room for another one. Borrowed until the next call. */
struct rest_file *rest_note(struct rest *rest, const char *path, const struct stat *status, int64_t now);

/* Forgets the files that were not noted since the last call: they are gone. */
void rest_sweep(struct rest *rest);

size_t rest_count(const struct rest *rest);

#endif
