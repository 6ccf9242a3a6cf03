/* Keys for the key_share of a ClientHello (RFC 8446 4.2.8). */
#ifndef PROBE_SHARE_H
#define PROBE_SHARE_H

#include <stdbool.h>

#include "base/buf.h"
#include "probe/ids.h"

/* Appends a new public key of that group; the private one is forgotten, since no handshake is
 * finished with it. False, with nothing appended: libcrypto has no such group. */
bool share_key(uint16_t group, struct buf *out);

bool share_is_possible(uint16_t group);

/* The first of `groups` that keys can be made for; 0: none. */
uint16_t share_group(const struct ids *groups);

#endif
