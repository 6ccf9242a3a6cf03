/*
 * Everything that a client could offer: what both libraries of the host know, what only old
 * servers speak, what is new. And what is known of a suite by its name alone, because most of
 * them stand in no library's table.
 */
#ifndef PROBE_OFFER_H
#define PROBE_OFFER_H

#include "policy/protocol.h"
#include "probe/ids.h"

/* Every suite that could be negotiated in that version, the weakest first: a server that picks
 * them in another order shows that it has an order of its own. Empty for SSLv2. */
void offer_suites(enum protocol version, struct ids *ret);

/* Every group: for TLS 1.3 those that may be used there, else those for ECDHE and DHE. */
void offer_groups(enum protocol version, struct ids *ret);

/* Every signature scheme, the hash and signature pairs of RFC 5246 7.4.1.4.1 included. */
void offer_schemes(struct ids *ret);

/* IANA's name; "0x1234" in `space` for a number without one. */
#define OFFER_NAME_SPACE 8
const char *offer_suite_name(uint16_t id, char space[static OFFER_NAME_SPACE]);
const char *offer_group_name(uint16_t id, char space[static OFFER_NAME_SPACE]);
const char *offer_scheme_name(uint16_t id, char space[static OFFER_NAME_SPACE]);

/* What a ServerKeyExchange holds. */
enum offer_exchange {
    OFFER_OTHER, /* none, or one that is not read */
    OFFER_ECDH,
    OFFER_DH,
    OFFER_RSA_EXPORT,
};

enum offer_exchange offer_exchange(uint16_t suite);

/* Is there one with OFFER_DH among them? */
bool offer_has_dh(const struct ids *suites);

/* Takes the groups of RFC 7919 out. False: there are none among them. */
bool offer_remove_finite_fields(struct ids *groups);

/* Does a hint to the shared secret stand before it (RFC 4279 2, RFC 5489 2)? */
bool offer_has_hint(uint16_t suite);

/* Is it signed? */
bool offer_is_signed(uint16_t suite);

#endif
