#include "common/service/service.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/commit.h"
#include "common/base/core_dumps.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/config/cell.h"
#include "common/config/keys.h"
#include "common/config/processes.h"
#include "common/service/service_options.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { DRAIN_MS = 30 * 1000 };

struct service {
    const struct processes_row *process;
    struct service_options options;
    struct config *config;
    struct metrics *metrics;
    struct metric *reloads;
    int signal_fd;
    bool stopping;
    int64_t drain_ms;
    void (*reload)(void *context, const struct config *old, const struct config *new);
    void *reload_context;
};

/* ---- configuration and log ---- */

/* What the name service says is waited for only where a person does. */
static void find_names(const struct processes_row *process, struct config *config, const struct config *old,
                       bool check, struct text *warnings)
{
    if (!(process->traits & PROCESS_RESOLVES))
        return;
    if (check)
        config_resolve_names(config, warnings);
    else
        (void)config_share_names(config, old);
}

/* old: the configuration that it replaces, or NULL. */
static int service_load(const struct service *service, const char *path, const struct config *old,
                        struct config **ret_config, struct text *errors, struct text *warnings)
{
    AUTO(config_destroy) struct config *config = NULL;
    int code = config_load(path, &config, errors, warnings);
    if (code == 0)
        code = config_check_keys(config, service->process, errors, warnings);
    if (code != 0)
        return code;
    find_names(service->process, config, old, service->options.check, warnings);
    *ret_config = config;
    config = NULL;
    return 0;
}

static void set_log(const struct service *service)
{
    const struct service_options *options = &service->options;
    log_setup(service->process->name, options->has_level ? options->level : service->config->log.level,
              options->has_format ? options->format : service->config->log.format);
    char cell[CONFIG_CELL_SIZE];
    log_set_cell(config_cell(service->config, cell));
}

static void log_lines(enum log_level level, const char *message, const struct text *lines)
{
    AUTO(memory_free) char *copy = memory_string(text_string(lines));
    for (char *rest = copy, *line; (line = strsep(&rest, "\n"));)
        if (*line)
            LOG_AT(level, message, LOG_S("line", line));
}

static size_t count_destinations(const struct config *config, size_t *ret_albums)
{
    size_t destinations = 0;
    *ret_albums = 0;
    for (size_t n = 0; n < config->node_count; n++) {
        destinations += config->nodes[n].destination_count;
        for (size_t d = 0; d < config->nodes[n].destination_count; d++)
            *ret_albums += config->nodes[n].destinations[d].album_count;
    }
    return destinations;
}

void service_print_summary(const struct config *config, struct text *out)
{
    size_t albums, destinations = count_destinations(config, &albums);
    text_format(out, "configuration OK: %zu node%s, %zu destination%s, %zu album%s\n", config->node_count,
                config->node_count == 1 ? "" : "s", destinations, destinations == 1 ? "" : "s", albums,
                albums == 1 ? "" : "s");
}

/* ---- start ---- */

/* The text must be out before the process exits; nobody else holds it. */
_Noreturn static void service_end(int status, FILE *stream, struct text *text)
{
    fputs(text_string(text), stream);
    text_release(text);
    exit(fflush(stream) == 0 ? status : EXIT_NO);
}

static void take_options(const char *name, int argc, char **argv, struct service_options *ret_options)
{
    struct text text = TEXT_EMPTY;
    text_format(&text, "felucca-%s: ", name);
    if (service_options_parse(argc, argv, ret_options, &text) != 0) {
        text_append(&text, "; --help shows what there is\n");
        service_end(EXIT_USAGE, stderr, &text);
    }
    text_clear(&text);
    if (ret_options->help) {
        service_options_help(name, &text);
        service_end(EXIT_OK, stdout, &text);
    }
    if (ret_options->version) {
        text_format(&text, "felucca-%s %s, commit %s\n", name, FELUCCA_VERSION, commit_name());
        service_end(EXIT_OK, stdout, &text);
    }
    text_release(&text);
}

static void take_config(struct service *service, struct text *ret_warnings)
{
    struct text errors = TEXT_EMPTY;
    int code = service_load(service, service->options.config, NULL, &service->config, &errors, ret_warnings);
    if (code != 0) {
        fputs(text_string(ret_warnings), stderr);
        service_end(EXIT_CONFIG, stderr, &errors);
    }
    text_release(&errors);
    if (service->options.check) {
        struct text summary = TEXT_EMPTY;
        fputs(text_string(ret_warnings), stderr);
        service_print_summary(service->config, &summary);
        service_end(EXIT_OK, stdout, &summary);
    }
}

static int open_signals(void)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    sigset_t taken;
    (void)sigemptyset(&taken);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        (void)sigaddset(&taken, numbers[i]);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* who writes hears EFBIG */
    if (sigprocmask(SIG_BLOCK, &taken, NULL) != 0)
        return -1;
    return signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC);
}

void service_describe(const struct config *config, struct metrics *metrics)
{
    static const char *const labels[] = {"version", "commit", "cell", NULL};
    char cell[CONFIG_CELL_SIZE];
    struct metric *info = metrics_add(metrics, METRIC_GAUGE, "build_info",
                                      "The version that runs, and the cell's name.", labels);
    metric_clear(info);
    metric_set(info, (const char *const[]){FELUCCA_VERSION, commit_name(), config_cell(config, cell)}, 1);
    metric_set(metrics_add(metrics, METRIC_GAUGE, "start_time_seconds",
                           "When the process started, in seconds since 1970.", NULL),
               NULL, (double)clock_wall_ms() / 1000);
}

static void add_metrics(struct service *service)
{
    static const char *const outcome[] = {"outcome", NULL};
    service->metrics = metrics_create();
    service_describe(service->config, service->metrics);
    service->reloads = metrics_add(service->metrics, METRIC_COUNTER, "config_reloads_total",
                                   "How often the configuration was read again.", outcome);
    metric_add(service->reloads, (const char *const[]){"ok"}, 0);
    metric_add(service->reloads, (const char *const[]){"failed"}, 0);
}

/* A line of JSON says its cell anyway. */
static void log_start(const struct service *service)
{
    char cell[CONFIG_CELL_SIZE];
    const struct log_field fields[] = {LOG_S("version", FELUCCA_VERSION),
                                       LOG_S("commit", commit_name()),
                                       LOG_S("config", service->config->path),
                                       {.key = log_current_format() == LOG_JSON ? NULL : "cell",
                                        .string = config_cell(service->config, cell)},
                                       {.key = NULL}};
    if (log_current_level() >= LOG_INFO)
        log_write(LOG_INFO, "starts", fields);
}

struct service *service_start(const char *name, int argc, char **argv)
{
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    struct service *service = memory_new(1, sizeof *service);
    service->process = processes_find(name);
    assert(service->process);
    service->drain_ms = DRAIN_MS;
    service->signal_fd = -1;
    take_options(name, argc, argv, &service->options);
    /* Signals that come while the configuration is read wait for the first turn. */
    service->signal_fd = open_signals();
    if (service->signal_fd < 0) {
        fprintf(stderr, "felucca-%s: signals cannot be read: %s\n", name, strerror(errno));
        exit(EXIT_NO);
    }
    take_config(service, &warnings);
    if (!service->config->core_dumps)
        core_dumps_refuse();
    set_log(service);
    add_metrics(service);
    log_start(service);
    log_lines(LOG_WARNING, "configuration", &warnings);
    return service;
}

void service_stop(struct service **service)
{
    if (!*service)
        return;
    metrics_destroy(&(*service)->metrics);
    config_destroy(&(*service)->config);
    fd_close(&(*service)->signal_fd);
    free(*service);
    *service = NULL;
}

const struct config *service_config(const struct service *service)
{
    return service->config;
}

struct metrics *service_metrics(struct service *service)
{
    return service->metrics;
}

/* ---- signals ---- */

static bool differs(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") != 0;
}

/* Sockets and the spool are opened once. */
static void warn_of_restart(const struct config *old, const struct config *new)
{
    if (differs(old->state_dir, new->state_dir))
        log_warning("a new state_dir needs a restart, ignoring it until then");
    if (differs(old->endpoints.hints, new->endpoints.hints) ||
        differs(old->endpoints.work, new->endpoints.work) ||
        differs(old->endpoints.control, new->endpoints.control))
        log_warning("new endpoints need a restart, ignoring them until then");
    if (differs(old->cell, new->cell))
        log_warning("a new cell's name needs a restart, ignoring it until then");
    if (differs(old->metrics.bind, new->metrics.bind) || old->metrics.port != new->metrics.port)
        log_warning("a new metrics address needs a restart, ignoring it until then");
}

static void service_reload(struct service *service)
{
    struct config *old = service->config;
    AUTO(config_destroy) struct config *new = NULL;
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    if (service_load(service, old->path, old, &new, &errors, &warnings) != 0) {
        log_lines(LOG_ERROR, "configuration", &errors);
        log_error("the new configuration is wrong, keeping the old one");
        metric_add(service->reloads, (const char *const[]){"failed"}, 1);
        return;
    }
    log_lines(LOG_WARNING, "configuration", &warnings);
    /* A process that can open its sockets anew says itself what it does. */
    if (!(service->process->traits & PROCESS_REOPENS))
        warn_of_restart(old, new);
    service->config = new;
    set_log(service);
    if (service->reload)
        service->reload(service->reload_context, old, new);
    new = old; /* is released here */
    metric_add(service->reloads, (const char *const[]){"ok"}, 1);
    log_info("configuration read again", LOG_S("config", service->config->path));
}

static void change_detail(int step)
{
    int level = (int)log_current_level() + step;
    if (level >= LOG_ERROR && level <= LOG_DEBUG)
        log_set_level((enum log_level)level);
    log_write(LOG_INFO, "log level changed",
              (struct log_field[]){LOG_S("to", log_level_name(log_current_level())), {0}});
}

static void service_take_stop(struct service *service, int number)
{
    if (!service->stopping)
        log_info("stops after what is in hand", LOG_S("signal", strsignal(number)));
    service->stopping = true;
}

int service_signal_fd(const struct service *service)
{
    return service->signal_fd;
}

void service_turn(struct service *service)
{
    struct signalfd_siginfo info;
    bool again = false; /* many SIGHUPs at once are one */
    while (read(service->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP)
            again = true;
        else if (info.ssi_signo == SIGUSR1)
            change_detail(1);
        else if (info.ssi_signo == SIGUSR2)
            change_detail(-1);
        else
            service_take_stop(service, (int)info.ssi_signo);
    }
    if (again)
        service_reload(service);
}

bool service_stopping(const struct service *service)
{
    return service->stopping;
}

void service_on_reload(struct service *service,
                       void (*callback)(void *context, const struct config *old, const struct config *new),
                       void *context)
{
    service->reload = callback;
    service->reload_context = context;
}

/* ---- the life between ---- */

void service_serve_metrics(struct service *service)
{
    const struct config *config = service->config;
    bool helper = service->process->count == PROCESS_HELPER;
    if (helper || config->metrics.port == 0 || metrics_port(service->metrics) != 0)
        return;
    int port = config->metrics.port + service->process->port;
    /* A further sender on the same machine finds the port taken, and goes on without. */
    if (metrics_serve(service->metrics, config->metrics.bind, port) != 0)
        log_warning("no metrics: the address is not free", LOG_S("bind", config->metrics.bind),
                    LOG_I("port", port));
    else
        log_info("metrics", LOG_S("bind", config->metrics.bind), LOG_I("port", port));
}

int service_run(struct service *service, bool (*turn)(void *context), void *context)
{
    service_serve_metrics(service);
    while (!service->stopping) {
        (void)turn(context);
        service_turn(service);
    }
    int64_t deadline_ms = clock_monotonic_ms() + service->drain_ms;
    bool busy = turn(context);
    while (busy && clock_monotonic_ms() < deadline_ms) {
        busy = turn(context);
        service_turn(service);
    }
    if (busy)
        log_warning("what was in hand did not end in time, leaving it to the next start");
    log_info("stopped");
    return EXIT_OK;
}

void service_set_drain(struct service *service, int64_t drain_ms)
{
    service->drain_ms = drain_ms;
}
