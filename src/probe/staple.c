/* libcrypto reads the response; a response without an end (RFC 6960 4.2.2.1) does not grow old. */
#include "probe/staple.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "base/day.h"

#define SKEW 300 /* seconds by which clocks may differ */

#define TLS_FEATURE_STATUS 5 /* status_request, RFC 7633 4.2.1 */

static void free_response(OCSP_RESPONSE **r)
{
    OCSP_RESPONSE_free(*r);
}

static void free_basic(OCSP_BASICRESP **r)
{
    OCSP_BASICRESP_free(*r);
}

static void free_feature(TLS_FEATURE **f)
{
    TLS_FEATURE_free(*f);
}

bool staple_is_demanded(const X509 *leaf)
{
    CLEANUP(free_feature)
    TLS_FEATURE *features = X509_get_ext_d2i(leaf, NID_tlsfeature, NULL, NULL);
    for (int i = 0; i < sk_ASN1_INTEGER_num(features); i++)
        if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == TLS_FEATURE_STATUS)
            return true;
    return false;
}

/* --- the response ---------------------------------------------------------------------------- */

static int64_t seconds(const ASN1_GENERALIZEDTIME *t)
{
    struct tm tm = {0};
    return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/* The answer for that serial number; borrowed from `basic`; NULL: there is none. */
static OCSP_SINGLERESP *answer_for(OCSP_BASICRESP *basic, const X509 *leaf)
{
    const ASN1_INTEGER *wanted = X509_get0_serialNumber(leaf);
    for (int i = 0; i < OCSP_resp_count(basic); i++) {
        OCSP_SINGLERESP *one = OCSP_resp_get0(basic, i);
        ASN1_INTEGER *serial = NULL;
        OCSP_CERTID *id = (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(one);
        if (OCSP_id_get0_info(NULL, NULL, NULL, &serial, id) == 1 &&
            ASN1_INTEGER_cmp(serial, wanted) == 0)
            return one;
    }
    return NULL;
}

static bool is_signed(OCSP_BASICRESP *basic, const struct staple_about *about)
{
    return !about->chain ||
           OCSP_basic_verify(basic, about->chain, about->anchors, 0) == 1;
}

static char *time_problem(const ASN1_GENERALIZEDTIME *from,
                          const ASN1_GENERALIZEDTIME *to, int64_t now)
{
    int64_t begins = seconds(from), ends = to ? seconds(to) : 0;
    CLEANUP(mem_freep) char *first = day_text(begins);
    CLEANUP(mem_freep) char *last = day_text(ends);
    if (begins > now + SKEW)
        return mem_printf("one that begins on %s", first);
    if (to && ends + SKEW < now)
        return mem_printf("one that ended on %s", last);
    return NULL;
}

static char *judge(OCSP_BASICRESP *basic, const struct staple_about *about, int64_t now,
                   bool *ret_revoked)
{
    ASN1_GENERALIZEDTIME *from = NULL, *to = NULL;
    OCSP_SINGLERESP *one = answer_for(basic, about->leaf);
    if (!one)
        return mem_strdup("one for another certificate");
    if (!is_signed(basic, about))
        return mem_strdup("one whose signature does not hold");
    int status = OCSP_single_get0_status(one, NULL, NULL, &from, &to);
    char *problem = time_problem(from, to, now);
    if (problem)
        return problem;
    *ret_revoked = status == V_OCSP_CERTSTATUS_REVOKED;
    if (*ret_revoked)
        return mem_strdup("one that says: revoked");
    return status == V_OCSP_CERTSTATUS_GOOD ? NULL : mem_strdup("one that says: unknown");
}

char *staple_problem(struct bytes der, const struct staple_about *about, int64_t now,
                     bool *ret_revoked)
{
    const unsigned char *at = (const unsigned char *)der.data;
    CLEANUP(free_response)
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)der.len);
    *ret_revoked = false;
    ERR_clear_error();
    if (!response || at != (const unsigned char *)der.data + der.len)
        return mem_strdup("what is no OCSP response");
    int status = OCSP_response_status(response);
    if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        return mem_printf("the responder's error: %s", OCSP_response_status_str(status));
    CLEANUP(free_basic) OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
    char *problem = basic ? judge(basic, about, now, ret_revoked)
                          : mem_strdup("what is no OCSP response");
    ERR_clear_error();
    return problem;
}
