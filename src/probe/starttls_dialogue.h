/*
 * What a STARTTLS dialogue is made of: a const table of steps, each of which knows where one
 * reply ends and what it means. Only starttls.c reads these; one file per family of protocols
 * makes them.
 */
#ifndef PROBE_STARTTLS_DIALOGUE_H
#define PROBE_STARTTLS_DIALOGUE_H

#include "probe/starttls.h"

/* Instead of a length: this is no reply, whatever may follow. */
#define STARTTLS_NO_REPLY ((size_t)-1)

struct starttls_step {
    /* Length of the one whole reply at the beginning of `in`; 0: there is more to come. `scan` is
     * zero at first, and then what the last call left in it: nothing is looked at twice. */
    size_t (*frame)(const struct starttls_step *step, struct bytes in,
                    struct starttls_scan *scan);
    /* TALKING: say `say`, and on to the next step. May set `unlisted`: what is asked for next is
     * not known to be offered; whoever refuses it then does not offer it. */
    enum starttls_state (*judge)(const struct starttls_step *step, struct bytes reply,
                                 bool *unlisted);
    const char *tag;   /* what the last line of the reply begins with */
    const char *yes;   /* what consent looks like */
    const char *offer; /* what must be among the capabilities; NULL: no matter */
    struct bytes say;  /* what is sent on consent; empty in the last: TLS begins */
    enum starttls_state otherwise; /* what a well-formed "no" means */
};

struct starttls_dialogue {
    const char *protocol;
    struct bytes opening; /* what the client says first; empty: it listens */
    /* Instead of it, where it depends on the server's name (NULL: unknown). ERR_INPUT: this name
     * cannot be said. NULL: `opening` is. */
    int (*open)(const char *name, struct buf *out, struct err *err);
    bool news; /* the server may speak unasked before TLS is agreed on (IMAP) */
    const struct starttls_step *steps;
    /* Appends a reply in words; NULL: it is text already. */
    void (*describe)(struct bytes reply, struct buf *out);
};

/* Bytes of a literal, NULs included, for `say` and `opening`. */
#define STARTTLS_SAY(literal)                                                            \
    {                                                                                    \
        .data = (literal), .len = sizeof(literal) - 1                                    \
    }

extern const struct starttls_dialogue starttls_ftp, starttls_imap, starttls_ldap,
    starttls_lmtp, starttls_mysql, starttls_pop3, starttls_postgres, starttls_sieve,
    starttls_smtp, starttls_xmpp_client, starttls_xmpp_server;

#endif
