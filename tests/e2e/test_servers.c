/* The examples of docs/servers.md: `felucca check` has nothing against any of them, once its secrets are there. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/files.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <jansson.h>
#include <string.h>

enum { LIMIT_MS = 30000, EXAMPLES = 6 };

#define SECRETS "/run/secrets"

static struct sandbox *sandbox;

static void make_key(const char *path, const char *algorithm, const char *option)
{
    const char *const argv[] = {"openssl", "genpkey", "-algorithm", algorithm, "-pkeyopt",
                                option,    "-out",    path,         NULL};
    ck_assert_int_eq(process_run(argv, NULL, LIMIT_MS, NULL), 0);
}

/* As Google hands it out. */
static void make_google_file(void)
{
    AUTO(text_release) struct text pem = TEXT_EMPTY;
    make_key(sandbox_path(sandbox, "rsa.pem"), "RSA", "rsa_keygen_bits:2048");
    file_read(sandbox_path(sandbox, "rsa.pem"), &pem);
    json_t *file = json_pack("{s:s, s:s, s:s, s:s}", "type", "service_account", "private_key_id",
                             "0123456789abcdef", "private_key", text_string(&pem), "client_email",
                             "felucca@PROJECT.iam.gserviceaccount.com");
    ck_assert_int_eq(json_dump_file(file, sandbox_path(sandbox, "google_key.json"), JSON_INDENT(2)), 0);
    json_decref(file);
}

static void set_up(void)
{
    static const char *const secrets[] = {"orthanc_password", "dcm4chee_client", "azure_client",
                                          "aws_access_key", "aws_secret_key"};
    sandbox = sandbox_create();
    for (size_t i = 0; i < ROWS(secrets); i++)
        sandbox_write(sandbox, secrets[i], "geheim\n");
    make_google_file();
    make_key(sandbox_path(sandbox, "smart_key.pem"), "EC", "ec_paramgen_curve:P-384");
}

static void tear_down(void)
{
    sandbox_destroy(&sandbox);
}

/* The number-th block of YAML of the page; is then yours. */
static char *find_example(const char *page, int number)
{
    static const char fence[] = "```yaml\n";
    const char *begin = page;
    for (int i = 0; i <= number; i++) {
        begin = strstr(begin, fence);
        ck_assert_msg(begin != NULL, "there are %d examples", i);
        begin += strlen(fence);
    }
    const char *end = strstr(begin, "```");
    ck_assert_ptr_nonnull(end);
    ck_assert_msg(number + 1 < EXAMPLES || !strstr(end, fence), "there are more than %d examples", EXAMPLES);
    return memory_string_n(begin, (size_t)(end - begin));
}

/* With the secrets where they are here. */
static const char *write_example(const char *example)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    text_format(&yaml, "state_dir: %s\n", sandbox_make_folder(sandbox, "state"));
    for (const char *secret; (secret = strstr(example, SECRETS)); example = secret + strlen(SECRETS)) {
        text_append_bytes(&yaml, example, (size_t)(secret - example));
        text_append(&yaml, sandbox_folder(sandbox));
    }
    text_append(&yaml, example);
    return sandbox_write(sandbox, "felucca.yaml", text_string(&yaml));
}

START_TEST(example_passes_check)
{
    AUTO(text_release) struct text page = TEXT_EMPTY, output = TEXT_EMPTY;
    file_read(FELUCCA_SOURCE "/docs/servers.md", &page);
    AUTO(memory_free) char *example = find_example(text_string(&page), _i);
    const char *const argv[] = {FELUCCA_BIN "/felucca", "check", "--offline", "--config",
                                write_example(example), NULL};
    int status = process_run(argv, NULL, LIMIT_MS, &output);
    ck_assert_msg(status == 0, "%d: %s\n%s", status, example, text_string(&output));
    ck_assert_msg(strstr(text_string(&output), "configuration OK: 1 node, 1 destination") != NULL, "%s",
                  text_string(&output));
    ck_assert_ptr_null(strstr(text_string(&output), "geheim"));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("servers");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, example_passes_check, EXAMPLES);
    return tests_run(tests);
}
