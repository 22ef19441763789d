#include "receiver/session_parts.h"

#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/planted.h"
#include "common/config/fitting.h"
#include "common/dicom/uid.h"
#include "common/spool/oddity.h"
#include "receiver/session.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A modality may write anything into it. */
const char *session_shown(const char *uid)
{
    return uid_is_plain(uid) ? uid : "-";
}

void session_begin(void *context, const struct file_meta *meta)
{
    struct session *session = context;
    session->meta = *meta;
    (void)snprintf(session->meta.source_address, sizeof session->meta.source_address, "%s",
                   session->start->address->text);
    session->coming = true;
    session_goes_on(session);
    session->mismatched = session->unfit = session->identified = false;
    PLANTED_CALL("association");
    identity_begin(session->identity, meta->transfer_syntax);
    deposit_begin(session->deposit, &session->meta);
    log_debug("instance begins", LOG_S("sop_instance", session_shown(meta->sop_instance)),
              LOG_S("transfer_syntax", meta->transfer_syntax));
}

/* What one of them does not say is the router's to judge. */
static bool differ(const char *of_command, const char *of_data_set)
{
    return *of_command && *of_data_set && strcmp(of_command, of_data_set) != 0;
}

/* By what is known so far. */
static bool is_mismatched(const struct session *session)
{
    const struct identity *identity = session->identity;
    return session->node->mismatched_uids != CONFIG_MISMATCH_ACCEPT &&
           (differ(session->meta.sop_instance, identity_sop_instance(identity)) ||
            differ(session->meta.sop_class, identity_sop_class(identity)));
}

/* Once it is known, as far as it has to be, which instance the data set is. */
static void compare_uids(struct session *session)
{
    const struct identity *identity = session->identity;
    session->identified = true;
    session->mismatched = is_mismatched(session);
    session->unfit =
        !fitting_can_be_taken(session->node, identity_study(identity), identity_series(identity));
    if (session->mismatched || session->unfit)
        deposit_abandon(session->deposit);
}

bool session_data(void *context, const void *bytes, size_t length)
{
    struct session *session = context;
    if (!session->identified && (identity_feed(session->identity, bytes, length) || is_mismatched(session)))
        compare_uids(session);
    if (session->mismatched || session->unfit)
        return false;
    deposit_write(session->deposit, bytes, length);
    return !deposit_failed(session->deposit);
}

/* For whoever looks at the status. */
void session_note_oddity(const struct session *session, enum oddity_kind kind, const char *sop_instance,
                         const char *because)
{
    const struct oddity oddity = {.at = clock_wall_ms(),
                                  .calling = session->calling_aet,
                                  .called = session->called_aet,
                                  .address = session->start->address->text,
                                  .sop_instance = sop_instance,
                                  .because = because};
    oddity_note(session->start->spool, kind, &oddity);
}

/* The first one of an association is told in full; its last line counts them. */
static enum association_answer refuse_mismatch(struct session *session)
{
    session->refused++;
    hints_tell(session->start->hints, HINT_REFUSED, NULL, HINT_MISMATCH);
    session_note_oddity(session, ODDITY_MISMATCH, session_shown(identity_sop_instance(session->identity)),
                        NULL);
    LOG_AT(
        session->mismatches++ == 0 ? LOG_WARNING : LOG_DEBUG,
        "instance refused, its UIDs are not those of the C-STORE command (mismatched_uids: accept takes it)",
        LOG_S("calling", session->calling_aet), LOG_S("called", session->called_aet),
        LOG_S("address", session->start->address->text),
        LOG_S("sop_instance", session_shown(identity_sop_instance(session->identity))),
        LOG_S("sop_class", session_shown(identity_sop_class(session->identity))),
        LOG_S("sop_instance_of_command", session_shown(session->meta.sop_instance)),
        LOG_S("sop_class_of_command", session_shown(session->meta.sop_class)));
    return ASSOCIATION_MISMATCH;
}

/* UIDs that are printable are shown as they are: no plain server is asked for others. */
static const char *shown_text(const char *uid)
{
    return uid_is_printable(uid) ? uid : "-";
}

static enum association_answer refuse_unfit(struct session *session)
{
    session->refused++;
    hints_tell(session->start->hints, HINT_REFUSED, NULL, HINT_UNFIT);
    session_note_oddity(session, ODDITY_UNFIT, session_shown(session->meta.sop_instance), NULL);
    LOG_AT(
        session->unfits++ == 0 ? LOG_WARNING : LOG_DEBUG,
        "instance refused, no destination of its node can take its study or series UID: KHEOPS takes object "
        "identifiers alone, others any printable text",
        LOG_S("calling", session->calling_aet), LOG_S("called", session->called_aet),
        LOG_S("address", session->start->address->text),
        LOG_S("study", shown_text(identity_study(session->identity))),
        LOG_S("series", shown_text(identity_series(session->identity))),
        LOG_S("sop_instance", session_shown(session->meta.sop_instance)));
    return ASSOCIATION_UNFIT;
}

static enum association_answer refuse_for_resources(struct session *session, int rc, int64_t bytes)
{
    enum hint_refusal why = rc == ERR_NOSPACE    ? HINT_NO_SPACE
                            : rc == ERR_OVERFULL ? HINT_OVERFULL
                                                 : HINT_DISK;
    session->refused++;
    hints_tell(session->start->hints, HINT_REFUSED, NULL, why);
    LOG_AT(session->refused == 1 ? LOG_WARNING : LOG_DEBUG, "instance refused, out of resources",
           LOG_S("because", err_text(rc)), LOG_I("bytes", bytes), LOG_S("calling", session->calling_aet));
    return ASSOCIATION_OUT_OF_RESOURCES;
}

/* Kept as it came; whoever reads it later may wonder. */
static void note_odd(struct session *session, int64_t bytes)
{
    if (bytes % 2 == 0)
        return;
    hints_tell(session->start->hints, HINT_ODD, NULL, 0);
    session_note_oddity(session, ODDITY_LENGTH, session_shown(session->meta.sop_instance), NULL);
    LOG_AT(session->odd == 0 ? LOG_INFO : LOG_DEBUG, "data set of odd length kept as it came",
           LOG_S("calling", session->calling_aet), LOG_S("address", session->start->address->text),
           LOG_S("receipt", session->receipt),
           LOG_S("sop_instance", session_shown(session->meta.sop_instance)),
           LOG_S("transfer_syntax", session->meta.transfer_syntax), LOG_I("bytes", bytes));
    session->odd++;
}

enum association_answer session_finish(void *context)
{
    struct session *session = context;
    session->coming = false;
    if (!session->identified)
        compare_uids(session);
    if (session->mismatched)
        return refuse_mismatch(session);
    if (session->unfit)
        return refuse_unfit(session);
    int64_t bytes = deposit_bytes(session->deposit);
    (void)alarm(0); /* a busy disk may take its time, and the peer has its own patience */
    int64_t began_ns = clock_monotonic_ns();
    int rc = deposit_finish(session->deposit, session->receipt);
    session_wind_alarm(session);
    if (rc < 0)
        return refuse_for_resources(session, rc, bytes);
    if (session->instances++ == 0)
        memcpy(session->first, session->receipt, sizeof session->first);
    session->bytes += bytes;
    hints_tell_instance(session->start->hints, session->receipt, bytes,
                        (clock_monotonic_ns() - began_ns) / 1000);
    CRASH_POINT(ASSOCIATION_HINTED);
    log_debug("instance stored", LOG_S("receipt", session->receipt), LOG_I("bytes", bytes));
    note_odd(session, bytes);
    return ASSOCIATION_STORED;
}
