/* One question: what each way of answering, or of not answering, is worth. */
#include "unit/server.h"

#include "probe/ask.h"
#include "probe/offer.h"
#include "unit/flights.h"
#include "unit/hex.h"

static struct ids suites, groups, schemes;

static struct hello everything(enum protocol version)
{
    struct hello h = {.min = version,
                      .max = version,
                      .suites = &suites,
                      .groups = &groups,
                      .schemes = &schemes};
    offer_suites(version, &suites);
    offer_groups(version, &groups);
    offer_schemes(&schemes);
    memset(h.random, 0x42, sizeof h.random);
    return h;
}

static void is_answered(const struct server_rules *rules, const struct hello *h,
                        struct answer *a)
{
    struct server s = server_start(rules);
    struct err err = ERR_INIT;
    ck_assert_msg(ask(&s.endpoint, h, 1000, a, &err) == 0, "%s", err.text);
    ck_assert_uint_eq(a->verdict == ASK_ACCEPTED, a->why[0] == '\0');
    server_stop(&s);
}

START_TEST(accepted)
{
    for (enum protocol v = PROTOCOL_TLS1; v <= PROTOCOL_TLS1_3; v++) {
        CLEANUP(answer_release) struct answer a = ANSWER_INIT;
        struct hello h = everything(v);
        is_answered(&(struct server_rules){.min = TLS1_VERSION}, &h, &a);
        ck_assert_msg(a.verdict == ASK_ACCEPTED, "%s", a.why);
        ck_assert_uint_eq(a.flight.version, protocol_info(v)->wire);
    }
}
END_TEST

START_TEST(refused)
{
    CLEANUP(answer_release)
    struct answer version = ANSWER_INIT, suite = ANSWER_INIT, ssl2 = ANSWER_INIT;
    struct hello h = everything(PROTOCOL_TLS1_3);
    is_answered(&(struct server_rules){.max = TLS1_2_VERSION}, &h, &version);
    ck_assert_int_eq(version.verdict, ASK_REFUSED);
    ck_assert_int_eq(version.cause, ASK_ALERT);
    ck_assert_str_eq(version.why, "alert 70 (protocol_version)");
    h = everything(PROTOCOL_TLS1_2);
    is_answered(&(struct server_rules){.ciphers = "AES128-SHA", .key = "EC"}, &h, &suite);
    ck_assert_int_eq(suite.verdict, ASK_REFUSED);
    ck_assert_str_eq(suite.why, "alert 40 (handshake_failure)");
    h = (struct hello){.min = PROTOCOL_SSL2, .max = PROTOCOL_SSL2};
    is_answered(&(struct server_rules){.min = TLS1_VERSION}, &h, &ssl2);
    ck_assert_int_eq(ssl2.verdict, ASK_REFUSED);
}
END_TEST

/* A server that does not answer in TLS has refused nothing. */
START_TEST(inconclusive)
{
    static const struct {
        struct server_rules rules;
        enum ask_cause cause;
        const char *why;
    } cases[] = {
        /* which of the two, is a race: it closes with our hello unread */
        {{.manner = SERVER_CLOSES}, ASK_NO_CAUSE, "by the server"},
        {{.manner = SERVER_RESETS}, ASK_RESET, "reset by the server"},
        {{.manner = SERVER_SILENT}, ASK_TIMED_OUT, "timed out"},
        {{.manner = SERVER_BABBLES}, ASK_BROKEN, "not TLS: HTTP/1.1 400 Bad Request"},
        {{.refusal = REFUSE_BY_CLOSING, .min = TLS1_3_VERSION}, ASK_CLOSED, "closed"},
        {{.manner = SERVER_SAYS, .text = {"\x15\x03\x01\x00\x02\x02\x50", 7}},
         ASK_ALERT,
         "alert 80 (internal_error)"},
        {{.manner = SERVER_SAYS, .text = {"\x15\x03\x01\x00\x02\x01\x00", 7}},
         ASK_CLOSED,
         "close_notify"},
        {{.manner = SERVER_SAYS, .text = {"\x16\x03\x03\x00", 4}},
         ASK_CLOSED,
         "in the middle of an answer"},
        {{.starttls = "imap"}, ASK_STARTTLS, "STARTTLS"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(answer_release) struct answer a = ANSWER_INIT;
        struct hello h = everything(PROTOCOL_TLS1_2);
        is_answered(&cases[i].rules, &h, &a);
        ck_assert_msg(a.verdict == ASK_INCONCLUSIVE, "%zu: %s", i, a.why);
        bool as_expected = cases[i].cause == ASK_NO_CAUSE
                               ? a.cause == ASK_CLOSED || a.cause == ASK_RESET
                               : a.cause == cases[i].cause;
        ck_assert_msg(as_expected && strstr(a.why, cases[i].why), "%zu: cause %d, %s", i,
                      (int)a.cause, a.why);
    }
}
END_TEST

START_TEST(after_starttls)
{
    struct hello h = everything(PROTOCOL_TLS1_2);
    for (size_t i = 0; i < ARRAY_LEN(server_scripts); i++) {
        CLEANUP(answer_release) struct answer a = ANSWER_INIT;
        const char *protocol = server_scripts[i].protocol;
        is_answered(&(struct server_rules){.starttls = protocol, .speaks = protocol}, &h,
                    &a);
        ck_assert_msg(a.verdict == ASK_ACCEPTED, "%s: %s", protocol, a.why);
    }
}
END_TEST

/* Only a no to TLS itself is one. */
START_TEST(what_is_a_no_to_starttls)
{
    static const struct {
        const char *protocol;
        struct bytes said;
        bool no;
        const char *why;
    } cases[] = {
        {"smtp", {"220 a\r\n250 b\r\n", 14}, false, "out of turn"},
        {"smtp",
         {"421 too many connections\r\n", 26},
         false,
         "STARTTLS: turned away: 421"},
        {"imap", {"* BYE busy\r\n", 12}, false, "STARTTLS: turned away: * BYE"},
        {"imap", {"* PREAUTH\r\n", 11}, true, "STARTTLS: not offered: * PREAUTH"},
        {"ldap",
         {"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00", 14},
         true,
         "STARTTLS: not offered: result code 2"},
        {"ldap",
         {"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x34\x04\x00\x04\x00", 14},
         true,
         "STARTTLS: refused when asked: result code 52"},
        {"ldap",
         {"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x33\x04\x00\x04\x00", 14},
         false,
         "STARTTLS: turned away: result code 51"},
    };
    struct hello h = everything(PROTOCOL_TLS1_2);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(ask_release) struct ask q = ASK_INIT;
        CLEANUP(buf_release) struct buf out = BUF_INIT;
        struct err err = ERR_INIT;
        ck_assert_int_eq(ask_begin(&q, cases[i].protocol, &h, &out, &err), 0);
        ck_assert(ask_feed(&q, cases[i].said, &out));
        ck_assert_int_eq(q.answer.verdict, ASK_INCONCLUSIVE);
        ck_assert_int_eq(q.answer.cause, ASK_STARTTLS);
        ck_assert_msg(q.answer.no_starttls == cases[i].no, "%zu", i);
        ck_assert_msg(strstr(q.answer.why, cases[i].why) != NULL, "%s", q.answer.why);
    }
}
END_TEST

START_TEST(nobody_there)
{
    CLEANUP(answer_release) struct answer a = ANSWER_INIT;
    struct server s = server_start(&(struct server_rules){.manner = SERVER_CLOSES});
    struct hello h = everything(PROTOCOL_TLS1_2);
    struct err err = ERR_INIT;
    kill(s.pid, SIGKILL);
    waitpid(s.pid, NULL, 0);
    ck_assert_int_eq(ask(&s.endpoint, &h, 1000, &a, &err), 0);
    ck_assert_int_eq(a.cause, ASK_CONNECT);
    ck_assert_msg(strstr(a.why, "refused") != NULL, "%s", a.why);
    s.endpoint.port = 0;
    ck_assert_int_eq(ask(&s.endpoint, &h, 1000, &a, &err), -1);
    ck_assert_int_eq(err.kind, ERR_INPUT);
    h.min = PROTOCOL_SSL2;
    ck_assert_int_eq(ask(&s.endpoint, &h, 1000, &a, &err), -1);
    munmap(s.connections, sizeof *s.connections);
    unlink(s.ca_file);
    free(s.ca_file);
    endpoint_release(&s.endpoint);
}
END_TEST

/* Answers to what was not asked, and alerts that come too late to be a refusal of the hello. */
START_TEST(answers_that_do_not_fit)
{
    static const char hello[] = "\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03"
                                "0123456789012345678901234567890a"
                                "\x00\xc0\x2f\x00";
    struct bytes said = {.data = hello, .len = sizeof hello - 1};
    struct buf out = BUF_INIT;
    struct err err = ERR_INIT;
    CLEANUP(ask_release) struct ask never = ASK_INIT, late = ASK_INIT, cut = ASK_INIT;
    struct hello h = everything(PROTOCOL_TLS1_1);
    ck_assert_int_eq(ask_begin(&never, NULL, &h, &out, &err), 0);
    ck_assert(!ask_feed(&never, said, &out));
    ck_assert(ask_feed(&never, BYTES("\x16\x03\x03\x00\x04\x0e\x00\x00\x00"), &out));
    ck_assert_int_eq(never.answer.verdict, ASK_INCONCLUSIVE);
    ck_assert_int_eq(never.answer.cause, ASK_BROKEN);
    ck_assert_msg(strstr(never.answer.why, "never offered"), "%s", never.answer.why);
    h = everything(PROTOCOL_TLS1_2);
    ck_assert_int_eq(ask_begin(&late, NULL, &h, &out, &err), 0);
    ck_assert(!ask_feed(&late, said, &out));
    ck_assert(ask_feed(&late, BYTES("\x15\x03\x03\x00\x02\x02\x28"), &out));
    ck_assert_int_eq(late.answer.verdict, ASK_INCONCLUSIVE);
    ck_assert_msg(strstr(late.answer.why, "after the server's hello"), "%s",
                  late.answer.why);
    ck_assert_int_eq(ask_begin(&cut, NULL, &h, &out, &err), 0);
    ck_assert(!ask_feed(&cut, said, &out));
    ask_end(&cut, WIRE_RESET);
    ck_assert_int_eq(cut.answer.cause, ASK_RESET);
    ck_assert(ask_feed(&cut, said, &out));
    buf_release(&out);
}
END_TEST

/* Answers that stand for something else than they seem to. */
START_TEST(what_is_no_verdict)
{
    static const struct {
        const char *hex;
        enum protocol asked;
        enum ask_verdict verdict;
        const char *why;
    } cases[] = {
        /* errors of SSLv2: 40 would be a refusal in TLS, and 1 is one in SSLv2 */
        {"8003 00 0028", PROTOCOL_TLS1_2, ASK_INCONCLUSIVE, "error 40 of SSLv2"},
        {"8003 00 0001", PROTOCOL_TLS1_2, ASK_INCONCLUSIVE, "error 1 of SSLv2"},
        {"8003 00 0028", PROTOCOL_SSL2, ASK_INCONCLUSIVE, "error 40 of SSLv2"},
        {"8003 00 0001", PROTOCOL_SSL2, ASK_REFUSED, "error 1 of SSLv2"},
        /* SSLv2, where TLS was offered with suite 0 */
        {"800b 04 00 00 0002 0000 0000 0000", PROTOCOL_TLS1_2, ASK_INCONCLUSIVE,
         "version 0x0002, suite 0x0000: never offered"},
        {"800b 04 00 00 0002 0000 0000 0000", PROTOCOL_SSL2, ASK_ACCEPTED, ""},
        /* handshake_failure, before anything and when a hello has begun */
        {"15 0303 0002 02 28", PROTOCOL_TLS1_2, ASK_REFUSED, "alert 40"},
        {"16 0303 0003 02 0000 15 0303 0002 02 28", PROTOCOL_TLS1_2, ASK_INCONCLUSIVE,
         "alert 40 (handshake_failure) amid the server's hello"},
        /* x25519, where it was offered and where it was not */
        {FLIGHT_OPENSSL_RETRY, PROTOCOL_TLS1_3, ASK_ACCEPTED, ""},
        {FLIGHT_OPENSSL_RETRY, PROTOCOL_COUNT, ASK_INCONCLUSIVE,
         "group 0x001d: never offered"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(ask_release) struct ask q = ASK_INIT;
        CLEANUP(buf_release) struct buf out = BUF_INIT, in = BUF_INIT;
        struct err err = ERR_INIT;
        bool only = cases[i].asked == PROTOCOL_COUNT;
        struct hello h = everything(only ? PROTOCOL_TLS1_3 : cases[i].asked);
        if (only)
            ids_remove(&groups, 0x001d);
        ids_add(&suites, 0x0000);
        hex_add(&in, cases[i].hex);
        ck_assert_int_eq(ask_begin(&q, NULL, &h, &out, &err), 0);
        ck_assert(ask_feed(&q, bytes_buf(&in), &out));
        ck_assert_msg(q.answer.verdict == cases[i].verdict, "%zu: %s", i, q.answer.why);
        ck_assert_msg(strstr(q.answer.why, cases[i].why) != NULL, "%zu: %s", i,
                      q.answer.why);
    }
}
END_TEST

UNIT_MAIN("ask", accepted, refused, inconclusive, after_starttls,
          what_is_a_no_to_starttls, nobody_there, answers_that_do_not_fit,
          what_is_no_verdict)
