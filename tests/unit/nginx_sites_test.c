/*
 * What becomes of nginx's files: each test writes a configuration, makes the plan, carries it out and
 * holds that a second plan is empty; then what the files say.
 */
#include "unit/web_host.h"

#define MAIN  "/etc/nginx/nginx.conf"
#define SITE  "/etc/nginx/sites-enabled/site"
#define FIELD "Strict-Transport-Security"
#define HSTS  "add_header Strict-Transport-Security \"max-age=63072000\" always;\n"
#define PEM   "ssl_certificate /etc/ssl/c.pem;\nssl_certificate_key /etc/ssl/c.pem;\n"
#define TLS   "listen 443 ssl;\n" PEM
#define COMMANDS                                                                         \
    "ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"       \
    "TLS_CHACHA20_POLY1305_SHA256;\nssl_conf_command SignatureAlgorithms "               \
    "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:ed25519:"      \
    "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pss_pss_sha256:"    \
    "rsa_pss_pss_sha384:rsa_pss_pss_sha512:rsa_pkcs1_sha256:rsa_pkcs1_sha384:"           \
    "rsa_pkcs1_sha512;\n"
#define NOT_RENEWAL "^http:/(?!\\.well-known/acme-challenge/)"

#define NGINX(root)          char *root CLEANUP(tree_remove) = nginx_make()
#define HARDEN(name, root)   struct plan *name CLEANUP(plan_freep) = harden(root, "strict")
#define PLAN(name, root, by) struct plan *name CLEANUP(plan_freep) = plan_of(root, by)

static void same(const char *got, const char *expected)
{
    ck_assert_msg(got != NULL, "it is not changed");
    ck_assert_msg(strcmp(got, expected) == 0, "\ngot:\n%s\nwant:\n%s", got, expected);
}

static void has(const char *text, const char *word)
{
    ck_assert_msg(text && strstr(text, word), "no '%s' in:\n%s", word, text);
}

static void lacks(const char *text, const char *word)
{
    ck_assert_msg(text && !strstr(text, word), "'%s' in:\n%s", word, text);
}

/* --- a host ---------------------------------------------------------------------------------- */

static const char nginx_main[] = "events {}\n"
                                 "http {\n"
                                 "include conf.d/*.conf;\n"
                                 "include /etc/nginx/sites-enabled/*;\n"
                                 "}\n";

static char *nginx_make(void)
{
    char *root = tree_make();
    tree_write(root, "/var/lib/dpkg/status",
               "Package: nginx\nStatus: install ok installed\nVersion: 1.22.1-9\n\n"
               "Package: libssl3\nStatus: install ok installed\nVersion: 3.0.11-1\n\n",
               0644);
    tree_write(root, MAIN, nginx_main, 0644);
    web_object(root, "/usr/sbin/nginx");
    web_certificate(root, "/etc/ssl/c.pem", NULL);
    web_certificate(root, "/etc/ssl/s.pem", NULL);
    return root;
}

static struct plan *plan_of(const char *root, const char *profile)
{
    struct err err = ERR_INIT;
    struct plan *plan = web_plan_for(root, "nginx", profile, &err);
    ck_assert_msg(plan != NULL, "%s", err.text);
    return plan;
}

static struct plan *harden(const char *root, const char *profile)
{
    struct plan *plan = plan_of(root, profile);
    web_apply(root, plan);
    CLEANUP(plan_freep) struct plan *again = plan_of(root, profile);
    for (size_t i = 0; i < again->file_count; i++)
        ck_abort_msg("a second time: %s becomes\n%s", again->files[i].path,
                     buf_str(&again->files[i].after));
    return plan;
}

static void site(const char *root, const char *text)
{
    tree_write(root, SITE, text, 0644);
}

/* --- the policy ------------------------------------------------------------------------------ */

START_TEST(the_http_block_gets_the_policy)
{
    NGINX(root);
    site(root, "server {\n" TLS "server_name www.example.org;\n}\n");
    HARDEN(plan, root);
    ck_assert_uint_eq(plan->file_count, 2);
    same(web_after(plan, MAIN),
         "events {}\n"
         "http {\n"
         "include conf.d/*.conf;\n"
         "include /etc/nginx/sites-enabled/*;\n"
         "ssl_protocols TLSv1.2 TLSv1.3;\n"
         "ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
         "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
         "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;\n" COMMANDS
         "ssl_ecdh_curve X25519:prime256v1:secp384r1;\n"
         "ssl_prefer_server_ciphers on;\n"
         "ssl_session_tickets off;\n"
         "ssl_session_cache shared:tlsharden:10m;\n"
         "ssl_session_timeout 1h;\n"
         "ssl_early_data off;\n"
         "}\n");
    same(web_after(plan, SITE),
         "server {\n" TLS "server_name www.example.org;\n" HSTS "}\n");
}
END_TEST

START_TEST(old_versions_get_what_they_know)
{
    NGINX(root);
    tree_write(root, "/var/lib/dpkg/status",
               "Package: nginx\nStatus: install ok installed\nVersion: 1.10.3-1\n\n"
               "Package: libssl3\nStatus: install ok installed\nVersion: 3.0.11-1\n\n",
               0644);
    HARDEN(plan, root);
    has(web_after(plan, MAIN), "ssl_protocols TLSv1.2;\n");
    lacks(web_after(plan, MAIN), "ssl_conf_command");
    lacks(web_after(plan, MAIN), "ssl_ecdh_curve");
    lacks(web_after(plan, MAIN), "ssl_early_data");
    ck_assert_ptr_nonnull(web_note(plan, PLAN_INFO, "no server speaks TLS"));
}
END_TEST

START_TEST(the_http_block_may_be_in_another_file)
{
    NGINX(root);
    tree_write(root, MAIN, "include http.conf;\n", 0644);
    tree_write(root, "/etc/nginx/http.conf", "http {\n}\n", 0644);
    HARDEN(plan, root);
    has(web_after(plan, "/etc/nginx/http.conf"), "\tssl_protocols TLSv1.2 TLSv1.3;\n");
    ck_assert_ptr_null(web_after(plan, MAIN));
}
END_TEST

START_TEST(without_an_http_block_nothing_is_done)
{
    NGINX(root);
    tree_write(root, MAIN, "events {}\n", 0644);
    HARDEN(plan, root);
    ck_assert_uint_eq(plan->file_count, 0);
    ck_assert_ptr_nonnull(web_note(plan, PLAN_INFO, "there is no http block"));
}
END_TEST

START_TEST(what_is_remembered_stays_as_it_is_said)
{
    NGINX(root);
    tree_write(root, "/etc/nginx/conf.d/a.conf",
               "ssl_session_cache shared:SSL:1m;\nssl_session_timeout 5m;\n", 0644);
    HARDEN(plan, root);
    lacks(web_after(plan, MAIN), "ssl_session_cache");
    lacks(web_after(plan, MAIN), "ssl_session_timeout");
}
END_TEST

START_TEST(dhe_needs_parameters)
{
    NGINX(root);
    PLAN(plan, root, "compat-2018");
    has(web_after(plan, "/etc/nginx/tlsharden-ffdhe.pem"), "BEGIN DH PARAMETERS");
    has(web_after(plan, MAIN), "ssl_dhparam /etc/nginx/tlsharden-ffdhe.pem;\n");
}
END_TEST

START_TEST(parameters_that_are_there_stay)
{
    NGINX(root);
    tree_write(root, "/etc/nginx/conf.d/dh.conf", "ssl_dhparam dh.pem;\n", 0644);
    site(root, "server {\n" TLS "ssl_dhparam /etc/other.pem;\n}\n");
    PLAN(plan, root, "compat-2018");
    ck_assert_ptr_null(web_after(plan, "/etc/nginx/tlsharden-ffdhe.pem"));
    ck_assert_ptr_nonnull(web_note(plan, PLAN_ERROR, "there is no such file"));
}
END_TEST

/* --- what is said elsewhere ------------------------------------------------------------------ */

START_TEST(included_files_of_the_http_block_do_not_say_it_again)
{
    NGINX(root);
    tree_write(root, "/etc/nginx/conf.d/tls.conf",
               "ssl_protocols TLSv1.3;\nssl_ciphers ALL;\ngzip on;\n" HSTS, 0644);
    HARDEN(plan, root);
    same(web_after(plan, "/etc/nginx/conf.d/tls.conf"), "gzip on;\n");
    has(web_after(plan, MAIN), "ssl_protocols TLSv1.3;\n");
    ck_assert_ptr_nonnull(web_note(plan, PLAN_INFO, "allows less than the profile"));
}
END_TEST

START_TEST(versions_of_several_files_add_up)
{
    NGINX(root);
    tree_write(root, "/etc/nginx/conf.d/a.conf", "ssl_protocols TLSv1;\n", 0644);
    tree_write(root, "/etc/nginx/conf.d/b.conf", "ssl_protocols TLSv1.3;\n", 0644);
    HARDEN(plan, root);
    has(web_after(plan, MAIN), "ssl_protocols TLSv1.2 TLSv1.3;\n");
}
END_TEST

START_TEST(overrides_in_servers_go)
{
    NGINX(root);
    site(root, "server {\n" TLS "ssl_protocols TLSv1;\nssl_ciphers ALL;\n"
               "ssl_ecdh_curve secp521r1;\nssl_early_data on;\nssl_session_tickets on;\n"
               "ssl_conf_command MinProtocol TLSv1;\nssl_conf_command ciphersuites X;\n"
               "ssl_session_timeout 1d;\n}\n");
    HARDEN(plan, root);
    same(web_after(plan, SITE), "server {\n" TLS "ssl_session_timeout 1d;\n" HSTS "}\n");
}
END_TEST

START_TEST(overrides_in_files_of_servers_go)
{
    NGINX(root);
    tree_write(root, "/etc/nginx/snippets/tls.conf", "ssl_protocols TLSv1; # why\n",
               0644);
    site(root, "server {\n" TLS "include snippets/*.conf;\n}\n"
               "server {\n" TLS "include snippets/tls.conf;\n}\n");
    HARDEN(plan, root);
    same(web_after(plan, "/etc/nginx/snippets/tls.conf"), "# why\n");
}
END_TEST

START_TEST(overrides_that_are_not_ours_are_told)
{
    NGINX(root);
    tree_write(root, "/etc/letsencrypt/options.conf", "ssl_protocols TLSv1;\n", 0644);
    site(root, "server {\n" TLS "include /etc/letsencrypt/options.conf;\n}\n");
    PLAN(plan, root, "strict");
    const struct plan_note *n =
        web_note(plan, PLAN_ERROR, "says otherwise than the policy");
    ck_assert_ptr_nonnull(n);
    ck_assert_str_eq(n->remedy, "take the policy out of that file");
}
END_TEST

START_TEST(what_is_said_twice_and_is_not_ours_is_told)
{
    NGINX(root);
    tree_write(root, "/srv/tls.conf", "ssl_ciphers ALL;\n" HSTS, 0644);
    tree_write(root, MAIN, "http {\ninclude /srv/*.conf;\n}\n", 0644);
    PLAN(plan, root, "strict");
    ck_assert_ptr_nonnull(web_note(plan, PLAN_ERROR, "which would be twice"));
    ck_assert_ptr_nonnull(web_note(plan, PLAN_WARNING, FIELD));
}
END_TEST

START_TEST(servers_that_are_not_ours_are_told)
{
    NGINX(root);
    tree_write(root, "/srv/a.conf", "server {\n" TLS "}\n", 0644);
    tree_write(root, "/srv/b.conf", "server {\n" TLS "ssl_ciphers ALL;\n}\n", 0644);
    tree_write(root, MAIN, "http {\ninclude /srv/*.conf;\n}\n", 0644);
    PLAN(plan, root, "strict");
    ck_assert_ptr_nonnull(web_note(plan, PLAN_ERROR, "does not follow the policy"));
    ck_assert_ptr_nonnull(web_note(plan, PLAN_WARNING, "it is not changed"));
}
END_TEST

START_TEST(fewer_versions_count_for_an_address)
{
    NGINX(root);
    site(root, "server {\n" TLS "ssl_protocols TLSv1.3;\n}\n");
    HARDEN(plan, root);
    same(web_after(plan, SITE), "server {\n" TLS HSTS "}\n");
    const struct plan_note *n =
        web_note(plan, PLAN_WARNING, "allows fewer protocol versions");
    ck_assert_ptr_nonnull(n);
    ck_assert_str_eq(n->file, SITE ":1");
}
END_TEST

START_TEST(fewer_versions_of_the_http_block_stay)
{
    NGINX(root);
    tree_write(root, MAIN, "http {\nssl_protocols TLSv1.3;\n}\n", 0644);
    HARDEN(plan, root);
    has(web_after(plan, MAIN), "ssl_protocols TLSv1.3;\n");
}
END_TEST

START_TEST(fewer_suites_stay)
{
    NGINX(root);
    site(root, "server {\n" TLS "ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;\n"
               "ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;\n}\n");
    HARDEN(plan, root);
    has(web_after(plan, SITE), "ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;\n");
    has(web_after(plan, SITE), "ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;\n");
    ck_assert_ptr_nonnull(web_note(plan, PLAN_INFO, "fewer cipher suites"));
}
END_TEST

START_TEST(other_commands_hide_those_of_the_policy)
{
    NGINX(root);
    site(root, "server {\n" TLS "ssl_conf_command Options KTLS;\n}\n");
    HARDEN(plan, root);
    same(web_after(plan, SITE),
         "server {\n" TLS "ssl_conf_command Options KTLS;\n" COMMANDS HSTS "}\n");
}
END_TEST

START_TEST(servers_of_other_blocks_are_none_of_http)
{
    NGINX(root);
    tree_write(root, MAIN,
               "stream {\nserver {\n" TLS "}\n}\nmail {\n}\nhttp {\n"
               "upstream u {\nserver 127.0.0.1;\n}\n}\n",
               0644);
    HARDEN(plan, root);
    const struct plan_note *n = web_note(plan, PLAN_WARNING, "block 'stream' speaks TLS");
    ck_assert_ptr_nonnull(n);
    ck_assert_str_eq(n->file, MAIN ":1");
    ck_assert_ptr_null(web_note(plan, PLAN_WARNING, "block 'mail'"));
    ck_assert_ptr_nonnull(web_note(plan, PLAN_INFO, "no server speaks TLS"));
}
END_TEST

/* --- where TLS is spoken --------------------------------------------------------------------- */

START_TEST(one_server_makes_an_address_speak_tls)
{
    NGINX(root);
    site(root, "server {\nlisten 0.0.0.0:443 ssl;\n" PEM "}\n"
               "server {\nlisten *:443;\n" PEM "}\n"
               "server {\nlisten 80;\n}\nserver {\nlisten unix:/run/x ssl;\n}\n"
               "server {\nlisten 443 quic;\n}\nserver {\nssl on;\n" PEM "}\n");
    HARDEN(plan, root);
    ck_assert_uint_eq(web_count(web_after(plan, SITE), FIELD), 3);
}
END_TEST

/* --- fields ---------------------------------------------------------------------------------- */

START_TEST(fields_of_the_http_block_are_repeated)
{
    NGINX(root);
    tree_write(root, "/etc/nginx/conf.d/a.conf", "add_header X-A \"a b\" always;\n",
               0644);
    site(root, "server {\n" TLS "}\nserver {\n" TLS "add_header X-B b;\n}\n");
    HARDEN(plan, root);
    same(web_after(plan, SITE),
         "server {\n" TLS HSTS "add_header X-A \"a b\" always;\n}\n"
         "server {\n" TLS "add_header X-B b;\n" HSTS "}\n");
}
END_TEST

START_TEST(blocks_with_fields_get_it)
{
    NGINX(root);
    tree_write(root, "/etc/nginx/fields.conf", "add_header X-C c;\n", 0644);
    site(root, "server {\n" TLS "location / {\nlocation /a {\nadd_header X-A a;\n}\n}\n"
               "location /b {\nif ($x) {\nadd_header X-B b;\n}\n}\n"
               "location /c {\ninclude fields.conf;\n}\n}\n");
    HARDEN(plan, root);
    same(web_after(plan, SITE),
         "server {\n" TLS "location / {\nlocation /a {\nadd_header X-A a;\n" HSTS "}\n}\n"
         "location /b {\nif ($x) {\nadd_header X-B b;\n" HSTS "}\n}\n"
         "location /c {\ninclude fields.conf;\n" HSTS "}\n" HSTS "}\n");
}
END_TEST

START_TEST(shared_blocks_with_fields_are_told)
{
    NGINX(root);
    tree_write(root, "/etc/nginx/api.conf", "location /api {\nadd_header X-A a;\n}\n",
               0644);
    site(root, "server {\n" TLS "include api.conf;\n}\n");
    HARDEN(plan, root);
    const struct plan_note *n = web_note(plan, PLAN_WARNING, "sends fields of its own");
    ck_assert_ptr_nonnull(n);
    ck_assert_str_eq(n->file, "/etc/nginx/api.conf:1");
}
END_TEST

START_TEST(what_was_promised_is_kept)
{
    NGINX(root);
    site(root, "server {\n" TLS "add_header strict-transport-security "
               "'max-age=99999999; includeSubDomains';\n}\n");
    HARDEN(plan, root);
    same(web_after(plan, SITE), "server {\n" TLS "add_header Strict-Transport-Security "
                                "\"max-age=99999999; includeSubDomains\" always;\n}\n");
}
END_TEST

/* --- redirects ------------------------------------------------------------------------------- */

START_TEST(plain_servers_lead_to_the_one_with_tls)
{
    NGINX(root);
    site(root, "server {\nserver_name www.example.org;\n" HSTS "}\n"
               "server {\nserver_name other.example.org;\n}\n"
               "server {\n" TLS "server_name www.example.org;\n}\n");
    HARDEN(plan, root);
    same(web_after(plan, SITE),
         "server {\nserver_name www.example.org;\n"
         "if ($request_uri !~ \"^/\\.well-known/acme-challenge/\") {\n"
         "    return 301 \"https://www.example.org$request_uri\";\n}\n}\n"
         "server {\nserver_name other.example.org;\n}\n"
         "server {\n" TLS "server_name www.example.org;\n" HSTS "}\n");
}
END_TEST

START_TEST(another_port_is_part_of_it)
{
    NGINX(root);
    site(root,
         "server {\nserver_name www.example.org;\n}\n"
         "server {\nlisten [::1]:8443 ssl;\n" PEM "server_name www.example.org;\n}\n");
    HARDEN(plan, root);
    has(web_after(plan, SITE),
        "return 301 \"https://www.example.org:8443$request_uri\";\n");
}
END_TEST

START_TEST(those_that_lead_there_stay)
{
    static const char *const ways[] = {
        "return 301 https://$host$request_uri;\n",
        "return https://www.example.org/;\n",
        "rewrite ^ https://$host$request_uri permanent;\n",
        "if ($scheme != https) {\nreturn 301 https://$host$request_uri;\n}\n",
        "location / {\nreturn 301 https://$host$request_uri;\n}\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        NGINX(root);
        CLEANUP(mem_freep)
        char *plain =
            mem_printf("server {\nserver_name www.example.org;\n%s}\n", ways[i]);
        CLEANUP(mem_freep)
        char *all =
            mem_printf("%sserver {\n" TLS "server_name www.example.org;\n}\n", plain);
        site(root, all);
        HARDEN(plan, root);
        has(web_after(plan, SITE), plain);
    }
}
END_TEST

START_TEST(a_server_may_speak_both)
{
    NGINX(root);
    site(root, "server {\nlisten 80;\n" TLS "server_name www.example.org;\n}\n");
    HARDEN(plan, root);
    same(web_after(plan, SITE),
         "server {\nlisten 80;\n" TLS "server_name www.example.org;\n"
         "set $tlsharden_asked \"$scheme:$request_uri\";\n" HSTS
         "if ($tlsharden_asked ~ \"" NOT_RENEWAL "\") {\n"
         "    return 301 \"https://www.example.org$request_uri\";\n}\n}\n");
    ck_assert_ptr_nonnull(web_note(plan, PLAN_WARNING, "speaks plain HTTP as well"));
}
END_TEST

/* --- certificates ---------------------------------------------------------------------------- */

START_TEST(servers_need_a_certificate)
{
    NGINX(root);
    site(root, "server {\nlisten 443 ssl;\n}\n");
    PLAN(plan, root, "strict");
    const struct plan_note *n = web_note(plan, PLAN_ERROR, "has no certificate");
    ck_assert_ptr_nonnull(n);
    ck_assert_str_eq(n->file, SITE ":1");
}
END_TEST

START_TEST(those_that_reject_need_none)
{
    NGINX(root);
    site(root, "server {\nlisten 443 ssl;\nssl_reject_handshake on;\n}\n");
    HARDEN(plan, root);
    ck_assert_ptr_null(web_note(plan, PLAN_ERROR, ""));
}
END_TEST

START_TEST(the_sites_certificate_is_used)
{
    NGINX(root);
    tree_write(
        root, "/etc/tlsharden/site.json",
        "{\"services\": {\"nginx\": {\"certificate\": {\"chain\": \"/etc/ssl/s.pem\", "
        "\"key\": \"/etc/ssl/s.pem\"}}}}",
        0644);
    site(root, "server {\n" TLS "}\n");
    HARDEN(plan, root);
    has(web_after(plan, SITE), "ssl_certificate \"/etc/ssl/s.pem\";\n"
                               "ssl_certificate_key \"/etc/ssl/s.pem\";\n");
}
END_TEST

START_TEST(a_second_pair_is_told)
{
    NGINX(root);
    tree_write(
        root, "/etc/tlsharden/site.json",
        "{\"services\": {\"nginx\": {\"certificate\": {\"chain\": \"/etc/ssl/s.pem\", "
        "\"key\": \"/etc/ssl/s.pem\"}}}}",
        0644);
    tree_write(root, "/etc/nginx/pair.conf", PEM, 0644);
    site(root, "server {\nlisten 443 ssl;\ninclude pair.conf;\n}\n");
    PLAN(plan, root, "strict");
    ck_assert_ptr_nonnull(web_note(plan, PLAN_ERROR, "second one"));
}
END_TEST

START_TEST(certificates_by_variable_are_told)
{
    NGINX(root);
    site(root, "server {\nlisten 443 ssl;\nssl_certificate /c/$ssl_server_name.pem;\n"
               "ssl_certificate_key /c/$ssl_server_name.key;\n}\n");
    PLAN(plan, root, "strict");
    ck_assert_ptr_nonnull(web_note(plan, PLAN_WARNING, "is no file by name"));
}
END_TEST

START_TEST(stapling_where_somebody_answers)
{
    NGINX(root);
    web_certificate(root, "/etc/ssl/r.pem", "OCSP;URI:http://ocsp.example.org");
    site(root, "server {\nlisten 443 ssl;\nssl_certificate /etc/ssl/r.pem;\n"
               "ssl_certificate_key /etc/ssl/r.pem;\n"
               "ssl_trusted_certificate /etc/ssl/r.pem;\n}\n"
               "server {\n" TLS "ssl_stapling on;\n}\n");
    PLAN(plan, root, "modern");
    const char *text = web_after(plan, SITE);
    ck_assert_uint_eq(web_count(text, "ssl_stapling on;\n"), 1);
    has(text, "ssl_stapling on;\nssl_stapling_verify on;\n");
}
END_TEST

/* --- policies of their own ------------------------------------------------------------------- */

static const char *own_profile(const char *root, char **ret, const char *tls)
{
    CLEANUP(mem_freep)
    char *text = mem_printf("{\"name\": \"own\", \"extends\": \"strict\", \"scopes\": "
                            "{\"nginx/www.example.org\": {\"tls\": %s}}}",
                            tls);
    tree_write(root, "/own.json", text, 0644);
    return *ret = file_join(root, "own.json");
}

START_TEST(a_server_may_have_suites_of_its_own)
{
    NGINX(root);
    CLEANUP(mem_freep) char *path = NULL;
    site(root, "server {\n" TLS "server_name www.example.org;\n}\n");
    PLAN(plan, root,
         own_profile(root, &path, "{\"suites\": {\"remove\": [\"*CHACHA20*\"]}}"));
    has(web_after(plan, SITE), "ssl_ciphers ECDHE-");
    has(web_after(plan, SITE), "ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256:"
                               "TLS_AES_256_GCM_SHA384;\n");
    lacks(web_after(plan, SITE), "CHACHA20");
}
END_TEST

START_TEST(a_server_may_not_have_versions_of_its_own)
{
    NGINX(root);
    CLEANUP(mem_freep) char *path = NULL;
    site(root, "server {\n" TLS "server_name www.example.org;\n}\n");
    PLAN(plan, root, own_profile(root, &path, "{\"protocols\": [\"TLSv1.3\"]}"));
    ck_assert_ptr_nonnull(web_note(plan, PLAN_ERROR, "share the protocol versions"));
}
END_TEST

START_TEST(a_scope_of_nobody_is_told)
{
    NGINX(root);
    CLEANUP(mem_freep) char *path = NULL;
    site(root, "server {\n" TLS "server_name shop.example.org;\n}\n");
    PLAN(plan, root,
         own_profile(root, &path, "{\"suites\": {\"remove\": [\"*CHACHA20*\"]}}"));
    const struct plan_note *n = web_note(plan, PLAN_WARNING, "no such virtual host");
    ck_assert_ptr_nonnull(n);
    ck_assert_str_eq(n->remedy, "name it as its server_name does, in lower case");
}
END_TEST

/* --- what cannot be read --------------------------------------------------------------------- */

static void refused(const char *root, const char *why)
{
    struct err err = ERR_INIT;
    ck_assert_ptr_null(web_plan_for(root, "nginx", "strict", &err));
    ck_assert_int_eq(err.kind, ERR_INPUT);
    ck_assert_msg(strstr(err.text, why), "%s", err.text);
}

START_TEST(broken_files_are_refused)
{
    NGINX(root);
    site(root, "server {\n" TLS "}\nserver {\n");
    refused(root, SITE ":6: a block is not closed");
    tree_write(root, MAIN, "http {\n}\n}\n", 0644);
    refused(root, MAIN ":3: '}' closes nothing");
}
END_TEST

START_TEST(files_that_include_themselves_are_refused)
{
    NGINX(root);
    site(root, "include sites-enabled/*;\n");
    refused(root, "files include one another 32 deep");
}
END_TEST

START_TEST(includes_by_variable_are_told)
{
    NGINX(root);
    tree_write(root, MAIN, "http {\ninclude $x/*.conf;\n}\n", 0644);
    PLAN(plan, root, "strict");
    const struct plan_note *n =
        web_note(plan, PLAN_WARNING, "includes '/etc/nginx/$x/*.conf'");
    ck_assert_ptr_nonnull(n);
    ck_assert_str_eq(n->file, MAIN ":2");
}
END_TEST

UNIT_MAIN("nginx_sites", the_http_block_gets_the_policy, old_versions_get_what_they_know,
          the_http_block_may_be_in_another_file, without_an_http_block_nothing_is_done,
          what_is_remembered_stays_as_it_is_said, dhe_needs_parameters,
          parameters_that_are_there_stay,
          included_files_of_the_http_block_do_not_say_it_again,
          versions_of_several_files_add_up, overrides_in_servers_go,
          overrides_in_files_of_servers_go, overrides_that_are_not_ours_are_told,
          what_is_said_twice_and_is_not_ours_is_told, servers_that_are_not_ours_are_told,
          fewer_versions_count_for_an_address, fewer_versions_of_the_http_block_stay,
          fewer_suites_stay, other_commands_hide_those_of_the_policy,
          servers_of_other_blocks_are_none_of_http, one_server_makes_an_address_speak_tls,
          fields_of_the_http_block_are_repeated, blocks_with_fields_get_it,
          shared_blocks_with_fields_are_told, what_was_promised_is_kept,
          plain_servers_lead_to_the_one_with_tls, another_port_is_part_of_it,
          those_that_lead_there_stay, a_server_may_speak_both, servers_need_a_certificate,
          those_that_reject_need_none, the_sites_certificate_is_used,
          a_second_pair_is_told, certificates_by_variable_are_told,
          stapling_where_somebody_answers, a_server_may_have_suites_of_its_own,
          a_server_may_not_have_versions_of_its_own, a_scope_of_nobody_is_told,
          broken_files_are_refused, files_that_include_themselves_are_refused,
          includes_by_variable_are_told)
