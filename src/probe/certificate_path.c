/*
 * The path is climbed with what the files hold, current certificates first; then the host's store is
 * asked for an anchor, from the top downwards, since a client, too, leaves a cross-signed end aside when
 * it knows the issuer below. Only when that fails are expired certificates taken, to name them.
 *
 * The store is asked by OpenSSL's hash of the name first (a file or two), then by the bundle, of which
 * only certificates that hold the issuer's name are decoded: a check costs little either way.
 *
 * Not handled: name constraints, policies, revocation.
 */
#include "probe/certificate_path.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STORE_DIRECTORY "/etc/ssl/certs"
#define STORE_BUNDLE    "/etc/ssl/certs/ca-certificates.crt"
#define HASH_LIMIT      8 /* names with the same hash */
#define STORE_FILE_MAX  ((size_t)1 << 20)

bool certificate_is_root(X509 *cert)
{
    return X509_self_signed(cert, 1) == 1;
}

bool certificate_time(const ASN1_TIME *t, int64_t *ret)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(t, &tm) != 1)
        return false;
    *ret = (int64_t)timegm(&tm);
    return true;
}

static bool is_current(const X509 *cert, int64_t now)
{
    int64_t from, to;
    return certificate_time(X509_get0_notBefore(cert), &from) &&
           certificate_time(X509_get0_notAfter(cert), &to) && from <= now && now <= to;
}

static bool issued(X509 *issuer, X509 *subject)
{
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    return key && X509_check_issued(issuer, subject) == X509_V_OK &&
           X509_verify(subject, key) == 1;
}

/* --- paths ----------------------------------------------------------------------------------- */

static void truncate_path(struct certificate_path *p, size_t count)
{
    while (p->count > count)
        X509_free(p->links[--p->count].cert);
}

void certificate_path_release(struct certificate_path *p)
{
    truncate_path(p, 0);
}

static bool has(const struct certificate_path *p, const X509 *cert)
{
    for (size_t i = 0; i < p->count; i++)
        if (X509_cmp(p->links[i].cert, cert) == 0)
            return true;
    return false;
}

static X509 *top(const struct certificate_path *p)
{
    return p->links[p->count - 1].cert;
}

static bool append(struct certificate_path *p, X509 *cert, enum certificate_origin origin)
{
    if (p->count == CERTIFICATE_PATH_LIMIT || has(p, cert))
        return false;
    X509_up_ref(cert);
    p->links[p->count++] = (struct certificate_link){.cert = cert, .origin = origin};
    return true;
}

/* --- files ----------------------------------------------------------------------------------- */

static bool climb_in(const struct certificate_file *f, enum certificate_origin origin,
                     int64_t now, struct certificate_path *p)
{
    for (size_t i = 0; i < f->count; i++)
        if ((now < 0 || is_current(f->certs[i], now)) && issued(f->certs[i], top(p)) &&
            append(p, f->certs[i], origin))
            return true;
    return false;
}

/* A negative `now` takes any certificate, however old. */
static void climb(const struct certificate_sources *from, int64_t now,
                  struct certificate_path *p)
{
    while (!certificate_is_root(top(p)))
        if (!climb_in(from->chain, CERTIFICATE_FROM_CHAIN, now, p) &&
            !climb_in(from->ca, CERTIFICATE_FROM_CA, now, p))
            return;
}

static bool is_in(const struct certificate_file *f, const X509 *cert)
{
    for (size_t i = 0; i < f->count; i++)
        if (X509_cmp(f->certs[i], cert) == 0)
            return true;
    return false;
}

/* --- the host's store ------------------------------------------------------------------------ */

/* One look into the store: the certificate that issued `subject`, owned; NULL: none. */
struct search {
    const struct certificate_sources *from;
    X509 *subject;
};

static X509 *fits(const struct search *s, X509 *cert)
{
    if (!is_current(cert, s->from->now) || !issued(cert, s->subject))
        return NULL;
    X509_up_ref(cert);
    return cert;
}

static X509 *search_hashed(const struct search *s, bool *ret_end, unsigned n)
{
    struct err ignored = ERR_INIT;
    unsigned long hash = X509_issuer_name_hash(s->subject);
    CLEANUP(certificate_file_release)
    struct certificate_file file = CERTIFICATE_FILE_INIT;
    CLEANUP(mem_freep)
    char *path = mem_printf("%s/%08lx.%u", STORE_DIRECTORY, hash, n);
    *ret_end = certificate_file_read(s->from->root, path, STORE_FILE_MAX, &file,
                                     &ignored) != CERTIFICATE_FILE_READ;
    X509 *found = NULL;
    for (size_t i = 0; i < file.count && !found; i++)
        found = fits(s, file.certs[i]);
    return found;
}

static X509 *search_block(const struct search *s, const unsigned char *der, long len)
{
    const unsigned char *name;
    size_t name_len;
    if (X509_NAME_get0_der(X509_get_issuer_name(s->subject), &name, &name_len) != 1 ||
        !memmem(der, (size_t)len, name, name_len))
        return NULL;
    CLEANUP(certificate_freep) X509 *cert = d2i_X509(NULL, &der, len);
    return cert ? fits(s, cert) : NULL;
}

static X509 *search_bundle(const struct search *s)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    struct err ignored = ERR_INIT;
    if (path_read(s->from->root, STORE_BUNDLE, &text, NULL, NULL, &ignored) != 0)
        return NULL;
    BIO *bio = BIO_new_mem_buf(text.data, (int)text.len);
    X509 *found = NULL;
    char *label, *header;
    unsigned char *der;
    long len;
    while (bio && !found && PEM_read_bio(bio, &label, &header, &der, &len) == 1) {
        found = search_block(s, der, len);
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }
    BIO_free(bio);
    return found;
}

static X509 *search_store(const struct certificate_sources *from, X509 *subject)
{
    const struct search s = {.from = from, .subject = subject};
    X509 *found = NULL;
    bool end = false;
    for (unsigned n = 0; n < HASH_LIMIT && !found && !end; n++)
        found = search_hashed(&s, &end, n);
    return found ? found : search_bundle(&s);
}

/* --- anchors --------------------------------------------------------------------------------- */

static bool anchor_at(const struct certificate_sources *from, size_t at,
                      struct certificate_path *p)
{
    CLEANUP(certificate_freep)
    X509 *found = search_store(from, p->links[at].cert);
    if (!found)
        return false;
    truncate_path(p, at + 1);
    append(p, found,
           CERTIFICATE_FROM_STORE); /* a root that the path ends in is had already */
    return true;
}

static bool anchor(const struct certificate_sources *from, struct certificate_path *p)
{
    if (is_in(from->ca, top(p)) && certificate_is_root(top(p)))
        return true;
    for (size_t at = p->count; at-- > 0;)
        if (anchor_at(from, at, p))
            return true;
    return false;
}

void certificate_path_find(const struct certificate_sources *from, X509 *leaf,
                           struct certificate_path *ret)
{
    ERR_set_mark();
    append(ret, leaf, CERTIFICATE_FROM_CHAIN);
    climb(from, from->now, ret);
    ret->trusted = anchor(from, ret);
    size_t count = ret->count;
    if (!ret->trusted)
        climb(from, -1, ret);
    if (ret->count > count)
        ret->trusted = anchor(from, ret);
    ERR_pop_to_mark();
}
