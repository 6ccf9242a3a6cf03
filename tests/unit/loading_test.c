/*
 * Does the library itself say what it takes, read as the user who will read? What only GnuTLS refuses is measured here:
 * each of these files is one that OpenSSL has made and reads.
 */
#include "unit/certificate_host.h"
#include "unit/unit.h"

#include <openssl/core_names.h>
#include <unistd.h>

#include "base/file.h"
#include "dialect/loading.h"

static struct library gnutls(void)
{
    struct library l;
    struct err err = ERR_INIT;
    ck_assert_msg(dialect_local(DIALECT_GNUTLS, &l, &err) == 0, "%s", err.text);
    return l;
}

/* "taken", "unread", or "PART WHY"; owned. */
static char *verdict_of(const struct host *h, struct loading l)
{
    static const char *const parts[] = {[LOADING_CHAIN] = "chain",
                                        [LOADING_KEY] = "key",
                                        [LOADING_PAIR] = "pair",
                                        [LOADING_CA] = "ca"};
    CLEANUP(loading_verdict_release) struct loading_verdict v = LOADING_VERDICT_INIT;
    CLEANUP(mem_freep) char *chain = file_join(h->root, CHAIN);
    CLEANUP(mem_freep) char *key = file_join(h->root, KEY);
    CLEANUP(mem_freep) char *ca = file_join(h->root, CA);
    struct library library = gnutls();
    struct err err = ERR_INIT;
    l.chain = chain;
    l.key = l.key ? key : NULL;
    l.ca = l.ca ? ca : NULL;
    int rc = loading_try(&library, &l, &v, &err);
    ck_assert_msg(rc >= 0, "%s", err.text);
    if (rc == 1)
        return mem_strdup("unread");
    return v.refused ? mem_printf("%s %s", parts[v.refused], v.why) : mem_strdup("taken");
}

#define BOTH                                                                             \
    (struct loading)                                                                     \
    {                                                                                    \
        .key = KEY                                                                       \
    }

#define VERDICT(h, loading, text)                                                        \
    do {                                                                                 \
        CLEANUP(mem_freep) char *verdict_ = verdict_of(&(h), loading);                   \
        ck_assert_str_eq(verdict_, text);                                                \
    } while (0)

static void make_leaf(struct host *h, const char *curve)
{
    struct maker m = good;
    m.curve = curve;
    host_make_leaf(h, &m);
}

START_TEST(usual_keys_are_taken)
{
    static const char *const kinds[] = {"P-256", "P-384", "RSA:2048", "ED25519"};
    HOST(h);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        make_leaf(&h, kinds[i]);
        VERDICT(h, BOTH, "taken");
    }
}
END_TEST

START_TEST(a_key_on_a_curve_that_it_does_not_know)
{
    static const char *const curves[] = {"secp256k1", "brainpoolP256r1"};
    HOST(h);
    for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
        make_leaf(&h, curves[i]);
        VERDICT(h, BOTH, "key ASN1 parser: Element was not found");
    }
}
END_TEST

START_TEST(a_key_whose_point_is_compressed)
{
    HOST(h);
    ck_assert_int_eq(
        EVP_PKEY_set_utf8_string_param(
            h.leaf.key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"),
        1);
    put_key(h.root, KEY, &h.leaf);
    EXPECT(&h, ""); /* OpenSSL has nothing against it */
    VERDICT(h, BOTH, "key Error in parsing");
}
END_TEST

START_TEST(an_encrypted_key)
{
    HOST(h);
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    add_key(&text, &h.leaf, "secret", false);
    tree_write(h.root, KEY, buf_str(&text), 0600);
    VERDICT(h, BOTH, "key The requested data were not available");
}
END_TEST

START_TEST(a_certificate_with_openssl_s_own_label)
{
    HOST(h);
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    PEM_write_bio_X509_AUX(bio, h.leaf.cert);
    size_t n = (size_t)BIO_get_mem_data(bio, &text);
    CLEANUP(mem_freep) char *copy = mem_strndup(text, n);
    BIO_free(bio);
    tree_write(h.root, CHAIN, copy, 0644);
    VERDICT(h, BOTH, "chain No certificate was found");
}
END_TEST

START_TEST(a_key_of_another_certificate)
{
    HOST(h);
    put_key(h.root, KEY, &h.middle);
    VERDICT(h, BOTH, "pair The certificate and the given key do not match");
}
END_TEST

START_TEST(the_order_of_the_chain)
{
    HOST(h);
    PUT(h.root, CHAIN, &h.middle, &h.leaf);
    VERDICT(h, BOTH, "pair The certificate and the given key do not match");
    VERDICT(h, ((struct loading){.key = KEY, .any_order = true}), "taken");
    PUT(h.root, CHAIN, &h.leaf, &h.top, &h.middle); /* GnuTLS sorts what follows */
    VERDICT(h, BOTH, "taken");
}
END_TEST

START_TEST(both_in_one_file)
{
    HOST(h);
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    add_certificate(&text, &h.leaf);
    VERDICT(h, ((struct loading){.key = NULL}),
            "key The requested data were not available");
    add_key(&text, &h.leaf, NULL, false);
    tree_write(h.root, CHAIN, buf_str(&text), 0600);
    VERDICT(h, ((struct loading){.key = NULL}), "taken");
}
END_TEST

START_TEST(authorities)
{
    const struct loading all = {.key = KEY, .ca = CA};
    HOST(h);
    PUT(h.root, CA, &h.top);
    VERDICT(h, all, "taken");
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    add_certificate(&text, &h.top);
    add_certificate(&text, &h.middle);
    text.data[text.len - 60] = '\0'; /* cut off */
    tree_write(h.root, CA, text.data, 0644);
    VERDICT(h, all, "ca Base64 unexpected header error");
}
END_TEST

/* As root: the files are read by the user, and by nobody else. */
START_TEST(they_are_read_by_their_reader)
{
    HOST(h);
    gid_t group = geteuid() == 0 ? 4712 : getegid();
    struct user reader = {.name = NULL, .uid = 4711, .gid = group};
    CLEANUP(mem_freep) char *key = file_join(h.root, KEY);
    const struct loading as_reader = {.key = KEY, .reader = &reader};
    ck_assert_int_eq(chmod(h.root, 0711), 0);
    VERDICT(h, as_reader, geteuid() == 0 ? "unread" : "taken");
    ck_assert_int_eq(chown(key, (uid_t)-1, group), 0);
    ck_assert_int_eq(chmod(key, 0640), 0);
    VERDICT(h, as_reader, "taken");
    ck_assert_int_eq(unlink(key), 0);
    VERDICT(h, as_reader, "unread");
}
END_TEST

START_TEST(who_cannot_be_asked)
{
    CLEANUP(loading_verdict_release) struct loading_verdict v = LOADING_VERDICT_INIT;
    const struct loading l = {.chain = "/none"};
    struct library library = gnutls();
    struct err err = ERR_INIT;
    library.path = NULL; /* a tree's */
    ck_assert_int_eq(loading_try(&library, &l, &v, &err), 1);
    library.path = "/none/libgnutls.so.30";
    ck_assert_int_eq(loading_try(&library, &l, &v, &err), -1);
    ck_assert_str_eq(err.text, "'/none/libgnutls.so.30' can't be loaded as GnuTLS");
}
END_TEST

UNIT_MAIN("loading", usual_keys_are_taken, a_key_on_a_curve_that_it_does_not_know,
          a_key_whose_point_is_compressed, an_encrypted_key,
          a_certificate_with_openssl_s_own_label, a_key_of_another_certificate,
          the_order_of_the_chain, both_in_one_file, authorities,
          they_are_read_by_their_reader, who_cannot_be_asked)
