#include "tests/kheops-sim/exchange.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void exchange_answer_release(struct exchange_answer *answer)
{
    text_release(&answer->headers);
    text_release(&answer->body);
}

bool exchange_header(const struct exchange_answer *answer, const char *name, struct text *ret_value)
{
    size_t length = strlen(name);
    for (const char *line = strchr(text_string(&answer->headers), '\n'); line; line = strchr(line, '\n')) {
        line++;
        if (strncasecmp(line, name, length) != 0 || line[length] != ':')
            continue;
        line += length + 1;
        line += strspn(line, " ");
        text_append_bytes(ret_value, line, strcspn(line, "\r\n"));
        return true;
    }
    return false;
}

static char *path_in(const char *folder, const char *name)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "%s/%s", folder, name);
    return text_take(&path);
}

static int write_file(const char *path, const char *bytes, size_t length)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return ERR_IO;
    size_t written = fwrite(bytes, 1, length, file);
    return fclose(file) == 0 && written == length ? 0 : ERR_IO;
}

static int read_file(const char *path, struct text *out)
{
    FILE *file = fopen(path, "re");
    char block[8192];
    if (!file)
        return ERR_IO;
    for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;)
        text_append_bytes(out, block, n);
    fclose(file);
    return 0;
}

/* A line of curl's configuration file. */
static void append_option(struct text *out, const char *name, const char *value, size_t length)
{
    text_format(out, "%s = \"", name);
    for (size_t i = 0; i < length; i++) {
        if (value[i] == '"' || value[i] == '\\')
            text_append_char(out, '\\');
        text_append_char(out, value[i]);
    }
    text_append(out, "\"\n");
}

static void append_headers(struct text *out, const char *headers)
{
    /* What curl would send by itself; one of the request's own takes its place. */
    static const char *const unwanted[] = {"Accept:", "Expect:", "Content-Type:"};
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
        if (!strstr(headers, unwanted[i]))
            append_option(out, "header", unwanted[i], strlen(unwanted[i]));
    for (const char *line = headers; *line; line += strcspn(line, "\n") + 1)
        append_option(out, "header", line, strcspn(line, "\n"));
}

static int run_curl(const char *config)
{
    const char *const argv[] = {"curl", "--config", config, NULL};
    pid_t pid;
    int status;
    if (posix_spawnp(&pid, "curl", NULL, NULL, (char *const *)(uintptr_t)argv, environ) != 0)
        return ERR_ABSENT;
    if (waitpid(pid, &status, 0) != pid)
        return ERR_IO;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : ERR_NETWORK;
}

int exchange_ask(const char *method, const char *url, const char *headers, const struct text *body,
                 const char *folder, struct exchange_answer *ret_answer)
{
    AUTO(memory_free) char *config = path_in(folder, "request"), *sent = path_in(folder, "sent");
    AUTO(memory_free) char *head = path_in(folder, "head"), *came = path_in(folder, "came");
    AUTO(text_release) struct text options = TEXT_EMPTY;
    text_append(&options, "silent\nshow-error\nhttp1.1\nmax-time = 400\n");
    append_option(&options, "request", method, strlen(method));
    append_option(&options, "url", url, strlen(url));
    append_option(&options, "dump-header", head, strlen(head));
    append_option(&options, "output", came, strlen(came));
    append_headers(&options, headers);
    int error = 0;
    if (body) {
        AUTO(text_release) struct text from = TEXT_EMPTY;
        text_format(&from, "@%s", sent);
        append_option(&options, "data-binary", text_string(&from), from.length);
        error = write_file(sent, text_string(body), body->length);
    }
    error = error ? error : write_file(came, "", 0); /* curl makes none for an empty answer */
    error = error ? error : write_file(config, options.bytes, options.length);
    error = error ? error : run_curl(config);
    error = error ? error : read_file(head, &ret_answer->headers);
    error = error ? error : read_file(came, &ret_answer->body);
    const char *status = strchr(text_string(&ret_answer->headers), ' ');
    ret_answer->status = status ? (int)strtol(status, NULL, 10) : 0;
    const char *const files[] = {config, sent, head, came};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(files[i]);
    return error;
}
