/*
 * Why a service's templates write what they write: the comments that stand above their lines.
 *
 *     CLEANUP(reasons_release) struct reasons all = REASONS_INIT;
 *     if (reasons_load(service, &all, err) < 0)
 *         return -1;
 *     const struct reason *r = reasons_of(&all, bytes_str("smtpd_tls_auth_only = yes"), false);
 *
 * A comment "{{! why | reference }}" on a line of its own speaks of the lines below it, until the next one. A line
 * that begins with "#" takes a setting away. templates/README.md says it to those who write them.
 */
#ifndef SERVICE_REASONS_H
#define SERVICE_REASONS_H

#include "service/service.h"

#include "base/buf.h"
#include "base/err.h"

struct reason {
    char *directive; /* owned; the line's first word: "SSLProtocol" */
    char *literal;   /* owned; the line as far as it never varies: "SSLProtocol -all" */
    char *why;       /* owned; "" when no comment stands above the line */
    char *reference; /* owned; "" when there is none */
    char *template;  /* owned; the file's name */
    size_t line;     /* in that file */
    bool removes;
    bool varies; /* more follows the literal, which depends on profile or host */
};

struct reasons {
    struct reason *items; /* owned; by file name, then as they stand there */
    size_t count, cap;
};

#define REASONS_INIT                                                                     \
    {                                                                                    \
        .items = NULL                                                                    \
    }

void reasons_release(struct reasons *r);

/* Reads every template of a service. ERR_SYSTEM when one cannot be read. */
int reasons_load(const struct service *service, struct reasons *ret,
                 struct err *err) MUST_CHECK;

/* The reason for a line of configuration that is written or (`removed`) taken away; NULL when no template speaks of
 * it. Borrowed. */
const struct reason *reasons_of(const struct reasons *r, struct bytes line, bool removed);

/* The first word of a line of any of the syntaxes: "-o" before it and "#" do not count. Empty for a line that sets
 * nothing: a comment of words, a section's bounds, a blank. Borrowed from `line`. */
struct bytes reasons_directive(struct bytes line);

#endif
