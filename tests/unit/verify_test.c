/* Is a server held against its policy, and never let through on an unexplained silence or close? */
#include "probe/verify.h"

#include "base/deadline.h"
#include "unit/server.h"
#include "unit/unit.h"

#define SUITE12   "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
#define SUITE13   "TLS_AES_128_GCM_SHA256"
#define OPENSSL12 "ECDHE-RSA-AES128-GCM-SHA256"

/* TLS 1.2 and 1.3, one suite each. */
struct fixture {
    struct policy_suite suites13[1], suites[1];
    struct policy policy;
    struct verify_rules rules;
    unsigned soft;
    struct err err;
};

static struct fixture *fixture_make(void)
{
    struct fixture *f = mem_alloc(sizeof *f);
    f->suites13[0].suite = suite_by_name(SUITE13);
    f->suites[0].suite = suite_by_name(SUITE12);
    f->policy.protocols = protocol_bit(PROTOCOL_TLS1_2) | protocol_bit(PROTOCOL_TLS1_3);
    f->policy.suites13 = f->suites13;
    f->policy.suites = f->suites;
    f->policy.suite13_count = f->policy.suite_count = 1;
    f->rules.policy = &f->policy;
    f->rules.required = f->policy.protocols;
    f->rules.deadline_ms = 3000;
    return f;
}

/* What a server that conforms has; more rules follow. */
#define CONFORMS .min = TLS1_2_VERSION, .ciphers = OPENSSL12, .ciphersuites = SUITE13
#define SERVER(...)                                                                      \
    CLEANUP(server_stop)                                                                 \
    struct server s = server_start(&(struct server_rules){__VA_ARGS__});                 \
    CLEANUP(mem_freep) struct fixture *f = fixture_make()
#define VERIFY() verify_endpoint(&s.endpoint, &f->rules, &f->soft, &f->err)
#define PASSES() ck_assert_msg(VERIFY() == 0, "%s", f->err.text)
#define FAILS(kind_, text_)                                                              \
    do {                                                                                 \
        ck_assert_int_eq(VERIFY(), -1);                                                  \
        ck_assert_msg(strstr(f->err.text, text_) != NULL, "%s", f->err.text);            \
        ck_assert_int_eq(f->err.kind, kind_);                                            \
        ck_assert_int_eq(strncmp(f->err.text, "postfix submission 127.0.0.1:", 29), 0);  \
    } while (0)

START_TEST(what_conforms_passes)
{
    SERVER(CONFORMS);
    PASSES();
    ck_assert_uint_eq(*s.connections, 10);
}
END_TEST

START_TEST(what_refuses_by_closing_passes)
{
    SERVER(CONFORMS, .refusal = REFUSE_BY_CLOSING);
    PASSES();
    ck_assert_uint_eq(*s.connections, 29);
}
END_TEST

START_TEST(starttls_passes)
{
    SERVER(CONFORMS, .starttls = "smtp");
    PASSES();
}
END_TEST

START_TEST(a_client_certificate_may_be_wanted)
{
    SERVER(CONFORMS, .wants_certificate = true);
    PASSES();
}
END_TEST

START_TEST(an_old_version_is_found)
{
    SERVER(.min = TLS1_VERSION, .ciphers = OPENSSL12 ":ECDHE-RSA-AES128-SHA:@SECLEVEL=0",
           .ciphersuites = SUITE13, .starttls = "smtp");
    FAILS(ERR_REFUSED,
          "(starttls smtp): TLSv1.1 and below: expected only TLSv1.2, TLSv1.3, found "
          "TLSv1.1, TLSv1, too");
}
END_TEST

START_TEST(a_client_certificate_hides_nothing)
{
    SERVER(.min = TLS1_1_VERSION, .max = TLS1_2_VERSION, .wants_certificate = true,
           .ciphers = OPENSSL12 ":ECDHE-RSA-AES128-SHA:@SECLEVEL=0");
    f->rules.required = protocol_bit(PROTOCOL_TLS1_2);
    FAILS(ERR_REFUSED, "expected only TLSv1.2, TLSv1.3, found TLSv1.1, too");
}
END_TEST

START_TEST(a_new_version_is_found)
{
    SERVER(CONFORMS);
    f->policy.protocols = f->rules.required = protocol_bit(PROTOCOL_TLS1_2);
    FAILS(ERR_REFUSED, "expected only TLSv1.2, found TLSv1.3, too");
}
END_TEST

START_TEST(a_version_that_is_only_allowed_may_be_missing)
{
    SERVER(CONFORMS, .max = TLS1_2_VERSION);
    f->rules.required = protocol_bit(PROTOCOL_TLS1_2);
    PASSES();
}
END_TEST

START_TEST(a_required_version_must_work)
{
    SERVER(CONFORMS, .max = TLS1_2_VERSION);
    FAILS(ERR_REFUSED, "TLSv1.3 has to work, but: alert protocol version (70)");
}
END_TEST

START_TEST(a_required_version_must_not_be_closed_on)
{
    SERVER(CONFORMS, .max = TLS1_2_VERSION, .refusal = REFUSE_BY_CLOSING);
    FAILS(ERR_REFUSED, "TLSv1.3 has to work, but: ");
}
END_TEST

START_TEST(the_lowest_version_closed_on_is_seen_with_a_control)
{
    SERVER(.min = TLS1_3_VERSION, .ciphersuites = SUITE13, .refusal = REFUSE_BY_CLOSING);
    FAILS(ERR_REFUSED, "TLSv1.2 has to work, but: closed by the server");
}
END_TEST

START_TEST(another_suite_is_found)
{
    SERVER(.min = TLS1_2_VERSION, .ciphers = OPENSSL12 ":AES256-SHA",
           .ciphersuites = SUITE13);
    FAILS(ERR_REFUSED, "TLSv1.2: expected only suites of the profile, found "
                       "TLS_RSA_WITH_AES_256_CBC_SHA");
}
END_TEST

START_TEST(suites_nobody_should_offer_are_found)
{
    static const char *const ciphers[] = {OPENSSL12 ":NULL-SHA256:@SECLEVEL=0",
                                          OPENSSL12 ":ADH-AES128-SHA:@SECLEVEL=0",
                                          OPENSSL12 ":ECDHE-RSA-NULL-SHA:@SECLEVEL=0"};
    for (size_t i = 0; i < ARRAY_LEN(ciphers); i++) {
        SERVER(.min = TLS1_2_VERSION, .ciphers = ciphers[i], .ciphersuites = SUITE13);
        FAILS(ERR_REFUSED, "only suites of the profile, found TLS_");
    }
}
END_TEST

START_TEST(another_tls13_suite_is_found)
{
    SERVER(.min = TLS1_2_VERSION, .ciphers = OPENSSL12,
           .ciphersuites = SUITE13 ":TLS_AES_128_CCM_8_SHA256");
    FAILS(ERR_REFUSED, "TLSv1.3: expected only suites of the profile, found "
                       "TLS_AES_128_CCM_8_SHA256");
}
END_TEST

START_TEST(the_preferred_suite_must_be_the_policys)
{
    SERVER(.min = TLS1_2_VERSION, .ciphers = "ECDHE-RSA-AES256-SHA",
           .ciphersuites = SUITE13);
    FAILS(ERR_REFUSED,
          "TLSv1.2 has to negotiate a suite of the profile, but it negotiates "
          "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA");
}
END_TEST

/* --- no verdict ------------------------------------------------------------------------------- */

START_TEST(a_server_that_closes_never_passes)
{
    SERVER(.manner = SERVER_CLOSES);
    FAILS(ERR_SYSTEM, "TLSv1.2 has to work, but: ");
    ck_assert_uint_le(*s.connections, 3);
}
END_TEST

START_TEST(a_server_that_resets_never_passes)
{
    SERVER(.manner = SERVER_RESETS);
    FAILS(ERR_SYSTEM, "reset by the server");
}
END_TEST

START_TEST(a_silent_server_never_passes)
{
    SERVER(.manner = SERVER_SILENT);
    int64_t late = deadline_in(3000);
    f->rules.deadline_ms = 200;
    FAILS(ERR_SYSTEM, "no answer in time");
    ck_assert_int_gt(deadline_left(late), 0);
}
END_TEST

START_TEST(a_server_that_babbles_does_not_conform)
{
    SERVER(.manner = SERVER_BABBLES);
    FAILS(ERR_REFUSED, "TLSv1.2 has to work, but: ");
}
END_TEST

/* Works, and then nothing but closed connections: those refuse nothing. */
START_TEST(a_server_that_dies_on_the_way_never_passes)
{
    for (int n = 2; n < 8; n++) {
        SERVER(CONFORMS, .dies_after = n);
        FAILS(ERR_SYSTEM, "expected ");
    }
}
END_TEST

START_TEST(nothing_required_still_needs_a_control)
{
    SERVER(.manner = SERVER_RESETS);
    f->rules.required = 0;
    FAILS(ERR_SYSTEM, "expected a version and suite of the profile, found ");
}
END_TEST

START_TEST(nobody_there_never_passes)
{
    SERVER(.manner = SERVER_CLOSES);
    close(server_listen(&s.endpoint.port));
    FAILS(ERR_SYSTEM, "refused");
}
END_TEST

START_TEST(refused_starttls_does_not_conform)
{
    SERVER(.manner = SERVER_SAYS, .text = BYTES("554 no service\r\n"));
    s.endpoint.starttls =
        mem_strdup("ldap"); /* of which the server hears and answers this */
    FAILS(ERR_REFUSED, "554 no service");
}
END_TEST

/* Result 51 of LDAP. */
START_TEST(a_server_that_turns_away_is_no_verdict)
{
    SERVER(.manner = SERVER_SAYS, .text = BYTES("\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x33"
                                                "\x04\x00\x04\x00"));
    s.endpoint.starttls = mem_strdup("ldap");
    FAILS(ERR_SYSTEM, "turned away: result code 51");
}
END_TEST

/* TLS 1.2 works; for TLS 1.3 the connections that the server allows are used up. */
START_TEST(a_limit_of_connections_is_no_verdict)
{
    SERVER(CONFORMS, .dies_after = 1);
    FAILS(ERR_SYSTEM, "TLSv1.3 has to work, but: ");
}
END_TEST

START_TEST(a_busy_server_is_no_verdict)
{
    static const char *const texts[] = {"421 too many connections\r\n", "* BYE busy\r\n"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        SERVER(.manner = SERVER_SAYS, .text = bytes_str(texts[i]));
        s.endpoint.starttls = mem_strdup("ldap"); /* which lets the server hear first */
        FAILS(ERR_SYSTEM, "TLSv1.2 has to work, but: ");
    }
}
END_TEST

UNIT_MAIN("verify", what_conforms_passes, what_refuses_by_closing_passes, starttls_passes,
          a_client_certificate_may_be_wanted, an_old_version_is_found,
          a_client_certificate_hides_nothing, a_new_version_is_found,
          a_version_that_is_only_allowed_may_be_missing, a_required_version_must_work,
          a_required_version_must_not_be_closed_on,
          the_lowest_version_closed_on_is_seen_with_a_control, another_suite_is_found,
          suites_nobody_should_offer_are_found, another_tls13_suite_is_found,
          the_preferred_suite_must_be_the_policys, a_server_that_closes_never_passes,
          a_server_that_resets_never_passes, a_silent_server_never_passes,
          a_server_that_babbles_does_not_conform,
          a_server_that_dies_on_the_way_never_passes,
          nothing_required_still_needs_a_control, nobody_there_never_passes,
          refused_starttls_does_not_conform, a_limit_of_connections_is_no_verdict,
          a_busy_server_is_no_verdict, a_server_that_turns_away_is_no_verdict)
