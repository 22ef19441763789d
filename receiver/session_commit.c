/* What a requester asks to be committed: read, and durable before it is told so. */
#include "receiver/session_parts.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/spool/asked.h"
#include "common/wire/commitment_offer.h"
#include "common/wire/commitment_request.h"
#include "receiver/session.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { COMMITMENTS_MOST = 1000 /* on one association */ };

static enum association_commitment told(struct session *session, enum association_commitment what)
{
    hints_tell(session->start->hints, HINT_COMMITMENT, NULL, what);
    return what;
}

/* The first one of an association is told in full. */
static enum association_commitment refuse(struct session *session, enum association_commitment what,
                                          const char *because)
{
    LOG_AT(session->commitments_refused++ == 0 ? LOG_WARNING : LOG_DEBUG, "storage commitment refused",
           LOG_S("calling", session->calling_aet), LOG_S("called", session->called_aet),
           LOG_S("address", session->start->address->text), LOG_S("because", because));
    return told(session, what);
}

static int check_room(const struct session *session)
{
    struct spool_room room;
    int rc = session->asked < 0 ? ERR_IO : spool_room(session->start->spool, &room);
    if (rc < 0)
        return rc;
    return spool_room_suffices(&room, session->start->config->receiver.min_free_space) ? 0 : ERR_NOSPACE;
}

/* Kept where there is room for it: this process reports on it, if it is offered that. */
static int write_down(struct session *session, const struct commitment_request *request, char *ret_receipt)
{
    bool keeps = session->kept_count < SESSION_KEPT_MOST;
    struct session_kept *kept = &session->kept[session->kept_count];
    int lock = -1;
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    commitment_request_encode(request, &bytes);
    int rc = check_room(session);
    (void)alarm(0); /* a busy disk may take its time */
    if (rc == 0)
        rc = asked_write(session->asked, &bytes, ret_receipt, keeps ? &lock : NULL);
    session_wind_alarm(session);
    if (lock >= 0) {
        memcpy(kept->receipt, ret_receipt, sizeof kept->receipt);
        kept->lock = lock;
        session->kept_count++;
    }
    return rc;
}

static enum association_commitment take(struct session *session, const struct commitment_request *request,
                                        const char **ret_comment)
{
    char receipt[RECEIPT_SIZE];
    int rc = session->commitments < COMMITMENTS_MOST ? write_down(session, request, receipt) : ERR_RANGE;
    if (rc < 0) {
        *ret_comment = rc == ERR_RANGE ? "more than 1,000 of them on one association"
                                       : "it could not be written down: out of resources";
        return refuse(session, ASSOCIATION_NO_ROOM, rc == ERR_RANGE ? *ret_comment : err_text(rc));
    }
    session->commitments++;
    (void)told(session, ASSOCIATION_ASKED);
    CRASH_POINT(ASSOCIATION_COMMITMENT_HINTED);
    log_info("storage commitment asked for", LOG_S("calling", session->calling_aet),
             LOG_S("called", session->called_aet), LOG_S("address", session->start->address->text),
             LOG_S("transaction", request->commitment.transaction),
             LOG_I("instances", request->commitment.count));
    return ASSOCIATION_ASKED;
}

/* A report that could go nowhere would never be made: its requester hears so at once. */
static bool can_be_reported(const struct session *session)
{
    return config_find_requester(session->node, session->calling_aet) != NULL;
}

enum association_commitment session_commit(void *context, const void *bytes, size_t length,
                                           const char *transfer_syntax, const char **ret_comment)
{
    struct session *session = context;
    AUTO(commitment_request_release) struct commitment_request request = {.calling = ""};
    if (!can_be_reported(session)) {
        *ret_comment = "no port in sources for this title: where would its report go?";
        return refuse(session, ASSOCIATION_NOWHERE,
                      "its report could go nowhere: add port (and host) to its entry in sources of the node");
    }
    const char *wrong = commitment_read(bytes, length, transfer_syntax, &request.commitment);
    if (wrong) {
        *ret_comment = wrong;
        return refuse(session, ASSOCIATION_UNREADABLE, wrong);
    }
    (void)snprintf(request.calling, sizeof request.calling, "%s", session->calling_aet);
    (void)snprintf(request.called, sizeof request.called, "%s", session->called_aet);
    (void)snprintf(request.address, sizeof request.address, "%s", session->start->address->text);
    return take(session, &request, ret_comment);
}

/* ---- reports ---- */

/* From now on the committer reports, unless it is over. */
static void let_go(struct session *session, size_t which)
{
    fd_close(&session->kept[which].lock);
    session->kept[which] = session->kept[--session->kept_count];
}

static int read_offer(const struct session *session, const char *receipt, struct work_report **ret_report)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    int rc = asked_read_part(session->asked, receipt, ASKED_REPORT, &bytes);
    return rc == 0 ? commitment_offer_decode(text_string(&bytes), bytes.length, ret_report) : rc;
}

void session_goes_on(struct session *session)
{
    size_t stays = session->report != NULL;
    if (session->report) {
        const struct session_kept told = session->kept[session->due];
        session->kept[session->due] = session->kept[0];
        session->kept[0] = told;
        session->due = 0;
    }
    while (session->kept_count > stays)
        let_go(session, session->kept_count - 1);
}

bool session_has_report(struct session *session)
{
    for (size_t i = 0; i < session->kept_count && !session->report; i++) {
        int rc = read_offer(session, session->kept[i].receipt, &session->report);
        if (rc == 0) {
            session->due = i;
            return true;
        }
        if (rc != ERR_ABSENT) {
            log_warning("a report that is offered cannot be read, the committer makes it",
                        LOG_S("calling", session->calling_aet), LOG_S("error", err_text(rc)));
            let_go(session, i--);
        }
    }
    return false;
}

const struct work_report *session_report_due(void *context)
{
    struct session *session = context;
    session->told_ms = clock_monotonic_ms();
    return session->report;
}

/* Durable before it is let go: whoever finds the request without its writer finds this. */
void session_reported(void *context, uint16_t status)
{
    struct session *session = context;
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    commitment_outcome_encode(status, &bytes);
    (void)alarm(0); /* a busy disk may take its time */
    int rc = asked_write_part(session->asked, session->kept[session->due].receipt, ASKED_OUTCOME, &bytes);
    session_wind_alarm(session);
    CRASH_POINT(ASSOCIATION_OUTCOME_DURABLE);
    LOG_AT(rc == 0 ? LOG_INFO : LOG_ERROR,
           rc == 0 ? "commitment reported on its association"
                   : "a report was answered, and that cannot be written down",
           LOG_S("calling", session->calling_aet), LOG_S("called", session->called_aet),
           LOG_S("transaction", session->report->transaction), LOG_I("status", status),
           LOG_S("error", rc == 0 ? "-" : err_text(rc)));
    let_go(session, session->due);
    work_report_destroy(&session->report);
}
