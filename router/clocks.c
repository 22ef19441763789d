#include "router/clocks.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/config/config.h"
#include "common/jobs/times.h"
#include "router/posting.h"
#include "router/reporting.h"
#include "router/shared.h"
#include "router/targets.h"
#include "router/trust.h"

enum { WRITE_DOWN_MS = 60 * 60 * 1000 };

struct clocks {
    struct trust trust;
    int64_t write_at; /* monotonic */
};

struct clocks *clocks_create(void)
{
    return memory_new(1, sizeof(struct clocks));
}

void clocks_destroy(struct clocks **clocks)
{
    memory_free(clocks);
}

/* ---- a step ---- */

static void log_leap(const struct router *router)
{
    AUTO(text_release) struct text leap = TEXT_EMPTY;
    AUTO(text_release) struct text doubt = TEXT_EMPTY;
    text_append_duration(&leap, router->now - router->expires_by);
    text_append_duration(&doubt, trust_doubt_ms(&router->clocks->trust, router->monotonic));
    log_warning(
        "the wall clock is far ahead of where it was: nothing expires by it until it is set right, or was so "
        "for a day",
        LOG_S("ahead", text_string(&leap)), LOG_S("doubted_for", text_string(&doubt)));
}

/* What waits until a time of the wall clock must not wait longer because that clock was set back; nor must what
 * is kept stay for the years that the clock was ahead. */
static void clock_is_back(struct router *router)
{
    const struct config *config = router->config;
    int64_t longest = config->retention_ms > config->retention_excluded_ms ? config->retention_ms
                                                                           : config->retention_excluded_ms;
    log_warning("the wall clock was set back: what waits for a time of it is due now");
    jobdb_hurry(router->db, router->now, router->now);
    jobdb_clock_is_back(router->db, router->now, router->now + longest);
    targets_hurry(router->targets, router->now);
    reporting_hurry(router, router->now);
    posting_hurry(router, router->now);
}

static void take_change(struct router *router, enum trust_change change)
{
    if (change == TRUST_SAME)
        return;
    router->clocks->write_at = router->monotonic;
    if (change == TRUST_LEAPT)
        log_leap(router);
    else if (change == TRUST_BACK)
        clock_is_back(router);
    else
        log_warning("the wall clock was the same for a day after its leap: it is believed now");
}

static int64_t read_both(struct router *router)
{
    router->now = clock_wall_ms();
    router->monotonic = clock_monotonic_ms();
    router->awake = loop_clock_read(&router->loop_clock, router->monotonic);
    return router->monotonic;
}

/* ---- reading ---- */

void clocks_start(struct router *router)
{
    struct jobdb_times written = {0};
    struct trust *trust = &router->clocks->trust;
    int64_t monotonic = read_both(router);
    jobdb_read_times(router->db, &written);
    enum trust_change change =
        trust_start(trust, router->now, monotonic, written.wall_at, written.trusted_at, written.doubt_ms);
    router->expires_by = trust_time(trust, monotonic);
    /* Without that line of the database, or when it went back by less: nothing rests for longer. */
    int64_t ceiling_ms = router->config->retry.ceiling_ms;
    int64_t latest = router->now + target_longest_rest(ceiling_ms) + TRUST_STEP_MS;
    jobdb_hurry(router->db, router->now, latest);
    targets_hurry(router->targets, router->now + target_longest(ceiling_ms));
    take_change(router, change);
}

void clocks_read(struct router *router)
{
    struct trust *trust = &router->clocks->trust;
    int64_t monotonic = read_both(router);
    enum trust_change change = trust_look(trust, router->now, monotonic);
    router->expires_by = trust_time(trust, monotonic);
    take_change(router, change);
}

void clocks_turn(struct router *router)
{
    struct clocks *clocks = router->clocks;
    if (router->monotonic < clocks->write_at)
        return;
    clocks->write_at = router->monotonic + WRITE_DOWN_MS;
    const struct jobdb_times times = {router->now, router->expires_by,
                                      trust_doubt_ms(&clocks->trust, router->monotonic)};
    jobdb_write_times(router->db, &times);
}
