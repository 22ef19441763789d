/* What is signed, openssl verifies; and which keys are none. */
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/tls/signer.h"
#include "tests/support/files.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <string.h>

enum { LIMIT_MS = 30000 };

static struct sandbox *sandbox;

static void set_up(void)
{
    sandbox = sandbox_create();
}

static void tear_down(void)
{
    sandbox_destroy(&sandbox);
}

static void openssl(const char *const *argv)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    ck_assert_msg(process_run(argv, NULL, LIMIT_MS, &output) == 0, "%s %s: %s", argv[1], argv[2],
                  text_string(&output));
}

static const char *make_key(const char *algorithm, const char *option)
{
    const char *path = sandbox_path(sandbox, "key.pem");
    openssl((const char *const[]){"openssl", "genpkey", "-algorithm", algorithm, "-pkeyopt", option, "-out",
                                  path, NULL});
    return path;
}

/* A number of DER: without zeros in front, but positive. */
static void append_number(const char *bytes, size_t length, struct text *out)
{
    while (length > 1 && !*bytes) {
        bytes++;
        length--;
    }
    bool negative = (unsigned char)*bytes & 0x80;
    text_append_char(out, 2);
    text_append_char(out, (char)(length + negative));
    if (negative)
        text_append_char(out, '\0');
    text_append_bytes(out, bytes, length);
}

/* As openssl takes it. */
static void append_der(const struct text *signature, struct text *out)
{
    AUTO(text_release) struct text numbers = TEXT_EMPTY;
    append_number(signature->bytes, signature->length / 2, &numbers);
    append_number(signature->bytes + signature->length / 2, signature->length / 2, &numbers);
    ck_assert_uint_lt(numbers.length, 128);
    text_append_char(out, 0x30);
    text_append_char(out, (char)numbers.length);
    text_append_bytes(out, numbers.bytes, numbers.length);
}

static const struct row {
    const char *label, *key, *option;
    enum config_auth_algorithm wanted;
    const char *algorithm, *digest;
    size_t length; /* of the signature */
} rows[] = {
    {"RSA by itself", "RSA", "rsa_keygen_bits:2048", CONFIG_ALGORITHM_AUTO, "RS256", "-sha256", 256},
    {"RSA as SMART wants it", "RSA", "rsa_keygen_bits:2048", CONFIG_ALGORITHM_RS384, "RS384", "-sha384", 256},
    {"P-256 by itself", "EC", "ec_paramgen_curve:P-256", CONFIG_ALGORITHM_AUTO, "ES256", "-sha256", 64},
    {"P-384 by itself", "EC", "ec_paramgen_curve:P-384", CONFIG_ALGORITHM_AUTO, "ES384", "-sha384", 96},
    {"P-384 asked for", "EC", "ec_paramgen_curve:P-384", CONFIG_ALGORITHM_ES384, "ES384", "-sha384", 96},
};

START_TEST(openssl_verifies_it)
{
    const struct row *row = &rows[_i];
    static const char message[] = "header.claims";
    AUTO(signer_destroy) struct signer *signer = NULL;
    AUTO(text_release)
    struct text pem = TEXT_EMPTY, reason = TEXT_EMPTY, signature = TEXT_EMPTY, der = TEXT_EMPTY;
    const char *key = make_key(row->key, row->option), *public = sandbox_path(sandbox, "public.pem");
    openssl((const char *const[]){"openssl", "pkey", "-in", key, "-pubout", "-out", public, NULL});
    file_read(key, &pem);
    ck_assert_msg(signer_create("it", text_string(&pem), row->wanted, &signer, &reason) == 0, "%s",
                  text_string(&reason));
    ck_assert_str_eq(signer_algorithm(signer), row->algorithm);
    ck_assert_int_eq(signer_sign(signer, message, strlen(message), &signature), 0);
    ck_assert_uint_eq(signature.length, row->length);
    if (strcmp(row->key, "EC") == 0)
        append_der(&signature, &der);
    else
        text_append_bytes(&der, signature.bytes, signature.length);
    const char *file = sandbox_path(sandbox, "signature");
    file_write(file, der.bytes, der.length);
    const char *text = sandbox_write(sandbox, "message", message);
    openssl((const char *const[]){"openssl", "dgst", row->digest, "-verify", public, "-signature", file, text,
                                  NULL});
}
END_TEST

static const struct wrong {
    const char *label, *key, *option;
    enum config_auth_algorithm wanted;
    const char *says;
} wrongs[] = {
    {"no key", NULL, "geheim", CONFIG_ALGORITHM_AUTO, "it holds no private key in PEM form"},
    {"a short key", "RSA", "rsa_keygen_bits:1024", CONFIG_ALGORITHM_AUTO,
     "less than 2048 bits; make a longer one"},
    {"a curve that has no algorithm here", "EC", "ec_paramgen_curve:P-521", CONFIG_ALGORITHM_AUTO,
     "neither an RSA key nor an EC key on the curve P-256 or P-384"},
    {"an RSA key for a curve", "RSA", "rsa_keygen_bits:2048", CONFIG_ALGORITHM_ES256,
     "it is not an EC key on the curve P-256, which ES256 needs; write algorithm: auto"},
    {"the other curve", "EC", "ec_paramgen_curve:P-256", CONFIG_ALGORITHM_ES384, "on the curve P-384"},
};

START_TEST(other_keys_are_refused)
{
    const struct wrong *wrong = &wrongs[_i];
    AUTO(signer_destroy) struct signer *signer = NULL;
    AUTO(text_release) struct text pem = TEXT_EMPTY, reason = TEXT_EMPTY;
    if (wrong->key)
        file_read(make_key(wrong->key, wrong->option), &pem);
    else
        text_append(&pem, wrong->option);
    ck_assert_int_eq(signer_create("it", text_string(&pem), wrong->wanted, &signer, &reason), ERR_SYNTAX);
    ck_assert_msg(strstr(text_string(&reason), wrong->says) != NULL, "%s: %s", wrong->label,
                  text_string(&reason));
    ck_assert_ptr_null(strstr(text_string(&reason), "geheim"));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("signer");
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, openssl_verifies_it, ROWS(rows));
    tests_rows(tests, other_keys_are_refused, ROWS(wrongs));
    return tests_run(tests);
}
