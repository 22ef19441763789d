#include "tests/support/front.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/require.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { START_MS = 30000, END_MS = 10000, ARGUMENTS_MOST = 12 };

/* Its folder, where nobody may write, too. */
static struct front *front_begin(struct sandbox *sandbox, const char *name)
{
    struct front *front = memory_new(1, sizeof *front);
    front->folder = sandbox_make_folder(sandbox, "%s", name);
    front->log = sandbox_path(sandbox, "%s.log", name);
    front->port = port_free();
    require(chmod(sandbox_folder(sandbox), 0711) == 0 && chmod(front->folder, 0777) == 0, "%s",
            front->folder);
    return front;
}

static void front_configure(struct front *front, struct sandbox *sandbox, const char *name,
                            const struct text *config)
{
    AUTO(text_release) struct text file = TEXT_EMPTY;
    text_format(&file, "%s/conf", name);
    front->config = sandbox_write(sandbox, text_string(&file), text_string(config));
    require(chmod(front->config, 0644) == 0, "%s", front->config);
}

static struct front *front_launch(struct front *front, const char *const *command)
{
    const struct process_options options = {.folder = "/", .output = front->log};
    const char *argv[ARGUMENTS_MOST] = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
    size_t count = geteuid() == 0 ? 4 : 0;
    for (; *command; command++) {
        require(count + 1 < ARGUMENTS_MOST, "too many arguments");
        argv[count++] = *command;
    }
    argv[count] = NULL;
    front->process = process_start(argv, &options);
    require(port_wait(front->port, START_MS), "%s does not start: see %s", front->folder, front->log);
    return front;
}

void front_destroy(struct front **front)
{
    if (!*front)
        return;
    (void)process_end((*front)->process, END_MS);
    process_destroy(&(*front)->process);
    memory_free(front);
}

/* ---- HAProxy ---- */

struct front *front_haproxy(struct sandbox *sandbox, const char *name, int upstream_port,
                            int server_timeout_ms)
{
    AUTO(text_release) struct text config = TEXT_EMPTY;
    struct front *front = front_begin(sandbox, name);
    text_format(&config,
                "global\n  maxconn 100\n"
                "defaults\n  mode http\n  timeout connect 2s\n  timeout client 10s\n  timeout server %dms\n"
                "listen front\n  bind 127.0.0.1:%d\n  server kheops 127.0.0.1:%d\n",
                server_timeout_ms, front->port, upstream_port);
    front_configure(front, sandbox, name, &config);
    return front_launch(front, (const char *const[]){"/usr/sbin/haproxy", "-db", "-f", front->config, NULL});
}

/* ---- squid ---- */

struct front *front_squid(struct sandbox *sandbox, const char *name, bool credentials, bool allows)
{
    AUTO(text_release) struct text config = TEXT_EMPTY;
    AUTO(text_release) struct text file = TEXT_EMPTY;
    struct front *front = front_begin(sandbox, name);
    text_format(&file, "%s/passwords", name);
    const char *passwords =
        sandbox_write(sandbox, text_string(&file), "user:$apr1$felucca1$Fg/RryU4uFiar6Vo4tVA81\n");
    require(chmod(passwords, 0644) == 0, "%s", passwords);
    text_format(
        &config,
        "http_port 127.0.0.1:%d\npid_filename none\ncoredump_dir %s\ncache_log %s/cache.log\naccess_log none\n"
        "cache deny all\nshutdown_lifetime 0 seconds\nvisible_hostname front\nnetdb_filename none\n",
        front->port, front->folder, front->folder);
    if (credentials)
        text_format(
            &config,
            "auth_param basic program /usr/lib/squid/basic_ncsa_auth %s\nauth_param basic children 1\n"
            "acl known proxy_auth REQUIRED\nhttp_access deny !known\n",
            passwords);
    text_format(&config, "http_access %s all\n", allows ? "allow" : "deny");
    front_configure(front, sandbox, name, &config);
    return front_launch(front, (const char *const[]){"/usr/sbin/squid", "-N", "-f", front->config, NULL});
}

/* ---- Apache with ModSecurity ---- */

/* Debian's own file, with its log where nobody may write. */
static void append_recommended(const struct front *front, struct text *config)
{
    AUTO(text_release) struct text recommended = TEXT_EMPTY;
    file_read("/etc/modsecurity/modsecurity.conf-recommended", &recommended);
    for (const char *line = text_string(&recommended), *end; (end = strchr(line, '\n')); line = end + 1) {
        if (string_starts_with(line, "SecAuditLog "))
            text_format(config, "SecAuditLog %s/audit.log\n", front->folder);
        else if (string_starts_with(line, "SecUnicodeMapFile "))
            text_append(config, "SecUnicodeMapFile /etc/modsecurity/unicode.mapping 20127\n");
        else
            text_append_bytes(config, line, (size_t)(end + 1 - line));
    }
}

static void append_modules(struct text *config)
{
    static const char *const modules[] = {"mpm_event", "authz_core", "unique_id", "proxy", "proxy_http"};
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
        text_format(config, "LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n", modules[i],
                    modules[i]);
    text_append(config, "LoadModule security2_module /usr/lib/apache2/modules/mod_security2.so\n");
}

struct front *front_modsecurity(struct sandbox *sandbox, const char *name, int upstream_port,
                                int64_t body_limit)
{
    AUTO(text_release) struct text config = TEXT_EMPTY;
    struct front *front = front_begin(sandbox, name);
    text_format(
        &config,
        "ServerRoot %s\nServerName front\nListen 127.0.0.1:%d\nPidFile %s/pid\nErrorLog %s/error.log\n"
        "Mutex file:%s default\n",
        front->folder, front->port, front->folder, front->folder, front->folder);
    append_modules(&config);
    append_recommended(front, &config);
    text_format(
        &config,
        "SecRuleEngine On\nSecAuditEngine Off\nSecDataDir %s\nSecTmpDir %s\n"
        "Include /etc/modsecurity/crs/crs-setup.conf\nInclude /usr/share/modsecurity-crs/rules/*.conf\n",
        front->folder, front->folder);
    if (body_limit > 0)
        text_format(&config, "SecRequestBodyLimit %lld\nSecRequestBodyNoFilesLimit %lld\n",
                    (long long)body_limit, (long long)body_limit);
    text_format(&config, "ProxyPass / http://127.0.0.1:%d/\n", upstream_port);
    front_configure(front, sandbox, name, &config);
    return front_launch(front, (const char *const[]){"/usr/sbin/apache2", "-X", "-f", front->config, NULL});
}
