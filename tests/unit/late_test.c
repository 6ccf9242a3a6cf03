/*
 * A server of TLS 1.3 that looks at signature schemes only after its ServerHello, as JSSE does: to whom it cannot sign
 * for it sends an alert under the keys of the handshake (RFC 8446 6.2, 7.1). Everybody else gets libssl.
 */
#include "unit/server.h"

#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "policy/policy.h"
#include "policy/sigscheme.h"
#include "probe/conform.h"
#include "probe/cursor.h"
#include "probe/scan.h"

#define ECDSA  0x0403
#define X25519 0x001d

/* --- its hello ------------------------------------------------------------------------------- */

struct heard {
    struct bytes message, session, schemes, shares; /* of a ClientHello */
};

static bool read_hello(struct bytes record, struct heard *h)
{
    struct cursor c = {.left = record}, inner;
    struct bytes ignored, extensions, one;
    uint16_t type;
    if (!cursor_skip(&c, 5))
        return false;
    h->message = c.left;
    if (!cursor_skip(&c, 4 + 2 + 32) || !cursor_vector(&c, 1, &h->session) ||
        !cursor_vector(&c, 2, &ignored) || !cursor_vector(&c, 1, &ignored) ||
        !cursor_vector(&c, 2, &extensions))
        return false;
    inner = (struct cursor){.left = extensions};
    while (cursor_u16(&inner, &type) && cursor_vector(&inner, 2, &one)) {
        if (type == 13)
            h->schemes = one;
        if (type == 51)
            h->shares = one;
    }
    return true;
}

static bool offers_ecdsa(struct bytes schemes)
{
    for (size_t i = 2; i + 1 < schemes.len; i += 2)
        if ((unsigned char)schemes.data[i] == ECDSA >> 8 &&
            (unsigned char)schemes.data[i + 1] == (ECDSA & 0xff))
            return true;
    return false;
}

/* NULL: none, or not the only one. */
static const unsigned char *x25519_of(struct bytes shares)
{
    static const unsigned char head[] = {0, 36, 0, X25519, 0, 32};
    return shares.len == 38 && memcmp(shares.data, head, sizeof head) == 0
               ? (const unsigned char *)shares.data + sizeof head
               : NULL;
}

/* --- keys, RFC 8446 7.1 ---------------------------------------------------------------------- */

static void extract(const unsigned char *salt, const unsigned char *secret,
                    unsigned char ret[static 32])
{
    ck_assert_ptr_nonnull(HMAC(EVP_sha256(), salt, 32, secret, 32, ret, NULL));
}

/* HKDF-Expand-Label with a context of 32 bytes or none, up to 32 bytes. */
static void expand(const unsigned char *secret, const char *label,
                   const unsigned char *context, size_t size, unsigned char *ret)
{
    CLEANUP(buf_release) struct buf info = BUF_INIT;
    unsigned char out[32];
    buf_addc(&info, 0);
    buf_addc(&info, (char)size);
    buf_addc(&info, (char)(6 + strlen(label)));
    buf_addf(&info, "tls13 %s", label);
    buf_addc(&info, context ? 32 : 0);
    if (context)
        buf_add(&info, context, 32);
    buf_addc(&info, 1);
    ck_assert_ptr_nonnull(
        HMAC(EVP_sha256(), secret, 32, (unsigned char *)info.data, info.len, out, NULL));
    memcpy(ret, out, size);
}

static void agree(const unsigned char *theirs, unsigned char ours[static 32],
                  unsigned char secret[static 32])
{
    size_t n = 32;
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, theirs, 32);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    ck_assert(key && peer && ctx);
    ck_assert_int_eq(EVP_PKEY_get_raw_public_key(key, ours, &n), 1);
    ck_assert_int_eq(EVP_PKEY_derive_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_derive_set_peer(ctx, peer), 1);
    ck_assert_int_eq(EVP_PKEY_derive(ctx, secret, &n), 1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(key);
}

/* The server's secret for its handshake messages. */
static void schedule(const unsigned char *shared, struct bytes hello, struct bytes answer,
                     unsigned char ret[static 32])
{
    static const unsigned char zero[32];
    CLEANUP(buf_release) struct buf both = BUF_INIT;
    unsigned char early[32], derived[32], handshake[32], nothing[32], transcript[32];
    buf_add(&both, hello.data, hello.len);
    buf_add(&both, answer.data, answer.len);
    SHA256((const unsigned char *)"", 0, nothing);
    SHA256((const unsigned char *)both.data, both.len, transcript);
    extract(zero, zero, early);
    expand(early, "derived", nothing, 32, derived);
    extract(derived, shared, handshake);
    expand(handshake, "s hs traffic", transcript, 32, ret);
}

/* --- its answer ------------------------------------------------------------------------------ */

/* Alert 40 in a record that is encrypted with AES-128-GCM (RFC 8446 5.2). */
static void add_alert(const unsigned char *secret, struct buf *out)
{
    static const unsigned char head[] = {23, 3, 3, 0, 3 + 16}, alert[] = {2, 40, 21};
    unsigned char key[16], iv[12], sealed[3 + 16];
    int n;
    expand(secret, "key", NULL, sizeof key, key);
    expand(secret, "iv", NULL, sizeof iv, iv);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    ck_assert_int_eq(EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, key, iv), 1);
    ck_assert_int_eq(EVP_EncryptUpdate(ctx, NULL, &n, head, sizeof head), 1);
    ck_assert_int_eq(EVP_EncryptUpdate(ctx, sealed, &n, alert, sizeof alert), 1);
    ck_assert_int_eq(EVP_EncryptFinal_ex(ctx, sealed + n, &n), 1);
    ck_assert_int_eq(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, sealed + 3), 1);
    EVP_CIPHER_CTX_free(ctx);
    buf_add(out, head, sizeof head);
    buf_add(out, sealed, sizeof sealed);
}

static void add_hello(const struct heard *h, const unsigned char *share, struct buf *out)
{
    unsigned char random[32];
    RAND_bytes(random, sizeof random);
    buf_add(out, "\x02\x00\x00\x76\x03\x03", 6);
    buf_add(out, random, sizeof random);
    buf_addc(out, 32);
    buf_add(out, h->session.data, 32);
    buf_add(
        out,
        "\x13\x01\x00\x00\x2e\x00\x2b\x00\x02\x03\x04\x00\x33\x00\x24\x00\x1d\x00\x20",
        19);
    buf_add(out, share, 32);
}

/* False: it is not for us to answer. */
static bool answer_late(struct bytes record, int fd)
{
    CLEANUP(buf_release) struct buf hello = BUF_INIT, out = BUF_INIT;
    struct heard h = {.schemes = {.data = NULL}};
    unsigned char ours[32], shared[32], secret[32];
    if (!read_hello(record, &h) || offers_ecdsa(h.schemes) || !x25519_of(h.shares) ||
        h.session.len != 32)
        return false;
    agree(x25519_of(h.shares), ours, shared);
    add_hello(&h, ours, &hello);
    schedule(shared, h.message, bytes_buf(&hello), secret);
    buf_add(&out, "\x16\x03\x03\x00", 4);
    buf_addc(&out, (char)hello.len);
    buf_add(&out, hello.data, hello.len);
    add_alert(secret, &out);
    ck_assert_int_eq(write(fd, out.data, out.len), (ssize_t)out.len);
    shutdown(fd, SHUT_WR);
    while (read(fd, hello.data, hello.len) > 0)
        continue;
    return true;
}

/* The whole of its first record, which stays to be read. */
static struct bytes peek(int fd, char *data, size_t size)
{
    ssize_t n = 0;
    for (int i = 0; i < 2000; i++) {
        n = recv(fd, data, size, MSG_PEEK);
        if (n <= 0 ||
            (n >= 5 && n >= 5 + ((unsigned char)data[3] << 8 | (unsigned char)data[4])))
            break;
        usleep(1000);
    }
    return (struct bytes){.data = data, .len = n > 0 ? (size_t)n : 0};
}

static _Noreturn void late_loop(int listener, SSL_CTX *ctx)
{
    static const struct server_rules rules = {.manner = SERVER_TLS};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        char data[20000];
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            _exit(1);
        if (!answer_late(peek(fd, data, sizeof data), fd)) {
            SSL *ssl = SSL_new(ctx);
            server_tls(&rules, ssl, fd);
            SSL_free(ssl);
        }
        close(fd);
    }
}

static pid_t late_start(struct endpoint *e)
{
    const struct server_rules rules = {
        .min = TLS1_3_VERSION, .key = "EC", .ciphersuites = "TLS_AES_128_GCM_SHA256"};
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = server_certificate(&rules, key);
    SSL_CTX *ctx = server_context(&rules, cert, key);
    int listener = server_listen(&e->port);
    ck_assert_int_eq(SSL_CTX_set1_groups_list(ctx, "X25519"), 1);
    e->address = mem_strdup("127.0.0.1");
    e->service = mem_strdup("tls");
    pid_t pid = fork();
    if (pid == 0)
        late_loop(listener, ctx);
    close(listener);
    SSL_CTX_free(ctx);
    X509_free(cert);
    EVP_PKEY_free(key);
    return pid;
}

static void late_stop(pid_t pid, struct endpoint *e)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    endpoint_release(e);
}

/* --- what is found --------------------------------------------------------------------------- */

START_TEST(scan_is_complete)
{
    CLEANUP(scan_release) struct scan found = SCAN_INIT;
    struct endpoint e = {.address = NULL};
    struct err err = ERR_INIT;
    pid_t pid = late_start(&e);
    ck_assert_int_eq(scan(&e, NULL, &found, &err), 0);
    ck_assert_msg(found.inconclusive.count == 0, "%s",
                  found.inconclusive.count ? found.inconclusive.items[0] : "");
    ck_assert_uint_eq(found.versions[PROTOCOL_TLS1_3].schemes.count, 1);
    ck_assert_uint_eq(found.versions[PROTOCOL_TLS1_3].schemes.items[0], ECDSA);
    ck_assert_uint_eq(found.certificate_count, 1);
    late_stop(pid, &e);
}
END_TEST

/* A policy of TLS 1.3 that allows one scheme; what was found about schemes. */
static const struct conform_item *hold(const struct endpoint *e, const char *scheme,
                                       struct conform *found)
{
    struct policy_suite suite = {.suite = suite_by_name("TLS_AES_128_GCM_SHA256")};
    struct policy_sigscheme allowed = {.scheme = sigscheme_by_name(scheme)};
    struct policy policy = {.protocols = protocol_bit(PROTOCOL_TLS1_3),
                            .suites13 = &suite,
                            .suite13_count = 1,
                            .sigschemes = &allowed,
                            .sigscheme_count = 1};
    const struct conform_rules rules = {.policy = &policy, .deadline_ms = 3000};
    struct err err = ERR_INIT;
    ck_assert_msg(conform(e, &rules, found, &err) == 0, "%s", err.text);
    for (size_t i = 0; i < found->count; i++)
        if (found->items[i].rule == CONFORM_SCHEMES)
            return &found->items[i];
    ck_abort_msg("nothing was found out about schemes");
}

START_TEST(what_conforms_conforms)
{
    CLEANUP(conform_release) struct conform found = CONFORM_INIT;
    struct endpoint e = {.address = NULL};
    pid_t pid = late_start(&e);
    const struct conform_item *item = hold(&e, "ecdsa_secp256r1_sha256", &found);
    ck_assert_msg(item->verdict == CONFORM_YES, "%s", item->found);
    for (size_t i = 0; i < found.count; i++)
        ck_assert_msg(found.items[i].verdict != CONFORM_UNKNOWN, "%s",
                      found.items[i].found);
    late_stop(pid, &e);
}
END_TEST

START_TEST(what_is_forbidden_is_named)
{
    CLEANUP(conform_release) struct conform found = CONFORM_INIT;
    struct endpoint e = {.address = NULL};
    pid_t pid = late_start(&e);
    const struct conform_item *item = hold(&e, "ed25519", &found);
    ck_assert_int_eq(item->verdict, CONFORM_NO);
    ck_assert_str_eq(item->found, "ecdsa_secp256r1_sha256");
    late_stop(pid, &e);
}
END_TEST

UNIT_MAIN("late", scan_is_complete, what_conforms_conforms, what_is_forbidden_is_named)
