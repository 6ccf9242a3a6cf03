/*
 * Cipher suites: every one that OpenSSL 3.0 or GnuTLS 3.7 of Debian 12
 * knows, with IANA's name and theirs. Suites are static constants: compare pointers.
 *
 * Ref: IANA "TLS Cipher Suites" registry; openssl-ciphers(1); gnutls_cipher_suite_info(3)
 */
#ifndef POLICY_SUITE_H
#define POLICY_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/protocol.h"

enum suite_kx {
    KX_ANY, /* TLS 1.3: the groups decide */
    KX_NULL,
    KX_RSA,
    KX_DH, /* static */
    KX_DHE,
    KX_ECDH, /* static */
    KX_ECDHE,
    KX_PSK,
    KX_RSA_PSK,
    KX_DHE_PSK,
    KX_ECDHE_PSK,
    KX_SRP,
    KX_KRB5,
    KX_GOST,
    KX_ECCPWD,
};

enum suite_auth {
    AUTH_ANY, /* TLS 1.3: the signature schemes decide */
    AUTH_NONE,
    AUTH_RSA,
    AUTH_DSS,
    AUTH_ECDSA,
    AUTH_PSK,
    AUTH_SRP,
    AUTH_KRB5,
    AUTH_GOST,
    AUTH_ECCPWD,
};

enum suite_cipher {
    CIPHER_NULL,
    CIPHER_RC2_40,
    CIPHER_RC4_40,
    CIPHER_RC4_128,
    CIPHER_DES_40,
    CIPHER_DES,
    CIPHER_3DES,
    CIPHER_IDEA,
    CIPHER_SEED,
    CIPHER_AES_128_CBC,
    CIPHER_AES_256_CBC,
    CIPHER_AES_128_GCM,
    CIPHER_AES_256_GCM,
    CIPHER_AES_128_CCM,
    CIPHER_AES_256_CCM,
    CIPHER_AES_128_CCM_8,
    CIPHER_AES_256_CCM_8,
    CIPHER_CAMELLIA_128_CBC,
    CIPHER_CAMELLIA_256_CBC,
    CIPHER_CAMELLIA_128_GCM,
    CIPHER_CAMELLIA_256_GCM,
    CIPHER_ARIA_128_CBC,
    CIPHER_ARIA_256_CBC,
    CIPHER_ARIA_128_GCM,
    CIPHER_ARIA_256_GCM,
    CIPHER_CHACHA20_POLY1305,
    CIPHER_AEGIS,
    CIPHER_SM4,
    CIPHER_GOST,
};

enum suite_mac {
    MAC_AEAD,
    MAC_NULL,
    MAC_MD5,
    MAC_SHA1,
    MAC_SHA256,
    MAC_SHA384,
    MAC_GOST,
};

enum suite_flag {
    SUITE_FORWARD_SECRET = 1 << 0, /* ephemeral key exchange (anonymous ones included) */
    SUITE_AEAD = 1 << 1,
    SUITE_CBC = 1 << 2,
    SUITE_ANONYMOUS = 1 << 3, /* the server isn't authenticated */
    SUITE_NULL = 1 << 4,      /* nothing is encrypted */
    SUITE_EXPORT = 1 << 5,    /* weakened by law, once */
    SUITE_SIGNAL = 1 << 6,    /* no suite but a signal (SCSV) */
    SUITE_SHARED_SECRET =
        1 << 7, /* needs a secret shared beforehand: PSK, SRP, Kerberos, PWD */
};

struct suite {
    uint16_t id;
    const char *name;    /* IANA */
    const char *openssl; /* NULL: OpenSSL 3.0 of Debian 12 doesn't know it */
    const char *gnutls;  /* NULL: GnuTLS 3.7 doesn't know it */
    enum suite_kx kx;
    enum suite_auth auth;
    enum suite_cipher cipher;
    enum suite_mac mac;
    enum protocol min, max; /* versions that can negotiate it */
    uint16_t bits;          /* effective strength of the cipher; 0: none */
    unsigned flags;         /* of enum suite_flag */
};

/* The whole table, sorted by id. */
const struct suite *suite_table(size_t *ret_count);

/* NULL when unknown. O(log n). */
const struct suite *suite_by_id(uint16_t id);

/* By exact IANA name; NULL when unknown. O(log n). */
const struct suite *suite_by_name(const char *name);

/* By any spelling: IANA, OpenSSL or GnuTLS name (case counts), "0xC02F", "0xC0,0x2F", "C02F";
 * NULL when unknown. O(log n). */
const struct suite *suite_by_any(const char *name);

static inline bool suite_has(const struct suite *s, enum suite_flag flag)
{
    return (s->flags & (unsigned)flag) != 0;
}

static inline bool suite_is_tls13(const struct suite *s)
{
    return s->min == PROTOCOL_TLS1_3;
}

/* Words for people: "ECDHE", "RSA", "AES-128-GCM", "AEAD". */
const char *suite_kx_name(enum suite_kx kx);
const char *suite_auth_name(enum suite_auth auth);
const char *suite_cipher_name(enum suite_cipher cipher);
const char *suite_mac_name(enum suite_mac mac);

/* Why no profile may ask for it ("doesn't encrypt"); NULL: it may. */
const char *suite_refused(const struct suite *s);

#endif
