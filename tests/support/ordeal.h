/* ordeal - a pipeline that is to suffer: real processes, a simulated KHEOPS, PACSs that send again what was
 * not acknowledged, and at the end a look at whether the promises were kept.
 *
 * Studies have two series, CT and MR. All of them go to the main album, CT series are due in the album "ct",
 * every series in the album "all". Counting is of what everybody else says: storescu, KHEOPS, the files, and
 * jobs.db read as a person would. */
#ifndef FELUCCA_TESTS_ORDEAL_H
#define FELUCCA_TESTS_ORDEAL_H

#include "common/base/text.h"
#include "tests/support/pacs.h"
#include "tests/support/pipeline.h"
#include "tests/support/sandbox.h"
#include "tests/support/simulator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ORDEAL_PACS_MAX = 8, ORDEAL_SERIES = 2, ORDEAL_LOST_NAMED = 20 };

struct ordeal {
    struct sandbox *sandbox;
    struct simulator *kheops;
    struct pipeline *pipeline; /* nothing of it is started yet */
    struct pacs *pacs[ORDEAL_PACS_MAX];
    size_t pacs_count;
    uint64_t parked; /* instances added that belong into quarantine */
};

/* more: as pipeline_options has it. */
struct ordeal *ordeal_create(const char *more, size_t pacs_count);
void ordeal_destroy(struct ordeal **ordeal);

/* A study for a PACS, of about bytes bytes an instance. parked: the last instance of the second series has no
 * Study Instance UID, so it is acknowledged and belongs into quarantine. */
void ordeal_add_study(struct ordeal *ordeal, size_t pacs, uint64_t seed, unsigned instances_a_series,
                      uint64_t bytes, bool parked);

/* Starts what has ended: processes, and associations where something is not acknowledged. Waits for nothing.
 * How many processes it started. */
size_t ordeal_revive(struct ordeal *ordeal);

/* Whether nothing is left to be done: everything acknowledged, nothing in incoming/ and queue/, every job
 * final, and the database's own counters at zero. What is not is said in ret_open. */
bool ordeal_is_over(struct ordeal *ordeal, struct text *ret_open);

struct ordeal_count {
    uint64_t associations, instances, acknowledged;
    /* Acknowledged, and not at KHEOPS; not counting those that are parked. */
    uint64_t lost;
    /* The first that are not at KHEOPS, parked ones too. */
    char lost_uids[ORDEAL_LOST_NAMED][DICOM_UID_SIZE];
    /* At KHEOPS, at any time, with other bytes than those of the file. */
    uint64_t changed;
    /* Series and album: due, and not there. */
    uint64_t unshared;
    /* Series and album: there, and not due; and files in quarantine that do not belong there. */
    uint64_t misplaced;
    /* More than needed: instances stored again, series shared again. */
    uint64_t repeated, repeated_shares;
};

/* To be asked when it is over. */
void ordeal_count(struct ordeal *ordeal, struct ordeal_count *ret_count);

/* Ends the test when a promise was broken, with the ends of all logs. All processes have been stopped. */
void ordeal_check(struct ordeal *ordeal, const struct ordeal_count *count, const char *label);

#endif
