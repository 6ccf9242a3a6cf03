/* What templates and conditions see of a service, a policy, a site and a host. */
#ifndef SERVICE_CONTEXT_H
#define SERVICE_CONTEXT_H

#include "service/wanted.h"

/* Fills w->context and w->grants; needs w's borrowed members, `detected` and `documents`.
 *
 *     profile {name, title}, http, smtp, imap, ldap   the effective profile of the service's scope
 *     openssl, gnutls, protocols, min_protocol, ...   dialect_context() of that scope
 *     protocol_number          the lowest version as OpenLDAP numbers it: "3.3"
 *     roles.ROLE               the same per listener role, for services with "roles", and
 *     roles.ROLE.differs       {member: does it differ from the first role's}
 *     has.FEATURE              service_features()
 *     present.DOCUMENT         what the (first) document of that id says
 *     site.KEY                 what the site says of this service
 *     certificate {chain, key, ca, from_site, ca_from_site, separate_key}   false where there is none
 *     host {live, systemd}, listening.ROLE
 *     facts.NAME               service.json's "facts"
 *
 * ERR_REFUSED: something that the profile requires cannot be had here. */
int context_make(struct wanted *w, struct err *err) MUST_CHECK;

/* What templates see of one scope's policy, a new reference: dialect_context(), the profile's sections and
 * "protocol_number". Its grants are put into w->grants as `listener`'s. NULL: ERR_REFUSED as above. */
json_t *context_policy(struct wanted *w, const char *scope, const char *listener,
                       struct err *err) MUST_CHECK;

/* Is `expression` ("a.b", or "a.b=value") true in the context? */
bool context_holds(const json_t *context, const char *expression);

#endif
