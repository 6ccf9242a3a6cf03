/*
 * Dialects: a policy in the words of one TLS library, and what these words really mean to it.
 *
 *     struct library library = {DIALECT_GNUTLS, "3.7.9", "/usr/lib/x86_64-linux-gnu/libgnutls.so.30"};
 *     CLEANUP(native_release) struct native native = NATIVE_INIT;
 *     CLEANUP(grants_release) struct grants grants = GRANTS_INIT;
 *     if (dialect_translate(&library, &policy, &native, &grants, err) < 0)
 *         return -1;
 *     if (grants_check(&grants, err) < 0)       something required can't be had
 *         return -1;
 *
 * Every string is expanded back by the library itself (dialect_resolve) before it is handed out:
 * asked / granted / dropped / widened. Nothing is ever widened: that is an error, unless the profile
 * accepts it by name.
 */
#ifndef DIALECT_DIALECT_H
#define DIALECT_DIALECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/strv.h"
#include "policy/policy.h"

enum dialect_kind { DIALECT_OPENSSL, DIALECT_GNUTLS };

struct library {
    enum dialect_kind kind;
    const char
        *version; /* borrowed; "3.0.11", "3.7.9"; letters behind are fine ("1.0.2u") */
    const char
        *path; /* borrowed; the shared object that the daemon loads on this host, or
                            NULL (render without a host, --root): static knowledge decides.
                            Never a path from a foreign image: its code would be run. */
};

const char *dialect_name(enum dialect_kind kind); /* "openssl", "gnutls" */

/* By dialect_name(); false when unknown. */
bool dialect_by_name(const char *name, enum dialect_kind *ret);

/* What this machine has itself: version and path are static or live as long as the process.
 * Errors: ERR_SYSTEM when it can't be loaded. */
int dialect_local(enum dialect_kind kind, struct library *ret,
                  struct err *err) MUST_CHECK;

/* Compares dotted versions: <0, 0, >0. Trailing letters count ("1.0.2" < "1.0.2u"). */
int dialect_version_cmp(const char *a, const char *b);

/* --- native strings ------------------------------------------------------------------------ */

/* Owned strings; NULL where the dialect has no such setting (all of OpenSSL's for GnuTLS, and
 * `priority` for OpenSSL) or where there is nothing to say (ciphersuites without TLS 1.3). */
struct native {
    char *cipher_list;  /* "ECDHE-ECDSA-AES128-GCM-SHA256:..."; TLS 1.2 and before */
    char *ciphersuites; /* "TLS_AES_128_GCM_SHA256:..." */
    char *groups;       /* "X25519:prime256v1" */
    char *signature_algorithms;        /* "ecdsa_secp256r1_sha256:..." */
    char *min_protocol, *max_protocol; /* "TLSv1.2" */
    char *priority;                    /* "NONE:+VERS-TLS1.3:..." */
};

#define NATIVE_INIT                                                                      \
    {                                                                                    \
        .cipher_list = NULL                                                              \
    }

void native_release(struct native *n);

/* --- what was asked, what is granted ------------------------------------------------------- */

enum grant_kind { GRANT_PROTOCOL, GRANT_SUITE, GRANT_GROUP, GRANT_SIGSCHEME };
enum grant_verdict { GRANT_GRANTED, GRANT_DROPPED, GRANT_WIDENED };

struct grant {
    enum grant_kind kind;
    enum grant_verdict verdict;
    const char *name; /* borrowed from the tables: IANA name, or protocol */
    bool optional;    /* the profile can do without; widened: it accepts that */
    char *reason; /* owned; why it was dropped: "gnutls 3.7.9 has no X25519MLKEM768; needs
                         3.8.9"; NULL when granted */
};

struct grants {
    struct grant
        *items; /* owned; in the profile's order: protocols, suites, groups, schemes */
    size_t count, cap;
    char *source;    /* owned; "libgnutls 3.7.9" or "tables for gnutls 3.7.9" */
    bool by_library; /* the library itself was asked */
};

#define GRANTS_INIT                                                                      \
    {                                                                                    \
        .items = NULL                                                                    \
    }

void grants_release(struct grants *g);

/* 0 when nothing that the profile requires was dropped; else ERR_REFUSED, naming the first ones
 * with their reasons. */
int grants_check(const struct grants *g, struct err *err) MUST_CHECK;

/* How many have that verdict. */
size_t grants_count(const struct grants *g, enum grant_verdict verdict);

const char *grant_kind_name(enum grant_kind kind);          /* "protocol", "suite", ... */
const char *grant_verdict_name(enum grant_verdict verdict); /* "granted", ... */

/* {"source": S, "by_library": B, "asked": [{"kind", "name", "verdict", "optional", "reason"}]};
 * a new reference. */
json_t *grants_json(const struct grants *g);

/* --- the functions ------------------------------------------------------------------------- */

/* Writes `policy` for `library`, resolves it, and compares. Both results are untouched on
 * failure. Errors: ERR_REFUSED when nothing usable remains (no protocol, no suite for one of the
 * protocols that remain) or when the library would allow more than was asked; ERR_SYSTEM when the
 * library can't be asked. */
int dialect_translate(const struct library *library, const struct policy *policy,
                      struct native *ret, struct grants *ret_grants,
                      struct err *err) MUST_CHECK;

/* What native strings mean to a library. */
struct resolved {
    unsigned protocols; /* bits of enum protocol */
    const struct suite *
        *suites; /* owned array; in the library's order, TLS 1.3's included */
    size_t suite_count;
    const struct tls_group **groups; /* owned array */
    size_t group_count;
    const struct sigscheme **sigschemes; /* owned array */
    size_t sigscheme_count;
    struct strv unknown; /* what else the library allows, by a name that no table of ours
                            has: "group GC256B" */
    bool by_library;     /* else from our tables */
    char *source;        /* owned; "libssl 3.0.22": what the library says it is */
};

#define RESOLVED_INIT                                                                    \
    {                                                                                    \
        .protocols = 0                                                                   \
    }

void resolved_release(struct resolved *r);

/* Expands strings by the library at library->path: by our own libssl in this process, by any other
 * file in a child with a deadline and no privileges, which loads that very file. OpenSSL's answer
 * is what it would put into a ClientHello, a version being on when it can offer something in it.
 * Without a path, from the tables. Also for strings found in a configuration, e.g. by an audit:
 * then keywords ("HIGH:!aNULL", "NORMAL") need the library. Errors: ERR_INPUT when the library
 * refuses the string, or the tables can't read it; ERR_SYSTEM. `ret` is untouched on failure. */
int dialect_resolve(const struct library *library, const struct native *native,
                    struct resolved *ret, struct err *err) MUST_CHECK;

/* What strings allow that a policy forbids: the first such version, suite, group or scheme by name
 * (borrowed from `r` or static); NULL: nothing, the strings are the policy or stricter. Whether TLS
 * works with what is left is another question. */
const char *resolved_outside(const struct resolved *r, const struct policy *policy);

/* --- what is stricter already ------------------------------------------------------------------ */

/* Lists of a policy, as bits. */
enum part {
    PART_PROTOCOLS = 1,
    PART_SUITES = 2, /* of TLS 1.2 and before */
    PART_SUITES13 = 4,
    PART_GROUPS = 8,
    PART_SIGSCHEMES = 16,
};

/* Takes out of `policy` what present strings leave out, list by list, wherever all that they allow is within the
 * policy and something is left: what is stricter already stays so. `present` has NULL for what is not set, and
 * `protocols` the versions as bits, 0 when they are not set (OpenSSL; GnuTLS has them in its string). Returns the parts
 * that were narrowed; a string that the library refuses is no reason to. */
unsigned dialect_narrow(const struct library *library, const struct native *present,
                        unsigned protocols, struct policy *policy);

/* Puts the present strings in place of ours for the narrowed parts, which they mean; one that lacks a flag of ours is
 * left alone. */
void native_keep(struct native *native, const struct native *present, unsigned parts);

/* Adds what `narrowed` has no longer of `policy`: dropped, and no reason to stop. */
void grants_add_narrowed(struct grants *g, const struct policy *policy,
                         const struct policy *narrowed);

/* One of many answers. */
struct resolution {
    struct resolved resolved;
    char *refused; /* owned; what the library refused, or NULL: it took all */
};

void resolution_release(struct resolution *r);

/* The same for many questions, which costs one child for some hundreds. Needs library->path.
 * `ret` has room for `count`; on failure nothing in it needs releasing. */
int dialect_resolve_many(const struct library *library, const struct native *natives,
                         size_t count, struct resolution *ret,
                         struct err *err) MUST_CHECK;

/* What templates need, a new reference:
 * {"openssl": {"ciphers", "ciphersuites", "groups", "curves", "signature_algorithms", "min_protocol",
 *              "max_protocol"} or false, "gnutls": {"priority"} or false,
 *  "protocols": {"SSLv2": false, "SSLv3": false, "TLSv1": B, "TLSv1_1": B, "TLSv1_2": B,
 *                "TLSv1_3": B},
 *  "protocol_list": [{"name": "TLSv1.2", "first": true, "last": false}, ...] lowest first,
 *  "min_protocol": "TLSv1.2", "max_protocol": "TLSv1.3",
 *  "server_preference": B, "session_tickets": B, "compression": B}
 * Strings that a dialect lacks are false. Protocols are those granted. */
json_t *dialect_context(const struct native *native, const struct policy *policy);

#endif
