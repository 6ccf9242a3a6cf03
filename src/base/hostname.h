/* Hosts as users write them: names and addresses. */
#ifndef BASE_HOSTNAME_H
#define BASE_HOSTNAME_H

#include <stdbool.h>
#include <stddef.h>

/* IPv4 in four numbers, or IPv6 without brackets. */
bool hostname_is_address(const char *host);

/* An address in its one spelling (RFC 5952), owned by the caller; NULL: it is none. */
char *hostname_address(const char *host);

/* How long a name is without the dot that may end it, which neither TLS nor certificates have.
 * Ref: RFC 6066 3, RFC 5280 4.2.1.6 */
size_t hostname_length(const char *name);

#endif
