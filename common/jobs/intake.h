/* intake - what enters the job database: an instance with its deliveries and shares, or with the reason why
 * it could not be taken in. A receipt is taken in once: one that is known changes nothing. */
#ifndef FELUCCA_JOBS_INTAKE_H
#define FELUCCA_JOBS_INTAKE_H

#include "common/jobs/jobdb.h"
#include "common/jobs/states.h"
#include "common/spool/spool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JOBDB_HASHES = 4 };

struct jobdb_instance {
    const char *receipt;
    const char *study, *series, *sop_instance, *sop_class, *transfer_syntax; /* NULL when unknown */
    const char *calling_aet, *called_aet, *source_address;
    const char *hashes[JOBDB_HASHES]; /* of numbers that people look for; NULL: none. They find the study. */
    bool urgent;
    int64_t size, received_at;
    int64_t keep_until; /* how long the files of witnesses stay whose place it takes */
};

/* An album whose condition cannot be decided, and why. */
struct jobdb_doubt {
    int64_t album_id;
    const char *why;
};

/* What was decided about one destination of the instance's node. */
struct jobdb_decision {
    int64_t destination_id;
    bool takes;
    bool undecided;        /* it does not take it now, and may yet: a person decides */
    const char *why;       /* when it does not take it */
    const int64_t *albums; /* that ask for its series */
    size_t album_count;
    const struct jobdb_doubt *doubts; /* that may */
    size_t doubt_count;
};

/* Whether the receipt has a row, and where its file should be. */
bool jobdb_knows(struct jobdb *db, const char *receipt, enum instance_state *ret_state,
                 enum spool_place *ret_place, bool *ret_gone);
/* The instance of a receipt, 0: none. */
int64_t jobdb_find_instance(struct jobdb *db, const char *receipt);

/* Writes the instance, its deliveries and shares. Where no destination takes it or may take it, it is done and its
 * file is kept until keep_excluded_until. A share that could not be decided by an instance before is, by one whose
 * series an album asks for. */
void jobdb_take_in(struct jobdb *db, const struct jobdb_instance *instance,
                   const struct jobdb_decision *decisions, size_t decision_count, int64_t now,
                   int64_t keep_excluded_until);
/* Parks it for an operator (quarantine.h), with a sentence. */
void jobdb_quarantine(struct jobdb *db, const struct jobdb_instance *instance, const char *reason,
                      int64_t now);
/* Remembers why the header of an instance that was taken in must not be read again: it crashes the parser, or takes it too
 * long. */
void jobdb_poison(struct jobdb *db, const char *receipt, const char *reason);

#endif
