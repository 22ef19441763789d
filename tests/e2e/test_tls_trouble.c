/* What goes wrong on the receiver's TLS port costs nobody else anything: plain text, handshakes that stall, wrong files, a
 * renewal in the middle of a study; and whose memory holds the private key. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/dul.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/raw_scu.h"
#include "tests/support/suite.h"
#include "tests/support/tls_receiver.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CROWD = 40, STUDY = 40 };

static struct tls_receiver receiver;
static int crowd[CROWD];

static void set_up(void)
{
    for (int i = 0; i < CROWD; i++)
        crowd[i] = -1;
    tls_receiver_create(&receiver);
}

static void tear_down(void)
{
    for (int i = 0; i < CROWD; i++)
        fd_close(&crowd[i]);
    tls_receiver_destroy(&receiver);
}

static void say(int client, const void *bytes, size_t length)
{
    ck_assert_int_eq(send(client, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
}

/* An association on the plain port that goes on. */
static int associate_plainly(void)
{
    static const struct dul_context context = {1, "1.2.840.10008.1.1", {"1.2.840.10008.1.2"}};
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    return raw_scu_associate(receiver.plain_port, "FELUCCA", "MR01", &context, 1, &answer);
}

static void release(int client)
{
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    dul_append_release(&pdu);
    say(client, pdu.bytes, pdu.length);
    ck_assert_int_eq(dul_read(client, TLS_WAIT_MS, &pdu), DUL_RELEASE_RP);
}

static void expect_echo(const char *label, const char *calling, const char *name)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    ck_assert_msg(tls_echo(&receiver, calling, name, &output) == 0, "%s: %s", label, text_string(&output));
}

/* ---- peers that do it wrong ---- */

/* The beginning of a ClientHello (RFC 8446 section 4.1.2), in a record, and as a message, of so many bytes. */
#define HELLO(record, message) "\x16\x03\x01\x00" record "\x01\x00\x00" message "\x03\x03"

static const struct peer_row {
    const char *label, *bytes;
    size_t length;
    bool closed; /* by the receiver, at once */
    const char *outcome;
} peer_rows[] = {
    {"an A-ASSOCIATE-RQ in plain text", "\x01\x00\x00\x00\x00\x44\x00\x01", 8, true, "plain_text"},
    {"HTTP", "GET / HTTP/1.0\r\n\r\n", 18, true, "plain_text"},
    {"SSL 2.0", "\x80\x2e\x01\x00\x02\x00\x15\x00", 8, true, "plain_text"},
    {"an alert", "\x15\x03\x01\x00\x02\x02\x28", 7, true, "plain_text"},
    {"a record without end", "\x16\x03\x01\xff\xff\x01\x00\x00", 8, true, "plain_text"},
    {"a ClientHello that is none", HELLO("\x06", "\x02"), 11, true, "protocol"},
    {"half a ClientHello", HELLO("\x80", "\x7c"), 11, false, NULL},
    {"nothing", "", 0, false, NULL},
};

START_TEST(a_wrong_peer_costs_nobody_else_anything)
{
    const struct peer_row *row = &peer_rows[_i];
    AUTO(text_release) struct text line = TEXT_EMPTY, pdu = TEXT_EMPTY;
    tls_start(&receiver, "ca_file: ca.pem", TLS_SOURCES);
    tls_wait_port(&receiver, row->label, receiver.plain_port);
    AUTO(fd_close) int other = associate_plainly();
    AUTO(fd_close) int client = port_connect(receiver.tls_port);
    say(client, row->bytes, row->length);
    if (row->closed)
        while (dul_read(client, TLS_WAIT_MS, &pdu) > DUL_END) /* an alert may come first */
            continue;
    expect_echo(row->label, "CT01", "ct01");
    release(other);
    text_format(&line, "felucca_tls_handshakes_total{outcome=\"%s\"} 1\n",
                row->outcome ? row->outcome : "done");
    tls_expect_metric(&receiver, row->label, text_string(&line));
}
END_TEST

/* A ClientHello as openssl says it. */
static void record_hello(struct text *ret_hello)
{
    char address[32], bytes[4096];
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof where;
    AUTO(fd_close) int door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(door, (struct sockaddr *)&where, sizeof where), 0);
    ck_assert_int_eq(listen(door, 1), 0);
    ck_assert_int_eq(getsockname(door, (struct sockaddr *)&where, &length), 0);
    (void)snprintf(address, sizeof address, "127.0.0.1:%d", ntohs(where.sin_port));
    const char *const argv[] = {"openssl", "s_client", "-connect", address, NULL};
    AUTO(process_destroy) struct process *client = process_start(argv, NULL);
    AUTO(fd_close) int caller = accept(door, NULL, NULL);
    ssize_t n = recv(caller, bytes, sizeof bytes, 0);
    ck_assert_int_gt(n, 100);
    text_append_bytes(ret_hello, bytes, (size_t)n);
}

/* Each has said a whole ClientHello, and says nothing more: all processes that there may be are busy with them. */
static void crowd_in(void)
{
    AUTO(text_release) struct text hello = TEXT_EMPTY;
    record_hello(&hello);
    for (int i = 0; i < CROWD; i++) {
        char byte;
        crowd[i] = port_connect(receiver.tls_port);
        say(crowd[i], hello.bytes, hello.length);
        ck_assert_int_eq(recv(crowd[i], &byte, 1, MSG_PEEK), 1); /* a process has answered */
    }
}

START_TEST(a_crowd_that_stalls_costs_nobody_else_anything)
{
    /* Two of a source: one that comes, and one that has just gone and whose process ends. */
    tls_configure(&receiver, "ca_file: ca.pem", "max_associations: 4, max_associations_per_source: 2,",
                  TLS_SOURCES);
    tls_launch(&receiver);
    tls_wait_port(&receiver, "at the start", receiver.tls_port);
    crowd_in();
    expect_echo("beside a crowd", "CT01", "ct01");
    AUTO(fd_close) int other = associate_plainly();
    release(other);
    tls_expect_log(&receiver, "who gave way", "its TLS handshake gave way to others");
    tls_expect_log(&receiver, "who stalls", "the peer did not go on with the handshake for 10 s");
    tls_expect_metric(&receiver, "all", "felucca_tls_handshakes_total{outcome=\"stalled\"} 40\n");
    expect_echo("afterwards", "CT01", "ct01");
}
END_TEST

static bool is_let_in(void *context)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    (void)context;
    return tls_echo(&receiver, "CT01", "ct01", &output) == 0;
}

/* Limits hold over both ports, and who is over one hears it. */
START_TEST(a_limit_is_told_over_tls)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    tls_configure(&receiver, "ca_file: ca.pem", "max_associations: 1,", TLS_SOURCES);
    tls_launch(&receiver);
    tls_wait_port(&receiver, "at the start", receiver.tls_port);
    AUTO(fd_close) int other = associate_plainly();
    ck_assert_int_ne(tls_echo(&receiver, "CT01", "ct01", &output), 0);
    ck_assert_msg(strstr(text_string(&output), "Local Limit Exceeded"), "%s", text_string(&output));
    release(other);
    tls_expect_metric(&receiver, "the end", "felucca_associations_total{outcome=\"released\"} 1\n");
    ck_assert_msg(wait_until(is_let_in, NULL, TLS_WAIT_MS),
                  "not even afterwards"); /* its process has to end, too */
}
END_TEST

/* ---- who does not like us ---- */

START_TEST(an_alert_is_told_in_words)
{
    AUTO(text_release) struct text output = TEXT_EMPTY, pem = TEXT_EMPTY;
    static const char *const words[] = {"-tls1_3", NULL};
    tls_start(&receiver, "clients: none", "{ aet: MR01 }");
    file_read(tls_file(&receiver, "strangers-ca.pem"), &pem);
    file_write(tls_file(&receiver, "ca.pem"), pem.bytes, pem.length); /* whom the peer trusts */
    ck_assert_int_ne(tls_s_client(&receiver, NULL, words, &output), 0);
    tls_expect_log(
        &receiver, "alert",
        "because=\"TLS alert: unknown CA; the peer does not know our certificate's issuer\" times=1");
}
END_TEST

/* ---- files ---- */

static const struct file_row {
    const char *label, *command, *says;
} file_rows[] = {
    {"another's key", "cp mr01.key server.key", "server.key is not the key of the first certificate of"},
    {"no key", "rm server.key", "server.key cannot be read: No such file or directory"},
    {"no certificate in it", "echo nothing >server.pem", "server.pem holds no certificate in PEM form"},
    {"half a certificate", "head -n 5 server.pem >half; cat half >>server.pem",
     "server.pem holds a certificate that cannot be read"},
    {"a key with a passphrase",
     "openssl pkey -in server.key -aes128 -passout pass:x -out k && mv k server.key",
     "server.key needs a passphrase, which nobody can give here"},
    {"a short key",
     "openssl req -x509 -newkey rsa:1024 -nodes -keyout server.key -out server.pem -subj /CN=x -days 2 2>&1",
     "server.pem: error:"},
    {"no authority", "rm ca.pem", "ca.pem cannot be read: No such file or directory"},
    {"an empty folder of them", "rm ca.pem; mkdir ca.pem",
     "ca.pem holds no file with a certificate in PEM form"},
    {"a pipe", "rm ca.pem; mkfifo ca.pem", "ca.pem holds no certificate in PEM form"},
};

static void run(const char *command)
{
    AUTO(text_release) struct text line = TEXT_EMPTY, output = TEXT_EMPTY;
    text_format(&line, "cd '%s'; %s", sandbox_folder(receiver.sandbox), command);
    const char *const argv[] = {"/bin/sh", "-ec", text_string(&line), NULL};
    ck_assert_msg(process_run(argv, NULL, TLS_WAIT_MS, &output) == 0, "%s: %s", command,
                  text_string(&output));
}

/* The plain port does not wait for it, and the TLS port is there once the files are good. */
START_TEST(what_cannot_be_used_is_told_at_the_start_and_closes_the_tls_port_alone)
{
    const struct file_row *row = &file_rows[_i];
    AUTO(text_release) struct text output = TEXT_EMPTY;
    run("mkdir good; cp -p server.pem server.key ca.pem good");
    run(row->command);
    tls_configure(&receiver, "ca_file: ca.pem", "", TLS_SOURCES);
    tls_launch(&receiver);
    tls_wait_port(&receiver, row->label, receiver.plain_port);
    tls_expect_log(&receiver, row->label, row->says);
    tls_expect_log(
        &receiver, row->label,
        "TLS files cannot be used, the TLS port stays closed until SIGHUP because=\"receiver: tls: ");
    ck_assert_msg(tls_echo(&receiver, "MR01", NULL, &output) == 0, "%s: %s", row->label,
                  text_string(&output));
    ck_assert_msg(!port_accepts(receiver.tls_port), "%s: a TLS port", row->label);
    run("rm -rf ca.pem; cp -p good/server.pem good/server.key good/ca.pem .");
    process_signal(receiver.process, SIGHUP);
    tls_expect_log(&receiver, row->label, "configuration read again");
    expect_echo(row->label, "CT01", "ct01");
}
END_TEST

START_TEST(without_a_plain_port_it_does_not_start)
{
    receiver.plain_port = 0;
    run("rm server.key");
    tls_configure(&receiver, "ca_file: ca.pem", "", TLS_SOURCES);
    tls_launch(&receiver);
    int status = process_wait(receiver.process, TLS_WAIT_MS);
    tls_expect_log(&receiver, "alone", "receiver cannot start because=\"receiver: tls: ");
    ck_assert_int_gt(status, 0);
}
END_TEST

START_TEST(a_wrong_renewal_leaves_what_was_there)
{
    tls_start(&receiver, "ca_file: ca.pem", TLS_SOURCES);
    run("cp mr01.key server.key");
    process_signal(receiver.process, SIGHUP);
    tls_expect_log(&receiver, "wrong",
                   "TLS files cannot be used, keeping what was read before because=\"receiver: tls: ");
    tls_expect_log(&receiver, "wrong", "configuration read again");
    expect_echo("with what was there", "CT01", "ct01");
}
END_TEST

static bool has_begun(void *context)
{
    (void)context;
    return folder_count(tls_file(&receiver, "state/spool/incoming"), ".dcm") > 0;
}

/* In the middle of a study, with another certificate and another key. */
START_TEST(a_certificate_is_renewed_in_the_middle_of_a_study)
{
    static const char *const words[] = {"-tls1_3", NULL};
    AUTO(text_release) struct text before = TEXT_EMPTY, after = TEXT_EMPTY;
    char port[16];
    (void)snprintf(port, sizeof port, "%d", receiver.tls_port);
    const char *argv[STUDY + 16] = {"storescu",
                                    "+tls",
                                    tls_file(&receiver, "ct01.key"),
                                    tls_file(&receiver, "ct01.pem"),
                                    "+cf",
                                    tls_file(&receiver, "ca.pem"),
                                    "-aet",
                                    "CT01",
                                    "-aec",
                                    "FELUCCA",
                                    "127.0.0.1",
                                    port};
    for (unsigned i = 0; i < STUDY; i++) {
        struct dicom_spec spec;
        dicom_spec_init(&spec, i);
        dicom_shape(&spec, 2 << 20);
        argv[12 + i] = sandbox_path(receiver.sandbox, "%u.dcm", i);
        ck_assert_int_eq(dicom_write(&spec, argv[12 + i]), 0);
    }
    tls_start(&receiver, "ca_file: ca.pem", TLS_SOURCES);
    (void)tls_s_client(&receiver, "ct01", words, &before);
    ck_assert_ptr_nonnull(strstr(text_string(&before), "subject=CN = server\n"));
    AUTO(process_destroy) struct process *sender = process_start(argv, NULL);
    ck_assert(wait_until(has_begun, NULL, TLS_WAIT_MS));
    process_signal(sender, SIGSTOP); /* so that it is in the middle for sure */
    run("cp mr01.pem server.pem; cp mr01.key server.key");
    process_signal(receiver.process, SIGHUP);
    tls_expect_log(&receiver, "again", "configuration read again");
    ck_assert_uint_lt(folder_count(tls_file(&receiver, "state/spool/incoming"), ".dcm"), STUDY);
    (void)tls_s_client(&receiver, "ct01", words, &after);
    ck_assert_ptr_nonnull(strstr(text_string(&after), "subject=CN = mr01\n"));
    process_signal(sender, SIGCONT);
    ck_assert_int_eq(process_wait(sender, TLS_WAIT_MS), 0);
    ck_assert_uint_eq(folder_count(tls_file(&receiver, "state/spool/incoming"), ".dcm"), STUDY);
}
END_TEST

START_TEST(the_end_of_a_certificate_is_measured)
{
    run("cp expired.pem server.pem; cp expired.key server.key");
    tls_start(&receiver, "ca_file: ca.pem", TLS_SOURCES);
    tls_expect_metric(&receiver, "expired", "felucca_certificate_expiry_seconds{certificate=\"receiver\"} -");
    run("cp mr01.pem server.pem; cp mr01.key server.key");
    process_signal(receiver.process, SIGHUP);
    tls_expect_metric(&receiver, "two days",
                      "felucca_certificate_expiry_seconds{certificate=\"receiver\"} 17");
}
END_TEST

/* ---- whose memory holds the private key ---- */

enum { SCALAR = 32, CHUNK = 1 << 20 };

/* The private number of server.key, which is on a curve of 256 bits, as a BIGNUM has it: the last byte first. */
static void read_scalar(unsigned char *ret_scalar)
{
    const char *const argv[] = {"openssl", "pkey",  "-in", tls_file(&receiver, "server.key"),
                                "-noout",  "-text", NULL};
    AUTO(text_release) struct text printed = TEXT_EMPTY;
    ck_assert_int_eq(process_run(argv, NULL, TLS_WAIT_MS, &printed), 0);
    const char *hex = strstr(text_string(&printed), "priv:");
    ck_assert_ptr_nonnull(hex);
    hex += 5;
    for (int i = SCALAR - 1; i >= 0; i--) {
        unsigned byte = 0;
        hex += strspn(hex, ": \n");
        ck_assert_int_eq(sscanf(hex, "%2x", &byte), 1); /* NOLINT(cert-err34-c) */
        ret_scalar[i] = (unsigned char)byte;
        hex += 2;
    }
}

static bool range_holds(int memory, off_t begin, off_t end, const unsigned char *scalar)
{
    static unsigned char bytes[CHUNK + SCALAR];
    for (off_t at = begin; at < end; at += CHUNK) {
        size_t length = end - at < (off_t)sizeof bytes ? (size_t)(end - at) : sizeof bytes;
        ssize_t n = pread(memory, bytes, length, at);
        if (n > 0 && memmem(bytes, (size_t)n, scalar, SCALAR))
            return true;
    }
    return false;
}

/* All that it may write to. False, too, for one that has ended. */
static bool memory_holds(pid_t pid, const unsigned char *scalar)
{
    char path[64], line[512], rights[8];
    unsigned long begin, end;
    bool holds = false;
    (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    AUTO(fd_close) int memory = open(path, O_RDONLY | O_CLOEXEC);
    (void)snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    while (maps && !holds && fgets(line, sizeof line, maps))
        if (sscanf(line, "%lx-%lx %7s", &begin, &end, rights) == 3 &&
            rights[1] == 'w') /* NOLINT(cert-err34-c) */
            holds = range_holds(memory, (off_t)begin, (off_t)end, scalar);
    if (maps)
        (void)fclose(maps);
    return holds;
}

/* A sanitizer maps terabytes for itself, and keeps what was freed. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { CAN_BE_SEARCHED = 0 };
#else
enum { CAN_BE_SEARCHED = 1 };
#endif

START_TEST(no_association_holds_the_private_key)
{
    enum { MOST = 16 };
    if (!CAN_BE_SEARCHED)
        return;
    unsigned char scalar[SCALAR];
    pid_t pids[MOST];
    char port[16];
    run("cp mr01.pem server.pem; cp mr01.key server.key");
    read_scalar(scalar);
    (void)snprintf(port, sizeof port, "%d", receiver.tls_port);
    struct dicom_spec spec;
    dicom_spec_init(&spec, 1);
    dicom_shape(&spec, 200 << 20); /* so that it is under way for long enough to be stopped */
    ck_assert_int_eq(dicom_write(&spec, tls_file(&receiver, "large.dcm")), 0);
    tls_start(&receiver, "ca_file: ca.pem", TLS_SOURCES);
    AUTO(fd_close) int other = associate_plainly();
    const char *const argv[] = {"storescu",
                                "+tls",
                                tls_file(&receiver, "ct01.key"),
                                tls_file(&receiver, "ct01.pem"),
                                "+cf",
                                tls_file(&receiver, "ca.pem"),
                                "-aet",
                                "CT01",
                                "-aec",
                                "FELUCCA",
                                "127.0.0.1",
                                port,
                                tls_file(&receiver, "large.dcm"),
                                NULL};
    AUTO(process_destroy) struct process *sender = process_start(argv, NULL);
    tls_expect_log(&receiver, "it has begun", "instance begins");
    process_signal(sender, SIGSTOP);
    unsigned count = process_children(receiver.process, pids, MOST);
    ck_assert_uint_ge(count, 3); /* the helper, the plain association, the other one */
    ck_assert(memory_holds(process_pid(receiver.process), scalar));
    for (unsigned i = 0; i < count; i++)
        ck_assert_msg(!memory_holds(pids[i], scalar), "child %u of %u", i, count);
    process_signal(sender, SIGCONT);
    ck_assert_int_eq(process_wait(sender, TLS_WAIT_MS), 0);
}
END_TEST

/* ---- the TLS port alone ---- */

START_TEST(there_may_be_no_plain_port)
{
    int plain_port = receiver.plain_port;
    receiver.plain_port = 0;
    tls_start(&receiver, "ca_file: ca.pem", TLS_SOURCES);
    expect_echo("TLS alone", "CT01", "ct01");
    ck_assert(!port_accepts(plain_port));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("tls_trouble");
    tests_abreast(tests, 4);
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, a_wrong_peer_costs_nobody_else_anything, ROWS(peer_rows));
    tests_add(tests, a_crowd_that_stalls_costs_nobody_else_anything);
    tests_add(tests, a_limit_is_told_over_tls);
    tests_add(tests, an_alert_is_told_in_words);
    tests_rows(tests, what_cannot_be_used_is_told_at_the_start_and_closes_the_tls_port_alone,
               ROWS(file_rows));
    tests_add(tests, without_a_plain_port_it_does_not_start);
    tests_add(tests, a_wrong_renewal_leaves_what_was_there);
    tests_add(tests, a_certificate_is_renewed_in_the_middle_of_a_study);
    tests_add(tests, the_end_of_a_certificate_is_measured);
    tests_add(tests, no_association_holds_the_private_key);
    tests_add(tests, there_may_be_no_plain_port);
    return tests_run(tests);
}
