/*
 * As servers do it: the chain and the key are imported by themselves, and then put together, which holds one against the
 * other. What OpenSSL takes and GnuTLS 3.7 does not: keys on curves that it does not know or whose parameters are
 * spelled out, elliptic keys with a compressed point, and PEM blocks of the kind TRUSTED CERTIFICATE.
 *
 * Not handled: keys that are no files (PKCS #11).
 */
#include "dialect/gnutls_load.h"

#include <dlfcn.h>
#include <string.h>

enum { PEM = 1 /* GNUTLS_X509_FMT_PEM */ };

struct datum { /* gnutls_datum_t */
    unsigned char *data;
    unsigned size;
};

struct gnutls {
    const char *(*strerror)(int code);
    int (*new_credentials)(void **ret);
    int (*new_key)(void **ret);
    int (*import_key)(void *key, const struct datum *text, int format);
    int (*import_chain)(void ***ret, unsigned *ret_count, const struct datum *text,
                        int format, unsigned flags);
    int (*put)(void *credentials, void **chain, int count, void *key);
    int (*trust)(void *credentials, const struct datum *text, int format);
};

/* dlsym() gives functions as void *: POSIX says that they fit. */
static bool find(void *handle, struct gnutls *g)
{
    const struct {
        void **slot;
        const char *name;
    } wanted[] = {
        {(void **)&g->strerror, "gnutls_strerror"},
        {(void **)&g->new_credentials, "gnutls_certificate_allocate_credentials"},
        {(void **)&g->new_key, "gnutls_x509_privkey_init"},
        {(void **)&g->import_key, "gnutls_x509_privkey_import"},
        {(void **)&g->import_chain, "gnutls_x509_crt_list_import2"},
        {(void **)&g->put, "gnutls_certificate_set_x509_key"},
        {(void **)&g->trust, "gnutls_certificate_set_x509_trust_mem"},
    };
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        *wanted[i].slot = dlsym(handle, wanted[i].name);
        if (!*wanted[i].slot)
            return false;
    }
    return true;
}

static struct datum datum_of(struct bytes text)
{
    union { /* it is only read */
        const char *in;
        unsigned char *out;
    } data = {.in = text.data};
    return (struct datum){.data = data.out, .size = (unsigned)text.len};
}

/* Puts them together; with `any_order`, whichever certificate is the key's. */
static int put(const struct gnutls *g, void *credentials, void **chain, unsigned count,
               void *key, bool any_order)
{
    int rc = g->put(credentials, chain, (int)count, key);
    for (unsigned i = 1; any_order && rc < 0 && i < count; i++)
        if (g->put(credentials, &chain[i], 1, key) >= 0)
            return 0;
    return rc;
}

static bool refuse(const struct gnutls *g, const char *part, int code, FILE *out)
{
    const char *why = g->strerror(code);
    fprintf(out, "refused %s %s\n", part, why ? why : "no reason is known");
    return true;
}

/* Nothing is released: the process ends. */
bool gnutls_load(void *handle, const struct loading_files *files, FILE *out)
{
    struct gnutls g = {.strerror = NULL};
    const struct datum chain = datum_of(files->chain), key = datum_of(files->key),
                       ca = datum_of(files->ca);
    void *credentials = NULL, *own = NULL, **certificates = NULL;
    unsigned count = 0;
    if (!find(handle, &g) || g.new_credentials(&credentials) < 0 || g.new_key(&own) < 0)
        return false;
    int rc = g.import_key(own, &key, PEM);
    if (rc < 0)
        return refuse(&g, "key", rc, out);
    rc = g.import_chain(&certificates, &count, &chain, PEM, 0);
    if (rc < 0)
        return refuse(&g, "chain", rc, out);
    rc = put(&g, credentials, certificates, count, own, files->any_order);
    if (rc < 0)
        return refuse(&g, "pair", rc, out);
    rc = ca.size ? g.trust(credentials, &ca, PEM) : 0;
    if (rc < 0)
        return refuse(&g, "ca", rc, out);
    fprintf(out, "taken -\n");
    return true;
}
