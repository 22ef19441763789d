/* tls_receiver - a real felucca-receiver with a plain port and one for TLS, and peers to call it.
 *
 * In its sandbox are, each with a .pem and a .key: the authority "ca", the receiver's own "server" (RSA), the peers' "ct01"
 * and "mr01" (their subjects are CN=ct01 and CN=mr01), and "expired", all of that authority; and "strangers-ca", another
 * authority. What it logs is in receiver.log. The sandbox of associations is on. */
#ifndef FELUCCA_TESTS_TLS_RECEIVER_H
#define FELUCCA_TESTS_TLS_RECEIVER_H

#include "common/base/text.h"
#include "tests/support/authority.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"

struct tls_receiver {
    struct sandbox *sandbox;
    struct certificate ca;
    struct process *process; /* NULL: not running */
    int plain_port, tls_port, metrics_port;
};

enum { TLS_WAIT_MS = 30000 };

/* A list of sources: CT01 is bound to its certificate, MR01 to none. */
#define TLS_SOURCES "{ aet: CT01, certificate: CN=ct01 }, { aet: MR01 }"

/* Makes the certificates; starts nothing. */
void tls_receiver_create(struct tls_receiver *receiver);
void tls_receiver_destroy(struct tls_receiver *receiver);

/* The path of a file of the sandbox. */
const char *tls_file(struct tls_receiver *receiver, const char *name);

/* Writes the configuration. tls: keys of receiver.tls beside the port and the server's files ("ca_file: ca.pem"); limits: keys
 * of receiver, each with a comma behind it, or "". */
void tls_configure(struct tls_receiver *receiver, const char *tls, const char *limits, const char *sources);
/* Starts the process, without waiting for anything. */
void tls_launch(struct tls_receiver *receiver);
/* Waits until one of its ports accepts; ends the test, with its log and what it does, when that does not come. */
void tls_wait_port(struct tls_receiver *receiver, const char *label, int port);
/* All of it; both ports accept then. */
void tls_start(struct tls_receiver *receiver, const char *tls, const char *sources);

/* Waits until the log has this text, or until the metrics page has it: ends the test when that does not come. */
void tls_expect_log(struct tls_receiver *receiver, const char *label, const char *text);
void tls_expect_metric(struct tls_receiver *receiver, const char *label, const char *line);

/* `openssl s_client` that shows the certificate of that name (NULL: none), with more words (ended by NULL): its exit status;
 * what it says is appended. */
int tls_s_client(struct tls_receiver *receiver, const char *name, const char *const *words,
                 struct text *ret_output);

/* A tool of DCMTK's, as this calling title, with more words, those in front of "--" in front of its address, the others behind: its exit status.
 * With a certificate (name) it
 * calls the TLS port, without one (NULL) the plain port. */
int tls_scu(struct tls_receiver *receiver, const char *tool, const char *calling, const char *name,
            const char *const *words, struct text *ret_output);
/* echoscu in this way. */
int tls_echo(struct tls_receiver *receiver, const char *calling, const char *name, struct text *ret_output);

#endif
