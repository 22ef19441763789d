#include "tests/kheops-sim/options.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char usage[] =
    "Usage: kheops-sim [options]\n"
    "  --port N            port of the simulated KHEOPS (default 0: a free one)\n"
    "  --admin-port N      port that answers /sim/ even while KHEOPS is away (default 0: a free one)\n"
    "  --bind ADDRESS      IPv4 address to listen on (default 127.0.0.1)\n"
    "  --port-file FILE    writes \"PORT ADMIN_PORT\" there once both accept\n"
    "  --config FILE       JSON with albums, tokens, faults, delay_ms, races (see README.md)\n"
    "  --token ALBUM:SCOPE[,SCOPE…]:TOKEN   makes an album, unless it is there, and a token for it\n"
    "  --store DIR         keeps what is stored, byte for byte, as DIR/<SOP Instance UID>.dcm\n"
    "  --discard           keeps counts and digests only (default)\n"
    "  --delay-ms N        added to every answer\n"
    "  --max-body BYTES    larger requests get 413 (default 20000 MiB)\n"
    "  --races, --no-races parallel first requests of a study lose instances (default), or not\n"
    "  --help\n";

static _Noreturn void refuse(const char *what, const char *why)
{
    fprintf(stderr, "kheops-sim: %s: %s\n%s", what, why, usage);
    exit(2);
}

static long long parse_number(const char *option, const char *word, long long most)
{
    char *end;
    errno = 0;
    long long value = strtoll(word, &end, 10);
    if (errno || end == word || *end || value < 0 || value > most)
        refuse(option, "not a number in its range");
    return value;
}

static void read_config(struct sim *sim, const char *path)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    json_error_t error;
    json_t *json = json_load_file(path, 0, &error);
    if (!json)
        refuse(path, error.text);
    if (admin_apply(sim, json, &reason) != 0)
        refuse(path, text_string(&reason));
    json_decref(json);
}

/* "main:read,send:TOKEN" */
static void add_token(struct sim *sim, const char *word)
{
    AUTO(memory_free) char *album = memory_string_n(word, strcspn(word, ":"));
    const char *rest = word + strlen(album);
    AUTO(memory_free)
    char *scope = memory_string_n(rest + (*rest == ':'), strcspn(rest + (*rest == ':'), ":"));
    const char *token = *rest ? strchr(rest + 1, ':') : NULL;
    unsigned scopes;
    if (!token || !token[1] || !scopes_parse(scope, &scopes))
        refuse("--token", "wants ALBUM:SCOPE[,SCOPE]:TOKEN");
    if (!token_add(sim->model, token + 1, album_get(sim->model, album, NULL), scopes))
        refuse("--token", "the same token twice");
}

static const struct option long_options[] = {
    {"port", required_argument, NULL, 'p'},     {"admin-port", required_argument, NULL, 'a'},
    {"bind", required_argument, NULL, 'b'},     {"port-file", required_argument, NULL, 'f'},
    {"config", required_argument, NULL, 'c'},   {"token", required_argument, NULL, 't'},
    {"store", required_argument, NULL, 's'},    {"discard", no_argument, NULL, 'd'},
    {"delay-ms", required_argument, NULL, 'w'}, {"max-body", required_argument, NULL, 'm'},
    {"races", no_argument, NULL, 'r'},          {"no-races", no_argument, NULL, 'R'},
    {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0},
};

static void take(struct options *options, struct sim *sim, int option, const char *value)
{
    switch (option) {
    case 'p':
        options->port = (int)parse_number("--port", value, 65535);
        break;
    case 'a':
        options->admin_port = (int)parse_number("--admin-port", value, 65535);
        break;
    case 'b':
        options->bind = value;
        break;
    case 'f':
        options->port_file = value;
        break;
    case 'c':
        read_config(sim, value);
        break;
    case 't':
        add_token(sim, value);
        break;
    case 's':
        sim->store = value;
        break;
    case 'd':
        sim->store = NULL;
        break;
    case 'w':
        sim->delay_ms = parse_number("--delay-ms", value, 3600000);
        break;
    case 'm':
        sim->max_body = (uint64_t)parse_number("--max-body", value, INT64_MAX);
        break;
    case 'r':
    case 'R':
        sim->model->races = option == 'r';
        break;
    case 'h':
        fputs(usage, stdout);
        exit(EXIT_SUCCESS);
    default:
        refuse("options", "not understood");
    }
}

void options_parse(struct options *options, struct sim *sim, int argc, char **argv)
{
    *options = (struct options){.bind = "127.0.0.1"};
    for (int option; (option = getopt_long(argc, argv, "", long_options, NULL)) != -1;)
        take(options, sim, option, optarg);
    if (optind != argc)
        refuse(argv[optind], "not understood");
    if (sim->store && mkdir(sim->store, 0750) != 0 && errno != EEXIST)
        refuse(sim->store, strerror(errno));
}

void options_tell_ports(const struct options *options, int port, int admin_port)
{
    printf("kheops-sim: http://%s:%d/api, admin and page http://%s:%d/\n", options->bind, port, options->bind,
           admin_port);
    fflush(stdout);
    if (!options->port_file)
        return;
    AUTO(text_release) struct text partial = TEXT_EMPTY;
    text_format(&partial, "%s.part", options->port_file);
    FILE *file = fopen(text_string(&partial), "we");
    if (!file || fprintf(file, "%d %d\n", port, admin_port) < 0 || fclose(file) != 0 ||
        rename(text_string(&partial), options->port_file) != 0)
        refuse(options->port_file, strerror(errno));
}
