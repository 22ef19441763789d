#include "router/offers.h"

#include "common/base/cleanup.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/jobs/commitment.h"
#include "common/spool/asked.h"
#include "common/wire/commitment_offer.h"
#include "router/shared.h"

#include <string.h>

enum { LOOKED_AT = 16 /* of those that wait for one source */ };

bool offers_make(struct router *router, const char *calling, const char *called, struct offer *ret_offer)
{
    struct jobdb_offered list[LOOKED_AT];
    AUTO(fd_close) int folder = -1;
    if (asked_open(router->spool, &folder) != 0)
        return false;
    size_t count = jobdb_each_queued_report(router->db, calling, called, list, LOOKED_AT);
    for (size_t i = 0; i < count; i++) {
        if (!asked_is_kept(folder, list[i].receipt) || !jobdb_offer_report(router->db, list[i].id))
            continue;
        ret_offer->id = list[i].id;
        memcpy(ret_offer->receipt, list[i].receipt, sizeof ret_offer->receipt);
        return true;
    }
    return false;
}

/* One that cannot be written is not found by its association, which ends some time: then it is the committer's. */
void offers_write(struct router *router, const struct offer *offer)
{
    AUTO(fd_close) int folder = -1;
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    AUTO(text_release) struct text before = TEXT_EMPTY;
    AUTO(work_report_destroy) struct work_report *report = NULL;
    int code = asked_open(router->spool, &folder);
    if (code == 0 && asked_read_part(folder, offer->receipt, ASKED_REPORT, &before) == 0)
        return;
    report = jobdb_read_report(router->db, offer->id);
    commitment_offer_encode(report, &bytes);
    CRASH_POINT(ROUTER_REPORT_OFFERED);
    if (code == 0)
        code = asked_write_part(folder, offer->receipt, ASKED_REPORT, &bytes);
    if (code != 0)
        log_warning("a report cannot be offered to its association", LOG_S("receipt", offer->receipt),
                    LOG_S("error", err_text(code)));
}

static bool read_outcome(int folder, const char *receipt, unsigned *ret_status)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    return asked_read_part(folder, receipt, ASKED_OUTCOME, &bytes) == 0 &&
           commitment_outcome_decode(text_string(&bytes), bytes.length, ret_status) == 0;
}

enum offers_end offers_look(struct router *router, const struct offer *offer, unsigned *ret_status)
{
    AUTO(fd_close) int folder = -1;
    if (asked_open(router->spool, &folder) != 0)
        return OFFERS_OPEN;
    bool is_kept = asked_is_kept(folder, offer->receipt);
    /* In this order: its process writes the answer before its lock goes, and nobody takes that lock again. */
    if (read_outcome(folder, offer->receipt, ret_status))
        return OFFERS_ANSWERED;
    return is_kept ? OFFERS_OPEN : OFFERS_OVER;
}
