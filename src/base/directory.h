/*
 * A directory server on this host, over a local socket: reading entries, and changing one.
 *
 * Every call connects (ldapi:///, SASL EXTERNAL: we are who the kernel says), asks and lets go;
 * nothing waits longer than DIRECTORY_SECONDS. Values are text; a value that is not UTF-8 is an
 * error. Attribute names are compared without case, values with.
 */
#ifndef BASE_DIRECTORY_H
#define BASE_DIRECTORY_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

#define DIRECTORY_SECONDS 10

enum directory_scope { DIRECTORY_BASE, DIRECTORY_ONE, DIRECTORY_SUBTREE };

/* Entries that match, as a new reference (json_decref):
 *     [{"dn": "cn=config", "attributes": {"olcTLSCertificateFile": ["/etc/..."], ...}}, ...]
 * Names are spelled as asked for in `attributes` (NULL-terminated; NULL: all of them, spelled as the
 * server does). `filter` may be NULL: every entry. A base that does not exist yields []. NULL:
 * ERR_SYSTEM, with the server's own words. */
json_t *directory_read(const char *uri, const char *base, enum directory_scope scope,
                       const char *filter, const char *const attributes[],
                       struct err *err) MUST_CHECK;

/* What the entry holds now of the attributes named in `like`: {"name": ["..."] or [], ...}; a new
 * reference. NULL: ERR_SYSTEM, also when there is no such entry. */
json_t *directory_image(const char *uri, const char *dn, const json_t *like,
                        struct err *err) MUST_CHECK;

/* Whether two images hold the same values per attribute, in any order. */
bool directory_same(const json_t *a, const json_t *b);

/* ONE modify that makes the entry hold `wanted` ({"name": [values] or [], ...}), each attribute by
 * `replace`. Attributes that are absent in both `present` and `wanted` are left out, since some servers
 * refuse to delete what is not there; nothing left means nothing sent. Errors: ERR_SYSTEM with the
 * server's diagnostic message.
 * Ref: RFC 4511 4.6. */
int directory_replace(const char *uri, const char *dn, const json_t *present,
                      const json_t *wanted, struct err *err) MUST_CHECK;

#endif
