/* Whom the receiver's TLS port takes: versions, cipher suites and certificates, with openssl s_client and DCMTK's tools. */
#include "common/base/cleanup.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/suite.h"
#include "tests/support/tls_receiver.h"

#include <stdio.h>
#include <string.h>

enum { INSTANCES = 12 };

static struct tls_receiver receiver;

static void set_up(void)
{
    tls_receiver_create(&receiver);
}

static void tear_down(void)
{
    tls_receiver_destroy(&receiver);
}

static void expect_outcome(const char *label, const char *outcome, int times)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    text_format(&line, "felucca_tls_handshakes_total{outcome=\"%s\"} %d\n", outcome, times);
    tls_expect_metric(&receiver, label, text_string(&line));
}

/* ---- versions and cipher suites ---- */

#define WORDS(...)        \
    {                     \
        __VA_ARGS__, NULL \
    }
#define WEAK "-cipher", "DEFAULT@SECLEVEL=0"

static const struct suite_row {
    const char *label, *profile, *words[6];
    const char *says;    /* s_client, in the end */
    const char *outcome; /* of the metric */
} suite_rows[] = {
    {"TLS 1.0", "bcp195", WORDS("-tls1", WEAK), "alert protocol version", "version"},
    {"TLS 1.1", "bcp195", WORDS("-tls1_1", WEAK), "alert protocol version", "version"},
    {"TLS 1.2", "bcp195", WORDS("-tls1_2"), "TLSv1.2, Cipher is ECDHE-RSA-AES256-GCM-SHA384", "done"},
    {"TLS 1.3", "bcp195", WORDS("-tls1_3"), "TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384", "done"},
    {"what older peers have", "bcp195", WORDS("-tls1_2", "-cipher", "AES128-SHA"), "Cipher is AES128-SHA",
     "done"},
    {"DHE", "bcp195", WORDS("-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"),
     "Cipher is DHE-RSA-AES128-GCM-SHA256", "done"},
    {"CBC", "bcp195", WORDS("-tls1_2", "-cipher", "ECDHE-RSA-AES256-SHA384"), "alert handshake failure",
     "cipher_suite"},
    {"nothing secret", "bcp195", WORDS("-tls1_2", "-cipher", "NULL-SHA256:@SECLEVEL=0"),
     "alert handshake failure", "cipher_suite"},
    {"nobody known", "bcp195", WORDS("-tls1_2", "-cipher", "ADH-AES128-GCM-SHA256:@SECLEVEL=0"),
     "alert handshake failure", "cipher_suite"},
    {"no forward secrecy", "bcp195-non-downgrading", WORDS("-tls1_2", "-cipher", "AES128-SHA"),
     "alert handshake failure", "cipher_suite"},
    {"one of its suites", "bcp195-non-downgrading",
     WORDS("-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"), "Cipher is ECDHE-RSA-AES128-GCM-SHA256",
     "done"},
    {"TLS 1.1, non-downgrading", "bcp195-non-downgrading", WORDS("-tls1_1", WEAK), "alert protocol version",
     "version"},
    {"a curve of 256 bits", "bcp195-extended", WORDS("-tls1_3", "-groups", "P-256"), "TLSv1.3, Cipher is",
     "done"},
    {"a smaller one", "bcp195-extended", WORDS("-tls1_3", "-groups", "X25519"), "alert handshake failure",
     "cipher_suite"},
    {"a stream cipher", "bcp195-extended", WORDS("-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"),
     "alert handshake failure", "cipher_suite"},
    {"TLS 1.1, extended", "bcp195-extended", WORDS("-tls1_1", WEAK), "alert protocol version", "version"},
};

START_TEST(a_profile_is_kept)
{
    const struct suite_row *row = &suite_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY, keys = TEXT_EMPTY;
    text_format(&keys, "clients: none, profile: %s", row->profile);
    tls_start(&receiver, text_string(&keys), "{ aet: MR01 }");
    (void)tls_s_client(&receiver, NULL, row->words, &output);
    ck_assert_msg(strstr(text_string(&output), row->says), "%s: %s", row->label, text_string(&output));
    expect_outcome(row->label, row->outcome, 1);
}
END_TEST

/* ---- certificates of peers ---- */

static const struct client_row {
    const char *label, *keys, *name;
    bool taken;
    const char *outcome, *logged;
} client_rows[] = {
    {"a good one", "ca_file: ca.pem", "mr01", true, "done", NULL},
    {"a good one, of a folder", "ca_file: authorities", "mr01", true, "done", NULL},
    {"none", "ca_file: ca.pem", NULL, false, "certificate",
     "the peer shows no certificate (receiver: tls: clients: required)"},
    {"another authority's", "ca_file: ca.pem", "strangers-ca", false, "certificate",
     "the peer's certificate is not accepted: self-signed certificate"},
    {"an expired one", "ca_file: ca.pem", "expired", false, "certificate",
     "the peer's certificate is not accepted: certificate has expired"},
    {"none, where it is asked for", "ca_file: ca.pem, clients: asked", NULL, true, "done", NULL},
    {"a wrong one, where it is asked for", "ca_file: ca.pem, clients: asked", "expired", false, "certificate",
     "certificate has expired"},
    {"none, where nobody asks", "clients: none", NULL, true, "done", NULL},
    {"trusted itself", "ca_file: mr01.pem", "mr01", true, "done", NULL},
    {"not revoked", "ca_file: ca.pem, crl_file: list.crl", "mr01", true, "done", NULL},
    {"revoked", "ca_file: ca.pem, crl_file: list.crl", "ct01", false, "certificate",
     "the peer's certificate is not accepted: certificate revoked"},
    {"no list of its authority", "ca_file: ca.pem, crl_file: other.crl", "mr01", false, "certificate",
     "unable to get certificate CRL"},
};

static void make_lists(void)
{
    const struct certificate ct01 = {tls_file(&receiver, "ct01.pem"), tls_file(&receiver, "ct01.key")};
    const struct certificate strangers = {tls_file(&receiver, "strangers-ca.pem"),
                                          tls_file(&receiver, "strangers-ca.key")};
    AUTO(text_release) struct text pem = TEXT_EMPTY;
    (void)authority_revoke(receiver.sandbox, &receiver.ca, "list", &ct01);
    (void)authority_revoke(receiver.sandbox, &strangers, "other", NULL);
    (void)sandbox_make_folder(receiver.sandbox, "authorities");
    file_read(receiver.ca.certificate, &pem);
    file_write(tls_file(&receiver, "authorities/one.pem"), pem.bytes, pem.length);
    file_write_string(tls_file(&receiver, "authorities/README"), "not a certificate\n");
}

START_TEST(a_peer_shows_what_is_asked_for)
{
    static const char *const words[] = {"-tls1_2", NULL};
    const struct client_row *row = &client_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY;
    make_lists();
    tls_start(&receiver, row->keys, "{ aet: MR01 }");
    int status = tls_s_client(&receiver, row->name, words, &output);
    ck_assert_msg((status == 0) == row->taken, "%s: %d, %s", row->label, status, text_string(&output));
    expect_outcome(row->label, row->outcome, 1);
    if (row->logged)
        tls_expect_log(&receiver, row->label, row->logged);
}
END_TEST

/* ---- sources that are bound to one ---- */

static const struct source_row {
    const char *label, *sources, *calling, *name, *logged; /* logged: NULL: taken */
} source_rows[] = {
    {"its own", TLS_SOURCES, "CT01", "ct01", NULL},
    {"another's", TLS_SOURCES, "CT01", "mr01",
     "the certificate is not the one of CT01, whose entry in sources of FELUCCA names CN=ct01: it showed CN=mr01"},
    {"on the plain port", TLS_SOURCES, "CT01", NULL, "it called the plain port, where none is shown"},
    {"one that nobody asks for", TLS_SOURCES, "MR01", "ct01", NULL},
    {"none, where none is asked for", TLS_SOURCES, "MR01", NULL, NULL},
    {"a subject that has more", "{ aet: CT01, certificate: 'CN=ct01,O=A Hospital' }", "CT01", "ct01",
     "names CN=ct01,O=A Hospital: it showed CN=ct01"},
    {"either of two", "{ aet: CT01, certificate: CN=ct01 }, { aet: CT01, certificate: CN=mr01 }", "CT01",
     "mr01", NULL},
    {"a fingerprint", NULL, "CT01", "ct01", NULL},
    {"a fingerprint of another's", NULL, "CT01", "mr01", "it showed CN=mr01 (SHA-256 "},
};

/* A source with ct01's fingerprint as openssl prints it. */
static void append_fingerprint(struct text *out)
{
    const char *const argv[] = {"openssl", "x509",         "-in",     tls_file(&receiver, "ct01.pem"),
                                "-noout",  "-fingerprint", "-sha256", NULL};
    AUTO(text_release) struct text printed = TEXT_EMPTY;
    ck_assert_int_eq(process_run(argv, NULL, TLS_WAIT_MS, &printed), 0);
    const char *digits = strchr(text_string(&printed), '=');
    ck_assert_ptr_nonnull(digits);
    text_format(out, "{ aet: CT01, certificate: '%.95s' }", digits + 1);
}

START_TEST(a_source_is_bound_to_its_certificate)
{
    const struct source_row *row = &source_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY, sources = TEXT_EMPTY;
    if (row->sources)
        text_append(&sources, row->sources);
    else
        append_fingerprint(&sources);
    tls_start(&receiver, "ca_file: ca.pem", text_string(&sources));
    int status = tls_echo(&receiver, row->calling, row->name, &output);
    ck_assert_msg((status == 0) == !row->logged, "%s: %s", row->label, text_string(&output));
    ck_assert_msg(!row->logged || strstr(text_string(&output), "Rejected Permanent"), "%s: %s", row->label,
                  text_string(&output));
    if (row->logged)
        tls_expect_log(&receiver, row->label, row->logged);
}
END_TEST

/* ---- limits and passcodes, which the parent knows ---- */

START_TEST(a_passcode_is_asked_for_as_elsewhere)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    struct dicom_spec spec;
    const char *argv[] = {"-usr", "x", "-pwd", "open sesame", "--", tls_file(&receiver, "I.dcm"), NULL};
    sandbox_write(receiver.sandbox, "code", "open sesame\n");
    dicom_spec_init(&spec, 7);
    ck_assert_int_eq(dicom_write(&spec, tls_file(&receiver, "I.dcm")), 0);
    tls_start(
        &receiver, "ca_file: ca.pem",
        "{ aet: CT01, certificate: CN=ct01, passcode: '${file:code}' }, { aet: XR01, passcode: '${file:gone}' }");
    ck_assert_msg(tls_scu(&receiver, "storescu", "CT01", "ct01", argv, &output) == 0, "%s",
                  text_string(&output));
    ck_assert_int_ne(tls_scu(&receiver, "storescu", "CT01", "mr01", argv, &output), 0);
    ck_assert_int_ne(tls_scu(&receiver, "storescu", "XR01", "mr01", argv, &output), 0);
    argv[3] = "open";
    text_clear(&output);
    ck_assert_int_ne(tls_scu(&receiver, "storescu", "CT01", "ct01", argv, &output), 0);
    tls_expect_log(&receiver, text_string(&output), "user identity without the passcode of CT01");
    tls_expect_log(&receiver, "wrong certificate", "it showed CN=mr01");
    tls_expect_log(&receiver, "unread", "the passcode of XR01 cannot be read here");
    ck_assert_uint_eq(folder_count(tls_file(&receiver, "state/spool/incoming"), ".dcm"), 1);
}
END_TEST

/* ---- what is stored ---- */

static const struct byte_row {
    const char *label, *profile, *words[2];
} byte_rows[] = {
    {"TLS 1.3", "bcp195", {NULL}},
    {"TLS 1.2, BCP 195", "bcp195", {"--profile-bcp195-ex"}},
    {"as DCMTK takes the non-downgrading profile", "bcp195-non-downgrading", {"--profile-bcp195-nd"}},
    {"as DCMTK takes the extended profile", "bcp195-extended", {"--profile-bcp195-ex"}},
};

static void compare(void *context, const char *path)
{
    unsigned *found = context;
    for (unsigned i = 0; string_ends_with(path, ".dcm") && i < INSTANCES; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "sent/%u.dcm", i);
        *found += files_same_data_set(path, tls_file(&receiver, name));
    }
}

START_TEST(what_comes_is_what_was_sent)
{
    const struct byte_row *row = &byte_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY, keys = TEXT_EMPTY;
    const char *argv[INSTANCES + 4] = {NULL};
    size_t count = 0;
    unsigned found = 0;
    if (row->words[0])
        argv[count++] = row->words[0];
    argv[count++] = "--";
    (void)sandbox_make_folder(receiver.sandbox, "sent");
    for (unsigned i = 0; i < INSTANCES; i++) {
        struct dicom_spec spec;
        dicom_spec_init(&spec, i);
        dicom_shape(&spec, UINT64_C(20000) << (i / 2)); /* to 640 KB: several PDUs, many records */
        argv[count] = sandbox_path(receiver.sandbox, "sent/%u.dcm", i);
        ck_assert_int_eq(dicom_write(&spec, argv[count++]), 0);
    }
    text_format(&keys, "ca_file: ca.pem, profile: %s", row->profile);
    tls_start(&receiver, text_string(&keys), TLS_SOURCES);
    ck_assert_msg(tls_scu(&receiver, "storescu", "CT01", "ct01", argv, &output) == 0, "%s: %s", row->label,
                  text_string(&output));
    ck_assert_uint_eq(folder_count(tls_file(&receiver, "state/spool/incoming"), ".dcm"), INSTANCES);
    folder_walk(tls_file(&receiver, "state/spool/incoming"), compare, &found);
    ck_assert_msg(found == INSTANCES, "%s: %u", row->label, found);
    tls_expect_log(&receiver, row->label, "instances=12");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("receiver_tls");
    tests_abreast(tests, 4);
    tests_timeout(tests, 90);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, a_profile_is_kept, ROWS(suite_rows));
    tests_rows(tests, a_peer_shows_what_is_asked_for, ROWS(client_rows));
    tests_rows(tests, a_source_is_bound_to_its_certificate, ROWS(source_rows));
    tests_rows(tests, what_comes_is_what_was_sent, ROWS(byte_rows));
    tests_add(tests, a_passcode_is_asked_for_as_elsewhere);
    return tests_run(tests);
}
