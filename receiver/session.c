#include "receiver/session.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/planted.h"
#include "common/base/text.h"
#include "common/dicom/identity.h"
#include "common/dicom/uid.h"
#include "common/spool/oddity.h"
#include "common/spool/rejections.h"
#include "receiver/association.h"
#include "receiver/confinement.h"
#include "receiver/intake.h"
#include "receiver/claim.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    GRACE_SECONDS = 30, /* beyond idle_timeout, until the alarm ends a process that hangs */
    MEMORY_MOST = 64 << 20,
    WIND_MS = 1000, /* so often the alarm is wound while bytes come */
    PAUSE_MS = 1000 /* between two requests, after which a stopping receiver ends an association */
};

struct session {
    const struct session_start *start;
    struct intake *intake;
    struct identity *identity; /* of the data set that comes */
    const struct config_node *node;
    struct claim claim;    /* until it was compared */
    struct file_meta meta; /* of the instance that comes */
    bool coming, identified, mismatched, unfit;
    char calling_aet[FILE_META_AET_SIZE], called_aet[FILE_META_AET_SIZE];
    enum association_verdict verdict;
    char receipt[RECEIPT_SIZE]; /* of the last instance */
    char first[RECEIPT_SIZE];
    int idle_seconds;
    int64_t begun_ms, wound_ms;
    int64_t instances, bytes, refused, mismatches, unfits, odd;
};

static volatile sig_atomic_t stopping;

static void note_stop(int number)
{
    (void)number;
    stopping = 1;
}

/* SIGTERM stays blocked but for the wait between two requests, so that it never interrupts DCMTK. */
static void settle_signals(pid_t parent)
{
    static const int ignored[] = {SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE, SIGXFSZ};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        (void)signal(ignored[i], SIG_IGN);
    struct sigaction action = {.sa_handler = note_stop};
    (void)sigaction(SIGTERM, &action, NULL);
    (void)signal(SIGALRM, SIG_DFL);
    (void)signal(SIGCHLD, SIG_DFL);
    sigset_t blocked;
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGTERM);
    (void)sigprocmask(SIG_SETMASK, &blocked, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(EXIT_SUCCESS);
}

static void wind_alarm(struct session *session)
{
    session->wound_ms = clock_monotonic_ms();
    (void)alarm((unsigned)(session->idle_seconds + GRACE_SECONDS));
}

static void progress(void *context)
{
    struct session *session = context;
    if (clock_monotonic_ms() - session->wound_ms >= WIND_MS)
        wind_alarm(session);
}

static enum association_verdict verdict_of(enum config_admission admission)
{
    switch (admission) {
    case CONFIG_ADMITS:
        return ASSOCIATION_ADMITTED;
    case CONFIG_ADDRESS_UNKNOWN:
        return ASSOCIATION_ADDRESS_UNKNOWN;
    case CONFIG_NAME_UNRESOLVED:
        return ASSOCIATION_NAME_UNRESOLVED;
    default:
        return ASSOCIATION_CALLING_UNKNOWN;
    }
}

static enum association_verdict judge(struct session *session, const struct association_request *request,
                                      bool *ret_proved)
{
    session->node = config_find_node(session->start->config, request->called_aet);
    if (!session->node)
        return ASSOCIATION_CALLED_UNKNOWN;
    enum association_verdict verdict =
        verdict_of(config_node_admits(session->node, request->calling_aet, session->start->address->bytes));
    if (verdict == ASSOCIATION_ADMITTED)
        verdict = claim_judge(&session->claim, request);
    *ret_proved = verdict == ASSOCIATION_ADMITTED && session->claim.source;
    return verdict;
}

/* From now on it counts for its title. */
static void tell_proof(const struct session *session)
{
    if (session->start->proof >= 0 && write(session->start->proof, "", 1) != 1)
        log_debug("nobody counts this association for its title");
}

static enum association_verdict admit(void *context, const struct association_request *request,
                                      bool *ret_proved)
{
    struct session *session = context;
    (void)snprintf(session->called_aet, sizeof session->called_aet, "%s", request->called_aet);
    (void)snprintf(session->calling_aet, sizeof session->calling_aet, "%s", request->calling_aet);
    session->verdict = judge(session, request, ret_proved);
    claim_wipe(&session->claim);
    if (*ret_proved)
        tell_proof(session);
    return session->verdict;
}

static bool takes_syntax(void *context, const char *uid)
{
    const struct session *session = context;
    const struct config *config = session->start->config;
    for (size_t i = 0; i < config->receiver.transfer_syntax_count; i++)
        if (strcmp(config->receiver.transfer_syntaxes[i], uid) == 0)
            return true;
    return config->receiver.transfer_syntax_count == 0;
}

static enum association_wait wait_for_request(void *context)
{
    struct session *session = context;
    int64_t deadline_ms = clock_monotonic_ms() + session->start->config->receiver.idle_timeout_ms;
    sigset_t none;
    (void)sigemptyset(&none);
    if (session->instances > 0)
        intake_prepare(session->intake); /* while the sender reads its next file */
    for (;;) {
        wind_alarm(session);
        int64_t left = deadline_ms - clock_monotonic_ms();
        if (left < 0)
            return ASSOCIATION_SILENT;
        if (stopping && left > PAUSE_MS)
            left = PAUSE_MS;
        struct timespec wait = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
        struct pollfd input = {.fd = session->start->socket, .events = POLLIN};
        bool was_stopping = stopping;
        int ready = ppoll(&input, 1, &wait, &none);
        if (ready > 0)
            return ASSOCIATION_INPUT;
        if (ready == 0)
            return was_stopping ? ASSOCIATION_STOPPING : ASSOCIATION_SILENT;
        if (errno != EINTR)
            return ASSOCIATION_INPUT; /* DCMTK will find out what is wrong with the socket */
    }
}

/* A modality may write anything into it. */
static const char *shown(const char *uid)
{
    return uid_is_plain(uid) ? uid : "-";
}

static void begin(void *context, const struct file_meta *meta)
{
    struct session *session = context;
    session->meta = *meta;
    (void)snprintf(session->meta.source_address, sizeof session->meta.source_address, "%s",
                   session->start->address->text);
    session->coming = true;
    session->mismatched = session->unfit = session->identified = false;
    PLANTED_CALL("association");
    identity_begin(session->identity, meta->transfer_syntax);
    intake_begin(session->intake, &session->meta);
    log_debug("instance begins", LOG_S("sop_instance", shown(meta->sop_instance)),
              LOG_S("transfer_syntax", meta->transfer_syntax));
}

/* What one of them does not say is the router's to judge. */
static bool differ(const char *of_command, const char *of_data_set)
{
    return *of_command && *of_data_set && strcmp(of_command, of_data_set) != 0;
}

/* What is not known is the router's to judge, too. */
static bool can_be_taken(const struct config_destination *destination, const char *uid)
{
    return !*uid || (destination->kheops ? uid_is_oid(uid) : uid_is_printable(uid));
}

static bool some_destination_can_take(const struct config_node *node, const char *study, const char *series)
{
    for (size_t i = 0; i < node->destination_count; i++) {
        if (can_be_taken(&node->destinations[i], study) && can_be_taken(&node->destinations[i], series))
            return true;
    }
    return node->destination_count == 0;
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
        !some_destination_can_take(session->node, identity_study(identity), identity_series(identity));
    if (session->mismatched || session->unfit)
        intake_abandon(session->intake);
}

static bool data(void *context, const void *bytes, size_t length)
{
    struct session *session = context;
    if (!session->identified && (identity_feed(session->identity, bytes, length) || is_mismatched(session)))
        compare_uids(session);
    if (session->mismatched || session->unfit)
        return false;
    intake_write(session->intake, bytes, length);
    return !intake_failed(session->intake);
}

/* For whoever looks at the status. */
static void note_oddity(const struct session *session, enum oddity_kind kind, const char *sop_instance,
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
    note_oddity(session, ODDITY_MISMATCH, shown(identity_sop_instance(session->identity)), NULL);
    LOG_AT(
        session->mismatches++ == 0 ? LOG_WARNING : LOG_DEBUG,
        "instance refused, its UIDs are not those of the C-STORE command (mismatched_uids: accept takes it)",
        LOG_S("calling", session->calling_aet), LOG_S("called", session->called_aet),
        LOG_S("address", session->start->address->text),
        LOG_S("sop_instance", shown(identity_sop_instance(session->identity))),
        LOG_S("sop_class", shown(identity_sop_class(session->identity))),
        LOG_S("sop_instance_of_command", shown(session->meta.sop_instance)),
        LOG_S("sop_class_of_command", shown(session->meta.sop_class)));
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
    note_oddity(session, ODDITY_UNFIT, shown(session->meta.sop_instance), NULL);
    LOG_AT(
        session->unfits++ == 0 ? LOG_WARNING : LOG_DEBUG,
        "instance refused, no destination of its node can take its study or series UID: KHEOPS takes object "
        "identifiers alone, others any printable text",
        LOG_S("calling", session->calling_aet), LOG_S("called", session->called_aet),
        LOG_S("address", session->start->address->text),
        LOG_S("study", shown_text(identity_study(session->identity))),
        LOG_S("series", shown_text(identity_series(session->identity))),
        LOG_S("sop_instance", shown(session->meta.sop_instance)));
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
    note_oddity(session, ODDITY_LENGTH, shown(session->meta.sop_instance), NULL);
    LOG_AT(session->odd == 0 ? LOG_INFO : LOG_DEBUG, "data set of odd length kept as it came",
           LOG_S("calling", session->calling_aet), LOG_S("address", session->start->address->text),
           LOG_S("receipt", session->receipt), LOG_S("sop_instance", shown(session->meta.sop_instance)),
           LOG_S("transfer_syntax", session->meta.transfer_syntax), LOG_I("bytes", bytes));
    session->odd++;
}

static enum association_answer finish(void *context)
{
    struct session *session = context;
    session->coming = false;
    if (!session->identified)
        compare_uids(session);
    if (session->mismatched)
        return refuse_mismatch(session);
    if (session->unfit)
        return refuse_unfit(session);
    int64_t bytes = intake_bytes(session->intake);
    (void)alarm(0); /* a busy disk may take its time, and the peer has its own patience */
    int64_t began_ns = clock_monotonic_ns();
    int rc = intake_finish(session->intake, session->receipt);
    wind_alarm(session);
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

static void report(const struct session *session, enum association_end end, const char *because)
{
    const char *instance = session->coming ? shown(session->meta.sop_instance) : NULL;
    hints_tell(session->start->hints, HINT_ASSOCIATION, NULL, end);
    if (end == ASSOCIATION_PROTOCOL && session->verdict == ASSOCIATION_ADMITTED && *session->called_aet)
        note_oddity(session, ODDITY_PROTOCOL, instance, because);
    if (end == ASSOCIATION_REJECTED) {
        report_rejection(session);
        return;
    }
    uint64_t times = count_to_tell(session, end, because);
    if (times == 0)
        return;
    LOG_AT(because ? LOG_WARNING : LOG_INFO, "association ended", LOG_S("calling", session->calling_aet),
           LOG_S("called", session->called_aet), LOG_S("address", session->start->address->text),
           LOG_I("instances", session->instances), LOG_I("bytes", session->bytes),
           LOG_I("refused", session->refused), LOG_S("outcome", association_end_name(end)),
           LOG_I("ms", clock_monotonic_ms() - session->begun_ms), LOG_S("first_receipt", session->first),
           LOG_S("last_receipt", session->receipt),
           LOG_I(times > 1 || because || instance ? "times" : NULL, times),
           LOG_S(because || instance ? "because" : NULL, because ? because : association_end_name(end)),
           LOG_S(instance ? "broke_off" : NULL, instance));
}

/* What a process holds when it begins, and so much more, is all that a peer can make it take. Sanitizers take
 * terabytes of address space for themselves. */
static void bound_memory(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file && fscanf(file, "%ld", &pages) == 1) { /* NOLINT(cert-err34-c): a number of the kernel's */
        rlim_t bytes = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + MEMORY_MOST;
        (void)setrlimit(RLIMIT_AS, &(struct rlimit){bytes, bytes});
    }
    if (file)
        (void)fclose(file);
#endif
}

_Noreturn void session_run(const struct session_start *start)
{
    settle_signals(start->parent);
    bound_memory();
    int on = 1;
    (void)setsockopt(start->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(start->socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    struct session session = {
        .start = start,
        .intake = intake_create(start->spool, start->config->receiver.min_free_space),
        .identity = identity_create(),
        .idle_seconds = (int)((start->config->receiver.idle_timeout_ms + 999) / 1000),
        .begun_ms = clock_monotonic_ms(),
    };
    struct association_handler handler = {
        .context = &session,
        .admit = admit,
        .takes_syntax = takes_syntax,
        .wait = wait_for_request,
        .progress = progress,
        .begin = begin,
        .data = data,
        .finish = finish,
    };
    wind_alarm(&session);
    config_keep_names(start->config);
    hints_leave_to_tell(start->hints);
    spool_keep_incoming(start->spool);
    claim_read(&session.claim, start->config, start->address, start->socket, start->refusals);
    confinement_begin(start->config, start->spool,
                      start->hints); /* no file of the configuration is read from here on */
    const char *because = NULL;
    enum association_end end = association_serve(start->socket, session.idle_seconds, &handler, &because);
    report(&session, end, because);
    identity_destroy(&session.identity);
    intake_destroy(&session.intake);
    _exit(EXIT_SUCCESS);
}
