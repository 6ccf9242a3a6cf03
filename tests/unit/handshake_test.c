/* Is a handshake judged for what it was: agreed, refused, or neither? */
#include "probe/handshake.h"
#include "probe/chain.h"

#include "base/deadline.h"
#include "probe/dial.h"
#include "unit/server.h"
#include "unit/unit.h"

#include <time.h>

#define QUICK 3000 /* ms; nothing here should take as long */

struct attempt {
    struct handshake_result result;
    struct err err;
    int status;
};

static void attempt_release(struct attempt *a)
{
    handshake_release(&a->result);
}

/* Valid until the next call. */
static X509_STORE *judge(const char *ca_file)
{
    static X509_STORE *anchors;
    struct err err = ERR_INIT;
    anchors_free(&anchors);
    anchors = anchors_load(ca_file, &err);
    ck_assert_msg(anchors, "%s", err.text);
    return anchors;
}

static struct attempt shake(const struct server *s, struct handshake_request ask)
{
    struct attempt a = {.result = HANDSHAKE_INIT, .err = ERR_INIT};
    if (!ask.deadline_ms)
        ask.deadline_ms = QUICK;
    a.status = handshake(&s->endpoint, &ask, &a.result, &a.err);
    return a;
}

#define SERVER(...)                                                                      \
    CLEANUP(server_stop)                                                                 \
    struct server s = server_start(&(struct server_rules){__VA_ARGS__})
#define SHAKE(...)                                                                       \
    CLEANUP(attempt_release)                                                             \
    struct attempt a = shake(&s, (struct handshake_request){__VA_ARGS__});               \
    const struct handshake_result *r = &a.result;                                        \
    ck_assert_msg(a.status == 0, "%s", a.err.text)
#define OK() ck_assert_msg(r->verdict == HANDSHAKE_OK, "%s", r->why)
#define NOT_OK(v, c)                                                                     \
    do {                                                                                 \
        ck_assert_msg(r->verdict == (v) && r->cause == (c), "%d %d %s", (int)r->verdict, \
                      (int)r->cause, r->why);                                            \
        ck_assert_str_ne(r->why, "");                                                    \
        ck_assert_ptr_null(r->suite_name);                                               \
    } while (0)

START_TEST(each_version_is_spoken)
{
    SERVER(.manner = SERVER_TLS);
    for (int version = TLS1_VERSION; version <= TLS1_3_VERSION; version++) {
        SHAKE(.min = version, .max = version);
        OK();
        ck_assert_int_eq(r->protocol, version);
        ck_assert_int_eq(r->cause, HANDSHAKE_NO_CAUSE);
        ck_assert_str_eq(r->why, "");
        ck_assert(r->ticket && r->secure_renegotiation && r->extended_master);
        ck_assert(!r->staple && !r->compression && !r->client_certificate);
    }
}
END_TEST

START_TEST(a_tls13_handshake_is_described)
{
    SERVER(.key = "EC", .ciphersuites = "TLS_AES_128_GCM_SHA256", .staple = true,
           .no_ticket = true);
    SHAKE(.min = TLS1_3_VERSION);
    OK();
    ck_assert_int_eq(r->suite, 0x1301);
    ck_assert_str_eq(r->suite_name, "TLS_AES_128_GCM_SHA256");
    ck_assert_str_eq(r->group, "X25519");
    ck_assert_uint_eq(r->scheme, 0x0403);
    ck_assert(r->staple && !r->ticket);
    ck_assert_str_eq(r->certificate.key_type, "EC");
    ck_assert_str_eq(r->certificate.curve, "prime256v1");
    ck_assert_int_eq(r->certificate.bits, 256);
}
END_TEST

START_TEST(a_tls12_handshake_is_described)
{
    SERVER(.max = TLS1_2_VERSION, .ciphers = "ECDHE-RSA-AES128-GCM-SHA256");
    SHAKE(.anchors = judge(s.ca_file));
    const struct handshake_certificate *c = &r->certificate;
    OK();
    ck_assert_int_eq(r->protocol, TLS1_2_VERSION);
    ck_assert_str_eq(r->suite_name, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    ck_assert_str_eq(r->group, "X25519");
    ck_assert(c->present && c->trusted && c->name_matches && c->ocsp_responder);
    ck_assert_str_eq(c->chain_text, "ok");
    ck_assert_str_eq(c->subject, "CN=mail.example.test");
    ck_assert_uint_eq(c->names.count, 3);
    ck_assert_str_eq(c->names.items[0], "mail.example.test");
    ck_assert_str_eq(c->names.items[2], "127.0.0.1");
    ck_assert_str_eq(c->key_type, "RSA");
    ck_assert_ptr_null(c->curve);
    ck_assert_int_eq(c->bits, 2048);
    int64_t days = (c->not_after - (int64_t)time(NULL)) / 86400;
    ck_assert(days >= 29 && days <= 30);
}
END_TEST

static void check_suite(const char *ciphers, const char *name)
{
    SERVER(.max = TLS1_2_VERSION, .ciphers = ciphers);
    SHAKE(.max = 0);
    OK();
    ck_assert_str_eq(r->suite_name, name);
}

START_TEST(what_nobody_should_offer_is_seen)
{
    check_suite("NULL-SHA256:@SECLEVEL=0", "TLS_RSA_WITH_NULL_SHA256");
    check_suite("AES128-SHA:@SECLEVEL=0", "TLS_RSA_WITH_AES_128_CBC_SHA");
    check_suite("DHE-RSA-CAMELLIA256-SHA:@SECLEVEL=0",
                "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA");
}
END_TEST

START_TEST(an_anonymous_server_has_no_certificate)
{
    SERVER(.max = TLS1_2_VERSION, .ciphers = "ADH-AES128-SHA:@SECLEVEL=0");
    SHAKE(.max = 0);
    OK();
    ck_assert_str_eq(r->suite_name, "TLS_DH_anon_WITH_AES_128_CBC_SHA");
    ck_assert(!r->certificate.present && !r->certificate.trusted);
    ck_assert_str_eq(r->certificate.chain_text, "no certificate");
}
END_TEST

static void check_name(const char *name, bool matches)
{
    SERVER(.manner = SERVER_TLS);
    s.endpoint.name = mem_strdup(name);
    SHAKE(.anchors = judge(s.ca_file));
    OK();
    ck_assert_int_eq(r->certificate.name_matches, matches);
    ck_assert(r->certificate.trusted);
}

START_TEST(the_name_is_judged)
{
    check_name("mail.example.test", true);
    check_name("MAIL.example.TEST", true);
    check_name("a.wild.example.test", true);
    check_name("a.b.wild.example.test", false);
    check_name("example.test", false);
    check_name("127.0.0.1", true);
    check_name("127.0.0.2", false);
    check_name("::1", false);
}
END_TEST

START_TEST(the_chain_is_judged)
{
    SERVER(.manner = SERVER_TLS);
    SHAKE(.anchors = judge(NULL));
    OK();
    ck_assert(!r->certificate.trusted);
    ck_assert_ptr_nonnull(strstr(r->certificate.chain_text, "self-signed"));
}
END_TEST

START_TEST(an_expired_certificate_is_judged)
{
    SERVER(.age_days = 40);
    SHAKE(.anchors = judge(s.ca_file));
    OK();
    ck_assert(!r->certificate.trusted);
    ck_assert_str_eq(r->certificate.chain_text, "certificate has expired");
    ck_assert_int_lt(r->certificate.not_after, (int64_t)time(NULL));
}
END_TEST

START_TEST(a_hostile_name_is_made_visible)
{
    SERVER(.name = "a\x1b]2;x\x07.test");
    SHAKE(.max = 0);
    OK();
    ck_assert_str_eq(r->certificate.names.items[0], "a\\x1b]2;x\\x07.test");
    ck_assert_ptr_null(strchr(r->certificate.subject, 0x1b));
}
END_TEST

/* --- refusals -------------------------------------------------------------------------------- */

START_TEST(a_version_is_refused_by_alert)
{
    SERVER(.min = TLS1_2_VERSION, .max = TLS1_2_VERSION);
    for (int version = TLS1_VERSION; version <= TLS1_3_VERSION; version++) {
        if (version == TLS1_2_VERSION)
            continue;
        SHAKE(.min = version, .max = version);
        NOT_OK(HANDSHAKE_REFUSED, HANDSHAKE_ALERT);
        ck_assert(r->alert == 70 || r->alert == 40);
        ck_assert_ptr_nonnull(strstr(r->why, "alert "));
    }
}
END_TEST

START_TEST(a_suite_is_refused_by_alert)
{
    SERVER(.key = "EC", .ciphers = "ECDHE-RSA-AES128-GCM-SHA256"); /* for another key */
    SHAKE(.max = TLS1_2_VERSION);
    NOT_OK(HANDSHAKE_REFUSED, HANDSHAKE_ALERT);
    ck_assert_int_eq(r->alert, 40);
    ck_assert_str_eq(r->why, "alert handshake failure (40)");
}
END_TEST

START_TEST(a_quiet_refusal_is_no_verdict)
{
    SERVER(.min = TLS1_2_VERSION, .refusal = REFUSE_BY_CLOSING);
    SHAKE(.max = TLS1_1_VERSION);
    NOT_OK(HANDSHAKE_INCONCLUSIVE, HANDSHAKE_CLOSED);
    ck_assert_int_eq(r->alert, -1);
}
END_TEST

/* A ServerHello of TLS 1.0, whatever was asked. */
static const char old_hello[] = "\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01"
                                "0123456789abcdef0123456789abcdef\x00\x00\x2f\x00";

START_TEST(another_version_than_offered_is_a_refusal)
{
    SERVER(.manner = SERVER_SAYS,
           .text = {.data = old_hello, .len = sizeof old_hello - 1});
    SHAKE(.min = TLS1_1_VERSION, .max = TLS1_2_VERSION);
    NOT_OK(HANDSHAKE_REFUSED, HANDSHAKE_VERSION);
}
END_TEST

START_TEST(what_breaks_off_after_a_server_hello_was_not_refused)
{
    SERVER(.manner = SERVER_SAYS,
           .text = {.data = old_hello, .len = sizeof old_hello - 1});
    SHAKE(.min = TLS1_VERSION, .max = TLS1_2_VERSION);
    NOT_OK(HANDSHAKE_INCONCLUSIVE, HANDSHAKE_BROKEN);
    ck_assert_ptr_nonnull(strstr(r->why, "amid"));
}
END_TEST

START_TEST(an_alert_after_a_server_hello_is_no_refusal)
{
    static const char late[] = "\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01"
                               "0123456789abcdef0123456789abcdef\x00\x00\x2f\x00"
                               "\x15\x03\x01\x00\x02\x02\x50";
    SERVER(.manner = SERVER_SAYS, .text = {.data = late, .len = sizeof late - 1});
    SHAKE(.min = TLS1_VERSION, .max = TLS1_2_VERSION);
    NOT_OK(HANDSHAKE_INCONCLUSIVE, HANDSHAKE_ALERT);
    ck_assert_int_eq(r->alert, 80);
}
END_TEST

START_TEST(close_notify_is_a_close)
{
    SERVER(.manner = SERVER_SAYS, .text = BYTES("\x15\x03\x03\x00\x02\x01\x00"));
    SHAKE(.max = 0);
    NOT_OK(HANDSHAKE_INCONCLUSIVE, HANDSHAKE_CLOSED);
}
END_TEST

START_TEST(a_client_certificate_may_be_wanted)
{
    SERVER(.wants_certificate = true);
    for (int version = TLS1_VERSION; version <= TLS1_3_VERSION; version++) {
        SHAKE(.min = version, .max = version);
        OK();
        ck_assert(r->client_certificate);
        ck_assert_int_eq(r->protocol, version);
        ck_assert_int_ne(r->suite, 0);
        ck_assert_str_eq(r->certificate.subject, "CN=mail.example.test");
    }
}
END_TEST

/* --- misbehaviour ---------------------------------------------------------------------------- */

START_TEST(a_server_that_closes_is_no_verdict)
{
    SERVER(.manner = SERVER_CLOSES);
    SHAKE(.max = 0);
    ck_assert_int_eq(r->verdict, HANDSHAKE_INCONCLUSIVE);
    /* closing with our hello unread is a reset, if it has arrived by then */
    ck_assert(r->cause == HANDSHAKE_CLOSED || r->cause == HANDSHAKE_RESET);
}
END_TEST

START_TEST(a_server_that_resets_is_no_verdict)
{
    SERVER(.manner = SERVER_RESETS);
    SHAKE(.max = 0);
    NOT_OK(HANDSHAKE_INCONCLUSIVE, HANDSHAKE_RESET);
}
END_TEST

START_TEST(a_silent_server_is_no_verdict)
{
    SERVER(.manner = SERVER_SILENT);
    int64_t late = deadline_in(2000);
    SHAKE(.deadline_ms = 200);
    NOT_OK(HANDSHAKE_INCONCLUSIVE, HANDSHAKE_TIMED_OUT);
    ck_assert_int_gt(deadline_left(late), 0);
}
END_TEST

START_TEST(a_babbling_server_is_no_verdict)
{
    SERVER(.manner = SERVER_BABBLES);
    SHAKE(.max = 0);
    NOT_OK(HANDSHAKE_INCONCLUSIVE, HANDSHAKE_BROKEN);
}
END_TEST

START_TEST(nobody_there_is_no_verdict)
{
    struct server s = {.endpoint = {.address = mem_strdup("127.0.0.1")}};
    close(server_listen(&s.endpoint.port));
    ck_assert(!endpoint_listens(&s.endpoint, 500));
    SHAKE(.max = 0);
    NOT_OK(HANDSHAKE_INCONCLUSIVE, HANDSHAKE_CONNECT);
    ck_assert_ptr_nonnull(strstr(r->why, "refused"));
    endpoint_release(&s.endpoint);
}
END_TEST

START_TEST(starttls_comes_first)
{
    for (size_t i = 0; i < ARRAY_LEN(server_scripts); i++) {
        const char *protocol = server_scripts[i].protocol;
        SERVER(.starttls = protocol, .speaks = protocol);
        SHAKE(.max = 0);
        OK();
        ck_assert(endpoint_listens(&s.endpoint, 500));
    }
}
END_TEST

START_TEST(a_wrong_dialogue_is_told_apart)
{
    SERVER(.manner = SERVER_SAYS, .text = BYTES("x"));
    s.endpoint.starttls = mem_strdup("ldap");
    SHAKE(.max = 0);
    NOT_OK(HANDSHAKE_INCONCLUSIVE, HANDSHAKE_STARTTLS);
}
END_TEST

START_TEST(a_dropped_dialogue_is_told_apart)
{
    SERVER(.manner = SERVER_RESETS);
    s.endpoint.starttls = mem_strdup("ldap");
    SHAKE(.max = 0);
    NOT_OK(HANDSHAKE_INCONCLUSIVE, HANDSHAKE_DROPPED);
}
END_TEST

/* --- requests that cannot be made ------------------------------------------------------------- */

static void refuse(struct handshake_request ask, enum err_kind kind, const char *text)
{
    struct server s = {.endpoint = {.address = mem_strdup("127.0.0.1"), .port = 1}};
    CLEANUP(attempt_release) struct attempt a = shake(&s, ask);
    ck_assert_int_eq(a.status, -1);
    ck_assert_int_eq(a.err.kind, kind);
    ck_assert_msg(strstr(a.err.text, text) != NULL, "%s", a.err.text);
    endpoint_release(&s.endpoint);
}

START_TEST(impossible_requests_are_errors)
{
    const struct ids unknown = {.items = {0x0904}, .count = 1};
    refuse((struct handshake_request){.min = 0x0300}, ERR_INPUT, "0x0300");
    refuse((struct handshake_request){.min = 0x0305}, ERR_INPUT, "0x0305");
    refuse((struct handshake_request){.min = 0x0304, .max = 0x0303}, ERR_INPUT, "libssl");
    refuse((struct handshake_request){.schemes = &unknown}, ERR_INPUT,
           "none of those signature schemes");
}
END_TEST

START_TEST(impossible_endpoints_are_errors)
{
    struct endpoint bad[] = {
        {.address = "localhost", .port = 25},
        {.address = "127.0.0.1", .port = 0},
        {.address = "127.0.0.1", .port = 65536},
        {.address = NULL, .port = 25},
        {.address = "127.0.0.1", .port = 25, .starttls = "gopher"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CLEANUP(handshake_release) struct handshake_result r = HANDSHAKE_INIT;
        struct err err = ERR_INIT;
        ck_assert_int_eq(
            handshake(&bad[i], &(struct handshake_request){.min = 0}, &r, &err), -1);
        ck_assert_int_eq(err.kind, ERR_INPUT);
    }
}
END_TEST

UNIT_MAIN("handshake", each_version_is_spoken, a_tls13_handshake_is_described,
          a_tls12_handshake_is_described, what_nobody_should_offer_is_seen,
          an_anonymous_server_has_no_certificate, the_name_is_judged, the_chain_is_judged,
          an_expired_certificate_is_judged, a_hostile_name_is_made_visible,
          a_version_is_refused_by_alert, a_suite_is_refused_by_alert,
          a_quiet_refusal_is_no_verdict, another_version_than_offered_is_a_refusal,
          what_breaks_off_after_a_server_hello_was_not_refused,
          an_alert_after_a_server_hello_is_no_refusal, close_notify_is_a_close,
          a_client_certificate_may_be_wanted, a_server_that_closes_is_no_verdict,
          a_server_that_resets_is_no_verdict, a_silent_server_is_no_verdict,
          a_babbling_server_is_no_verdict, nobody_there_is_no_verdict,
          starttls_comes_first, a_wrong_dialogue_is_told_apart,
          a_dropped_dialogue_is_told_apart, impossible_requests_are_errors,
          impossible_endpoints_are_errors)
