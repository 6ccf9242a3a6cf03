/* Lists of protocol versions as httpd's TLS module reads them. */
#ifndef SERVICE_HTTPD_PROTOCOLS_H
#define SERVICE_HTTPD_PROTOCOLS_H

#include "base/strv.h"

/* The versions that the arguments leave, as a set of protocol_bit()s. Ref: mod_ssl SSLProtocol */
unsigned httpd_protocols(const struct strv *args);

#endif
