/* workplace - one real sender or sharer, a fake router that gives it work, a spool, and
 * a simulated KHEOPS. */
#ifndef FELUCCA_TESTS_WORKPLACE_H
#define FELUCCA_TESTS_WORKPLACE_H

#include "common/config/config.h"
#include "common/spool/spool.h"
#include "tests/support/fake_router.h"
#include "tests/support/pipeline.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/simulator.h"

struct workplace {
    struct sandbox *sandbox;
    struct simulator *simulator;
    struct spool *spool;
    struct config *config;
    struct fake_router *router;
    struct process *process; /* felucca-sender or felucca-sharer */
    const char *config_path, *log;
};

/* Starts everything and waits for the worker's HELLO. program: "felucca-sender"; options of the simulator,
 * ended by NULL; more: top-level lines of the configuration, or NULL. destinations with a simulator of NULL
 * get this workplace's. */
struct workplace *workplace_create(const char *program, const char *const *simulator_options,
                                   const struct pipeline_destination *destinations, size_t count,
                                   const char *more);
/* Ends everything; the worker must have ended by itself or ends with status 0 on SIGTERM. */
void workplace_destroy(struct workplace **workplace);

/* Writes the configuration anew. */
void workplace_configure(struct workplace *workplace, const struct pipeline_destination *destinations,
                         size_t count, const char *more);

/* Replaces the file that holds a token which the configuration was written with. */
void workplace_replace_token(struct workplace *workplace, const char *name, const char *content);

/* Gives the work and waits for its result; is then yours. Ends the test when none comes. work is released. */
struct work_result *workplace_do(struct workplace *workplace, struct work **work);

/* Whether the worker's log has the text in it; waits for it. */
bool workplace_wait_log(struct workplace *workplace, const char *text, int64_t limit_ms);

#endif
