/*
 * Asking a server, in its own protocol, to begin TLS: SMTP and LMTP (RFC 3207, RFC 2033), IMAP
 * (RFC 9051 6.2.1), POP3 (RFC 2595 4), ManageSieve (RFC 5804 2.2), FTP (RFC 4217), LDAP
 * (RFC 4511 4.14), XMPP (RFC 6120 5), PostgreSQL ("SSL Session Encryption") and MySQL
 * ("Connection Phase").
 *
 * The dialogue itself does no input or output, so that it can be fuzzed and driven by any loop:
 *
 *     CLEANUP(starttls_release) struct starttls talk = STARTTLS_INIT;
 *     starttls_begin(&talk, "smtp", NULL, &to_send, err);
 *     while (starttls_feed(&talk, received, &to_send) == STARTTLS_TALKING) ...
 *
 * starttls_run() does that over a wire. A server that says anything after its consent and before
 * TLS is broken (or somebody is injecting: CVE-2011-0411, CVE-2021-33515), and is treated so.
 */
#ifndef PROBE_STARTTLS_H
#define PROBE_STARTTLS_H

#include "base/err.h"
#include "probe/wire.h"

/* Longest reply, all its lines together, that a server may send. */
#define STARTTLS_REPLY_LIMIT ((size_t)32 << 10)

enum starttls_state {
    STARTTLS_TALKING,     /* needs more from the server */
    STARTTLS_READY,       /* TLS begins now */
    STARTTLS_NOT_OFFERED, /* the server does not know it, or does not offer it */
    STARTTLS_REFUSED, /* offered, but refused when asked (SMTP 454: no usable certificate) */
    STARTTLS_TURNED_AWAY, /* the server has no ear for us now (421, BYE, too many connections):
                             this says nothing about TLS */
    STARTTLS_DROPPED, /* closed, reset or timed out on the way; only from starttls_run() */
    STARTTLS_BROKEN,  /* the server does not keep to its protocol */
};

struct starttls_dialogue;

/* How far a reply has been looked at. */
struct starttls_scan {
    size_t at;
    size_t begun;   /* where the line or tag began that `at` may be in */
    unsigned depth; /* of elements, in XMPP */
    char quote;     /* that `at` is in, in XMPP; NUL: none */
};

struct starttls {
    const struct starttls_dialogue *dialogue; /* static */
    size_t step;
    bool unlisted; /* asked for though the server has no list that has it */
    struct buf in; /* what has arrived and not been judged */
    struct starttls_scan scan;
    enum starttls_state state;
    char why[200]; /* once it has ended other than well: what the server said; visible */
};

#define STARTTLS_INIT                                                                    \
    {                                                                                    \
        .dialogue = NULL, .in = BUF_INIT                                                 \
    }

void starttls_release(struct starttls *s);

/* Begins. Where we speak first (LDAP, XMPP, PostgreSQL) `out` gets what is said. `name` is what the
 * server is called, which XMPP servers want to hear; NULL: not known. `protocol` is one of "ftp",
 * "imap", "ldap", "lmtp", "mysql", "pop3", "postgres", "sieve", "smtp", "xmpp-client" and
 * "xmpp-server". ERR_INPUT: no such protocol, or a name that cannot be said in it. */
int starttls_begin(struct starttls *s, const char *protocol, const char *name,
                   struct buf *out, struct err *err) MUST_CHECK;

/* Takes what has arrived and appends what is to be sent to `out`; in MySQL there may be some before
 * TLS begins. Once it has returned anything
 * but STARTTLS_TALKING it returns the same for ever. */
enum starttls_state starttls_feed(struct starttls *s, struct bytes in, struct buf *out);

/* The whole dialogue. `why` (owned by the caller, free) says what happened unless READY, when it
 * is NULL. */
enum starttls_state starttls_run(struct wire *w, const char *protocol, const char *name,
                                 char **why);

#endif
