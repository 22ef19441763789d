#include "cli/command.h"

#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "common/service/metrics.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

static struct sandbox *sandbox;

static void make_sandbox(void)
{
    sandbox = sandbox_create();
}

static void drop_sandbox(void)
{
    sandbox_destroy(&sandbox);
}

/* Runs the words of a command line; what it prints is appended to ret_output. */
static int run(const char *line, struct text *ret_output)
{
    char words[300];
    char *argv[16] = {(char[]){"felucca"}};
    int argc = 1;
    ck_assert_int_lt(snprintf(words, sizeof words, "%s", line), (int)sizeof words);
    char *rest = NULL;
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    const char *path = sandbox_path(sandbox, "output");
    ck_assert_ptr_nonnull(freopen(path, "w", stdout));
    ck_assert_ptr_nonnull(freopen(path, "a", stderr));
    int status = command_main(argc, argv);
    fflush(stdout);
    fflush(stderr);
    file_read(path, ret_output);
    return status;
}

static const struct line_row {
    const char *label, *line;
    int status;
    const char *says;
} line_rows[] = {
    {"nothing", "", 2, "usage: felucca"},
    {"overview", "--help", 0, "  up         "},
    {"overview, short", "-h", 0, "  version    "},
    {"overview, as a command", "help", 0, "  keys       "},
    {"overview with a configuration", "--config x --help", 0, "usage: felucca"},
    {"version", "version", 0, "felucca " FELUCCA_VERSION ", commit unknown\n"},
    {"version as an option", "--version", 0, "felucca " FELUCCA_VERSION ", commit unknown\n"},
    {"version for programs", "version --json", 0,
     "{\"version\":\"" FELUCCA_VERSION "\",\"commit\":\"unknown\"}\n"},
    {"version takes nothing", "version now", 2, "takes no argument"},
    {"help of one", "version --help", 0, "usage: felucca version"},
    {"help of one, short and late", "up --senders 2 -h", 0, "usage: felucca up [--senders N]"},
    {"help of one, as a command", "help health", 0, "usage: felucca health"},
    {"help of none", "help sail", 2, "no command \"sail\""},
    {"no file", "health --config", 2, "--config needs a file"},
    {"neighbours swapped", "verison", 2, "did you mean version?"},
    {"nothing near", "navigate", 2, "`felucca --help` lists them"},
    {"unknown option", "--frob up", 2, "unknown option --frob"},
    {"configuration before", "--config /nowhere/f.yaml health", 3, "/nowhere/f.yaml"},
    {"configuration behind", "health --config /nowhere/f.yaml", 3, "/nowhere/f.yaml"},
    {"configuration with =", "health --config=/nowhere/f.yaml", 3, "/nowhere/f.yaml"},
    {"the last configuration counts", "--config /a.yaml health --config /nowhere/f.yaml", 3,
     "/nowhere/f.yaml"},
    {"nothing is taken out behind --", "health -- --config", 2, "receiver, router, sender, sharer"},
    {"health of whom", "health captain", 2, "receiver, router, sender, sharer"},
    {"senders: no number", "up --senders many", 2, "--senders takes a number from 0 to 64, not \"many\""},
    {"senders: half a number", "up --senders 5x", 2, "not \"5x\""},
    {"senders: negative", "up --senders -1", 2, "not \"-1\""},
    {"sharers: too many", "up --sharers 65", 2, "--sharers takes a number"},
    {"up: unknown option", "up --frob", 2, "--frob"},
    {"up: argument", "up now", 2, "takes no argument \"now\""},
    {"up: bad configuration", "up --config /nowhere/f.yaml", 3, "/nowhere/f.yaml"},
    {"keys: too much", "keys a b", 2, "one file"},
    {"keys: unknown option", "keys --frob", 2, "one file"},
    {"keys: printed", "keys", 0, "\nsecret "},
};

START_TEST(line_does)
{
    const struct line_row *row = &line_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int status = run(row->line, &output);
    ck_assert_msg(status == row->status, "%s: status %d, %s", row->label, status, text_string(&output));
    ck_assert_msg(strstr(text_string(&output), row->says), "%s: says %s", row->label, text_string(&output));
}
END_TEST

static void check_width(const char *name, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        ck_assert_msg(length <= 80, "%s: wider than 80 columns: %.*s", name, (int)length, text);
        ck_assert_msg(text[length] == '\n', "%s: the help ends without a newline", name);
        text += length + 1;
    }
}

START_TEST(table_is_complete)
{
    for (const struct command *const *c = command_table(); *c; c++) {
        ck_assert_ptr_nonnull((*c)->run);
        ck_assert_msg(strlen((*c)->summary) > 0 && strlen((*c)->summary) <= 66, "%s: summary", (*c)->name);
        check_width((*c)->name, (*c)->help);
        for (const struct command *const *d = c + 1; *d; d++)
            ck_assert_str_ne((*c)->name, (*d)->name);
    }
}
END_TEST

START_TEST(secret_key_goes_to_its_file_only)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    const char *path = sandbox_path(sandbox, "key");
    text_format(&line, "keys %s", path);
    AUTO(text_release) struct text output = TEXT_EMPTY;
    ck_assert_int_eq(run(text_string(&line), &output), 0);
    ck_assert_uint_eq(output.length, strlen("public ") + 40 + 1);
    ck_assert_ptr_null(strstr(text_string(&output), "secret"));
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    AUTO(text_release) struct text secret = TEXT_EMPTY;
    file_read(path, &secret);
    ck_assert_uint_eq(secret.length, 40 + 1);
    text_clear(&output);
    ck_assert_int_eq(run(text_string(&line), &output), 1);
    ck_assert_ptr_nonnull(strstr(text_string(&output), "File exists"));
    AUTO(text_release) struct text after = TEXT_EMPTY;
    file_read(path, &after);
    ck_assert_str_eq(text_string(&after), text_string(&secret));
}
END_TEST

static const char *write_config(int metrics_port)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    text_format(&yaml,
                "state_dir: %s\n"
                "metrics: { port: %d }\n"
                "nodes:\n"
                "  - aet: FELUCCA\n"
                "    destinations:\n"
                "      - name: main\n"
                "        stow_url: http://127.0.0.1:9/api/studies\n",
                sandbox_folder(sandbox), metrics_port);
    return sandbox_write(sandbox, "felucca.yaml", text_string(&yaml));
}

static const struct health_row {
    const char *label, *name;
    int offset;         /* of the port that answers, from the receiver's */
    const char *answer; /* NULL: that of a process's own health server */
    int status;
    const char *says;
} health_rows[] = {
    {"the receiver's port is the first", "receiver", 0, NULL, 0, "receiver: healthy"},
    {"the router's is the second", "router", 1, NULL, 0, "router: healthy"},
    {"the sharer's is the fourth", "felucca-sharer", 3, NULL, 0, "sharer: healthy"},
    {"nobody runs here", "", 1, NULL, 1, "no process of Felucca runs here"},
    {"somebody else's port answers", "sender", 1, NULL, 1, "sender: no answer"},
    {"no progress", "sender", 2, "HTTP/1.1 503 Service Unavailable\r\n\r\n", 1,
     "sender: not healthy (status 503)"},
    {"half a line", "sender", 2, "HTTP/1.1 2", 1, "is not a health port"},
    {"another protocol", "sender", 2, "220 mail.example.org ESMTP\r\n", 1, "is not a health port"},
    {"nothing is said", "sender", 2, "", 1, "sender: no answer"},
};

/* Accepts once, says the answer and hangs up. */
static void serve_answer(const char *answer, int port)
{
    AUTO(fd_close) int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1; /* another test may have just had this port */
    ck_assert_int_eq(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0)
        return;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    int fd = accept(listener, NULL, NULL);
    char request[200];
    ssize_t asked = recv(fd, request, sizeof request, 0);
    ssize_t said = send(fd, answer, strlen(answer), MSG_NOSIGNAL);
    _exit(asked > 0 && said == (ssize_t)strlen(answer) ? 0 : 1);
}

START_TEST(health_is_asked)
{
    const struct health_row *row = &health_rows[_i];
    int base = port_free(), port = base + row->offset;
    AUTO(metrics_destroy) struct metrics *metrics = metrics_create();
    if (row->answer) {
        serve_answer(row->answer, port);
    } else {
        metrics_progress(metrics, true);
        ck_assert_int_eq(metrics_serve(metrics, "127.0.0.1", port), 0);
    }
    AUTO(text_release) struct text line = TEXT_EMPTY;
    text_format(&line, "--config %s health %s", write_config(base), row->name);
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int status = run(text_string(&line), &output);
    ck_assert_msg(status == row->status, "%s: status %d, %s", row->label, status, text_string(&output));
    ck_assert_msg(strstr(text_string(&output), row->says), "%s: says %s", row->label, text_string(&output));
}
END_TEST

START_TEST(health_without_ports)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    text_format(&line, "health --config %s", write_config(0));
    AUTO(text_release) struct text output = TEXT_EMPTY;
    ck_assert_int_eq(run(text_string(&line), &output), 1);
    ck_assert_ptr_nonnull(strstr(text_string(&output), "port: 0"));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("command");
    tests_fixture(tests, make_sandbox, drop_sandbox);
    tests_rows(tests, line_does, ROWS(line_rows));
    tests_add(tests, table_is_complete);
    tests_add(tests, secret_key_goes_to_its_file_only);
    tests_rows(tests, health_is_asked, ROWS(health_rows));
    tests_add(tests, health_without_ports);
    return tests_run(tests);
}
