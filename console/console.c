#include "console/console.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/service/web_server.h"
#include "console/door.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { TURN_MS = 1000, PEM_MOST = 1 << 20, THREADS = 4 };

struct console {
    struct service *service;
    char *bind; /* where it listens since its start */
    int port;
    struct text certificate, key; /* PEM; empty: plain HTTP */
    struct gauges *gauges;
    struct door *door;
    struct web_server *server; /* NULL: it could not listen again after a renewal, and tries */
};

/* Bounds for browsers: each has a few connections, and one that does not read its answer costs others nothing. */
static const struct web_server_rules bounds = {.answer = door_answer,
                                               .connections = 256,
                                               .per_address = 64,
                                               .connection_bytes = (size_t)32 * 1024,
                                               .body_bytes = DOOR_FORM_BYTES,
                                               .threads = THREADS,
                                               .person = door_person,
                                               .is_shared = door_is_shared,
                                               .more_bytes = door_more_bytes,
                                               .ask_ms = 10000,
                                               .answer_ms = 30000,
                                               .rest_ms = 30000};

/* A PEM file's text; empty without one. False: it cannot be read, which is logged. */
static bool read_pem(const char *path, struct text *out)
{
    char part[4096];
    if (!path)
        return true;
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    for (ssize_t got = fd < 0 ? -1 : 1; got != 0;) {
        got = fd < 0 ? -1 : read(fd, part, sizeof part);
        if (got < 0 || out->length > PEM_MOST) {
            log_error("cannot read a file of console: tls", LOG_S("path", path),
                      LOG_S("reason", got < 0 ? err_text(err_from_errno(errno)) : "it is too large"));
            return false;
        }
        text_append_bytes(out, part, (size_t)got);
    }
    explicit_bzero(part, sizeof part);
    return true;
}

static void wipe(struct text *text)
{
    if (text->bytes)
        explicit_bzero(text->bytes, text->capacity);
    text_release(text);
}

static bool read_files(const struct config *config, struct text *certificate, struct text *key)
{
    return read_pem(config->console.certificate_file, certificate) && read_pem(config->console.key_file, key);
}

static bool listen_with(struct console *console, const struct text *certificate, const struct text *key)
{
    struct web_server_rules rules = bounds;
    rules.context = console->door;
    rules.certificate = certificate->length > 0 ? text_string(certificate) : NULL;
    rules.key = certificate->length > 0 ? text_string(key) : NULL;
    web_server_destroy(&console->server);
    if (web_server_create(&rules, console->bind, console->port, &console->server) == 0)
        return true;
    log_error(rules.certificate
                  ? "cannot listen: the address is taken, or certificate and key are none or do not fit"
                  : "cannot listen",
              LOG_S("bind", console->bind), LOG_I("port", console->port));
    return false;
}

/* People are known, or there are none. */
static bool can_sign_in(const struct console *console)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (door_read_users(console->door, &reason) == 0)
        return true;
    log_error("nobody can sign in", LOG_S("reason", text_string(&reason)));
    return false;
}

static void move_text(struct text *to, struct text *from)
{
    wipe(to);
    *to = *from;
    *from = (struct text)TEXT_EMPTY;
}

/* The files of now, where they are good; else those that it has. Who is connected connects again. */
static void renew_certificate(struct console *console, const struct config *config)
{
    AUTO(wipe) struct text certificate = TEXT_EMPTY, key = TEXT_EMPTY;
    if (!console->certificate.length || !config->console.certificate_file ||
        !read_files(config, &certificate, &key))
        return;
    if (strcmp(text_string(&certificate), text_string(&console->certificate)) == 0 &&
        strcmp(text_string(&key), text_string(&console->key)) == 0)
        return;
    if (listen_with(console, &certificate, &key)) {
        move_text(&console->certificate, &certificate);
        move_text(&console->key, &key);
        log_info("has a new certificate");
    } else if (listen_with(console, &console->certificate, &console->key)) {
        log_warning("keeps the certificate that it had");
    }
}

/* Whether it would listen elsewhere, or otherwise. */
static bool is_elsewhere(const struct console *console, const struct config *new)
{
    return strcmp(console->bind, new->console.bind) != 0 || console->port != new->console.port ||
           !console->certificate.length != !new->console.certificate_file;
}

/* What it shows counts at once, where it listens from its next start on. */
static void take_config(void *context, const struct config *old, const struct config *new)
{
    struct console *console = context;
    (void)old;
    if (console->server)
        web_server_rest(console->server); /* the old configuration goes after this */
    door_configure(console->door, new);
    if (console->server)
        web_server_go_on(console->server);
    if (!new->console.is_written)
        log_warning("the configuration has no console any more, ignoring that until the next start");
    else if (is_elsewhere(console, new))
        log_warning("a new console address, or TLS or none, needs a restart, ignoring it until then");
    (void)can_sign_in(console);
    renew_certificate(console, new);
}

struct console *console_create(struct service *service)
{
    const struct config *config = service_config(service);
    if (!config->console.is_written) {
        log_error("the configuration has no console; write console: {} for one");
        return NULL;
    }
    AUTO(console_destroy) struct console *console = memory_new(1, sizeof *console);
    console->service = service;
    console->gauges = gauges_create(service_metrics(service));
    console->door = door_create(config, console->gauges);
    console->bind = memory_string(config->console.bind);
    console->port = config->console.port;
    if (!can_sign_in(console) || !read_files(config, &console->certificate, &console->key) ||
        !listen_with(console, &console->certificate, &console->key))
        return NULL;
    log_info("shows its pages", LOG_S("bind", console->bind), LOG_I("port", console->port),
             LOG_S("tls", console->certificate.length > 0 ? "yes" : "no"));
    service_on_reload(service, take_config, console);
    struct console *created = console;
    console = NULL;
    return created;
}

void console_destroy(struct console **console)
{
    if (!*console)
        return;
    web_server_destroy(&(*console)->server);
    door_destroy(&(*console)->door);
    gauges_destroy(&(*console)->gauges);
    wipe(&(*console)->certificate);
    wipe(&(*console)->key);
    memory_free(&(*console)->bind);
    memory_free(console);
}

bool console_turn(void *context)
{
    struct console *console = context;
    if (!console->server)
        (void)listen_with(console, &console->certificate, &console->key);
    struct pollfd polled[] = {{.fd = console->server ? web_server_fd(console->server) : -1, .events = POLLIN},
                              {.fd = service_signal_fd(console->service), .events = POLLIN}};
    int64_t wait_ms = console->server ? web_server_wait_ms(console->server) : TURN_MS;
    if (service_stopping(console->service))
        wait_ms = 0;
    (void)poll(polled, 2, wait_ms < 0 || wait_ms > TURN_MS ? TURN_MS : (int)wait_ms);
    if (console->server)
        web_server_turn(console->server);
    metrics_progress(service_metrics(console->service), true);
    return false;
}
