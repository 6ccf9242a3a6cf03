/*
 * One HTTP/1.1 request, to see what a web server says about TLS: a redirect to https, and
 * Strict-Transport-Security (RFC 6797).
 */
#ifndef PROBE_HTTP_H
#define PROBE_HTTP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/endpoint.h"
#include "base/err.h"
#include "base/strv.h"

struct http_request {
    const char *method; /* "HEAD" or "GET" */
    const char *path;   /* "/"; no white space or control characters */
    const char *host;   /* for the Host field; NULL: endpoint->name, else the address */
    bool tls;           /* https (full handshake, certificate not judged) or clear text */
    int deadline_ms;    /* 0: 10 s */
};

struct http_response {
    int status;       /* 200, 301, ... */
    char *location;   /* first Location field; NULL: none; control characters escaped */
    struct strv hsts; /* every Strict-Transport-Security field, in order, as sent */
};

#define HTTP_INIT                                                                        \
    {                                                                                    \
        .status = 0                                                                      \
    }

void http_release(struct http_response *r);

/* Asks, and reads the head of the answer (at most 64 KiB). ERR_SYSTEM: no connection, no
 * handshake, no answer in time, an answer that is not HTTP; ERR_INPUT: a path or host that cannot be sent. `ret`
 * is owned by the caller (http_release), untouched on failure. */
int http_ask(const struct endpoint *endpoint, const struct http_request *request,
             struct http_response *ret, struct err *err) MUST_CHECK;

/* Reads the head of an answer, up to and with the empty line. ERR_INPUT: not HTTP. */
int http_parse(struct bytes head, struct http_response *ret, struct err *err) MUST_CHECK;

#endif
