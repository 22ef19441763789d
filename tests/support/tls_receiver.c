#include "tests/support/tls_receiver.h"

#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/http_client.h"
#include "tests/support/port.h"
#include "tests/support/require.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_MOST = 48 };

void tls_receiver_create(struct tls_receiver *receiver)
{
    struct sandbox *sandbox = sandbox_create();
    *receiver = (struct tls_receiver){.sandbox = sandbox, .ca = authority_create(sandbox, "ca")};
    (void)authority_create(sandbox, "strangers-ca");
    (void)authority_sign_rsa(sandbox, &receiver->ca, "server", "IP:127.0.0.1", 2);
    (void)authority_sign(sandbox, &receiver->ca, "ct01", "IP:127.0.0.1", 2);
    (void)authority_sign(sandbox, &receiver->ca, "mr01", "IP:127.0.0.1", 2);
    (void)authority_sign(sandbox, &receiver->ca, "expired", "IP:127.0.0.1", -1);
    receiver->plain_port = port_free();
    receiver->tls_port = port_free();
    receiver->metrics_port = port_free_run(5);
}

void tls_receiver_destroy(struct tls_receiver *receiver)
{
    process_destroy(&receiver->process);
    sandbox_destroy(&receiver->sandbox);
}

const char *tls_file(struct tls_receiver *receiver, const char *name)
{
    return sandbox_path(receiver->sandbox, "%s", name);
}

/* ---- the process ---- */

void tls_configure(struct tls_receiver *receiver, const char *tls, const char *limits, const char *sources)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    text_format(&yaml,
                "state_dir: %s\n"
                "receiver: { port: %d, bind: 127.0.0.1, %s tls: { port: %d, certificate_file: server.pem, "
                "key_file: server.key, %s } }\n"
                "metrics: { bind: 127.0.0.1, port: %d }\nlog: { level: debug }\n"
                "nodes:\n  - aet: FELUCCA\n    sources: [%s]\n"
                "    destinations: [{ name: main, stow_url: 'http://127.0.0.1:9/studies' }]\n",
                tls_file(receiver, "state"), receiver->plain_port, limits, receiver->tls_port, tls,
                receiver->metrics_port, sources);
    sandbox_write(receiver->sandbox, "felucca.yaml", text_string(&yaml));
}

void tls_launch(struct tls_receiver *receiver)
{
    const char *const argv[] = {FELUCCA_BIN "/felucca-receiver", "--config",
                                tls_file(receiver, "felucca.yaml"), NULL};
    const struct process_options options = {.output = tls_file(receiver, "receiver.log")};
    receiver->process = process_start(argv, &options);
}

/* Its log, and what it does. */
static void describe(struct tls_receiver *receiver, struct text *ret_text)
{
    file_read(tls_file(receiver, "receiver.log"), ret_text);
    if (receiver->process)
        process_describe(receiver->process, ret_text);
}

void tls_wait_port(struct tls_receiver *receiver, const char *label, int port)
{
    AUTO(text_release) struct text found = TEXT_EMPTY;
    if (port_wait(port, TLS_WAIT_MS))
        return;
    describe(receiver, &found);
    require(false, "%s: nobody accepts on the %s port %d:\n%s", label,
            port == receiver->tls_port ? "TLS" : "plain", port, text_string(&found));
}

void tls_start(struct tls_receiver *receiver, const char *tls, const char *sources)
{
    tls_configure(receiver, tls, "", sources);
    tls_launch(receiver);
    tls_wait_port(receiver, tls, receiver->tls_port);
}

struct sought {
    struct tls_receiver *receiver;
    const char *text;
};

static bool is_logged(void *context)
{
    const struct sought *sought = context;
    AUTO(text_release) struct text log = TEXT_EMPTY;
    file_read(tls_file(sought->receiver, "receiver.log"), &log);
    return strstr(text_string(&log), sought->text) != NULL;
}

void tls_expect_log(struct tls_receiver *receiver, const char *label, const char *text)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    struct sought sought = {receiver, text};
    bool said = wait_until(is_logged, &sought, TLS_WAIT_MS);
    describe(receiver, &log);
    require(said, "%s: \"%s\" is not in\n%s", label, text, text_string(&log));
}

static void get_metrics(int port, struct http_client_answer *ret_answer)
{
    (void)http_client_request(port, "GET", "/metrics", NULL, NULL, 0, ret_answer);
}

static bool is_counted(void *context)
{
    const struct sought *sought = context;
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    if (port_accepts(sought->receiver->metrics_port))
        get_metrics(sought->receiver->metrics_port, &answer);
    return strstr(text_string(&answer.body), sought->text) != NULL;
}

void tls_expect_metric(struct tls_receiver *receiver, const char *label, const char *line)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    struct sought sought = {receiver, line};
    bool counted = wait_until(is_counted, &sought, TLS_WAIT_MS);
    get_metrics(receiver->metrics_port, &answer);
    require(counted, "%s: \"%s\" is not in\n%s", label, line, text_string(&answer.body));
}

/* ---- peers ---- */

static size_t add_words(const char **argv, size_t count, const char *const *words)
{
    while (*words && count < WORDS_MOST - 1)
        argv[count++] = *words++;
    argv[count] = NULL;
    return count;
}

int tls_s_client(struct tls_receiver *receiver, const char *name, const char *const *words,
                 struct text *ret_output)
{
    char address[32];
    const char *argv[WORDS_MOST] = {"openssl",
                                    "s_client",
                                    "-connect",
                                    address,
                                    "-CAfile",
                                    tls_file(receiver, "ca.pem"),
                                    "-verify_return_error"};
    size_t count = 7;
    (void)snprintf(address, sizeof address, "127.0.0.1:%d", receiver->tls_port);
    if (name) {
        const char *const shown[] = {"-cert", sandbox_path(receiver->sandbox, "%s.pem", name), "-key",
                                     sandbox_path(receiver->sandbox, "%s.key", name), NULL};
        count = add_words(argv, count, shown);
    }
    (void)add_words(argv, count, words);
    return process_run(argv, NULL, TLS_WAIT_MS, ret_output);
}

int tls_scu(struct tls_receiver *receiver, const char *tool, const char *calling, const char *name,
            const char *const *words, struct text *ret_output)
{
    char number[16];
    const char *argv[WORDS_MOST] = {tool, "-v", "-aet", calling, "-aec", "FELUCCA"};
    const char *const address[] = {"127.0.0.1", number, NULL};
    size_t count = 6;
    (void)snprintf(number, sizeof number, "%d", name ? receiver->tls_port : receiver->plain_port);
    if (name) {
        const char *const shown[] = {"+tls",
                                     sandbox_path(receiver->sandbox, "%s.key", name),
                                     sandbox_path(receiver->sandbox, "%s.pem", name),
                                     "+cf",
                                     tls_file(receiver, "ca.pem"),
                                     NULL};
        count = add_words(argv, count, shown);
    }
    while (strcmp(*words, "--") != 0)
        argv[count++] = *words++;
    count = add_words(argv, count, address);
    (void)add_words(argv, count, words + 1);
    return process_run(argv, NULL, TLS_WAIT_MS, ret_output);
}

int tls_echo(struct tls_receiver *receiver, const char *calling, const char *name, struct text *ret_output)
{
    static const char *const nothing[] = {"--", NULL};
    return tls_scu(receiver, "echoscu", calling, name, nothing, ret_output);
}
