#include "tests/support/network.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/deadline.h"
#include "tests/support/process.h"
#include "tests/support/require.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NEAR_ADDRESS "02:00:00:00:00:01"
#define FAR_ADDRESS  "02:00:00:00:00:02"
#define NOBODY       "02:00:00:00:00:03"

enum { COMMAND_MS = 20000, CAPTURE_BYTES = 8 << 20, FRAME_MOST = 65536 + 64 };

struct network {
    struct process *holder; /* keeps the far namespace alive */
    char enter[64];
    const char *prefix[3];
    int capture;
};

bool network_possible(struct text *ret_reason)
{
    const char *const argv[] = {"unshare", "--net", "ip",   "link", "add",  "near0",
                                "type",    "veth",  "peer", "name", "far0", NULL};
    text_append(ret_reason, "no network namespaces here: ");
    return process_run(argv, NULL, COMMAND_MS, ret_reason) == 0;
}

static void run(const char *const *argv)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int status = process_run(argv, NULL, COMMAND_MS, &output);
    require(status == 0, "%s %s %s: %s", argv[0], argv[1], argv[2], text_string(&output));
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static void link_of(const char *path, char *ret_link, size_t size)
{
    ssize_t length = readlink(path, ret_link, size - 1);
    ret_link[length > 0 ? length : 0] = '\0';
}

/* Whether the holder has left our namespace. */
static bool is_apart(void *context)
{
    const struct network *network = context;
    char path[64], ours[64], its[64];
    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)process_pid(network->holder));
    link_of("/proc/self/ns/net", ours, sizeof ours);
    link_of(path, its, sizeof its);
    return *its && strcmp(ours, its) != 0;
}

static int open_capture(void)
{
    int bytes = CAPTURE_BYTES;
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_ALL),
                                  .sll_ifindex = (int)if_nametoindex("near0")};
    require(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) == 0 &&
                bind(fd, (struct sockaddr *)&address, sizeof address) == 0,
            "no capture: %s", strerror(errno));
    return fd;
}

struct network *network_create(void)
{
    static const char *const sleeper[] = {"unshare", "--net", "sleep", "infinity", NULL};
    struct network *network = memory_new(1, sizeof *network);
    char pid[16];
    require(unshare(CLONE_NEWNET) == 0, "unshare: %s", strerror(errno));
    network->holder = process_start(sleeper, NULL);
    require(wait_until(is_apart, network, COMMAND_MS), "no second namespace");
    snprintf(pid, sizeof pid, "%d", (int)process_pid(network->holder));
    snprintf(network->enter, sizeof network->enter, "--net=/proc/%s/ns/net", pid);
    network->prefix[0] = "nsenter";
    network->prefix[1] = network->enter;
    RUN("ip", "link", "set", "lo", "up");
    RUN("ip", "link", "add", "near0", "type", "veth", "peer", "name", "far0", "netns", pid);
    RUN("ip", "link", "set", "near0", "address", NEAR_ADDRESS);
    RUN("nsenter", network->enter, "ip", "link", "set", "far0", "address", FAR_ADDRESS);
    RUN("ip", "addr", "add", NETWORK_NEAR "/24", "dev", "near0");
    RUN("ip", "link", "set", "near0", "up");
    RUN("nsenter", network->enter, "ip", "link", "set", "lo", "up");
    RUN("nsenter", network->enter, "ip", "addr", "add", NETWORK_FAR "/24", "dev", "far0");
    RUN("nsenter", network->enter, "ip", "link", "set", "far0", "up");
    network->capture = open_capture();
    return network;
}

void network_destroy(struct network **network)
{
    if (!*network)
        return;
    fd_close(&(*network)->capture);
    process_destroy(&(*network)->holder);
    memory_free(network);
}

const char *const *network_far(const struct network *network)
{
    return network->prefix;
}

/* Frames for somebody who is not there are dropped where they arrive, and nobody is told. */
static void lose(struct network *network, bool lost)
{
    RUN("ip", "neigh", "replace", NETWORK_FAR, "lladdr", lost ? NOBODY : FAR_ADDRESS, "dev", "near0", "nud",
        "permanent");
    RUN("nsenter", network->enter, "ip", "neigh", "replace", NETWORK_NEAR, "lladdr",
        lost ? NOBODY : NEAR_ADDRESS, "dev", "far0", "nud", "permanent");
}

void network_cut(struct network *network, enum network_cut how)
{
    if (how == NETWORK_DOWN) {
        RUN("ip", "link", "set", "near0", "down");
        return;
    }
    RUN("ip", "link", "set", "near0", "up");
    lose(network, how == NETWORK_LOST);
}

void network_capture(struct network *network, struct text *ret_bytes)
{
    AUTO(memory_free) char *frame = memory_new(1, FRAME_MOST);
    ssize_t length;
    while ((length = recv(network->capture, frame, FRAME_MOST, 0)) > 0)
        text_append_bytes(ret_bytes, frame, (size_t)length);
}

int network_connect(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(fd >= 0 && inet_pton(AF_INET, NETWORK_FAR, &address.sin_addr) == 1, "%s", strerror(errno));
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        fd_close(&fd);
    return fd;
}
