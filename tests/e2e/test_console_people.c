/* Who may: users and their passwords, sessions, a trusted proxy, TLS, and what a console refuses to start with. */
#include "common/base/cleanup.h"
#include "common/jobs/jobdb.h"
#include "tests/support/authority.h"
#include "tests/support/console_guest.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/stored_database.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

#define PASSWORD "correct+horse"

static struct sandbox *sandbox;
static struct process *console;
static struct console_guest guest;
static const char *config;
static int port;

/* ---- around it ---- */

static int run(struct text *ret_output, const char *command)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    text_format(&line, "cd '%s'; %s", sandbox_folder(sandbox), command);
    const char *const argv[] = {"/bin/sh", "-c", text_string(&line), NULL};
    return process_run(argv, NULL, PATIENCE_MS, ret_output);
}

#define TOOL FELUCCA_BIN "/felucca --config felucca.yaml "

static void ck_run(const char *command)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    ck_assert_msg(run(&output, command) == 0, "%s: %s", command, text_string(&output));
}

static void configure(const char *console_keys)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    text_format(&yaml,
                "state_dir: state\nreceiver: { port: %d, min_free_space: 256MiB }\nmetrics: { port: 0 }\n"
                "console: { port: %d%s%s }\nnodes: []\n",
                port == 11112 ? 11113 : 11112, port, *console_keys ? ", " : "", console_keys);
    config = sandbox_write(sandbox, "felucca.yaml", text_string(&yaml));
}

static bool is_up_or_over(void *context)
{
    (void)context;
    return port_accepts(port) || !process_running(console);
}

static void start(void)
{
    const char *const argv[] = {FELUCCA_BIN "/felucca-console", "--config", config, NULL};
    const struct process_options options = {.output = sandbox_path(sandbox, "console.log")};
    process_destroy(&console);
    console = process_start(argv, &options);
    ck_assert(wait_until(is_up_or_over, NULL, PATIENCE_MS));
    ck_assert_msg(process_running(console), "the console has ended");
    guest.port = port;
}

static void set_up(void)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    sandbox = sandbox_create();
    const char *state_dir = sandbox_make_folder(sandbox, "state");
    stored_database_make(state_dir);
    stored_database_make_spool(state_dir);
    ck_assert_msg(jobdb_open(state_dir, &db, &reason) == 0, "%s", text_string(&reason)); /* of this version */
    port = port_free();
    configure("users: users");
    ck_run("echo 'correct horse' | " TOOL "console passwd ada --role operator");
    ck_run("echo 'correct horse' | " TOOL "console passwd viv");
    guest = (struct console_guest){0};
}

static void tear_down(void)
{
    console_guest_release(&guest);
    process_destroy(&console);
    sandbox_destroy(&sandbox);
}

static void ck_body_has(const char *part)
{
    ck_assert_msg(strstr(console_guest_body(&guest), part), "no %s in %s", part, console_guest_body(&guest));
}

static void ck_location(const char *wanted)
{
    AUTO(text_release) struct text location = TEXT_EMPTY;
    console_guest_header(&guest, "Location", &location);
    ck_assert_str_eq(text_string(&location), wanted);
}

static void ck_log_lacks(const char *part)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    file_read(sandbox_path(sandbox, "console.log"), &log);
    ck_assert_ptr_null(strstr(text_string(&log), part));
}

/* ---- in and out ---- */

static const struct closed_row {
    const char *path;
    int status;
    const char *location;
} closed_rows[] = {
    {"/", 303, "/signin"},
    {"/studies?state=failed", 303, "/signin?to=%2Fstudies%3Fstate%3Dfailed"},
    {"/study/2.25.104", 303, "/signin?to=%2Fstudy%2F2.25.104"},
    {"/now.json", 401, ""},
    {"/studies.csv", 401, ""},
    {"/nowhere", 303, "/signin?to=%2Fnowhere"},
    {"/signin", 200, ""},
    {"/console.css", 200, ""},
    {"/console.js", 200, ""},
    {"/sail.svg", 200, ""},
    {"/signin.mustache", 303, "/signin?to=%2Fsignin.mustache"},
    {"/signout", 303, "/"},
};

START_TEST(nothing_is_shown_to_nobody)
{
    const struct closed_row *row = &closed_rows[_i];
    start();
    ck_assert_int_eq(console_guest_get(&guest, row->path), row->status);
    ck_location(row->location);
    ck_assert_ptr_null(strstr(console_guest_body(&guest), "2.25.10"));
}
END_TEST

START_TEST(one_signs_in_and_out)
{
    AUTO(text_release) struct text set = TEXT_EMPTY, cookie = TEXT_EMPTY;
    start();
    ck_assert_int_eq(console_guest_get(&guest, "/signin?to=%2Fstudies%3Fstate%3Dfailed"), 200);
    ck_body_has("name=\"to\" value=\"/studies?state=failed\"");
    ck_assert_int_eq(
        console_guest_post(&guest, "/signin", "name=ada&password=" PASSWORD "&to=/studies?state=failed"),
        303);
    ck_location("/studies?state=failed");
    console_guest_header(&guest, "Set-Cookie", &set);
    ck_assert(strstr(text_string(&set), "HttpOnly") && strstr(text_string(&set), "SameSite=Strict") &&
              strstr(text_string(&set), "Path=/") && !strstr(text_string(&set), "Secure"));
    ck_assert_int_eq(console_guest_get(&guest, "/studies"), 200);
    ck_body_has("2.25.101");
    ck_body_has("ada <span>operator</span>");
    ck_assert_int_eq(console_guest_get(&guest, "/now.json"), 200);
    ck_assert_int_eq(console_guest_get(&guest, "/signin"), 303);
    ck_assert_int_eq(console_guest_get(&guest, "/"), 200);
    text_append(&cookie, text_string(&guest.cookie));
    ck_assert_int_eq(console_guest_post(&guest, "/signout", ""), 303);
    ck_assert_uint_eq(guest.cookie.length, 0);
    text_append(&guest.cookie, text_string(&cookie)); /* somebody has kept it */
    ck_assert_int_eq(console_guest_get(&guest, "/now.json"), 401);
    ck_log_lacks("horse");
    ck_log_lacks(text_string(&cookie) + strlen("felucca="));
}
END_TEST

/* What is said is the same, and nobody's name is repeated or logged: people type passwords there. */
static const char *const wrong_rows[] = {"name=ada&password=wrong+horse",
                                         "name=nobody17&password=" PASSWORD,
                                         "name=nobody17&password=",
                                         "name=&password=" PASSWORD,
                                         "password=" PASSWORD,
                                         "name=ada",
                                         "name=ADA&password=" PASSWORD,
                                         "name=ada%3Coperator&password=x"};

START_TEST(wrong_is_wrong)
{
    start();
    ck_assert_int_eq(console_guest_post(&guest, "/signin", wrong_rows[_i]), 401);
    ck_body_has("Name or password is wrong.");
    ck_assert_uint_eq(guest.cookie.length, 0);
    ck_assert_ptr_null(strstr(console_guest_body(&guest), "nobody17"));
    ck_log_lacks("nobody17");
    ck_log_lacks("horse");
}
END_TEST

static const struct back_row {
    const char *to, *location;
} back_rows[] = {
    {"/trouble", "/trouble"},
    {"/study/2.25.104", "/study/2.25.104"},
    {"", "/"},
    {"//evil.example/", "/"},
    {"https://evil.example/", "/"},
    {"/%5Cevil.example", "/"},
    {"/nowhere", "/"},
    {"/signout", "/"},
    {"/studies?source=%0d%0aX: y", "/"},
    {"javascript:alert(1)", "/"},
};

START_TEST(the_way_back_is_ours)
{
    AUTO(text_release) struct text form = TEXT_EMPTY;
    start();
    text_format(&form, "name=ada&password=" PASSWORD "&to=%s", back_rows[_i].to);
    int status = console_guest_post(&guest, "/signin", text_string(&form));
    if (status != 400) { /* a control character is no field's */
        ck_assert_int_eq(status, 303);
        ck_location(back_rows[_i].location);
    }
}
END_TEST

START_TEST(many_tries_wait)
{
    AUTO(text_release) struct text form = TEXT_EMPTY;
    start();
    for (int i = 0; i < 10; i++) {
        text_clear(&form);
        text_format(&form, "name=user%d&password=wrong", i);
        ck_assert_int_eq(console_guest_post(&guest, "/signin", text_string(&form)), 401);
    }
    ck_assert_int_eq(console_guest_post(&guest, "/signin", "name=ada&password=" PASSWORD), 429);
    ck_body_has("Too many tries");
    ck_assert_uint_eq(guest.cookie.length, 0);
}
END_TEST

START_TEST(a_change_of_users_counts_at_once)
{
    struct console_guest other = {0};
    start();
    other.port = port;
    ck_assert(console_guest_sign_in(&guest, "ada", PASSWORD));
    ck_assert(console_guest_sign_in(&other, "viv", PASSWORD));
    ck_assert_int_eq(console_guest_get(&other, "/"), 200);
    ck_assert_ptr_nonnull(strstr(console_guest_body(&other), "viv <span>viewer</span>"));
    ck_run("sed -i 's/^viv:viewer/viv:operator/' users");
    ck_assert_int_eq(console_guest_get(&other, "/studies"), 200);
    ck_assert_ptr_nonnull(strstr(console_guest_body(&other), "viv <span>operator</span>"));
    ck_run("echo 'another horse' | " TOOL "console passwd ada");
    ck_assert_int_eq(console_guest_get(&guest, "/now.json"), 401);
    ck_assert(!console_guest_sign_in(&guest, "ada", PASSWORD));
    ck_assert(console_guest_sign_in(&guest, "ada", "another+horse"));
    ck_assert_int_eq(console_guest_get(&guest, "/"), 200);
    ck_body_has("ada <span>operator</span>"); /* her role stays */
    ck_run(TOOL "console remove viv");
    ck_assert_int_eq(console_guest_get(&other, "/now.json"), 401);
    ck_run("echo nonsense > users");
    ck_assert_int_eq(console_guest_get(&guest, "/now.json"), 401);
    ck_assert(process_running(console));
    console_guest_release(&other);
}
END_TEST

/* ---- forms of others ---- */

#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"

static const struct form_row {
    const char *label, *headers, *body;
    int status;
} form_rows[] = {
    {"says not from where", FORM, "name=ada&password=" PASSWORD, 403},
    {"another site", FORM "Origin: https://evil.example\r\n", "name=ada&password=" PASSWORD, 403},
    {"a site that begins so", FORM "Origin: http://127.0.0.1.evil.example\r\n", "name=ada&password=" PASSWORD,
     403},
    {"hides from where", FORM "Origin: null\r\n", "name=ada&password=" PASSWORD, 403},
    {"another site, by the browser", FORM "Sec-Fetch-Site: cross-site\r\n", "name=ada&password=" PASSWORD,
     403},
    {"a neighbour of ours", FORM "Sec-Fetch-Site: same-site\r\n", "name=ada&password=" PASSWORD, 403},
    {"own page", FORM "Sec-Fetch-Site: same-origin\r\n", "name=ada&password=" PASSWORD, 303},
    {"JSON", "Content-Type: application/json\r\nSec-Fetch-Site: same-origin\r\n", "{}", 415},
    {"no type", "Sec-Fetch-Site: same-origin\r\n", "name=ada&password=" PASSWORD, 415},
    {"not well-formed", FORM "Sec-Fetch-Site: same-origin\r\n", "name=%", 400},
    {"a field twice", FORM "Sec-Fetch-Site: same-origin\r\n", "name=ada&name=bob", 400},
};

START_TEST(form_of_another_is_refused)
{
    const struct form_row *row = &form_rows[_i];
    start();
    ck_assert_msg(console_guest_post_raw(&guest, "/signin", row->headers, row->body) == row->status, "%s: %d",
                  row->label, guest.answer.status);
    ck_assert_msg((guest.cookie.length > 0) == (row->status == 303), "%s", row->label);
}
END_TEST

START_TEST(large_form_is_refused)
{
    AUTO(text_release) struct text body = TEXT_EMPTY;
    start();
    text_append(&body, "name=");
    for (int i = 0; i < 100000; i++)
        text_append_char(&body, 'a');
    ck_assert_int_eq(
        console_guest_post_raw(&guest, "/signin", FORM "Sec-Fetch-Site: same-origin\r\n", text_string(&body)),
        413);
    ck_assert(console_guest_sign_in(&guest, "ada", PASSWORD));
}
END_TEST

/* Somebody else's token ends nobody's session. */
START_TEST(signing_out_needs_the_own_form)
{
    struct console_guest other = {0};
    start();
    other.port = port;
    ck_assert(console_guest_sign_in(&guest, "ada", PASSWORD));
    ck_assert(console_guest_sign_in(&other, "viv", PASSWORD));
    ck_assert_int_eq(console_guest_get(&other, "/"), 200);
    ck_assert_int_eq(console_guest_get(&guest, "/"), 200);
    text_clear(&guest.token);
    ck_assert_int_eq(console_guest_post(&guest, "/signout", ""), 403);
    text_append(&guest.token, text_string(&other.token));
    ck_assert_int_eq(console_guest_post(&guest, "/signout", ""), 403);
    ck_assert_int_eq(console_guest_get(&guest, "/now.json"), 200);
    console_guest_release(&other);
}
END_TEST

/* ---- a proxy in front ---- */

static const struct proxy_row {
    const char *label, *headers;
    int status;
    const char *says;
} proxy_rows[] = {
    {"nobody", "", 403, "Come through the proxy"},
    {"a viewer", "X-User: eve\r\n", 200, "eve <span>viewer</span>"},
    {"an operator", "X-User: ada\r\nX-Groups: staff, pacs-operators\r\n", 200, "ada <span>operator</span>"},
    {"a group that begins so", "X-User: ada\r\nX-Groups: pacs-operators2\r\n", 200,
     "ada <span>viewer</span>"},
    {"two names", "X-User: ada\r\nX-User: eve\r\n", 403, "Come through the proxy"},
    {"groups twice", "X-User: ada\r\nX-Groups: a\r\nX-Groups: pacs-operators\r\n", 200,
     "ada <span>viewer</span>"},
    {"no name", "X-User: \r\n", 403, "Come through the proxy"},
    {"markup", "X-User: <script>alert(1)</script>\r\n", 200,
     "&lt;script&gt;alert(1)&lt;/script&gt; <span>viewer"},
    {"another host's name", "X-User: eve\r\n", 200, "eve"},
};

START_TEST(trusted_proxy_is_believed)
{
    const struct proxy_row *row = &proxy_rows[_i];
    configure("trusted_proxy: { addresses: [127.0.0.1], user_header: X-User, groups_header: X-Groups, "
              "operators: pacs-operators }");
    start();
    text_append(&guest.headers, row->headers);
    ck_assert_msg(console_guest_get(&guest, "/") == row->status, "%s: %d", row->label, guest.answer.status);
    ck_body_has(row->says);
    ck_assert_ptr_null(strstr(console_guest_body(&guest), "<script>alert"));
}
END_TEST

/* It is ended when its 2 s are over. */
static int ask_slowly(int number)
{
    AUTO(text_release) struct text request = TEXT_EMPTY;
    int fd = port_connect(port);
    text_format(&request, "GET /journal.json?before=%d HTTP/1.1\r\nHost: h\r\nX-User: eve\r\n\r\n", number);
    ck_assert_int_eq(send(fd, text_string(&request), request.length, MSG_NOSIGNAL), request.length);
    return fd;
}

enum { ASKED_MS = 3000 };

struct asked {
    int fds[120];
    size_t count;
};

static bool one_is_refused(void *context)
{
    const struct asked *asked = context;
    char bytes[2048];
    for (size_t i = 0; i < asked->count; i++) {
        ssize_t got = recv(asked->fds[i], bytes, sizeof bytes - 1, MSG_PEEK | MSG_DONTWAIT);
        bytes[got > 0 ? got : 0] = '\0';
        if (strstr(bytes, "You wait for too many answers already"))
            return true;
    }
    return false;
}

/* Until there is no room for it: more than wait at once, and more if some of them were answered meanwhile. */
static void ask_too_much(struct asked *asked)
{
    enum { AT_ONCE = 20 };
    do {
        ck_assert_uint_le(asked->count + AT_ONCE, sizeof asked->fds / sizeof *asked->fds);
        for (int i = 0; i < AT_ONCE; i++) {
            asked->fds[asked->count] = ask_slowly((int)asked->count + 1);
            asked->count++;
        }
    } while (!wait_until(one_is_refused, asked, ASKED_MS));
}

static void end_asking(struct asked *asked)
{
    for (size_t i = 0; i < asked->count; i++)
        (void)close(asked->fds[i]);
    asked->count = 0;
}

/* Two people have the proxy's address. One asks slowly and so much that it is refused; the other gets every page. */
START_TEST(one_behind_a_proxy_holds_up_nobody)
{
    static const char *const pages[] = {"/", "/trouble", "/albums", "/tokens.json", "/studies"};
    struct asked asked = {.count = 0};
    configure("trusted_proxy: { addresses: [127.0.0.1], user_header: X-User }");
    stored_database_make_endless(sandbox_path(sandbox, "state"));
    start();
    text_append(&guest.headers, "X-User: viv\r\n");
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        ask_too_much(&asked);
        ck_assert_msg(console_guest_get(&guest, pages[i]) == 200, "%s: %d", pages[i], guest.answer.status);
        end_asking(&asked);
    }
}
END_TEST

START_TEST(others_are_not_believed)
{
    configure("users: users, trusted_proxy: { addresses: [127.9.9.9], user_header: X-User }");
    start();
    text_append(&guest.headers, "X-User: ada\r\n");
    ck_assert_int_eq(console_guest_get(&guest, "/"), 303);
    ck_location("/signin");
    ck_assert(console_guest_sign_in(&guest, "viv", PASSWORD));
    ck_assert_int_eq(console_guest_get(&guest, "/"), 200);
    ck_body_has("viv <span>viewer</span>");
}
END_TEST

/* ---- TLS ---- */

static void curl(const char *more, int status, struct text *ret_output)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    text_format(&line, "curl -sS -m 20 -i --cacert ca.pem %s https://127.0.0.1:%d/", more, port);
    ck_assert_msg((run(ret_output, text_string(&line)) == 0) == (status == 0), "%s: %s", text_string(&line),
                  text_string(ret_output));
}

static bool has_new_certificate(void *context)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(text_release) struct text line = TEXT_EMPTY;
    (void)context;
    text_format(&line, "curl -sS -m 20 -v --cacert ca.pem https://127.0.0.1:%d/console.css 2>&1", port);
    return run(&output, text_string(&line)) == 0 && strstr(text_string(&output), "CN=second");
}

START_TEST(https_is_spoken)
{
    AUTO(text_release) struct text output = TEXT_EMPTY, form = TEXT_EMPTY;
    const struct certificate ca = authority_create(sandbox, "ca");
    (void)authority_sign(sandbox, &ca, "first", "IP:127.0.0.1", 100);
    (void)authority_sign(sandbox, &ca, "second", "IP:127.0.0.1", 100);
    ck_run("cp first.pem my.pem; cp first.key my.key");
    configure("users: users, tls: { certificate_file: my.pem, key_file: my.key }");
    ck_run(TOOL "check --offline");
    start();
    text_format(&form, "-H 'Origin: https://127.0.0.1:%d' -d 'name=ada&password=" PASSWORD "' -X POST", port);
    curl("", 0, &output);
    ck_assert_ptr_nonnull(strstr(text_string(&output), "303"));
    text_clear(&output);
    text_append(&form, " --request-target /signin");
    curl(text_string(&form), 0, &output);
    ck_assert_ptr_nonnull(strstr(text_string(&output), "__Host-felucca="));
    ck_assert_ptr_nonnull(strstr(text_string(&output), "; Secure"));
    text_clear(&output);
    curl("--tls-max 1.1", 1, &output);
    ck_run("cp second.pem my.pem; cp second.key my.key");
    process_signal(console, SIGHUP);
    ck_assert(wait_until(has_new_certificate, NULL, PATIENCE_MS));
    ck_run("cp first.key my.key");
    process_signal(console, SIGHUP);
    ck_assert(wait_until(has_new_certificate, NULL, PATIENCE_MS)); /* it keeps what it had */
    ck_assert(process_running(console));
}
END_TEST

/* ---- what it does not start with ---- */

static const struct start_row {
    const char *label, *keys, *before, *says;
    int console, check;
} start_rows[] = {
    {"users on this machine", "users: users", "true", "2, of which 1", 0, 0},
    {"no file", "users: none", "true", "none", 3, 3},
    {"a file that others read", "users: users", "chmod 0644 users", "chmod 0600", 3, 3},
    {"a file that is none", "users: users", "echo x > users", "NAME:ROLE:HASH", 3, 3},
    {"nobody in it", "users: users", ": > users", "passwd NAME", 0, 0},
    {"elsewhere without TLS", "bind: 0.0.0.0, users: users", "true", "plain text", 3, 3},
    {"elsewhere knowingly", "bind: 0.0.0.0, users: users, insecure: yes-i-know", "true", "2, of which", 0, 0},
    {"elsewhere behind a proxy", "bind: 0.0.0.0, trusted_proxy: { addresses: [10.0.0.1] }", "true", "OK", 0,
     0},
    {"half of TLS", "tls: { certificate_file: x.pem }", "true", "both certificate_file and key_file", 3, 3},
    {"TLS without files", "tls: { certificate_file: x.pem, key_file: x.key }", "true", "x.pem", 3, 3},
    {"TLS of nonsense", "tls: { certificate_file: x.pem, key_file: x.pem }", "echo x > x.pem", "x.pem", 3, 3},
    {"groups without a group", "trusted_proxy: { addresses: [10.0.0.1], groups_header: X-G }", "true",
     "operators does not name", 3, 3},
    {"a group without groups", "trusted_proxy: { addresses: [10.0.0.1], operators: g }", "true",
     "groups_header", 3, 3},
    {"groups without a proxy", "trusted_proxy: { groups_header: X-G, operators: g }", "true", "addresses", 3,
     3},
    {"no header", "trusted_proxy: { addresses: [10.0.0.1], user_header: \"X User\" }", "true",
     "header's name", 3, 3},
    {"no address", "trusted_proxy: { addresses: [proxy.example] }", "true", "address", 3, 3},
};

START_TEST(what_would_be_open_does_not_start)
{
    const struct start_row *row = &start_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY;
    configure(row->keys);
    ck_run(row->before);
    ck_assert_msg(run(&output, TOOL "check --offline 2>&1") == row->check, "%s: %s", row->label,
                  text_string(&output));
    ck_assert_msg(strstr(text_string(&output), row->says), "%s: %s", row->label, text_string(&output));
    const char *const argv[] = {FELUCCA_BIN "/felucca-console", "--config", config, NULL};
    console = process_start(argv, NULL);
    ck_assert(wait_until(is_up_or_over, NULL, PATIENCE_MS));
    if (row->console == 0)
        ck_assert_msg(process_running(console), "%s", row->label);
    else
        ck_assert_msg(process_wait(console, PATIENCE_MS) == row->console, "%s", row->label);
}
END_TEST

/* ---- the command ---- */

static const struct command_row {
    const char *command;
    int status;
    const char *says;
} command_rows[] = {
    {TOOL "console", 0, "operator  ada\nviewer    viv\n"},
    {TOOL "console users --json", 0, "{\"name\":\"ada\",\"role\":\"operator\"}"},
    {TOOL "console remove viv && " TOOL "console users", 0, "operator  ada\n"},
    {TOOL "console remove nobody", 1, "nobody of that name"},
    {"echo short | " TOOL "console passwd ada", 1, "from 8 to 512"},
    {TOOL "console passwd ada </dev/null", 1, "no line with a password"},
    {"echo 'correct horse' | " TOOL "console passwd 'a b'", 2, "letters and digits"},
    {"echo 'correct horse' | " TOOL "console passwd ada --role admin", 2, "it takes viewer operator"},
    {TOOL "console passwd", 2, "one name"},
    {TOOL "console users ada", 2, "no name"},
    {TOOL "console list", 2, "none of users"},
    {"chmod 0644 users; " TOOL "console users", 1, "chmod 0600"},
    {"echo 'correct horse' | " TOOL "console passwd viv --role operator && " TOOL "console users", 0,
     "operator  viv"},
};

START_TEST(command_keeps_users)
{
    const struct command_row *row = &command_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY;
    ck_assert_msg(run(&output, row->command) == row->status, "%s: %s", row->command, text_string(&output));
    ck_assert_msg(strstr(text_string(&output), row->says), "%s: %s", row->command, text_string(&output));
    ck_assert_ptr_null(strstr(text_string(&output), "$y$"));
    ck_assert_ptr_null(strstr(text_string(&output), "horse"));
}
END_TEST

/* At a terminal it asks twice, and shows nothing of what is typed. */
START_TEST(password_is_typed_unseen)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    ck_assert_msg(
        run(&output,
            "said() { until grep -q \"$1\" said; do sleep 0.05; done; echo 'typed horse'; }; : > said; "
            "(said 'Password of tom'; said 'The same again') | "
            "script -qefc '" TOOL
            "console passwd tom' /dev/null > said; status=$?; cat said; exit $status") == 0,
        "%s", text_string(&output));
    ck_assert_ptr_nonnull(strstr(text_string(&output), "tom can now sign in as viewer"));
    ck_assert_ptr_null(strstr(text_string(&output), "typed horse"));
}
END_TEST

/* ---- the token of the fleet ---- */

#define FLEET_TOKEN  "fleet-token-of-the-test"
#define FLEET_DIGEST "76c60236969220cc89a87e2b2cd2a42a649fff448795c7142add98d06793f1ca"

static const struct fleet_row {
    const char *label, *token, *path;
    bool is_let_in;
} fleet_rows[] = {
    {"how it is", FLEET_TOKEN, "/now.json", true},
    {"a study", FLEET_TOKEN, "/study/2.25.101.json", true},
    {"another token", "fleet-token-of-the-tesT", "/now.json", false},
    {"its beginning", "fleet-token-of-the-tes", "/now.json", false},
    {"the digest itself", FLEET_DIGEST, "/now.json", false},
    {"no token", "", "/now.json", false},
    {"a page for people", FLEET_TOKEN, "/", false},
    {"another document", FLEET_TOKEN, "/studies.json", false},
    {"who did what", FLEET_TOKEN, "/journal.json", false},
    {"a table of it", FLEET_TOKEN, "/now.csv", false},
    {"a longer time", FLEET_TOKEN, "/now.json?span=day", false},
};

static void show_token(const char *token)
{
    text_clear(&guest.headers);
    text_format(&guest.headers, "Authorization: Bearer %s\r\n", token);
}

START_TEST(the_fleets_token_opens_two_documents)
{
    const struct fleet_row *row = &fleet_rows[_i];
    configure("users: users, fleet_sha256: " FLEET_DIGEST);
    start();
    show_token(row->token);
    int status = console_guest_get(&guest, row->path);
    ck_assert_msg((status == 200) == row->is_let_in, "%s: %d", row->label, status);
    configure("users: users"); /* none is known there */
    start();
    ck_assert_int_ne(console_guest_get(&guest, row->path), 200);
}
END_TEST

static const struct digest_row {
    const char *digest;
} digest_rows[] = {{FLEET_TOKEN},
                   {"'" FLEET_DIGEST "0'"},
                   {"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"}};

START_TEST(what_is_no_digest_is_refused)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(text_release) struct text keys = TEXT_EMPTY;
    text_format(&keys, "fleet_sha256: %s", digest_rows[_i].digest);
    configure(text_string(&keys));
    ck_assert_int_eq(run(&output, TOOL "check --offline"), 3);
    ck_assert_msg(strstr(text_string(&output), "is no SHA-256; write 64 hexadecimal digits"), "%s",
                  text_string(&output));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("console people");
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_abreast(tests, 4);
    tests_rows(tests, nothing_is_shown_to_nobody, ROWS(closed_rows));
    tests_add(tests, one_signs_in_and_out);
    tests_rows(tests, wrong_is_wrong, ROWS(wrong_rows));
    tests_rows(tests, the_way_back_is_ours, ROWS(back_rows));
    tests_add(tests, many_tries_wait);
    tests_add(tests, a_change_of_users_counts_at_once);
    tests_rows(tests, form_of_another_is_refused, ROWS(form_rows));
    tests_add(tests, large_form_is_refused);
    tests_add(tests, signing_out_needs_the_own_form);
    tests_rows(tests, trusted_proxy_is_believed, ROWS(proxy_rows));
    tests_add(tests, one_behind_a_proxy_holds_up_nobody);
    tests_add(tests, others_are_not_believed);
    tests_add(tests, https_is_spoken);
    tests_rows(tests, what_would_be_open_does_not_start, ROWS(start_rows));
    tests_rows(tests, command_keeps_users, ROWS(command_rows));
    tests_add(tests, password_is_typed_unseen);
    tests_rows(tests, the_fleets_token_opens_two_documents, ROWS(fleet_rows));
    tests_rows(tests, what_is_no_digest_is_refused, ROWS(digest_rows));
    return tests_run(tests);
}
