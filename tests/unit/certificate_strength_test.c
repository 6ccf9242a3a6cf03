/* What of a certificate is too weak for clients, and is it named? */
#include "probe/certificate_strength.h"
#include "probe/leaf.h"
#include "unit/certificate_host.h"
#include "unit/unit.h"

static struct pair simple(const char *subject, const char *curve, const EVP_MD *digest,
                          const struct pair *issuer)
{
    return make(&(struct maker){.subject = subject, .curve = curve, .digest = digest},
                issuer);
}

START_TEST(digests_weaker_than_sha_256)
{
    const struct {
        const EVP_MD *digest;
        const char *name; /* NULL: strong */
    } cases[] = {
        {EVP_md5(), "MD5"},     {EVP_sha1(), "SHA1"}, {EVP_sha224(), "SHA224"},
        {EVP_sha256(), NULL},   {EVP_sha384(), NULL}, {EVP_sha512(), NULL},
        {EVP_sha3_256(), NULL},
    };
    CLEANUP(pair_release) struct pair rsa = simple("rsa", "RSA:2048", NULL, NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(pair_release) struct pair p = simple("p", NULL, cases[i].digest, &rsa);
        const char *found = certificate_weak_digest(p.cert);
        ck_assert_msg(cases[i].name ? found && strcmp(found, cases[i].name) == 0 : !found,
                      "case %zu: %s", i, found ? found : "(none)");
    }
    CLEANUP(pair_release) struct pair pure = simple("pure", "ED25519", NULL, NULL);
    ck_assert_ptr_null(certificate_weak_digest(pure.cert));
}
END_TEST

/* RSASSA-PSS has its digest among its parameters. */
START_TEST(the_digest_of_pss)
{
    CLEANUP(pair_release) struct pair p = simple("p", "RSA:2048", NULL, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how;
    ck_assert_int_eq(EVP_DigestSignInit(ctx, &how, EVP_sha1(), NULL, p.key), 1);
    ck_assert_int_gt(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING), 0);
    ck_assert_int_gt(X509_sign_ctx(p.cert, ctx), 0);
    EVP_MD_CTX_free(ctx);
    ck_assert_str_eq(certificate_weak_digest(p.cert), "SHA1");
}
END_TEST

START_TEST(keys_of_less_than_112_bits)
{
    const struct {
        const char *kind;
        int rsa;
        bool weak;
    } cases[] = {
        {"RSA:1024", 1024, true}, {"RSA:2048", 2048, false}, {"secp192k1", 0, true},
        {"secp224r1", 0, false},  {"P-256", 0, false},       {"ED25519", 0, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(pair_release) struct pair p = simple("p", cases[i].kind, NULL, NULL);
        ck_assert_msg(certificate_has_weak_key(p.cert) == cases[i].weak, "%s",
                      cases[i].kind);
        ck_assert_int_eq(certificate_rsa_bits(p.cert), cases[i].rsa);
    }
}
END_TEST

/* --- chains ---------------------------------------------------------------------------------- */

/* What is said of leaf, middle and root. */
static char *of_chain(const struct maker *root, const struct maker *middle,
                      const struct maker *leaf)
{
    CLEANUP(pair_release) struct pair r = make(root, NULL);
    CLEANUP(pair_release) struct pair m = make(middle, &r);
    CLEANUP(pair_release) struct pair l = make(leaf, &m);
    STACK_OF(X509) *chain = sk_X509_new_null();
    sk_X509_push(chain, l.cert);
    sk_X509_push(chain, m.cert);
    sk_X509_push(chain, r.cert);
    char *said = certificate_chain_weakness(chain);
    sk_X509_free(chain);
    return said;
}

START_TEST(what_is_weak_above_the_leaf_is_named)
{
    const struct maker sound = {.subject = "sound"},
                       weak = {.subject = "weak", .curve = "RSA:1024"},
                       old = {.subject = "old", .digest = EVP_sha1()},
                       both = {
                           .subject = "both", .curve = "RSA:1024", .digest = EVP_sha1()};
    const struct {
        const struct maker *root, *middle, *leaf;
        const char *said;
    } cases[] = {
        {&sound, &sound, &sound, NULL},
        /* told with the leaf */
        {&sound, &sound, &both, NULL},
        /* nobody verifies it */
        {&old, &sound, &sound, NULL},
        {&weak, &sound, &sound,
         "the root certificate 'CN=weak' has a key of 1024 bits (RSA)"},
        {&sound, &weak, &sound,
         "the intermediate certificate 'CN=weak' has a key of 1024 bits (RSA)"},
        {&sound, &old, &sound,
         "the intermediate certificate 'CN=old' is signed with SHA1"},
        {&both, &both, &sound,
         "the intermediate certificate 'CN=both' has a key of 1024 bits (RSA) and is "
         "signed with SHA1; the root certificate 'CN=both' has a key of 1024 bits (RSA)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(mem_freep)
        char *said = of_chain(cases[i].root, cases[i].middle, cases[i].leaf);
        ck_assert_msg(cases[i].said ? said && strcmp(said, cases[i].said) == 0 : !said,
                      "case %zu: %s", i, said ? said : "(nothing)");
    }
    ck_assert_ptr_null(certificate_chain_weakness(NULL));
}
END_TEST

START_TEST(a_weak_chain_is_not_trusted)
{
    CLEANUP(pair_release) struct pair root = simple("root", NULL, NULL, NULL);
    CLEANUP(pair_release) struct pair fine = simple("good", "RSA:2048", NULL, &root);
    CLEANUP(pair_release) struct pair weak = simple("weak", "RSA:1024", NULL, &root);
    const struct pair *const middles[] = {&fine, &weak};
    for (size_t i = 0; i < ARRAY_LEN(middles); i++) {
        struct handshake_certificate seen = {.present = true};
        CLEANUP(pair_release) struct pair leaf = simple("leaf", NULL, NULL, middles[i]);
        STACK_OF(X509) *chain = sk_X509_new_null();
        sk_X509_push(chain, leaf.cert);
        sk_X509_push(chain, middles[i]->cert);
        sk_X509_push(chain, root.cert);
        leaf_judge(X509_V_OK, chain, &seen);
        ck_assert_int_eq(seen.trusted, i == 0);
        ck_assert_str_eq(seen.weakest_issuer ? seen.weakest_issuer : "",
                         i == 0 ? "CN=good" : "");
        ck_assert_int_eq(seen.issuer_bits, i == 0 ? 2048 : 0);
        sk_X509_free(chain);
        leaf_release(&seen);
    }
}
END_TEST

UNIT_MAIN("certificate_strength", digests_weaker_than_sha_256, the_digest_of_pss,
          keys_of_less_than_112_bits, what_is_weak_above_the_leaf_is_named,
          a_weak_chain_is_not_trusted)
