/* lookup - what a name that a person writes may mean: a job, or a study, series, instance or receipt that has this
 * name, begins with it, or, where nothing does, ends with it. */
#ifndef FELUCCA_VIEW_LOOKUP_H
#define FELUCCA_VIEW_LOOKUP_H

#include "common/jobs/jobdb.h"

#include <stddef.h>

#define LOOKUP_KIND_MAP(X)      \
    X(STUDY, "study")           \
    X(SERIES, "series")         \
    X(SOP_INSTANCE, "instance") \
    X(RECEIPT, "receipt")

enum lookup_kind {
#define X(name, text) LOOKUP_##name,
    LOOKUP_KIND_MAP(X)
#undef X
};

/* For people. Borrowed for ever. */
const char *lookup_kind_name(enum lookup_kind kind);

enum {
    LOOKUP_MOST = 10,
    LOOKUP_END = 4 /* an end has as many characters at least */
};

struct lookup_found {
    enum lookup_kind kind;
    char *name; /* the whole */
};

/* Starts zeroed. More than LOOKUP_MOST: there are further ones. */
struct lookup {
    struct lookup_found list[LOOKUP_MOST + 1];
    size_t count;
};

/* Finds what the name may mean. An end has four characters or more and does not look like a UID's beginning
 * ("1.2.3"); as tables show it ("…40.99") it is taken, too. A name that is whole means itself, although it begins others; "delivery:12",
 * "instance:7", "share:3", "inquiry:5" and "fetch:4", as lists show jobs, mean the receipt, series or study of that job.
 * jobdb_error() tells when something could not be read. */
void lookup_find(struct jobdb *db, const char *name, struct lookup *lookup);
/* The same for studies alone. */
void lookup_find_study(struct jobdb *db, const char *name, struct lookup *lookup);
void lookup_release(struct lookup *lookup);

#endif
