/*
 * What clients refuse: OpenSSL at the security level that distributions set (2), GnuTLS at its own, browsers. Of
 * signatures the digest counts; the strength of the key behind it is that of the certificate above.
 */
#include "probe/certificate_strength.h"

#include <openssl/evp.h>
#include <openssl/objects.h>

#include "base/buf.h"
#include "probe/certificate_rules.h"

#define KEY_STRENGTH    112 /* bits */
#define DIGEST_STRENGTH 128

const char *certificate_weak_digest(X509 *cert)
{
    int digest = NID_undef, strength = 0;
    if (X509_get_signature_info(cert, &digest, NULL, &strength, NULL) == 1)
        return digest != NID_undef && strength < DIGEST_STRENGTH ? OBJ_nid2sn(digest)
                                                                 : NULL;
    /* Digests that libcrypto may lack. */
    OBJ_find_sigid_algs(X509_get_signature_nid(cert), &digest, NULL);
    return digest == NID_md2 || digest == NID_md4 ? OBJ_nid2sn(digest) : NULL;
}

int certificate_rsa_bits(X509 *cert)
{
    const EVP_PKEY *key = X509_get0_pubkey(cert);
    bool rsa = key && (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS"));
    return rsa ? EVP_PKEY_get_bits(key) : 0;
}

bool certificate_has_weak_key(X509 *cert)
{
    const EVP_PKEY *key = X509_get0_pubkey(cert);
    return key && EVP_PKEY_get_security_bits(key) < KEY_STRENGTH;
}

static void tell(X509 *cert, bool anchor, struct buf *out)
{
    EVP_PKEY *key = X509_get0_pubkey(cert);
    const char *digest = anchor ? NULL : certificate_weak_digest(cert);
    bool weak = certificate_has_weak_key(cert);
    const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;
    if (!digest && !weak)
        return;
    CLEANUP(mem_freep) char *name = certificate_name_text(X509_get_subject_name(cert));
    buf_addf(out, "%sthe %s certificate '%s' ", out->len ? "; " : "",
             anchor ? "root" : "intermediate", name);
    if (weak)
        buf_addf(out, "has a key of %d bits (%s)", EVP_PKEY_get_bits(key),
                 type ? type : "unknown");
    if (digest)
        buf_addf(out, "%sis signed with %s", weak ? " and " : "", digest);
}

char *certificate_chain_weakness(const STACK_OF(X509) * chain)
{
    struct buf out = BUF_INIT;
    int count = sk_X509_num(chain);
    for (int i = 1; i < count; i++)
        tell(sk_X509_value(chain, i), i == count - 1, &out);
    return out.len ? buf_take(&out) : NULL;
}
