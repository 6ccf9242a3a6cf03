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
    /* Length of the one whole reply at the beginning of `in`; 0: there is more to come. */
    size_t (*frame)(const struct starttls_step *step, struct bytes in);
    /* TALKING: say `say`, and on to the next step. May set `unlisted`: what is asked for next is
     * not known to be offered; whoever refuses it then does not offer it. */
    enum starttls_state (*judge)(const struct starttls_step *step, struct bytes reply,
                                 bool *unlisted);
    const char *tag;   /* what the last line of the reply begins with */
    const char *yes;   /* what consent looks like */
    const char *offer; /* what must be among the capabilities; NULL: no matter */
    const char *say;   /* what is sent on consent; NULL: TLS begins */
    enum starttls_state otherwise; /* what a well-formed "no" means */
};

struct starttls_dialogue {
    const char *protocol;
    struct bytes opening; /* what the client says first; empty: it listens */
    bool news; /* the server may speak unasked before TLS is agreed on (IMAP) */
    const struct starttls_step *steps;
    /* Appends a reply in words; NULL: it is text already. */
    void (*describe)(struct bytes reply, struct buf *out);
};

extern const struct starttls_dialogue starttls_smtp, starttls_imap, starttls_pop3,
    starttls_ldap;

#endif
