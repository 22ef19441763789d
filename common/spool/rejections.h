/* rejections - the associations and connections that receivers turned away in the last hour: how many for each reason,
 * and what is to be said of the last one. Receivers write it, `felucca status` shows it.
 *
 * A file of fixed size in incoming/, whoever knocks however often. It is a hint: without it nothing is known, and a
 * file system that refuses it costs the count alone. Several processes may note at once. What is read is fit to be shown,
 * whoever wrote it. */
#ifndef FELUCCA_SPOOL_REJECTIONS_H
#define FELUCCA_SPOOL_REJECTIONS_H

#include "common/spool/spool.h"

#include <stdint.h>

enum { REJECTIONS_REASON_SIZE = 32, REJECTIONS_SENTENCE_SIZE = 400 };

struct rejections_kind {
    char reason[REJECTIONS_REASON_SIZE];     /* a word of ours */
    int64_t count;                           /* in the last hour */
    int64_t last_at;                         /* wall ms */
    char sentence[REJECTIONS_SENTENCE_SIZE]; /* about the last one */
};

/* So many more for that reason. Waits 50 ms at most for others that note: then it is not counted. */
void rejections_note(struct spool *spool, const char *reason, const char *sentence, int64_t times,
                     int64_t now_ms);

/* Calls each for every reason with rejections in the last hour. */
void rejections_read(struct spool *spool, int64_t now_ms,
                     void (*each)(void *context, const struct rejections_kind *kind), void *context);

#endif
