/* Keys for tcp:// endpoints: what a process says that misses one, and how `felucca keys` makes them. */
#include "common/base/cleanup.h"
#include "tests/support/files.h"
#include "tests/support/keyring.h"
#include "tests/support/process.h"
#include "tests/support/suite.h"

#include <string.h>
#include <sys/stat.h>

enum { PATIENCE_MS = 60000 };

static struct sandbox *sandbox;
static struct keyring keys;

static void set_up(void)
{
    sandbox = sandbox_create();
    keyring_make(&keys, sandbox);
}

static void tear_down(void)
{
    sandbox_destroy(&sandbox);
}

/* ---- what a start or a check says ---- */

static const struct row {
    const char *label, *program, *curve; /* of the configuration */
    const char *list;
    int status, secret_mode;
    const char *output;
} rows[] = {
    {"a router", "router", "secret_key: '${file:secret}', allowed_keys: keys", "# nobody\n", 0, 0600,
     "lists no key: nobody can connect"},
    {"a router without a list", "router", "secret_key: '${file:secret}', server_key: 'KEY'", NULL, 3, 0600,
     "curve: allowed_keys: is missing;"},
    {"a router whose list is not there", "router", "secret_key: '${file:secret}', allowed_keys: keys", NULL,
     3, 0600, "keys: cannot be read: No such file"},
    {"a router with a bad line in its list", "router", "secret_key: '${file:secret}', allowed_keys: keys",
     "\n\nabc\n", 3, 0600, "keys:3: does not begin with a public key"},
    {"a sender without the router's key", "sender", "secret_key: '${file:secret}', allowed_keys: keys", NULL,
     3, 0600, "curve: server_key: is missing;"},
    {"a sender without its secret", "sender", "secret_key: '${file:nowhere}', server_key: 'KEY'", NULL, 3,
     0600, "curve: secret_key: the file "},
    {"a receiver whose secret all can read", "receiver", "secret_key: '${file:secret}', server_key: 'KEY'",
     NULL, 0, 0644, "everybody on this machine can read"},
    {"a sharer whose secret its group can read", "sharer", "secret_key: '${file:secret}', server_key: 'KEY'",
     NULL, 0, 0640, "configuration OK"},
    {"a sharer whose secret its group can write", "sharer", "secret_key: '${file:secret}', server_key: 'KEY'",
     NULL, 0, 0660, "everybody on this machine can read"},
};

START_TEST(check_says)
{
    const struct row *row = &rows[_i];
    AUTO(text_release) struct text program = TEXT_EMPTY;
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(text_release) struct text secret = TEXT_EMPTY;
    const char *key = strstr(row->curve, "KEY");
    text_format(&secret, "%s\n", keys.of[KEYRING_ROUTER].secret_key);
    ck_assert_int_eq(chmod(sandbox_write(sandbox, "secret", text_string(&secret)), (mode_t)row->secret_mode),
                     0);
    if (row->list)
        sandbox_write(sandbox, "keys", row->list);
    text_append(&yaml,
                "endpoints: { hints: 'tcp://r:1', work: 'tcp://r:2', control: 'tcp://r:3' }\nnodes: []\n");
    text_append(&yaml, "curve: { ");
    text_append_bytes(&yaml, row->curve, key ? (size_t)(key - row->curve) : strlen(row->curve));
    if (key)
        text_format(&yaml, "%s'", keys.of[KEYRING_ROUTER].public_key);
    text_append(&yaml, " }\n");
    text_format(&program, FELUCCA_BIN "/felucca-%s", row->program);
    const char *const argv[] = {text_string(&program), "--check", "--config",
                                sandbox_write(sandbox, "felucca.yaml", text_string(&yaml)), NULL};
    int status = process_run(argv, NULL, PATIENCE_MS, &output);
    ck_assert_msg(status == row->status, "%s: %d\n%s", row->label, status, text_string(&output));
    ck_assert_msg(strstr(text_string(&output), row->output), "%s: %s", row->label, text_string(&output));
    ck_assert_msg(!strstr(text_string(&output), keys.of[KEYRING_ROUTER].secret_key), "%s: a secret",
                  row->label);
    bool warned = strstr(text_string(&output), "everybody on this machine") != NULL;
    ck_assert_msg(warned == ((row->secret_mode & 027) != 0), "%s: %s", row->label, text_string(&output));
}
END_TEST

/* ---- felucca keys ---- */

START_TEST(keys_are_made_once)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    AUTO(text_release) struct text secret = TEXT_EMPTY;
    struct stat status;
    const char *path = sandbox_path(sandbox, "curve-secret");
    const char *const argv[] = {FELUCCA_BIN "/felucca", "keys", path, NULL};
    ck_assert_int_eq(process_run(argv, NULL, PATIENCE_MS, &output), 0);
    ck_assert_uint_eq(output.length, strlen("public ") + 40 + 1);
    ck_assert(string_starts_with(text_string(&output), "public "));
    file_read(path, &secret);
    ck_assert_uint_eq(secret.length, 41);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    text_clear(&output);
    ck_assert_int_eq(process_run(argv, NULL, PATIENCE_MS, &output), 1);
    ck_assert_msg(strstr(text_string(&output), "cannot make"), "%s", text_string(&output));
    ck_assert_msg(strstr(text_string(&output), "File exists"), "%s", text_string(&output));
    AUTO(text_release) struct text again = TEXT_EMPTY;
    file_read(path, &again);
    ck_assert_str_eq(text_string(&again), text_string(&secret));
}
END_TEST

START_TEST(help_shows_an_example)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *const argv[] = {FELUCCA_BIN "/felucca", "keys", "--help", NULL};
    ck_assert_int_eq(process_run(argv, NULL, PATIENCE_MS, &output), 0);
    ck_assert_msg(strstr(text_string(&output), "felucca keys /etc/felucca/"), "%s", text_string(&output));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("keys");
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, check_says, ROWS(rows));
    tests_add(tests, keys_are_made_once);
    tests_add(tests, help_shows_an_example);
    return tests_run(tests);
}
