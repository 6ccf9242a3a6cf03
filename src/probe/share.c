/* Keys by libcrypto: the groups of RFC 8446 4.2.7 that it has are of three kinds there. */
#include "probe/share.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "policy/group.h"

#define X25519          0x001d
#define X25519_MLKEM768 0x11ec

static void free_context(EVP_PKEY_CTX **ctx)
{
    EVP_PKEY_CTX_free(*ctx);
}

static void free_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

/* X25519 and X448 are kinds of their own, without parameters. */
static EVP_PKEY_CTX *context_of(const struct tls_group *g, bool *ret_own)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, g->openssl, NULL);
    *ret_own = ctx != NULL;
    if (!ctx)
        ctx =
            EVP_PKEY_CTX_new_from_name(NULL, g->kind == GROUP_FFDHE ? "DH" : "EC", NULL);
    return ctx;
}

static EVP_PKEY *make_key(const struct tls_group *g)
{
    bool own;
    EVP_PKEY *key = NULL;
    CLEANUP(free_context) EVP_PKEY_CTX *ctx = context_of(g, &own);
    CLEANUP(mem_freep)
    char *name = mem_strdup(g->openssl); /* OSSL_PARAM wants it writable */
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
        OSSL_PARAM_construct_end()};
    if (!ctx || EVP_PKEY_keygen_init(ctx) != 1 ||
        (!own && EVP_PKEY_CTX_set_params(ctx, params) != 1) ||
        EVP_PKEY_generate(ctx, &key) != 1)
        return NULL;
    return key;
}

/* One of ML-KEM-768, which libcrypto may not have: the coefficients need to be in range and no more (FIPS 203 7.2), so
 * all zero they are a key like any other to the server. Ref: draft-ietf-tls-ecdhe-mlkem */
static bool add_hybrid_key(struct buf *out)
{
    static const char encapsulation_key[1184];
    CLEANUP(buf_release) struct buf curve = BUF_INIT;
    if (!share_key(X25519, &curve))
        return false;
    buf_add(out, encapsulation_key, sizeof encapsulation_key);
    buf_addb(out, bytes_buf(&curve));
    return true;
}

bool share_key(uint16_t group, struct buf *out)
{
    const struct tls_group *g = group_by_id(group);
    unsigned char *data = NULL;
    if (group == X25519_MLKEM768)
        return add_hybrid_key(out);
    if (!g || !g->openssl || !g->tls13 || (g->kind != GROUP_EC && g->kind != GROUP_FFDHE))
        return false;
    CLEANUP(free_key) EVP_PKEY *key = make_key(g);
    size_t n = key ? EVP_PKEY_get1_encoded_public_key(key, &data) : 0;
    if (n)
        buf_add(out, data, n);
    OPENSSL_free(data);
    ERR_clear_error();
    return n > 0;
}

bool share_is_possible(uint16_t group)
{
    CLEANUP(buf_release) struct buf ignored = BUF_INIT;
    return share_key(group, &ignored);
}

uint16_t share_group(const struct ids *groups)
{
    for (size_t i = 0; i < groups->count; i++)
        if (share_is_possible(groups->items[i]))
            return groups->items[i];
    return 0;
}
