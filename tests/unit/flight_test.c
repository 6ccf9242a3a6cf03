/* What servers answer: captured flights, whole, cut in every way, and spoiled. */
#include "unit/unit.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>

#include "probe/cursor.h"
#include "probe/flight.h"
#include "unit/flights.h"
#include "unit/hex.h"

#define RANDOM "4242424242424242424242424242424242424242424242424242424242424242"

static void read_hex(struct flight *f, const char *text)
{
    CLEANUP(buf_release) struct buf in = BUF_INIT;
    hex_add(&in, text);
    flight_feed(f, bytes_buf(&in));
}

/* --- captured -------------------------------------------------------------------------------- */

static const struct {
    const char *hex;
    enum flight_state state;
    unsigned version, suite, group, dh_bits, scheme, flags;
    size_t certificates, leaf;
    size_t decides; /* the byte with which the flight is over; 0: the last */
} captured[] = {
    {FLIGHT_OPENSSL_RETRY, FLIGHT_RETRY, 0x0304, 0x1303, 0x001d, 0, 0, 0, 0, 0, 93},
    {FLIGHT_OPENSSL_TLS13, FLIGHT_COMPLETE, 0x0304, 0x1303, 0x001d, 0, 0, 0, 0, 0, 127},
    {FLIGHT_OPENSSL_ECDSA, FLIGHT_COMPLETE, 0x0303, 0xc02b, 0x0017, 0, 0x0603,
     FLIGHT_RENEGOTIATION | FLIGHT_EXTENDED_MASTER | FLIGHT_TICKET, 1, 386, 0},
    {FLIGHT_OPENSSL_DHE, FLIGHT_COMPLETE, 0x0303, 0x009e, 0, 2048, 0x0806,
     FLIGHT_RENEGOTIATION | FLIGHT_EXTENDED_MASTER | FLIGHT_TICKET, 1, 781, 0},
    {FLIGHT_OPENSSL_ANONYMOUS, FLIGHT_COMPLETE, 0x0303, 0xc018, 0x0017, 0, 0,
     FLIGHT_RENEGOTIATION | FLIGHT_EXTENDED_MASTER | FLIGHT_ENCRYPT_THEN_MAC |
         FLIGHT_TICKET,
     0, 0, 0},
    {FLIGHT_OPENSSL_REFUSED, FLIGHT_ALERT, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {FLIGHT_GNUTLS_TLS1, FLIGHT_COMPLETE, 0x0301, 0x0035, 0, 0, 0,
     FLIGHT_RENEGOTIATION | FLIGHT_EXTENDED_MASTER | FLIGHT_ENCRYPT_THEN_MAC |
         FLIGHT_TICKET | FLIGHT_CERTIFICATE_REQUEST,
     1, 781, 0},
    {FLIGHT_GNUTLS_DHE, FLIGHT_COMPLETE, 0x0303, 0x009e, 0x0100, 2048, 0x0806,
     FLIGHT_RENEGOTIATION | FLIGHT_EXTENDED_MASTER | FLIGHT_TICKET |
         FLIGHT_CERTIFICATE_REQUEST,
     1, 781, 0},
};

static void is_captured(const struct flight *f, size_t i)
{
    struct bytes leaf = BYTES(""), none;
    ck_assert_msg(f->state == captured[i].state, "%zu: %s", i, f->why);
    ck_assert_uint_eq(f->version, captured[i].version);
    ck_assert_uint_eq(f->suite, captured[i].suite);
    ck_assert_uint_eq(f->group, captured[i].group);
    ck_assert_uint_eq(f->dh_bits, captured[i].dh_bits);
    ck_assert_uint_eq(f->scheme, captured[i].scheme);
    ck_assert_uint_eq(f->flags, captured[i].flags);
    ck_assert_uint_eq(f->compression, 0);
    ck_assert_uint_eq(flight_certificate(f, 0, &leaf), captured[i].certificates);
    ck_assert_uint_eq(leaf.len, captured[i].leaf);
    ck_assert(!flight_certificate(f, 1, &none));
}

START_TEST(real_flights)
{
    for (size_t i = 0; i < ARRAY_LEN(captured); i++) {
        CLEANUP(flight_release) struct flight f = FLIGHT_INIT;
        read_hex(&f, captured[i].hex);
        is_captured(&f, i);
        ck_assert_uint_eq(flight_feed(&f, BYTES("more")), captured[i].state);
    }
    CLEANUP(flight_release) struct flight f = FLIGHT_INIT;
    read_hex(&f, FLIGHT_OPENSSL_REFUSED);
    ck_assert_uint_eq(f.level, 2);
    ck_assert_uint_eq(f.alert, 40);
    ck_assert_str_eq(flight_alert_name(f.alert), "handshake_failure");
}
END_TEST

/* No part of a flight decides anything, and how it arrives makes no difference. */
START_TEST(byte_by_byte)
{
    for (size_t i = 0; i < ARRAY_LEN(captured); i++) {
        CLEANUP(flight_release) struct flight f = FLIGHT_INIT;
        CLEANUP(buf_release) struct buf in = BUF_INIT;
        hex_add(&in, captured[i].hex);
        size_t decides = captured[i].decides ? captured[i].decides : in.len;
        for (size_t at = 0; at < decides; at++) {
            ck_assert_uint_eq(f.state, FLIGHT_READING);
            flight_feed(&f, (struct bytes){.data = in.data + at, .len = 1});
        }
        is_captured(&f, i);
    }
}
END_TEST

START_TEST(cut_at_every_offset)
{
    for (size_t i = 0; i < ARRAY_LEN(captured); i++) {
        CLEANUP(buf_release) struct buf in = BUF_INIT;
        hex_add(&in, captured[i].hex);
        size_t decides = captured[i].decides ? captured[i].decides : in.len;
        for (size_t n = 0; n < decides; n++) {
            CLEANUP(flight_release) struct flight f = FLIGHT_INIT;
            struct bytes rest = {.data = in.data + n, .len = in.len - n};
            ck_assert_uint_eq(flight_feed(&f, (struct bytes){.data = in.data, .len = n}),
                              FLIGHT_READING);
            flight_feed(&f, rest);
            is_captured(&f, i);
        }
    }
}
END_TEST

/* The handshake bytes of a flight, out of their records. */
static void unwrap(const char *text, struct buf *ret)
{
    CLEANUP(buf_release) struct buf in = BUF_INIT;
    hex_add(&in, text);
    struct cursor c = {.left = bytes_buf(&in)};
    struct bytes fragment;
    while (c.left.len) {
        ck_assert(cursor_skip(&c, 3) && cursor_vector(&c, 2, &fragment));
        buf_addb(ret, fragment);
    }
}

/* One record, and records of `size` bytes. */
START_TEST(records_of_every_size)
{
    for (size_t size = 1; size < 1700; size = size < 8 ? size + 1 : size * 3) {
        CLEANUP(flight_release) struct flight f = FLIGHT_INIT;
        CLEANUP(buf_release) struct buf messages = BUF_INIT;
        unwrap(FLIGHT_GNUTLS_DHE, &messages);
        for (size_t at = 0; at < messages.len; at += size) {
            size_t n = messages.len - at < size ? messages.len - at : size;
            const char header[] = {22, 3, 3, (char)(n >> 8), (char)(n & 0xff)};
            flight_feed(&f, (struct bytes){.data = header, .len = sizeof header});
            flight_feed(&f, (struct bytes){.data = messages.data + at, .len = n});
        }
        is_captured(&f, ARRAY_LEN(captured) - 1);
    }
}
END_TEST

/* Each byte becomes something else: an answer is never another answer's refusal, and what the
 * reader keeps stays within its limits. The sanitizers watch the rest. */
START_TEST(spoiled)
{
    static const unsigned char with[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    for (size_t i = 0; i < ARRAY_LEN(captured); i++) {
        CLEANUP(buf_release) struct buf in = BUF_INIT;
        hex_add(&in, captured[i].hex);
        for (size_t at = 0; at < in.len * ARRAY_LEN(with); at++) {
            CLEANUP(flight_release) struct flight f = FLIGHT_INIT;
            char *spoil = &in.data[at / ARRAY_LEN(with)], was = *spoil;
            *spoil = (char)with[at % ARRAY_LEN(with)];
            flight_feed(&f, bytes_buf(&in));
            *spoil = was;
            if (captured[i].state != FLIGHT_ALERT)
                ck_assert_uint_ne(f.state, FLIGHT_ALERT);
            ck_assert_uint_eq(f.state == FLIGHT_BROKEN, f.why[0] != '\0');
            ck_assert_uint_le(f.in.len + f.message.len + f.chain.len, 3 * in.len);
        }
    }
}
END_TEST

/* --- written by hand ------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *hex;
    const char *why; /* NULL: reads on */
} broken[] = {
    {"48", "not TLS: H"},
    {"16 02", "not TLS: \\x16\\x02"},
    {"17 03 03 0001 00", "no place"},
    {"14 03 03 0001 01", "no place"},
    {"16 03 03 4801", "too long"},
    {"16 03 03 0000", "empty handshake record"},
    {"16 03 03 0004 02 ffffff", "endless handshake message"},
    {"15 03 03 0001 02", "malformed alert"},
    {"15 03 03 0003 02 28 00", "malformed alert"},
    {"15 03 03 0002 03 28", "malformed alert"},
    {"16 03 03 0004 0b 000000", "message 11 is out of turn"},
    {"16 03 03 0004 0e 000000", "message 14 is out of turn"},
    {"16 03 03 0004 01 000000", "message 1 is out of turn"},
    {"16 03 03 0004 02 000000", "message 2 is malformed"},
    /* a version that never was; an extension cut short; bytes behind the extensions */
    {"16 03 03 002a 02 000026 0305" RANDOM "00 c02f 00", "message 2 is malformed"},
    {"16 03 03 002e 02 00002a 0303" RANDOM "00 c02f 00 0002 0017", "message 2 is malformed"},
    {"16 03 03 002d 02 000029 0303" RANDOM "00 c02f 00 0000 00", "message 2 is malformed"},
    /* TLS 1.3 without supported_versions; another version in it */
    {"16 03 03 002a 02 000026 0304" RANDOM "00 1301 00", "message 2 is malformed"},
    {"16 03 03 0032 02 00002e 0303" RANDOM "00 c02f 00 0006 002b 0002 0303",
     "message 2 is malformed"},
    {"16 03 03 0032 02 00002e 0303" RANDOM "00 1301 00 0006 002b 0002 7f1c",
     "message 2 is malformed"},
    /* twice; renegotiation_info that is not empty; an unknown message */
    {"16 03 03 0054 02 000026 0303" RANDOM "00 c02f 00" "02 000026 0303" RANDOM "00 c02f 00",
     "message 2 is out of turn"},
    {"16 03 03 0032 02 00002e 0303" RANDOM "00 c02f 00 0006 ff01 0002 0100",
     "message 2 is malformed"},
    {"16 03 03 002e 02 000026 0303" RANDOM "00 c02f 00" "63 000000", "message 99 is malformed"},
    /* an empty certificate; an explicit curve; a length of a chain that is wrong */
    {"16 03 03 0034 02 000026 0303" RANDOM "00 c02f 00" "0b 000006 000003 000000",
     "message 11 is malformed"},
    {"16 03 03 0032 02 000026 0303" RANDOM "00 c02f 00" "0c 000004 01 0017 00",
     "message 12 is malformed"},
    {"16 03 03 0032 02 000026 0303" RANDOM "00 c02f 00" "0b 000004 00000200",
     "message 11 is malformed"},
    {"8003 04 0000", "not TLS"},
    {"8004 00 0100 00", "not TLS"},
    {"16 03", NULL},
    {"80", NULL},
};
/* clang-format on */

START_TEST(broken_answers)
{
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        CLEANUP(flight_release) struct flight f = FLIGHT_INIT;
        read_hex(&f, broken[i].hex);
        ck_assert_msg((f.state == FLIGHT_BROKEN) == (broken[i].why != NULL),
                      "%zu: state %d", i, (int)f.state);
        if (broken[i].why)
            ck_assert_msg(strstr(f.why, broken[i].why) != NULL, "%zu: %s", i, f.why);
    }
}
END_TEST

START_TEST(other_protocols_are_shown)
{
    CLEANUP(flight_release) struct flight http = FLIGHT_INIT, smtp = FLIGHT_INIT;
    flight_feed(&http, BYTES("HTTP/1.1 400 Bad Request\r\n\x1b[2J"));
    ck_assert_uint_eq(http.state, FLIGHT_BROKEN);
    ck_assert_str_eq(http.why, "not TLS: HTTP/1.1 400 Bad Request\\r\\n\\x1b[2J");
    flight_feed(&smtp, BYTES("220 mail.example.test ESMTP\r\n"));
    ck_assert_str_eq(smtp.why, "not TLS: 220 mail.example.test ESMTP\\r\\n");
}
END_TEST

START_TEST(alerts)
{
    CLEANUP(flight_release)
    struct flight warned = FLIGHT_INIT, closed = FLIGHT_INIT, within = FLIGHT_INIT;
    /* unrecognized_name, as Apache says it before its hello */
    read_hex(&warned, "15 0303 0002 01 70" FLIGHT_OPENSSL_ECDSA);
    ck_assert_int_eq(warned.warning, 112);
    ck_assert_uint_eq(warned.state, FLIGHT_COMPLETE);
    ck_assert_uint_eq(warned.suite, 0xc02b);
    read_hex(&closed, "15 0301 0002 01 00");
    ck_assert_uint_eq(closed.state, FLIGHT_ALERT);
    ck_assert_uint_eq(closed.alert, 0);
    read_hex(&within, "16 0303 0003 02 0000"
                      "15 0303 0002 02 50");
    ck_assert_uint_eq(within.state, FLIGHT_ALERT);
    ck_assert_uint_eq(within.alert, 80);
    ck_assert(within.amid);
    ck_assert(!closed.amid);
    ck_assert(!within.hello);
}
END_TEST

/* clang-format off */
START_TEST(extensions)
{
    CLEANUP(flight_release) struct flight f = FLIGHT_INIT;
    read_hex(&f,
        "16 0303 003f 02 00003b 0303" RANDOM "00 009c 01" /* DEFLATE */
        "0013" "0010 000b 0009 08 687474702f312e31" "0016 0000"
        "16 0303 000c 16 000008 01 000004 30030a01"       /* CertificateStatus */
        "16 0303 0004 0e 000000");
    ck_assert_msg(f.state == FLIGHT_COMPLETE, "%s", f.why);
    ck_assert_uint_eq(f.compression, 1);
    ck_assert_str_eq(f.alpn, "http/1.1");
    ck_assert_uint_eq(f.flags, FLIGHT_ENCRYPT_THEN_MAC | FLIGHT_STAPLE);
    ck_assert(bytes_eq(bytes_buf(&f.staple), BYTES("\x30\x03\x0a\x01")));
}
END_TEST

#define ZEROS "00000000000000000000000000000000000000000000000000000000000000" /* 31 */

/* TLS_RSA_EXPORT_WITH_RC4_40_MD5 with a temporary key of 512 bits, SSLv3. */
START_TEST(export_key)
{
    CLEANUP(flight_release) struct flight f = FLIGHT_INIT;
    read_hex(&f, "16 0300 002a 02 000026 0300" RANDOM "00 0003 00");
    read_hex(&f, "16 0300 004f 0c 00004b 0040"
        "c0" ZEROS ZEROS "01" "0003 010001" "0002 abcd"
        "16 0300 0004 0e 000000");
    ck_assert_msg(f.state == FLIGHT_COMPLETE, "%s", f.why);
    ck_assert_uint_eq(f.version, 0x0300);
    ck_assert_uint_eq(f.rsa_bits, 512);
}
END_TEST

START_TEST(ssl2)
{
    CLEANUP(flight_release) struct flight hello = FLIGHT_INIT, error = FLIGHT_INIT;
    read_hex(&hello,
        "8022 04 00 01 0002 0004 0003 0010" "30020500" "010080"
        "0102030405060708090a0b0c0d0e0f10");
    ck_assert_msg(hello.state == FLIGHT_COMPLETE, "%s", hello.why);
    ck_assert_uint_eq(hello.version, 0x0002);
    read_hex(&error, "8003 00 0001");
    ck_assert_uint_eq(error.state, FLIGHT_ALERT);
    ck_assert_uint_eq(error.alert, 1);
    ck_assert_uint_eq(error.version, 0x0002);
    /* behind a record of TLS, and behind the beginning of a hello */
    CLEANUP(flight_release) struct flight late = FLIGHT_INIT, amid = FLIGHT_INIT;
    read_hex(&late, "15 0303 0002 01 70"
        "8022 04 00 01 0002 0004 0003 0010" "30020500" "010080"
        "0102030405060708090a0b0c0d0e0f10");
    ck_assert_uint_eq(late.state, FLIGHT_BROKEN);
    ck_assert(!late.hello);
    read_hex(&amid, "16 0303 0003 02 0000" "8003 00 0001");
    ck_assert_uint_eq(amid.state, FLIGHT_BROKEN);
}
END_TEST
/* clang-format on */

/* Certificates without end, each message within its limit. */
START_TEST(endless_flight)
{
    CLEANUP(flight_release) struct flight f = FLIGHT_INIT;
    CLEANUP(buf_release) struct buf record = BUF_INIT;
    read_hex(&f, "16 0303 002a 02 000026 0303" RANDOM "00 c02f 00");
    hex_add(&record, "16 0303 4000 17 003ffc");
    for (size_t i = 0; i < 0x3ffc; i++)
        buf_addc(&record, 0);
    size_t sent = 0;
    while (flight_feed(&f, bytes_buf(&record)) == FLIGHT_READING && sent < 1u << 20)
        sent += record.len;
    ck_assert_uint_eq(f.state, FLIGHT_BROKEN);
    ck_assert_str_eq(f.why, "an endless flight");
    ck_assert_uint_le(sent, FLIGHT_LIMIT);
}
END_TEST

/* --- groups of RFC 7919 ---------------------------------------------------------------------- */

static void add_vector(struct buf *out, struct bytes content)
{
    buf_addc(out, (char)(content.len >> 8));
    buf_addc(out, (char)(content.len & 0xff));
    buf_addb(out, content);
}

/* The prime of a group, as libcrypto has it. */
static void add_prime(struct buf *out, const char *group)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
    EVP_PKEY *key = NULL;
    BIGNUM *p = NULL;
    unsigned char raw[1024];
    ck_assert_int_eq(EVP_PKEY_paramgen_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_group_name(ctx, group), 1);
    ck_assert_int_eq(EVP_PKEY_paramgen(ctx, &key), 1);
    ck_assert_int_eq(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_FFC_P, &p), 1);
    ck_assert_int_le(BN_num_bytes(p), (int)sizeof raw);
    buf_add(out, raw, (size_t)BN_bn2bin(p, raw));
    BN_free(p);
    EVP_PKEY_free(key);
    EVP_PKEY_CTX_free(ctx);
}

/* TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 with these parameters. */
static void read_dhe(struct flight *f, struct bytes prime, struct bytes generator)
{
    CLEANUP(buf_release) struct buf body = BUF_INIT, record = BUF_INIT;
    read_hex(f, "16 0303 002a 02 000026 0303" RANDOM "00 009e 00");
    add_vector(&body, prime);
    add_vector(&body, generator);
    add_vector(&body, BYTES("y"));
    buf_adds(&body, "\x08\x04");
    add_vector(&body, BYTES("signature"));
    hex_add(&record, "0c 00");
    add_vector(&record, bytes_buf(&body));
    const char header[] = {22, 3, 3, (char)(record.len >> 8), (char)(record.len & 0xff)};
    flight_feed(f, (struct bytes){.data = header, .len = sizeof header});
    flight_feed(f, bytes_buf(&record));
    ck_assert_msg(f->state == FLIGHT_READING && f->dh_bits, "%s", f->why);
}

/* The group itself, with zeros before its numbers, with another generator, and with a bit changed that a
 * look at the prime's ends would miss. */
START_TEST(a_group_is_known_by_all_of_its_prime)
{
    static const char *const names[] = {"ffdhe2048", "ffdhe3072", "ffdhe4096",
                                        "ffdhe6144", "ffdhe8192"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(flight_release)
        struct flight whole = FLIGHT_INIT, padded = FLIGHT_INIT, other = FLIGHT_INIT,
                      weak = FLIGHT_INIT;
        CLEANUP(buf_release) struct buf prime = BUF_INIT, zero = BUF_INIT;
        add_prime(&prime, names[i]);
        read_dhe(&whole, bytes_buf(&prime), BYTES("\x02"));
        ck_assert_uint_eq(whole.group, 0x0100 + i);
        ck_assert_uint_eq(whole.dh_bits, prime.len * 8);
        buf_addc(&zero, 0);
        buf_addb(&zero, bytes_buf(&prime));
        read_dhe(&padded, bytes_buf(&zero), BYTES("\x00\x02"));
        ck_assert_uint_eq(padded.group, 0x0100 + i);
        read_dhe(&weak, bytes_buf(&prime), BYTES("\x01"));
        ck_assert_uint_eq(weak.group, 0);
        prime.data[prime.len / 2] ^= 4;
        read_dhe(&other, bytes_buf(&prime), BYTES("\x02"));
        ck_assert_uint_eq(other.group, 0);
        ck_assert_uint_eq(other.dh_bits, prime.len * 8);
    }
}
END_TEST

UNIT_MAIN("flight", real_flights, byte_by_byte, cut_at_every_offset,
          records_of_every_size, spoiled, broken_answers, other_protocols_are_shown,
          alerts, extensions, export_key, ssl2, endless_flight,
          a_group_is_known_by_all_of_its_prime)
