/* Values of the field Strict-Transport-Security. Ref: RFC 6797 6.1 */
#ifndef SERVICE_HSTS_H
#define SERVICE_HSTS_H

#include <jansson.h>

/* What has to be sent: the profile's "http.hsts" {max_age, include_subdomains, preload}, or what is
 * sent now (NULL: nothing) where that promises more. A present value that promises all that is
 * wanted, in words that browsers take, stays as it is written. Owned by the caller (free). */
char *hsts_stronger(const char *present, const json_t *wanted);

#endif
