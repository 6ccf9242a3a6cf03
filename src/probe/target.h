/*
 * Endpoints as people write them: "HOST", "HOST:PORT", "HOST/PROTOCOL", "HOST:PORT/PROTOCOL"; an
 * IPv6 address stands in brackets. The port decides the protocol, and the protocol the port, where
 * one of them is missing; HTTPS is meant where both are. A name may end in a dot, which is dropped
 * (RFC 6066 3).
 *
 *     CLEANUP(endpoint_release) struct endpoint e = {.service = NULL};
 *     if (target_parse("mail.example.org:25", &e, err) < 0 || target_resolve(&e, 30000, 3000, err) < 0) ...
 */
#ifndef PROBE_TARGET_H
#define PROBE_TARGET_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/endpoint.h"
#include "base/err.h"

struct target_protocol {
    const char *name;     /* "smtp", "https" */
    const char *starttls; /* the dialogue's name; NULL: TLS from the first byte */
    unsigned port;        /* its own; 0: none */
    bool patient;         /* servers that count connections: one at a time */
};

/* NULL: nobody knows it. */
const struct target_protocol *target_protocol_find(const char *name);

/* Fills service (the protocol's name), address (the host), port, starttls, and
 * name, unless the host is an address. ERR_USAGE: what is wrong with `text`, and how it is
 * written. `ret` is owned by the caller (endpoint_release), untouched on failure. */
int target_parse(const char *text, struct endpoint *ret, struct err *err) MUST_CHECK;

/* A name to ask for: a host name, or an address, without the dot at its end. Owned by the caller (free); NULL:
 * ERR_USAGE, `text` is neither. */
char *target_name(const char *text, struct err *err) MUST_CHECK;

/* Makes the address numeric: of several the first that accepts a connection within `listen_ms`, or the first at all. In
 * a fibre the others go on meanwhile. ERR_SYSTEM: the name has no address, or the system's resolver has not answered
 * within `resolve_ms`; what it still does then, it does beside (resolver.h). `e` is untouched on failure. */
int target_resolve(struct endpoint *e, int resolve_ms, int listen_ms,
                   struct err *err) MUST_CHECK;

/* Does it speak HTTP over TLS? */
bool target_is_http(const struct endpoint *e);

/* Is it one that should see one connection at a time? */
bool target_is_patient(const struct endpoint *e);

/* Appends "[::1]:25 (smtp)", or "www.example.org (192.0.2.1):443 (https)". */
void target_describe(const struct endpoint *e, struct buf *out);

#endif
