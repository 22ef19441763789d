/* DICOM over TLS with pynetdicom as the modality (tests/pynetdicom/run.sh installs it). */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/pynetdicom.h"
#include "tests/support/suite.h"
#include "tests/support/tls_receiver.h"

#include <stdio.h>
#include <string.h>

static struct tls_receiver receiver;

static void set_up(void)
{
    struct dicom_spec spec;
    tls_receiver_create(&receiver);
    dicom_spec_init(&spec, 5);
    ck_assert_int_eq(dicom_write(&spec, tls_file(&receiver, "I.dcm")), 0);
    tls_start(&receiver, "ca_file: ca.pem", TLS_SOURCES);
}

static void tear_down(void)
{
    tls_receiver_destroy(&receiver);
}

static const struct caller_row {
    const char *label, *calling, *certificate; /* NULL: it shows none */
    const char *says;
    unsigned stored;
} caller_rows[] = {
    {"its own certificate", "CT01", "ct01", "echo 0000\nstore 0000\n", 1},
    {"any good one, where none is bound", "MR01", "mr01", "echo 0000\nstore 0000\n", 1},
    {"another's", "CT01", "mr01", "rejected\n", 0},
    {"an expired one", "MR01", "expired", "no association\n", 0},
    {"none", "MR01", NULL, "no association\n", 0},
};

START_TEST(it_is_let_in_by_its_certificate)
{
    const struct caller_row *row = &caller_rows[_i];
    AUTO(text_release) struct text said = TEXT_EMPTY, port = TEXT_EMPTY;
    AUTO(text_release) struct text certificate = TEXT_EMPTY, key = TEXT_EMPTY;
    text_format(&port, "%d", receiver.tls_port);
    if (row->certificate) {
        text_append(&certificate, sandbox_path(receiver.sandbox, "%s.pem", row->certificate));
        text_append(&key, sandbox_path(receiver.sandbox, "%s.key", row->certificate));
    }
    const char *const argv[] = {pynetdicom_python(),
                                FELUCCA_SOURCE "/tests/tools/pynetdicom_tls.py",
                                text_string(&port),
                                "FELUCCA",
                                row->calling,
                                tls_file(&receiver, "ca.pem"),
                                text_string(&certificate),
                                text_string(&key),
                                tls_file(&receiver, "I.dcm"),
                                NULL};
    (void)process_run(argv, NULL, TLS_WAIT_MS, &said);
    ck_assert_msg(strcmp(text_string(&said), row->says) == 0, "%s: %s", row->label, text_string(&said));
    ck_assert_uint_eq(folder_count(tls_file(&receiver, "state/spool/incoming"), ".dcm"), row->stored);
}
END_TEST

int main(void)
{
    if (!pynetdicom_python()) {
        printf("left out: no Python here has pynetdicom; `make pynetdicom-test` installs it\n");
        return 77;
    }
    struct tests *tests = tests_create("tls pynetdicom");
    tests_timeout(tests, 120);
    tests_abreast(tests, 2);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, it_is_let_in_by_its_certificate, ROWS(caller_rows));
    return tests_run(tests);
}
