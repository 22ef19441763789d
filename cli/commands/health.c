#include "cli/command.h"

#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "common/config/config.h"
#include "common/config/processes.h"
#include "common/service/service.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { ANSWER_SECONDS = 5 };

static int connect_to(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_NUMERICHOST};
    struct addrinfo *address = NULL;
    if (getaddrinfo(host, port, &hints, &address) != 0)
        return -1;
    AUTO(fd_close) int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = {.tv_sec = ANSWER_SECONDS};
    bool connected = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
                     setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0 &&
                     connect(fd, address->ai_addr, address->ai_addrlen) == 0;
    freeaddrinfo(address);
    if (!connected)
        return -1;
    int handed_over = fd;
    fd = -1;
    return handed_over;
}

/* The status code of GET /healthz; 0 when nobody answers in time, -1 when what answers is not HTTP. */
static int health_ask(const char *host, int port)
{
    char port_text[12];
    snprintf(port_text, sizeof port_text, "%d", port);
    AUTO(fd_close) int fd = connect_to(host, port_text);
    static const char request[] =
        "GET /healthz HTTP/1.1\r\nHost: felucca\r\nConnection: close\r\nAccept: */*\r\n\r\n";
    if (fd < 0 || send(fd, request, sizeof request - 1, MSG_NOSIGNAL) != (ssize_t)sizeof request - 1)
        return 0;
    char answer[sizeof "HTTP/1.1 200"] = "";
    ssize_t length = recv(fd, answer, sizeof answer - 1, MSG_WAITALL);
    if (length <= 0)
        return 0;
    int status = 0;
    if (length < (ssize_t)sizeof answer - 1 || sscanf(answer, "HTTP/1.%*1[01] %3d", &status) != 1)
        return -1;
    return status;
}

/* A server that listens everywhere is asked on the loopback. */
static const char *reachable(const char *bind)
{
    if (!bind || strcmp(bind, "0.0.0.0") == 0 || strcmp(bind, "localhost") == 0)
        return "127.0.0.1";
    return strcmp(bind, "::") == 0 ? "::1" : bind;
}

static bool is_healthy(const struct config *config, const struct processes_row *process)
{
    const char *host = reachable(config->metrics.bind);
    int port = config->metrics.port + process->port;
    int status = health_ask(host, port);
    if (status == 200)
        printf("%s: healthy\n", process->name);
    else if (status == 0)
        printf("%s: no answer on %s port %d\n", process->name, host, port);
    else if (status < 0)
        printf("%s: what answers on %s port %d is not a health port\n", process->name, host, port);
    else
        printf("%s: not healthy (status %d)\n", process->name, status);
    return status == 200;
}

static const struct processes_row *find_process(const char *name)
{
    if (string_starts_with(name, "felucca-"))
        name += strlen("felucca-");
    const struct processes_row *process = processes_find(name);
    return process && process->count != PROCESS_HELPER ? process : NULL;
}

static int health_run(const struct cli *cli, int argc, char **argv)
{
    const struct processes_row *only = argc == 2 ? find_process(argv[1]) : NULL;
    if (argc > 2 || (argc == 2 && !only)) {
        fputs("felucca health: name one of ", stderr);
        for (const char *name = PROCESS_NAMES; *name; name++)
            fputs(*name == ' ' ? ", " : (char[]){*name, '\0'}, stderr);
        fputs("or nothing for all\n", stderr);
        return EXIT_USAGE;
    }
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    if (config_load(cli->config_path, &config, &errors, &warnings) != 0) {
        fputs(text_string(&errors), stderr);
        return EXIT_CONFIG;
    }
    if (config->metrics.port == 0) {
        fputs("felucca health: the configuration says metrics: port: 0, so no process has a health port\n",
              stderr);
        return EXIT_NO;
    }
    bool healthy = true;
    for (const struct processes_row *row = processes_table(); row < processes_table() + PROCESSES; row++)
        if (only ? only == row : row->count != PROCESS_HELPER)
            healthy = is_healthy(config, row) && healthy;
    return healthy ? EXIT_OK : EXIT_NO;
}

const struct command command_health = {
    .name = "health",
    .summary = "asks the processes' health ports",
    .arguments = "[PROCESS]",
    .help = "PROCESS is one of: " PROCESS_NAMES "\n"
            "Exit status 0 when the process (without a name: every process) answers that it\n"
            "makes progress, else 1. Made for the health checks of containers.\n",
    .words = PROCESS_NAMES,
    .example = "felucca health router\n",
    .run = health_run,
};
