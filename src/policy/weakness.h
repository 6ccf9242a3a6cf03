/*
 * What is wrong with a version, suite, group or signature scheme whatever a profile says: known
 * attacks, keys that can be broken, no forward secrecy. By IANA's names and numbers, because the
 * weakest are in no library's table any more.
 */
#ifndef POLICY_WEAKNESS_H
#define POLICY_WEAKNESS_H

#include <stdint.h>

#include "policy/protocol.h"

enum weakness_grade {
    WEAKNESS_NONE,
    WEAKNESS_LOW, /* a design that has failed before; nothing known to break it today */
    WEAKNESS_MEDIUM,   /* attacks that are costly, or need luck */
    WEAKNESS_HIGH,     /* attacks that were carried out */
    WEAKNESS_CRITICAL, /* no protection worth the name */
};

struct weakness {
    enum weakness_grade grade;
    const char *why;       /* static; "" for WEAKNESS_NONE */
    const char *reference; /* static; "" for none */
};

struct weakness weakness_of_protocol(enum protocol p);

/* `name` as in the registry: "TLS_RSA_WITH_RC4_128_MD5". */
struct weakness weakness_of_suite(const char *name);

/* "secp160r1"; a name that says nothing about its size is not weak. */
struct weakness weakness_of_group(const char *name);

/* "rsa_pkcs1_md5". */
struct weakness weakness_of_scheme(const char *name);

/* Of a finite field, or of an RSA key. Ref: NIST SP 800-57 Part 1 5.6.1, RFC 9325 4.1 */
struct weakness weakness_of_modulus(unsigned bits);

#endif
