/*
 * What LDIF files need beyond being documents: the seal of slapd's configuration files.
 */
#ifndef FORMAT_LDIF_H
#define FORMAT_LDIF_H

#include <stdbool.h>

#include "base/buf.h"

/* Files of a slapd.d folder begin with the two lines "# AUTO-GENERATED FILE ..." and "# CRC32 "
 * and eight digits: the CRC-32 (as of zlib) of all that follows. Writes the digits for the text as
 * it is now. False, and nothing is changed, when the text has no such beginning. */
bool ldif_seal(struct buf *text);

#endif
