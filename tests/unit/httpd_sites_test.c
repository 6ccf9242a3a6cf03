/*
 * What becomes of a web server's files: each test writes a configuration, makes the plan, carries it
 * out and holds that a second plan is empty; then what the files say.
 */
#include "unit/web_host.h"

#define HSTS "Header always set Strict-Transport-Security \"max-age=63072000\"\n"
#define REDIRECT                                                                         \
    "RedirectMatch permanent \"^/(?!\\.well-known/acme-challenge/)(.*)$\" \"https://"
#define WEB(root) char *root CLEANUP(tree_remove) = web_make()
#define HARDEN(name, root)                                                               \
    struct plan *name CLEANUP(plan_freep) = web_harden(root, "strict")

static void same(const char *got, const char *expected)
{
    ck_assert_msg(got != NULL, "it is not changed");
    ck_assert_msg(strcmp(got, expected) == 0, "\ngot:\n%s\nwant:\n%s", got, expected);
}

/* --- the policy ------------------------------------------------------------------------------ */

START_TEST(strict_gives_the_expected_files)
{
    WEB(root);
    web_site(root, "www", PLAIN("www.example.org", "") SECURE("www.example.org", ""));
    HARDEN(plan, root);
    ck_assert_uint_eq(plan->file_count, 6);
    same(web_after(plan, POLICY),
         "# Written by tlsharden: the TLS policy of profile strict for every virtual "
         "host. "
         "Changes made here are\n# overwritten; change the profile instead.\n"
         "<IfModule ssl_module>\n"
         "    SSLProtocol -all +TLSv1.2 +TLSv1.3\n"
         "    SSLCipherSuite ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
         "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
         "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305\n"
         "    SSLCipherSuite TLSv1.3 TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
         "TLS_CHACHA20_POLY1305_SHA256\n"
         "    SSLOpenSSLConfCmd Groups X25519:prime256v1:secp384r1\n"
         "    SSLOpenSSLConfCmd SignatureAlgorithms "
         "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:ed25519:"
         "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pss_pss_sha256:"
         "rsa_pss_pss_sha384:rsa_pss_pss_sha512:rsa_pkcs1_sha256:rsa_pkcs1_sha384:"
         "rsa_pkcs1_sha512\n"
         "    SSLHonorCipherOrder on\n"
         "    SSLCompression off\n"
         "    SSLSessionTickets off\n"
         "</IfModule>\n");
    same(web_after(plan, "/etc/apache2/conf-enabled/tlsharden.conf"),
         "../conf-available/tlsharden.conf");
    same(web_after(plan, "/etc/apache2/mods-enabled/headers.load"),
         "../mods-available/headers.load");
    ck_assert_ptr_nonnull(web_after(plan, "/etc/apache2/mods-enabled/alias.load"));
    ck_assert_ptr_nonnull(
        web_after(plan, "/etc/apache2/mods-enabled/socache_shmcb.load"));
    same(web_after_site(plan, "www"),
         "<VirtualHost *:80>\nServerName www.example.org\n" REDIRECT
         "www.example.org/$1\"\n</VirtualHost>\n"
         "<VirtualHost *:443>\nServerName www.example.org\nSSLEngine on\n" HSTS PAIR
         "</VirtualHost>\n");
    ck_assert_ptr_null(web_after(plan, "/etc/apache2/sites-enabled/www.conf"));
}
END_TEST

START_TEST(old_servers_get_what_they_know)
{
    WEB(root);
    tree_write(root, "/var/lib/dpkg/status",
               "Package: apache2\nStatus: install ok installed\nVersion: 2.4.25-3\n\n"
               "Package: libssl3\nStatus: install ok installed\nVersion: 3.0.11-1\n\n",
               0644);
    web_site(root, "www", SECURE("www.example.org", ""));
    HARDEN(plan, root);
    const char *policy = web_after(plan, POLICY);
    ck_assert_ptr_null(strstr(policy, "TLSv1.3"));
    ck_assert_ptr_nonnull(strstr(policy, "SSLProtocol -all +TLSv1.2\n"));
}
END_TEST

START_TEST(server_without_tls_gets_the_policy_only)
{
    WEB(root);
    web_site(root, "www", PLAIN("www.example.org", ""));
    HARDEN(plan, root);
    ck_assert_uint_eq(plan->file_count, 2);
    ck_assert_ptr_nonnull(web_note(plan, PLAN_INFO, "no virtual host speaks TLS"));
}
END_TEST

START_TEST(main_file_that_does_not_include_the_policy)
{
    WEB(root);
    tree_write(root, "/etc/apache2/apache2.conf", "Include ports.conf\n", 0644);
    CLEANUP(plan_freep) struct plan *plan = web_plan(root, "strict");
    ck_assert_uint_eq(plan->file_count, 0);
    const struct plan_note *n = web_note(plan, PLAN_ERROR, "does not include");
    ck_assert_ptr_nonnull(n);
    ck_assert_str_eq(n->remedy, "add the line: IncludeOptional conf-enabled/*.conf");
}
END_TEST

/* --- overrides ------------------------------------------------------------------------------- */

START_TEST(overrides_in_virtual_hosts_go)
{
    WEB(root);
    web_site(root, "www",
             SECURE("www.example.org",
                    "sslprotocol all -SSLv3\nSSLCipherSuite ALL\nSSLCipherSuite TLSv1.3 "
                    "TLS_AES_128_CCM_SHA256\nSSLCipherSuite SSL ALL\n"
                    "SSLHonorCipherOrder off\nSSLOpenSSLConfCmd Curves P-521\n"
                    "SSLOpenSSLConfCmd DHParameters /etc/dh.pem\nSSLOptions +StdEnvVars\n"
                    "<IfModule x>\nSSLProtocol all\n</IfModule>\n"));
    HARDEN(plan, root);
    same(web_after_site(plan, "www"),
         "<VirtualHost *:443>\nServerName www.example.org\nSSLEngine on\n" HSTS PAIR
         "SSLOpenSSLConfCmd DHParameters /etc/dh.pem\nSSLOptions +StdEnvVars\n"
         "<IfModule x>\n</IfModule>\n</VirtualHost>\n");
}
END_TEST

START_TEST(fewer_versions_stay)
{
    WEB(root);
    web_site(root, "a",
             SECURE("a.example.org", "SSLProtocol -all +TLSv1.3\nSSLCipherSuite ALL\n"));
    web_site(root, "b",
             SECURE("b.example.org", "SSLProtocol TLSv1.3\nSSLProtocol all\n"));
    web_site(root, "c", SECURE("c.example.org", "SSLProtocol -all\n"));
    web_site(root, "d", SECURE("d.example.org", "SSLProtocol -all +TLSv1.2\n"));
    HARDEN(plan, root);
    ck_assert_ptr_nonnull(
        strstr(web_after_site(plan, "a"), "SSLProtocol -all +TLSv1.3\n"));
    ck_assert_ptr_null(strstr(web_after_site(plan, "a"), "SSLCipherSuite"));
    ck_assert_ptr_null(strstr(web_after_site(plan, "b"), "SSLProtocol"));
    ck_assert_ptr_null(strstr(web_after_site(plan, "c"), "SSLProtocol"));
    ck_assert_ptr_null(strstr(web_after_site(plan, "d"), "SSLProtocol"));
    const struct plan_note *n = web_note(plan, PLAN_INFO, "fewer protocol versions");
    ck_assert_ptr_nonnull(n);
    ck_assert_str_eq(n->file, "/etc/apache2/sites-enabled/a.conf:1");
}
END_TEST

/* What counts is the order of reading: before the policy words are harmless, and stay. */
START_TEST(only_words_behind_the_policy_go)
{
    WEB(root);
    CLEANUP(mem_freep)
    char *main = mem_printf("SSLProtocol all\n%sSSLProtocol all\n", web_main);
    tree_write(root, "/etc/apache2/apache2.conf", main, 0644);
    tree_write(root, "/etc/apache2/mods-enabled/ssl.conf", "SSLProtocol all\n", 0644);
    tree_write(root, "/etc/apache2/conf-enabled/a.conf", "SSLProtocol all\n", 0644);
    tree_write(root, "/etc/apache2/conf-enabled/z.conf", "SSLProtocol all\n# z\n", 0644);
    web_site(root, "www", "SSLCipherSuite ALL\n" SECURE("www.example.org", ""));
    HARDEN(plan, root);
    ck_assert_ptr_null(web_after(plan, "/etc/apache2/mods-enabled/ssl.conf"));
    ck_assert_ptr_null(web_after(plan, "/etc/apache2/conf-enabled/a.conf"));
    same(web_after(plan, "/etc/apache2/conf-enabled/z.conf"), "# z\n");
    ck_assert_ptr_null(strstr(web_after_site(plan, "www"), "SSLCipherSuite"));
    ck_assert_ptr_null(
        strstr(web_after(plan, "/etc/apache2/apache2.conf"), "SSLProtocol"));
}
END_TEST

START_TEST(main_file_without_words_behind_the_policy_is_not_touched)
{
    WEB(root);
    CLEANUP(mem_freep) char *main = mem_printf("SSLProtocol all\n%s", web_main);
    tree_write(root, "/etc/apache2/apache2.conf", main, 0644);
    web_site(root, "www", SECURE("www.example.org", ""));
    HARDEN(plan, root);
    ck_assert_ptr_null(web_after(plan, "/etc/apache2/apache2.conf"));
}
END_TEST

START_TEST(snippets_of_virtual_hosts_lose_them_once)
{
    WEB(root);
    tree_write(root, "/etc/apache2/tls.inc", "SSLProtocol all\nSSLEngine on\n", 0644);
    web_site(root, "a", SECURE("a.example.org", "Include tls.inc\n"));
    web_site(root, "b", SECURE("b.example.org", "Include /etc/apache2/tls.inc\n"));
    HARDEN(plan, root);
    same(web_after(plan, "/etc/apache2/tls.inc"), "SSLEngine on\n");
}
END_TEST

/* As certbot does it: that file is not ours, so the policy is said again behind it. */
START_TEST(foreign_snippets_are_overridden_in_turn)
{
    WEB(root);
    tree_write(root, "/etc/letsencrypt/options.conf", "SSLEngine on\nSSLProtocol all\n",
               0644);
    web_site(
        root, "www",
        "<VirtualHost *:443>\nServerName www.example.org\n" PAIR
        "Include /etc/letsencrypt/options.conf\nSSLCipherSuite ALL\n</VirtualHost>\n");
    HARDEN(plan, root);
    ck_assert_ptr_null(web_after(plan, "/etc/letsencrypt/options.conf"));
    same(web_after_site(plan, "www"),
         "<VirtualHost *:443>\nServerName www.example.org\n" PAIR
         "Include /etc/letsencrypt/options.conf\nInclude " POLICY "\nSSLEngine on\n" HSTS
         "</VirtualHost>\n");
    ck_assert_ptr_nonnull(web_note(plan, PLAN_WARNING, "says otherwise than the policy"));
}
END_TEST

START_TEST(policy_before_a_foreign_snippet_is_refused)
{
    WEB(root);
    tree_write(root, "/etc/letsencrypt/options.conf", "SSLProtocol all\n", 0644);
    tree_write(root, POLICY, "", 0644);
    web_site(root, "www",
             SECURE("www.example.org",
                    "Include " POLICY "\nInclude /etc/letsencrypt/options.conf\n"));
    CLEANUP(plan_freep) struct plan *plan = web_plan(root, "strict");
    ck_assert_ptr_nonnull(
        web_note(plan, PLAN_ERROR, "includes the policy before a file that replaces it"));
}
END_TEST

/* --- files ----------------------------------------------------------------------------------- */

START_TEST(sites_elsewhere_are_told_not_changed)
{
    WEB(root);
    tree_write(root, "/srv/a.conf", SECURE("a.example.org", ""), 0644);
    tree_write(root, "/srv/b.conf", SECURE("b.example.org", "SSLProtocol all\n"), 0644);
    web_link(root, "/etc/apache2/sites-enabled/a.conf", "/srv/a.conf");
    web_link(root, "/etc/apache2/sites-enabled/b.conf", "../../../srv/b.conf");
    CLEANUP(plan_freep) struct plan *plan = web_plan(root, "strict");
    ck_assert_ptr_null(web_after(plan, "/srv/a.conf"));
    ck_assert_ptr_null(web_after(plan, "/srv/b.conf"));
    ck_assert_ptr_nonnull(
        web_note(plan, PLAN_WARNING, "a.example.org lies outside of the configuration"));
    ck_assert_ptr_null(web_note(plan, PLAN_ERROR, "a.example.org lies outside"));
    ck_assert_ptr_nonnull(web_note(plan, PLAN_ERROR, "b.example.org lies outside"));
}
END_TEST

/* Two links to one file, and a configuration that is itself behind a link. */
START_TEST(links_lead_to_one_real_file)
{
    WEB(root);
    CLEANUP(mem_freep) char *from = file_join(root, "/etc/apache2");
    CLEANUP(mem_freep) char *to = file_join(root, "/opt/apache2");
    tree_write(root, "/etc/apache2/conf-available/a.conf", "", 0644);
    tree_write(root, "/opt/x", "", 0644);
    ck_assert_int_eq(rename(from, to), 0);
    web_link(root, "/etc/apache2", "../opt/apache2");
    web_site(root, "www", SECURE("www.example.org", "SSLProtocol all\n"));
    web_link(root, "/etc/apache2/sites-enabled/again.conf",
             "../sites-available/www.conf");
    HARDEN(plan, root);
    same(web_after(plan, "/opt/apache2/sites-available/www.conf"),
         "<VirtualHost *:443>\nServerName www.example.org\nSSLEngine on\n" HSTS PAIR
         "</VirtualHost>\n");
    ck_assert_ptr_nonnull(web_after(plan, "/opt/apache2/conf-available/tlsharden.conf"));
}
END_TEST

START_TEST(directories_and_patterns_are_followed)
{
    WEB(root);
    CLEANUP(mem_freep)
    char *main = mem_printf("%sInclude extra\nIncludeOptional vhosts/*/site.conf\n"
                            "IncludeOptional none/*.conf\n",
                            web_main);
    tree_write(root, "/etc/apache2/apache2.conf", main, 0644);
    tree_write(root, "/etc/apache2/extra/deep/x", SECURE("a.example.org", ""), 0644);
    tree_write(root, "/etc/apache2/vhosts/b/site.conf", SECURE("b.example.org", ""),
               0644);
    HARDEN(plan, root);
    ck_assert_ptr_nonnull(web_after(plan, "/etc/apache2/extra/deep/x"));
    ck_assert_ptr_nonnull(web_after(plan, "/etc/apache2/vhosts/b/site.conf"));
}
END_TEST

START_TEST(what_cannot_be_followed_is_told)
{
    WEB(root);
    CLEANUP(mem_freep)
    char *main = mem_printf("%sInclude ${WHERE}/x.conf\nUse Site www\n", web_main);
    tree_write(root, "/etc/apache2/apache2.conf", main, 0644);
    HARDEN(plan, root);
    const struct plan_note *n = web_note(plan, PLAN_WARNING, "${WHERE}/x.conf");
    ck_assert_ptr_nonnull(n);
    ck_assert_str_eq(n->file, "/etc/apache2/apache2.conf:6");
    ck_assert_ptr_nonnull(web_note(plan, PLAN_WARNING, "uses macros"));
}
END_TEST

static void refused(const char *root, const char *expected)
{
    struct err err = ERR_INIT;
    CLEANUP(plan_freep) struct plan *plan = web_plan_for(root, "apache", "strict", &err);
    ck_assert_ptr_null(plan);
    ck_assert_int_eq(err.kind, ERR_INPUT);
    ck_assert_msg(strstr(err.text, expected) != NULL, "%s", err.text);
}

START_TEST(loops_and_open_sections_are_refused)
{
    WEB(root);
    web_site(root, "www", "Include sites-available/www.conf\n");
    refused(root, "files include one another 32 deep");
    tree_write(root, SITES "www.conf",
               "Include sites-available/www.conf\n"
               "Include sites-available/www.conf\n",
               0644);
    refused(root, "files include one another 32 deep");
    tree_write(root, SITES "www.conf", "\n<VirtualHost *:443>\nSSLEngine on\n", 0644);
    refused(root, "/etc/apache2/sites-enabled/www.conf:2: this section has no end");
}
END_TEST

/* --- HSTS ------------------------------------------------------------------------------------ */

START_TEST(hsts_is_said_once_and_never_weaker)
{
    WEB(root);
    web_site(root, "a",
             SECURE("a.example.org", "Header set Strict-Transport-Security "
                                     "max-age=100\nHeader add "
                                     "strict-transport-security max-age=5\n"));
    web_site(root, "b",
             SECURE("b.example.org",
                    "Header always set Strict-Transport-Security "
                    "\"max-age=99999999; preload\"\nHeader set X-Other a\n"));
    web_site(root, "c",
             SECURE("c.example.org", "<IfModule mod_headers.c>\nHeader set "
                                     "Strict-Transport-Security \"max-age=1; "
                                     "includeSubDomains\" env=HTTPS\n"
                                     "</IfModule>\n"));
    HARDEN(plan, root);
    same(web_after_site(plan, "a"),
         "<VirtualHost *:443>\nServerName a.example.org\nSSLEngine on\n" PAIR HSTS
         "</VirtualHost>\n");
    ck_assert_ptr_null(web_after_site(plan, "b"));
    const char *c = web_after_site(plan, "c");
    ck_assert_uint_eq(web_count(c, "Strict-Transport"),
                      web_count(c, "Header always set Strict-Transport-Security "
                                   "\"max-age=63072000; includeSubDomains\"\n"));
    ck_assert_ptr_null(strstr(c, "env=HTTPS"));
}
END_TEST

START_TEST(hsts_of_the_whole_server_moves_to_virtual_hosts)
{
    WEB(root);
    tree_write(
        root, "/etc/apache2/conf-enabled/a.conf",
        "Header set Strict-Transport-Security \"max-age=1; includeSubDomains\"\n# a\n",
        0644);
    web_site(root, "www",
             PLAIN("www.example.org", "Header set Strict-Transport-Security max-age=1\n")
                 SECURE("www.example.org", ""));
    HARDEN(plan, root);
    same(web_after(plan, "/etc/apache2/conf-enabled/a.conf"), "# a\n");
    ck_assert_uint_eq(web_count(web_after_site(plan, "www"), "Strict-Transport"), 1);
    ck_assert_ptr_nonnull(
        strstr(web_after_site(plan, "www"), "\"max-age=63072000; includeSubDomains\""));
}
END_TEST

/* --- redirects ------------------------------------------------------------------------------- */

START_TEST(only_plain_twins_are_redirected)
{
    WEB(root);
    web_site(root, "a", PLAIN("WWW.example.org", "") PLAIN("other.example.org", ""));
    web_site(
        root, "b",
        "<VirtualHost *:80>\n</VirtualHost>\n"
        "<VirtualHost 127.0.0.1:8080>\nServerName www.example.org\n</VirtualHost>\n");
    web_site(root, "c", PLAIN("alias.example.org", ""));
    web_site(root, "z",
             SECURE("www.example.org", "ServerAlias x.example.org Alias.example.org\n"));
    HARDEN(plan, root);
    same(web_after_site(plan, "a"),
         "<VirtualHost *:80>\nServerName WWW.example.org\n" REDIRECT
         "www.example.org/$1\"\n</VirtualHost>\n" PLAIN("other.example.org", ""));
    ck_assert_ptr_null(web_after_site(plan, "b"));
    ck_assert_ptr_nonnull(
        strstr(web_after_site(plan, "c"), "https://alias.example.org/$1"));
}
END_TEST

START_TEST(other_ports_are_named)
{
    WEB(root);
    web_site(root, "a",
             PLAIN("a.example.org",
                   "") "<VirtualHost *:8443>\nServerName https://A.example.org:8443\n"
                       "SSLEngine on\n" PAIR "</VirtualHost>\n");
    HARDEN(plan, root);
    ck_assert_ptr_nonnull(
        strstr(web_after_site(plan, "a"), "https://a.example.org:8443/$1"));
}
END_TEST

START_TEST(redirects_that_are_there_stay)
{
    WEB(root);
    static const char *const there[] = {
        "Redirect / https://www.example.org/\n",
        "Redirect permanent / https://www.example.org/\n",
        "RedirectMatch 301 ^/(.*)$ https://www.example.org/$1\n",
        ("RewriteEngine on\nRewriteCond %{SERVER_NAME} =www.example.org\n"
         "RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [END,NE,R=permanent]\n")};
    for (size_t i = 0; i < ARRAY_LEN(there); i++) {
        CLEANUP(mem_freep) char *name = mem_printf("s%zu", i);
        CLEANUP(mem_freep)
        char *text =
            mem_printf("<VirtualHost *:80>\nServerName s%zu.example.org\n%s"
                       "</VirtualHost>\n<VirtualHost *:443>\nServerName "
                       "s%zu.example.org\nSSLEngine on\n" PAIR HSTS "</VirtualHost>\n",
                       i, there[i], i);
        web_site(root, name, text);
    }
    HARDEN(plan, root);
    for (size_t i = 0; i < ARRAY_LEN(there); i++) {
        CLEANUP(mem_freep) char *name = mem_printf("s%zu", i);
        ck_assert_msg(!web_after_site(plan, name), "%s", there[i]);
    }
}
END_TEST

/* A redirect of one path is none of the rest; proxies and rewriting come before redirects. */
START_TEST(partial_redirects_and_mappings)
{
    WEB(root);
    web_site(root, "a",
             PLAIN("a.example.org", "Redirect /x https://b.example.org/\n")
                 SECURE("a.example.org", ""));
    web_site(root, "b",
             PLAIN("b.example.org", "<Location /app>\nProxyPass http://[::1]/\n"
                                    "</Location>\n") SECURE("b.example.org", ""));
    web_site(root, "c",
             PLAIN("c.example.org", "RewriteRule ^/x /y [L]\n")
                 SECURE("c.example.org", ""));
    HARDEN(plan, root);
    ck_assert_uint_eq(web_count(web_after_site(plan, "a"), "RedirectMatch"), 1);
    ck_assert_uint_eq(web_count(web_after_site(plan, "b"), "RedirectMatch"), 2);
    ck_assert_ptr_nonnull(strstr(web_after_site(plan, "c"),
                                 "<Location \"/\">\n\t" REDIRECT "c.example.org/$1\"\n"
                                 "</Location>\n</VirtualHost>\n"));
}
END_TEST

/* "$" and "%" mean something in the target; such a name gets no redirect. */
START_TEST(names_that_are_none_are_not_redirected_to)
{
    WEB(root);
    web_site(root, "a", PLAIN("$1.example.org", "") SECURE("$1.example.org", HSTS));
    web_site(root, "b", PLAIN("${HOST}", "") SECURE("${HOST}", HSTS));
    web_site(root, "c", PLAIN("caf\xe9", "") SECURE("caf\xe9", HSTS));
    web_site(root, "d", PLAIN("\"a b\"", "") SECURE("\"a b\"", HSTS));
    HARDEN(plan, root);
    for (const char *name = "a\0b\0c\0d\0"; *name; name += 2)
        ck_assert_msg(!web_after_site(plan, name), "%s", name);
}
END_TEST

/* --- certificates and stapling --------------------------------------------------------------- */

#define OWN_CERTIFICATE                                                                  \
    "{\"services\":{\"apache\":{\"certificate\":{\"chain\":\"/etc/ssl/new.pem\","        \
    "\"key\":\"/etc/ssl/new.pem\"}}}}"

START_TEST(the_sites_certificate_replaces_all_pairs)
{
    WEB(root);
    web_certificate(root, "/etc/ssl/new.pem", NULL);
    tree_write(root, "/etc/tlsharden/site.json", OWN_CERTIFICATE, 0644);
    web_site(root, "www",
             SECURE("www.example.org",
                    "SSLCertificateFile /etc/ssl/ec.pem\n"
                    "SSLCertificateKeyFile /etc/ssl/ec.pem\n"
                    "SSLCertificateChainFile /etc/ssl/old.pem\n" HSTS));
    HARDEN(plan, root);
    same(web_after_site(plan, "www"),
         "<VirtualHost *:443>\nServerName www.example.org\nSSLEngine on\n"
         "SSLCertificateFile \"/etc/ssl/new.pem\"\n"
         "SSLCertificateKeyFile \"/etc/ssl/new.pem\"\n" HSTS "</VirtualHost>\n");
}
END_TEST

/* The certificate of the whole site is for those that have none. */
START_TEST(the_hosts_certificate_fills_gaps)
{
    WEB(root);
    tree_write(root, "/etc/tlsharden/site.json",
               "{\"certificate\":{\"combined\":\"/etc/ssl/c.pem\"}}", 0644);
    web_site(root, "a", SECURE("a.example.org", HSTS));
    web_site(root, "b", "<VirtualHost *:443>\nSSLEngine on\n</VirtualHost>\n");
    HARDEN(plan, root);
    ck_assert_ptr_null(web_after_site(plan, "a"));
    ck_assert_ptr_nonnull(
        strstr(web_after_site(plan, "b"), "SSLCertificateKeyFile \"/etc/ssl/c.pem\"\n"));
}
END_TEST

START_TEST(no_certificate_at_all_is_an_error)
{
    WEB(root);
    web_site(root, "b", "\n<VirtualHost *:443>\nSSLEngine on\n</VirtualHost>\n");
    CLEANUP(plan_freep) struct plan *plan = web_plan(root, "strict");
    const struct plan_note *n = web_note(plan, PLAN_ERROR, "has no certificate");
    ck_assert_ptr_nonnull(n);
    ck_assert_str_eq(n->file, "/etc/apache2/sites-enabled/b.conf:2");
}
END_TEST

START_TEST(a_second_pair_in_a_snippet_is_refused)
{
    WEB(root);
    web_certificate(root, "/etc/ssl/new.pem", NULL);
    tree_write(root, "/etc/tlsharden/site.json", OWN_CERTIFICATE, 0644);
    tree_write(root, "/etc/apache2/pair.inc", PAIR, 0644);
    web_site(root, "www",
             "<VirtualHost *:443>\nSSLEngine on\nInclude pair.inc\n"
             "</VirtualHost>\n");
    CLEANUP(plan_freep) struct plan *plan = web_plan(root, "strict");
    ck_assert_ptr_nonnull(web_note(plan, PLAN_ERROR, "would be a second one"));
    tree_write(root, "/etc/apache2/pair.inc",
               "SSLCertificateFile /etc/ssl/new.pem\n"
               "SSLCertificateKeyFile /etc/ssl/new.pem\n",
               0644);
    HARDEN(good, root);
    ck_assert_ptr_null(web_note(good, PLAN_ERROR, ""));
    ck_assert_ptr_null(strstr(web_after_site(good, "www"), "SSLCertificate"));
}
END_TEST

START_TEST(staples_where_somebody_answers)
{
    WEB(root);
    web_certificate(root, "/etc/ssl/c.pem", "OCSP;URI:http://ocsp.example.org/");
    web_certificate(root, "/etc/ssl/none.pem", NULL);
    web_site(root, "a", SECURE("a.example.org", HSTS));
    web_site(
        root, "b",
        "<VirtualHost *:443>\nServerName b.example.org\nSSLEngine on\n"
        "SSLCertificateFile /etc/ssl/none.pem\nSSLCertificateKeyFile /etc/ssl/none.pem\n"
        "SSLUseStapling on\n</VirtualHost>\n");
    HARDEN(plan, root);
    ck_assert_uint_eq(web_count(web_after_site(plan, "a"), "SSLUseStapling on\n"), 1);
    ck_assert_ptr_null(strstr(web_after_site(plan, "b"), "SSLUseStapling"));
    ck_assert_ptr_nonnull(
        strstr(web_after(plan, STAPLING), "\n    SSLStaplingCache \"shmcb:"));
    ck_assert_ptr_null(strstr(web_after(plan, POLICY), "Stapling"));
    ck_assert_ptr_nonnull(
        web_after(plan, "/etc/apache2/conf-enabled/tlsharden-stapling.conf"));
}
END_TEST

/* --- the site's own -------------------------------------------------------------------------- */

#define ASKED(more)                                                                      \
    "{\"certificate\":{\"chain\":\"/etc/ssl/c.pem\",\"key\":\"/etc/ssl/c.pem\"},"        \
    "\"services\":{\"apache\":{\"vhosts\":[{\"name\":\"New.example.org\","               \
    "\"document_root\":\"/var/www/new\"" more "}]}}}"

START_TEST(asked_virtual_hosts_are_made)
{
    WEB(root);
    tree_write(root, "/etc/apache2/ports.conf", "Listen 80\n", 0644);
    tree_write(root, "/etc/tlsharden/site.json",
               ASKED(",\"aliases\":[\"a.example.org\",\"b.example.org\"]"), 0644);
    HARDEN(plan, root);
    same(web_after_site(plan, "tlsharden-new.example.org"),
         "# Written by tlsharden for the site's virtual host new.example.org. Changes "
         "made "
         "here are overwritten.\n"
         "<VirtualHost *:80>\n    ServerName new.example.org\n"
         "    ServerAlias a.example.org\n    ServerAlias b.example.org\n"
         "    DocumentRoot \"/var/www/new\"\n    " REDIRECT "new.example.org/$1\"\n"
         "</VirtualHost>\n\n"
         "<VirtualHost *:443>\n    ServerName new.example.org\n"
         "    ServerAlias a.example.org\n    ServerAlias b.example.org\n"
         "    DocumentRoot \"/var/www/new\"\n    SSLEngine on\n"
         "    SSLCertificateFile \"/etc/ssl/c.pem\"\n"
         "    SSLCertificateKeyFile \"/etc/ssl/c.pem\"\n    " HSTS "</VirtualHost>\n");
    same(web_after(plan, "/etc/apache2/sites-enabled/tlsharden-new.example.org.conf"),
         "../sites-available/tlsharden-new.example.org.conf");
    same(web_after(plan, "/etc/apache2/ports.conf"),
         "Listen 80\n<IfModule ssl_module>\n\tListen 443\n</IfModule>\n");
    static const char *const modules[] = {
        "ssl.load",   "ssl.conf",     "mime.load",         "setenvif.load",
        "alias.load", "headers.load", "socache_shmcb.load"};
    for (size_t i = 0; i < ARRAY_LEN(modules); i++) {
        CLEANUP(mem_freep)
        char *path = file_join("/etc/apache2/mods-enabled", modules[i]);
        ck_assert_msg(web_after(plan, path) != NULL, "%s", path);
    }
}
END_TEST

START_TEST(asked_virtual_hosts_that_are_there)
{
    WEB(root);
    tree_write(root, "/etc/tlsharden/site.json", ASKED(""), 0644);
    web_site(root, "there", SECURE("new.example.org", ""));
    HARDEN(plan, root);
    ck_assert_ptr_null(web_after_site(plan, "tlsharden-new.example.org"));
    ck_assert_ptr_nonnull(web_note(plan, PLAN_INFO, "is there already"));
}
END_TEST

/* Without TLS only: the half that is missing is made, and the other one is sent to it. */
START_TEST(asked_virtual_hosts_that_are_half_there)
{
    WEB(root);
    tree_write(root, "/etc/tlsharden/site.json", ASKED(""), 0644);
    web_site(root, "there", PLAIN("new.example.org", ""));
    HARDEN(plan, root);
    const char *made = web_after_site(plan, "tlsharden-new.example.org");
    ck_assert_ptr_nonnull(strstr(made, "<VirtualHost *:443>"));
    ck_assert_ptr_null(strstr(made, "<VirtualHost *:80>"));
    ck_assert_ptr_nonnull(strstr(web_after_site(plan, "there"), REDIRECT));
}
END_TEST

START_TEST(asked_without_a_certificate_is_an_error)
{
    WEB(root);
    tree_write(root, "/etc/tlsharden/site.json",
               "{\"services\":{\"apache\":{\"vhosts\":[{\"name\":\"new.example.org\","
               "\"document_root\":\"/x\",\"certificate\":{\"ca\":\"/ca.pem\"}}]}}}",
               0644);
    CLEANUP(plan_freep) struct plan *plan = web_plan(root, "strict");
    ck_assert_ptr_nonnull(
        web_note(plan, PLAN_ERROR, "new.example.org has no certificate"));
    ck_assert_ptr_null(web_after_site(plan, "tlsharden-new.example.org"));
}
END_TEST

/* --- many ------------------------------------------------------------------------------------ */

/* Time has to grow with their number, not with its square: this would take minutes. */
START_TEST(many_virtual_hosts)
{
    enum { COUNT = 20000 };
    WEB(root);
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    tree_write(root, "/etc/apache2/tls.inc", "SSLProtocol all\n", 0644);
    for (int i = 0; i < COUNT; i++)
        buf_addf(&text,
                 "<VirtualHost *:80>\nServerName s%d.example.org\n</VirtualHost>\n"
                 "<VirtualHost *:443>\nServerName s%d.example.org\nSSLEngine on\n" PAIR
                 "Include tls.inc\n</VirtualHost>\n",
                 i, i);
    web_site(root, "many", buf_str(&text));
    HARDEN(plan, root);
    ck_assert_uint_eq(web_count(web_after_site(plan, "many"), HSTS), COUNT);
    ck_assert_uint_eq(web_count(web_after_site(plan, "many"), REDIRECT), COUNT);
}
END_TEST

UNIT_MAIN(
    "httpd_sites", strict_gives_the_expected_files, old_servers_get_what_they_know,
    server_without_tls_gets_the_policy_only, main_file_that_does_not_include_the_policy,
    overrides_in_virtual_hosts_go, fewer_versions_stay, only_words_behind_the_policy_go,
    main_file_without_words_behind_the_policy_is_not_touched,
    snippets_of_virtual_hosts_lose_them_once, foreign_snippets_are_overridden_in_turn,
    policy_before_a_foreign_snippet_is_refused, sites_elsewhere_are_told_not_changed,
    links_lead_to_one_real_file, directories_and_patterns_are_followed,
    what_cannot_be_followed_is_told, loops_and_open_sections_are_refused,
    hsts_is_said_once_and_never_weaker, hsts_of_the_whole_server_moves_to_virtual_hosts,
    only_plain_twins_are_redirected, other_ports_are_named, redirects_that_are_there_stay,
    partial_redirects_and_mappings, names_that_are_none_are_not_redirected_to,
    the_sites_certificate_replaces_all_pairs, the_hosts_certificate_fills_gaps,
    no_certificate_at_all_is_an_error, a_second_pair_in_a_snippet_is_refused,
    staples_where_somebody_answers, asked_virtual_hosts_are_made,
    asked_virtual_hosts_that_are_there, asked_virtual_hosts_that_are_half_there,
    asked_without_a_certificate_is_an_error, many_virtual_hosts)
