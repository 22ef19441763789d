/* past - a job database with a long past: millions of finished instances, and a backlog of waiting ones.
 *
 * Every row is what the router itself would have written: jobdb_check() finds nothing. One study is
 * one series of PAST_SERIES instances; each instance has one delivery, each series a share in ct and
 * one in all. */
#ifndef FELUCCA_BENCH_PAST_H
#define FELUCCA_BENCH_PAST_H

#include "common/base/text.h"

#include <stdint.h>

enum { PAST_SERIES = 50 };

/* About what so many instances need on the disk, in bytes. */
int64_t past_bytes(int64_t waiting, int64_t finished);

/* Makes state_dir/jobs.db, for the crowd's configuration, and the spool files of those that wait:
 * links to as few files as the file system allows. Both numbers are multiples of PAST_SERIES. 0, or -1
 * with a sentence. */
int past_make(const char *state_dir, const char *origin, int64_t waiting, int64_t finished,
              struct text *ret_reason);

/* Then: all that waits has failed, for many reasons; one study has 40,000 images in 800 series, where 40,000 are finished; half as
 * many files as waited are in quarantine. What pages read is as the router would have written it, not all that it counts. */
int past_trouble(const char *state_dir, struct text *ret_reason);

#endif
