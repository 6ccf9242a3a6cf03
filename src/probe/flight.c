/*
 * Records: cut out of the stream, judged by type, handshake messages put together across them.
 * What is no record of SSLv3 to TLS 1.3 may be SSLv2, and is broken otherwise.
 */
#include "probe/flight.h"

#include <stdio.h>
#include <string.h>

#include "base/visible.h"
#include "probe/cursor.h"
#include "probe/flight_message.h"

#define SHOWN 60 /* bytes of a broken answer, in `why` */

/* RFC 5246 6.2.3: a ciphertext's limit; plain text has less. */
#define RECORD_LIMIT ((1 << 14) + 2048)

enum { RECORD_CHANGE_CIPHER = 20, RECORD_ALERT = 21, RECORD_HANDSHAKE = 22 };

void flight_release(struct flight *f)
{
    buf_release(&f->chain);
    buf_release(&f->staple);
    buf_release(&f->in);
    buf_release(&f->message);
    *f = (struct flight)FLIGHT_INIT;
}

void flight_broken(struct flight *f, const char *what, struct bytes seen)
{
    CLEANUP(mem_freep) char *shown = visible_cut(seen, SHOWN);
    f->state = FLIGHT_BROKEN;
    snprintf(f->why, sizeof f->why, "%s%s%s", what, seen.len ? ": " : "", shown);
}

static void drop(struct buf *b, size_t n)
{
    memmove(b->data, b->data + n, b->len - n + 1);
    b->len -= n;
}

/* --- handshake records ----------------------------------------------------------------------- */

/* Judges the first message, if all of it is there. */
static bool take_message(struct flight *f)
{
    struct cursor c = {.left = bytes_buf(&f->message)};
    uint8_t type;
    size_t length;
    struct bytes body;
    if (!cursor_u8(&c, &type) || !cursor_number(&c, 3, &length))
        return false;
    if (length > FLIGHT_LIMIT) {
        flight_broken(f, "an endless handshake message", BYTES(""));
        return false;
    }
    if (!cursor_take(&c, length, &body))
        return false;
    flight_message(f, type, body);
    drop(&f->message, length + 4);
    return true;
}

static void take_handshake(struct flight *f, struct bytes fragment)
{
    if (fragment.len == 0) {
        flight_broken(f, "an empty handshake record", BYTES(""));
        return;
    }
    f->total += fragment.len;
    if (f->total > FLIGHT_LIMIT) {
        flight_broken(f, "an endless flight", BYTES(""));
        return;
    }
    buf_addb(&f->message, fragment);
    while (f->state == FLIGHT_READING && take_message(f))
        continue;
}

/* --- alerts ---------------------------------------------------------------------------------- */

/* RFC 5246 7.2: warnings are survived, close_notify ends a connection whatever its level. */
static void take_alert(struct flight *f, struct bytes body)
{
    struct cursor c = {.left = body};
    uint8_t level, alert;
    if (!cursor_u8(&c, &level) || !cursor_u8(&c, &alert) || c.left.len ||
        (level != 1 && level != 2)) {
        flight_broken(f, "a malformed alert", body);
        return;
    }
    if (level == 1 && alert != 0) {
        f->warning = alert;
        return;
    }
    f->level = level;
    f->alert = alert;
    f->amid = f->message.len > 0;
    f->state = FLIGHT_ALERT;
}

const char *flight_alert_name(unsigned alert)
{
    static const struct {
        unsigned alert;
        const char *name;
    } names[] = {
        {0, "close_notify"},
        {10, "unexpected_message"},
        {20, "bad_record_mac"},
        {21, "decryption_failed"},
        {22, "record_overflow"},
        {30, "decompression_failure"},
        {40, "handshake_failure"},
        {41, "no_certificate"},
        {42, "bad_certificate"},
        {43, "unsupported_certificate"},
        {44, "certificate_revoked"},
        {45, "certificate_expired"},
        {46, "certificate_unknown"},
        {47, "illegal_parameter"},
        {48, "unknown_ca"},
        {49, "access_denied"},
        {50, "decode_error"},
        {51, "decrypt_error"},
        {60, "export_restriction"},
        {70, "protocol_version"},
        {71, "insufficient_security"},
        {80, "internal_error"},
        {86, "inappropriate_fallback"},
        {90, "user_canceled"},
        {100, "no_renegotiation"},
        {109, "missing_extension"},
        {110, "unsupported_extension"},
        {112, "unrecognized_name"},
        {113, "bad_certificate_status_response"},
        {115, "unknown_psk_identity"},
        {116, "certificate_required"},
        {120, "no_application_protocol"},
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].alert == alert)
            return names[i].name;
    return "alert";
}

/* --- the stream ------------------------------------------------------------------------------ */

/* RFC 8446 5.1 forbids anything between the parts of a message; an alert ends it all the same. */
static void take_fragment(struct flight *f, unsigned type, struct bytes fragment)
{
    if (type == RECORD_HANDSHAKE)
        take_handshake(f, fragment);
    else if (type == RECORD_ALERT)
        take_alert(f, fragment);
    else
        flight_broken(f, "a record that has no place in a first flight", BYTES(""));
}

/* The length of the first record with its header, 0 when more is needed to know it, and what is
 * in it. */
static size_t record(struct flight *f, bool *ret_ssl2, struct bytes *ret)
{
    struct cursor c = {.left = bytes_buf(&f->in)};
    uint8_t type = 0, major = 0, minor = 0;
    uint16_t length = 0;
    bool header = cursor_u8(&c, &type) && cursor_u8(&c, &major);
    /* "The SSL Protocol" 1: two bytes of length, or three with padding; here only the former. */
    *ret_ssl2 = (type & 0x80) != 0 && !f->tls;
    if (*ret_ssl2) {
        if (!header)
            return 0;
        length = (uint16_t)((type & 0x7f) << 8 | major);
        return cursor_take(&c, length, ret) ? (size_t)length + 2 : 0;
    }
    bool is_type = f->in.len > 0 && type >= RECORD_CHANGE_CIPHER && type <= 24;
    if (f->in.len && (!is_type || (header && major != 3))) {
        flight_broken(f, "not TLS", bytes_buf(&f->in));
        return 0;
    }
    if (!cursor_u8(&c, &minor) || !cursor_u16(&c, &length))
        return 0;
    if (length > RECORD_LIMIT) {
        flight_broken(f, "a record that is too long", BYTES(""));
        return 0;
    }
    return cursor_take(&c, length, ret) ? (size_t)length + 5 : 0;
}

static bool take_record(struct flight *f)
{
    bool ssl2;
    struct bytes fragment;
    size_t n = record(f, &ssl2, &fragment);
    if (n == 0)
        return false;
    f->tls = !ssl2;
    if (ssl2)
        flight_ssl2(f, fragment);
    else
        take_fragment(f, (unsigned char)f->in.data[0], fragment);
    drop(&f->in, n);
    return true;
}

enum flight_state flight_feed(struct flight *f, struct bytes in)
{
    if (f->state != FLIGHT_READING)
        return f->state;
    buf_addb(&f->in, in);
    while (f->state == FLIGHT_READING && take_record(f))
        continue;
    if (f->state != FLIGHT_READING) {
        buf_release(&f->in);
        buf_release(&f->message);
    }
    return f->state;
}
