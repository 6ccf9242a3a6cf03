/*
 * A certificate's facts. Names in it are the server's word: shown with their control characters
 * escaped, compared by libcrypto only.
 */
#include "probe/leaf.h"

#include <arpa/inet.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/visible.h"
#include "probe/certificate_covers.h"
#include "probe/certificate_rules.h"
#include "probe/certificate_strength.h"
#include "probe/staple.h"

void leaf_release(struct handshake_certificate *c)
{
    free(c->subject);
    strv_release(&c->names);
    free(c->key_type);
    free(c->curve);
    free(c->chain_text);
    free(c->signature);
    free(c->weakest_issuer);
    free(c->staple_problem);
    *c = (struct handshake_certificate){.present = false};
}

static void free_bio(BIO **bio)
{
    BIO_free(*bio);
}

static char *subject_of(X509 *cert)
{
    CLEANUP(free_bio) BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    unsigned long how = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
    if (!bio || X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0, how) < 0)
        return mem_strdup("");
    long n = BIO_get_mem_data(bio, &data);
    return visible((struct bytes){.data = data, .len = n > 0 ? (size_t)n : 0});
}

static void add_string(struct strv *names, const ASN1_STRING *s)
{
    strv_take(names,
              visible((struct bytes){.data = (const char *)ASN1_STRING_get0_data(s),
                                     .len = (size_t)ASN1_STRING_length(s)}));
}

static void add_address(struct strv *names, const ASN1_OCTET_STRING *s)
{
    char text[INET6_ADDRSTRLEN];
    int length = ASN1_STRING_length(s);
    if ((length == 4 || length == 16) &&
        inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(s), text,
                  sizeof text))
        strv_add(names, text);
}

static void add_common_name(X509 *cert, struct strv *names)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at >= 0)
        add_string(names, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

static void names_of(X509 *cert, struct strv *names)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);
        if (name->type == GEN_DNS)
            add_string(names, name->d.dNSName);
        else if (name->type == GEN_IPADD)
            add_address(names, name->d.iPAddress);
    }
    GENERAL_NAMES_free(all);
}

static int64_t seconds(const ASN1_TIME *t)
{
    struct tm tm = {0};
    return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static char *signature_of(const X509 *cert)
{
    const char *name = OBJ_nid2sn(X509_get_signature_nid(cert));
    return mem_strdup(name ? name : "unknown");
}

static void read_key(X509 *cert, struct handshake_certificate *ret)
{
    char curve[80];
    EVP_PKEY *key = X509_get0_pubkey(cert); /* NULL: of a kind that libcrypto lacks */
    const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;
    ret->key_type = mem_strdup(type ? type : "unknown");
    ret->bits = key ? EVP_PKEY_get_bits(key) : 0;
    if (type && strcmp(type, "EC") == 0 &&
        EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, curve,
                                       sizeof curve, NULL))
        ret->curve = mem_strdup(curve);
}

static bool names_responder(X509 *cert)
{
    STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(cert);
    bool any = sk_OPENSSL_STRING_num(urls) > 0;
    X509_email_free(urls);
    return any;
}

static void read_digest(X509 *cert, struct handshake_certificate *ret)
{
    unsigned char *der = NULL;
    int n = i2d_X509(cert, &der);
    if (n > 0)
        digest_sha256((struct bytes){.data = (const char *)der, .len = (size_t)n},
                      ret->digest);
    OPENSSL_free(der);
}

void leaf_read(X509 *cert, const char *name, struct handshake_certificate *ret)
{
    *ret = (struct handshake_certificate){.present = cert != NULL};
    if (!cert)
        return;
    read_digest(cert, ret);
    ret->subject = subject_of(cert);
    names_of(cert, &ret->names);
    ret->names_common = ret->names.count == 0;
    if (ret->names_common)
        add_common_name(cert, &ret->names);
    ret->not_before = seconds(X509_get0_notBefore(cert));
    ret->not_after = seconds(X509_get0_notAfter(cert));
    ret->self_signed = X509_self_signed(cert, 0) == 1;
    ret->signature = signature_of(cert);
    ret->weak_digest = certificate_weak_digest(cert);
    read_key(cert, ret);
    ret->name_matches = !name || certificate_covers(cert, name);
    ret->ocsp_responder = names_responder(cert);
    ret->staple_demanded = staple_is_demanded(cert);
}

/* The trust anchor is no intermediate. */
static void find_weakest(const STACK_OF(X509) * chain, struct handshake_certificate *ret)
{
    X509 *weakest = NULL;
    for (int i = 1; i + 1 < sk_X509_num(chain); i++) {
        X509 *cert = sk_X509_value(chain, i);
        int bits = certificate_rsa_bits(cert);
        if (bits && (!weakest || bits < ret->issuer_bits)) {
            weakest = cert;
            ret->issuer_bits = bits;
        }
    }
    if (weakest)
        ret->weakest_issuer = certificate_name_text(X509_get_subject_name(weakest));
}

void leaf_judge(int code, const STACK_OF(X509) * chain, struct handshake_certificate *ret)
{
    CLEANUP(mem_freep)
    char *weakness = code == X509_V_OK ? certificate_chain_weakness(chain) : NULL;
    ret->trusted = code == X509_V_OK && !weakness;
    ret->chain_text =
        mem_strdup(weakness            ? weakness
                   : code == X509_V_OK ? "ok"
                                       : X509_verify_cert_error_string(code));
    if (ret->trusted)
        find_weakest(chain, ret);
}
