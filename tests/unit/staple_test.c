/* Is a stapled OCSP response judged as a client would? */
#include "probe/staple.h"

#include <openssl/ocsp.h>

#include "unit/server.h"
#include "unit/unit.h"

#define NOW 2000000000
#define DAY 86400

struct authority {
    EVP_PKEY *key;
    X509 *cert; /* its own issuer: server.h */
    X509_STORE *anchors;
    STACK_OF(X509) * chain;
};

static struct authority authority_make(void)
{
    struct authority a = {.key = EVP_RSA_gen(2048)};
    a.cert = server_certificate(&(struct server_rules){.age_days = 0}, a.key);
    a.anchors = X509_STORE_new();
    a.chain = sk_X509_new_null();
    X509_STORE_add_cert(a.anchors, a.cert);
    sk_X509_push(a.chain, a.cert);
    return a;
}

static void authority_release(struct authority *a)
{
    sk_X509_free(a->chain);
    X509_STORE_free(a->anchors);
    X509_free(a->cert);
    EVP_PKEY_free(a->key);
}

/* What is said about the certificate, and when; `to` 0: no nextUpdate. */
struct said {
    int status;
    int64_t from, to;
    long serial;    /* 0: the certificate's */
    bool falsified; /* the signature is another key's */
    int error;      /* of the responder */
    const char *tail;
};

static ASN1_GENERALIZEDTIME *at(int64_t seconds)
{
    return ASN1_GENERALIZEDTIME_set(NULL, (time_t)seconds);
}

static void add_answer(OCSP_BASICRESP *basic, const struct authority *a,
                       const struct said *s)
{
    ASN1_GENERALIZEDTIME *from = at(s->from), *to = s->to ? at(s->to) : NULL,
                         *revoked = at(NOW - 5 * DAY);
    X509 *subject = X509_dup(a->cert);
    if (s->serial)
        ASN1_INTEGER_set(X509_get_serialNumber(subject), s->serial);
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), subject, a->cert);
    ck_assert_ptr_nonnull(OCSP_basic_add1_status(
        basic, id, s->status, OCSP_REVOKED_STATUS_NOSTATUS,
        s->status == V_OCSP_CERTSTATUS_REVOKED ? revoked : NULL, from, to));
    OCSP_CERTID_free(id);
    X509_free(subject);
    ASN1_GENERALIZEDTIME_free(from);
    ASN1_GENERALIZEDTIME_free(to);
    ASN1_GENERALIZEDTIME_free(revoked);
}

static void response(const struct authority *a, const struct said *s, struct buf *ret)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    unsigned char *der = NULL;
    add_answer(basic, a, s);
    ck_assert(OCSP_basic_sign(basic, a->cert, a->key, EVP_sha256(), NULL, 0));
    if (s->falsified) {
        const ASN1_OCTET_STRING *signature = OCSP_resp_get0_signature(basic);
        ((unsigned char *)(uintptr_t)ASN1_STRING_get0_data(signature))[20] ^= 1;
    }
    OCSP_RESPONSE *whole = OCSP_response_create(s->error, s->error ? NULL : basic);
    int n = i2d_OCSP_RESPONSE(whole, &der);
    ck_assert_int_gt(n, 0);
    buf_add(ret, der, (size_t)n);
    buf_adds(ret, s->tail ? s->tail : "");
    OPENSSL_free(der);
    OCSP_RESPONSE_free(whole);
    OCSP_BASICRESP_free(basic);
}

static char *problem(const struct authority *a, struct said s, bool *ret_revoked)
{
    CLEANUP(buf_release) struct buf der = BUF_INIT;
    struct staple_about about = {
        .leaf = a->cert, .chain = a->chain, .anchors = a->anchors};
    response(a, &s, &der);
    return staple_problem(bytes_buf(&der), &about, NOW, ret_revoked);
}

#define PROBLEM(...) problem(&a, (struct said){__VA_ARGS__}, &revoked)
#define FINE(...)                                                                        \
    do {                                                                                 \
        CLEANUP(mem_freep) char *got = PROBLEM(__VA_ARGS__);                             \
        ck_assert_msg(!got, "%s", got);                                                  \
        ck_assert(!revoked);                                                             \
    } while (0)
#define WRONG(words, ...)                                                                \
    do {                                                                                 \
        CLEANUP(mem_freep) char *got = PROBLEM(__VA_ARGS__);                             \
        ck_assert_ptr_nonnull(got);                                                      \
        ck_assert_str_eq(got, words);                                                    \
    } while (0)

START_TEST(one_that_holds)
{
    CLEANUP(authority_release) struct authority a = authority_make();
    bool revoked = true;
    FINE(.from = NOW - DAY, .to = NOW + DAY);
    FINE(.from = NOW - DAY);
    FINE(.from = NOW + 60, .to = NOW + DAY);
    FINE(.from = NOW - DAY, .to = NOW - 60);
}
END_TEST

START_TEST(one_out_of_date)
{
    CLEANUP(authority_release) struct authority a = authority_make();
    bool revoked = true;
    WRONG("one that ended on 2033-05-17", .from = NOW - 3 * DAY, .to = NOW - DAY);
    WRONG("one that begins on 2033-05-19", .from = NOW + DAY, .to = NOW + 3 * DAY);
    ck_assert(!revoked);
}
END_TEST

START_TEST(one_that_says_no)
{
    CLEANUP(authority_release) struct authority a = authority_make();
    bool revoked = false;
    WRONG("one that says: unknown", .status = V_OCSP_CERTSTATUS_UNKNOWN,
          .from = NOW - DAY, .to = NOW + DAY);
    ck_assert(!revoked);
    WRONG("one that says: revoked", .status = V_OCSP_CERTSTATUS_REVOKED,
          .from = NOW - DAY, .to = NOW + DAY);
    ck_assert(revoked);
}
END_TEST

START_TEST(one_that_proves_nothing)
{
    CLEANUP(authority_release) struct authority a = authority_make();
    bool revoked = true;
    WRONG("one for another certificate", .serial = 7, .from = NOW - DAY, .to = NOW + DAY);
    WRONG("one whose signature does not hold", .falsified = true, .from = NOW - DAY,
          .to = NOW + DAY);
    WRONG("the responder's error: trylater", .error = OCSP_RESPONSE_STATUS_TRYLATER);
    WRONG("what is no OCSP response", .from = NOW - DAY, .to = NOW + DAY, .tail = "more");
    CLEANUP(mem_freep)
    char *got = staple_problem(BYTES("nonsense"), &(struct staple_about){.leaf = a.cert},
                               NOW, &revoked);
    ck_assert_str_eq(got, "what is no OCSP response");
}
END_TEST

START_TEST(without_a_chain_signatures_are_not_judged)
{
    CLEANUP(authority_release) struct authority a = authority_make();
    CLEANUP(buf_release) struct buf der = BUF_INIT;
    bool revoked;
    response(&a, &(struct said){.falsified = true, .from = NOW - DAY}, &der);
    ck_assert_ptr_null(staple_problem(
        bytes_buf(&der), &(struct staple_about){.leaf = a.cert}, NOW, &revoked));
}
END_TEST

START_TEST(a_certificate_demands_it)
{
    static const struct {
        const char *value;
        bool demanded;
    } features[] = {{NULL, false},
                    {"status_request", true},
                    {"status_request_v2", false},
                    {"17,5", true}};
    CLEANUP(authority_release) struct authority a = authority_make();
    for (size_t i = 0; i < ARRAY_LEN(features); i++) {
        X509 *cert = X509_dup(a.cert);
        X509_EXTENSION *e =
            features[i].value
                ? X509V3_EXT_conf_nid(NULL, NULL, NID_tlsfeature, features[i].value)
                : NULL;
        if (e)
            X509_add_ext(cert, e, -1);
        ck_assert_int_eq(staple_is_demanded(cert), features[i].demanded);
        X509_EXTENSION_free(e);
        X509_free(cert);
    }
}
END_TEST

UNIT_MAIN("staple", one_that_holds, one_out_of_date, one_that_says_no,
          one_that_proves_nothing, without_a_chain_signatures_are_not_judged,
          a_certificate_demands_it)
