/* share - a new share: one series into one album. Private to common/jobs. */
#ifndef FELUCCA_JOBS_SHARE_H
#define FELUCCA_JOBS_SHARE_H

#include "common/jobs/jobdb.h"

#include <stdbool.h>
#include <stdint.h>

struct share {
    int64_t destination_id, album_id, series_id;
    const char *study, *series;
    bool stored; /* an instance of the series is: the share is due at once */
    int64_t
        witness_id; /* the instance that asks for it, whose file is kept until the share is final; 0: none */
    int64_t request_id; /* or the request of an operator, 0: none */
};

/* False: the album has a share of the series. */
bool share_add(struct jobdb *db, const struct share *share, int64_t now);
/* The witness of so many new shares is not done before they are final. */
void share_add_witness(struct jobdb *db, int64_t witness_id, int64_t shares);

#endif
