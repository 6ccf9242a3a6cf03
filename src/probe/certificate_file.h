/*
 * What a PEM file holds of certificates and private keys, in the order in which it holds them.
 *
 *     CLEANUP(certificate_file_release) struct certificate_file file = CERTIFICATE_FILE_INIT;
 *     if (certificate_file_read(root, path, CERTIFICATE_FILE_LIMIT, &file, &err) != CERTIFICATE_FILE_READ)
 *         ...
 *
 * Nothing asks for a password: an encrypted key is seen by its label and left alone.
 */
#ifndef PROBE_CERTIFICATE_FILE_H
#define PROBE_CERTIFICATE_FILE_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/path.h"

struct certificate_file {
    X509 **certs; /* owned */
    size_t count, cap;
    EVP_PKEY **keys; /* owned; see certificate_file_forget_keys */
    size_t key_count, key_cap;
    size_t keys_encrypted; /* keys that need a password */
    size_t keys_broken;    /* blocks that say PRIVATE KEY and hold none */
    bool key_late;         /* a certificate stands before the first key */
    bool broken;           /* a block cannot be decoded; what follows it was not read */
    bool der;              /* a certificate without PEM around it */
    bool dh_generator;     /* DH parameters in the X9.42 form, which servers refuse */
    struct stat st;
};

#define CERTIFICATE_FILE_INIT                                                            \
    {                                                                                    \
        .certs = NULL                                                                    \
    }

enum certificate_file_state {
    CERTIFICATE_FILE_READ,
    CERTIFICATE_FILE_MISSING,
    CERTIFICATE_FILE_NOT_REGULAR,
    CERTIFICATE_FILE_TOO_LARGE,
    CERTIFICATE_FILE_UNREADABLE, /* err says why */
};

void certificate_file_release(struct certificate_file *f);

/* Reads what is there; `err` is set for CERTIFICATE_FILE_UNREADABLE only, `ret` filled for
 * CERTIFICATE_FILE_READ only. The bytes are wiped before they are released. */
enum certificate_file_state certificate_file_read(const struct path_root *root,
                                                  const char *path, size_t limit,
                                                  struct certificate_file *ret,
                                                  struct err *err) MUST_CHECK;

/* The first certificate alone, which is cheap; owned by the caller (certificate_freep). NULL, with
 * CERTIFICATE_FILE_READ: the file holds none. */
enum certificate_file_state certificate_file_first(const struct path_root *root,
                                                   const char *path, size_t limit,
                                                   X509 **ret,
                                                   struct err *err) MUST_CHECK;

/* Frees (and thereby wipes) the private keys; their number stays. */
void certificate_file_forget_keys(struct certificate_file *f);

/* stat of what a path leads to, links followed within the root. 0 or -1. */
int certificate_file_stat(const struct path_root *root, const char *path,
                          struct stat *ret) MUST_CHECK;

/* For CLEANUP. */
void certificate_freep(X509 **cert);

#endif
