/* token_times - when the tokens of destinations and albums were told of first, and when they end. */
#ifndef FELUCCA_JOBS_TOKEN_TIMES_H
#define FELUCCA_JOBS_TOKEN_TIMES_H

#include "common/jobs/jobdb.h"
#include "common/wire/work.h"

#include <stdbool.h>
#include <stdint.h>

struct jobdb_token_times {
    int64_t first_at, expires_at; /* wall ms; 0: not known */
};

/* What was said of a token of a destination (album_id 0) or album now. another: it is another one than before. expires_at
 * 0: nothing was said of that. */
void jobdb_note_token_times(struct jobdb *db, int64_t destination_id, int64_t album_id,
                            enum work_token_kind kind, bool another, int64_t expires_at, int64_t now);

void jobdb_find_token_times(struct jobdb *db, int64_t destination_id, int64_t album_id,
                            enum work_token_kind kind, struct jobdb_token_times *ret_times);
/* By names; album NULL: the destination's. */
void jobdb_token_times_named(struct jobdb *db, const char *destination, const char *album,
                             enum work_token_kind kind, struct jobdb_token_times *ret_times);

#endif
