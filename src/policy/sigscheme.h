/*
 * Signature schemes (RFC 8446 4.2.3), the hash/signature pairs of TLS 1.2 included. Static
 * constants: compare pointers.
 *
 * Ref: IANA "TLS SignatureScheme" registry
 */
#ifndef POLICY_SIGSCHEME_H
#define POLICY_SIGSCHEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sigscheme {
    uint16_t id;
    const char *name;        /* IANA: "rsa_pss_rsae_sha256", "ecdsa_secp256r1_sha256" */
    const char *openssl;     /* a name that SSL_CTX_set1_sigalgs_list takes; NULL: none */
    const char *openssl_alt; /* "ECDSA+SHA256", or NULL */
    const char *gnutls;      /* "RSA-PSS-RSAE-SHA256", as in SIGN-...; NULL: none */
    const char *openssl_min; /* first version that has it; NULL: none does */
    const char *gnutls_min;
    const char *
        key; /* the certificate's key: "rsa", "rsa-pss", "ecdsa", "eddsa", "dsa", "mldsa" */
    unsigned hash_bits;     /* 0: the scheme has its own */
    bool tls12, tls13;      /* versions in which it may sign a handshake */
    const char *refused;    /* why no profile may ask for it; NULL: it may */
    const char *gnutls_alt; /* GnuTLS's second name for it: "ECDSA-SHA256", for TLS 1.2 */
};

/* The whole table, sorted by id. */
const struct sigscheme *sigscheme_table(size_t *ret_count);

const struct sigscheme *sigscheme_by_id(uint16_t id);        /* NULL when unknown */
const struct sigscheme *sigscheme_by_name(const char *name); /* exact IANA name */
const struct sigscheme *
sigscheme_by_any(const char *name); /* any library's, or "0x0804" */

#endif
