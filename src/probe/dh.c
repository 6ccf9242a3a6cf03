/*
 * Read by libcrypto. The X9.42 form ("dhparam -dsaparam" writes it) loads there, and is refused by
 * servers: Apache does not start, slapd answers with an error, Courier's DHE suites fail. Ref: PKCS #3
 */
#include "probe/dh.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/buf.h"

static void bio_freep(BIO **bio)
{
    BIO_free(*bio);
}

static void pkey_freep(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static char *judge(EVP_PKEY *parameters, unsigned min_bits)
{
    int kind = parameters ? EVP_PKEY_get_base_id(parameters) : EVP_PKEY_NONE;
    int bits = parameters ? EVP_PKEY_get_bits(parameters) : 0;
    if (kind == EVP_PKEY_DHX)
        return mem_strdup("holds DH parameters in the X9.42 form, which servers refuse");
    if (kind != EVP_PKEY_DH)
        return mem_strdup("holds no DH parameters");
    if (bits < 0 || (unsigned)bits < min_bits)
        return mem_printf("holds DH parameters of %d bits; the profile asks for %u", bits,
                          min_bits);
    return NULL;
}

char *dh_problem(const struct path_root *root, const char *path, unsigned min_bits)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    struct err err = ERR_INIT;
    int rc = path_read(root, path, &text, NULL, NULL, &err);
    if (rc != 0)
        return mem_strdup(rc < 0 ? err.text : "there is no such file");
    CLEANUP(bio_freep) BIO *bio = BIO_new_mem_buf(buf_str(&text), (int)text.len);
    CLEANUP(pkey_freep) EVP_PKEY *parameters = PEM_read_bio_Parameters(bio, NULL);
    return judge(parameters, min_bits);
}
