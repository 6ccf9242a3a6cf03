/*
 * Three files are read (two, when key and chain are in one), the leaf is found by its key, the way from
 * the leaf to a root is looked for, and what each of them breaks is listed: a missing chain never hides
 * an encrypted key.
 *
 * Not handled: revocation, and whether a certificate was logged (RFC 6962).
 */
#include "probe/certificate.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/visible.h"
#include "policy/group.h"
#include "probe/certificate_file.h"
#include "probe/certificate_path.h"
#include "probe/certificate_reader.h"
#include "probe/certificate_report.h"
#include "probe/certificate_rules.h"

/* What is known while one set of files is checked. */
struct check {
    const struct certificate_files *files;
    const struct certificate_rules *rules;
    struct certificate_report *report;
    struct path_root root;
    struct certificate_file chain, key, ca; /* what was read; key: unless in chain */
    bool one_file;
    int64_t now;
};

static void check_release(struct check *c)
{
    certificate_file_release(&c->chain);
    certificate_file_release(&c->key);
    certificate_file_release(&c->ca);
    path_root_close(&c->root);
}

static struct certificate_file *key_file(struct check *c)
{
    return c->one_file ? &c->chain : &c->key;
}

static const char *key_path(const struct check *c)
{
    return c->one_file ? c->files->chain : c->files->key;
}

static void note(const struct check *c, const char *id, const char *file,
                 const char *remedy, const char *what)
{
    certificate_note(c->report, CERTIFICATE_ERROR, id, file, mem_strdup(remedy), "%s",
                     what);
}

static void warn(const struct check *c, const char *id, const char *file,
                 const char *remedy, const char *what)
{
    certificate_note(c->report, CERTIFICATE_WARNING, id, file, mem_strdup(remedy), "%s",
                     what);
}

/* --- reading --------------------------------------------------------------------------------- */

/* What a file is for, and how its troubles are named. */
struct role {
    const char *missing, *not_regular, *too_large, *unreadable;
    size_t limit;
    const char *put; /* what to do about all of them */
};

static const struct role chain_role = {
    .missing = "certificate/chain-missing",
    .not_regular = "certificate/chain-not-regular",
    .too_large = "certificate/chain-too-large",
    .unreadable = "certificate/chain-unreadable",
    .limit = CERTIFICATE_FILE_LIMIT,
    .put = "put the certificate there, its intermediates behind it (PEM), or name "
           "another file",
};

static const struct role key_role = {
    .missing = "certificate/key-missing",
    .not_regular = "certificate/key-not-regular",
    .too_large = "certificate/key-too-large",
    .unreadable = "certificate/key-unreadable",
    .limit = CERTIFICATE_FILE_LIMIT,
    .put = "put the certificate's private key there (PEM, without a password), or name "
           "another file",
};

static const struct role ca_role = {
    .missing = "certificate/ca-missing",
    .not_regular = "certificate/ca-not-regular",
    .too_large = "certificate/ca-too-large",
    .unreadable = "certificate/ca-unreadable",
    .limit = FILE_LIMIT,
    .put = "put the authority's certificates there (PEM), or name another file: a server "
           "may switch TLS off for want of it",
};

static bool read_file(const struct check *c, const struct role *role, const char *path,
                      struct certificate_file *ret)
{
    struct err err = ERR_INIT;
    switch (certificate_file_read(&c->root, path, role->limit, ret, &err)) {
    case CERTIFICATE_FILE_READ:
        return true;
    case CERTIFICATE_FILE_MISSING:
        note(c, role->missing, path, role->put, "there is no such file");
        return false;
    case CERTIFICATE_FILE_NOT_REGULAR:
        note(c, role->not_regular, path, role->put, "is not a regular file");
        return false;
    case CERTIFICATE_FILE_TOO_LARGE:
        certificate_note(c->report, CERTIFICATE_ERROR, role->too_large, path,
                         mem_strdup(role->put), "is larger than %zu bytes", role->limit);
        return false;
    case CERTIFICATE_FILE_UNREADABLE:
        certificate_note(c->report, CERTIFICATE_ERROR, role->unreadable, path,
                         mem_strdup(role->put), "cannot be read: %s", err.text);
        return false;
    }
    return false;
}

/* --- what the files hold --------------------------------------------------------------------- */

static void check_chain_content(const struct check *c)
{
    const struct certificate_file *f = &c->chain;
    const char *path = c->files->chain;
    if (f->broken)
        note(c, "certificate/chain-broken", path,
             "put it there anew: a PEM block in it is damaged or cut off",
             "holds a certificate that cannot be decoded");
    else if (f->der)
        note(c, "certificate/chain-not-pem", path,
             "convert it: openssl x509 -inform DER -in FILE -out FILE.pem",
             "holds a certificate in DER form, servers want PEM");
    else if (f->count == 0)
        note(c, "certificate/chain-empty", path, chain_role.put,
             f->st.st_size ? "holds no certificate" : "is empty");
    if (f->dh_generator || c->key.dh_generator)
        note(c, "certificate/dh-parameters", f->dh_generator ? path : key_path(c),
             "remove them, or make them without -dsaparam",
             "holds DH parameters in the X9.42 form, which servers refuse");
}

static void check_key_content(struct check *c)
{
    const struct certificate_file *f = key_file(c);
    size_t all = f->key_count + f->keys_encrypted + f->keys_broken;
    const char *path = key_path(c);
    if (f->keys_encrypted)
        note(c, "certificate/key-encrypted", path,
             "take the password off: openssl pkey -in FILE -out NEW (mode 0600)",
             "the private key is encrypted: a server cannot start without somebody who "
             "types its password");
    if (f->keys_broken || (!all && f->broken && !c->one_file))
        note(c, "certificate/key-broken", path, key_role.put,
             "holds a private key that cannot be decoded");
    else if (!all && !(c->one_file && f->broken))
        note(c, "certificate/key-empty", path, key_role.put,
             f->st.st_size ? "holds no private key" : "is empty");
    if (all > 1)
        certificate_note(c->report, CERTIFICATE_WARNING, "certificate/key-several", path,
                         mem_strdup("keep the one that belongs to the certificate"),
                         "holds %zu private keys; most servers take the first", all);
    if (c->files->key_first && c->one_file && f->key_late)
        note(c, "certificate/key-not-first", path,
             "put the private key before the certificates",
             "the private key stands behind a certificate");
    if (all && f->st.st_mode & 007)
        certificate_note(c->report, CERTIFICATE_WARNING, "certificate/key-exposed", path,
                         mem_strdup("chmod o= on it, and on copies"),
                         "holds a private key and is open to every user (mode %04o)",
                         f->st.st_mode & 07777);
}

static void check_ca(struct check *c)
{
    const char *path = c->files->ca;
    if (!path || !*path || !read_file(c, &ca_role, path, &c->ca))
        return;
    if (c->ca.broken)
        note(c, "certificate/ca-broken", path, ca_role.put,
             "holds a certificate that cannot be decoded");
    else if (c->ca.count == 0)
        note(c, "certificate/ca-empty", path, ca_role.put,
             c->ca.st.st_size ? "holds no certificate in PEM form" : "is empty");
}

/* --- the leaf -------------------------------------------------------------------------------- */

/* The first, or for a server that looks for it the first that is no authority's. */
static X509 *likely_leaf(const struct check *c)
{
    for (size_t i = 0; c->files->any_order && i < c->chain.count; i++)
        if (X509_check_ca(c->chain.certs[i]) != 1)
            return c->chain.certs[i];
    return c->chain.certs[0];
}

static size_t matching(const struct check *c, const EVP_PKEY *key)
{
    size_t i = 0;
    while (i < c->chain.count) {
        const EVP_PKEY *own = X509_get0_pubkey(c->chain.certs[i]);
        if (own && EVP_PKEY_eq(own, key) == 1)
            return i;
        i++;
    }
    return i;
}

static void note_mismatch(struct check *c, X509 *leaf)
{
    CLEANUP(mem_freep) char *name = certificate_name_text(X509_get_subject_name(leaf));
    certificate_note(c->report, CERTIFICATE_ERROR, "certificate/key-mismatch",
                     key_path(c),
                     mem_strdup("give the key that it was issued for; compare: openssl "
                                "pkey -pubout -in KEY, openssl x509 -noout -pubkey -in "
                                "CHAIN"),
                     "the private key does not belong to the certificate in %s ('%s')",
                     c->files->chain, name);
}

/* The leaf: whose key it is. The key is not needed any more then. */
static X509 *find_leaf(struct check *c)
{
    struct certificate_file *keys = key_file(c);
    X509 *leaf = likely_leaf(c);
    size_t at = keys->key_count ? matching(c, keys->keys[0]) : 0;
    if (keys->key_count && at == c->chain.count && X509_get0_pubkey(leaf))
        note_mismatch(c, leaf);
    else if (keys->key_count && at < c->chain.count)
        leaf = c->chain.certs[at];
    if (at > 0 && at < c->chain.count && !c->files->any_order)
        note(c, "certificate/leaf-not-first", c->files->chain,
             "put the server's own certificate first, then its intermediates",
             "the first certificate is not the server's");
    return leaf;
}

/* --- the way to a root ----------------------------------------------------------------------- */

/* The certificates of the file follow one another as they were issued. */
static bool in_order(const struct check *c, const struct certificate_path *p)
{
    size_t last = 0;
    for (size_t i = 0; i < p->count; i++) {
        size_t at = last;
        if (p->links[i].origin != CERTIFICATE_FROM_CHAIN)
            continue;
        while (at < c->chain.count && X509_cmp(c->chain.certs[at], p->links[i].cert) != 0)
            at++;
        if (at == c->chain.count)
            return false;
        last = at;
    }
    return true;
}

static void note_incomplete(const struct check *c, X509 *last, bool only_leaf)
{
    CLEANUP(mem_freep) char *issuer = certificate_name_text(X509_get_issuer_name(last));
    if (only_leaf)
        certificate_note(
            c->report, CERTIFICATE_ERROR, "certificate/chain-incomplete", c->files->chain,
            mem_strdup("append the issuer's certificate to the file, or name a CA file "
                       "that holds it"),
            "the certificate's issuer ('%s') is neither in the file nor known to this "
            "host: clients will not trust it",
            issuer);
    else
        certificate_note(
            c->report, CERTIFICATE_WARNING, "certificate/root-unknown", c->files->chain,
            mem_strdup("make sure that clients have that authority; name it "
                       "in a CA file, and this is settled"),
            "the chain leads to '%s', which this host does not know", issuer);
}

static void check_end(const struct check *c, const struct certificate_path *p)
{
    X509 *last = p->links[p->count - 1].cert;
    bool root = certificate_is_root(last);
    CLEANUP(mem_freep) char *name = certificate_name_text(X509_get_subject_name(last));
    if (p->count == 1 && root)
        warn(c, "certificate/self-signed", c->files->chain,
             "have one issued by an authority that clients trust",
             "the certificate is signed by itself: clients will not trust it");
    else if (!p->trusted && root)
        certificate_note(c->report, CERTIFICATE_WARNING, "certificate/untrusted-root",
                         c->files->chain,
                         mem_strdup("make sure that clients have that authority; name it "
                                    "in a CA file, and this is settled"),
                         "the chain ends at '%s', which this host does not trust", name);
    else if (!p->trusted)
        note_incomplete(c, last, p->count == 1);
}

/* A server that finds its leaf anywhere takes nothing from the CA file for its chain. */
static void check_unsent(const struct check *c, const struct certificate_path *p)
{
    for (size_t i = 1; c->files->any_order && i < p->count; i++) {
        X509 *cert = p->links[i].cert;
        CLEANUP(mem_freep)
        char *name = certificate_name_text(X509_get_subject_name(cert));
        if (p->links[i].origin != CERTIFICATE_FROM_CA || certificate_is_root(cert))
            continue;
        certificate_note(c->report, CERTIFICATE_ERROR, "certificate/chain-incomplete",
                         c->files->chain, mem_strdup("append it to the file"),
                         "the intermediate certificate '%s' is in the CA file only, from "
                         "which this server sends nothing",
                         name);
        return;
    }
}

static void check_path(const struct check *c, X509 *leaf)
{
    CLEANUP(certificate_path_release)
    struct certificate_path path = CERTIFICATE_PATH_INIT;
    const struct certificate_sources from = {
        .root = &c->root, .chain = &c->chain, .ca = &c->ca, .now = c->now};
    certificate_path_find(&from, leaf, &path);
    check_end(c, &path);
    check_unsent(c, &path);
    if (!c->files->any_order && !in_order(c, &path))
        warn(c, "certificate/chain-order", c->files->chain,
             "put each certificate before the one that issued it",
             "the certificates are not in the order of the chain, which some clients "
             "need");
    for (size_t i = 1; i < path.count; i++) {
        const struct certificate_link *link = &path.links[i];
        const struct certificate_case one = {
            .rules = c->rules,
            .report = c->report,
            .file = link->origin == CERTIFICATE_FROM_CA ? c->files->ca : c->files->chain,
            .now = c->now,
        };
        if (certificate_is_root(link->cert))
            certificate_judge_root(&one, link->cert);
        else if (link->origin != CERTIFICATE_FROM_STORE)
            certificate_judge_intermediate(&one, link->cert);
    }
}

/* --- who may read ---------------------------------------------------------------------------- */

static void check_reader(const struct check *c, const char *id, const char *path)
{
    CLEANUP(certificate_obstacle_release)
    struct certificate_obstacle found = {.what = NULL};
    if (c->rules->reader &&
        !certificate_reader_may(&c->root, path, c->rules->reader, &found))
        certificate_note(c->report, CERTIFICATE_ERROR, id, path, TAKE_PTR(found.remedy),
                         "%s", found.what);
}

/* --- all of it ------------------------------------------------------------------------------- */

static void check_files(struct check *c)
{
    bool chain = read_file(c, &chain_role, c->files->chain, &c->chain);
    bool key = c->one_file ? chain : read_file(c, &key_role, c->files->key, &c->key);
    if (chain) {
        check_chain_content(c);
        check_reader(c, "certificate/chain-reader", c->files->chain);
    }
    if (key)
        check_key_content(c);
    if (key && !c->one_file)
        check_reader(c, "certificate/key-reader", c->files->key);
    check_ca(c);
    X509 *leaf = c->chain.count ? find_leaf(c) : NULL;
    certificate_file_forget_keys(&c->chain);
    certificate_file_forget_keys(&c->key);
    if (!leaf)
        return;
    const struct certificate_case one = {
        .rules = c->rules, .report = c->report, .file = c->files->chain, .now = c->now};
    certificate_judge_leaf(&one, leaf);
    check_path(c, leaf);
}

void certificate_check(const struct certificate_files *files,
                       const struct certificate_rules *rules,
                       struct certificate_report *report)
{
    struct err err = ERR_INIT;
    CLEANUP(check_release)
    struct check c = {.files = files,
                      .rules = rules,
                      .report = report,
                      .root = {.fd = -1},
                      .now = rules->now ? rules->now : (int64_t)time(NULL)};
    c.one_file = !files->key || !*files->key || strcmp(files->key, files->chain) == 0;
    if (path_root_open(files->root ? files->root : "/", &c.root, &err) < 0) {
        note(&c, chain_role.unreadable, files->chain, chain_role.put, err.text);
        return;
    }
    ERR_set_mark();
    check_files(&c);
    ERR_pop_to_mark();
}

/* --- looking things up ----------------------------------------------------------------------- */

/* The first certificate of a file; owned by the caller (certificate_freep). */
static X509 *first_certificate(const char *root_name, const char *path, struct err *err)
{
    CLEANUP(path_root_close) struct path_root root = {.fd = -1};
    X509 *cert = NULL;
    if (path_root_open(root_name ? root_name : "/", &root, err) < 0)
        return NULL;
    switch (certificate_file_first(&root, path, CERTIFICATE_FILE_LIMIT, &cert, err)) {
    case CERTIFICATE_FILE_READ:
        break;
    case CERTIFICATE_FILE_MISSING:
        err_set(err, ERR_SYSTEM, "%s: there is no such file", path);
        return NULL;
    case CERTIFICATE_FILE_NOT_REGULAR:
        err_set(err, ERR_SYSTEM, "%s: not a regular file", path);
        return NULL;
    case CERTIFICATE_FILE_TOO_LARGE:
        err_set(err, ERR_SYSTEM, "%s: too large for a certificate", path);
        return NULL;
    case CERTIFICATE_FILE_UNREADABLE:
        return NULL;
    }
    if (!cert)
        err_set(err, ERR_INPUT, "%s: holds no certificate", path);
    return cert;
}

int certificate_has_responder(const char *root, const char *path, bool *ret,
                              struct err *err)
{
    CLEANUP(certificate_freep) X509 *cert = first_certificate(root, path, err);
    if (!cert)
        return -1;
    STACK_OF(OPENSSL_STRING) *responders = X509_get1_ocsp(cert);
    *ret = sk_OPENSSL_STRING_num(responders) > 0;
    X509_email_free(responders);
    return 0;
}

/* Owned; NULL: it has none that TLS knows. */
static char *curve_of(const EVP_PKEY *key)
{
    char name[80];
    size_t len = 0;
    const struct tls_group *group =
        EVP_PKEY_is_a(key, "EC") &&
                EVP_PKEY_get_group_name(key, name, sizeof name, &len) == 1
            ? group_by_any(name)
            : NULL;
    return group ? mem_strdup(group->name) : NULL;
}

int certificate_key_type(const char *root, const char *path, char **ret, char **ret_curve,
                         struct err *err)
{
    CLEANUP(certificate_freep) X509 *cert = first_certificate(root, path, err);
    if (!cert)
        return -1;
    const EVP_PKEY *key = X509_get0_pubkey(cert);
    const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;
    if (!type)
        return err_set(err, ERR_INPUT, "%s: the certificate's key is of no known type",
                       path);
    *ret = mem_strdup(type);
    if (ret_curve)
        *ret_curve = curve_of(key);
    return 0;
}
