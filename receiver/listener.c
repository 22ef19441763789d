#include "receiver/listener.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/config/network.h"
#include "common/tls/tls_server.h"
#include "receiver/association.h"
#include "receiver/children.h"
#include "receiver/claim.h"
#include "receiver/doors.h"
#include "receiver/handshakes.h"
#include "receiver/lobby.h"
#include "receiver/refusals.h"
#include "receiver/session.h"
#include "receiver/tls_files.h"
#include "receiver/titles.h"
#include "receiver/turned_away.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TURN_MS = 1000, BEAT_MS = 1000, ACCEPTS_AT_ONCE = 64, STRAIN_MS = 200 };

struct listener {
    const struct config *config;
    struct spool *spool;
    struct hints *hints;
    struct names *names;
    struct doors doors;
    struct tls_server *tls; /* NULL: no TLS port */
    int child_fd;           /* a signalfd for SIGCHLD */
    sigset_t former;        /* what was blocked before */
    int64_t accept_ms;      /* after accept() failed for want of descriptors: when to try again */
    int64_t beat_ms;        /* when to say that we live */
    struct lobby *lobby;
    struct refusals *refusals;
    struct turned_away *turned_away;
    struct children children;
};

static int watch_children(struct listener *listener)
{
    sigset_t child;
    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &child, &listener->former);
    listener->child_fd = signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
    return listener->child_fd < 0 ? ERR_IO : 0;
}

/* In a child that was just forked: lets go of what belongs to the parent. */
static void leave_parent(void *context)
{
    struct listener *listener = context;
    doors_close(&listener->doors);
    tls_server_destroy(&listener->tls); /* the private key is the TLS port's alone */
    fd_close(&listener->child_fd);
    lobby_destroy(&listener->lobby);
    children_leave(&listener->children);
}

/* child.proof is the parent's end, proof the other one. */
static _Noreturn void serve(struct listener *listener, int socket, struct child *child, int proof,
                            pid_t parent)
{
    int own = dup(socket); /* the lobby's descriptors are all closed */
    struct tls_server *tls = child->address.tls ? listener->tls : NULL;
    fd_close(&child->proof);
    if (tls)
        listener->tls = NULL;
    leave_parent(listener);
    struct session_start start = {.socket = own,
                                  .proof = proof,
                                  .tls = tls,
                                  .parent = parent,
                                  .address = &child->address,
                                  .config = listener->config,
                                  .spool = listener->spool,
                                  .hints = listener->hints,
                                  .refusals = listener->refusals};
    session_run(&start);
}

/* One line a minute for each peer and reason. */
static void tell_refusal(struct listener *listener, const struct peer_address *address, const char *reason,
                         const char *because)
{
    turned_away_note(listener->turned_away, reason, address->text, because);
    uint64_t times = refusals_note(listener->refusals, because, address->text, NULL, clock_monotonic_ms());
    if (times > 0)
        log_warning("peer refused", LOG_S("address", address->text), LOG_S("because", because),
                    LOG_I("times", times));
}

/* Takes the calling title that a request counts for. One that its address may not use would be counted against the peer that
 * may, and so would one whose certificate or passcode it has not: such a request is rejected in a process of its own, which
 * the peer can make last. */
static void take_calling(const struct listener *listener, const struct claim *claim, struct child *child)
{
    const struct config_node *node = config_find_node(listener->config, claim->titles.called);
    const char *calling = claim->titles.calling;
    if (node && config_node_admits(node, calling, child->address.bytes) == CONFIG_ADMITS &&
        claim->certificate_fits)
        memcpy(child->calling, calling, sizeof child->calling);
}

/* Whether one more would exceed a limit. */
static bool is_over_limit(struct listener *listener, const struct child *child)
{
    const char *limit = children_find_limit(&listener->children, listener->config, child);
    if (!limit)
        return false;
    tell_refusal(listener, &child->address, "limit", limit);
    hints_tell(listener->hints, HINT_LIMIT, NULL, 0);
    return true;
}

/* A way between the two: none, a pipe for a proof, or both ways for a peer that enters. */
static int open_way(const struct child *child, bool wants_proof, int (*ret_ends)[2])
{
    if (child->entering)
        return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, *ret_ends);
    return wants_proof ? pipe2(*ret_ends, O_CLOEXEC | O_NONBLOCK) : 0;
}

/* The process, or negative. Its title counts from now on, or from its proof. */
static pid_t fork_child(struct listener *listener, int socket, struct child *child, bool wants_proof)
{
    int ends[2] = {-1, -1};
    if (open_way(child, wants_proof, &ends) != 0)
        return -1;
    child->proof = ends[0];
    pid_t parent = getpid();
    child->pid = fork();
    if (child->pid == 0)
        serve(listener, socket, child, ends[1], parent);
    fd_close(&ends[1]);
    if (child->pid < 0)
        fd_close(&child->proof);
    else
        children_add(&listener->children, child);
    return child->pid;
}

/* On the plain port by its request, which is here; on the TLS port it says later who it is. */
static enum lobby_answer peer_asks(void *context, int socket, const struct peer_address *address)
{
    struct listener *listener = context;
    struct child child = {.address = *address, .proof = -1, .entering = address->tls};
    struct claim claim = {.source = NULL};
    struct titles titles;
    if (address->tls) {
        child.until_ms = clock_monotonic_ms() + HANDSHAKE_MS;
        handshakes_make_room(&listener->children);
    } else {
        titles_peek(socket, &titles);
        claim_find(&claim, listener->config, address, &titles, NULL);
        take_calling(listener, &claim, &child);
        if (is_over_limit(listener, &child))
            return LOBBY_LIMIT;
    }
    if (fork_child(listener, socket, &child, claim_wants_passcode(&claim)) < 0) {
        tell_refusal(listener, address, "no_process", "no new process");
        hints_tell(listener->hints, HINT_CONGESTED, NULL, 0);
        return LOBBY_CONGESTED;
    }
    CRASH_POINT(RECEIVER_FORKED);
    return LOBBY_SERVED;
}

/* Its process may be a peer's: nothing that it says is more than what a peer could say. */
static enum lobby_answer entering_peer_asks(void *context, struct child *child,
                                            const struct entrance_question *question, struct claim *ret_claim)
{
    struct listener *listener = context;
    struct entrance_question sound = *question;
    sound.titles.called[sizeof sound.titles.called - 1] =
        sound.titles.calling[sizeof sound.titles.calling - 1] = '\0';
    sound.certificate.subject[CERTIFICATE_SUBJECT_SIZE - 1] =
        sound.certificate.fingerprint[CERTIFICATE_FINGERPRINT_SIZE - 1] = '\0';
    claim_find(ret_claim, listener->config, &child->address, &sound.titles,
               sound.shown ? &sound.certificate : NULL);
    take_calling(listener, ret_claim, child);
    if (is_over_limit(listener, child))
        return LOBBY_LIMIT;
    claim_read(ret_claim, listener->refusals);
    return LOBBY_SERVED;
}

static void tell_handshake(struct listener *listener, const struct peer_address *address, enum tls_end end,
                           const char *because)
{
    tell_refusal(listener, address, "tls", because);
    hints_tell(listener->hints, HINT_TLS, NULL, end);
}

static void peer_was_silent(void *context, const struct peer_address *address, bool plain)
{
    struct listener *listener = context;
    if (plain) {
        tell_handshake(
            listener, address, TLS_PLAIN,
            "it does not speak TLS on the TLS port: give it the plain port, or switch TLS on there");
        return;
    }
    hints_tell(listener->hints, HINT_SILENT, NULL, 0);
    log_debug("peer let go, it asked for no association", LOG_S("address", address->text));
}

/* By its own address, of whatever way it comes. */
static bool is_admitted(struct listener *listener, const struct peer_address *address)
{
    if (config_admits_address(listener->config, address->bytes))
        return true;
    tell_refusal(listener, address, "stranger", "no source of any node has its address");
    hints_tell(listener->hints, HINT_STRANGER, NULL, 0);
    return false;
}

static bool peer_is_introduced(void *context, const struct peer_address *address)
{
    return is_admitted(context, address);
}

static void peer_is_strange(void *context, const struct peer_address *address, enum lobby_stranger because)
{
    struct listener *listener = context;
    tell_refusal(
        listener, address, "proxy",
        because == LOBBY_NO_PROXY
            ? "it sends a PROXY header: add its address to receiver.proxies, if it is a load balancer of yours"
            : "receiver.proxies names it, and it sends no PROXY header (version 1 or 2, TCP): have it do so");
    hints_tell(listener->hints, HINT_STRANGER, NULL, 0);
}

int listener_create(const struct config *config, struct spool *spool, struct hints *hints,
                    struct names *names, struct listener **ret_listener, struct text *ret_reason)
{
    AUTO(listener_destroy) struct listener *listener = memory_new(1, sizeof *listener);
    *listener = (struct listener){.config = config,
                                  .spool = spool,
                                  .hints = hints,
                                  .names = names,
                                  .doors = DOORS_CLOSED,
                                  .child_fd = -1};
    const struct lobby_host host = {.context = listener,
                                    .asks = peer_asks,
                                    .silent = peer_was_silent,
                                    .introduced = peer_is_introduced,
                                    .stranger = peer_is_strange};
    listener->lobby = lobby_create(LOBBY_PEERS, LOBBY_PATIENCE_MS, &host);
    listener->refusals = refusals_create();
    listener->turned_away = turned_away_create();
    int rc = watch_children(listener);
    if (rc < 0)
        text_append(ret_reason, "children cannot be watched");
    if (rc == 0)
        rc = tls_files_read(config, &listener->tls, ret_reason);
    if (rc == 0)
        rc = doors_open(&listener->doors, config, DOOR_PLAIN, ret_reason);
    if (rc == 0 && listener->tls)
        rc = doors_open(&listener->doors, config, DOOR_TLS, ret_reason);
    if (rc < 0)
        return rc;
    names_follow(names, config, leave_parent, listener);
    *ret_listener = listener;
    listener = NULL;
    return 0;
}

void listener_destroy(struct listener **listener)
{
    struct listener *l = *listener;
    if (!l)
        return;
    for (size_t i = 0; i < l->children.count; i++) {
        (void)kill(l->children.list[i].pid, SIGKILL);
        (void)waitpid(l->children.list[i].pid, NULL, 0);
    }
    if (l->child_fd >= 0)
        (void)sigprocmask(SIG_SETMASK, &l->former, NULL);
    doors_close(&l->doors);
    tls_server_destroy(&l->tls);
    fd_close(&l->child_fd);
    lobby_destroy(&l->lobby);
    refusals_destroy(&l->refusals);
    turned_away_destroy(&l->turned_away);
    children_leave(&l->children);
    free(l);
    *listener = NULL;
}

int listener_port(const struct listener *listener)
{
    return doors_port(&listener->doors, DOOR_PLAIN);
}

int listener_tls_port(const struct listener *listener)
{
    return doors_port(&listener->doors, DOOR_TLS);
}

size_t listener_children(const struct listener *listener)
{
    return listener->children.count;
}

pid_t listener_child(const struct listener *listener, size_t index)
{
    return listener->children.list[index].pid;
}

void listener_set_config(struct listener *listener, const struct config *config)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    listener->config = config;
    tls_files_read_again(config, &listener->tls);
    /* Its files were no good when the process started. */
    if (listener->tls && listener_tls_port(listener) == 0 &&
        doors_open(&listener->doors, config, DOOR_TLS, &reason) < 0)
        log_error("the TLS port cannot be opened, trying again after SIGHUP",
                  LOG_S("because", text_string(&reason)));
    names_follow(listener->names, config, leave_parent, listener);
}

/* As long as it lasts, a line a minute. */
static void tell_strain(struct listener *listener, const char *error, int64_t now_ms)
{
    uint64_t times = refusals_note(listener->refusals, error, NULL, NULL, now_ms);
    if (times > 0)
        log_warning("cannot accept, trying again", LOG_S("error", error), LOG_I("ms", STRAIN_MS),
                    LOG_I("times", times));
}

static bool is_strain(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void accept_peers(struct listener *listener, enum door door, int64_t now_ms)
{
    for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
        struct peer_address address;
        int socket = doors_accept(&listener->doors, door, &address);
        if (socket < 0 && is_strain(errno)) {
            tell_strain(listener, strerror(errno), now_ms);
            listener->accept_ms = now_ms + STRAIN_MS;
            return;
        }
        if (socket < 0 && errno == EAGAIN)
            return;
        if (socket < 0)
            continue; /* this connection broke before we came to it */
        address.introduces = config_is_proxy(listener->config, address.bytes);
        if (address.introduces || is_admitted(listener, &address))
            lobby_enter(listener->lobby, socket, &address, now_ms);
        else
            fd_close(&socket);
    }
}

static void child_ended(struct listener *listener, pid_t pid, int status)
{
    struct child child;
    if (!children_take(&listener->children, pid, &child) || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return;
    if (child.dismissed) {
        tell_handshake(listener, &child.address, TLS_STALLED,
                       "its TLS handshake gave way to others, or took too long");
        return;
    }
    log_error("an association's process died", LOG_I("child", pid), LOG_S("address", child.address.text),
              LOG_I("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0));
    hints_tell(listener->hints, HINT_ASSOCIATION, NULL, ASSOCIATION_CRASHED);
    CRASH_POINT(RECEIVER_CHILD_DIED);
    (void)spool_sweep_partial(listener->spool, NULL);
}

static void reap(struct listener *listener)
{
    struct signalfd_siginfo info[16];
    while (read(listener->child_fd, info, sizeof info) > 0)
        continue; /* one signal may mean several children: waitpid() knows */
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (hints_reaped(listener->hints, pid))
            log_debug("helper ended, starting it again", LOG_I("status", status));
        else if (names_reaped(listener->names, pid))
            log_debug("the names' process ended, starting it again", LOG_I("status", status));
        else
            child_ended(listener, pid, status);
    }
}

static void beat(struct listener *listener, int64_t now_ms)
{
    if (now_ms < listener->beat_ms)
        return;
    listener->beat_ms = now_ms + BEAT_MS;
    hints_tell(listener->hints, HINT_BEAT, NULL, (int64_t)children_serving(&listener->children));
    if (listener->tls)
        hints_tell(listener->hints, HINT_CERTIFICATE, NULL, tls_server_facts(listener->tls)->ends_ms);
    turned_away_write(listener->turned_away, listener->spool, clock_wall_ms());
    uint64_t rest = refusals_rest(listener->refusals, now_ms);
    if (rest > 0)
        log_warning("more peers refused, or gone without anything, for reasons told before",
                    LOG_I("times", rest));
}

static int wait_ms(const struct listener *listener, int64_t now_ms)
{
    int wait = lobby_wait_ms(listener->lobby, now_ms);
    if (listener->accept_ms > now_ms && (wait < 0 || wait > STRAIN_MS))
        wait = STRAIN_MS;
    return wait < 0 || wait > TURN_MS ? TURN_MS : wait;
}

/* Doors are not watched while accept() fails for want of descriptors. */
static void watch_doors(const struct listener *listener, int64_t now_ms, struct pollfd *ret_polls)
{
    for (enum door door = 0; door < DOORS; door++)
        ret_polls[door] = (struct pollfd){
            .fd = now_ms >= listener->accept_ms ? listener->doors.sockets[door] : -1, .events = POLLIN};
}

static void revive_helpers(struct listener *listener, int64_t now_ms)
{
    hints_revive(listener->hints, listener->config, now_ms, leave_parent, listener);
    names_revive(listener->names, now_ms, leave_parent, listener);
}

void listener_turn(struct listener *listener, int wake_fd)
{
    enum { AT_DOORS = 2, OWN = AT_DOORS + DOORS };
    struct pollfd polls[OWN + LOBBY_PEERS + HANDSHAKES] = {{.fd = wake_fd, .events = POLLIN},
                                                           {.fd = listener->child_fd, .events = POLLIN}};
    const struct handshakes_host host = {listener, entering_peer_asks};
    int64_t now_ms = clock_monotonic_ms();
    beat(listener, now_ms);
    watch_doors(listener, now_ms, polls + AT_DOORS);
    nfds_t waiting = lobby_poll(listener->lobby, polls + OWN);
    nfds_t entering = handshakes_poll(&listener->children, polls + OWN + waiting);
    if (poll(polls, OWN + waiting + entering, wait_ms(listener, now_ms)) < 0)
        return;
    now_ms = clock_monotonic_ms();
    handshakes_turn(&listener->children, polls + OWN + waiting, now_ms, &host);
    reap(listener);
    revive_helpers(listener, now_ms);
    lobby_turn(listener->lobby, polls + OWN, now_ms);
    for (enum door door = 0; door < DOORS; door++)
        if (polls[AT_DOORS + door].revents)
            accept_peers(listener, door, now_ms);
}

void listener_drain(struct listener *listener)
{
    doors_close(&listener->doors);
    const struct lobby_host host = {.context = listener, .asks = peer_asks, .silent = peer_was_silent};
    lobby_destroy(&listener->lobby);
    listener->lobby = lobby_create(LOBBY_PEERS, LOBBY_PATIENCE_MS, &host);
    for (size_t i = 0; i < listener->children.count; i++)
        (void)kill(listener->children.list[i].pid, SIGTERM);
}
