#include "common/tls/names.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* As RFC 4514 has it, with letters outside of ASCII as they are. */
static void write_subject(const X509 *certificate, char (*ret_subject)[CERTIFICATE_SUBJECT_SIZE])
{
    BIO *out = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    (*ret_subject)[0] = '\0';
    if (!out)
        return;
    if (X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0,
                           XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
        long length = BIO_get_mem_data(out, &bytes);
        if (length > 0 && length < CERTIFICATE_SUBJECT_SIZE && !memchr(bytes, '\0', (size_t)length)) {
            memcpy(*ret_subject, bytes, (size_t)length);
            (*ret_subject)[length] = '\0';
        }
    }
    BIO_free(out);
}

void names_of(const X509 *certificate, struct certificate_name *ret_name)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    memset(ret_name, 0, sizeof *ret_name);
    write_subject(certificate, &ret_name->subject);
    if (X509_digest(certificate, EVP_sha256(), digest, &length) != 1)
        return;
    for (unsigned i = 0; i < length && i < (CERTIFICATE_FINGERPRINT_SIZE - 1) / 2; i++)
        (void)snprintf(ret_name->fingerprint + (size_t)i * 2, 3, "%02x", digest[i]);
}

static int64_t ms_of(const ASN1_TIME *time)
{
    struct tm moment;
    return ASN1_TIME_to_tm(time, &moment) == 1 ? (int64_t)timegm(&moment) * 1000 : 0;
}

void names_term(const STACK_OF(X509) * list, int64_t *ret_begins_ms, int64_t *ret_ends_ms)
{
    *ret_begins_ms = 0;
    *ret_ends_ms = INT64_MAX;
    for (int i = 0; i < sk_X509_num(list); i++) {
        const X509 *certificate = sk_X509_value(list, i);
        int64_t begins_ms = ms_of(X509_get0_notBefore(certificate)),
                ends_ms = ms_of(X509_get0_notAfter(certificate));
        *ret_begins_ms = begins_ms > *ret_begins_ms ? begins_ms : *ret_begins_ms;
        *ret_ends_ms = ends_ms < *ret_ends_ms ? ends_ms : *ret_ends_ms;
    }
}
