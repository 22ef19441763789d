/* place - where things go: what is no longer true when a destination or album becomes another one behind its name.
 *
 * The rows stay: what was stored or shared before was, at the former place. What is asked for from then on begins
 * anew, and what shares waited for has to be stored again. */
#ifndef FELUCCA_JOBS_PLACE_H
#define FELUCCA_JOBS_PLACE_H

#include "common/jobs/jobdb.h"

#include <stdbool.h>
#include <stdint.h>

/* A destination goes to another server or album: no series is stored there, and shares that are due wait for that. */
void jobdb_destination_moved(struct jobdb *db, int64_t destination_id, int64_t now);
/* An album is another one (made again, or at another server): nothing is shared into it. Its shares of before are
 * asked for anew with the next instance of their series, or by an operator. */
void jobdb_album_moved(struct jobdb *db, int64_t album_id, int64_t now);

/* The share of a series that is shared, failed or dropped goes, so that it can be asked for anew. An instance
 * that was kept for it alone is done, and its file stays until keep_until. False: there is none, or it is not over. */
bool jobdb_forget_share(struct jobdb *db, int64_t album_id, int64_t series_id, int64_t now,
                        int64_t keep_until);
/* The same where it is over since before its album moved, unless an operator dropped it. */
bool place_forget_stale(struct jobdb *db, int64_t album_id, int64_t series_id, int64_t now,
                        int64_t keep_until);

#endif
