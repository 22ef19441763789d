#include "receiver/session.h"

#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/dicom/uid.h"
#include "receiver/association.h"
#include "receiver/intake.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    GRACE_SECONDS = 30, /* beyond idle_timeout, until the alarm ends a process that hangs */
    PAUSE_MS = 1000     /* between two requests, after which a stopping receiver ends an association */
};

struct session {
    const struct session_start *start;
    struct intake *intake;
    char calling_aet[FILE_META_AET_SIZE], called_aet[FILE_META_AET_SIZE];
    enum association_verdict verdict;
    char receipt[RECEIPT_SIZE]; /* of the last instance */
    char first[RECEIPT_SIZE];
    int idle_seconds;
    int64_t begun_ms;
    int64_t instances, bytes, refused;
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

static void wind_alarm(const struct session *session)
{
    (void)alarm((unsigned)(session->idle_seconds + GRACE_SECONDS));
}

/* Acknowledges what arrived at once. Many senders write a PDU in two pieces with Nagle's algorithm
 * on and wait for our acknowledgement of the first, which Linux would delay by 40 ms; it forgets
 * this setting soon. */
static void acknowledge_quickly(const struct session *session)
{
    int on = 1;
    (void)setsockopt(session->start->socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

static enum association_verdict admit(void *context, const char *called_aet, const char *calling_aet)
{
    struct session *session = context;
    (void)snprintf(session->called_aet, sizeof session->called_aet, "%s", called_aet);
    (void)snprintf(session->calling_aet, sizeof session->calling_aet, "%s", calling_aet);
    const struct config_node *node = config_find_node(session->start->config, called_aet);
    if (!node)
        session->verdict = ASSOCIATION_CALLED_UNKNOWN;
    else if (!config_node_admits(node, calling_aet, session->start->address->bytes))
        session->verdict = ASSOCIATION_CALLING_UNKNOWN;
    return session->verdict;
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
        acknowledge_quickly(session);
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

static void begin(void *context, const struct file_meta *meta)
{
    struct session *session = context;
    struct file_meta ours = *meta;
    (void)snprintf(ours.source_address, sizeof ours.source_address, "%s", session->start->address->text);
    acknowledge_quickly(session);
    intake_begin(session->intake, &ours);
    /* A modality may write anything into it. */
    log_debug("instance begins",
              LOG_S("sop_instance", uid_is_plain(meta->sop_instance) ? meta->sop_instance : "-"),
              LOG_S("transfer_syntax", meta->transfer_syntax));
}

static void data(void *context, const void *bytes, size_t length)
{
    struct session *session = context;
    wind_alarm(session);
    acknowledge_quickly(session);
    intake_write(session->intake, bytes, length);
}

static bool finish(void *context)
{
    struct session *session = context;
    int64_t bytes = intake_bytes(session->intake);
    (void)alarm(0); /* a busy disk may take its time, and the peer has its own patience */
    int64_t began_ns = clock_monotonic_ns();
    int rc = intake_finish(session->intake, session->receipt);
    wind_alarm(session);
    if (rc < 0) {
        session->refused++;
        hints_tell(session->start->hints, HINT_REFUSED, NULL, rc);
        /* The association's line counts the others. */
        LOG_AT(session->refused == 1 ? LOG_WARNING : LOG_DEBUG, "instance refused, out of resources",
               LOG_S("because", err_text(rc)), LOG_I("bytes", bytes), LOG_S("calling", session->calling_aet));
        return false;
    }
    if (session->instances++ == 0)
        memcpy(session->first, session->receipt, sizeof session->first);
    session->bytes += bytes;
    hints_tell_instance(session->start->hints, session->receipt, bytes,
                        (clock_monotonic_ns() - began_ns) / 1000);
    CRASH_POINT(ASSOCIATION_HINTED);
    log_debug("instance stored", LOG_S("receipt", session->receipt), LOG_I("bytes", bytes));
    return true;
}

static void report(const struct session *session, enum association_end end)
{
    static const char *const verdicts[] = {"", "called AE title unknown", "calling AE title not admitted"};
    const char *outcome = association_end_name(end);
    if (end == ASSOCIATION_REJECTED)
        log_warning("association rejected", LOG_S("calling", session->calling_aet),
                    LOG_S("called", session->called_aet), LOG_S("address", session->start->address->text),
                    LOG_S("because", session->verdict ? verdicts[session->verdict] : "application context"));
    else
        log_info("association ended", LOG_S("calling", session->calling_aet),
                 LOG_S("called", session->called_aet), LOG_S("address", session->start->address->text),
                 LOG_I("instances", session->instances), LOG_I("bytes", session->bytes),
                 LOG_I("refused", session->refused), LOG_S("outcome", outcome),
                 LOG_I("ms", clock_monotonic_ms() - session->begun_ms),
                 LOG_S("first_receipt", session->first), LOG_S("last_receipt", session->receipt));
    hints_tell(session->start->hints, HINT_ASSOCIATION, NULL, end);
    if (end == ASSOCIATION_REJECTED)
        hints_tell(session->start->hints, HINT_REJECTED, NULL, session->verdict);
}

_Noreturn void session_run(const struct session_start *start)
{
    settle_signals(start->parent);
    int on = 1;
    (void)setsockopt(start->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(start->socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    struct session session = {
        .start = start,
        .intake = intake_create(start->spool, start->config->receiver.min_free_space),
        .idle_seconds = (int)((start->config->receiver.idle_timeout_ms + 999) / 1000),
        .begun_ms = clock_monotonic_ms(),
    };
    struct association_handler handler = {
        .context = &session,
        .admit = admit,
        .wait = wait_for_request,
        .begin = begin,
        .data = data,
        .finish = finish,
    };
    wind_alarm(&session);
    report(&session, association_serve(start->socket, session.idle_seconds, &handler));
    intake_destroy(&session.intake);
    _exit(EXIT_SUCCESS);
}
