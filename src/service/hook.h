/*
 * Hooks: what one kind of server needs beyond its service.json. A service names its hook there
 * ("hook": "httpd-sites"); a hook reads its own member of service.json for everything that it has
 * to know, so that another server of that kind can use it.
 */
#ifndef SERVICE_HOOK_H
#define SERVICE_HOOK_H

#include "service/wanted.h"

struct service_hook {
    const char *name;
    /* While the context is made: what is present is in it, the policy, the certificate and the facts are not;
     * adds what these are to be taken from. May be NULL. */
    int (*prepare)(struct wanted *w, struct err *err);
    /* After the context is made, before service.json's edits: adds documents, merges, links,
     * endpoints, certificates and notes to `w`, and facts to its context. */
    int (*run)(struct wanted *w, struct err *err);
};

extern const struct service_hook hook_httpd_sites;     /* httpd_sites.c */
extern const struct service_hook hook_master_services; /* master_services.c */
extern const struct service_hook hook_nginx_sites;     /* nginx_sites.c */

/* NULL when there is none of that name. */
const struct service_hook *service_hook_find(const char *name);

#endif
