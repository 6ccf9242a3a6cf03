/*
 * LDAP: one ExtendedRequest, one ExtendedResponse, in BER. The response is read as RFC 4511 4.12
 * defines it, to its last byte; responseName is optional there, and slapd leaves it out.
 */
#include <string.h>

#include "base/visible.h"
#include "probe/starttls_dialogue.h"

#define OID_START_TLS     "1.3.6.1.4.1.1466.20037"
#define OID_DISCONNECTION "1.3.6.1.4.1.1466.20036"

enum ber_tag {
    BER_INTEGER = 0x02,
    BER_OCTETS = 0x04,
    BER_ENUMERATED = 0x0a,
    BER_SEQUENCE = 0x30,
    LDAP_EXTENDED_RESPONSE = 0x78, /* [APPLICATION 24] */
    LDAP_RESPONSE_NAME = 0x8a,     /* [10] */
    LDAP_RESPONSE_VALUE = 0x8b,    /* [11] */
    LDAP_CONTROLS = 0xa0,          /* [0] */
    LDAP_REFERRAL = 0xa3,          /* [3] */
};

enum ldap_result { LDAP_OK = 0, LDAP_PROTOCOL_ERROR = 2, LDAP_BUSY = 51 };

struct ldap_response {
    unsigned message, result;
    struct bytes text; /* diagnosticMessage */
    bool named;
    struct bytes name;
};

/* Header of the element at the beginning of `in`, any tag: 1 and its sizes; 0: more to come; -1:
 * a length that LDAP does not allow (indefinite), or beyond all measure. */
static int ber_header(struct bytes in, size_t *header, size_t *length)
{
    if (in.len < 2)
        return 0;
    unsigned first = (unsigned char)in.data[1];
    size_t count = first & 0x80 ? first & 0x7f : 0;
    if (first == 0x80 || count > 4)
        return -1;
    if (in.len < 2 + count)
        return 0;
    *length = count ? 0 : first;
    for (size_t i = 0; i < count; i++)
        *length = *length << 8 | (unsigned char)in.data[2 + i];
    *header = 2 + count;
    return *length > STARTTLS_REPLY_LIMIT ? -1 : 1;
}

/* Takes the element off `rest` when it is a `tag`, and whole. */
static bool ber_take(struct bytes *rest, enum ber_tag tag, struct bytes *ret)
{
    size_t header, length;
    if (rest->len == 0 || (unsigned char)rest->data[0] != (unsigned)tag ||
        ber_header(*rest, &header, &length) != 1 || length > rest->len - header)
        return false;
    *ret = (struct bytes){.data = rest->data + header, .len = length};
    rest->data += header + length;
    rest->len -= header + length;
    return true;
}

/* Not negative, below 2^24, and in the fewest bytes: X.690 8.3.2 allows no others, in BER neither. */
static bool ber_take_number(struct bytes *rest, enum ber_tag tag, unsigned *ret)
{
    struct bytes content;
    if (!ber_take(rest, tag, &content) || content.len == 0 || content.len > 3)
        return false;
    const unsigned char *byte = (const unsigned char *)content.data;
    if (byte[0] & 0x80 || (content.len > 1 && byte[0] == 0 && !(byte[1] & 0x80)))
        return false;
    *ret = 0;
    for (size_t i = 0; i < content.len; i++)
        *ret = *ret << 8 | byte[i];
    return true;
}

static bool parse_response(struct bytes reply, struct ldap_response *ret)
{
    struct bytes message, body, ignored;
    *ret = (struct ldap_response){.message = 0};
    if (!ber_take(&reply, BER_SEQUENCE, &message) || reply.len ||
        !ber_take_number(&message, BER_INTEGER, &ret->message) ||
        !ber_take(&message, LDAP_EXTENDED_RESPONSE, &body))
        return false;
    ber_take(&message, LDAP_CONTROLS, &ignored);
    if (message.len || !ber_take_number(&body, BER_ENUMERATED, &ret->result) ||
        !ber_take(&body, BER_OCTETS, &ignored) ||
        !ber_take(&body, BER_OCTETS, &ret->text))
        return false;
    ber_take(&body, LDAP_REFERRAL, &ignored);
    ret->named = ber_take(&body, LDAP_RESPONSE_NAME, &ret->name);
    ber_take(&body, LDAP_RESPONSE_VALUE, &ignored);
    return body.len == 0;
}

static size_t frame_ldap(const struct starttls_step *step, struct bytes in,
                         struct starttls_scan *scan)
{
    (void)step;
    (void)scan;
    size_t header, length;
    if (in.len && (unsigned char)in.data[0] != BER_SEQUENCE)
        return STARTTLS_NO_REPLY;
    int known = ber_header(in, &header, &length);
    if (known <= 0)
        return known < 0 ? STARTTLS_NO_REPLY : 0;
    return in.len - header < length ? 0 : header + length;
}

/* Message 0 is the server's own: the notice that it will close the connection (4.4.1). A server
 * whose TLS is not usable answers unavailable (4.14.2), which is a refusal. */
static enum starttls_state judge_ldap(const struct starttls_step *step,
                                      struct bytes reply, bool *unlisted)
{
    struct ldap_response r;
    (void)unlisted;
    if (!parse_response(reply, &r) || r.message > 1)
        return STARTTLS_BROKEN;
    if (r.named && !bytes_is(r.name, r.message ? OID_START_TLS : OID_DISCONNECTION))
        return STARTTLS_BROKEN;
    if (r.message == 0 || r.result == LDAP_BUSY)
        return STARTTLS_TURNED_AWAY;
    if (r.result == LDAP_OK)
        return STARTTLS_READY;
    return r.result == LDAP_PROTOCOL_ERROR ? STARTTLS_NOT_OFFERED : step->otherwise;
}

static void describe(struct bytes reply, struct buf *out)
{
    struct ldap_response r;
    if (parse_response(reply, &r)) {
        buf_addf(out, "result code %u: ", r.result);
        reply = r.text;
    }
    visible_add(out, reply);
}

static const struct starttls_step steps[] = {
    {.frame = frame_ldap, .judge = judge_ldap, .otherwise = STARTTLS_REFUSED},
};

/* LDAPMessage { 1, ExtendedRequest { requestName } } */
#define REQUEST "\x30\x1d\x02\x01\x01\x77\x18\x80\x16" OID_START_TLS

const struct starttls_dialogue starttls_ldap = {
    .protocol = "ldap",
    .opening = STARTTLS_SAY(REQUEST),
    .steps = steps,
    .describe = describe,
};
