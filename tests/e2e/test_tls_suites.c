/* docs/conformance.md says which cipher suites each profile takes: compared with a receiver that runs, for every suite of
 * openssl's that its certificate could be used with, with an RSA key and with one on an elliptic curve. */
#include "common/base/cleanup.h"
#include "tests/support/files.h"
#include "tests/support/suite.h"
#include "tests/support/tls_receiver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 64, FEWEST_TAKEN = 4 };

static struct tls_receiver receiver;

static void set_up(void)
{
    tls_receiver_create(&receiver);
}

static void tear_down(void)
{
    tls_receiver_destroy(&receiver);
}

/* In the order of the document, in which each row of a profile takes all of those below it. */
static const struct row {
    const char *label;
    const char *authentication; /* as openssl says which key a suite wants */
    unsigned fewest_tried;
} rows[] = {{"bcp195", "Au=RSA", 30},
            {"bcp195", "Au=ECDSA", 15},
            {"bcp195-non-downgrading", "Au=RSA", 30},
            {"bcp195-non-downgrading", "Au=ECDSA", 15},
            {"bcp195-extended", "Au=RSA", 30},
            {"bcp195-extended", "Au=ECDSA", 15}};

/* From the row of that profile to the end of its table. */
static void read_rows(const char *profile, struct text *ret_rows)
{
    AUTO(text_release) struct text page = TEXT_EMPTY, head = TEXT_EMPTY;
    file_read(FELUCCA_SOURCE "/docs/conformance.md", &page);
    text_format(&head, "\n| `%s` |", profile);
    const char *begin = strstr(text_string(&page), text_string(&head));
    ck_assert_msg(begin, "%s has no row", profile);
    const char *end = strstr(begin, "|\n\n");
    ck_assert_ptr_nonnull(end);
    text_append_bytes(ret_rows, begin, (size_t)(end - begin));
}

static bool is_listed(const struct text *listed, const char *name)
{
    AUTO(text_release) struct text quoted = TEXT_EMPTY;
    text_format(&quoted, "`%s`", name);
    return strstr(text_string(listed), text_string(&quoted)) != NULL;
}

/* Whether a handshake with this suite alone succeeds. */
static bool is_taken(const char *name, bool newest)
{
    AUTO(text_release) struct text output = TEXT_EMPTY, weak = TEXT_EMPTY;
    text_format(&weak, "%s:@SECLEVEL=0", name);
    const char *const old[] = {"-tls1_2", "-cipher", text_string(&weak), NULL};
    const char *const newer[] = {"-tls1_3", "-ciphersuites", name, NULL};
    return tls_s_client(&receiver, NULL, newest ? newer : old, &output) == 0;
}

START_TEST(a_profile_takes_what_is_written)
{
    static const char *const argv[] = {"openssl", "ciphers", "-v", "-stdname", "ALL:eNULL:@SECLEVEL=0", NULL};
    AUTO(text_release) struct text listed = TEXT_EMPTY, known = TEXT_EMPTY, keys = TEXT_EMPTY;
    const struct row *row = &rows[_i];
    unsigned tried = 0, taken = 0;
    read_rows(row->label, &listed);
    text_format(&keys, "clients: none, profile: %s", row->label);
    if (strcmp(row->authentication, "Au=ECDSA") == 0)
        (void)authority_sign(receiver.sandbox, &receiver.ca, "server", "IP:127.0.0.1", 2);
    tls_start(&receiver, text_string(&keys), "{ aet: MR01 }");
    ck_assert_int_eq(process_run(argv, NULL, TLS_WAIT_MS, &known), 0);
    char *rest = known.bytes;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char standard[NAME_SIZE], name[NAME_SIZE], version[NAME_SIZE];
        if ((!strstr(line, row->authentication) && !strstr(line, "Au=any")) ||
            sscanf(line, "%63s - %63s %63s", standard, name, version) != 3)
            continue;
        bool is = is_taken(name, strcmp(version, "TLSv1.3") == 0);
        ck_assert_msg(is == is_listed(&listed, standard), "%s: %s is %staken", row->label, standard,
                      is ? "" : "not ");
        tried++;
        taken += is;
    }
    ck_assert_uint_ge(tried, row->fewest_tried);
    ck_assert_uint_ge(taken, FEWEST_TAKEN);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("tls_suites");
    tests_abreast(tests, 3);
    tests_timeout(tests, 150);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, a_profile_takes_what_is_written, ROWS(rows));
    return tests_run(tests);
}
