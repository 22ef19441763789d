#include "common/tls/signer.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/tls/pem.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>

enum { RSA_LEAST = 2048, SIGNATURE_MOST = 2048 };

struct signer {
    EVP_PKEY *key;
    enum config_auth_algorithm algorithm;
};

/* Of each algorithm: what its key is, and the digest. number: bytes of one of the two numbers of an EC signature; 0: RSA. */
static const struct rule {
    const char *name, *wants;
    int type, bits;
    const EVP_MD *(*digest)(void);
    int number;
} rules[] = {
    [CONFIG_ALGORITHM_RS256] = {"RS256", "an RSA key", EVP_PKEY_RSA, 0, EVP_sha256, 0},
    [CONFIG_ALGORITHM_RS384] = {"RS384", "an RSA key", EVP_PKEY_RSA, 0, EVP_sha384, 0},
    [CONFIG_ALGORITHM_ES256] = {"ES256", "an EC key on the curve P-256", EVP_PKEY_EC, 256, EVP_sha256, 32},
    [CONFIG_ALGORITHM_ES384] = {"ES384", "an EC key on the curve P-384", EVP_PKEY_EC, 384, EVP_sha384, 48},
};

static bool fits(const EVP_PKEY *key, const struct rule *rule)
{
    return EVP_PKEY_get_base_id(key) == rule->type &&
           (rule->bits == 0 || EVP_PKEY_get_bits(key) == rule->bits);
}

static enum config_auth_algorithm choose(const EVP_PKEY *key)
{
    static const enum config_auth_algorithm order[] = {CONFIG_ALGORITHM_RS256, CONFIG_ALGORITHM_ES256,
                                                       CONFIG_ALGORITHM_ES384};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (fits(key, &rules[order[i]]))
            return order[i];
    return CONFIG_ALGORITHM_AUTO;
}

static int check(const char *name, const struct signer *signer, enum config_auth_algorithm wanted,
                 struct text *reason)
{
    if (signer->algorithm == CONFIG_ALGORITHM_AUTO) {
        text_format(reason,
                    "%s is neither an RSA key nor an EC key on the curve P-256 or P-384; make such a one",
                    name);
        return ERR_SYNTAX;
    }
    if (!fits(signer->key, &rules[signer->algorithm])) {
        text_format(reason, "%s is not %s, which %s needs; write algorithm: auto, or use such a key", name,
                    rules[wanted].wants, rules[wanted].name);
        return ERR_SYNTAX;
    }
    if (EVP_PKEY_get_base_id(signer->key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(signer->key) < RSA_LEAST) {
        text_format(reason, "%s is an RSA key of less than 2048 bits; make a longer one", name);
        return ERR_SYNTAX;
    }
    return 0;
}

int signer_create(const char *name, const char *pem, enum config_auth_algorithm algorithm,
                  struct signer **ret_signer, struct text *reason)
{
    AUTO(signer_destroy) struct signer *signer = memory_new(1, sizeof *signer);
    int code = pem_key_of_text(name, pem, &signer->key, reason);
    if (code != 0)
        return code;
    signer->algorithm = algorithm == CONFIG_ALGORITHM_AUTO ? choose(signer->key) : algorithm;
    code = check(name, signer, algorithm, reason);
    if (code != 0)
        return code;
    *ret_signer = signer;
    signer = NULL;
    return 0;
}

void signer_destroy(struct signer **signer)
{
    if (*signer)
        pem_release_key(&(*signer)->key);
    memory_free(signer);
}

const char *signer_algorithm(const struct signer *signer)
{
    return rules[signer->algorithm].name;
}

/* The two numbers, each as long as the curve says, in place of their DER. */
static int append_numbers(const unsigned char *der, size_t length, int number, struct text *out)
{
    unsigned char bytes[2 * 48];
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)length);
    bool fine = signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), bytes, number) == number &&
                BN_bn2binpad(ECDSA_SIG_get0_s(signature), bytes + number, number) == number;
    ECDSA_SIG_free(signature);
    if (!fine)
        return ERR_NOMEM;
    text_append_bytes(out, bytes, 2 * (size_t)number);
    return 0;
}

int signer_sign(const struct signer *signer, const char *bytes, size_t length, struct text *ret_signature)
{
    const struct rule *rule = &rules[signer->algorithm];
    unsigned char signature[SIGNATURE_MOST];
    size_t size = sizeof signature;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool fine = context && EVP_DigestSignInit(context, NULL, rule->digest(), NULL, signer->key) == 1 &&
                EVP_DigestSign(context, signature, &size, (const unsigned char *)bytes, length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    if (!fine)
        return ERR_NOMEM;
    if (rule->number > 0)
        return append_numbers(signature, size, rule->number, ret_signature);
    text_append_bytes(ret_signature, signature, size);
    return 0;
}
