/*
 * Scans of servers whose truth is known from their configuration: of libssl ones, alone and behind
 * a proxy that resets each k-th connection, and of scripted ones for what libssl cannot speak.
 */
#include "unit/server.h"

#include <poll.h>

#include "probe/cursor.h"
#include "probe/offer.h"
#include "probe/scan.h"

struct setup {
    struct server_rules rules;
    bool two_keys;         /* RSA and ECDSA */
    bool preference;       /* the server's order */
    const char *groups;    /* OpenSSL syntax; NULL: libssl's */
    const char *schemes;   /* the same */
    unsigned resets_every; /* a proxy resets each k-th connection; 0: no proxy */
};

struct truth {
    struct ids suites[PROTOCOL_COUNT]; /* in the server's order */
};

struct site {
    struct server server;
    pid_t proxy;
    struct truth truth;
};

/* --- servers --------------------------------------------------------------------------------- */

static void add_key(SSL_CTX *ctx, const struct server_rules *r, EVP_PKEY *key)
{
    X509 *cert = server_certificate(r, key);
    ck_assert_int_eq(SSL_CTX_use_certificate(ctx, cert), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey(ctx, key), 1);
    X509_free(cert);
}

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *outlen,
                       const unsigned char *in, unsigned inlen, void *arg)
{
    (void)ssl, (void)arg, (void)inlen;
    *out = in + 1;
    *outlen = in[0];
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *context_of(const struct setup *u)
{
    bool ec = u->rules.key && strcmp(u->rules.key, "EC") == 0;
    EVP_PKEY *key = ec ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
    X509 *cert = server_certificate(&u->rules, key);
    SSL_CTX *ctx = server_context(&u->rules, cert, key);
    X509_free(cert);
    EVP_PKEY_free(key);
    if (u->two_keys) {
        EVP_PKEY *more = ec ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
        add_key(ctx, &u->rules, more);
        EVP_PKEY_free(more);
    }
    if (u->preference)
        SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, NULL);
    ck_assert(!u->groups || SSL_CTX_set1_groups_list(ctx, u->groups) == 1);
    ck_assert(!u->schemes || SSL_CTX_set1_sigalgs_list(ctx, u->schemes) == 1);
    return ctx;
}

/* What needs a key or secret that the server has not is not in its truth. */
static bool can_serve(const struct setup *u, const char *name)
{
    bool ec = u->rules.key && strcmp(u->rules.key, "EC") == 0;
    bool ecdsa = strstr(name, "_ECDSA_") != NULL,
         anonymous = strstr(name, "_anon_") != NULL;
    if (strstr(name, "_PSK_") || strstr(name, "_SRP_") || strstr(name, "_DSS_"))
        return false;
    return anonymous || u->two_keys || ecdsa == ec;
}

static void learn_truth(const struct setup *u, SSL_CTX *ctx, struct truth *ret)
{
    unsigned min = u->rules.min ? (unsigned)u->rules.min : TLS1_VERSION;
    unsigned max = u->rules.max ? (unsigned)u->rules.max : TLS1_3_VERSION;
    STACK_OF(SSL_CIPHER) *all = SSL_CTX_get_ciphers(ctx);
    for (unsigned v = PROTOCOL_TLS1; v <= PROTOCOL_TLS1_3; v++) {
        unsigned wire = protocol_info((enum protocol)v)->wire;
        for (int i = 0; wire >= min && wire <= max && i < sk_SSL_CIPHER_num(all); i++) {
            const SSL_CIPHER *c = sk_SSL_CIPHER_value(all, i);
            const char *since = SSL_CIPHER_get_version(c);
            const char *name = SSL_CIPHER_standard_name(c);
            bool tls13 = strcmp(since, "TLSv1.3") == 0;
            bool tls12 = strcmp(since, "TLSv1.2") == 0;
            if (tls13 == (v == PROTOCOL_TLS1_3) && (!tls12 || v == PROTOCOL_TLS1_2) &&
                (tls13 || can_serve(u, name)))
                ids_add(&ret->suites[v], (uint16_t)SSL_CIPHER_get_protocol_id(c));
        }
    }
}

/* --- the proxy ------------------------------------------------------------------------------- */

static void pump(int client, int server)
{
    struct pollfd p[2] = {{.fd = client, .events = POLLIN},
                          {.fd = server, .events = POLLIN}};
    char data[16384];
    while (poll(p, 2, 20000) > 0)
        for (int i = 0; i < 2; i++) {
            ssize_t n = p[i].revents ? read(p[i].fd, data, sizeof data) : 1;
            if (n <= 0)
                return;
            if (p[i].revents && write(p[1 - i].fd, data, (size_t)n) != n)
                return;
        }
}

static int connect_back(unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
        _exit(1);
    return fd;
}

static _Noreturn void proxy_loop(int listener, unsigned port, unsigned every)
{
    struct linger now = {.l_onoff = 1};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    for (unsigned n = 1;; n++) {
        char data[16384];
        int client = accept(listener, NULL, NULL);
        if (client < 0)
            _exit(1);
        if (n % every == 0) {
            if (read(client, data, sizeof data) < 0)
                _exit(1);
            setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        } else {
            int server = connect_back(port);
            pump(client, server);
            close(server);
        }
        close(client);
    }
}

static struct site site_start(const struct setup *u)
{
    struct site site = {
        .server = {.endpoint = {.service = mem_strdup("web"),
                                .role = mem_strdup("https"),
                                .address = mem_strdup("127.0.0.1"),
                                .name = mem_strdup("mail.example.test"),
                                .starttls = mem_strdup(u->rules.starttls)}}};
    SSL_CTX *ctx = context_of(u);
    learn_truth(u, ctx, &site.truth);
    site.server.connections = mmap(NULL, sizeof(unsigned), PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int listener = server_listen(&site.server.endpoint.port);
    site.server.pid = fork();
    if (site.server.pid == 0)
        server_loop(&u->rules, ctx, listener, site.server.connections);
    close(listener);
    SSL_CTX_free(ctx);
    if (u->resets_every == 0)
        return site;
    unsigned port = site.server.endpoint.port;
    listener = server_listen(&site.server.endpoint.port);
    site.proxy = fork();
    if (site.proxy == 0)
        proxy_loop(listener, port, u->resets_every);
    close(listener);
    return site;
}

static void stop(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void site_stop(struct site *site)
{
    stop(site->server.pid);
    if (site->proxy)
        stop(site->proxy);
    munmap(site->server.connections, sizeof(unsigned));
    endpoint_release(&site->server.endpoint);
}

/* --- what is expected ------------------------------------------------------------------------ */

static void scan_it(const struct endpoint *e, struct scan *found)
{
    struct err err = ERR_INIT;
    struct scan_options options = {.deadline_ms = 3000, .alpn = true};
    ck_assert_msg(scan(e, &options, found, &err) == 0, "%s", err.text);
}

static void show_inconclusive(const struct scan *found)
{
    for (size_t i = 0; i < found->inconclusive.count; i++)
        fprintf(stderr, "# inconclusive: %s\n", found->inconclusive.items[i]);
}

static void same_suites(const struct ids *got, const struct ids *want, bool in_order)
{
    char space[OFFER_NAME_SPACE];
    for (size_t i = 0; i < want->count; i++)
        ck_assert_msg(ids_has(got, want->items[i]), "%s is missing",
                      offer_suite_name(want->items[i], space));
    for (size_t i = 0; i < got->count; i++)
        ck_assert_msg(ids_has(want, got->items[i]), "%s is not served",
                      offer_suite_name(got->items[i], space));
    for (size_t i = 0; i < want->count && in_order; i++)
        ck_assert_msg(got->items[i] == want->items[i], "%zu is not %s", i,
                      offer_suite_name(want->items[i], space));
}

/* Exactly the truth, nothing left open. */
static void is_truth(const struct scan *found, const struct truth *truth, bool preference)
{
    show_inconclusive(found);
    ck_assert_uint_eq(found->inconclusive.count, 0);
    for (unsigned v = 0; v < PROTOCOL_COUNT; v++) {
        const struct scan_version *got = &found->versions[v];
        const struct ids *want = &truth->suites[v];
        ck_assert_int_eq(got->supported, want->count ? SCAN_YES : SCAN_NO);
        same_suites(&got->suites, want, preference && v != PROTOCOL_TLS1_3);
        if (want->count > 1)
            ck_assert_int_eq(got->order,
                             preference ? SCAN_ORDER_SERVER : SCAN_ORDER_CLIENT);
    }
}

static void same_ids(const struct ids *got, const uint16_t *want, size_t count)
{
    ck_assert_uint_eq(got->count, count);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(ids_has(got, want[i]), "0x%04x is missing", want[i]);
}

#define IDS_ARE(got, ...)                                                                \
    same_ids(&(got), (const uint16_t[]){__VA_ARGS__},                                    \
             sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t))

#define ONE_KEY                                                                          \
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:"                           \
    "ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256:"                             \
    "DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305:@SECLEVEL=0"
#define TWO_KEYS                                                                         \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                         \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                         \
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"                         \
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:AES128-SHA:@SECLEVEL=0"
#define THREE_GROUPS "X25519:P-256:P-384"

/* --- alone ----------------------------------------------------------------------------------- */

START_TEST(typical)
{
    for (int preference = 0; preference <= 1; preference++) {
        CLEANUP(scan_release) struct scan found = SCAN_INIT;
        struct setup u = {.rules = {.min = TLS1_2_VERSION, .ciphers = ONE_KEY},
                          .preference = preference,
                          .groups = THREE_GROUPS};
        struct site site = site_start(&u);
        scan_it(&site.server.endpoint, &found);
        is_truth(&found, &site.truth, preference);
        IDS_ARE(found.versions[PROTOCOL_TLS1_3].groups, 0x001d, 0x0017, 0x0018);
        IDS_ARE(found.versions[PROTOCOL_TLS1_2].groups, 0x001d, 0x0017, 0x0018);
        IDS_ARE(found.dh_bits, 2048);
        ck_assert_uint_eq(found.certificate_count, 1);
        ck_assert_str_eq(found.certificates[0].key_type, "RSA");
        ck_assert(found.certificates[0].name_matches);
        ck_assert_str_eq(found.alpn, "h2");
        ck_assert_int_eq(found.facts[SCAN_FALLBACK_SCSV], SCAN_YES);
        ck_assert_int_eq(found.facts[SCAN_RENEGOTIATION], SCAN_YES);
        ck_assert_int_eq(found.facts[SCAN_EXTENDED_MASTER], SCAN_YES);
        ck_assert_int_eq(found.facts[SCAN_TICKETS], SCAN_YES);
        ck_assert_int_eq(found.facts[SCAN_COMPRESSION], SCAN_NO);
        ck_assert_int_eq(found.facts[SCAN_STAPLE], SCAN_NO);
        ck_assert_int_eq(found.facts[SCAN_ENCRYPT_THEN_MAC], SCAN_UNKNOWN);
        ck_assert_uint_eq(found.connections, *site.server.connections);
        ck_assert_uint_le(found.connections, 20);
        site_stop(&site);
    }
}
END_TEST

START_TEST(tls12_only)
{
    CLEANUP(scan_release) struct scan found = SCAN_INIT;
    struct setup u = {.rules = {.min = TLS1_2_VERSION,
                                .max = TLS1_2_VERSION,
                                .ciphers = "ALL:@SECLEVEL=0",
                                .staple = true,
                                .no_ticket = true,
                                .wants_certificate = true},
                      .preference = true};
    struct site site = site_start(&u);
    scan_it(&site.server.endpoint, &found);
    is_truth(&found, &site.truth, true);
    IDS_ARE(found.versions[PROTOCOL_TLS1_2].groups, 0x001d, 0x0017, 0x0018, 0x0019,
            0x001e);
    ck_assert_int_eq(found.facts[SCAN_STAPLE], SCAN_YES);
    ck_assert_int_eq(found.facts[SCAN_TICKETS], SCAN_NO);
    ck_assert_int_eq(found.facts[SCAN_CERTIFICATE_REQUEST], SCAN_YES);
    ck_assert_int_eq(found.facts[SCAN_ENCRYPT_THEN_MAC], SCAN_YES);
    ck_assert_int_eq(found.facts[SCAN_FALLBACK_SCSV], SCAN_UNKNOWN);
    site_stop(&site);
}
END_TEST

START_TEST(tls13_only)
{
    CLEANUP(scan_release) struct scan found = SCAN_INIT;
    struct setup u = {.rules = {.min = TLS1_3_VERSION,
                                .key = "EC",
                                .ciphersuites =
                                    "TLS_AES_128_CCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                    "TLS_AES_128_CCM_8_SHA256:TLS_AES_128_GCM_SHA256:"
                                    "TLS_CHACHA20_POLY1305_SHA256"},
                      .groups = "P-521:ffdhe3072"};
    struct site site = site_start(&u);
    scan_it(&site.server.endpoint, &found);
    is_truth(&found, &site.truth, false);
    ck_assert_uint_eq(found.versions[PROTOCOL_TLS1_3].suites.count, 5);
    IDS_ARE(found.versions[PROTOCOL_TLS1_3].groups, 0x0019, 0x0101);
    ck_assert_uint_eq(found.certificate_count, 1);
    ck_assert_str_eq(found.certificates[0].curve, "prime256v1");
    IDS_ARE(found.versions[PROTOCOL_TLS1_3].schemes, 0x0403);
    ck_assert_int_eq(found.facts[SCAN_TICKETS], SCAN_YES);
    ck_assert_int_eq(found.facts[SCAN_STAPLE], SCAN_NO);
    ck_assert_int_eq(found.facts[SCAN_COMPRESSION], SCAN_UNKNOWN);
    site_stop(&site);
}
END_TEST

static bool has_key_type(const struct scan *found, const char *type)
{
    for (size_t i = 0; i < found->certificate_count; i++)
        if (strcmp(found->certificates[i].key_type, type) == 0)
            return true;
    return false;
}

/* What TLS 1.3 signs with, and both certificates: with alerts, with closes, and with connections that
 * are dropped. */
START_TEST(tls13_signatures)
{
    static const struct {
        enum server_refusal refusal;
        unsigned resets_every;
    } cases[] = {{REFUSE_BY_ALERT, 0},
                 {REFUSE_BY_CLOSING, 0},
                 {REFUSE_BY_ALERT, 2},
                 {REFUSE_BY_ALERT, 3},
                 {REFUSE_BY_ALERT, 7}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(scan_release) struct scan found = SCAN_INIT;
        struct setup u = {.rules = {.min = TLS1_3_VERSION, .refusal = cases[i].refusal},
                          .two_keys = true,
                          .groups = "P-384:X25519",
                          .schemes = "rsa_pss_rsae_sha512:ECDSA+SHA256:RSA+SHA256:"
                                     "rsa_pss_rsae_sha256:ed25519",
                          .resets_every = cases[i].resets_every};
        struct site site = site_start(&u);
        scan_it(&site.server.endpoint, &found);
        is_truth(&found, &site.truth, false);
        IDS_ARE(found.versions[PROTOCOL_TLS1_3].schemes, 0x0806, 0x0403, 0x0804);
        ck_assert_uint_eq(found.certificate_count, 2);
        ck_assert(has_key_type(&found, "RSA") && has_key_type(&found, "EC"));
        site_stop(&site);
    }
}
END_TEST

START_TEST(all_versions_and_suites)
{
    for (int preference = 0; preference <= 1; preference++) {
        CLEANUP(scan_release) struct scan found = SCAN_INIT;
        struct setup u = {.rules = {.ciphers = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"},
                          .two_keys = true,
                          .preference = preference};
        struct site site = site_start(&u);
        scan_it(&site.server.endpoint, &found);
        is_truth(&found, &site.truth, preference);
        ck_assert_uint_gt(found.versions[PROTOCOL_TLS1_2].suites.count, 60);
        ck_assert_uint_eq(found.certificate_count, 2);
        site_stop(&site);
    }
}
END_TEST

/* Kinds of suites interleaved; then so few signature schemes that riders hide suites for a while. */
START_TEST(order_survives_riders)
{
    static const char *const schemes[] = {NULL, "ECDSA+SHA256:RSA-PSS+SHA256",
                                          "RSA+SHA512:ECDSA+SHA256:RSA+SHA256"};
    static const char *const groups[] = {THREE_GROUPS, "P-256", "P-384:P-256"};
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        CLEANUP(scan_release) struct scan found = SCAN_INIT;
        struct setup u = {.rules = {.min = TLS1_2_VERSION, .ciphers = TWO_KEYS},
                          .two_keys = true,
                          .preference = true,
                          .groups = groups[i],
                          .schemes = schemes[i]};
        struct site site = site_start(&u);
        scan_it(&site.server.endpoint, &found);
        is_truth(&found, &site.truth, true);
        if (i == 1)
            IDS_ARE(found.versions[PROTOCOL_TLS1_2].schemes, 0x0403, 0x0804);
        if (i == 2)
            IDS_ARE(found.versions[PROTOCOL_TLS1_2].schemes, 0x0601, 0x0403, 0x0401);
        site_stop(&site);
    }
}
END_TEST

/* Behind the curve of an ECDSA certificate nothing can be seen in TLS 1.2, and that is said. */
START_TEST(only_ecdsa)
{
    CLEANUP(scan_release) struct scan found = SCAN_INIT;
    struct setup u = {.rules = {.min = TLS1_2_VERSION, .ciphers = TWO_KEYS, .key = "EC"},
                      .preference = true,
                      .groups = THREE_GROUPS};
    struct site site = site_start(&u);
    scan_it(&site.server.endpoint, &found);
    same_suites(&found.versions[PROTOCOL_TLS1_2].suites,
                &site.truth.suites[PROTOCOL_TLS1_2], true);
    IDS_ARE(found.versions[PROTOCOL_TLS1_3].groups, 0x001d, 0x0017, 0x0018);
    IDS_ARE(found.versions[PROTOCOL_TLS1_2].groups, 0x001d, 0x0017);
    ck_assert_uint_eq(found.inconclusive.count, 1);
    ck_assert_msg(strstr(found.inconclusive.items[0], "ECDSA certificate"), "%s",
                  found.inconclusive.items[0]);
    site_stop(&site);
}
END_TEST

START_TEST(after_starttls)
{
    CLEANUP(scan_release) struct scan found = SCAN_INIT;
    struct setup u = {.rules = {.ciphers = ONE_KEY, .starttls = "smtp"}};
    struct site site = site_start(&u);
    scan_it(&site.server.endpoint, &found);
    is_truth(&found, &site.truth, false);
    site_stop(&site);
}
END_TEST

/* --- servers that close, and connections that are dropped ------------------------------------ */

START_TEST(refusal_by_closing)
{
    CLEANUP(scan_release) struct scan found = SCAN_INIT;
    struct setup u = {.rules = {.min = TLS1_2_VERSION,
                                .ciphers = ONE_KEY,
                                .refusal = REFUSE_BY_CLOSING},
                      .preference = true,
                      .groups = THREE_GROUPS};
    struct site site = site_start(&u);
    scan_it(&site.server.endpoint, &found);
    is_truth(&found, &site.truth, true);
    site_stop(&site);
}
END_TEST

static bool is_open(const struct scan *found, const char *about)
{
    for (size_t i = 0; i < found->inconclusive.count; i++)
        if (strncmp(found->inconclusive.items[i], about, strlen(about)) == 0)
            return true;
    return false;
}

/* What is served is never denied: it was found, or it is said that nobody knows. */
static void denies_nothing(const struct scan *found, const struct truth *truth)
{
    for (unsigned v = 0; v < PROTOCOL_COUNT; v++) {
        char about[64];
        const struct ids *want = &truth->suites[v], *got = &found->versions[v].suites;
        if (want->count == 0)
            continue;
        ck_assert_int_ne(found->versions[v].supported, SCAN_NO);
        snprintf(about, sizeof about, "further suites of %s",
                 protocol_info((enum protocol)v)->name);
        for (size_t i = 0; i < want->count; i++)
            if (!ids_has(got, want->items[i]))
                ck_assert_msg(found->versions[v].supported == SCAN_UNKNOWN ||
                                  is_open(found, about),
                              "0x%04x of version %u is denied", want->items[i], v);
        for (size_t i = 0; i < got->count; i++)
            ck_assert(ids_has(want, got->items[i]));
    }
}

/* A refusal by alert is proof through any proxy: all is found, nothing is left open. */
START_TEST(resets_before_alerts)
{
    static const unsigned every[] = {2, 3, 5, 7};
    for (size_t i = 0; i < ARRAY_LEN(every); i++) {
        CLEANUP(scan_release) struct scan found = SCAN_INIT;
        struct setup u = {.rules = {.ciphers = TWO_KEYS},
                          .two_keys = true,
                          .preference = true,
                          .resets_every = every[i]};
        struct site site = site_start(&u);
        scan_it(&site.server.endpoint, &found);
        denies_nothing(&found, &site.truth);
        is_truth(&found, &site.truth, true);
        site_stop(&site);
    }
}
END_TEST

/* Closes that are refusals among closes that are not: what is found is right, the rest is open. */
START_TEST(resets_before_closes)
{
    static const unsigned every[] = {2, 3, 5, 7, 11};
    for (size_t i = 0; i < ARRAY_LEN(every); i++) {
        CLEANUP(scan_release) struct scan found = SCAN_INIT;
        struct setup u = {.rules = {.ciphers = TWO_KEYS, .refusal = REFUSE_BY_CLOSING},
                          .two_keys = true,
                          .preference = true,
                          .resets_every = every[i]};
        struct site site = site_start(&u);
        scan_it(&site.server.endpoint, &found);
        denies_nothing(&found, &site.truth);
        ck_assert_uint_gt(found.inconclusive.count, 0);
        site_stop(&site);
    }
}
END_TEST

START_TEST(no_tls_at_all)
{
    static const struct server_rules rules[] = {{.manner = SERVER_CLOSES},
                                                {.manner = SERVER_RESETS},
                                                {.manner = SERVER_BABBLES},
                                                {.starttls = "imap"},
                                                {.dies_after = 9, .ciphers = TWO_KEYS}};
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        CLEANUP(scan_release) struct scan found = SCAN_INIT;
        struct setup u = {.rules = rules[i], .two_keys = true};
        struct site site = site_start(&u);
        scan_it(&site.server.endpoint, &found);
        denies_nothing(&found, &site.truth);
        for (unsigned v = 0; v < PROTOCOL_COUNT; v++)
            ck_assert_int_ne(found.versions[v].supported, SCAN_NO);
        ck_assert_uint_gt(found.inconclusive.count, 0);
        ck_assert_uint_lt(found.connections, 60);
        site_stop(&site);
    }
}
END_TEST

START_TEST(silence_takes_no_longer_than_allowed)
{
    CLEANUP(scan_release) struct scan found = SCAN_INIT;
    struct setup u = {.rules = {.manner = SERVER_SILENT}};
    struct site site = site_start(&u);
    struct scan_options options = {.deadline_ms = 300, .total_ms = 1000};
    struct err err = ERR_INIT;
    ck_assert_int_eq(scan(&site.server.endpoint, &options, &found, &err), 0);
    ck_assert_int_lt(found.took_ms, 2000);
    ck_assert(is_open(&found, "TLS of any version: timed out"));
    for (unsigned v = 0; v < PROTOCOL_COUNT; v++)
        ck_assert_int_eq(found.versions[v].supported, SCAN_UNKNOWN);
    site_stop(&site);
}
END_TEST

START_TEST(time_that_runs_out_is_told)
{
    CLEANUP(scan_release) struct scan found = SCAN_INIT;
    struct setup u = {.rules = {.delay_ms = 100}};
    struct site site = site_start(&u);
    struct scan_options options = {.total_ms = 500};
    struct err err = ERR_INIT;
    ck_assert_int_eq(scan(&site.server.endpoint, &options, &found, &err), 0);
    ck_assert_uint_gt(found.inconclusive.count, 1);
    for (size_t i = 1; i < found.inconclusive.count; i++)
        ck_assert_msg(strstr(found.inconclusive.items[i],
                             ": no time left: all questions to an endpoint together may "
                             "take 0.5 s") != NULL,
                      "%s", found.inconclusive.items[i]);
    site_stop(&site);
}
END_TEST

/* --- scripted: what libssl has not ----------------------------------------------------------- */

/* TLS 1.3 with X25519MLKEM768 and secp384r1, one suite; and SSLv2. Answers by alert 40 otherwise. */
static size_t scripted_answer(struct bytes hello, char *out)
{
    static const char retry[] =
        "\x16\x03\x03\x00\x38\x02\x00\x00\x34\x03\x03"
        "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
        "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"
        "\x00\x13\x02\x00\x00\x0c\x00\x2b\x00\x02\x03\x04\x00\x33\x00\x02";
    static const char refusal[] = "\x15\x03\x03\x00\x02\x02\x28";
    static const char ssl2[] = "\x80\x22\x04\x00\x01\x00\x02\x00\x04\x00\x03\x00\x10"
                               "\x30\x02\x05\x00\x01\x00\x80"
                               "0123456789abcdef";
    if ((unsigned char)hello.data[0] == 0x80) {
        memcpy(out, ssl2, sizeof ssl2 - 1);
        return sizeof ssl2 - 1;
    }
    bool tls13 = memmem(hello.data, hello.len, "\x00\x2b\x00\x03\x02\x03\x04", 7) ||
                 memmem(hello.data, hello.len, "\x00\x2b\x00\x09\x08\x03\x04", 7);
    struct cursor c = {.left = hello};
    struct bytes suites = BYTES(""), skipped;
    cursor_skip(&c, 43);
    cursor_vector(&c, 1, &skipped);
    cursor_vector(&c, 2, &suites);
    bool suite = memmem(suites.data, suites.len, "\x13\x02", 2) != NULL;
    bool mlkem = memmem(c.left.data, c.left.len, "\x11\xec", 2) != NULL;
    bool p384 = memmem(c.left.data, c.left.len, "\x00\x18", 2) != NULL;
    if (!tls13 || !suite || (!mlkem && !p384)) {
        memcpy(out, refusal, sizeof refusal - 1);
        return sizeof refusal - 1;
    }
    memcpy(out, retry, sizeof retry - 1);
    static const unsigned char groups[2][2] = {{0x00, 0x18}, {0x11, 0xec}};
    memcpy(out + sizeof retry - 1, groups[mlkem], sizeof groups[mlkem]);
    return sizeof retry + 1;
}

static _Noreturn void scripted_loop(int listener)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        char hello[16384], out[256];
        int fd = accept(listener, NULL, NULL);
        ssize_t n = fd < 0 ? -1 : read(fd, hello, sizeof hello);
        if (n <= 0)
            _exit(1);
        size_t length =
            scripted_answer((struct bytes){.data = hello, .len = (size_t)n}, out);
        if (write(fd, out, length) < 0)
            _exit(1);
        shutdown(fd, SHUT_WR);
        while (read(fd, hello, sizeof hello) > 0)
            continue;
        close(fd);
    }
}

START_TEST(post_quantum_and_prehistoric)
{
    CLEANUP(scan_release) struct scan found = SCAN_INIT;
    struct endpoint e = {.address = mem_strdup("127.0.0.1")};
    int listener = server_listen(&e.port);
    pid_t pid = fork();
    if (pid == 0)
        scripted_loop(listener);
    close(listener);
    scan_it(&e, &found);
    IDS_ARE(found.versions[PROTOCOL_TLS1_3].suites, 0x1302);
    IDS_ARE(found.versions[PROTOCOL_TLS1_3].groups, 0x11ec, 0x0018);
    ck_assert_int_eq(found.versions[PROTOCOL_SSL2].supported, SCAN_YES);
    ck_assert_int_eq(found.versions[PROTOCOL_SSL3].supported, SCAN_NO);
    ck_assert_int_eq(found.versions[PROTOCOL_TLS1_2].supported, SCAN_NO);
    /* that it has no certificate to show is no secret */
    ck_assert_uint_eq(found.inconclusive.count, 1);
    ck_assert(is_open(&found, "certificates and signature schemes of TLSv1.3"));
    stop(pid);
    endpoint_release(&e);
}
END_TEST

/* --- the report ------------------------------------------------------------------------------ */

START_TEST(report)
{
    CLEANUP(scan_release) struct scan found = SCAN_INIT;
    struct setup u = {.rules = {.min = TLS1_2_VERSION, .ciphers = ONE_KEY},
                      .preference = true};
    struct site site = site_start(&u);
    scan_it(&site.server.endpoint, &found);
    json_auto_t *j = scan_json(&site.server.endpoint, &found);
    const char *address, *name, *id, *version, *order, *key;
    int rank, connections;
    double seconds;
    json_t *groups, *schemes, *inconclusive;
    ck_assert_int_eq(
        json_unpack(
            j,
            "{s:{s:s}, s:[{s:s, s:b, s:s}], s:[*], s:s, s:o, s:o, s:[{s:s}], s:o, s:i, "
            "s:f}",
            "endpoint", "address", &address, "versions", "version", &version, "supported",
            &rank, "order", &order, "suites", "order", &order, "groups", &groups,
            "signature_schemes", &schemes, "certificates", "key_type", &key,
            "inconclusive", &inconclusive, "connections", &connections, "seconds",
            &seconds),
        0);
    ck_assert_str_eq(version, "TLSv1.3");
    ck_assert_str_eq(order, "server");
    ck_assert_str_eq(key, "RSA");
    ck_assert_int_eq(connections, (int)found.connections);
    json_t *fourth = json_array_get(json_object_get(j, "suites"), 3);
    ck_assert_int_eq(json_unpack(fourth, "{s:s, s:s, s:s, s:i}", "version", &version,
                                 "name", &name, "id", &id, "rank", &rank),
                     0);
    ck_assert_str_eq(version, "TLSv1.2");
    ck_assert_str_eq(name, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    ck_assert_str_eq(id, "0xc02f");
    ck_assert_int_eq(rank, 1);
    json_t *flags = json_object_get(j, "flags");
    ck_assert(json_is_false(json_object_get(flags, "compression")));
    ck_assert(json_is_null(json_object_get(flags, "encrypt_then_mac")));
    site_stop(&site);
}
END_TEST

START_TEST(endpoints_that_cannot_be_asked)
{
    CLEANUP(scan_release) struct scan found = SCAN_INIT;
    struct err err = ERR_INIT;
    char gopher[] = "gopher", address[] = "127.0.0.1";
    struct endpoint e = {.address = address, .port = 1, .starttls = gopher};
    ck_assert_int_eq(scan(&e, NULL, &found, &err), -1);
    ck_assert_int_eq(err.kind, ERR_INPUT);
}
END_TEST

UNIT_MAIN("scan", typical, tls12_only, tls13_only, tls13_signatures,
          all_versions_and_suites, order_survives_riders, only_ecdsa, after_starttls,
          refusal_by_closing, resets_before_alerts, resets_before_closes, no_tls_at_all,
          silence_takes_no_longer_than_allowed, time_that_runs_out_is_told,
          post_quantum_and_prehistoric, report, endpoints_that_cannot_be_asked)
