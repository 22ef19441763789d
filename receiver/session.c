#include "receiver/session.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/spool/asked.h"
#include "receiver/association.h"
#include "receiver/confinement.h"
#include "receiver/session_parts.h"

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
    LOOK_MS = 200,  /* so often it looks whether a report is offered */
    ANSWER_MS =
        60 * 1000, /* for the answer to a report; then the association ends, so that none can come any more */
    PAUSE_MS = 1000 /* between two requests, after which a stopping receiver ends an association */
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

void session_wind_alarm(struct session *session)
{
    session->wound_ms = clock_monotonic_ms();
    (void)alarm((unsigned)(session->idle_seconds + GRACE_SECONDS));
}

static void progress(void *context)
{
    struct session *session = context;
    if (clock_monotonic_ms() - session->wound_ms >= WIND_MS)
        session_wind_alarm(session);
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
    *ret_proved = verdict == ASSOCIATION_ADMITTED && claim_wants_passcode(&session->claim);
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
        deposit_prepare(session->deposit); /* while the sender reads its next file */
    for (;;) {
        session_wind_alarm(session);
        int64_t left = deadline_ms - clock_monotonic_ms();
        if (session->report && session->told_ms + ANSWER_MS - clock_monotonic_ms() < left)
            left = session->told_ms + ANSWER_MS - clock_monotonic_ms();
        if (left < 0)
            return ASSOCIATION_SILENT;
        if (stopping && left > PAUSE_MS)
            left = PAUSE_MS;
        bool looks = session->kept_count > 0 && !session->report && !stopping && left > LOOK_MS;
        if (looks)
            left = LOOK_MS;
        struct timespec wait = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
        struct pollfd input = {.fd = session->start->socket, .events = POLLIN};
        bool was_stopping = stopping;
        int ready = ppoll(&input, 1, &wait, &none);
        if (ready > 0)
            return ASSOCIATION_INPUT;
        if (ready == 0 && looks && session_has_report(session))
            return ASSOCIATION_DUE;
        if (ready == 0 && looks)
            continue;
        if (ready == 0)
            return was_stopping ? ASSOCIATION_STOPPING : ASSOCIATION_SILENT;
        if (errno != EINTR)
            return ASSOCIATION_INPUT; /* DCMTK will find out what is wrong with the socket */
    }
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

/* From here on no file of the configuration is read. False: the peer does not come in. */
static bool confine_and_enter(struct session *session, struct session_start *start,
                              struct transport **ret_transport)
{
    struct titles titles;
    if (start->tls) {
        bool prepared = entrance_prepare(&session->entrance, start);
        confinement_begin(start->config, start->spool, session->asked, start->hints);
        if (!prepared || !entrance_pass(&session->entrance, start))
            return false;
        session->claim = session->entrance.claim;
        *ret_transport = session->entrance.transport;
        return true;
    }
    titles_peek(start->socket, &titles);
    claim_find(&session->claim, start->config, start->address, &titles, NULL);
    claim_read(&session->claim, start->refusals);
    confinement_begin(start->config, start->spool, session->asked, start->hints);
    *ret_transport = transport_create(start->socket, INT64_C(1000) * session->idle_seconds, NULL);
    return true;
}

static void serve(struct session *session, struct transport *transport)
{
    const struct association_handler handler = {
        .context = session,
        .admit = admit,
        .takes_syntax = takes_syntax,
        .wait = wait_for_request,
        .progress = progress,
        .begin = session_begin,
        .data = session_data,
        .finish = session_finish,
        .commit = session_commit,
        .report = session_report_due,
        .reported = session_reported,
    };
    const char *because = NULL;
    enum association_end end = association_serve(transport, session->idle_seconds, &handler, &because);
    session_report(session, end, because);
}

static void set_socket(int socket)
{
    int on = 1;
    (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

_Noreturn void session_run(struct session_start *start)
{
    struct transport *transport = NULL;
    settle_signals(start->parent);
    bound_memory();
    set_socket(start->socket);
    struct session session = {
        .start = start,
        .deposit = deposit_create(start->spool, start->config->receiver.min_free_space),
        .identity = identity_create(),
        .idle_seconds = (int)((start->config->receiver.idle_timeout_ms + 999) / 1000),
        .begun_ms = clock_monotonic_ms(),
        .asked = -1,
    };
    session_wind_alarm(&session);
    config_keep_names(start->config);
    hints_leave_to_tell(start->hints);
    (void)asked_open(start->spool, &session.asked);
    spool_keep_incoming(start->spool);
    if (confine_and_enter(&session, start, &transport))
        serve(&session, transport);
    entrance_leave(&session.entrance);
    claim_wipe(&session.claim);
    identity_destroy(&session.identity);
    deposit_destroy(&session.deposit);
    _exit(EXIT_SUCCESS);
}
