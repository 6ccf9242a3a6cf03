/*
 * PEM blocks are read by libcrypto, which gives their label, their header and their bytes; what they
 * are is decided by the label, as servers do. A legacy encrypted key says so in its header, one in
 * PKCS #8 by its label, so that no key is ever tried with a password.
 *
 * Ref: RFC 7468
 */
#include "probe/certificate_file.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

/* One block of a PEM file. */
struct block {
    char *label, *header;
    unsigned char *data;
    long len;
};

static void block_release(struct block *b)
{
    OPENSSL_free(b->label);
    OPENSSL_free(b->header);
    OPENSSL_clear_free(b->data, (size_t)b->len);
    *b = (struct block){.label = NULL};
}

static void bio_freep(BIO **bio)
{
    BIO_free(*bio);
}

static void wipe(struct buf *b)
{
    if (b->data)
        OPENSSL_cleanse(b->data, b->cap);
    buf_release(b);
}

void certificate_freep(X509 **cert)
{
    X509_free(*cert);
    *cert = NULL;
}

void certificate_file_forget_keys(struct certificate_file *f)
{
    for (size_t i = 0; f->keys && i < f->key_count; i++)
        EVP_PKEY_free(f->keys[i]);
    free(f->keys);
    f->keys = NULL;
}

void certificate_file_release(struct certificate_file *f)
{
    certificate_file_forget_keys(f);
    for (size_t i = 0; i < f->count; i++)
        X509_free(f->certs[i]);
    free(f->certs);
    *f = (struct certificate_file)CERTIFICATE_FILE_INIT;
}

/* --- blocks ---------------------------------------------------------------------------------- */

static bool is_certificate(const char *label)
{
    return strcmp(label, PEM_STRING_X509) == 0 ||
           strcmp(label, PEM_STRING_X509_OLD) == 0 ||
           strcmp(label, PEM_STRING_X509_TRUSTED) == 0;
}

static bool is_key(const char *label)
{
    static const char word[] = "PRIVATE KEY";
    size_t n = strlen(label), tail = sizeof word - 1;
    return n >= tail && strcmp(label + n - tail, word) == 0;
}

static bool is_encrypted(const struct block *b)
{
    return strcmp(b->label, PEM_STRING_PKCS8) == 0 || strstr(b->header, "ENCRYPTED");
}

static void add_certificate(struct certificate_file *f, const struct block *b)
{
    const unsigned char *p = b->data;
    X509 *cert = d2i_X509(NULL, &p, b->len);
    if (!cert) {
        f->broken = true;
        return;
    }
    MEM_GROW(f->certs, f->count, f->cap);
    f->certs[f->count++] = cert;
}

static void add_key(struct certificate_file *f, const struct block *b)
{
    f->key_late |= f->count > 0 && f->key_count + f->keys_encrypted + f->keys_broken == 0;
    if (is_encrypted(b)) {
        f->keys_encrypted++;
        return;
    }
    const unsigned char *p = b->data;
    EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &p, b->len);
    if (!key) {
        f->keys_broken++;
        return;
    }
    MEM_GROW(f->keys, f->key_count, f->key_cap);
    f->keys[f->key_count++] = key;
}

static void add_block(struct certificate_file *f, const struct block *b)
{
    if (is_certificate(b->label))
        add_certificate(f, b);
    else if (is_key(b->label))
        add_key(f, b);
    else if (strcmp(b->label, PEM_STRING_DHXPARAMS) == 0)
        f->dh_generator = true;
}

static bool next_block(BIO *bio, struct certificate_file *f)
{
    CLEANUP(block_release) struct block b = {.label = NULL};
    if (PEM_read_bio(bio, &b.label, &b.header, &b.data, &b.len) == 1) {
        add_block(f, &b);
        return !f->broken;
    }
    f->broken = ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
    return false;
}

static bool is_der(struct bytes text)
{
    const unsigned char *p = (const unsigned char *)text.data;
    CLEANUP(certificate_freep) X509 *cert = d2i_X509(NULL, &p, (long)text.len);
    return cert != NULL;
}

/* Certificates need none; PEM_read_bio_X509 would ask for one if a block said so. */
static int refuse_password(char *buf, int size, int rwflag, void *ctx)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)ctx;
    return -1;
}

static void parse(struct bytes text, struct certificate_file *f)
{
    BIO *bio CLEANUP(bio_freep) = BIO_new_mem_buf(text.data, (int)text.len);
    if (!bio)
        abort(); /* out of memory */
    ERR_set_mark();
    while (next_block(bio, f))
        ;
    if (f->count == 0 && text.len && text.data[0] == '0')
        f->der = is_der(text);
    ERR_pop_to_mark();
}

/* --- files ----------------------------------------------------------------------------------- */

int certificate_file_stat(const struct path_root *root, const char *path,
                          struct stat *ret)
{
    CLEANUP(mem_freep) char *real = path_resolve(root, path);
    if (!real)
        return -1;
    return fstatat(root->fd, real[1] ? real + 1 : ".", ret, AT_SYMLINK_NOFOLLOW);
}

static enum certificate_file_state read_text(const struct path_root *root,
                                             const char *path, size_t limit,
                                             struct buf *text, struct stat *st,
                                             struct err *err)
{
    bool there = certificate_file_stat(root, path, st) == 0;
    if (there && !S_ISREG(st->st_mode))
        return CERTIFICATE_FILE_NOT_REGULAR;
    if (there && (size_t)st->st_size > limit)
        return CERTIFICATE_FILE_TOO_LARGE;
    int rc = path_read(root, path, text, st, NULL, err);
    if (rc != 0)
        return rc < 0 ? CERTIFICATE_FILE_UNREADABLE : CERTIFICATE_FILE_MISSING;
    return CERTIFICATE_FILE_READ;
}

enum certificate_file_state certificate_file_read(const struct path_root *root,
                                                  const char *path, size_t limit,
                                                  struct certificate_file *ret,
                                                  struct err *err)
{
    CLEANUP(wipe) struct buf text = BUF_INIT;
    struct certificate_file f = CERTIFICATE_FILE_INIT;
    enum certificate_file_state state = read_text(root, path, limit, &text, &f.st, err);
    if (state != CERTIFICATE_FILE_READ)
        return state;
    parse(bytes_buf(&text), &f);
    *ret = f;
    return CERTIFICATE_FILE_READ;
}

enum certificate_file_state certificate_file_first(const struct path_root *root,
                                                   const char *path, size_t limit,
                                                   X509 **ret, struct err *err)
{
    CLEANUP(wipe) struct buf text = BUF_INIT;
    struct stat st;
    enum certificate_file_state state = read_text(root, path, limit, &text, &st, err);
    if (state != CERTIFICATE_FILE_READ)
        return state;
    BIO *bio CLEANUP(bio_freep) = BIO_new_mem_buf(text.data, (int)text.len);
    if (!bio)
        abort(); /* out of memory */
    ERR_set_mark();
    *ret = PEM_read_bio_X509(bio, NULL, refuse_password, NULL);
    ERR_pop_to_mark();
    return CERTIFICATE_FILE_READ;
}
