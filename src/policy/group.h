/*
 * Key exchange groups (RFC 8446 4.2.7 supported groups), ML-KEM hybrids included: known by name
 * even where a library lacks them. Static constants: compare pointers.
 *
 * The type is `tls_group` because <grp.h> owns `struct group`.
 *
 * Ref: IANA "TLS Supported Groups" registry
 */
#ifndef POLICY_GROUP_H
#define POLICY_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum group_kind {
    GROUP_EC,
    GROUP_FFDHE,
    GROUP_HYBRID, /* post-quantum KEM with an elliptic curve */
    GROUP_KEM,    /* post-quantum alone */
};

struct tls_group {
    uint16_t id;
    const char *name;    /* IANA: "x25519", "secp256r1", "X25519MLKEM768" */
    const char *openssl; /* "X25519", "prime256v1"; NULL: OpenSSL has no name for it */
    const char *openssl_alt; /* another name of OpenSSL's ("P-256"), or NULL */
    const char *gnutls;      /* "X25519", as in GROUP-X25519; NULL: none */
    const char *openssl_min; /* first version that has it: "1.1.1"; NULL: none does */
    const char *gnutls_min;
    enum group_kind kind;
    unsigned bits;  /* symmetric strength */
    unsigned share; /* bytes of a client's key share */
    bool tls13;     /* may be used with TLS 1.3 */
};

/* The whole table, sorted by id. */
const struct tls_group *group_table(size_t *ret_count);

const struct tls_group *group_by_id(uint16_t id);        /* NULL when unknown */
const struct tls_group *group_by_name(const char *name); /* exact IANA name */
const struct tls_group *group_by_any(const char *name);  /* any library's, or "0x11EC" */

#endif
