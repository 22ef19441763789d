/* lanes - what happened to a study, as times in lanes: its reception, the decisions, then each destination and, behind it, its
 * albums. */
#ifndef FELUCCA_CONSOLE_LANES_H
#define FELUCCA_CONSOLE_LANES_H

#include "common/base/json.h"
#include "common/jobs/jobdb.h"
#include "console/timeline.h"

#include <stddef.h>
#include <stdint.h>

enum { LANES_MOST = 14, LANES_RECEIVED = 0, LANES_DECIDED, LANES_JOBS };
enum { LANES_MOMENTS_MOST = 200000 };

/* What a mark tells; of some in one place the last here is shown. */
enum lanes_kind {
    LANES_TAKEN,
    LANES_DONE,
    LANES_GIVEN_UP,
    LANES_AGAIN,
    LANES_UNDECIDED,
    LANES_FAILED,
    LANES_KINDS
};

struct lanes {
    struct lanes_lane {
        const char *destination,
            *album; /* borrowed from goals; both NULL: LANES_RECEIVED and LANES_DECIDED */
        int64_t counts[LANES_KINDS];
        int64_t waiting;
    } list[LANES_MOST];
    size_t count, left_out; /* lanes, and those that are not among them */
    struct timeline_mark *marks;
    size_t mark_count, mark_capacity;
    size_t moments; /* that were read; above LANES_MOMENTS_MOST there are more, and marks are missing */
};

/* Of a study; goals are its document's (verdict_goals()), and stay as long as the lanes. Starts zeroed. */
void lanes_read(struct lanes *lanes, struct jobdb *db, const char *study, const json_t *goals);
void lanes_release(struct lanes *lanes);

#endif
