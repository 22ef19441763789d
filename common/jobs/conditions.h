/* conditions - what the conditions of destinations and albums have said of what was received.
 *
 * Of every condition it is known how often it was true and false: in the last hour, in the last day, since it is as
 * it is, and on each day (table matching_day; JOBDB_ASK_CONDITION_DAYS). What is counted in a transaction is added up in memory and written with its commit. */
#ifndef FELUCCA_JOBS_CONDITIONS_H
#define FELUCCA_JOBS_CONDITIONS_H

#include "common/jobs/jobdb.h"

#include <stdbool.h>
#include <stdint.h>

/* The condition with this digest (NULL: none) is in force for a destination (album_id 0) or album. Another one than
 * before is counted anew. */
void jobdb_condition_in_force(struct jobdb *db, int64_t destination_id, int64_t album_id, const char *digest,
                              int64_t now);

enum jobdb_said { JOBDB_SAID_NO, JOBDB_SAID_UNDECIDED, JOBDB_SAID_YES };

/* It was asked about one more instance, the first one of its series or not. */
void jobdb_count_condition(struct jobdb *db, int64_t destination_id, int64_t album_id, enum jobdb_said said,
                           bool first_of_series, int64_t now);

struct jobdb_condition {
    int64_t since;                      /* when it came into force */
    int64_t yes, no, undecided, series; /* since then: instances, and the series that they are of */
    int64_t matched_at;                 /* the last yes; 0: none */
    int64_t unmatched_since;            /* the first series after that; 0: there was none */
    int64_t unmatched_series;           /* how many since then */
    int64_t yes_hour, no_hour, yes_day, no_day;
};

/* Series came, and it matched none of them: for a day, or ever since it is in force. */
bool jobdb_matches_nothing(const struct jobdb_condition *condition, int64_t now);

/* False: it has no condition, or the router has not run with it yet. */
bool jobdb_find_condition(struct jobdb *db, int64_t destination_id, int64_t album_id, int64_t now,
                          struct jobdb_condition *ret_condition);

#endif
