/*
 * A tree with a Debian web server in it: as much of its configuration as the order of reading needs,
 * dpkg's word for the versions, and this very program as the module that is linked with OpenSSL.
 */
#ifndef UNIT_WEB_HOST_H
#define UNIT_WEB_HOST_H

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "plan/build.h"
#include "unit/tree.h"

#define SITES    "/etc/apache2/sites-available/"
#define POLICY   "/etc/apache2/conf-available/tlsharden.conf"
#define STAPLING "/etc/apache2/conf-available/tlsharden-stapling.conf"
#define PAIR     "SSLCertificateFile /etc/ssl/c.pem\nSSLCertificateKeyFile /etc/ssl/c.pem\n"
#define SECURE(name, more)                                                               \
    "<VirtualHost *:443>\nServerName " name "\nSSLEngine on\n" PAIR more                 \
    "</VirtualHost>\n"
#define PLAIN(name, more)                                                                \
    "<VirtualHost *:80>\nServerName " name "\n" more "</VirtualHost>\n"

static const char web_main[] = "IncludeOptional mods-enabled/*.load\n"
                               "IncludeOptional mods-enabled/*.conf\n"
                               "Include ports.conf\n"
                               "IncludeOptional conf-enabled/*.conf\n"
                               "IncludeOptional sites-enabled/*.conf\n";

static const char web_packages[] =
    "Package: apache2-bin\nStatus: install ok installed\nVersion: 2.4.57-2\n\n"
    "Package: libssl3\nStatus: install ok installed\nVersion: 3.0.11-1~deb12u2\n\n";

static inline void web_link(const char *root, const char *path, const char *target)
{
    struct err err = ERR_INIT;
    CLEANUP(mem_freep) char *real = file_join(root, path);
    CLEANUP(mem_freep) char *dir = mem_strndup(real, (size_t)(strrchr(real, '/') - real));
    ck_assert_int_eq(file_mkdirs(dir, 0755, &err), 0);
    ck_assert_int_eq(symlink(target, real), 0);
}

/* Copies this program to where a module is looked for. */
static inline void web_object(const char *root, const char *path)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf image = BUF_INIT;
    CLEANUP(mem_freep) char *real = file_join(root, path);
    ck_assert_int_eq(file_read("/proc/self/exe", FILE_LIMIT, &image, NULL, &err), 0);
    tree_write(root, path, "", 0755);
    CLEANUP(fd_close) int fd = open(real, O_WRONLY);
    ck_assert_int_eq(file_write_all(fd, image.data, image.len, real, &err), 0);
}

/* A certificate and its key in one file; `access` as in x509v3_config(5), or NULL. */
static inline void web_certificate(const char *root, const char *path, const char *access)
{
    CLEANUP(mem_freep) char *real = file_join(root, path);
    tree_write(root, path, "", 0600);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_set_version(cert, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(cert), -86400);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400L * 90);
    X509_set_pubkey(cert, key);
    X509_EXTENSION *e =
        access ? X509V3_EXT_conf_nid(NULL, NULL, NID_info_access, access) : NULL;
    if (e)
        X509_add_ext(cert, e, -1);
    ck_assert_int_gt(X509_sign(cert, key, EVP_sha256()), 0);
    FILE *out = fopen(real, "w");
    ck_assert_ptr_nonnull(out);
    ck_assert(PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL));
    ck_assert(PEM_write_X509(out, cert));
    fclose(out);
    X509_EXTENSION_free(e);
    X509_free(cert);
    EVP_PKEY_free(key);
}

/* The stock configuration: no site, TLS not enabled. */
static inline char *web_make(void)
{
    char *root = tree_make();
    tree_write(root, "/var/lib/dpkg/status", web_packages, 0644);
    tree_write(root, "/etc/apache2/apache2.conf", web_main, 0644);
    tree_write(root, "/etc/apache2/ports.conf",
               "Listen 80\n<IfModule ssl_module>\n\tListen 443\n</IfModule>\n", 0644);
    web_object(root, "/usr/lib/apache2/modules/mod_ssl.so");
    web_certificate(root, "/etc/ssl/c.pem", NULL);
    return root;
}

/* A site as Debian keeps them: the file, and a link that enables it. */
static inline void web_site(const char *root, const char *name, const char *text)
{
    CLEANUP(mem_freep) char *path = mem_printf(SITES "%s.conf", name);
    CLEANUP(mem_freep)
    char *link = mem_printf("/etc/apache2/sites-enabled/%s.conf", name);
    CLEANUP(mem_freep) char *target = mem_printf("../sites-available/%s.conf", name);
    tree_write(root, path, text, 0644);
    web_link(root, link, target);
}

/* --- plans ----------------------------------------------------------------------------------- */

static inline void free_profile(struct profile **p)
{
    profile_releasep(p);
}

/* What `profile` wants of the service in the tree; NULL and err on failure. */
static inline struct plan *web_plan_for(const char *root, const char *service,
                                        const char *profile, struct err *err)
{
    CLEANUP(host_release) struct host host = HOST_INIT;
    CLEANUP(service_list_release) struct service_list list = SERVICE_LIST_INIT;
    CLEANUP(site_release) struct site site = SITE_INIT;
    CLEANUP(strv_release) struct strv only = STRV_INIT;
    CLEANUP(free_profile) struct profile *p = profile_load(profile, "profiles", err);
    struct plan *plan = NULL;
    strv_add(&only, service);
    const struct plan_request request = {
        .host = &host, .services = &list, .only = &only, .profile = p, .site = &site};
    if (!p || host_open(root, &host, err) < 0 || service_list_load(".", &list, err) < 0 ||
        site_load(NULL, &host.root, "/etc/tlsharden/site.json", &list, &site, err) < 0 ||
        plan_build(&request, &plan, err) < 0)
        return NULL;
    return plan;
}

static inline struct plan *web_plan(const char *root, const char *profile)
{
    struct err err = ERR_INIT;
    struct plan *plan = web_plan_for(root, "apache", profile, &err);
    ck_assert_msg(plan != NULL, "%s", err.text);
    return plan;
}

/* What a path of the plan shall hold; NULL when it is not in it. Borrowed. */
static inline const char *web_after(const struct plan *plan, const char *path)
{
    for (size_t i = 0; i < plan->file_count; i++)
        if (strcmp(plan->files[i].path, path) == 0)
            return buf_str(&plan->files[i].after);
    return NULL;
}

static inline const char *web_after_site(const struct plan *plan, const char *name)
{
    CLEANUP(mem_freep) char *path = mem_printf(SITES "%s.conf", name);
    return web_after(plan, path);
}

/* Carries a plan out on the tree, without care. */
static inline void web_apply(const char *root, const struct plan *plan)
{
    for (size_t i = 0; i < plan->file_count; i++) {
        const struct plan_file *f = &plan->files[i];
        CLEANUP(mem_freep) char *real = file_join(root, f->path);
        ck_assert(!f->present_before || unlink(real) == 0);
        if (f->kind == PLAN_SYMLINK && f->present_after)
            web_link(root, f->path, buf_str(&f->after));
        else if (f->present_after)
            tree_write(root, f->path, buf_str(&f->after), 0644);
    }
}

/* Makes the plan, carries it out, and holds that nothing is left to be done then. */
static inline struct plan *web_harden(const char *root, const char *profile)
{
    struct plan *plan = web_plan(root, profile);
    web_apply(root, plan);
    CLEANUP(plan_freep) struct plan *again = web_plan(root, profile);
    for (size_t i = 0; i < again->file_count; i++)
        ck_abort_msg("a second time: %s becomes\n%s", again->files[i].path,
                     buf_str(&again->files[i].after));
    return plan;
}

/* The first note of that severity or a worse one that holds `text`. */
static inline const struct plan_note *
web_note(const struct plan *plan, enum plan_severity severity, const char *text)
{
    for (size_t i = 0; i < plan->note_count; i++)
        if (plan->notes[i].severity >= severity && strstr(plan->notes[i].what, text))
            return &plan->notes[i];
    return NULL;
}

static inline size_t web_count(const char *text, const char *word)
{
    size_t n = 0, len = strlen(word);
    for (; text && *text; text++)
        n += strncmp(text, word, len) ==
             0; /* strstr() asks a sanitizer for all the rest */
    return n;
}

#endif
