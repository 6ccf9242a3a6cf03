/*
 * Certificates, keys and CA files: for each finding a set of files that has it, and what is said is
 * compared as a whole, so that a finding too many fails as well. Who may read them is
 * certificate_reader_test's.
 */
#include "unit/certificate_host.h"

/* --- all is well ----------------------------------------------------------------------------- */

START_TEST(good_pair_has_no_findings)
{
    HOST(h);
    strv_add(&h.names, "www.example.org");
    EXPECT(&h, "");
}
END_TEST

START_TEST(report_counts_errors)
{
    HOST(h);
    CLEANUP(certificate_report_release)
    struct certificate_report report = CERTIFICATE_REPORT_INIT;
    h.files.key = "/none";
    h.rules.max_lifetime_days = 10;
    certificate_check(&h.files, &h.rules, &report);
    ck_assert_uint_eq(report.count, 2);
    ck_assert_uint_eq(certificate_errors(&report), 1);
}
END_TEST

START_TEST(root_in_the_file_is_no_fault)
{
    HOST(h);
    PUT(h.root, CHAIN, &h.leaf, &h.middle, &h.top);
    EXPECT(&h, "");
}
END_TEST

START_TEST(rules_that_are_off_find_nothing)
{
    HOST(h);
    const struct maker m = {.subject = "a", .curve = "RSA:1024", .from = -5000, .to = 1};
    host_make_leaf(&h, &m);
    h.rules = (struct certificate_rules){.now = NOW};
    EXPECT(&h, "");
}
END_TEST

START_TEST(clock_is_used_without_now)
{
    HOST(h);
    h.rules.now = 0;
    const struct maker m = {.subject = "a", .from = -20000, .to = -15000};
    host_make_leaf(&h, &m);
    h.rules.max_lifetime_days = 0;
    CLEANUP(mem_freep) char *found = check_host(&h);
    ck_assert_ptr_nonnull(strstr(found, "E expired"));
}
END_TEST

/* --- files ----------------------------------------------------------------------------------- */

START_TEST(missing_files)
{
    HOST(h);
    h.files.chain = "/etc/none/chain.pem";
    h.files.key = "/etc/ssl/none.pem";
    h.files.ca = CA;
    EXPECT(&h, "E chain-missing, E key-missing, E ca-missing");
    h.files.key = NULL;
    EXPECT(&h, "E chain-missing, E ca-missing");
}
END_TEST

START_TEST(root_that_is_missing)
{
    HOST(h);
    h.files.root = "/none/at/all";
    EXPECT(&h, "E chain-unreadable");
}
END_TEST

START_TEST(empty_files)
{
    HOST(h);
    tree_write(h.root, CHAIN, "", 0644);
    tree_write(h.root, KEY, "", 0600);
    tree_write(h.root, CA, "", 0644);
    h.files.ca = CA;
    EXPECT(&h, "E chain-empty, E key-empty, E ca-empty");
    h.files.key = NULL;
    EXPECT(&h, "E chain-empty, E key-empty, E ca-empty");
}
END_TEST

START_TEST(text_files)
{
    HOST(h);
    tree_write(h.root, CHAIN, "ServerName www\n", 0644);
    tree_write(h.root, KEY, "ServerName www\n", 0600);
    tree_write(h.root, CA, "ServerName www\n", 0644);
    h.files.ca = CA;
    EXPECT(&h, "E chain-empty, E key-empty, E ca-empty");
}
END_TEST

START_TEST(damaged_files)
{
    HOST(h);
    static const char text[] = "-----BEGIN CERTIFICATE-----\n"
                               "MIIB!!!!\n"
                               "-----END CERTIFICATE-----\n";
    tree_write(h.root, CHAIN, text, 0644);
    tree_write(h.root, CA, text, 0644);
    tree_write(h.root, KEY,
               "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0600);
    h.files.ca = CA;
    EXPECT(&h, "E chain-broken, E key-broken, E ca-broken");
}
END_TEST

START_TEST(block_that_is_no_certificate)
{
    HOST(h);
    tree_write(h.root, CHAIN,
               "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0644);
    EXPECT(&h, "E chain-broken");
}
END_TEST

START_TEST(files_that_are_cut_off)
{
    HOST(h);
    CLEANUP(mem_freep) char *chain = tree_read(h.root, CHAIN);
    CLEANUP(mem_freep) char *key = tree_read(h.root, KEY);
    chain[strlen(chain) - 40] = '\0'; /* the intermediate loses its end */
    key[strlen(key) - 40] = '\0';
    tree_write(h.root, CHAIN, chain, 0644);
    tree_write(h.root, KEY, key, 0600);
    EXPECT(&h, "E chain-broken, E key-broken, E chain-incomplete");
}
END_TEST

START_TEST(nul_bytes)
{
    HOST(h);
    CLEANUP(mem_freep) char *real = file_join(h.root, CHAIN);
    CLEANUP(fd_close) int fd = open(real, O_WRONLY | O_TRUNC);
    static const char bytes[5000];
    struct err err = ERR_INIT;
    ck_assert_int_eq(file_write_all(fd, bytes, sizeof bytes, real, &err), 0);
    EXPECT(&h, "E chain-empty");
}
END_TEST

START_TEST(der_is_recognised)
{
    HOST(h);
    CLEANUP(mem_freep) char *real = file_join(h.root, CHAIN);
    CLEANUP(fd_close) int fd = open(real, O_WRONLY | O_TRUNC);
    unsigned char *der = NULL;
    struct err err = ERR_INIT;
    int n = i2d_X509(h.leaf.cert, &der);
    ck_assert_int_eq(file_write_all(fd, der, (size_t)n, real, &err), 0);
    OPENSSL_free(der);
    EXPECT(&h, "E chain-not-pem");
}
END_TEST

START_TEST(directories)
{
    HOST(h);
    h.files.chain = h.files.key = "/etc/ssl";
    h.files.ca = "/etc/ssl/certs";
    EXPECT(&h, "E chain-not-regular, E ca-not-regular");
    h.files.key = "/etc/ssl/host";
    EXPECT(&h, "E chain-not-regular, E key-not-regular, E ca-not-regular");
}
END_TEST

START_TEST(fifo_does_not_block)
{
    HOST(h);
    CLEANUP(mem_freep) char *real = file_join(h.root, "/etc/pipe");
    ck_assert_int_eq(mkfifo(real, 0600), 0);
    h.files.chain = h.files.key = "/etc/pipe";
    EXPECT(&h, "E chain-not-regular");
}
END_TEST

START_TEST(files_that_are_too_large)
{
    HOST(h);
    static const char *const paths[] = {CHAIN, KEY, CA};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        CLEANUP(mem_freep) char *real = file_join(h.root, paths[i]);
        tree_write(h.root, paths[i], "", 0600);
        ck_assert_int_eq(truncate(real, (off_t)1 << 40), 0);
    }
    h.files.ca = CA;
    EXPECT(&h, "E chain-too-large, E key-too-large, E ca-too-large");
}
END_TEST

START_TEST(links_that_go_round)
{
    HOST(h);
    tree_link(h.root, "/etc/a", "b");
    tree_link(h.root, "/etc/b", "/etc/a");
    h.files.chain = h.files.key = h.files.ca = "/etc/a";
    EXPECT(&h, "E chain-unreadable, E ca-unreadable");
    h.files.key = "/etc/b";
    EXPECT(&h, "E chain-unreadable, E key-unreadable, E ca-unreadable");
}
END_TEST

START_TEST(absolute_links_stay_in_the_tree)
{
    HOST(h);
    tree_link(h.root, "/etc/chain", CHAIN);
    tree_link(h.root, "/etc/up", "../../../../../../.." CHAIN);
    tree_link(h.root, "/etc/out", "/proc/self/status");
    h.files.chain = "/etc/chain";
    EXPECT(&h, "");
    h.files.chain = "/etc/up";
    EXPECT(&h, "");
    h.files.chain = "/etc/out";
    EXPECT(&h, "E chain-missing");
}
END_TEST

START_TEST(dh_parameters)
{
    HOST(h);
    CLEANUP(mem_freep) char *chain = tree_read(h.root, CHAIN);
    CLEANUP(mem_freep)
    char *text = mem_printf("-----BEGIN X9.42 DH PARAMETERS-----\nAAAA\n"
                            "-----END X9.42 DH PARAMETERS-----\n%s",
                            chain);
    tree_write(h.root, CHAIN, text, 0644);
    EXPECT(&h, "E dh-parameters");
}
END_TEST

/* --- keys ------------------------------------------------------------------------------------ */

START_TEST(encrypted_keys)
{
    HOST(h);
    for (int traditional = 0; traditional < 2; traditional++) {
        CLEANUP(buf_release) struct buf text = BUF_INIT;
        add_key(&text, &h.leaf, "secret", traditional);
        tree_write(h.root, KEY, buf_str(&text), 0600);
        EXPECT(&h, "E key-encrypted");
    }
}
END_TEST

/* PKCS #8's encrypted form under the label of the plain one: nothing may ask for a password. */
START_TEST(encrypted_key_with_a_false_label)
{
    HOST(h);
    CLEANUP(buf_release) struct buf text = BUF_INIT, out = BUF_INIT;
    add_key(&text, &h.leaf, "secret", false);
    for (const char *p = buf_str(&text); *p; p++) {
        if (strncmp(p, "ENCRYPTED ", 10) == 0)
            p += 10;
        buf_addc(&out, *p);
    }
    tree_write(h.root, KEY, buf_str(&out), 0600);
    EXPECT(&h, "E key-broken");
}
END_TEST

START_TEST(traditional_keys_are_read)
{
    HOST(h);
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    buf_adds(&text, "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
                    "-----END EC PARAMETERS-----\n");
    add_key(&text, &h.leaf, NULL, true);
    tree_write(h.root, KEY, buf_str(&text), 0600);
    EXPECT(&h, "");
}
END_TEST

START_TEST(several_keys)
{
    HOST(h);
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    add_key(&text, &h.leaf, NULL, false);
    add_key(&text, &h.middle, NULL, false);
    tree_write(h.root, KEY, buf_str(&text), 0600);
    EXPECT(&h, "W key-several");
}
END_TEST

START_TEST(key_of_another_certificate)
{
    HOST(h);
    CLEANUP(pair_release) struct pair other = make(&good, &h.middle);
    put_key(h.root, KEY, &other);
    EXPECT(&h, "E key-mismatch");
    EXPECT_TEXT(&h, KEY ": the private key does not belong to the certificate in " CHAIN
                        " ('CN=www.example.org')");
}
END_TEST

START_TEST(key_of_another_kind)
{
    HOST(h);
    const struct maker m = {.subject = "a", .curve = "RSA:2048"};
    CLEANUP(pair_release) struct pair other = make(&m, &h.middle);
    put_key(h.root, KEY, &other);
    EXPECT(&h, "E key-mismatch");
}
END_TEST

START_TEST(key_open_to_everybody)
{
    HOST(h);
    CLEANUP(mem_freep) char *real = file_join(h.root, KEY);
    ck_assert_int_eq(chmod(real, 0644), 0);
    EXPECT(&h, "W key-exposed");
    ck_assert_int_eq(chmod(real, 0640), 0);
    EXPECT(&h, "");
}
END_TEST

START_TEST(everything_is_listed)
{
    HOST(h);
    const struct maker m = {.subject = "a", .curve = "RSA:1024", .from = -900, .to = -1};
    host_make_leaf(&h, &m);
    PUT(h.root, CHAIN, &h.leaf);
    tree_write(h.root, KEY, "x", 0644);
    strv_add(&h.names, "www.example.org");
    h.files.ca = "/none";
    EXPECT(&h, "E key-empty, E ca-missing, E expired, W lifetime, E rsa-bits, E name, "
               "E chain-incomplete");
}
END_TEST

/* --- one file, orders ------------------------------------------------------------------------ */

static void put_combined(struct host *h, const struct pair *first,
                         const struct pair *second, bool key_first)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    if (key_first)
        add_key(&text, &h->leaf, NULL, false);
    add_certificate(&text, first);
    add_certificate(&text, second);
    if (!key_first)
        add_key(&text, &h->leaf, NULL, false);
    tree_write(h->root, CHAIN, buf_str(&text), 0600);
    h->files.key = NULL;
}

START_TEST(key_and_chain_in_one_file)
{
    HOST(h);
    put_combined(&h, &h.leaf, &h.middle, false);
    EXPECT(&h, "");
    h.files.key = CHAIN;
    EXPECT(&h, "");
    h.files.key = "";
    EXPECT(&h, "");
    h.files.key_first = true;
    EXPECT(&h, "E key-not-first");
    put_combined(&h, &h.leaf, &h.middle, true);
    EXPECT(&h, "");
}
END_TEST

START_TEST(one_file_without_a_key)
{
    HOST(h);
    h.files.key = NULL;
    EXPECT(&h, "E key-empty");
}
END_TEST

START_TEST(leaf_behind_its_issuer)
{
    HOST(h);
    put_combined(&h, &h.middle, &h.leaf, true);
    EXPECT(&h, "E leaf-not-first, W chain-order");
    h.files.any_order = true;
    EXPECT(&h, "");
    tree_write(h.root, KEY, "", 0600);
    h.files.key = KEY; /* without a key, the one that is no authority's */
    EXPECT(&h, "E key-empty");
}
END_TEST

START_TEST(intermediates_out_of_order)
{
    HOST(h);
    PUT(h.root, CHAIN, &h.leaf, &h.top, &h.middle);
    EXPECT(&h, "W chain-order");
    h.files.any_order = true;
    EXPECT(&h, "");
}
END_TEST

/* --- the chain ------------------------------------------------------------------------------- */

START_TEST(leaf_without_its_issuer)
{
    HOST(h);
    PUT(h.root, CHAIN, &h.leaf);
    EXPECT(&h, "E chain-incomplete");
    EXPECT_TEXT(&h, CHAIN ": the certificate's issuer ('CN=Middle') is neither in the "
                          "file nor known to this host: clients will not trust it");
}
END_TEST

START_TEST(issuer_of_the_same_name_is_no_issuer)
{
    HOST(h);
    CLEANUP(pair_release) struct pair false_middle = make_authority("Middle", &h.top);
    PUT(h.root, CHAIN, &h.leaf, &false_middle);
    EXPECT(&h, "E chain-incomplete");
}
END_TEST

START_TEST(ca_file_completes_the_chain)
{
    HOST(h);
    PUT(h.root, CHAIN, &h.leaf);
    PUT(h.root, CA, &h.top, &h.middle);
    tree_write(h.root, STORE, "", 0644);
    h.files.ca = CA;
    EXPECT(&h, "");
    h.files.any_order = true; /* sends nothing from there */
    EXPECT(&h, "E chain-incomplete");
}
END_TEST

START_TEST(store_by_hash)
{
    HOST(h);
    CLEANUP(mem_freep)
    char *link = mem_printf("/etc/ssl/certs/%08lx.0", X509_subject_name_hash(h.top.cert));
    tree_write(h.root, STORE, "", 0644);
    EXPECT(&h, "W root-unknown");
    PUT(h.root, "/usr/share/ca/top.crt", &h.top);
    tree_link(h.root, link, "/usr/share/ca/top.crt");
    EXPECT(&h, "");
}
END_TEST

START_TEST(host_without_a_store)
{
    HOST(h);
    CLEANUP(mem_freep) char *real = file_join(h.root, STORE);
    ck_assert_int_eq(unlink(real), 0);
    EXPECT(&h, "W root-unknown");
    PUT(h.root, CA, &h.top);
    h.files.ca = CA;
    EXPECT(&h, "");
}
END_TEST

START_TEST(root_that_nobody_trusts)
{
    HOST(h);
    tree_write(h.root, STORE, "", 0644);
    PUT(h.root, CHAIN, &h.leaf, &h.middle, &h.top);
    EXPECT(&h, "W untrusted-root");
    PUT(h.root, CA, &h.top);
    h.files.ca = CA;
    EXPECT(&h, "");
}
END_TEST

START_TEST(signed_by_itself)
{
    HOST(h);
    CLEANUP(pair_release) struct pair own = make(&good, NULL);
    PUT(h.root, CHAIN, &own);
    put_key(h.root, KEY, &own);
    EXPECT(&h, "W self-signed");
}
END_TEST

/* The middle is known in two ways; the file leads to one that is gone, the store to one that is not. */
START_TEST(cross_signed_end_is_left_aside)
{
    HOST(h);
    CLEANUP(pair_release) struct pair old = make_authority("Old", NULL);
    struct pair crossed = {.cert = X509_dup(h.top.cert), .key = NULL};
    X509_set_issuer_name(crossed.cert, X509_get_subject_name(old.cert));
    ASN1_TIME_set(X509_getm_notAfter(crossed.cert), NOW - DAY);
    ck_assert_int_gt(X509_sign(crossed.cert, old.key, EVP_sha256()), 0);
    PUT(h.root, CHAIN, &h.leaf, &h.middle, &crossed);
    EXPECT(&h, "");
    ASN1_TIME_set(X509_getm_notAfter(crossed.cert), NOW + DAY);
    ck_assert_int_gt(X509_sign(crossed.cert, old.key, EVP_sha256()), 0);
    PUT(h.root, CHAIN, &h.leaf, &h.middle, &crossed);
    EXPECT(&h, "");
    X509_free(crossed.cert);
}
END_TEST

/* Two authorities that signed one another: no end, and yet it ends. */
START_TEST(chain_that_goes_round)
{
    HOST(h);
    CLEANUP(pair_release) struct pair a = make_authority("A", &h.middle);
    CLEANUP(pair_release) struct pair leaf = make(&good, &a);
    struct pair b = {.cert = X509_dup(h.middle.cert), .key = NULL};
    X509_set_issuer_name(b.cert, X509_get_subject_name(a.cert));
    ck_assert_int_gt(X509_sign(b.cert, a.key, EVP_sha256()), 0);
    PUT(h.root, CHAIN, &leaf, &a, &b);
    put_key(h.root, KEY, &leaf);
    EXPECT(&h, "W root-unknown");
    X509_free(b.cert);
}
END_TEST

START_TEST(chain_that_is_very_long)
{
    HOST(h);
    struct pair links[24];
    struct buf text = BUF_INIT;
    links[0] = make_authority("0", NULL);
    for (size_t i = 1; i < ARRAY_LEN(links); i++) {
        char name[8];
        snprintf(name, sizeof name, "%zu", i);
        links[i] = make_authority(name, &links[i - 1]);
    }
    for (size_t i = ARRAY_LEN(links); i-- > 0;)
        add_certificate(&text, &links[i]);
    tree_write(h.root, CHAIN, buf_str(&text), 0644);
    put_key(h.root, KEY, &links[ARRAY_LEN(links) - 1]);
    h.rules.max_lifetime_days = 0;
    EXPECT(&h, "W leaf-is-ca, W root-unknown");
    for (size_t i = 0; i < ARRAY_LEN(links); i++)
        pair_release(&links[i]);
    buf_release(&text);
}
END_TEST

/* Issues the leaf anew beneath an intermediate of that kind. */
static void host_make_middle(struct host *h, struct maker m)
{
    m.subject = "Middle";
    m.constraints = "critical,CA:TRUE";
    pair_release(&h->middle);
    h->middle = make(&m, &h->top);
    host_make_leaf(h, &good);
}

START_TEST(intermediates_are_judged)
{
    HOST(h);
    host_make_middle(&h, (struct maker){.from = -900, .to = -1});
    EXPECT(&h, "E expired");
    EXPECT_TEXT(&h, CHAIN ": the intermediate certificate 'CN=Middle' expired on "
                          "2027-01-14");
    host_make_middle(&h, (struct maker){.from = 1, .to = 2});
    EXPECT(&h, "E not-yet-valid, W expires-soon");
    host_make_middle(&h, (struct maker){.from = -900, .to = 20});
    EXPECT(&h, "W expires-soon");
    host_make_middle(&h, (struct maker){.curve = "RSA:1024"});
    EXPECT(&h, "E rsa-bits");
    host_make_middle(&h, (struct maker){.digest = EVP_sha1()});
    EXPECT(&h, "E signature");
    host_make_middle(&h, (struct maker){.digest = EVP_sha224()});
    EXPECT(&h, "E signature");
    host_make_middle(&h, (struct maker){.curve = "secp192k1"});
    EXPECT(&h, "E weak-key");
    EXPECT_TEXT(&h, CHAIN ": the authority's certificate 'CN=Middle' has a key of 192 "
                          "bits, which clients refuse");
    h.rules.rsa_min_bits = 0;
    host_make_middle(&h, (struct maker){.curve = "RSA:1024"});
    EXPECT(&h, "E weak-key");
}
END_TEST

/* Of a root clients look at the key only. */
START_TEST(roots_are_judged)
{
    HOST(h);
    struct maker m = {.subject = "Root",
                      .constraints = "critical,CA:TRUE",
                      .from = -1000,
                      .to = 1000,
                      .digest = EVP_sha1()};
    pair_release(&h.top);
    h.top = make(&m, NULL);
    PUT(h.root, STORE, &h.top);
    host_make_middle(&h, (struct maker){.from = -900, .to = 900});
    EXPECT(&h, "");
    m.curve = "RSA:1024";
    pair_release(&h.top);
    h.top = make(&m, NULL);
    PUT(h.root, STORE, &h.top);
    host_make_middle(&h, (struct maker){.from = -900, .to = 900});
    EXPECT(&h, "E weak-key");
    EXPECT_TEXT(&h, CHAIN ": the authority's certificate 'CN=Root' has a key of 1024 "
                          "bits, which clients refuse");
}
END_TEST

/* --- the leaf -------------------------------------------------------------------------------- */

START_TEST(dates)
{
    HOST(h);
    host_make_leaf(&h, &(struct maker){.subject = "a", .from = -100, .to = -1});
    EXPECT(&h, "E expired");
    EXPECT_TEXT(&h, CHAIN ": the certificate expired on 2027-01-14");
    host_make_leaf(&h, &(struct maker){.subject = "a", .from = 1, .to = 100});
    EXPECT(&h, "E not-yet-valid");
    host_make_leaf(&h, &(struct maker){.subject = "a", .from = -100, .to = 29});
    EXPECT(&h, "W expires-soon");
    host_make_leaf(&h, &(struct maker){.subject = "a", .from = -100, .to = 30});
    EXPECT(&h, "");
    host_make_leaf(&h, &(struct maker){.subject = "a", .from = -100, .to = 299});
    EXPECT(&h, "W lifetime");
    host_make_leaf(&h, &(struct maker){.subject = "a", .from = -100, .to = 298});
    EXPECT(&h, "");
    host_make_leaf(&h, &(struct maker){.subject = "a", .broken_date = true});
    EXPECT(&h, "E dates");
}
END_TEST

/* NOW is 2027-01-15; 200 days hold since 2026-03-15, 100 will from 2027-03-15. */
START_TEST(lifetimes_of_public_authorities)
{
    static const struct {
        int from, to;
        bool logged, told;
    } cases[] = {
        {-100, 99, true, false}, {-100, 100, true, true},  {-100, 250, false, false},
        {-307, 90, true, false}, {-307, 91, true, true},   {-306, 90, true, true},
        {-2400, 20, true, true}, {-3500, 20, true, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        HOST(h);
        const struct maker m = {.subject = "a",
                                .from = cases[i].from,
                                .to = cases[i].to,
                                .logged = cases[i].logged};
        host_make_leaf(&h, &m);
        h.rules = (struct certificate_rules){.now = NOW};
        EXPECT(&h, cases[i].told ? "W forum-lifetime" : "");
    }
}
END_TEST

START_TEST(rsa_keys)
{
    HOST(h);
    host_make_leaf(&h, &(struct maker){.subject = "a", .curve = "RSA:2048"});
    EXPECT(&h, "");
    h.rules.rsa_min_bits = 3072;
    EXPECT(&h, "E rsa-bits");
    EXPECT_TEXT(&h, CHAIN ": the certificate has an RSA key of 2048 bits, the profile "
                          "asks for 3072");
}
END_TEST

START_TEST(curves)
{
    HOST(h);
    host_make_leaf(&h, &(struct maker){.subject = "a", .curve = "P-384"});
    EXPECT(&h, "");
    host_make_leaf(&h, &(struct maker){.subject = "a", .curve = "P-521"});
    EXPECT(&h, "E curve");
    EXPECT_TEXT(&h, CHAIN ": the certificate's key is on the curve secp521r1, the "
                          "profile allows secp256r1, secp384r1");
    host_make_leaf(&h, &(struct maker){.subject = "a", .curve = "secp256k1"});
    EXPECT(&h, "E curve");
    h.rules.curves = NULL;
    EXPECT(&h, "");
}
END_TEST

START_TEST(other_keys)
{
    HOST(h);
    host_make_leaf(&h, &(struct maker){.subject = "a", .curve = "ED25519"});
    EXPECT(&h, "W key-rare");
    host_make_leaf(&h, &(struct maker){.subject = "a", .curve = "X25519"});
    EXPECT(&h, "E key-kind");
}
END_TEST

START_TEST(weak_signatures)
{
    HOST(h);
    host_make_leaf(&h, &(struct maker){.subject = "a", .digest = EVP_sha1()});
    EXPECT(&h, "E signature");
    EXPECT_TEXT(&h, CHAIN ": the certificate is signed with SHA1, which clients and "
                          "servers refuse");
    host_make_middle(&h, (struct maker){.curve = "RSA:2048"});
    host_make_leaf(&h, &(struct maker){.subject = "a", .digest = EVP_md5()});
    EXPECT(&h, "E signature");
}
END_TEST

START_TEST(usage)
{
    HOST(h);
    host_make_leaf(&h, &(struct maker){.subject = "a", .constraints = "CA:TRUE"});
    EXPECT(&h, "W leaf-is-ca");
    host_make_leaf(&h, &(struct maker){.subject = "a", .extended = "clientAuth"});
    EXPECT(&h, "E extended-key-usage");
    host_make_leaf(&h,
                   &(struct maker){.subject = "a", .extended = "clientAuth,serverAuth"});
    EXPECT(&h, "");
    host_make_leaf(&h, &(struct maker){.subject = "a", .usage = "keyEncipherment"});
    EXPECT(&h, "E key-usage");
    host_make_leaf(&h, &(struct maker){.subject = "a",
                                       .usage = "digitalSignature,keyEncipherment",
                                       .constraints = "CA:FALSE"});
    EXPECT(&h, "");
}
END_TEST

/* --- names ----------------------------------------------------------------------------------- */

static void expect_name(struct host *h, const char *name, const char *found)
{
    strv_release(&h->names);
    strv_add(&h->names, name);
    CLEANUP(mem_freep) char *got = check_host(h);
    ck_assert_msg(strcmp(got, found) == 0, "%s: '%s'", name, got);
}

START_TEST(names)
{
    HOST(h);
    expect_name(&h, "www.example.org", "");
    expect_name(&h, "WWW.Example.ORG.", "");
    expect_name(&h, "a.example.net", "");
    expect_name(&h, "192.0.2.1", "");
    expect_name(&h, "2001:DB8::1", "");
    expect_name(&h, "192.0.2.2", "E name");
    expect_name(&h, "2001:db8::2", "E name");
    expect_name(&h, "example.org", "E name");
    expect_name(&h, "example.net", "E name");
    expect_name(&h, "a.b.example.net", "E name");
    expect_name(&h, ".example.org", "E name");
    expect_name(&h, "", "E name");
    expect_name(&h, "www.example.org.evil", "E name");
}
END_TEST

START_TEST(names_in_the_subject_only)
{
    HOST(h);
    host_make_leaf(&h, &(struct maker){.subject = "old.example.org"});
    expect_name(&h, "old.example.org", "W name-common-only");
    expect_name(&h, "new.example.org", "E name");
}
END_TEST

START_TEST(names_are_listed_together)
{
    HOST(h);
    for (int i = 0; i < 10; i++)
        strv_take(&h.names, mem_printf("%d.example.org", i));
    EXPECT_TEXT(&h, CHAIN ": the certificate does not name 0.example.org, "
                          "1.example.org, 2.example.org, 3.example.org, 4.example.org, "
                          "5.example.org, 6.example.org, 7.example.org and 2 more; it "
                          "names www.example.org, *.example.net");
}
END_TEST

START_TEST(hostile_subjects_are_made_visible)
{
    HOST(h);
    host_make_leaf(&h, &(struct maker){.subject = "a\x1b[31m\nb"});
    CLEANUP(pair_release) struct pair other = make(&good, &h.middle);
    put_key(h.root, KEY, &other);
    expect_name(&h, "x\x1b]0;\x07.example.org", "E key-mismatch, E name");
}
END_TEST

/* --- looking things up ----------------------------------------------------------------------- */

START_TEST(responders)
{
    HOST(h);
    struct err err = ERR_INIT;
    bool has = true;
    ck_assert_int_eq(certificate_has_responder(h.root, CHAIN, &has, &err), 0);
    ck_assert(!has);
    host_make_leaf(&h, &(struct maker){.subject = "a",
                                       .access = "OCSP;URI:http://ocsp.example.org"});
    ck_assert_int_eq(certificate_has_responder(h.root, CHAIN, &has, &err), 0);
    ck_assert(has);
}
END_TEST

START_TEST(key_types)
{
    static const char *const kinds[][2] = {
        {"P-256", "EC"}, {"RSA:2048", "RSA"}, {"ED25519", "ED25519"}};
    HOST(h);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct err err = ERR_INIT;
        CLEANUP(mem_freep) char *type = NULL;
        host_make_leaf(&h, &(struct maker){.subject = "a", .curve = kinds[i][0]});
        ck_assert_int_eq(certificate_key_type(h.root, CHAIN, &type, NULL, &err), 0);
        ck_assert_str_eq(type, kinds[i][1]);
    }
}
END_TEST

static void expect_failure(const struct host *h, const char *path, enum err_kind kind,
                           const char *text)
{
    struct err err = ERR_INIT;
    bool has = false;
    char *type = NULL;
    ck_assert_int_eq(certificate_has_responder(h->root, path, &has, &err), -1);
    ck_assert_int_eq(err.kind, kind);
    ck_assert_str_eq(err.text, text);
    err = (struct err)ERR_INIT;
    ck_assert_int_eq(certificate_key_type(h->root, path, &type, NULL, &err), -1);
    ck_assert_str_eq(err.text, text);
    ck_assert_ptr_null(type);
}

START_TEST(look_ups_that_fail)
{
    HOST(h);
    CLEANUP(mem_freep) char *large = file_join(h.root, CA);
    tree_write(h.root, CA, "", 0600);
    ck_assert_int_eq(truncate(large, (off_t)1 << 40), 0);
    tree_link(h.root, "/etc/a", "a");
    expect_failure(&h, "/none", ERR_SYSTEM, "/none: there is no such file");
    expect_failure(&h, "/etc", ERR_SYSTEM, "/etc: not a regular file");
    expect_failure(&h, CA, ERR_SYSTEM, CA ": too large for a certificate");
    expect_failure(&h, KEY, ERR_INPUT, KEY ": holds no certificate");
    expect_failure(&h, "/etc/a", ERR_SYSTEM,
                   "open '/etc/a': Too many levels of symbolic links");
}
END_TEST

UNIT_MAIN("certificate", good_pair_has_no_findings, report_counts_errors,
          root_in_the_file_is_no_fault, rules_that_are_off_find_nothing,
          clock_is_used_without_now, missing_files, root_that_is_missing, empty_files,
          text_files, damaged_files, block_that_is_no_certificate, files_that_are_cut_off,
          nul_bytes, der_is_recognised, directories, fifo_does_not_block,
          files_that_are_too_large, links_that_go_round, absolute_links_stay_in_the_tree,
          dh_parameters, encrypted_keys, encrypted_key_with_a_false_label,
          traditional_keys_are_read, several_keys, key_of_another_certificate,
          key_of_another_kind, key_open_to_everybody, everything_is_listed,
          key_and_chain_in_one_file, one_file_without_a_key, leaf_behind_its_issuer,
          intermediates_out_of_order, leaf_without_its_issuer,
          issuer_of_the_same_name_is_no_issuer, ca_file_completes_the_chain,
          store_by_hash, host_without_a_store, root_that_nobody_trusts, signed_by_itself,
          cross_signed_end_is_left_aside, chain_that_goes_round, chain_that_is_very_long,
          intermediates_are_judged, roots_are_judged, dates,
          lifetimes_of_public_authorities, rsa_keys, curves, other_keys, weak_signatures,
          usage, names, names_in_the_subject_only, names_are_listed_together,
          hostile_subjects_are_made_visible, responders, key_types, look_ups_that_fail)
