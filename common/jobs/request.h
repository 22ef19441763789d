/* request - the record of what operators asked for: who, what, how far it has come, what was answered.
 *
 * A request has a random name of whoever asks: what is asked twice is done once. */
#ifndef FELUCCA_JOBS_REQUEST_H
#define FELUCCA_JOBS_REQUEST_H

#include "common/jobs/jobdb.h"
#include "common/jobs/operator.h"

#include <stdbool.h>
#include <stdint.h>

struct jobdb_request {
    int64_t id;
    char name[33];                   /* the asker's random id for it */
    const char *verb, *user, *asked; /* borrowed during the call; asked: the whole of it as JSON */
    int64_t asked_at, finished_at;   /* finished_at 0: not yet */
    struct jobdb_walk walk;
    int64_t changed, skipped;
    int64_t already, unmatched; /* reshare: series with a share, series that do not meet the condition */
    int64_t asked_kheops;       /* reshare: series about which KHEOPS is asked */
    const char *sentence;       /* what was answered; NULL: nothing yet */
};

/* Writes it down; its id. */
int64_t jobdb_add_request(struct jobdb *db, const struct jobdb_request *request);
void jobdb_save_request(struct jobdb *db, const struct jobdb_request *request);
/* Calls each for the one of that name; whether it was asked before. */
bool jobdb_find_request(struct jobdb *db, const char *name,
                        void (*each)(void *context, const struct jobdb_request *request), void *context);
/* Calls each for every one that is not finished, in the order in which they were asked. */
void jobdb_each_request(struct jobdb *db, void (*each)(void *context, const struct jobdb_request *request),
                        void *context);

#endif
