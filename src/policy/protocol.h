/*
 * Protocol versions, SSLv2 to TLSv1.3. A set of them is an unsigned bit mask.
 *
 *     unsigned set = protocol_bit(PROTOCOL_TLS1_2) | protocol_bit(PROTOCOL_TLS1_3);
 */
#ifndef POLICY_PROTOCOL_H
#define POLICY_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

enum protocol {
    PROTOCOL_SSL2,
    PROTOCOL_SSL3,
    PROTOCOL_TLS1,
    PROTOCOL_TLS1_1,
    PROTOCOL_TLS1_2,
    PROTOCOL_TLS1_3,
};
#define PROTOCOL_COUNT 6

struct protocol_info {
    enum protocol id;
    uint16_t wire;       /* ProtocolVersion on the wire: 0x0303; SSLv2 is 0x0002 */
    const char *name;    /* "TLSv1" to "TLSv1.3": what profiles and OpenSSL write */
    const char *symbol;  /* the same for names of variables: "TLSv1_2" */
    const char *gnutls;  /* "TLS1.2", as in VERS-TLS1.2; NULL: GnuTLS never had it */
    const char *refused; /* why a profile may not ask for it; NULL: it may */
};

const struct protocol_info *protocol_info(enum protocol p); /* never NULL */

/* By exact name; NULL when unknown. "TLSv1.0" and "TLS1.2" are not names. */
const struct protocol_info *protocol_by_name(const char *name);

/* By version on the wire; NULL when unknown. */
const struct protocol_info *protocol_by_wire(uint16_t wire);

static inline unsigned protocol_bit(enum protocol p)
{
    return 1u << p;
}

static inline bool protocol_in(unsigned set, enum protocol p)
{
    return (set >> p & 1u) != 0;
}

/* Lowest and highest of a set that isn't empty. */
enum protocol protocol_lowest(unsigned set);
enum protocol protocol_highest(unsigned set);

/* Every version from `min` to `max`; empty when min > max. */
unsigned protocol_range(enum protocol min, enum protocol max);

#endif
