/*
 * A host in a tree, with certificates made for it: a root authority in its store, an intermediate and
 * a leaf, all well, at a date of their own; and what certificate_check says about it, as one text.
 */
#ifndef UNIT_CERTIFICATE_HOST_H
#define UNIT_CERTIFICATE_HOST_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "probe/certificate.h"
#include "unit/tree.h"

#define NOW   1800000000
#define DAY   86400
#define CHAIN "/etc/ssl/host/chain.pem"
#define KEY   "/etc/ssl/host/key.pem"
#define CA    "/etc/ssl/host/ca.pem"
#define STORE "/etc/ssl/certs/ca-certificates.crt"

/* --- making certificates --------------------------------------------------------------------- */

struct maker {
    const char *subject;
    const char *names; /* subjectAltName; NULL: none */
    const char *constraints, *usage, *extended, *access;
    int from, to; /* days from NOW; 0, 0: a year around it */
    const EVP_MD *digest;
    const char *curve; /* or "RSA:1024", "ED25519"; NULL: P-256 */
    bool broken_date;
    bool logged; /* as a public authority does it */
};

struct pair {
    X509 *cert;
    EVP_PKEY *key;
};

static inline void pair_release(struct pair *p)
{
    X509_free(p->cert);
    EVP_PKEY_free(p->key);
}

static inline EVP_PKEY *make_key(const char *kind)
{
    EVP_PKEY *key = NULL;
    if (!kind)
        key = EVP_EC_gen("P-256");
    else if (strncmp(kind, "RSA:", 4) == 0)
        key = EVP_RSA_gen((unsigned)strtoul(kind + 4, NULL, 10));
    else if (strstr(kind, "25519"))
        key = EVP_PKEY_Q_keygen(NULL, NULL, kind);
    else
        key = EVP_EC_gen(kind);
    ck_assert_ptr_nonnull(key);
    return key;
}

static inline void extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    if (!value)
        return;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    ck_assert_ptr_nonnull(ext);
    ck_assert_int_eq(X509_add_ext(cert, ext, -1), 1);
    X509_EXTENSION_free(ext);
}

/* A list of signed certificate timestamps; nobody looks into it. */
static inline void add_timestamps(X509 *cert)
{
    ASN1_OCTET_STRING *list = ASN1_OCTET_STRING_new();
    ck_assert_int_eq(ASN1_OCTET_STRING_set(list, (const unsigned char *)"\4\2\0\0", 4),
                     1);
    X509_EXTENSION *ext =
        X509_EXTENSION_create_by_NID(NULL, NID_ct_precert_scts, 0, list);
    ck_assert_int_eq(X509_add_ext(cert, ext, -1), 1);
    X509_EXTENSION_free(ext);
    ASN1_OCTET_STRING_free(list);
}

static inline void set_dates(X509 *cert, const struct maker *m)
{
    bool given = m->from || m->to;
    ASN1_TIME_set(X509_getm_notBefore(cert), NOW + (given ? m->from : -100) * (long)DAY);
    ASN1_TIME_set(X509_getm_notAfter(cert), NOW + (given ? m->to : 200) * (long)DAY);
    if (m->broken_date)
        ck_assert_int_eq(ASN1_STRING_set(X509_getm_notAfter(cert), "soon", 4), 1);
}

/* A certificate issued by `issuer`, or by itself. */
static inline struct pair make(const struct maker *m, const struct pair *issuer)
{
    static long serial = 1;
    struct pair p = {.cert = X509_new(), .key = make_key(m->curve)};
    X509_NAME *name = X509_NAME_new();
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               (const unsigned char *)m->subject, -1, -1, 0);
    X509_set_version(p.cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(p.cert), serial++);
    X509_set_subject_name(p.cert, name);
    X509_set_issuer_name(p.cert, issuer ? X509_get_subject_name(issuer->cert) : name);
    X509_NAME_free(name);
    X509_set_pubkey(p.cert, p.key);
    set_dates(p.cert, m);
    X509 *by = issuer ? issuer->cert : p.cert;
    extend(p.cert, by, NID_basic_constraints, m->constraints);
    extend(p.cert, by, NID_subject_alt_name, m->names);
    extend(p.cert, by, NID_key_usage, m->usage);
    extend(p.cert, by, NID_ext_key_usage, m->extended);
    extend(p.cert, by, NID_info_access, m->access);
    if (m->logged)
        add_timestamps(p.cert);
    EVP_PKEY *signer = issuer ? issuer->key : p.key;
    bool pure = EVP_PKEY_is_a(signer, "ED25519");
    ck_assert_int_gt(X509_sign(p.cert, signer,
                               pure        ? NULL
                               : m->digest ? m->digest
                                           : EVP_sha256()),
                     0);
    return p;
}

static inline struct pair make_authority(const char *subject, const struct pair *issuer)
{
    const struct maker m = {
        .subject = subject, .constraints = "critical,CA:TRUE", .from = -1000, .to = 1000};
    return make(&m, issuer);
}

/* --- files ----------------------------------------------------------------------------------- */

static inline void add_certificate(struct buf *out, const struct pair *p)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    PEM_write_bio_X509(bio, p->cert);
    long n = BIO_get_mem_data(bio, &text);
    buf_add(out, text, (size_t)n);
    BIO_free(bio);
}

static inline void add_key(struct buf *out, const struct pair *p, const char *password,
                           bool traditional)
{
    BIO *bio = BIO_new(BIO_s_mem());
    const EVP_CIPHER *cipher = password ? EVP_aes_128_cbc() : NULL;
    char *text, *word = mem_strdup(password);
    int len = password ? (int)strlen(password) : 0;
    if (traditional)
        PEM_write_bio_PrivateKey_traditional(bio, p->key, cipher, (unsigned char *)word,
                                             len, NULL, NULL);
    else
        PEM_write_bio_PKCS8PrivateKey(bio, p->key, cipher, word, len, NULL, NULL);
    long n = BIO_get_mem_data(bio, &text);
    ck_assert_int_gt(n, 0);
    buf_add(out, text, (size_t)n);
    BIO_free(bio);
    free(word);
}

/* Writes certificates; the list ends with NULL. */
static inline void put_certificates(const char *root, const char *path,
                                    const struct pair *const *list)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    for (; *list; list++)
        add_certificate(&text, *list);
    tree_write(root, path, buf_str(&text), 0644);
}

#define PUT(root, path, ...)                                                             \
    put_certificates(root, path, (const struct pair *const[]){__VA_ARGS__, NULL})

static inline void put_key(const char *root, const char *path, const struct pair *p)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    add_key(&text, p, NULL, false);
    tree_write(root, path, buf_str(&text), 0600);
}

/* --- a host ---------------------------------------------------------------------------------- */

/* A tree with a root authority in its store, an intermediate and a leaf, all well. */
struct host {
    char *root;
    struct pair top, middle, leaf;
    struct certificate_files files;
    struct certificate_rules rules;
    struct strv names, curves;
};

static const struct maker good = {.subject = "www.example.org",
                                  .names = "DNS:www.example.org,DNS:*.example.net,"
                                           "IP:192.0.2.1,IP:2001:db8::1"};

static inline void host_make_leaf(struct host *h, const struct maker *m)
{
    pair_release(&h->leaf);
    h->leaf = make(m, &h->middle);
    PUT(h->root, CHAIN, &h->leaf, &h->middle);
    put_key(h->root, KEY, &h->leaf);
}

static inline void host_init(struct host *h)
{
    *h = (struct host){.root = tree_make()};
    h->top = make_authority("Root", NULL);
    h->middle = make_authority("Middle", &h->top);
    host_make_leaf(h, &good);
    PUT(h->root, STORE, &h->top);
    strv_add(&h->curves, "secp256r1");
    strv_add(&h->curves, "secp384r1");
    h->files = (struct certificate_files){.root = h->root, .chain = CHAIN, .key = KEY};
    h->rules = (struct certificate_rules){.rsa_min_bits = 2048,
                                          .curves = &h->curves,
                                          .names = &h->names,
                                          .expiry_warn_days = 30,
                                          .max_lifetime_days = 398,
                                          .now = NOW};
}

static inline void host_release(struct host *h)
{
    tree_remove(&h->root);
    pair_release(&h->top);
    pair_release(&h->middle);
    pair_release(&h->leaf);
    strv_release(&h->names);
    strv_release(&h->curves);
}

#define HOST(h)                                                                          \
    CLEANUP(host_release) struct host h;                                                 \
    host_init(&(h))

/* "E key-missing, W self-signed": what is found, in the order in which it is found. */
static inline char *found_in(const struct certificate_report *report)
{
    struct buf out = BUF_INIT;
    buf_adds(&out, "");
    for (size_t i = 0; i < report->count; i++) {
        const struct certificate_finding *f = &report->items[i];
        ck_assert_int_eq(strncmp(f->id, "certificate/", 12), 0);
        ck_assert_ptr_nonnull(f->file);
        ck_assert_str_ne(f->what, "");
        ck_assert_str_ne(f->remedy, "");
        for (const char *c = f->what; *c; c++)
            ck_assert_int_ge((unsigned char)*c, ' ');
        buf_addf(&out, "%s%s %s", i ? ", " : "",
                 f->severity == CERTIFICATE_ERROR ? "E" : "W", f->id + 12);
    }
    return buf_take(&out);
}

static inline char *check_host(const struct host *h)
{
    CLEANUP(certificate_report_release)
    struct certificate_report report = CERTIFICATE_REPORT_INIT;
    certificate_check(&h->files, &h->rules, &report);
    return found_in(&report);
}

#define EXPECT(h, text)                                                                  \
    do {                                                                                 \
        CLEANUP(mem_freep) char *found_ = check_host(h);                                 \
        ck_assert_str_eq(found_, text);                                                  \
    } while (0)

/* What the only finding says. */
static inline char *said(const struct host *h)
{
    CLEANUP(certificate_report_release)
    struct certificate_report report = CERTIFICATE_REPORT_INIT;
    certificate_check(&h->files, &h->rules, &report);
    ck_assert_uint_eq(report.count, 1);
    return mem_printf("%s: %s", report.items[0].file, report.items[0].what);
}

#define EXPECT_TEXT(h, text)                                                             \
    do {                                                                                 \
        CLEANUP(mem_freep) char *said_ = said(h);                                        \
        ck_assert_str_eq(said_, text);                                                   \
    } while (0)

#endif
