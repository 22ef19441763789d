/* jobs_world - a small job database for unit tests: the destinations "main" and "other", and "ct" and "mr", two albums
 * of the first. Each test begins with a new one; when it ends, rows and counters must agree, whatever it did.
 *
 * Everything here commits, but world_pick(). Failures end the test (a Check assertion). */
#ifndef FELUCCA_TESTS_JOBS_WORLD_H
#define FELUCCA_TESTS_JOBS_WORLD_H

#include "common/base/receipt.h"
#include "common/jobs/batch.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/states.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORLD_NOW = 1800000000 };

struct world {
    struct jobdb *db;
    int64_t main_id, other_id, ct_album, mr_album;
    bool wary; /* what world_pick() takes the target for */
};

extern struct world world;

/* For tests_fixture(). */
void world_set_up(void);
void world_tear_down(void);

const char *world_folder(void);
/* Opens the database of that folder; it is closed. */
void world_open(void);

/* The next receipt, into a buffer of RECEIPT_SIZE; returns the buffer. */
const char *world_next_receipt(char *buffer);

/* Takes in one instance for the main destination; album 0: no share. */
void world_take_in(const char *study, const char *series, const char *sop, int64_t album, bool urgent);

/* The next batch of the main destination, of at most so many. False: there is none; batch is empty. */
bool world_pick(int64_t now, size_t most, struct jobdb_batch *batch);
/* Each of its items comes to this end; due_at: for those that go again. Releases the batch. */
void world_end(struct jobdb_batch *batch, enum cause cause, int64_t due_at);
/* Takes in one instance and stores it. */
void world_store(const char *study, const char *series, const char *sop, int64_t album);

struct world_status {
    int64_t waiting, queued, deferred, in_flight, failed;
};
/* The counters of the main destination, or of one of its albums. */
struct world_status world_status(const char *album);

/* How many jobs there are of a kind ("delivery", "share", "fetch"). */
int world_count_jobs(const char *kind);

#endif
