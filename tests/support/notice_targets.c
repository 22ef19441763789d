#include "tests/support/notice_targets.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/authority.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/port.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECRET "s3cret-of-the-hook"

enum { START_MS = 30000 };

struct notice_targets {
    struct sandbox *sandbox;
    struct process *process;
    const char *folder, *authority;
    int web_port, mail_port;
};

static bool is_ready(void *context)
{
    const struct notice_targets *targets = context;
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "%s/ports", targets->folder);
    return file_exists(text_string(&path));
}

static void check_ready(struct notice_targets *targets)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    bool ready = wait_until(is_ready, targets, START_MS);
    if (!ready)
        file_read(sandbox_path(targets->sandbox, "targets.log"), &log);
    ck_assert_msg(ready, "the targets do not start: %s", text_string(&log));
}

static const char *in_folder(const struct notice_targets *targets, const char *name)
{
    return sandbox_path(targets->sandbox, "targets/%s", name);
}

struct notice_targets *notice_targets_start(struct sandbox *sandbox)
{
    struct notice_targets *targets = memory_new(1, sizeof *targets);
    struct certificate ca = authority_create(sandbox, "mail-ca");
    struct certificate mail = authority_sign(sandbox, &ca, "mail", "IP:127.0.0.1", 2);
    char port[16];
    AUTO(text_release) struct text ports = TEXT_EMPTY;
    (void)snprintf(port, sizeof port, "%d", port_free());
    targets->sandbox = sandbox;
    targets->folder = sandbox_make_folder(sandbox, "targets");
    targets->authority = ca.certificate;
    const char *const argv[] = {"/usr/bin/python3",
                                FELUCCA_SOURCE "/tests/tools/notice-targets.py",
                                targets->folder,
                                SECRET,
                                mail.certificate,
                                mail.key,
                                port,
                                NULL};
    const struct process_options how = {.output = sandbox_path(sandbox, "targets.log")};
    targets->process = process_start(argv, &how);
    check_ready(targets);
    file_read(in_folder(targets, "ports"), &ports);
    char *behind = NULL;
    targets->web_port = (int)strtol(text_string(&ports), &behind, 10);
    targets->mail_port = (int)strtol(behind, NULL, 10);
    return targets;
}

void notice_targets_destroy(struct notice_targets **targets)
{
    if (!*targets)
        return;
    process_destroy(&(*targets)->process);
    memory_free(targets);
}

void notice_targets_append(const struct notice_targets *targets, const char *webhooks, const char *when,
                           struct text *out)
{
    text_format(out,
                "notify:\n  webhooks:\n%s    - { name: hook, url: 'http://127.0.0.1:%d/hook?key=1', secret: "
                "'" SECRET
                "' }\n  mail:\n    - { name: post, to: 'ops@example.org, night@example.org', from: "
                "felucca@example.org, server: '127.0.0.1:%d', user: ops, password: hush, ca_file: %s }\n"
                "  when: [%s]\n",
                webhooks, targets->web_port, targets->mail_port, targets->authority, when);
}

void notice_targets_append_hook(const struct notice_targets *targets, const char *name, struct text *out)
{
    text_format(out, "    - { name: %s, url: 'http://127.0.0.1:%d/hook?key=1', secret: '" SECRET "' }\n",
                name, targets->web_port);
}

static void set_flag(const struct notice_targets *targets, const char *name, bool is_set)
{
    if (is_set)
        file_write_string(in_folder(targets, name), "");
    else
        (void)unlink(in_folder(targets, name));
}

void notice_targets_refuse(const struct notice_targets *targets, bool refuse)
{
    set_flag(targets, "refuse", refuse);
}

void notice_targets_slow(const struct notice_targets *targets, bool slow)
{
    set_flag(targets, "slow", slow);
}

void notice_targets_read(const struct notice_targets *targets, const char *which, struct text *ret_lines)
{
    const char *path = in_folder(targets, which);
    if (file_exists(path))
        file_read(path, ret_lines);
}

size_t notice_targets_count(const struct notice_targets *targets, const char *which, const char *part)
{
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    size_t count = 0;
    notice_targets_read(targets, which, &lines);
    for (const char *at = text_string(&lines); (at = strstr(at, part)); at += strlen(part))
        count++;
    return count;
}

struct waiting {
    const struct notice_targets *targets;
    const char *which, *part;
    size_t count;
};

static bool has_come(void *context)
{
    const struct waiting *waiting = context;
    return notice_targets_count(waiting->targets, waiting->which, waiting->part) >= waiting->count;
}

bool notice_targets_wait(const struct notice_targets *targets, const char *which, const char *part,
                         size_t count, int64_t limit_ms)
{
    struct waiting waiting = {targets, which, part, count};
    return wait_until(has_come, &waiting, limit_ms);
}
