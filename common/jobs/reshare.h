/* reshare - the series that a destination has, or will have, and what is still known of their
 * instances: for asking an album's condition again after the fact.
 *
 * A million instances must not block the writer: series and instances are walked over one at a time, by
 * index, and cursors say where. */
#ifndef FELUCCA_JOBS_RESHARE_H
#define FELUCCA_JOBS_RESHARE_H

#include "common/base/receipt.h"
#include "common/jobs/jobdb.h"
#include "common/spool/spool.h"

#include <stdbool.h>
#include <stdint.h>

enum { JOBDB_NAME_SIZE = 65 };

struct jobdb_series {
    int64_t id, destination_id;
    char study[JOBDB_UID_SIZE], series[JOBDB_UID_SIZE];
    bool stored; /* an instance of it is at the destination */
};

/* The series after the one with id after, of this study, with this UID (each NULL: any); of whatever destination. False:
 * none. */
bool jobdb_next_series(struct jobdb *db, const char *study, const char *series, int64_t after,
                       struct jobdb_series *ret_series);
bool jobdb_find_series(struct jobdb *db, int64_t id, struct jobdb_series *ret_series);

/* Whether the album has a share of the series that is neither undecided nor in one of these states (with commas
 * between; NULL: none). */
bool jobdb_has_share(struct jobdb *db, int64_t album_id, int64_t series_id, const char *but);

/* An instance of the series that its destination took. */
struct jobdb_past {
    int64_t id;
    bool active;            /* something is still to be done with it */
    bool gone;              /* its file is */
    enum spool_place place; /* where its file should be, otherwise */
    int64_t keep_until;     /* how long its file stays when nothing is to be done with it */
    bool poison;            /* its header must not be read again */
    char receipt[RECEIPT_SIZE];
    bool urgent;
    char study[JOBDB_UID_SIZE], series[JOBDB_UID_SIZE];
    char sop_instance[JOBDB_UID_SIZE], sop_class[JOBDB_UID_SIZE], transfer_syntax[JOBDB_UID_SIZE];
    char calling_aet[JOBDB_NAME_SIZE], called_aet[JOBDB_NAME_SIZE], source_address[JOBDB_NAME_SIZE];
};

/* The one after the instance with id after, received in [since, until]. False: none. */
bool jobdb_next_past(struct jobdb *db, const struct jobdb_series *series, int64_t since, int64_t until,
                     int64_t after, struct jobdb_past *ret_past);

/* Which instances of a study. */
struct jobdb_asked {
    int64_t destination_id;     /* that was asked for them */
    const char *study, *series; /* series NULL: any */
    bool left_out;              /* those, too, that it left out, or that a person dropped */
};

/* The one after that (NULL: the first), by series and number. False: none. */
bool jobdb_next_asked(struct jobdb *db, const struct jobdb_asked *asked, const struct jobdb_past *after,
                      struct jobdb_past *ret_past);

/* Any instance, whatever its destinations. False: it is forgotten. */
bool jobdb_find_past(struct jobdb *db, int64_t instance_id, struct jobdb_past *ret_past);

/* The newest of the instances with ids from `from` on and below `before` that the destination was asked for; left_out as above.
 * False: none. */
bool jobdb_last_asked(struct jobdb *db, int64_t destination_id, bool left_out, int64_t from, int64_t before,
                      struct jobdb_past *ret_past);
/* The id of the newest instance of all; 0: there is none. */
int64_t jobdb_newest_past(struct jobdb *db);
/* Its series came without another one in between: the id of the series's first instance; else its own. */
int64_t jobdb_first_of_run(struct jobdb *db, const struct jobdb_past *past);

/* The album asks for the series from now on, on an operator's request: due at once when it is stored; or, with a
 * doubt, may ask for it, which a person decides. The witness keeps its file until the share is final, when it is
 * active still; one whose place it takes keeps its own until keep_until. False: it had a share already, and not one that
 * this decides. */
bool jobdb_reshare(struct jobdb *db, int64_t album_id, const struct jobdb_series *series,
                   const struct jobdb_past *witness, const char *doubt, int64_t request_id, int64_t now,
                   int64_t keep_until);

#endif
