/*
 * Is a service installed, which version, and which TLS library does it speak through? Answered by
 * files alone (ELF DT_NEEDED, dpkg's status), so that a tree is answered like a running host.
 */
#ifndef SERVICE_DETECT_H
#define SERVICE_DETECT_H

#include "dialect/dialect.h"
#include "service/host.h"
#include "service/service.h"

struct detected {
    char *version;         /* owned; of the service, "2.4.57"; "" when nobody knows */
    char *library_version; /* owned; of the TLS library */
    struct library
        library; /* version is library_version; path is set on the running host only */
};

#define DETECTED_INIT                                                                    \
    {                                                                                    \
        .version = NULL                                                                  \
    }

void detected_release(struct detected *d);

/* 0: found; 1: not installed, `ret` untouched; -1: ERR_SYSTEM (installed, but which TLS library it
 * uses cannot be told), ERR_INPUT. */
int service_detect(const struct service *s, const struct host *host, struct detected *ret,
                   struct err *err) MUST_CHECK;

/* The versions that a list "apache=2.4.57,openssl=3.0.11" gives to a service, with service.json's "stock"
 * for what it leaves out: its own, and of the one library that it names, or else of the stock one.
 * `list` may be NULL. ERR_USAGE: not such a list; ERR_INPUT: the service has no stock versions. */
int service_assume(const struct service *s, const char *list, struct detected *ret,
                   struct err *err) MUST_CHECK;

/* {"feature": bool, ..., "openssl": bool, "gnutls": bool}: service.json's "features", by the
 * versions found. A new reference. */
json_t *service_features(const struct service *s, const struct detected *d);

#endif
