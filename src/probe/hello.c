/*
 * Writing a ClientHello. A vector's length is written as zero and filled in once its end is known;
 * that something grew too long is found at the end.
 */
#include "probe/hello.h"

#include <string.h>

#include "base/hostname.h"

enum { /* RFC 8446 4.2, B.3.1 */
       EXT_SERVER_NAME = 0,
       EXT_STATUS_REQUEST = 5,
       EXT_SUPPORTED_GROUPS = 10,
       EXT_EC_POINT_FORMATS = 11,
       EXT_SIGNATURE_ALGORITHMS = 13,
       EXT_ALPN = 16,
       EXT_PADDING = 21,
       EXT_ENCRYPT_THEN_MAC = 22,
       EXT_EXTENDED_MASTER = 23,
       EXT_SESSION_TICKET = 35,
       EXT_SUPPORTED_VERSIONS = 43,
       EXT_PSK_MODES = 45,
       EXT_SIGNATURE_ALGORITHMS_CERT = 50,
       EXT_KEY_SHARE = 51,
       EXT_RENEGOTIATION = 0xff01,
};

/* RFC 7685 4: servers of one maker hang at records of these lengths. */
#define PADDED_FROM 256
#define PADDED_TO   512

static void add_number(struct buf *out, size_t value, size_t size)
{
    while (size--)
        buf_addc(out, (char)(value >> (8 * size) & 0xff));
}

/* Begins a vector with a length of `size` bytes; what is returned ends it. */
static size_t begin(struct buf *out, size_t size)
{
    add_number(out, 0, size);
    return out->len;
}

static void end(struct buf *out, size_t begun, size_t size)
{
    size_t value = out->len - begun;
    for (size_t i = 1; i <= size; i++, value >>= 8)
        out->data[begun - i] = (char)(value & 0xff);
}

static size_t begin_extension(struct buf *out, unsigned type)
{
    add_number(out, type, 2);
    return begin(out, 2);
}

static void add_ids(struct buf *out, const struct ids *list)
{
    for (size_t i = 0; i < list->count; i++)
        add_number(out, list->items[i], 2);
}

/* --- extensions ------------------------------------------------------------------------------ */

static void empty_extension(struct buf *out, unsigned type)
{
    end(out, begin_extension(out, type), 2);
}

/* Ref: RFC 6066 3 */
static void add_server_name(struct buf *out, const char *name)
{
    if (!name || hostname_is_address(name))
        return;
    size_t ext = begin_extension(out, EXT_SERVER_NAME), list = begin(out, 2);
    buf_addc(out, 0); /* host_name */
    size_t host = begin(out, 2);
    buf_add(out, name, hostname_length(name));
    end(out, host, 2);
    end(out, list, 2);
    end(out, ext, 2);
}

/* RFC 6066 8: OCSP, no responder in particular, no extensions. */
static void add_status_request(struct buf *out)
{
    size_t ext = begin_extension(out, EXT_STATUS_REQUEST);
    buf_addc(out, 1);
    add_number(out, 0, 2);
    add_number(out, 0, 2);
    end(out, ext, 2);
}

static void add_list(struct buf *out, unsigned type, const struct ids *list)
{
    if (!list || list->count == 0)
        return;
    size_t ext = begin_extension(out, type), vector = begin(out, 2);
    add_ids(out, list);
    end(out, vector, 2);
    end(out, ext, 2);
}

/* RFC 8422 5.1.2: uncompressed. */
static void add_point_formats(struct buf *out)
{
    size_t ext = begin_extension(out, EXT_EC_POINT_FORMATS), list = begin(out, 1);
    buf_addc(out, 0);
    end(out, list, 1);
    end(out, ext, 2);
}

/* RFC 7301 3.1 */
static void add_alpn(struct buf *out, const char *const *names)
{
    if (!names)
        return;
    size_t ext = begin_extension(out, EXT_ALPN), list = begin(out, 2);
    for (; *names; names++) {
        size_t name = begin(out, 1);
        buf_adds(out, *names);
        end(out, name, 1);
    }
    end(out, list, 2);
    end(out, ext, 2);
}

/* RFC 8446 4.2.1: highest first. */
static void add_versions(struct buf *out, enum protocol min, enum protocol max)
{
    size_t ext = begin_extension(out, EXT_SUPPORTED_VERSIONS), list = begin(out, 1);
    for (unsigned p = max + 1; p-- > min;)
        add_number(out, protocol_info((enum protocol)p)->wire, 2);
    end(out, list, 1);
    end(out, ext, 2);
}

/* RFC 8446 4.2.8 */
static void add_key_share(struct buf *out, const struct hello *h)
{
    size_t ext = begin_extension(out, EXT_KEY_SHARE), list = begin(out, 2);
    for (size_t i = 0; i < h->share_count; i++) {
        add_number(out, h->shares[i].group, 2);
        size_t key = begin(out, 2);
        buf_add(out, h->shares[i].key.data, h->shares[i].key.len);
        end(out, key, 2);
    }
    end(out, list, 2);
    end(out, ext, 2);
}

static void add_tls13(struct buf *out, const struct hello *h)
{
    size_t modes = begin_extension(out, EXT_PSK_MODES);
    add_number(out, 1, 1);
    add_number(out, 1, 1); /* psk_dhe_ke, RFC 8446 4.2.9 */
    end(out, modes, 2);
    add_versions(out, h->min, h->max);
    add_key_share(out, h);
}

/* RFC 7685 3: from the length that the hello has now to one beyond the dangerous ones. */
static void add_padding(struct buf *out, size_t message)
{
    size_t length = out->len - message;
    if (length < PADDED_FROM || length >= PADDED_TO)
        return;
    size_t left = PADDED_TO - length;
    size_t ext = begin_extension(out, EXT_PADDING);
    for (size_t i = 4; i < left || i == 4; i++)
        buf_addc(out, 0);
    end(out, ext, 2);
}

static void add_extensions(struct buf *out, const struct hello *h, size_t message)
{
    size_t all = begin(out, 2);
    add_server_name(out, h->name);
    if (h->flags & HELLO_RENEGOTIATION && h->min < PROTOCOL_TLS1_3) {
        size_t ext = begin_extension(out, EXT_RENEGOTIATION);
        buf_addc(out, 0); /* an initial handshake, RFC 5746 3.4 */
        end(out, ext, 2);
    }
    add_list(out, EXT_SUPPORTED_GROUPS, h->groups);
    if (h->groups && h->min < PROTOCOL_TLS1_3)
        add_point_formats(out);
    if (h->flags & HELLO_TICKET)
        empty_extension(out, EXT_SESSION_TICKET);
    add_alpn(out, h->alpn);
    if (h->flags & HELLO_STAPLE)
        add_status_request(out);
    if (h->flags & HELLO_ENCRYPT_THEN_MAC)
        empty_extension(out, EXT_ENCRYPT_THEN_MAC);
    if (h->flags & HELLO_EXTENDED_MASTER)
        empty_extension(out, EXT_EXTENDED_MASTER);
    if (h->max >= PROTOCOL_TLS1_2)
        add_list(out, EXT_SIGNATURE_ALGORITHMS, h->schemes);
    if (h->max >= PROTOCOL_TLS1_2) /* RFC 8446 4.2.3: of both */
        add_list(out, EXT_SIGNATURE_ALGORITHMS_CERT, h->cert_schemes);
    if (h->max >= PROTOCOL_TLS1_3)
        add_tls13(out, h);
    add_padding(out, message);
    end(out, all, 2);
}

/* --- messages -------------------------------------------------------------------------------- */

static void add_suites(struct buf *out, const struct hello *h)
{
    size_t list = begin(out, 2);
    add_ids(out, h->suites);
    if (h->flags & HELLO_RENEGOTIATION && h->max <= PROTOCOL_SSL3)
        add_number(out, HELLO_RENEGOTIATION_SCSV, 2);
    if (h->flags & HELLO_FALLBACK)
        add_number(out, HELLO_FALLBACK_SCSV, 2);
    end(out, list, 2);
}

/* The message in its record. Records of first hellos say TLS 1.0 whatever is offered, because
 * servers are intolerant of more (RFC 8446 5.1, RFC 5246 E.1). */
static void write_tls(const struct hello *h, struct buf *out)
{
    unsigned version = h->max < PROTOCOL_TLS1_2 ? h->max : PROTOCOL_TLS1_2;
    buf_addc(out, 22); /* handshake */
    add_number(out, h->max == PROTOCOL_SSL3 ? 0x0300 : 0x0301, 2);
    size_t record = begin(out, 2);
    buf_addc(out, 1); /* client_hello */
    size_t message = begin(out, 3);
    add_number(out, protocol_info((enum protocol)version)->wire, 2);
    buf_add(out, h->random, sizeof h->random);
    size_t session = begin(out, 1);
    if (h->max >= PROTOCOL_TLS1_3)
        buf_add(out, h->random, sizeof h->random); /* middle boxes, RFC 8446 D.4 */
    end(out, session, 1);
    add_suites(out, h);
    size_t methods = begin(out, 1);
    if (h->flags & HELLO_COMPRESSION)
        buf_addc(out, 1); /* before null: a server that can will */
    buf_addc(out, 0);
    end(out, methods, 1);
    if (h->max > PROTOCOL_SSL3)
        add_extensions(out, h, record);
    end(out, message, 3);
    end(out, record, 2);
}

/* "The SSL Protocol" (Hickman, 1995), CLIENT-HELLO; also RFC 5246 E.2. */
static void write_ssl2(const struct hello *h, struct buf *out)
{
    static const unsigned kinds[] = {0x010080, 0x020080, 0x030080, 0x040080,
                                     0x050080, 0x060040, 0x0700c0};
    size_t record = begin(out, 2);
    buf_addc(out, 1);      /* CLIENT-HELLO */
    add_number(out, 2, 2); /* version */
    add_number(out, sizeof kinds / sizeof *kinds * 3, 2);
    add_number(out, 0, 2);  /* no session */
    add_number(out, 16, 2); /* challenge */
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        add_number(out, kinds[i], 3);
    buf_add(out, h->random, 16);
    end(out, record, 2);
    out->data[record - 2] = (char)(out->data[record - 2] | (char)0x80); /* no padding */
}

/* --- what cannot be sent --------------------------------------------------------------------- */

static int check_versions(const struct hello *h, struct err *err)
{
    if (h->min > h->max || (h->min == PROTOCOL_SSL2) != (h->max == PROTOCOL_SSL2))
        return err_set(err, ERR_INPUT, "no ClientHello offers %s to %s",
                       protocol_info(h->min)->name, protocol_info(h->max)->name);
    if (h->max >= PROTOCOL_TLS1_3 && h->flags & HELLO_COMPRESSION)
        return err_set(err, ERR_INPUT, "compression cannot be offered with TLSv1.3");
    if (h->max != PROTOCOL_SSL2 && (!h->suites || h->suites->count == 0))
        return err_set(err, ERR_INPUT, "a ClientHello offers at least one suite");
    return 0;
}

static int check_names(const struct hello *h, struct err *err)
{
    if (h->name && (!*h->name || strlen(h->name) > 255))
        return err_set(err, ERR_INPUT, "a server name has 1 to 255 bytes");
    for (const char *const *name = h->alpn; name && *name; name++)
        if (!**name || strlen(*name) > 255)
            return err_set(err, ERR_INPUT, "a protocol name has 1 to 255 bytes");
    return 0;
}

int hello_write(const struct hello *h, struct buf *out, struct err *err)
{
    CLEANUP(buf_release) struct buf hello = BUF_INIT;
    if (check_versions(h, err) < 0 || check_names(h, err) < 0)
        return -1;
    if (h->max == PROTOCOL_SSL2)
        write_ssl2(h, &hello);
    else
        write_tls(h, &hello);
    if (hello.len > HELLO_LIMIT)
        return err_set(err, ERR_INPUT, "a ClientHello of %zu bytes does not fit a record",
                       hello.len);
    buf_addb(out, bytes_buf(&hello));
    return 0;
}
