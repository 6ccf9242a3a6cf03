/* What is looked at: the running host, or a tree beneath some directory. Read once per run. */
#ifndef SERVICE_HOST_H
#define SERVICE_HOST_H

#include <stdbool.h>

#include "base/listening.h"
#include "base/path.h"
#include "service/dpkg.h"
#include "service/service.h"

struct host {
    struct path_root root;
    bool live;    /* the running host: it may be asked, not only read */
    bool systemd; /* its services are systemd's */
    struct dpkg dpkg;
    struct listening listening; /* empty unless live */
};

#define HOST_INIT                                                                        \
    {                                                                                    \
        .root = {.fd = -1 }                                                              \
    }

void host_release(struct host *h);

/* `root` is "/" or the directory that --root names. */
int host_open(const char *root, struct host *ret, struct err *err) MUST_CHECK;

/* Where a service is reached on a port now: an address, borrowed, or NULL when nobody listens there or
 * it is known that another program does ("daemons" in service.json names the service's own). That
 * program's path is *ret_stranger (may be NULL), else it is set to NULL. */
const char *host_address(const struct host *h, const struct service *s, unsigned port,
                         const char **ret_stranger);

#endif
