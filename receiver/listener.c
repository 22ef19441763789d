#include "receiver/listener.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "receiver/association.h"
#include "receiver/children.h"
#include "receiver/lobby.h"
#include "receiver/refusals.h"
#include "receiver/session.h"
#include "receiver/titles.h"
#include "receiver/turned_away.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TURN_MS = 1000, BEAT_MS = 1000, BACKLOG = 128, ACCEPTS_AT_ONCE = 64, STRAIN_MS = 200 };

struct listener {
    const struct config *config;
    struct spool *spool;
    struct hints *hints;
    struct names *names;
    int socket;
    int child_fd;      /* a signalfd for SIGCHLD */
    sigset_t former;   /* what was blocked before */
    int64_t accept_ms; /* after accept() failed for want of descriptors: when to try again */
    int64_t beat_ms;   /* when to say that we live */
    struct lobby *lobby;
    struct refusals *refusals;
    struct turned_away *turned_away;
    struct children children;
};

static int say(struct text *reason, const char *bind, int port)
{
    text_format(reason, "cannot listen on %s port %d: %s", bind, port, strerror(errno));
    return ERR_NETWORK;
}

static void free_addresses(struct addrinfo **list)
{
    if (*list)
        freeaddrinfo(*list);
    *list = NULL;
}

static int open_socket(struct listener *listener, const char *bind_to, int port, struct text *reason)
{
    AUTO(free_addresses) struct addrinfo *list = NULL;
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    char service[16];
    (void)snprintf(service, sizeof service, "%d", port);
    int rc = getaddrinfo(bind_to, service, &wanted, &list);
    if (rc != 0) {
        text_format(reason, "receiver.bind %s: %s", bind_to, gai_strerror(rc));
        return ERR_NETWORK;
    }
    int on = 1;
    listener->socket = socket(list->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->socket < 0 || setsockopt(listener->socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(listener->socket, list->ai_addr, list->ai_addrlen) != 0 ||
        listen(listener->socket, BACKLOG) != 0)
        return say(reason, bind_to, port);
    return 0;
}

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
    fd_close(&listener->socket);
    fd_close(&listener->child_fd);
    lobby_destroy(&listener->lobby);
    children_leave(&listener->children);
}

/* child.proof is the reading end, proof the other one. */
static _Noreturn void serve(struct listener *listener, int socket, struct child *child, int proof,
                            pid_t parent)
{
    int own = dup(socket); /* the lobby's descriptors are all closed */
    fd_close(&child->proof);
    leave_parent(listener);
    struct session_start start = {.socket = own,
                                  .proof = proof,
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

/* The calling title that a request counts for. One that its address may not use would be counted against the peer that
 * may, and so would one whose passcode it does not know: such a request is rejected in a process of its own, which the
 * peer can make last. */
static void take_calling(const struct listener *listener, int socket, struct child *child,
                         bool *ret_wants_proof)
{
    struct titles titles;
    titles_peek(socket, &titles);
    *ret_wants_proof = false;
    const struct config_node *node = config_find_node(listener->config, titles.called);
    if (!node || config_node_admits(node, titles.calling, child->address.bytes) != CONFIG_ADMITS)
        return;
    const struct config_source *source = config_node_source(node, titles.calling, child->address.bytes);
    *ret_wants_proof = source && source->passcode;
    memcpy(child->calling, titles.calling, sizeof child->calling);
}

/* The process, or negative. Its title counts from now on, or from its proof. */
static pid_t fork_child(struct listener *listener, int socket, struct child *child, bool wants_proof)
{
    int ends[2] = {-1, -1};
    if (wants_proof && pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
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

static enum lobby_answer peer_asks(void *context, int socket, const struct peer_address *address)
{
    struct listener *listener = context;
    struct child child = {.address = *address, .proof = -1};
    bool wants_proof;
    take_calling(listener, socket, &child, &wants_proof);
    const char *limit = children_find_limit(&listener->children, listener->config, &child);
    if (limit) {
        tell_refusal(listener, address, "limit", limit);
        hints_tell(listener->hints, HINT_LIMIT, NULL, 0);
        return LOBBY_LIMIT;
    }
    if (fork_child(listener, socket, &child, wants_proof) < 0) {
        tell_refusal(listener, address, "no_process", "no new process");
        hints_tell(listener->hints, HINT_CONGESTED, NULL, 0);
        return LOBBY_CONGESTED;
    }
    CRASH_POINT(RECEIVER_FORKED);
    return LOBBY_SERVED;
}

static void peer_was_silent(void *context, const struct peer_address *address)
{
    struct listener *listener = context;
    hints_tell(listener->hints, HINT_SILENT, NULL, 0);
    log_debug("peer let go, it asked for no association", LOG_S("address", address->text));
}

int listener_create(const struct config *config, struct spool *spool, struct hints *hints,
                    struct names *names, struct listener **ret_listener, struct text *ret_reason)
{
    AUTO(listener_destroy) struct listener *listener = memory_new(1, sizeof *listener);
    *listener = (struct listener){
        .config = config, .spool = spool, .hints = hints, .names = names, .socket = -1, .child_fd = -1};
    const struct lobby_host host = {.context = listener, .asks = peer_asks, .silent = peer_was_silent};
    listener->lobby = lobby_create(LOBBY_PEERS, LOBBY_PATIENCE_MS, &host);
    listener->refusals = refusals_create();
    listener->turned_away = turned_away_create();
    if (watch_children(listener) < 0)
        return say(ret_reason, config->receiver.bind, config->receiver.port);
    int rc = open_socket(listener, config->receiver.bind, config->receiver.port, ret_reason);
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
    fd_close(&l->socket);
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
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getsockname(listener->socket, (struct sockaddr *)&address, &length) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
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
    listener->config = config;
    names_follow(listener->names, config, leave_parent, listener);
}

/* IPv4 as it is written, even when it came through a socket for both. */
static void take_address(const struct sockaddr_storage *from, struct peer_address *ret_address)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    memset(ret_address, 0, sizeof *ret_address);
    if (from->ss_family == AF_INET6) {
        memcpy(ret_address->bytes, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
    } else {
        memcpy(ret_address->bytes, mapped, sizeof mapped);
        memcpy(ret_address->bytes + 12, &((const struct sockaddr_in *)from)->sin_addr, 4);
    }
    bool is_ipv4 = memcmp(ret_address->bytes, mapped, sizeof mapped) == 0;
    (void)inet_ntop(is_ipv4 ? AF_INET : AF_INET6, ret_address->bytes + (is_ipv4 ? 12 : 0), ret_address->text,
                    sizeof ret_address->text);
}

/* As long as it lasts, a line a minute. */
static void tell_strain(struct listener *listener, const char *error, int64_t now_ms)
{
    uint64_t times = refusals_note(listener->refusals, error, NULL, NULL, now_ms);
    if (times > 0)
        log_warning("cannot accept, trying again", LOG_S("error", error), LOG_I("ms", STRAIN_MS),
                    LOG_I("times", times));
}

static void accept_peers(struct listener *listener, int64_t now_ms)
{
    for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
        struct sockaddr_storage from;
        struct peer_address address;
        socklen_t length = sizeof from;
        int socket = accept4(listener->socket, (struct sockaddr *)&from, &length, SOCK_CLOEXEC);
        if (socket < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
            tell_strain(listener, strerror(errno), now_ms);
            listener->accept_ms = now_ms + STRAIN_MS;
            return;
        }
        if (socket < 0 && errno == EAGAIN)
            return;
        if (socket < 0)
            continue; /* this connection broke before we came to it */
        take_address(&from, &address);
        if (!config_admits_address(listener->config, address.bytes)) {
            fd_close(&socket);
            tell_refusal(listener, &address, "stranger", "no source of any node has its address");
            hints_tell(listener->hints, HINT_STRANGER, NULL, 0);
            continue;
        }
        lobby_enter(listener->lobby, socket, &address, now_ms);
    }
}

static void child_ended(struct listener *listener, pid_t pid, int status)
{
    struct child child;
    if (!children_take(&listener->children, pid, &child) || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return;
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
    hints_tell(listener->hints, HINT_BEAT, NULL, (int64_t)listener->children.count);
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

void listener_turn(struct listener *listener, int wake_fd)
{
    enum { OWN = 3 };
    struct pollfd polls[OWN + LOBBY_PEERS] = {
        {.fd = wake_fd, .events = POLLIN}, {.fd = listener->child_fd, .events = POLLIN}, {.fd = -1}};
    int64_t now_ms = clock_monotonic_ms();
    beat(listener, now_ms);
    if (now_ms >= listener->accept_ms)
        polls[2] = (struct pollfd){.fd = listener->socket, .events = POLLIN};
    nfds_t waiting = lobby_poll(listener->lobby, polls + OWN);
    if (poll(polls, OWN + waiting, wait_ms(listener, now_ms)) < 0)
        return;
    now_ms = clock_monotonic_ms();
    reap(listener);
    hints_revive(listener->hints, listener->config, now_ms, leave_parent, listener);
    names_revive(listener->names, now_ms, leave_parent, listener);
    lobby_turn(listener->lobby, polls + OWN, now_ms);
    if (polls[2].revents)
        accept_peers(listener, now_ms);
}

void listener_drain(struct listener *listener)
{
    fd_close(&listener->socket);
    const struct lobby_host host = {.context = listener, .asks = peer_asks, .silent = peer_was_silent};
    lobby_destroy(&listener->lobby);
    listener->lobby = lobby_create(LOBBY_PEERS, LOBBY_PATIENCE_MS, &host);
    for (size_t i = 0; i < listener->children.count; i++)
        (void)kill(listener->children.list[i].pid, SIGTERM);
}
