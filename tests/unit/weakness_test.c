/* What is weak, by name: each kind, and that what is sound is not. */
#include "unit/unit.h"

#include "base/mem.h"
#include "policy/suite.h"
#include "policy/weakness.h"

START_TEST(suites_are_judged_by_their_worst)
{
    static const struct {
        const char *name;
        enum weakness_grade grade;
    } cases[] = {
        {"TLS_AES_128_GCM_SHA256", WEAKNESS_NONE},
        {"TLS_CHACHA20_POLY1305_SHA256", WEAKNESS_NONE},
        {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", WEAKNESS_NONE},
        {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", WEAKNESS_NONE},
        {"TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", WEAKNESS_NONE},
        {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", WEAKNESS_LOW},
        {"TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", WEAKNESS_LOW},
        {"TLS_RSA_WITH_AES_128_GCM_SHA256", WEAKNESS_MEDIUM},
        {"TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", WEAKNESS_MEDIUM},
        {"TLS_RSA_WITH_3DES_EDE_CBC_SHA", WEAKNESS_MEDIUM},
        {"TLS_RSA_WITH_DES_CBC_SHA", WEAKNESS_HIGH},
        {"TLS_RSA_WITH_RC4_128_MD5", WEAKNESS_HIGH},
        {"TLS_ECDHE_RSA_WITH_RC4_128_SHA", WEAKNESS_HIGH},
        {"TLS_RSA_EXPORT_WITH_RC4_40_MD5", WEAKNESS_CRITICAL},
        {"TLS_RSA_WITH_NULL_SHA256", WEAKNESS_CRITICAL},
        {"TLS_DH_anon_WITH_AES_128_GCM_SHA256", WEAKNESS_CRITICAL},
        {"TLS_SHA256_SHA256", WEAKNESS_CRITICAL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        ck_assert_msg(weakness_of_suite(cases[i].name).grade == cases[i].grade, "%s",
                      cases[i].name);
}
END_TEST

/* The table of suites says the same in fields. */
START_TEST(the_table_of_suites_agrees)
{
    size_t count;
    const struct suite *table = suite_table(&count);
    for (size_t i = 0; i < count; i++) {
        const struct suite *s = &table[i];
        enum weakness_grade grade = weakness_of_suite(s->name).grade;
        if (suite_has(s, SUITE_SIGNAL))
            continue;
        if (suite_has(s, SUITE_NULL) || suite_has(s, SUITE_ANONYMOUS) ||
            suite_has(s, SUITE_EXPORT))
            ck_assert_msg(grade == WEAKNESS_CRITICAL, "%s", s->name);
        if (suite_has(s, SUITE_CBC))
            ck_assert_msg(grade >= WEAKNESS_LOW, "%s", s->name);
        if (s->kx == KX_RSA || s->kx == KX_DH || s->kx == KX_ECDH)
            ck_assert_msg(grade >= WEAKNESS_MEDIUM, "%s", s->name);
    }
}
END_TEST

START_TEST(the_rest)
{
    ck_assert_int_eq(weakness_of_protocol(PROTOCOL_TLS1_2).grade, WEAKNESS_NONE);
    ck_assert_int_eq(weakness_of_protocol(PROTOCOL_TLS1_1).grade, WEAKNESS_MEDIUM);
    ck_assert_int_eq(weakness_of_protocol(PROTOCOL_SSL2).grade, WEAKNESS_CRITICAL);
    ck_assert_int_eq(weakness_of_group("secp256r1").grade, WEAKNESS_NONE);
    ck_assert_int_eq(weakness_of_group("x25519").grade, WEAKNESS_NONE);
    ck_assert_int_eq(weakness_of_group("secp192r1").grade, WEAKNESS_MEDIUM);
    ck_assert_int_eq(weakness_of_group("sect163k1").grade, WEAKNESS_HIGH);
    ck_assert_int_eq(weakness_of_scheme("rsa_pss_rsae_sha256").grade, WEAKNESS_NONE);
    ck_assert_int_eq(weakness_of_scheme("ecdsa_secp256r1_sha256").grade, WEAKNESS_NONE);
    ck_assert_int_eq(weakness_of_scheme("rsa_pkcs1_sha1").grade, WEAKNESS_MEDIUM);
    ck_assert_int_eq(weakness_of_scheme("rsa_pkcs1_md5").grade, WEAKNESS_HIGH);
    ck_assert_int_eq(weakness_of_scheme("dsa_sha256").grade, WEAKNESS_MEDIUM);
    ck_assert_int_eq(weakness_of_modulus(2048).grade, WEAKNESS_NONE);
    ck_assert_int_eq(weakness_of_modulus(1024).grade, WEAKNESS_HIGH);
    ck_assert_int_eq(weakness_of_modulus(512).grade, WEAKNESS_CRITICAL);
}
END_TEST

UNIT_MAIN("weakness", suites_are_judged_by_their_worst, the_table_of_suites_agrees,
          the_rest)
