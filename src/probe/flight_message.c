/*
 * What the messages say. Each is read to its last byte: a length that does not fit makes the
 * flight broken, and so does a message out of its turn.
 */
#include "probe/flight_message.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/visible.h"
#include "probe/cursor.h"
#include "probe/offer.h"

enum { /* RFC 8446 B.3, RFC 5246 A.4 */
       MESSAGE_SERVER_HELLO = 2,
       MESSAGE_CERTIFICATE = 11,
       MESSAGE_SERVER_KEY_EXCHANGE = 12,
       MESSAGE_CERTIFICATE_REQUEST = 13,
       MESSAGE_SERVER_HELLO_DONE = 14,
       MESSAGE_CERTIFICATE_STATUS = 22,
       MESSAGE_SUPPLEMENTAL_DATA = 23,
};

enum { /* RFC 8446 4.2 */
       EXT_ALPN = 16,
       EXT_ENCRYPT_THEN_MAC = 22,
       EXT_EXTENDED_MASTER = 23,
       EXT_SESSION_TICKET = 35,
       EXT_SUPPORTED_VERSIONS = 43,
       EXT_KEY_SHARE = 51,
       EXT_RENEGOTIATION = 0xff01,
};

/* RFC 8446 4.1.3: the random of a ServerHello that is a HelloRetryRequest. */
static const unsigned char retry_random[32] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
    0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
    0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

/* --- ServerHello ----------------------------------------------------------------------------- */

/* RFC 7301 3.1: a list of one name. */
static bool read_alpn(struct flight *f, struct bytes body)
{
    struct cursor c = {.left = body};
    struct bytes list, name;
    if (!cursor_vector(&c, 2, &list) || c.left.len)
        return false;
    c.left = list;
    if (!cursor_vector(&c, 1, &name) || c.left.len || name.len == 0)
        return false;
    CLEANUP(mem_freep) char *shown = visible_cut(name, sizeof f->alpn - 8);
    snprintf(f->alpn, sizeof f->alpn, "%s", shown);
    return true;
}

/* RFC 8446 4.2.8: a group, and a key unless this is a HelloRetryRequest. */
static bool read_key_share(struct flight *f, struct bytes body, bool retry)
{
    struct cursor c = {.left = body};
    struct bytes key;
    return cursor_u16(&c, &f->group) && (retry || cursor_vector(&c, 2, &key)) &&
           c.left.len == 0;
}

static bool read_version(struct flight *f, struct bytes body)
{
    struct cursor c = {.left = body};
    return cursor_u16(&c, &f->version) && f->version == 0x0304 && c.left.len == 0;
}

static bool read_extension(struct flight *f, unsigned type, struct bytes body, bool retry)
{
    switch (type) {
    case EXT_ALPN:
        return read_alpn(f, body);
    case EXT_SUPPORTED_VERSIONS:
        return read_version(f, body);
    case EXT_KEY_SHARE:
        return read_key_share(f, body, retry);
    case EXT_ENCRYPT_THEN_MAC:
        f->flags |= FLIGHT_ENCRYPT_THEN_MAC;
        return body.len == 0;
    case EXT_EXTENDED_MASTER:
        f->flags |= FLIGHT_EXTENDED_MASTER;
        return body.len == 0;
    case EXT_SESSION_TICKET:
        f->flags |= FLIGHT_TICKET;
        return body.len == 0;
    case EXT_RENEGOTIATION: /* RFC 5746 3.4 */
        f->flags |= FLIGHT_RENEGOTIATION;
        return body.len == 1 && body.data[0] == 0;
    default:
        return true;
    }
}

/* Up to TLS 1.2 a ServerHello may end without any. */
static bool read_extensions(struct flight *f, struct cursor *c, bool retry)
{
    struct bytes all;
    if (c->left.len == 0)
        return true;
    if (!cursor_vector(c, 2, &all) || c->left.len)
        return false;
    struct cursor at = {.left = all};
    while (at.left.len) {
        uint16_t type;
        struct bytes body;
        if (!cursor_u16(&at, &type) || !cursor_vector(&at, 2, &body) ||
            !read_extension(f, type, body, retry))
            return false;
    }
    return true;
}

/* RFC 8446 4.1.3, RFC 5246 7.4.1.3. TLS 1.3 is chosen in supported_versions, and nothing else is
 * (4.2.1). */
static bool read_server_hello(struct flight *f, struct bytes body)
{
    struct cursor c = {.left = body};
    struct bytes random, session;
    if (!cursor_u16(&c, &f->version) || f->version < 0x0300 || f->version > 0x0303 ||
        !cursor_take(&c, 32, &random) || !cursor_vector(&c, 1, &session) ||
        session.len > 32 || !cursor_u16(&c, &f->suite) || !cursor_u8(&c, &f->compression))
        return false;
    bool retry = memcmp(random.data, retry_random, sizeof retry_random) == 0;
    if (!read_extensions(f, &c, retry))
        return false;
    f->hello = true;
    if (retry)
        f->state = FLIGHT_RETRY;
    else if (f->version == 0x0304)
        f->state = FLIGHT_COMPLETE;
    return !retry || f->version == 0x0304;
}

/* --- the rest of the flight up to TLS 1.2 ---------------------------------------------------- */

/* RFC 5246 7.4.2 */
static bool read_certificates(struct flight *f, struct bytes body)
{
    struct cursor c = {.left = body};
    struct bytes list, one;
    if (f->chain.len || !cursor_vector(&c, 3, &list) || c.left.len)
        return false;
    for (c.left = list; c.left.len;)
        if (!cursor_vector(&c, 3, &one) || one.len == 0)
            return false;
    buf_addb(&f->chain, list);
    return true;
}

bool flight_certificate(const struct flight *f, size_t index, struct bytes *ret)
{
    struct cursor c = {.left = bytes_buf(&f->chain)};
    struct bytes one = BYTES("");
    do
        if (!cursor_vector(&c, 3, &one))
            return false;
    while (index--);
    *ret = one;
    return true;
}

/* RFC 6066 8 */
static bool read_status(struct flight *f, struct bytes body)
{
    struct cursor c = {.left = body};
    uint8_t type;
    struct bytes response;
    if (f->staple.len || !cursor_u8(&c, &type) || !cursor_vector(&c, 3, &response) ||
        c.left.len)
        return false;
    if (type != 1 || !response.len)
        return true;
    f->flags |= FLIGHT_STAPLE;
    buf_addb(&f->staple, response);
    return true;
}

/* RFC 8422 5.4: only named curves are left. */
static bool read_ecdh(struct flight *f, struct cursor *c)
{
    uint8_t type;
    struct bytes point;
    return cursor_u8(c, &type) && type == 3 && cursor_u16(c, &f->group) &&
           cursor_vector(c, 1, &point) && point.len > 0;
}

static struct bytes without_zeros(struct bytes number)
{
    while (number.len && number.data[0] == 0)
        number.data++, number.len--;
    return number;
}

static uint16_t bits_of(struct bytes number)
{
    number = without_zeros(number);
    size_t bits = number.len * 8;
    for (unsigned top = number.len ? (unsigned char)number.data[0] : 0x80u; top < 0x80;
         top <<= 1)
        bits--;
    return (uint16_t)(bits > UINT16_MAX ? UINT16_MAX : bits);
}

/* RFC 7919 appendix A. Its primes begin and end alike, and so may one of anybody's making: every bit
 * counts. The generator is 2; with another the subgroup may be as small as one likes. */
static uint16_t rfc7919_group(struct bytes prime, struct bytes generator)
{
    static const struct {
        size_t bytes;
        const char *sha256;
        uint16_t group;
    } primes[] = {
        {256, "9cd3b7f336872f46c09428d1bbc19877a4d440512cda8d1c1cf0cd6e33698966", 0x0100},
        {384, "0eaf67db3a839156d5013494a5318a772b5697d270d721f37f092efc69ea5a17", 0x0101},
        {512, "4648414224ac881b3d0dc59b466f96d06a558278776807797ecf1f66ff397b3e", 0x0102},
        {768, "227ac9066b3ddd9e193670cda2388fa884f65ba0cf98b742d1fe77a6687c79c7", 0x0103},
        {1024, "770b14efaf6f049929c523113b3fa99a8d11dab1b18af3609590122075d19833",
         0x0104},
    };
    char digest[DIGEST_SIZE];
    for (size_t i = 0; i < ARRAY_LEN(primes) && bytes_is(generator, "\x02"); i++) {
        if (primes[i].bytes != prime.len)
            continue;
        digest_sha256(prime, digest);
        return strcmp(digest, primes[i].sha256) == 0 ? primes[i].group : 0;
    }
    return 0;
}

/* RFC 5246 7.4.3 */
static bool read_dh(struct flight *f, struct cursor *c)
{
    struct bytes p, g, y;
    if (!cursor_vector(c, 2, &p) || !cursor_vector(c, 2, &g) || !cursor_vector(c, 2, &y))
        return false;
    f->dh_bits = bits_of(p);
    f->group = rfc7919_group(without_zeros(p), without_zeros(g));
    return f->dh_bits > 0;
}

/* RFC 2246 7.4.3: the temporary key of an export suite. */
static bool read_rsa(struct flight *f, struct cursor *c)
{
    struct bytes modulus, exponent;
    if (!cursor_vector(c, 2, &modulus) || !cursor_vector(c, 2, &exponent))
        return false;
    f->rsa_bits = bits_of(modulus);
    return f->rsa_bits > 0;
}

/* RFC 5246 7.4.3, 7.4.1.4.1: TLS 1.2 says by which scheme the parameters are signed. */
static bool read_signature(struct flight *f, struct cursor *c)
{
    struct bytes signature;
    if (c->left.len == 0)
        return true; /* anonymous, or authenticated by a shared secret */
    if (f->version == 0x0303 && !cursor_u16(c, &f->scheme))
        return false;
    return cursor_vector(c, 2, &signature) && c->left.len == 0;
}

static bool read_key_exchange(struct flight *f, struct bytes body)
{
    struct cursor c = {.left = body};
    struct bytes hint;
    enum offer_exchange how = offer_exchange(f->suite);
    if (how == OFFER_OTHER)
        return true;
    if (offer_has_hint(f->suite) && !cursor_vector(&c, 2, &hint))
        return false;
    if (how == OFFER_ECDH && !read_ecdh(f, &c))
        return false;
    if (how == OFFER_DH && !read_dh(f, &c))
        return false;
    if (how == OFFER_RSA_EXPORT && !read_rsa(f, &c))
        return false;
    return read_signature(f, &c);
}

/* --- all of them ----------------------------------------------------------------------------- */

static bool read_message(struct flight *f, unsigned type, struct bytes body)
{
    switch (type) {
    case MESSAGE_SERVER_HELLO:
        return read_server_hello(f, body);
    case MESSAGE_CERTIFICATE:
        return read_certificates(f, body);
    case MESSAGE_CERTIFICATE_STATUS:
        return read_status(f, body);
    case MESSAGE_SERVER_KEY_EXCHANGE:
        return read_key_exchange(f, body);
    case MESSAGE_CERTIFICATE_REQUEST:
        f->flags |= FLIGHT_CERTIFICATE_REQUEST;
        return true;
    case MESSAGE_SUPPLEMENTAL_DATA: /* RFC 4680 */
        return true;
    case MESSAGE_SERVER_HELLO_DONE:
        f->state = FLIGHT_COMPLETE;
        return body.len == 0;
    default:
        return false;
    }
}

void flight_message(struct flight *f, uint8_t type, struct bytes body)
{
    bool in_turn = f->hello == (type != MESSAGE_SERVER_HELLO);
    if (!in_turn || !read_message(f, type, body)) {
        char what[64] = "";
        snprintf(what, sizeof what, "handshake message %u is %s", type,
                 in_turn ? "malformed" : "out of turn");
        flight_broken(f, what, BYTES(""));
    }
}

/* --- SSLv2 ----------------------------------------------------------------------------------- */

/* SERVER-HELLO: hit, certificate type, version, three lengths, and what they count. */
static bool read_ssl2_hello(struct flight *f, struct cursor *c)
{
    uint8_t hit, certificate;
    size_t lengths[3], sum = 0;
    if (!cursor_u8(c, &hit) || !cursor_u8(c, &certificate) || !cursor_u16(c, &f->version))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        if (!cursor_number(c, 2, &lengths[i]))
            return false;
        sum += lengths[i];
    }
    f->hello = f->version == 0x0002 && lengths[1] % 3 == 0 && c->left.len == sum;
    f->state = FLIGHT_COMPLETE;
    return f->hello;
}

void flight_ssl2(struct flight *f, struct bytes body)
{
    struct cursor c = {.left = body};
    uint8_t type = 0, zero = 0;
    bool ok = !f->hello && cursor_u8(&c, &type);
    if (ok && type == 0) { /* ERROR: a number of two bytes */
        ok = cursor_u8(&c, &zero) && cursor_u8(&c, &f->alert) && zero == 0 &&
             c.left.len == 0;
        f->level = 2;
        f->version = 0x0002;
        f->state = FLIGHT_ALERT;
    } else if (ok) {
        ok = type == 4 && read_ssl2_hello(f, &c);
    }
    if (!ok)
        flight_broken(f, "not TLS", body);
}
