/* standing - how a destination or album stands now: since when, who holds it, and how fast its backlog shrinks. */
#ifndef FELUCCA_JOBS_STANDING_H
#define FELUCCA_JOBS_STANDING_H

#include "common/jobs/jobdb.h"

#include <stdbool.h>
#include <stdint.h>

enum { STANDING_USER_SIZE = 64 };

/* An operator holds it (by, cut to the size) from now on, or, by NULL, nobody does. album_id 0: the destination itself. */
void jobdb_save_hold(struct jobdb *db, int64_t destination_id, int64_t album_id, const char *by, int64_t now);

struct jobdb_standing {
    int64_t since;                    /* when its state of now began; 0: not known */
    char held_by[STANDING_USER_SIZE]; /* of one that is held; "": nobody, or not known */
    bool held_itself;                 /* not only with its destination */
    int64_t done, over_ms;            /* so many jobs were done in the time up to now: five to ten minutes */
};

/* Of an album that is held with its destination: who holds that. */
void jobdb_find_standing(struct jobdb *db, int64_t destination_id, int64_t album_id, int64_t now,
                         struct jobdb_standing *ret_standing);

/* When a backlog of so many jobs is empty at that pace, in seconds; 0: it is; -1: nothing was done, or nothing goes there
 * now (is_up). Whatever comes meanwhile is not known. */
int64_t jobdb_empty_in(const struct jobdb_standing *standing, int64_t jobs, bool is_up);

/* Whether the configuration names it, or something of it (of a destination: or of its albums) waits, failed, or is
 * undecided: nobody needs to hear of another one. */
bool jobdb_is_of_now(struct jobdb *db, int64_t destination_id, int64_t album_id);

#endif
