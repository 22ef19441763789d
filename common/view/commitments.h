/* commitments - storage commitment in words and as JSON: what is not over, and which sources take no report. The same
 * sentences wherever people look. */
#ifndef FELUCCA_VIEW_COMMITMENTS_H
#define FELUCCA_VIEW_COMMITMENTS_H

#include "common/base/json.h"
#include "common/base/text.h"
#include "common/jobs/jobdb.h"

#include <stdint.h>

/* How many are not over. */
struct commitments_counts {
    int64_t waiting, queued, reporting, failed;
};
void commitments_count(struct jobdb *db, struct commitments_counts *ret_counts);

/* Appends "2 wait for their images, 1 waits to be reported, 1 failed". False: nothing is asked that is not over. */
bool commitments_append_counts(const struct commitments_counts *counts, struct text *out);

enum commitments_trouble { COMMITMENTS_RESTING, COMMITMENTS_HELD };

/* One source that gets no reports now. Borrowed during the call. */
struct commitments_source {
    enum commitments_trouble trouble;
    const char *calling, *sentence;
    int64_t waiting; /* reports */
    int64_t since;
};
/* 0, or the connection's error. */
int commitments_each_source(struct jobdb *db, int64_t now,
                            void (*each)(void *context, const struct commitments_source *source),
                            void *context);

/* {"waiting", "queued", "reporting", "failed", "words" (null: nothing is open), "sources": [...]}, yours. */
json_t *commitments_json(struct jobdb *db);

#endif
