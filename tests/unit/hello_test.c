/* ClientHellos, against bytes derived by hand from the RFCs. */
#include "unit/unit.h"

#include <string.h>

#include "probe/cursor.h"
#include "probe/hello.h"
#include "unit/hex.h"

#define RANDOM "4242424242424242424242424242424242424242424242424242424242424242"

static struct ids ids_of(const uint16_t *items, size_t count)
{
    struct ids list = IDS_INIT;
    for (size_t i = 0; i < count; i++)
        ids_add(&list, items[i]);
    return list;
}

#define IDS(...)                                                                         \
    ids_of((const uint16_t[]){__VA_ARGS__},                                              \
           sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t))

static void is_written(struct hello *h, const char *expected)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT, want = BUF_INIT;
    struct err err = ERR_INIT;
    memset(h->random, 0x42, sizeof h->random);
    ck_assert_msg(hello_write(h, &out, &err) == 0, "%s", err.text);
    hex_add(&want, expected);
    CLEANUP(mem_freep) char *got_text = hex_of(bytes_buf(&out));
    CLEANUP(mem_freep) char *want_text = hex_of(bytes_buf(&want));
    ck_assert_str_eq(got_text, want_text);
}

static void is_refused(struct hello *h, const char *why)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    ck_assert_int_eq(hello_write(h, &out, &err), -1);
    ck_assert_int_eq(err.kind, ERR_INPUT);
    ck_assert_msg(strstr(err.text, why) != NULL, "%s", err.text);
    ck_assert_uint_eq(out.len, 0);
}

/* clang-format off */

START_TEST(tls12)
{
    struct ids suites = IDS(0xc02f), groups = IDS(0x001d), schemes = IDS(0x0403);
    struct hello h = {.min = PROTOCOL_TLS1_2, .max = PROTOCOL_TLS1_2, .suites = &suites,
                      .groups = &groups, .schemes = &schemes, .name = "a.test",
                      .flags = HELLO_RENEGOTIATION | HELLO_EXTENDED_MASTER};
    static const char expected[] =
        "16 0301 005d"                           /* handshake; record of 93 bytes */
        "01 000059"                              /* client_hello */
        "0303" RANDOM "00"                       /* version, random, no session */
        "0002 c02f" "01 00"                      /* suites, compression */
        "002e"                                   /* extensions */
        "0000 000b 0009 00 0006 612e74657374"    /* server_name */
        "ff01 0001 00"                           /* renegotiation_info */
        "000a 0004 0002 001d"                    /* supported_groups */
        "000b 0002 01 00"                        /* ec_point_formats */
        "0017 0000"                              /* extended_master_secret */
        "000d 0004 0002 0403";                   /* signature_algorithms */
    is_written(&h, expected);
    h.name = "a.test.";
    is_written(&h, expected);
}
END_TEST

START_TEST(tls12_with_everything)
{
    static const char *const alpn[] = {"h2", "http/1.1", NULL};
    struct ids suites = IDS(0xc02f, 0x0005);
    struct hello h = {.min = PROTOCOL_TLS1, .max = PROTOCOL_TLS1_2, .suites = &suites,
                      .alpn = alpn, .name = "192.0.2.1",
                      .flags = HELLO_TICKET | HELLO_STAPLE | HELLO_ENCRYPT_THEN_MAC |
                               HELLO_COMPRESSION | HELLO_FALLBACK};
    is_written(&h,
        "16 0301 0057" "01 000053" "0303" RANDOM "00"
        "0006 c02f 0005 5600"                    /* and TLS_FALLBACK_SCSV */
        "02 01 00"                               /* DEFLATE, null */
        "0023"
        "0023 0000"                              /* session_ticket */
        "0010 000e 000c 02 6832 08 687474702f312e31" /* ALPN */
        "0005 0005 01 0000 0000"                 /* status_request */
        "0016 0000");                            /* encrypt_then_mac; an address is no name */
}
END_TEST

START_TEST(tls13_asks_for_a_retry)
{
    struct ids suites = IDS(0x1301), groups = IDS(0x11ec), schemes = IDS(0x0804);
    struct hello h = {.min = PROTOCOL_TLS1_3, .max = PROTOCOL_TLS1_3, .suites = &suites,
                      .groups = &groups, .schemes = &schemes};
    is_written(&h,
        "16 0301 0072" "01 00006e" "0303" RANDOM "20" RANDOM
        "0002 1301" "01 00" "0023"
        "000a 0004 0002 11ec"
        "000d 0004 0002 0804"
        "002d 0002 01 01"                        /* psk_key_exchange_modes */
        "002b 0003 02 0304"                      /* supported_versions */
        "0033 0002 0000");                       /* key_share, empty */
}
END_TEST

START_TEST(tls13_with_a_share_and_older)
{
    struct ids suites = IDS(0x1301), groups = IDS(0x001d), chain = IDS(0x0401);
    const struct hello_share shares[] = {{0x001d, bytes_str("0123456789abcdef0123456789abcdef")},
                                         {0x0017, bytes_str("xy")}};
    struct hello h = {.min = PROTOCOL_TLS1, .max = PROTOCOL_TLS1_3, .suites = &suites,
                      .groups = &groups, .cert_schemes = &chain, .shares = shares, .share_count = 2};
    is_written(&h,
        "16 0301 00a8" "01 0000a4" "0303" RANDOM "20" RANDOM
        "0002 1301" "01 00" "0059"
        "000a 0004 0002 001d"
        "000b 0002 01 00"
        "0032 0004 0002 0401"                    /* signature_algorithms_cert */
        "002d 0002 01 01"
        "002b 0009 08 0304 0303 0302 0301"
        "0033 002c 002a 001d 0020 30313233343536373839616263646566 30313233343536373839616263646566"
        "0017 0002 7879");
}
END_TEST

START_TEST(tls12_may_have_other_schemes_for_chains)
{
    struct ids suites = IDS(0xc02f), schemes = IDS(0x0403), chain = IDS(0x0401);
    struct hello h = {.min = PROTOCOL_TLS1_2, .max = PROTOCOL_TLS1_2, .suites = &suites,
                      .schemes = &schemes, .cert_schemes = &chain};
    is_written(&h,
        "16 0301 003f" "01 00003b" "0303" RANDOM "00" "0002 c02f" "01 00" "0010"
        "000d 0004 0002 0403"
        "0032 0004 0002 0401");                  /* signature_algorithms_cert */
}
END_TEST

START_TEST(tls10_has_no_signature_algorithms)
{
    struct ids suites = IDS(0x000a), schemes = IDS(0x0403);
    struct hello h = {.min = PROTOCOL_TLS1, .max = PROTOCOL_TLS1, .suites = &suites,
                      .schemes = &schemes};
    is_written(&h, "16 0301 002f" "01 00002b" "0301" RANDOM "00" "0002 000a" "01 00" "0000");
}
END_TEST

START_TEST(ssl3)
{
    struct ids suites = IDS(0x000a), groups = IDS(0x001d);
    struct hello h = {.min = PROTOCOL_SSL3, .max = PROTOCOL_SSL3, .suites = &suites,
                      .groups = &groups, .name = "a.test", .flags = HELLO_RENEGOTIATION};
    is_written(&h, "16 0300 002f" "01 00002b" "0300" RANDOM "00" "0004 000a 00ff" "01 00");
}
END_TEST

START_TEST(ssl2)
{
    struct hello h = {.min = PROTOCOL_SSL2, .max = PROTOCOL_SSL2};
    is_written(&h,
        "802e 01 0002 0015 0000 0010"
        "010080 020080 030080 040080 050080 060040 0700c0"
        "42424242424242424242424242424242");
}
END_TEST

/* clang-format on */

/* Walks through the extensions of a TLS 1.2 hello without session: their total must be right. */
static void is_well_formed(struct bytes hello)
{
    struct cursor c = {.left = hello};
    struct bytes message, list, body;
    uint16_t type;
    ck_assert(cursor_skip(&c, 3) && cursor_vector(&c, 2, &message) && c.left.len == 0);
    c.left = message;
    ck_assert(cursor_skip(&c, 1) && cursor_vector(&c, 3, &body) && c.left.len == 0);
    c.left = body;
    ck_assert(cursor_skip(&c, 34) && cursor_vector(&c, 1, &list));
    ck_assert(cursor_vector(&c, 2, &list) && list.len % 2 == 0);
    ck_assert(cursor_vector(&c, 1, &list) && cursor_vector(&c, 2, &list));
    ck_assert_uint_eq(c.left.len, 0);
    for (c.left = list; c.left.len;)
        ck_assert(cursor_u16(&c, &type) && cursor_vector(&c, 2, &body));
}

START_TEST(dangerous_lengths_are_padded)
{
    char name[256] = "";
    size_t padded = 0;
    for (size_t n = 0; n < 255; n++) {
        CLEANUP(buf_release) struct buf out = BUF_INIT;
        struct err err = ERR_INIT;
        struct ids suites = IDS(0xc02f);
        name[n] = 'a';
        struct hello h = {.min = PROTOCOL_TLS1_2,
                          .max = PROTOCOL_TLS1_2,
                          .suites = &suites,
                          .name = name};
        ck_assert_int_eq(hello_write(&h, &out, &err), 0);
        size_t message = out.len - 5;
        ck_assert_msg(message < 256 || message > 511, "%zu bytes", message);
        padded += message >= 512;
        is_well_formed(bytes_buf(&out));
    }
    /* 47 bytes, 9 and the name: one of 200 is the first to reach 256 */
    ck_assert_uint_eq(padded, 255 - 199);
}
END_TEST

START_TEST(what_cannot_be_sent)
{
    static const char *const empty[] = {"", NULL};
    static const char key[HELLO_LIMIT];
    struct ids suites = IDS(0x1301), none = IDS_INIT;
    char name[257] = "";
    memset(name, 'a', 256);
    struct hello h = {.min = PROTOCOL_TLS1_2, .max = PROTOCOL_TLS1_2, .suites = &suites};
    h.name = name;
    is_refused(&h, "server name");
    h.name = "";
    is_refused(&h, "server name");
    h.name = NULL;
    h.alpn = empty;
    is_refused(&h, "protocol name");
    h.alpn = NULL;
    h.suites = &none;
    is_refused(&h, "at least one suite");
    h.suites = &suites;
    h.min = PROTOCOL_TLS1_3;
    is_refused(&h, "TLSv1.3 to TLSv1.2");
    h.min = PROTOCOL_SSL2;
    is_refused(&h, "SSLv2 to TLSv1.2");
    h.min = h.max = PROTOCOL_TLS1_3;
    h.flags = HELLO_COMPRESSION;
    is_refused(&h, "compression");
    h.flags = 0;
    const struct hello_share share = {0x0104, {.data = key, .len = sizeof key}};
    h.shares = &share;
    h.share_count = 1;
    is_written(
        &(struct hello){.min = PROTOCOL_TLS1, .max = PROTOCOL_TLS1, .suites = &suites},
        "16 0301 002f 01 00002b 0301" RANDOM "00 0002 1301 01 00 0000");
    is_refused(&h, "does not fit a record");
}
END_TEST

START_TEST(ids_keep_order)
{
    struct ids a = IDS(1, 2, 3, 4), b = IDS(9, 2);
    ck_assert(!ids_add(&a, 3));
    ids_to_end(&a, 2);
    ids_to_end(&a, 7);
    ck_assert_uint_eq(a.count, 4);
    ck_assert_uint_eq(ids_at(&a, 2), 3);
    ids_reverse(&a);
    ck_assert_uint_eq(a.items[0], 2);
    ck_assert_uint_eq(a.items[3], 1);
    ids_add_all(&a, &b);
    ck_assert_uint_eq(a.count, 5);
    ids_remove_all(&a, &b);
    ck_assert_uint_eq(a.count, 3);
    ck_assert(!ids_remove(&a, 2));
    for (unsigned i = 0; i < 2000; i++)
        ids_add(&a, (uint16_t)i);
    ck_assert_uint_eq(a.count, IDS_LIMIT);
}
END_TEST

UNIT_MAIN("hello", tls12, tls12_with_everything, tls13_asks_for_a_retry,
          tls13_with_a_share_and_older, tls12_may_have_other_schemes_for_chains,
          tls10_has_no_signature_algorithms, ssl3, ssl2, dangerous_lengths_are_padded,
          what_cannot_be_sent, ids_keep_order)
