/* Whether GnuTLS takes a certificate, its key and a CA file. */
#ifndef DIALECT_GNUTLS_LOAD_H
#define DIALECT_GNUTLS_LOAD_H

#include "dialect/engine.h"

/* struct engine's load(). Ref: gnutls_certificate_set_x509_key(3) */
bool gnutls_load(void *handle, const struct loading_files *files, FILE *out);

#endif
