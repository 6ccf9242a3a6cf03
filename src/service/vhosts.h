/*
 * Virtual hosts of a web server, whatever its syntax: which certificate each has, which policy, and
 * what a profile's scopes ("SERVICE/NAME") say of them. For hooks.
 */
#ifndef SERVICE_VHOSTS_H
#define SERVICE_VHOSTS_H

#include "service/wanted.h"

struct vhosts {
    struct wanted *w;      /* borrowed */
    const char *name_word; /* borrowed; the directive that names one */
    bool shared_protocols; /* by all that are told apart by name on one address */
    json_t *
        scopes; /* of a virtual host that has a policy of its own -> its context; owned */
    json_t *
        responders; /* path of a certificate -> does it name an OCSP responder, or null; owned */
};

struct vhosts vhosts_make(struct wanted *w, const char *name_word, bool shared_protocols);
void vhosts_release(struct vhosts *v);

/* "SERVICE/NAME" where the profile has that scope; owned (free). */
char *vhosts_scope(const struct vhosts *v, const char *name);

/* What the virtual host of that name is written with: a policy of its own where it has one, "own_policy" true then;
 * else the service's. Borrowed; NULL: `err`. */
json_t *vhosts_context(struct vhosts *v, const char *name, struct err *err);

/* Call it when all are known: a name in the profile that nobody answers to is a slip of the pen. */
void vhosts_tell_unused(const struct vhosts *v);

/* {"chain", "key"} of one of the site's certificates; false when it is none of a pair. A new reference. */
json_t *vhosts_pair(const char *chain, const char *key, const char *combined);

/* The same of the site's certificate for this service. */
json_t *vhosts_site_pair(const struct vhosts *v);

/* Does the site give this service a certificate of its own? */
bool vhosts_has_own_pair(const struct vhosts *v);

/* Adds a certificate that is served: key, ca and name may be NULL; `where` is taken over. */
void vhosts_add_pair(struct vhosts *v, const char *chain, const char *key, const char *ca,
                     const char *name, char *where);

/* Where the profile wants stapling where it can be had: does the certificate name a responder? Null when that cannot
 * be told. Borrowed; NULL where the profile does not, or there is no certificate. */
const json_t *vhosts_responder(struct vhosts *v, const char *chain);

/* "192.0.2.1:443" -> "192.0.2.1"; NULL for names, and for what stands for every address. Owned (free). */
char *vhosts_literal(const char *address);

/* A name that can stand in the target of a redirect, which may have an interpretation of "$" and "%". */
bool vhosts_is_host(const char *name);

#endif
