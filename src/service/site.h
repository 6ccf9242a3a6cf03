/*
 * The site: this host's names and certificates, and what it wants that a profile cannot know
 * (/etc/tlsharden/site.json; DESIGN 5).
 *
 *     {"hostnames": ["mail.example.org"],
 *      "certificate": {"chain": "/etc/ssl/host/fullchain.pem", "key": "...", "ca": "..."},
 *      "services": {"courier": {"certificate": {"combined": "/etc/ssl/host/courier.pem"}}, ...}}
 *
 * What a service may be told beyond its certificate is in its service.json ("site": {"key":
 * "flag" | "vhosts"}). Names and paths go into configuration files of several syntaxes, one of
 * which is run by a shell as root: only letters, digits and ._/@+:=~- pass. Everything else is
 * ERR_INPUT with file:line:column and JSON pointer.
 */
#ifndef SERVICE_SITE_H
#define SERVICE_SITE_H

#include <jansson.h>

#include "base/err.h"
#include "base/path.h"
#include "base/strv.h"
#include "service/service.h"

struct site {
    json_t *json; /* owned reference; {} where there is no file */
    struct strv hostnames;
};

#define SITE_INIT                                                                        \
    {                                                                                    \
        .json = NULL                                                                     \
    }

void site_release(struct site *s);

/* Reads `path`, or, when that is NULL, `standard` beneath the root where it exists. */
int site_load(const char *path, const struct path_root *root, const char *standard,
              const struct service_list *services, struct site *ret,
              struct err *err) MUST_CHECK;

/* What the site says of a service ("services"/NAME); borrowed, NULL when nothing. */
json_t *site_of(const struct site *s, const char *service);

/* A certificate's member ("chain", "key", "ca", "combined") for a service: its own certificate,
 * or else the whole site's. Borrowed; NULL when the site does not say. */
const char *site_certificate(const struct site *s, const char *service,
                             const char *member);

#endif
