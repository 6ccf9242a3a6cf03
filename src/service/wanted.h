/*
 * What one installed service has and what a profile wants of it: documents with edits, links,
 * endpoints, certificates to be checked, and how it takes notice. Made by service_want()
 * (render.h); plan compares and records.
 */
#ifndef SERVICE_WANTED_H
#define SERVICE_WANTED_H

#include <jansson.h>

#include "base/endpoint.h"
#include "base/strv.h"
#include "policy/profile.h"
#include "service/detect.h"
#include "service/document.h"
#include "service/site.h"
#include "template/mustache.h"

struct wanted_link {
    char *path;   /* owned; its directory is resolved by whoever carries it out */
    char *target; /* owned; NULL: there must be no link */
};

/* A certificate that the service will use; members as in probe/certificate.h. */
struct wanted_certificate {
    char *chain, *key, *ca; /* owned; key and ca may be NULL */
    char *reader;           /* owned; user who reads it, or NULL */
    char *name;  /* owned; a host name that it must cover, or NULL: the site's */
    char *where; /* owned; who uses it, e.g. "vhost www.example.org", or NULL */
    char *
        listener; /* owned; whose policy holds where it is served, or NULL: every one that has none of its own */
    bool key_first, any_order;
};

enum wanted_severity { WANTED_INFO, WANTED_WARNING, WANTED_ERROR };

struct wanted_note {
    enum wanted_severity severity;
    char *file, *what, *remedy; /* owned; file and remedy may be NULL */
};

struct wanted_template {
    char *name;
    struct mustache *compiled;
};

struct wanted {
    const struct service *service; /* borrowed, as the next three */
    const struct host *host;
    const struct site *site;
    const struct profile *profile;
    struct detected detected;
    struct documents documents;
    json_t *context; /* what templates and conditions see; owned */
    json_t *grants;  /* {listener role: grants_json()}, or one grants_json(); owned */
    struct wanted_link *links;
    size_t link_count, link_cap;
    struct wanted_certificate *certificates;
    size_t certificate_count, certificate_cap;
    struct endpoint *endpoints; /* those that answer now; none for a tree */
    size_t endpoint_count, endpoint_cap;
    json_t *endpoint_keys; /* of those, to find them by; owned, or NULL */
    struct wanted_note *notes;
    size_t note_count, note_cap;
    struct wanted_template *templates; /* compiled once each */
    size_t template_count, template_cap;
    bool running;
    bool exact; /* what is stricter than the profile does not stay */
};

#define WANTED_INIT                                                                      \
    {                                                                                    \
        .service = NULL                                                                  \
    }

void wanted_release(struct wanted *w);

void wanted_link(struct wanted *w, const char *path, const char *target);

/* The new element, zeroed; valid until the next call. */
struct wanted_certificate *wanted_add_certificate(struct wanted *w);

/* Whether a listener of the grants serves that certificate. */
bool wanted_listener_serves(const char *listener, const struct wanted_certificate *c);

/* Where TLS is spoken; everything is borrowed. */
struct wanted_endpoint {
    const char *role;
    const char *address; /* NULL: one that reaches the port */
    unsigned port;
    const char *starttls, *name;   /* as in base/endpoint.h; may be NULL */
    bool required, fewer_versions; /* as there */
    bool expected; /* nobody listens yet, but will at `address` (NULL: not even then) */
};

/* Adds an endpoint if somebody listens on the port now, or is expected to. Returns whether it was added; the same
 * address, port, protocol and name are added once. */
bool wanted_endpoint(struct wanted *w, const struct wanted_endpoint *e);

/* `file` and `remedy` may be NULL. */
void wanted_note(struct wanted *w, enum wanted_severity severity, const char *file,
                 const char *remedy, const char *fmt, ...) PRINTF(5, 6);

/* Appends a template of the service, rendered for `context` in the words of `format`. */
int wanted_render(struct wanted *w, const char *template, const json_t *context,
                  const struct format *format, struct buf *out,
                  struct err *err) MUST_CHECK;

#endif
