/* Are the system's anchors found in its directory and in its file, and nowhere else? */
#include "probe/anchors_system.h"

#include <openssl/x509_vfy.h>
#include <sys/stat.h>

#include "probe/chain.h"
#include "unit/server.h"
#include "unit/unit.h"

struct place {
    EVP_PKEY *key;
    X509 *cert;
    char *bundle, *hashed, *linked;
    char directory[64];
};

static struct place place_make(bool in_directory, bool in_file)
{
    struct place p = {.key = EVP_RSA_gen(2048),
                      .directory = "/tmp/tlsharden-anchors-XXXXXX"};
    p.cert = server_certificate(&(struct server_rules){.age_days = 0}, p.key);
    p.bundle = server_write_ca(p.cert);
    ck_assert_ptr_nonnull(mkdtemp(p.directory));
    p.linked =
        mem_printf("%s/%08lx.0", p.directory,
                   X509_NAME_hash_ex(X509_get_subject_name(p.cert), NULL, NULL, NULL));
    if (in_directory)
        ck_assert_int_eq(symlink(p.bundle, p.linked), 0);
    setenv(X509_get_default_cert_dir_env(), p.directory, 1);
    setenv(X509_get_default_cert_file_env(), in_file ? p.bundle : "/nonexistent", 1);
    return p;
}

static void place_release(struct place *p)
{
    unlink(p->linked);
    rmdir(p->directory);
    unlink(p->bundle);
    free(p->linked);
    free(p->bundle);
    X509_free(p->cert);
    EVP_PKEY_free(p->key);
}

static bool verifies(X509_STORE *anchors, X509 *cert)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    ck_assert_int_eq(X509_STORE_CTX_init(ctx, anchors, cert, NULL), 1);
    bool trusted = X509_verify_cert(ctx) == 1;
    X509_STORE_CTX_free(ctx);
    return trusted;
}

static int count(X509_STORE *anchors)
{
    return sk_X509_OBJECT_num(X509_STORE_get0_objects(anchors));
}

START_TEST(in_the_directory)
{
    CLEANUP(place_release) struct place p = place_make(true, false);
    CLEANUP(anchors_free) X509_STORE *anchors = anchors_of_system();
    ck_assert(verifies(anchors, p.cert));
}
END_TEST

START_TEST(in_the_file_which_is_read_when_needed)
{
    CLEANUP(place_release) struct place p = place_make(false, true);
    CLEANUP(anchors_free) X509_STORE *anchors = anchors_of_system();
    ck_assert(!verifies(anchors, p.cert));
    ck_assert_int_eq(count(anchors), 0);
    ck_assert(anchors_complete(anchors));
    ck_assert(verifies(anchors, p.cert));
    ck_assert(!anchors_complete(anchors));
    ck_assert_int_eq(count(anchors), 1);
}
END_TEST

START_TEST(nowhere)
{
    CLEANUP(place_release) struct place p = place_make(false, false);
    CLEANUP(anchors_free) X509_STORE *anchors = anchors_of_system();
    ck_assert(!anchors_complete(anchors));
    ck_assert(!verifies(anchors, p.cert));
}
END_TEST

START_TEST(others_than_the_system_s_are_left_alone)
{
    CLEANUP(place_release) struct place p = place_make(false, true);
    CLEANUP(anchors_free) X509_STORE *anchors = X509_STORE_new();
    ck_assert(!anchors_complete(anchors));
    ck_assert_int_eq(count(anchors), 0);
}
END_TEST

UNIT_MAIN("anchors_system", in_the_directory, in_the_file_which_is_read_when_needed,
          nowhere, others_than_the_system_s_are_left_alone)
