#include "common/tls/tls_server.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/tls/names.h"
#include "common/tls/pem.h"
#include "common/tls/tls_server_parts.h"

#include <dirent.h>
#include <openssl/err.h>
#include <sys/stat.h>

enum { READ_BUFFER = 128 * 1024 };

/* ---- profiles (PS3.15 sections B.9 to B.11) ---- */

#define GCM                                                                                    \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:" \
    "ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256"
#define CHACHA "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

static const struct profile {
    const char *suites, *groups; /* of TLS 1.2; of both versions */
} profiles[] = {
    [CONFIG_BCP195] = {GCM ":" CHACHA ":AES128-SHA", "X25519:P-256:P-384:P-521"},
    [CONFIG_BCP195_NON_DOWNGRADING] = {GCM ":" CHACHA, "X25519:P-256:P-384:P-521"},
    [CONFIG_BCP195_EXTENDED] = {GCM, "P-256:P-384:P-521"},
};

static const char suites_of_1_3[] =
    "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
static const char suites_of_1_3_extended[] = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256";

static int say_openssl(struct text *reason, const char *what)
{
    char words[256];
    ERR_error_string_n(ERR_peek_last_error(), words, sizeof words);
    ERR_clear_error();
    text_format(reason, "%s: %s", what, words);
    return ERR_SYNTAX;
}

static int take_profile(SSL_CTX *context, enum config_tls_profile number, struct text *reason)
{
    const struct profile *profile = &profiles[number];
    const char *newest = number == CONFIG_BCP195_EXTENDED ? suites_of_1_3_extended : suites_of_1_3;
    (void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                           SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
    (void)SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    /* Several records with one call: they have 16 KiB at most, and a peer sends many. */
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, READ_BUFFER);
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_num_tickets(context, 0);
    (void)SSL_CTX_set_dh_auto(context, 1);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(context, profile->suites) != 1 ||
        SSL_CTX_set_ciphersuites(context, newest) != 1 ||
        SSL_CTX_set1_groups_list(context, profile->groups) != 1)
        return say_openssl(reason, "this OpenSSL does not know the profile");
    return 0;
}

/* ---- who we are ---- */

static int take_certificate(struct tls_server *server, const struct config_tls *settings, struct text *reason)
{
    int code = pem_certificates(settings->certificate_file, &server->chain, reason);
    if (code == 0)
        code = pem_key(settings->key_file, &server->key, reason);
    if (code != 0)
        return code;
    names_of(sk_X509_value(server->chain, 0), &server->facts.name);
    names_term(server->chain, &server->facts.begins_ms, &server->facts.ends_ms);
    if (X509_check_private_key(sk_X509_value(server->chain, 0), server->key) == 1)
        return 0;
    text_format(reason, "%s is not the key of the first certificate of %s", settings->key_file,
                settings->certificate_file);
    return ERR_SYNTAX;
}

/* As it will be for each connection: what OpenSSL does not take (a key too short) is told at once. */
static int try_certificate(const struct tls_server *server, const struct config_tls *settings,
                           struct text *reason)
{
    SSL *ssl = SSL_new(server->context);
    int code = ssl && tls_server_equip(server, ssl) ? 0 : say_openssl(reason, settings->certificate_file);
    SSL_free(ssl);
    return code;
}

bool tls_server_equip(const struct tls_server *server, SSL *ssl)
{
    STACK_OF(X509) *others = sk_X509_dup(server->chain);
    X509 *own = sk_X509_shift(others);
    bool done = own && SSL_use_cert_and_key(ssl, own, server->key, others, 1) == 1;
    sk_X509_free(others);
    return done;
}

/* ---- whom we trust ---- */

static int trust_file(SSL_CTX *context, const char *path, struct text *reason)
{
    AUTO(pem_release_certificates) STACK_OF(X509) *list = NULL;
    int code = pem_certificates(path, &list, reason);
    for (int i = 0; code == 0 && i < sk_X509_num(list); i++) {
        X509 *certificate = sk_X509_value(list, i);
        if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate) != 1 ||
            SSL_CTX_add_client_CA(context, certificate) != 1)
            code = say_openssl(reason, path);
    }
    return code;
}

static void close_folder(DIR **folder)
{
    if (*folder)
        (void)closedir(*folder);
    *folder = NULL;
}

/* Now, not when a peer comes: its process may open no file. What else is in the folder is nothing to us. */
static int trust_folder(SSL_CTX *context, const char *path, struct text *reason)
{
    AUTO(close_folder) DIR *folder = opendir(path);
    size_t count = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        AUTO(text_release) struct text file = TEXT_EMPTY, ignored = TEXT_EMPTY;
        text_format(&file, "%s/%s", path, entry->d_name);
        count += entry->d_name[0] != '.' && trust_file(context, text_string(&file), &ignored) == 0;
    }
    if (count > 0)
        return 0;
    text_format(reason, "%s holds no file with a certificate in PEM form", path);
    return ERR_SYNTAX;
}

static int trust_revocations(SSL_CTX *context, const char *path, struct text *reason)
{
    AUTO(pem_release_revocations) STACK_OF(X509_CRL) *list = NULL;
    int code = pem_revocations(path, &list, reason);
    for (int i = 0; code == 0 && i < sk_X509_CRL_num(list); i++)
        if (X509_STORE_add_crl(SSL_CTX_get_cert_store(context), sk_X509_CRL_value(list, i)) != 1)
            code = say_openssl(reason, path);
    return code;
}

static int take_trust(SSL_CTX *context, const struct config_tls *settings, struct text *reason)
{
    static const int modes[] = {[CONFIG_CLIENTS_REQUIRED] = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                                [CONFIG_CLIENTS_ASKED] = SSL_VERIFY_PEER,
                                [CONFIG_CLIENTS_NONE] = SSL_VERIFY_NONE};
    struct stat status;
    int code = 0;
    /* A certificate of a peer itself may be trusted, too. */
    unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN | (settings->crl_file ? X509_V_FLAG_CRL_CHECK : 0);
    SSL_CTX_set_verify(context, modes[settings->clients], NULL);
    (void)X509_STORE_set_flags(SSL_CTX_get_cert_store(context), flags);
    if (settings->ca_file && stat(settings->ca_file, &status) == 0 && S_ISDIR(status.st_mode))
        code = trust_folder(context, settings->ca_file, reason);
    else if (settings->ca_file)
        code = trust_file(context, settings->ca_file, reason);
    if (code == 0 && settings->crl_file)
        code = trust_revocations(context, settings->crl_file, reason);
    return code;
}

/* ---- */

int tls_server_create(const struct config_tls *settings, struct tls_server **ret_server, struct text *reason)
{
    AUTO(tls_server_destroy) struct tls_server *server = memory_new(1, sizeof *server);
    server->context = SSL_CTX_new(TLS_server_method());
    if (!server->context)
        return say_openssl(reason, "OpenSSL cannot be used");
    int code = take_profile(server->context, settings->profile, reason);
    if (code == 0)
        code = take_certificate(server, settings, reason);
    if (code == 0)
        code = try_certificate(server, settings, reason);
    if (code == 0)
        code = take_trust(server->context, settings, reason);
    ERR_clear_error();
    if (code != 0)
        return code;
    *ret_server = server;
    server = NULL;
    return 0;
}

void tls_server_destroy(struct tls_server **server)
{
    if (*server) {
        SSL_CTX_free((*server)->context);
        pem_release_certificates(&(*server)->chain);
        pem_release_key(&(*server)->key);
    }
    memory_free(server);
}

const struct certificate_facts *tls_server_facts(const struct tls_server *server)
{
    return &server->facts;
}
