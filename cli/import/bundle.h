/* bundle - the files in a ZIP or tar archive, compressed or not, one after the other.
 *
 * An archive is a stranger's: how many files it has, and how much comes out of it, is bounded, and names in it are for
 * people alone: nothing is written under them. */
#ifndef FELUCCA_CLI_IMPORT_BUNDLE_H
#define FELUCCA_CLI_IMPORT_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>

enum bundle_end {
    BUNDLE_READ,    /* to its end */
    BUNDLE_DAMAGED, /* or it asks for a password */
    BUNDLE_SWOLLEN, /* beyond a bound */
    BUNDLE_FULL,    /* the disk takes no more */
    BUNDLE_STOPPED
};

struct bundle_bounds {
    int64_t entries; /* at most */
    int64_t bytes;   /* that come out, at most, ... */
    int64_t ratio;   /* ... and for each byte of the archive so many more */
};

extern const struct bundle_bounds bundle_bounds_usual;

/* Whether a file begins like one. The place in the file stays. */
bool bundle_is_one(int fd);

/* A file without a name in that folder, open for reading and writing; is then yours. Negative error. */
int bundle_scratch(int folder);

struct bundle_reader {
    int scratch; /* the folder where a file that comes out is kept while it is looked at, without a name */
    const struct bundle_bounds *bounds;
    /* For each regular file; the descriptor is borrowed. False: stop. */
    bool (*take)(void *context, const char *name, int fd);
    /* Before every few MiB that are written to the disk. False: stop. */
    bool (*proceed)(void *context, int64_t bytes);
    void *context;
};

/* Reads it from the beginning of the file. */
enum bundle_end bundle_each(int fd, const struct bundle_reader *reader);

#endif
