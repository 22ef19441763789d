#include "router/commit.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/config/config.h"
#include "common/jobs/jobdb.h"
#include "common/service/service.h"
#include "router/conversation.h"
#include "router/counters.h"
#include "router/fence.h"
#include "router/give_up.h"
#include "router/janitor.h"
#include "router/outbox.h"
#include "router/shared.h"

#include <stdlib.h>
#include <sysexits.h>

/* The database shows its damage only where it is read: the next start makes a new one. */
static _Noreturn void give_up_database(struct router *router, int code)
{
    AUTO(text_release) struct text aside = TEXT_EMPTY;
    const char *sentence = jobdb_error(router->db);
    fence_hold(router->fence); /* what another one has open is not ours to put aside */
    if (code == ERR_DAMAGED && jobdb_set_aside(router->config->state_dir, router->now, &aside) == 0) {
        log_error("the job database is damaged: set aside, the next start makes a new one from the spool",
                  LOG_S("file", text_string(&aside)), LOG_S("error", sentence));
        exit(EX_TEMPFAIL);
    }
    give_up("cannot use the job database: stopping, to recover at the next start", sentence);
}

void commit(struct router *router)
{
    struct outbox_hearer hearer = {router, janitor_file_gone, conversation_undelivered, janitor_file_failed};
    struct outbox_ways ways = {router->work, router->control, router->spool};
    bool dirty = jobdb_is_dirty(router->db);
    int64_t began_ns = clock_monotonic_ns();
    if (dirty)
        fence_hold(router->fence);
    int code = jobdb_commit(router->db);
    if (code != 0)
        give_up_database(router, code);
    if (dirty)
        count_committed(router->counters, began_ns);
    outbox_flush(router->outbox, &ways, &hearer);
    janitor_give_way(router);
    metrics_progress(service_metrics(router->service), router->recovered);
}
