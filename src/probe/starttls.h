/*
 * Asking a server, in its own protocol, to begin TLS: SMTP (RFC 3207), IMAP (RFC 9051 6.2.1),
 * POP3 (RFC 2595 4), LDAP (RFC 4511 4.14).
 *
 * The dialogue itself does no input or output, so that it can be fuzzed and driven by any loop:
 *
 *     CLEANUP(starttls_release) struct starttls talk = STARTTLS_INIT;
 *     starttls_begin(&talk, "smtp", err);
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

struct starttls {
    const struct starttls_dialogue *dialogue; /* static */
    size_t step;
    bool unlisted; /* asked for though the server has no list that has it */
    struct buf in; /* what has arrived and not been judged */
    enum starttls_state state;
    char why[200]; /* once it has ended other than well: what the server said; visible */
};

#define STARTTLS_INIT                                                                    \
    {                                                                                    \
        .dialogue = NULL, .in = BUF_INIT                                                 \
    }

void starttls_release(struct starttls *s);

/* Begins: the server speaks first in SMTP, IMAP and POP3; in LDAP `out` gets our request. ERR_INPUT: no
 * such protocol. */
int starttls_begin(struct starttls *s, const char *protocol, struct buf *out,
                   struct err *err) MUST_CHECK;

/* Takes what has arrived and appends what is to be sent to `out`. Once it has returned anything
 * but STARTTLS_TALKING it returns the same for ever. */
enum starttls_state starttls_feed(struct starttls *s, struct bytes in, struct buf *out);

/* The whole dialogue. `why` (owned by the caller, free) says what happened unless READY, when it
 * is NULL. */
enum starttls_state starttls_run(struct wire *w, const char *protocol, char **why);

#endif
