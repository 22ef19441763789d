/* `proxy:` of a destination: what is taken, what is sent, and what is said of the environment. */
#include "common/config/proxy.h"

#include "common/base/cleanup.h"
#include "common/kheops/credentials.h"
#include "tests/support/files.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

static const struct check_row {
    const char *value, *complaint; /* NULL: fine */
} checks[] = {
    {"none", NULL},
    {"environment", NULL},
    {"http://proxy.example.org:3128", NULL},
    {"https://[::1]:3128", NULL},
    {"http://${file:/run/secrets/proxy}@proxy:3128", NULL},
    {"http://${env:PROXY_USER}:${file:/run/secrets/p@ss}@proxy:3128", NULL},
    {"proxy.example.org:3128", "is no proxy; write http://HOST:PORT, none, or environment"},
    {"socks5://proxy", "is no proxy"},
    {"", "is no proxy"},
    {"http://user:password@proxy:3128", "holds a user name or password; write http://${file:PATH}@HOST:PORT"},
    {"http://user:${file:/p}@proxy:3128", "holds a user name or password"},
    {"http://proxy:3128/path", "names no valid proxy"},
    {"http://proxy:99999", "names no valid proxy"},
};

START_TEST(value_is_checked)
{
    const struct check_row *row = &checks[_i];
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int code = config_proxy_check(row->value, &reason);
    ck_assert_msg((code == 0) == (row->complaint == NULL), "%s: %s", row->value, text_string(&reason));
    ck_assert_msg(!row->complaint || strstr(text_string(&reason), row->complaint), "%s: %s", row->value,
                  text_string(&reason));
    ck_assert_ptr_null(strstr(text_string(&reason), "password@"));
}
END_TEST

static const struct resolve_row {
    const char *label, *proxy, *content, *resolved; /* NULL: an error */
} resolves[] = {
    {"not said", NULL, "", ""},
    {"none", "none", "", ""},
    {"environment", "environment", "", HTTP_PROXY_OF_ENVIRONMENT},
    {"no credentials", "http://proxy:3128", "", "http://proxy:3128"},
    {"credentials", "http://${file:%s}@proxy:3128", "user:p@ss:/w\n", "http://user:p%40ss%3A%2Fw@proxy:3128"},
    {"a user alone", "http://${file:%s}@proxy:3128", "user", "http://user:@proxy:3128"},
    {"an empty file", "http://${file:%s}@proxy:3128", "", NULL},
    {"two lines", "http://${file:%s}@proxy:3128", "user\nsesame\n", NULL},
};

START_TEST(credentials_are_resolved)
{
    const struct resolve_row *row = &resolves[_i];
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    AUTO(text_release) struct text proxy = TEXT_EMPTY;
    AUTO(text_release) struct text resolved = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const char *path = sandbox_path(sandbox, "secret");
    file_write_string(path, row->content);
    if (row->proxy && strstr(row->proxy, "%s"))
        text_format(&proxy, "http://${file:%s}@proxy:3128", path);
    else
        text_append(&proxy, row->proxy ? row->proxy : "");
    const struct config_destination destination = {.proxy = row->proxy ? proxy.bytes : NULL};
    int code = credentials_proxy(&destination, &resolved, &reason);
    ck_assert_msg((code == 0) == (row->resolved != NULL), "%s: %s", row->label, text_string(&reason));
    if (row->resolved)
        ck_assert_str_eq(text_string(&resolved), row->resolved);
    else
        ck_assert_ptr_nonnull(strstr(text_string(&reason), "proxy: "));
    ck_assert_ptr_null(strstr(text_string(&reason), "sesame"));
}
END_TEST

static const struct told_row {
    const char *label, *variable, *proxy;
    bool told;
} tolds[] = {
    {"nothing is set", NULL, NULL, false},
    {"http_proxy", "http_proxy", NULL, true},
    {"HTTPS_PROXY", "HTTPS_PROXY", NULL, true},
    {"HTTP_PROXY is no variable of curl's", "HTTP_PROXY", NULL, false},
    {"none is said", "http_proxy", "none", false},
    {"environment is said", "http_proxy", "environment", false},
};

START_TEST(an_environment_that_is_not_used_is_told)
{
    static const char *const all[] = {"http_proxy", "https_proxy", "HTTPS_PROXY",
                                      "all_proxy",  "ALL_PROXY",   "HTTP_PROXY"};
    const struct told_row *row = &tolds[_i];
    AUTO(text_release) struct text told = TEXT_EMPTY;
    struct config_destination destination = {.name = (char *)"main", .proxy = (char *)row->proxy};
    struct config_node node = {.destinations = &destination, .destination_count = 1};
    const struct config config = {.nodes = &node, .node_count = 1};
    for (size_t i = 0; i < ROWS(all); i++)
        ck_assert_int_eq(unsetenv(all[i]), 0);
    if (row->variable)
        ck_assert_int_eq(setenv(row->variable, "http://user:password@proxy:3128", 1), 0);
    ck_assert_msg(config_proxy_tell_ignored(&config, &told) == row->told, "%s", row->label);
    ck_assert_msg((strstr(text_string(&told), "is set and not used") != NULL) == row->told, "%s", row->label);
    ck_assert_ptr_null(strstr(text_string(&told), "password"));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("proxy");
    tests_rows(tests, value_is_checked, ROWS(checks));
    tests_rows(tests, credentials_are_resolved, ROWS(resolves));
    tests_rows(tests, an_environment_that_is_not_used_is_told, ROWS(tolds));
    return tests_run(tests);
}
