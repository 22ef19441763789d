#include "common/tls/certificate.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/tls/names.h"
#include "common/tls/pem.h"

#include <openssl/err.h>

int certificate_read(const char *path, struct certificate_facts *ret_facts, struct text *reason)
{
    AUTO(pem_release_certificates) STACK_OF(X509) *list = NULL;
    int code = pem_certificates(path, &list, reason);
    if (code != 0)
        return code;
    names_of(sk_X509_value(list, 0), &ret_facts->name);
    names_term(list, &ret_facts->begins_ms, &ret_facts->ends_ms);
    return 0;
}

int certificate_check_key(const char *path, const char *key_path, struct text *reason)
{
    AUTO(pem_release_certificates) STACK_OF(X509) *list = NULL;
    AUTO(pem_release_key) EVP_PKEY *key = NULL;
    int code = pem_certificates(path, &list, reason);
    if (code == 0)
        code = pem_key(key_path, &key, reason);
    if (code == 0 && X509_check_private_key(sk_X509_value(list, 0), key) != 1) {
        text_format(reason, "%s is not the key of the first certificate of %s", key_path, path);
        code = ERR_SYNTAX;
    }
    ERR_clear_error();
    return code;
}
