/* Signature schemes. */
#include "policy/sigscheme.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* clang-format off */
static const struct sigscheme schemes[] = {
    {0x0201, "rsa_pkcs1_sha1", "RSA+SHA1", "RSA+SHA1", "RSA-SHA1", "1.0.2", "3.0", "rsa", 160, true, false, NULL, NULL},
    {0x0203, "ecdsa_sha1", "ECDSA+SHA1", "ECDSA+SHA1", "ECDSA-SHA1", "1.0.2", "3.0", "ecdsa", 160, true, false, NULL, NULL},
    {0x0401, "rsa_pkcs1_sha256", "rsa_pkcs1_sha256", "RSA+SHA256", "RSA-SHA256", "1.0.2", "3.0", "rsa", 256, true, false, NULL, NULL},
    {0x0403, "ecdsa_secp256r1_sha256", "ecdsa_secp256r1_sha256", "ECDSA+SHA256", "ECDSA-SECP256R1-SHA256", "1.0.2", "3.6", "ecdsa", 256, true, true, NULL, "ECDSA-SHA256"},
    {0x0501, "rsa_pkcs1_sha384", "rsa_pkcs1_sha384", "RSA+SHA384", "RSA-SHA384", "1.0.2", "3.0", "rsa", 384, true, false, NULL, NULL},
    {0x0503, "ecdsa_secp384r1_sha384", "ecdsa_secp384r1_sha384", "ECDSA+SHA384", "ECDSA-SECP384R1-SHA384", "1.0.2", "3.6", "ecdsa", 384, true, true, NULL, "ECDSA-SHA384"},
    {0x0601, "rsa_pkcs1_sha512", "rsa_pkcs1_sha512", "RSA+SHA512", "RSA-SHA512", "1.0.2", "3.0", "rsa", 512, true, false, NULL, NULL},
    {0x0603, "ecdsa_secp521r1_sha512", "ecdsa_secp521r1_sha512", "ECDSA+SHA512", "ECDSA-SECP521R1-SHA512", "1.0.2", "3.6", "ecdsa", 512, true, true, NULL, "ECDSA-SHA512"},
    {0x0804, "rsa_pss_rsae_sha256", "rsa_pss_rsae_sha256", "RSA-PSS+SHA256", "RSA-PSS-RSAE-SHA256", "1.1.1", "3.6", "rsa", 256, true, true, NULL, NULL},
    {0x0805, "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha384", "RSA-PSS+SHA384", "RSA-PSS-RSAE-SHA384", "1.1.1", "3.6", "rsa", 384, true, true, NULL, NULL},
    {0x0806, "rsa_pss_rsae_sha512", "rsa_pss_rsae_sha512", "RSA-PSS+SHA512", "RSA-PSS-RSAE-SHA512", "1.1.1", "3.6", "rsa", 512, true, true, NULL, NULL},
    {0x0807, "ed25519", "ed25519", NULL, "EdDSA-Ed25519", "1.1.1", "3.6", "eddsa", 0, true, true, NULL, NULL},
    {0x0808, "ed448", "ed448", NULL, "EdDSA-Ed448", "1.1.1", "3.6.12", "eddsa", 0, true, true, NULL, NULL},
    {0x0809, "rsa_pss_pss_sha256", "rsa_pss_pss_sha256", NULL, "RSA-PSS-SHA256", "1.1.1", "3.6", "rsa-pss", 256, true, true, NULL, NULL},
    {0x080a, "rsa_pss_pss_sha384", "rsa_pss_pss_sha384", NULL, "RSA-PSS-SHA384", "1.1.1", "3.6", "rsa-pss", 384, true, true, NULL, NULL},
    {0x080b, "rsa_pss_pss_sha512", "rsa_pss_pss_sha512", NULL, "RSA-PSS-SHA512", "1.1.1", "3.6", "rsa-pss", 512, true, true, NULL, NULL},
    {0x0904, "mldsa44", "mldsa44", NULL, "ML-DSA-44", "3.5", "3.8.9", "mldsa", 0, false, true, NULL, NULL},
    {0x0905, "mldsa65", "mldsa65", NULL, "ML-DSA-65", "3.5", "3.8.9", "mldsa", 0, false, true, NULL, NULL},
    {0x0906, "mldsa87", "mldsa87", NULL, "ML-DSA-87", "3.5", "3.8.9", "mldsa", 0, false, true, NULL, NULL},
};
/* clang-format on */

const struct sigscheme *sigscheme_table(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(schemes);
    return schemes;
}

const struct sigscheme *sigscheme_by_id(uint16_t id)
{
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
        if (schemes[i].id == id)
            return &schemes[i];
    return NULL;
}

static bool is(const char *a, const char *b)
{
    return a && strcmp(a, b) == 0;
}

const struct sigscheme *sigscheme_by_name(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
        if (is(schemes[i].name, name))
            return &schemes[i];
    return NULL;
}

const struct sigscheme *sigscheme_by_any(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
        if (is(schemes[i].name, name) || is(schemes[i].openssl, name) ||
            is(schemes[i].openssl_alt, name) || is(schemes[i].gnutls, name) ||
            is(schemes[i].gnutls_alt, name))
            return &schemes[i];
    if (strncmp(name, "0x", 2) == 0 && strlen(name) <= 6)
        return sigscheme_by_id((uint16_t)strtoul(name, NULL, 16));
    return NULL;
}
