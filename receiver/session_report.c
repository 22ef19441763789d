#include "receiver/session_parts.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/text.h"
#include "common/spool/oddity.h"
#include "common/spool/rejections.h"
#include "receiver/session.h"

#include <string.h>

/* Which certificate was shown is what a person has to compare, or to write down. */
static void explain_certificate(const struct session *session, struct text *out)
{
    struct certificate_name shown;
    const struct config_source *source = session->claim.source;
    text_format(out, "the certificate is not the one of %s, whose entry in sources of %s names %s: ",
                session->calling_aet, session->called_aet,
                source && source->certificate ? source->certificate : "another");
    if (!session->start->address->tls)
        text_append(out, "it called the plain port, where none is shown; it has to call the TLS port");
    else if (session->entrance.stream && tls_stream_peer(session->entrance.stream, &shown))
        text_format(out, "it showed %s (SHA-256 %s)", shown.subject, shown.fingerprint);
    else
        text_append(out, "it showed none");
}

/* Why an association was rejected, and what a person can do about it. */
static void explain_rejection(const struct session *session, struct text *out)
{
    const char *calling = session->calling_aet, *address = session->start->address->text;
    switch (session->verdict) {
    case ASSOCIATION_CALLED_UNKNOWN:
        text_append(out, "called AE title unknown: no node of the configuration has it");
        break;
    case ASSOCIATION_CALLING_UNKNOWN:
        text_format(out, "calling AE title not admitted: add it to sources of %s, if it is yours",
                    session->called_aet);
        break;
    case ASSOCIATION_ADDRESS_UNKNOWN:
        text_format(out, "address not admitted: %s is admitted only from", calling);
        for (size_t i = 0, listed = 0; i < session->node->source_count; i++)
            if (strcmp(session->node->sources[i].aet, calling) == 0)
                text_format(out, "%s %s", listed++ > 0 ? "," : "", session->node->sources[i].host);
        text_format(out, ": add %s to sources of %s, if it is yours", address, session->called_aet);
        break;
    case ASSOCIATION_NAME_UNRESOLVED:
        text_format(out, "the name service has no address yet for a host of %s: rejected for now", calling);
        break;
    case ASSOCIATION_PASSCODE_WRONG:
        text_format(
            out,
            "user identity without the passcode of %s: it has to send a user name and the passcode of its "
            "entry in sources of %s",
            calling, session->called_aet);
        break;
    case ASSOCIATION_CERTIFICATE_WRONG:
        explain_certificate(session, out);
        break;
    case ASSOCIATION_PASSCODE_UNREAD:
        text_format(out, "the passcode of %s cannot be read here: rejected for now", calling);
        break;
    default:
        text_append(out, "application context");
    }
}

/* Without a verdict of ours the toolkit has rejected it. */
static enum association_verdict rejected_for(const struct session *session)
{
    return session->verdict ? session->verdict : ASSOCIATION_OTHER_APPLICATION;
}

static void report_rejection(const struct session *session)
{
    AUTO(text_release) struct text because = TEXT_EMPTY, peer = TEXT_EMPTY, sentence = TEXT_EMPTY;
    hints_tell(session->start->hints, HINT_REJECTED, NULL, rejected_for(session));
    explain_rejection(session, &because);
    text_format(&sentence, "%s (%s) called %s: %s", session->calling_aet, session->start->address->text,
                session->called_aet, text_string(&because));
    rejections_note(session->start->spool, association_verdict_name(rejected_for(session)),
                    text_string(&sentence), 1, clock_wall_ms());
    text_format(&peer, "%s %s", session->start->address->text, session->calling_aet);
    uint64_t times = refusals_note(session->start->refusals, association_verdict_name(session->verdict),
                                   text_string(&peer), session->called_aet, clock_monotonic_ms());
    if (times == 0)
        return;
    log_warning("association rejected", LOG_S("calling", session->calling_aet),
                LOG_S("called", session->called_aet), LOG_S("address", session->start->address->text),
                LOG_S("because", text_string(&because)), LOG_I("times", times));
}

/* Whoever can connect can have associations that come to nothing: like refusals, they get a line a minute. */
static uint64_t count_to_tell(const struct session *session, enum association_end end, const char *because)
{
    AUTO(text_release) struct text peer = TEXT_EMPTY;
    if (end == ASSOCIATION_RELEASED || session->instances > 0 || session->refused > 0)
        return 1;
    text_format(&peer, "%s %s", session->start->address->text, session->calling_aet);
    return refusals_note(session->start->refusals, because ? because : association_end_name(end),
                         text_string(&peer), session->called_aet, clock_monotonic_ms());
}

void session_report(const struct session *session, enum association_end end, const char *because)
{
    const char *instance = session->coming ? session_shown(session->meta.sop_instance) : NULL;
    hints_tell(session->start->hints, HINT_ASSOCIATION, NULL, end);
    if (end == ASSOCIATION_PROTOCOL && session->verdict == ASSOCIATION_ADMITTED && *session->called_aet)
        session_note_oddity(session, ODDITY_PROTOCOL, instance, because);
    if (end == ASSOCIATION_REJECTED) {
        report_rejection(session);
        return;
    }
    uint64_t times = count_to_tell(session, end, because);
    if (times == 0)
        return;
    /* A balancer's check, or a C-ECHO: a line a second says nothing to anybody. */
    bool idle = end == ASSOCIATION_RELEASED && session->instances == 0 && session->refused == 0;
    LOG_AT(because ? LOG_WARNING
           : idle  ? LOG_DEBUG
                   : LOG_INFO,
           "association ended", LOG_S("calling", session->calling_aet), LOG_S("called", session->called_aet),
           LOG_S("address", session->start->address->text), LOG_I("instances", session->instances),
           LOG_I("bytes", session->bytes), LOG_I("refused", session->refused),
           LOG_S("outcome", association_end_name(end)),
           LOG_S("tls", text_string(&session->entrance.description)),
           LOG_I("ms", clock_monotonic_ms() - session->begun_ms), LOG_S("first_receipt", session->first),
           LOG_S("last_receipt", session->receipt),
           LOG_I(times > 1 || because || instance ? "times" : NULL, times),
           LOG_S(because || instance ? "because" : NULL, because ? because : association_end_name(end)),
           LOG_S(instance ? "broke_off" : NULL, instance));
}
