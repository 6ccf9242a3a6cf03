/*
 * Our hellos and our reader against libssl as a server, in memory: each suite that libssl knows,
 * offered alone, is answered with itself, and what we do not offer is never chosen.
 */
#include "unit/unit.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>

#include "policy/group.h"
#include "policy/suite.h"
#include "probe/flight.h"
#include "probe/hello.h"
#include "probe/offer.h"
#include "probe/share.h"

static SSL_CTX *ctx;
static struct ids groups[2], schemes; /* of TLS 1.2 and 1.3 */

static unsigned psk(SSL *ssl, const char *identity, unsigned char *ret, unsigned max)
{
    (void)ssl, (void)identity, (void)max;
    memset(ret, 1, 16);
    return 16;
}

static int staple(SSL *ssl, void *arg)
{
    unsigned char *response = OPENSSL_memdup("\x30\x03\x0a\x01\x06", 5);
    (void)arg;
    SSL_set_tlsext_status_ocsp_resp(ssl, response, 5);
    return SSL_TLSEXT_ERR_OK;
}

static int choose(SSL *ssl, const unsigned char **out, unsigned char *outlen,
                  const unsigned char *in, unsigned inlen, void *arg)
{
    (void)ssl, (void)arg, (void)inlen;
    *out = in + 1;
    *outlen = in[0];
    return SSL_TLSEXT_ERR_OK;
}

static void use_key(EVP_PKEY *key)
{
    X509 *cert = X509_new();
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
                               (const unsigned char *)"a.test", -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
    X509_set_pubkey(cert, key);
    ck_assert_int_gt(X509_sign(cert, key, EVP_sha256()), 0);
    ck_assert_int_eq(SSL_CTX_use_certificate(ctx, cert), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey(ctx, key), 1);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void setup(void)
{
    ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
    SSL_CTX_set_security_level(ctx, 0);
    ck_assert_int_eq(SSL_CTX_set_cipher_list(ctx, "ALL:COMPLEMENTOFALL:@SECLEVEL=0"), 1);
    ck_assert_int_eq(SSL_CTX_set_ciphersuites(
                         ctx, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                              "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:"
                              "TLS_AES_128_CCM_8_SHA256"),
                     1);
    use_key(EVP_RSA_gen(2048));
    use_key(EVP_EC_gen("P-256"));
    SSL_CTX_set_dh_auto(ctx, 1);
    SSL_CTX_set_psk_server_callback(ctx, psk);
    SSL_CTX_use_psk_identity_hint(ctx, "hint");
    SSL_CTX_set_tlsext_status_cb(ctx, staple);
    SSL_CTX_set_alpn_select_cb(ctx, choose, NULL);
    offer_groups(PROTOCOL_TLS1_2, &groups[0]);
    offer_groups(PROTOCOL_TLS1_3, &groups[1]);
    offer_schemes(&schemes);
}

/* What the server says to the hello, which gets groups, schemes and a random. */
static void say(struct hello *h, struct flight *f)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    SSL *ssl = SSL_new(ctx);
    BIO *in = BIO_new(BIO_s_mem()), *answer = BIO_new(BIO_s_mem());
    char *data = NULL;
    h->groups = h->groups ? h->groups : &groups[h->max == PROTOCOL_TLS1_3];
    h->schemes = h->schemes ? h->schemes : &schemes;
    memset(h->random, 0x42, sizeof h->random);
    ck_assert_msg(hello_write(h, &out, &err) == 0, "%s", err.text);
    SSL_set_bio(ssl, in, answer);
    BIO_write(in, out.data, (int)out.len);
    SSL_accept(ssl);
    long n = BIO_get_mem_data(answer, &data);
    flight_feed(f, (struct bytes){.data = data, .len = n > 0 ? (size_t)n : 0});
    SSL_free(ssl);
}

/* Whether the test's server, which has neither DSA key nor SRP secrets, can speak it. */
static bool is_possible(const char *name)
{
    return !strstr(name, "_DSS_") && !strstr(name, "_SRP_");
}

static void ask_for(const SSL_CIPHER *cipher, enum protocol version)
{
    CLEANUP(flight_release) struct flight f = FLIGHT_INIT;
    struct ids suites = IDS_INIT;
    const char *name = SSL_CIPHER_standard_name(cipher);
    ids_add(&suites, (uint16_t)SSL_CIPHER_get_protocol_id(cipher));
    struct hello h = {.min = version, .max = version, .suites = &suites};
    say(&h, &f);
    if (!is_possible(name)) {
        ck_assert_msg(f.state == FLIGHT_ALERT && !f.hello, "%s: %s", name, f.why);
        return;
    }
    ck_assert_msg(f.state == FLIGHT_COMPLETE || f.state == FLIGHT_RETRY,
                  "%s: state %d, alert %u, %s", name, (int)f.state, f.alert, f.why);
    ck_assert_uint_eq(f.version, protocol_info(version)->wire);
    ck_assert_uint_eq(f.suite, suites.items[0]);
    enum offer_exchange how = offer_exchange(f.suite);
    ck_assert_uint_eq(f.dh_bits > 0, how == OFFER_DH);
    ck_assert_uint_eq(f.group > 0, how == OFFER_ECDH || version == PROTOCOL_TLS1_3);
    ck_assert_uint_eq(f.scheme > 0,
                      offer_is_signed(f.suite) && version == PROTOCOL_TLS1_2);
}

START_TEST(each_suite_alone)
{
    setup();
    STACK_OF(SSL_CIPHER) *all = SSL_CTX_get_ciphers(ctx);
    size_t asked = 0;
    for (int i = 0; i < sk_SSL_CIPHER_num(all); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(all, i);
        bool tls13 = strcmp(SSL_CIPHER_get_version(cipher), "TLSv1.3") == 0;
        bool tls12 = strcmp(SSL_CIPHER_get_version(cipher), "TLSv1.2") == 0;
        enum protocol from = tls13   ? PROTOCOL_TLS1_3
                             : tls12 ? PROTOCOL_TLS1_2
                                     : PROTOCOL_TLS1;
        for (unsigned v = from; v <= (tls13 ? PROTOCOL_TLS1_3 : PROTOCOL_TLS1_2); v++)
            ask_for(cipher, (enum protocol)v), asked++;
    }
    ck_assert_uint_gt(asked, 200);
    SSL_CTX_free(ctx);
}
END_TEST

/* Everything that we could offer holds everything that libssl has. */
START_TEST(all_of_libssl_is_offered)
{
    struct ids suites, tls13;
    setup();
    offer_suites(PROTOCOL_TLS1_2, &suites);
    offer_suites(PROTOCOL_TLS1_3, &tls13);
    ids_add_all(&suites, &tls13);
    STACK_OF(SSL_CIPHER) *all = SSL_CTX_get_ciphers(ctx);
    for (int i = 0; i < sk_SSL_CIPHER_num(all); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(all, i);
        ck_assert_msg(ids_has(&suites, (uint16_t)SSL_CIPHER_get_protocol_id(cipher)),
                      "%s", SSL_CIPHER_standard_name(cipher));
    }
    SSL_CTX_free(ctx);
}
END_TEST

START_TEST(extensions_are_answered)
{
    static const char *const alpn[] = {"h2", "http/1.1", NULL};
    CLEANUP(flight_release) struct flight f = FLIGHT_INIT, old = FLIGHT_INIT;
    struct ids suites = IDS_INIT;
    setup();
    ids_add(&suites, 0xc013);
    struct hello h = {.min = PROTOCOL_TLS1_2,
                      .max = PROTOCOL_TLS1_2,
                      .suites = &suites,
                      .name = "a.test",
                      .alpn = alpn,
                      .flags = HELLO_RENEGOTIATION | HELLO_EXTENDED_MASTER |
                               HELLO_ENCRYPT_THEN_MAC | HELLO_TICKET | HELLO_STAPLE |
                               HELLO_COMPRESSION};
    say(&h, &f);
    ck_assert_msg(f.state == FLIGHT_COMPLETE, "%s", f.why);
    ck_assert_uint_eq(f.flags, FLIGHT_RENEGOTIATION | FLIGHT_EXTENDED_MASTER |
                                   FLIGHT_ENCRYPT_THEN_MAC | FLIGHT_TICKET |
                                   FLIGHT_STAPLE);
    ck_assert_str_eq(f.alpn, "h2");
    h.max = h.min = PROTOCOL_TLS1_1;
    h.flags = HELLO_FALLBACK;
    say(&h, &old);
    ck_assert_uint_eq(old.state, FLIGHT_ALERT);
    ck_assert_uint_eq(old.alert, 86);
    SSL_CTX_free(ctx);
}
END_TEST

/* One group and one scheme at a time, as a scan finds them. */
START_TEST(groups_and_schemes)
{
    static const struct {
        uint16_t suite, group, scheme;
        bool accepted;
    } cases[] = {
        {0x1301, 0x001d, 0x0804, true},  {0x1301, 0x0017, 0x0804, true},
        {0x1301, 0x0100, 0x0804, true},  {0x1301, 0x11ec, 0x0804, false},
        {0xc02f, 0x0018, 0x0601, true},  {0xc02f, 0x001d, 0x0804, true},
        {0xc02f, 0x11ec, 0x0804, false}, {0xc02f, 0x001d, 0x0403, false},
        {0xc02b, 0x0017, 0x0403, true},  {0xc02b, 0x001d, 0x0403, false},
    };
    setup();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(flight_release) struct flight f = FLIGHT_INIT;
        struct ids suite = IDS_INIT, group = IDS_INIT, scheme = IDS_INIT;
        ids_add(&suite, cases[i].suite);
        ids_add(&group, cases[i].group);
        ids_add(&scheme, cases[i].scheme);
        enum protocol v = cases[i].suite < 0x1400 ? PROTOCOL_TLS1_3 : PROTOCOL_TLS1_2;
        struct hello h = {
            .min = v, .max = v, .suites = &suite, .groups = &group, .schemes = &scheme};
        say(&h, &f);
        ck_assert_msg(f.hello == cases[i].accepted, "%zu: state %d, alert %u", i,
                      (int)f.state, f.alert);
        if (f.hello)
            ck_assert_uint_eq(f.group, cases[i].group);
        if (f.hello && v == PROTOCOL_TLS1_2)
            ck_assert_uint_eq(f.scheme, cases[i].scheme);
    }
    SSL_CTX_free(ctx);
}
END_TEST

/* Keys of every kind: libssl looks at them before it answers. */
START_TEST(real_shares_are_answered)
{
    static const uint16_t all[] = {0x0017, 0x0018, 0x0019, 0x001d,
                                   0x001e, 0x0100, 0x0101};
    struct ids suites = IDS_INIT, signed_with = IDS_INIT;
    setup();
    ck_assert_int_eq(SSL_CTX_set1_groups_list(
                         ctx, "P-256:P-384:P-521:X25519:X448:ffdhe2048:ffdhe3072"),
                     1);
    ids_add(&suites, 0x1302);
    ids_add(&signed_with, 0x0804);
    ids_add(&signed_with, 0x0403);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        CLEANUP(flight_release) struct flight f = FLIGHT_INIT;
        CLEANUP(buf_release) struct buf key = BUF_INIT;
        struct ids one = IDS_INIT;
        ids_add(&one, all[i]);
        ck_assert_uint_eq(share_group(&one), all[i]);
        ck_assert(share_key(all[i], &key));
        ck_assert_uint_eq(key.len, group_by_id(all[i])->share);
        struct hello_share share = {all[i], bytes_buf(&key)};
        struct hello h = {.min = PROTOCOL_TLS1_3,
                          .max = PROTOCOL_TLS1_3,
                          .suites = &suites,
                          .groups = &one,
                          .schemes = &signed_with,
                          .shares = &share,
                          .share_count = 1};
        say(&h, &f);
        ck_assert_msg(f.state == FLIGHT_COMPLETE, "%04x: %d %u %s", all[i], (int)f.state,
                      f.alert, f.why);
        ck_assert_uint_eq(f.version, 0x0304);
        ck_assert_uint_eq(f.group, all[i]);
    }
    SSL_CTX_free(ctx);
}
END_TEST

/* ML-KEM-768's key and X25519's. Ref: draft-ietf-tls-ecdhe-mlkem 4.1 */
START_TEST(a_hybrid_share)
{
    CLEANUP(buf_release) struct buf key = BUF_INIT;
    ck_assert(share_key(0x11ec, &key));
    ck_assert_uint_eq(key.len, 1184 + 32);
    ck_assert_int_ne(memcmp(key.data, key.data + 1184, 32), 0);
}
END_TEST

/* What libcrypto lacks, what TLS 1.3 has no use for, and what is none. */
START_TEST(shares_that_cannot_be_made)
{
    CLEANUP(buf_release) struct buf key = BUF_INIT;
    struct ids one = IDS_INIT;
    static const uint16_t none[] = {0x11eb, 0x0013, 0xfefe};
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        ck_assert(!share_key(none[i], &key));
        ids_add(&one, none[i]);
    }
    ck_assert_uint_eq(key.len, 0);
    ck_assert_uint_eq(share_group(&one), 0);
    ids_add(&one, 0x0018);
    ck_assert_uint_eq(share_group(&one), 0x0018);
}
END_TEST

UNIT_MAIN("hello_interop", each_suite_alone, all_of_libssl_is_offered,
          extensions_are_answered, groups_and_schemes, real_shares_are_answered,
          a_hybrid_share, shares_that_cannot_be_made)
