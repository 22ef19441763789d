#include "tests/support/nginx.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/require.h"

#include <stdio.h>
#include <string.h>

enum { START_MS = 20000, END_MS = 10000 };

static const char head[] =
    "daemon off;\nmaster_process off;\n"
    "pid %s/pid;\nerror_log %s info;\n"
    "events { worker_connections 256; }\n"
    "http {\n"
    "log_format short '$server_protocol $status $connection_requests';\n"
    "access_log %s short;\n"
    "client_body_temp_path %s/body;\nproxy_temp_path %s/proxy;\n"
    "fastcgi_temp_path %s/fastcgi;\nuwsgi_temp_path %s/uwsgi;\nscgi_temp_path %s/scgi;\n";

static const char location[] = "location / {\n"
                               "  proxy_pass http://127.0.0.1:%d;\n"
                               "  proxy_http_version 1.1;\n  proxy_set_header Host $http_host;\n"
                               "  proxy_request_buffering off;\n  proxy_buffering off;\n}\n";

static void append_server(const struct nginx_server *server, int port, struct text *out)
{
    const char *tls = server->certificate ? " ssl" : "";
    text_format(out, "server {\nlisten 127.0.0.1:%d%s%s;\n", port, tls, server->http2 ? " http2" : "");
    if (server->certificate)
        text_format(out, "ssl_certificate %s;\nssl_certificate_key %s;\n", server->certificate, server->key);
    if (!server->more || !strstr(server->more, "client_max_body_size"))
        text_append(out, "client_max_body_size 0;\n");
    if (server->more)
        text_append(out, server->more);
    if (server->upstream_port)
        text_format(out, location, server->upstream_port);
    text_append(out, "}\n");
}

static void launch(struct nginx *nginx)
{
    const char *const argv[] = {"/usr/sbin/nginx", "-e", nginx->log, "-c", nginx->config, NULL};
    const struct process_options options = {.output = nginx->log};
    nginx->process = process_start(argv, &options);
    for (size_t i = 0; i < nginx->count; i++)
        require(port_wait(nginx->ports[i], START_MS), "nginx does not start: see %s", nginx->log);
}

struct nginx *nginx_start(struct sandbox *sandbox, const char *name, const struct nginx_server *servers,
                          size_t count)
{
    AUTO(text_release) struct text config = TEXT_EMPTY;
    AUTO(text_release) struct text file = TEXT_EMPTY;
    struct nginx *nginx = memory_new(1, sizeof *nginx);
    const char *folder = sandbox_make_folder(sandbox, "%s", name);
    require(count <= NGINX_SERVERS_MOST, "too many servers");
    nginx->sandbox = sandbox;
    nginx->log = sandbox_path(sandbox, "%s.log", name);
    nginx->access_log = sandbox_path(sandbox, "%s.access.log", name);
    nginx->count = count;
    text_format(&config, head, folder, nginx->log, nginx->access_log, folder, folder, folder, folder, folder);
    for (size_t i = 0; i < count; i++) {
        nginx->ports[i] = port_free();
        append_server(&servers[i], nginx->ports[i], &config);
    }
    text_append(&config, "}\n");
    text_format(&file, "%s.conf", name);
    nginx->config = sandbox_write(sandbox, text_string(&file), text_string(&config));
    launch(nginx);
    return nginx;
}

void nginx_destroy(struct nginx **nginx)
{
    if (!*nginx)
        return;
    if ((*nginx)->process)
        (void)process_end((*nginx)->process, END_MS);
    process_destroy(&(*nginx)->process);
    memory_free(nginx);
}

void nginx_kill(struct nginx *nginx)
{
    process_kill(nginx->process);
    process_destroy(&nginx->process);
}

void nginx_start_again(struct nginx *nginx)
{
    launch(nginx);
}

/* As the kernel lists it: local address, remote address, state 01 (established). */
static bool has_no_client(void *context)
{
    AUTO(text_release) struct text table = TEXT_EMPTY;
    char local[32];
    (void)snprintf(local, sizeof local, " 0100007F:%04X ", (unsigned)*(const int *)context);
    file_read("/proc/net/tcp", &table);
    for (const char *at = text_string(&table); (at = strstr(at, local)); at++) {
        const char *state = strchr(at + strlen(local), ' ');
        if (state && strncmp(state, " 01", 3) == 0)
            return false;
    }
    return true;
}

bool nginx_wait_no_client(const struct nginx *nginx, size_t server, int64_t limit_ms)
{
    int port = nginx->ports[server];
    return wait_until(has_no_client, &port, limit_ms);
}
