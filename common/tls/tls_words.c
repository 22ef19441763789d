#include "common/tls/tls_words.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

/* Alerts of the peer (RFC 8446 section 6.2), and what they mean here. */
static const struct {
    int number;
    const char *meaning;
} alerts[] = {
    {SSL_AD_HANDSHAKE_FAILURE, "the peer finds nothing that both can use"},
    {SSL_AD_BAD_CERTIFICATE, "the peer does not accept our certificate"},
    {SSL_AD_UNSUPPORTED_CERTIFICATE, "the peer cannot use our kind of certificate"},
    {SSL_AD_CERTIFICATE_REVOKED, "our certificate was revoked"},
    {SSL_AD_CERTIFICATE_EXPIRED, "our certificate is out of date, or the peer's clock is wrong"},
    {SSL_AD_CERTIFICATE_UNKNOWN, "the peer does not accept our certificate"},
    {SSL_AD_UNKNOWN_CA, "the peer does not know our certificate's issuer"},
    {SSL_AD_ACCESS_DENIED, "the peer does not want us"},
    {SSL_AD_PROTOCOL_VERSION, "the peer has no version of TLS from 1.2 on"},
    {SSL_AD_INSUFFICIENT_SECURITY, "the peer wants stronger cipher suites"},
    {SSL_AD_UNRECOGNIZED_NAME, "the peer calls us by another name"},
};

/* The number of the peer's alert, -1: it sent none. */
static int alert_of(unsigned long error)
{
    int reason = ERR_GET_REASON(error);
    return ERR_GET_LIB(error) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET &&
                   reason < SSL_AD_REASON_OFFSET + 256
               ? reason - SSL_AD_REASON_OFFSET
               : -1;
}

static bool is_no_tls(int reason)
{
    return reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST ||
           reason == SSL_R_WRONG_VERSION_NUMBER;
}

enum tls_end tls_words_end(unsigned long error, long verdict)
{
    int reason = ERR_GET_REASON(error);
    if (verdict != X509_V_OK || reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
        return TLS_CERTIFICATE;
    if (error == 0 || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return TLS_CLOSED;
    if (alert_of(error) >= 0)
        return TLS_ALERT;
    if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_VERSION_TOO_LOW)
        return TLS_VERSION;
    if (reason == SSL_R_NO_SHARED_CIPHER || reason == SSL_R_NO_SUITABLE_KEY_SHARE ||
        reason == SSL_R_NO_SHARED_GROUPS || reason == SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM)
        return TLS_SUITE;
    return is_no_tls(reason) ? TLS_PLAIN : TLS_BROKEN;
}

static void explain_alert(int number, struct text *out)
{
    text_format(out, "TLS alert: %s", SSL_alert_desc_string_long(number));
    for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
        if (alerts[i].number == number)
            text_format(out, "; %s", alerts[i].meaning);
}

static void explain_certificate(long verdict, struct text *out)
{
    if (verdict == X509_V_OK)
        text_append(out, "the peer shows no certificate (receiver: tls: clients: required)");
    else
        text_format(out, "the peer's certificate is not accepted: %s",
                    X509_verify_cert_error_string(verdict));
}

void tls_words_explain(unsigned long error, long verdict, struct text *out)
{
    const char *reason = ERR_reason_error_string(error);
    switch (tls_words_end(error, verdict)) {
    case TLS_CERTIFICATE:
        explain_certificate(verdict, out);
        break;
    case TLS_CLOSED:
        text_append(out, "the peer closed the connection within the handshake");
        break;
    case TLS_ALERT:
        explain_alert(alert_of(error), out);
        break;
    case TLS_VERSION:
        text_append(out, "the peer offers no version of TLS from 1.2 on");
        break;
    case TLS_SUITE:
        text_append(
            out,
            "the peer offers no cipher suite of receiver: tls: profile that our certificate can be used with");
        break;
    case TLS_PLAIN:
        text_append(out, "the peer does not speak TLS");
        break;
    default:
        text_format(out, "the peer does not keep to TLS (%s)", reason ? reason : "no reason known");
    }
}
