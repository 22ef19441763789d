#include "tests/support/requester.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/port.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { START_MS = 30000, ASK_MS = 60000, WORDS_MOST = 64 };

#define CT "1.2.840.10008.5.1.4.1.1.2"

struct requester *requester_create(struct sandbox *sandbox, const char *title)
{
    struct requester *requester = memory_new(1, sizeof *requester);
    *requester = (struct requester){title, sandbox_path(sandbox, "%s.log", title), port_free(), NULL};
    return requester;
}

void requester_destroy(struct requester **requester)
{
    if (*requester)
        process_destroy(&(*requester)->process);
    memory_free(requester);
}

static void listen_as(struct requester *requester, const char *status, const char *manner)
{
    char port[16];
    (void)snprintf(port, sizeof port, "%d", requester->port);
    const char *const argv[] = {
        FELUCCA_TESTS_BIN "/commitment-scu", "listen", port, requester->title, status, manner, NULL};
    const struct process_options how = {.output = requester->log};
    process_destroy(&requester->process);
    requester->process = process_start(argv, &how);
    ck_assert_msg(port_wait(requester->port, START_MS), "%s does not listen", requester->title);
}

void requester_listen(struct requester *requester, const char *status)
{
    listen_as(requester, status, NULL);
}

void requester_listen_stubbornly(struct requester *requester)
{
    listen_as(requester, "0000", "stubborn");
}

void requester_leave(struct requester *requester)
{
    process_destroy(&requester->process);
}

void requester_append_source(const struct requester *requester, struct text *out)
{
    text_format(out, "{ aet: %s, host: 127.0.0.1, port: %d }", requester->title, requester->port);
}

int requester_ask(const struct requester *requester, int port, const char *called, const char *transaction,
                  const char *const *instances, struct text *ret_said)
{
    AUTO(text_release) struct text said = TEXT_EMPTY;
    char port_text[16];
    const char *argv[WORDS_MOST] = {
        FELUCCA_TESTS_BIN "/commitment-scu", "ask", port_text, called, requester->title, transaction};
    size_t count = 6;
    (void)snprintf(port_text, sizeof port_text, "%d", port);
    for (; *instances; instances++) {
        ck_assert_uint_lt(count + 3, WORDS_MOST);
        argv[count++] = CT;
        argv[count++] = *instances;
    }
    (void)process_run(argv, NULL, ASK_MS, &said);
    if (ret_said)
        text_append(ret_said, text_string(&said));
    const char *status = strstr(text_string(&said), "status ");
    return status ? (int)strtol(status + strlen("status "), NULL, 16) : -1;
}

struct process *requester_ask_and_wait(const struct requester *requester, struct sandbox *sandbox, int port,
                                       const char *transaction, const char *instance, const char *answer,
                                       const char **ret_log)
{
    static unsigned count;
    char port_text[16];
    (void)snprintf(port_text, sizeof port_text, "%d", port);
    const char *const argv[] = {FELUCCA_TESTS_BIN "/commitment-scu",
                                "wait",
                                port_text,
                                "FELUCCA",
                                requester->title,
                                transaction,
                                CT,
                                instance,
                                answer,
                                NULL};
    *ret_log = sandbox_path(sandbox, "waits-%u.log", count++);
    const struct process_options how = {.output = *ret_log};
    return process_start(argv, &how);
}

size_t requester_heard(const struct requester *requester, const char *transaction, const char *text)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    AUTO(text_release) struct text head = TEXT_EMPTY;
    size_t count = 0;
    if (!file_exists(requester->log))
        return 0;
    file_read(requester->log, &log);
    text_format(&head, "report %s ", transaction);
    for (const char *at = text_string(&log); (at = strstr(at, text_string(&head))); at++) {
        AUTO(memory_free) char *line = memory_string_n(at, strcspn(at, "\n"));
        count += !text || strstr(line, text) != NULL;
    }
    return count;
}

struct wanted {
    const struct requester *requester;
    const char *transaction, *text;
};

static bool is_heard(void *context)
{
    const struct wanted *wanted = context;
    return requester_heard(wanted->requester, wanted->transaction, wanted->text) > 0;
}

bool requester_wait(const struct requester *requester, const char *transaction, const char *text,
                    int64_t limit_ms)
{
    struct wanted wanted = {requester, transaction, text};
    return wait_until(is_heard, &wanted, limit_ms);
}
