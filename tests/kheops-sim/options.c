#include "tests/kheops-sim/options.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/random.h"

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
    "  --stow-ms N, --series-ms N, --mib-ms N   how long a STOW request takes KHEOPS: each, for each new\n"
    "                      series, for each MiB (measured of the real one: 100, 15, 190; default 0)\n"
    "  --silence-ms N      an answer that takes longer is a 504 of nginx (default 120000)\n"
    "  --latin1            the PACS keeps Latin-1 letters only, as an Orthanc with its default encoding\n"
    "  --overwrite         the PACS keeps the last bytes of an instance, not the first\n"
    "  --max-pixels BYTES  a larger instance cannot be read (default 2 GiB)\n"
    "  --answers FILE      another table than answers.txt\n"
    "  --max-body BYTES    larger requests get 413 (default 20000 MiB)\n"
    "  --races, --no-races parallel first requests of a study lose instances (default), or not\n"
    "  --help\n"
    "Or, to ask a KHEOPS what answers.txt says (docs/kheops.md):\n"
    "  --compare URL       asks it, prints what differs; 0: nothing, 1: something, 2: it could not be asked\n"
    "  --tokens FILE       its tokens, lines of NAME TOKEN\n"
    "  --when STATE        the questions for that state of it: \"database away\", ...\n"
    "  --run N             makes the UIDs of the run of that number again\n";

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
    {"port", required_argument, NULL, 'p'},
    {"admin-port", required_argument, NULL, 'a'},
    {"bind", required_argument, NULL, 'b'},
    {"port-file", required_argument, NULL, 'f'},
    {"config", required_argument, NULL, 'c'},
    {"token", required_argument, NULL, 't'},
    {"store", required_argument, NULL, 's'},
    {"discard", no_argument, NULL, 'd'},
    {"delay-ms", required_argument, NULL, 'w'},
    {"max-body", required_argument, NULL, 'm'},
    {"stow-ms", required_argument, NULL, 'W'},
    {"series-ms", required_argument, NULL, 'S'},
    {"mib-ms", required_argument, NULL, 'M'},
    {"silence-ms", required_argument, NULL, 'n'},
    {"latin1", no_argument, NULL, 'l'},
    {"overwrite", no_argument, NULL, 'o'},
    {"max-pixels", required_argument, NULL, 'x'},
    {"answers", required_argument, NULL, 'A'},
    {"compare", required_argument, NULL, 'C'},
    {"tokens", required_argument, NULL, 'T'},
    {"when", required_argument, NULL, 'e'},
    {"run", required_argument, NULL, 'N'},
    {"races", no_argument, NULL, 'r'},
    {"no-races", no_argument, NULL, 'R'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* Whether the option is a number, which it takes over. */
static bool take_number(struct options *options, struct sim *sim, int option, const char *value)
{
    enum { HOUR_MS = 3600000 };
    const struct place {
        int option;
        _Atomic int64_t *shared;
        int64_t *number;
        uint64_t *size;
        int *port;
    } places[] = {
        {.option = 'p', .port = &options->port},     {.option = 'a', .port = &options->admin_port},
        {.option = 'w', .shared = &sim->delay_ms},   {.option = 'W', .shared = &sim->stow_ms},
        {.option = 'S', .shared = &sim->series_ms},  {.option = 'M', .shared = &sim->mib_ms},
        {.option = 'n', .number = &sim->silence_ms}, {.option = 'm', .size = &sim->max_body},
        {.option = 'x', .size = &sim->max_pixels},
    };
    size_t i = 0;
    while (i < sizeof places / sizeof *places && places[i].option != option)
        i++;
    if (i == sizeof places / sizeof *places)
        return false;
    const char *name = value;
    if (places[i].port)
        *places[i].port = (int)parse_number(name, value, 65535);
    else if (places[i].size)
        *places[i].size = (uint64_t)parse_number(name, value, INT64_MAX);
    else if (places[i].number)
        *places[i].number = parse_number(name, value, HOUR_MS);
    else
        atomic_store(places[i].shared, parse_number(name, value, HOUR_MS));
    return true;
}

static void take(struct options *options, struct sim *sim, int option, const char *value)
{
    switch (option) {
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
    case 'd':
        sim->store = option == 's' ? value : NULL;
        break;
    case 'l':
        sim->model->latin1 = true;
        break;
    case 'o':
        sim->model->overwrites = true;
        break;
    case 'A':
        options->answers = value;
        break;
    case 'C':
        options->run.url = value;
        break;
    case 'T':
        if (run_read_tokens(&options->run, value) != 0)
            refuse(value, "cannot be read, or has a line that is not NAME TOKEN");
        break;
    case 'e':
        options->run.when = value;
        break;
    case 'N':
        options->run.number = (uint64_t)parse_number("--run", value, INT32_MAX);
        break;
    case 'r':
    case 'R':
        sim->model->races = option == 'r';
        break;
    case 'h':
        fputs(usage, stdout);
        exit(EXIT_SUCCESS);
    default:
        if (!take_number(options, sim, option, value))
            refuse("options", "not understood");
    }
}

static void read_answers(const struct options *options, struct sim *sim)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (recorded_table_read(options->answers, &sim->answers, &reason) != 0)
        refuse(options->answers ? options->answers : "answers.txt", text_string(&reason));
}

void options_parse(struct options *options, struct sim *sim, int argc, char **argv)
{
    *options = (struct options){.bind = "127.0.0.1", .run = {.when = "", .number = random_below(INT32_MAX)}};
    for (int option; (option = getopt_long(argc, argv, "", long_options, NULL)) != -1;)
        take(options, sim, option, optarg);
    read_answers(options, sim);
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
