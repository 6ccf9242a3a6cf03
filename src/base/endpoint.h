/* Where a server is reached over the network, and how TLS begins there. */
#ifndef BASE_ENDPOINT_H
#define BASE_ENDPOINT_H

#include <stdbool.h>

struct endpoint {
    char *service; /* service.json's name, e.g. "postfix" */
    char *role;    /* service.json's role, e.g. "submission" */
    char *address; /* numeric, e.g. "127.0.0.1" */
    unsigned port;
    char *
        starttls; /* "smtp", "imap", ..., as starttls_begin() has them; NULL: TLS from the first byte */
    char *name;    /* server name to send and to check; NULL: none */
    bool required; /* clear text is not acceptable to the policy there */
    bool
        fewer_versions; /* keeps fewer than the policy has: only the newest has to work */
};

void endpoint_release(struct endpoint *e);

#endif
