#include "cli/command.h"

#include "cli/option.h"
#include "cli/present.h"
#include "common/base/cleanup.h"
#include "common/base/json.h"
#include "common/base/text.h"
#include "common/config/config.h"
#include "common/config/processes.h"
#include "common/service/service.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { ANSWER_SECONDS = 5, JSON };

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

/* The status code of GET path; 0 when nobody answers in time, -1 when what answers is not HTTP. */
static int health_ask(const char *host, int port, const char *path)
{
    char port_text[12];
    snprintf(port_text, sizeof port_text, "%d", port);
    AUTO(fd_close) int fd = connect_to(host, port_text);
    AUTO(text_release) struct text request = TEXT_EMPTY;
    text_format(&request, "GET %s HTTP/1.1\r\nHost: felucca\r\nConnection: close\r\nAccept: */*\r\n\r\n",
                path);
    if (fd < 0 || send(fd, text_string(&request), request.length, MSG_NOSIGNAL) != (ssize_t)request.length)
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

/* What its port says; appended. Whether it is healthy. A receiver that makes progress and refuses every image for want
 * of space is not. */
static bool judge(const struct processes_row *process, const char *host, int port, struct text *sentence)
{
    int status = health_ask(host, port, "/healthz");
    bool receiver = strcmp(process->name, "receiver") == 0;
    if (status == 200 && receiver && health_ask(host, port, "/readyz") == 503) {
        text_append(sentence,
                    "refuses images: the disk has less free space than receiver.min_free_space, or too few "
                    "inodes");
        return false;
    }
    if (status == 200)
        text_append(sentence, "healthy");
    else if (status == 0)
        text_format(sentence, "no answer on %s port %d", host, port);
    else if (status < 0)
        text_format(sentence, "what answers on %s port %d is not a health port", host, port);
    else
        text_format(sentence, "not healthy (status %d)", status);
    return status == 200;
}

static bool is_healthy(const struct config *config, const struct processes_row *process, bool json)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    const char *host = reachable(config->metrics.bind);
    int port = config->metrics.port + process->port;
    bool healthy = judge(process, host, port, &sentence);
    if (json)
        json_print_line(json_pack("{s:s, s:b, s:s, s:i, s:s}", "process", process->name, "healthy", healthy,
                                  "host", host, "port", port, "sentence", text_string(&sentence)));
    else
        printf("%s: %s\n", process->name, text_string(&sentence));
    return healthy;
}

static const struct processes_row *find_process(const char *name)
{
    if (string_starts_with(name, "felucca-"))
        name += strlen("felucca-");
    const struct processes_row *process = processes_find(name);
    return process && process->count != PROCESS_HELPER ? process : NULL;
}

static bool health_take(void *context, int key, const char *value)
{
    (void)value;
    *(bool *)context = key == JSON;
    return true;
}

static int usage(void)
{
    fputs("felucca health: name one of ", stderr);
    for (const char *name = PROCESS_NAMES; *name; name++)
        fputs(*name == ' ' ? ", " : (char[]){*name, '\0'}, stderr);
    fputs("or nothing for those that run here\n", stderr);
    return EXIT_USAGE;
}

/* Under a supervisor all of them should run; else those count that somebody has started here. */
static bool is_asked(const struct config *config, const struct present *present,
                     const struct processes_row *row)
{
    if (row->count == PROCESS_HELPER)
        return false;
    if (!present->supervisor)
        return present->processes[row - processes_table()];
    return config_runs(config, row);
}

static bool are_healthy(const struct config *config, bool json)
{
    struct present present;
    bool healthy = true, asked = false;
    present_look("/proc", config->path, &present);
    for (const struct processes_row *row = processes_table(); row < processes_table() + PROCESSES; row++) {
        if (!is_asked(config, &present, row))
            continue;
        asked = true;
        healthy = is_healthy(config, row, json) && healthy;
    }
    if (!asked)
        fputs(
            "felucca health: no process of Felucca runs here with this configuration; name the one that should\n",
            stderr);
    return asked && healthy;
}

static int health_run(const struct cli *cli, int argc, char **argv)
{
    bool json = false;
    int first;
    if (!option_parse(&command_health, argc, argv, health_take, &json, &first))
        return EXIT_USAGE;
    const struct processes_row *only = argc - first == 1 ? find_process(argv[first]) : NULL;
    if (argc - first > 1 || (argc - first == 1 && !only))
        return usage();
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
    bool healthy = only ? is_healthy(config, only, json) : are_healthy(config, json);
    return healthy ? EXIT_OK : EXIT_NO;
}

static const struct command_option options[] = {{"json", NULL, NULL, "one object a process", JSON},
                                                {.name = NULL}};

const struct command command_health = {
    .name = "health",
    .summary = "asks the processes' health ports",
    .arguments = "[PROCESS] [--json]",
    .options = options,
    .help = "PROCESS is one of:\n  " PROCESS_NAMES "\n"
            "Exit status 0 when the process answers that it makes progress, and a receiver\n"
            "also that it has room for images, else 1. Without a name every process is asked\n"
            "that runs here: in this container or on this machine, with this configuration;\n"
            "under felucca up all of them. None is 1. Made for the health checks of\n"
            "containers; where a process may be missing, name it.\n",
    .words = PROCESS_NAMES,
    .example = "felucca health router\n",
    .run = health_run,
};
