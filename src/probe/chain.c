/* libcrypto judges; what it is given is what the server sent, and the caller's anchors. */
#include "probe/chain.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <time.h>

#include "base/file.h"
#include "probe/anchors_system.h"
#include "probe/leaf.h"
#include "probe/staple.h"

void anchors_free(X509_STORE **anchors)
{
    X509_STORE_free(*anchors);
    *anchors = NULL;
}

static void free_x509(X509 **cert)
{
    X509_free(*cert);
}

static void free_stack(STACK_OF(X509) * *stack)
{
    sk_X509_pop_free(*stack, X509_free);
}

static void free_context(X509_STORE_CTX **ctx)
{
    X509_STORE_CTX_free(*ctx);
}

X509_STORE *anchors_load(const char *ca_file, struct err *err)
{
    CLEANUP(anchors_free)
    X509_STORE *store = ca_file ? X509_STORE_new() : anchors_of_system();
    CLEANUP(buf_release) struct buf content = BUF_INIT;
    if (store && ca_file && file_read(ca_file, FILE_LIMIT, &content, NULL, err) < 0)
        return NULL;
    bool done = store && (!ca_file || X509_STORE_load_file(store, ca_file) == 1);
    ERR_clear_error();
    if (done)
        return TAKE_PTR(store);
    if (ca_file)
        err_set(err, ERR_INPUT, "'%s': no certificate in it", ca_file);
    else
        err_set(err, ERR_SYSTEM, "libcrypto cannot use the system's CAs");
    return NULL;
}

static X509 *certificate_at(const struct flight *f, size_t index)
{
    struct bytes der;
    if (!flight_certificate(f, index, &der))
        return NULL;
    const unsigned char *at = (const unsigned char *)der.data;
    X509 *cert = d2i_X509(NULL, &at, (long)der.len);
    ERR_clear_error();
    return cert;
}

static STACK_OF(X509) * rest_of(const struct flight *f)
{
    STACK_OF(X509) *rest = sk_X509_new_null();
    for (size_t i = 1; rest && i < CHAIN_LIMIT; i++) {
        X509 *cert = certificate_at(f, i);
        if (!cert)
            break;
        if (!sk_X509_push(rest, cert))
            X509_free(cert);
    }
    return rest;
}

static void judge_staple(const struct flight *f, struct staple_about about,
                         struct handshake_certificate *ret)
{
    if (f->flags & FLIGHT_STAPLE)
        ret->staple_problem = staple_problem(bytes_buf(&f->staple), &about, time(NULL),
                                             &ret->staple_revoked);
}

/* X509_V_OK, or why not. */
static int verify(X509_STORE_CTX *ctx, X509_STORE *anchors, X509 *leaf,
                  STACK_OF(X509) * rest)
{
    if (!ctx || X509_STORE_CTX_init(ctx, anchors, leaf, rest) != 1 ||
        X509_STORE_CTX_set_default(ctx, "ssl_server") != 1)
        return X509_V_ERR_UNSPECIFIED;
    return X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
}

static void judge(X509 *leaf, const struct flight *f, X509_STORE *anchors,
                  struct handshake_certificate *ret)
{
    CLEANUP(free_stack) STACK_OF(X509) *rest = rest_of(f);
    CLEANUP(free_context) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int code = verify(ctx, anchors, leaf, rest);
    if (ctx && code != X509_V_OK && anchors_complete(anchors)) {
        X509_STORE_CTX_cleanup(ctx);
        code = verify(ctx, anchors, leaf, rest);
    }
    struct staple_about about = {.leaf = leaf};
    if (code == X509_V_OK) {
        about.chain = X509_STORE_CTX_get0_chain(ctx);
        about.anchors = anchors;
    }
    leaf_judge(code, about.chain, ret);
    judge_staple(f, about, ret);
    ERR_clear_error();
}

bool chain_read(const struct flight *f, X509_STORE *anchors, const char *name,
                struct handshake_certificate *ret)
{
    CLEANUP(free_x509) X509 *leaf = certificate_at(f, 0);
    if (!leaf)
        return false;
    leaf_read(leaf, name, ret);
    if (anchors) {
        judge(leaf, f, anchors, ret);
        return true;
    }
    judge_staple(f, (struct staple_about){.leaf = leaf}, ret);
    ret->chain_text = mem_strdup("not judged");
    return true;
}
