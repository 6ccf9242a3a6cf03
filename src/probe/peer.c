/* Names come from a stranger: they are made visible here, once. Ref: RFC 5280 4.2.1.6, RFC 6125 */
#include "probe/peer.h"

#include <arpa/inet.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>

#include "base/visible.h"

void peer_release(struct handshake_certificate *c)
{
    free(c->subject);
    strv_release(&c->names);
    free(c->key_type);
    free(c->curve);
    free(c->chain_text);
    *c = (struct handshake_certificate){.present = false};
}

static char *subject_of(X509 *cert)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *text = NULL;
    if (out &&
        X509_NAME_print_ex(out, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253) >= 0) {
        char *data = NULL;
        long n = BIO_get_mem_data(out, &data);
        text =
            visible_cut((struct bytes){.data = data, .len = n > 0 ? (size_t)n : 0}, 500);
    }
    BIO_free(out);
    return text ? text : mem_strdup("");
}

static void add_address(const ASN1_OCTET_STRING *ip, struct strv *names)
{
    char text[INET6_ADDRSTRLEN];
    int n = ASN1_STRING_length(ip);
    if ((n == 4 || n == 16) && inet_ntop(n == 4 ? AF_INET : AF_INET6,
                                         ASN1_STRING_get0_data(ip), text, sizeof text))
        strv_add(names, text);
}

static void add_text(const ASN1_STRING *s, struct strv *names)
{
    struct bytes raw = {.data = (const char *)ASN1_STRING_get0_data(s),
                        .len = (size_t)ASN1_STRING_length(s)};
    strv_take(names, visible_cut(raw, 255));
}

static void add_common_name(X509 *cert, struct strv *names)
{
    const X509_NAME *name = X509_get_subject_name(cert);
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (at >= 0)
        add_text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)), names);
}

static void add_names(X509 *cert, struct strv *names)
{
    GENERAL_NAMES *list = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(list); i++) {
        const GENERAL_NAME *one = sk_GENERAL_NAME_value(list, i);
        if (one->type == GEN_DNS)
            add_text(one->d.dNSName, names);
        else if (one->type == GEN_IPADD)
            add_address(one->d.iPAddress, names);
    }
    GENERAL_NAMES_free(list);
    if (!names->count)
        add_common_name(cert, names);
}

static void describe_key(X509 *cert, struct handshake_certificate *ret)
{
    EVP_PKEY *key = X509_get0_pubkey(cert); /* borrowed */
    char curve[64];
    size_t n = 0;
    const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;
    ret->key_type = mem_strdup(type ? type : "unknown");
    ret->bits = key ? EVP_PKEY_get_bits(key) : 0;
    if (key && EVP_PKEY_get_group_name(key, curve, sizeof curve, &n) == 1)
        ret->curve = mem_strdup(curve);
}

static int64_t seconds_of(const ASN1_TIME *t)
{
    struct tm tm;
    return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static bool covers(X509 *cert, const char *name)
{
    return !name || X509_check_ip_asc(cert, name, 0) == 1 ||
           X509_check_host(cert, name, 0, 0, NULL) == 1;
}

static bool names_responder(X509 *cert)
{
    STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(cert);
    bool any = sk_OPENSSL_STRING_num(urls) > 0;
    X509_email_free(urls);
    return any;
}

void peer_describe(const SSL *ssl, const char *name, bool judged,
                   struct handshake_certificate *ret)
{
    X509 *cert = SSL_get0_peer_certificate(ssl);
    if (!cert)
        return;
    ret->present = true;
    ret->subject = subject_of(cert);
    add_names(cert, &ret->names);
    ret->not_after = seconds_of(X509_get0_notAfter(cert));
    describe_key(cert, ret);
    long verdict = judged ? SSL_get_verify_result(ssl) : X509_V_ERR_UNSPECIFIED;
    ret->trusted = verdict == X509_V_OK;
    ret->chain_text =
        mem_strdup(judged ? X509_verify_cert_error_string(verdict) : "not judged");
    ret->name_matches = covers(cert, name);
    ret->ocsp_responder = names_responder(cert);
}
