/*
 * Hook "httpd-sites": virtual hosts, wherever Include leads. service.json says:
 *
 *     "sites": {
 *         "main": ID of the document that everything is included from,
 *         "server_root": DIR that relative paths are relative to,
 *         "policy": PATH of the file that holds the server's policy,
 *         "editable": [DIR, ...]              included files elsewhere are never changed
 *         "overrides": TEMPLATE               what must not be said again behind the policy
 *         "secure": TEMPLATE, "plain": TEMPLATE    for virtual hosts with and without TLS
 *         "generated": {"path": P, "link": L, "target": T, "template": TEMPLATE}
 *                                             for the site's own; %s is the name
 *         "rules": {...}                      for merging
 *         "directives": {"engine", "certificate", "key", "chain", "ca", "header", "header_name"}
 *     }
 *
 * Files are read in the order in which the server reads them, since the last word wins: what
 * comes after the policy file, or stands within a virtual host, loses its overrides.
 *
 * Context that templates see: "sites" {tls, stapling}, and in those for virtual hosts "vhost"
 * {name, certificate {chain, key} or false, stapling, hsts_kept}.
 *
 * Not handled: variables (Define) in included paths and certificate paths, macros; what stands in
 * the false branch of a condition is treated as if it were true.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "format/httpd.h"
#include "probe/certificate.h"
#include "service/hook.h"
#include "service/lookup.h"
#include "service/render.h"

#define DEPTH_LIMIT 32

struct vhost {
    struct document *file;
    struct scope scope;
    char *name;            /* owned; NULL: it has none */
    struct strv addresses; /* "*:443" */
    struct strv chains, keys;
    char *ca;
    bool secure, redirects, hsts_kept;
};

struct sites {
    struct wanted *w;
    const json_t *spec;
    struct document **order; /* owned array; files in the order in which they are read */
    size_t order_count, order_cap;
    size_t policy_at; /* files from here on are read after the policy */
    bool policy_found;
    struct vhost *vhosts;
    size_t vhost_count, vhost_cap;
    struct strv chains, keys; /* of the server itself */
    char *ca;
    bool engine; /* of the server itself */
    struct strv listens;
};

static void vhost_release(struct vhost *v)
{
    free(v->name);
    strv_release(&v->addresses);
    strv_release(&v->chains);
    strv_release(&v->keys);
    free(v->ca);
}

static void sites_release(struct sites *s)
{
    free(s->order);
    for (size_t i = 0; i < s->vhost_count; i++)
        vhost_release(&s->vhosts[i]);
    free(s->vhosts);
    strv_release(&s->chains);
    strv_release(&s->keys);
    strv_release(&s->listens);
    free(s->ca);
}

static const char *spec_text(const struct sites *s, const char *key)
{
    const char *text = json_string_value(json_object_get(s->spec, key));
    return text ? text : "";
}

/* --- directives ------------------------------------------------------------------------------ */

static bool named(const struct httpd_directive *d, const char *name)
{
    return bytes_eq_nocase(d->name, bytes_str(name));
}

/* Is it the directive that service.json calls `role`? */
static bool is_role(const struct sites *s, const struct httpd_directive *d,
                    const char *role)
{
    const char *name =
        json_string_value(json_object_get(json_object_get(s->spec, "directives"), role));
    return name && named(d, name);
}

static void read_args(const struct httpd_directive *d, struct strv *ret)
{
    httpd_args(d->args, ret);
}

static char *first_arg(const struct httpd_directive *d)
{
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    read_args(d, &args);
    return args.count ? mem_strdup(args.items[0]) : NULL;
}

/* A path as the server resolves it. */
static char *server_path(const struct sites *s, const char *path)
{
    return *path == '/' ? mem_strdup(path) : file_join(spec_text(s, "server_root"), path);
}

static void add_path(const struct sites *s, const struct httpd_directive *d,
                     struct strv *to)
{
    CLEANUP(mem_freep) char *arg = first_arg(d);
    if (arg)
        strv_take(to, server_path(s, arg));
}

static void set_path(const struct sites *s, const struct httpd_directive *d, char **to)
{
    CLEANUP(mem_freep) char *arg = first_arg(d);
    if (!arg)
        return;
    free(*to);
    *to = server_path(s, arg);
}

static bool is_on(const struct httpd_directive *d)
{
    CLEANUP(mem_freep) char *arg = first_arg(d);
    return arg && strcasecmp(arg, "off") != 0;
}

static bool is_include(const struct httpd_directive *d)
{
    return named(d, "Include") || named(d, "IncludeOptional");
}

/* --- reading --------------------------------------------------------------------------------- */

static bool editable(const struct sites *s, const struct document *file)
{
    json_t *list = json_object_get(s->spec, "editable"), *v;
    size_t i;
    json_array_foreach(list, i, v)
    {
        const char *dir = json_string_value(v);
        if (strncmp(file->path, dir, strlen(dir)) == 0)
            return true;
    }
    return false;
}

/* Would the pattern include the policy file, which need not exist yet? */
static bool includes_policy(const struct sites *s, const char *pattern)
{
    return fnmatch(pattern, spec_text(s, "policy"), FNM_PATHNAME | FNM_PERIOD) == 0;
}

/* The files of an Include line in the order of the server, the policy file's place noted. */
static int list_included(struct sites *s, const struct httpd_directive *d,
                         struct strv *ret, struct err *err)
{
    CLEANUP(mem_freep) char *arg = first_arg(d);
    if (!arg || strstr(arg, "${"))
        return 0;
    CLEANUP(mem_freep) char *pattern = server_path(s, arg);
    if (path_glob(&s->w->host->root, pattern, ret, err) < 0)
        return -1;
    const char *policy = spec_text(s, "policy");
    if (includes_policy(s, pattern) && !strv_has(ret, policy)) {
        strv_add(ret, policy);
        strv_sort(ret);
    }
    return 0;
}

/* 1: not there, or not a file: the server would say so itself, or skip it. */
static int open_included(struct sites *s, const char *path, struct document **ret,
                         struct err *err)
{
    struct err local = ERR_INIT;
    int rc = documents_add_file(&s->w->documents, s->w->host, "included", path, "httpd",
                                ret, &local);
    if (rc < 0 && local.kind == ERR_SYSTEM) {
        wanted_note(s->w, WANTED_WARNING, path, NULL,
                    "is included but cannot be read: %s", local.text);
        return 1;
    }
    if (rc < 0)
        *err = local;
    size_t line = 0;
    if (rc == 0 && httpd_unclosed((*ret)->doc, &line))
        return err_at(err, path, line, 0, "this section has no end");
    return rc;
}

static int read_file(struct sites *s, struct document *file, unsigned depth,
                     struct err *err);

static int follow(struct sites *s, const struct httpd_directive *d, unsigned depth,
                  struct err *err)
{
    CLEANUP(strv_release) struct strv paths = STRV_INIT;
    if (list_included(s, d, &paths, err) < 0)
        return -1;
    for (size_t i = 0; i < paths.count; i++) {
        if (strcmp(paths.items[i], spec_text(s, "policy")) == 0) {
            s->policy_found = true;
            s->policy_at = s->order_count;
            continue;
        }
        struct document *file = NULL;
        int rc = open_included(s, paths.items[i], &file, err);
        if (rc < 0 || (rc == 0 && read_file(s, file, depth + 1, err) < 0))
            return -1;
    }
    return 0;
}

static int read_server(struct sites *s, const struct httpd_directive *d, unsigned depth,
                       struct err *err)
{
    if (is_include(d))
        return follow(s, d, depth, err);
    if (is_role(s, d, "engine"))
        s->engine = is_on(d);
    else if (is_role(s, d, "certificate"))
        add_path(s, d, &s->chains);
    else if (is_role(s, d, "key"))
        add_path(s, d, &s->keys);
    else if (is_role(s, d, "ca") || is_role(s, d, "chain"))
        set_path(s, d, &s->ca);
    else if (named(d, "Listen"))
        strv_take(&s->listens, first_arg(d));
    return 0;
}

/* "max-age=63072000; includeSubDomains" -> is it at least what the profile asks for? */
static bool hsts_is_enough(const struct sites *s, const char *value)
{
    const char *age = strcasestr(value, "max-age=");
    json_t *wanted = lookup(s->w->context, "http.hsts");
    unsigned long have = age ? strtoul(age + 8 + (age[8] == '"'), NULL, 10) : 0;
    bool subdomains = strcasestr(value, "includesubdomains") != NULL;
    return have >=
               (unsigned long)json_integer_value(json_object_get(wanted, "max_age")) &&
           (subdomains || !json_is_true(json_object_get(wanted, "include_subdomains")));
}

/* Header [always] set NAME VALUE: kept when it is sent with errors, too, and strong enough. */
static void read_header(const struct sites *s, const struct httpd_directive *d,
                        struct vhost *v)
{
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    read_args(d, &args);
    const char *header = json_string_value(
        json_object_get(json_object_get(s->spec, "directives"), "header_name"));
    if (header && args.count >= 4 && strcasecmp(args.items[0], "always") == 0 &&
        strcasecmp(args.items[1], "set") == 0 && strcasecmp(args.items[2], header) == 0)
        v->hsts_kept = !d->conditional && hsts_is_enough(s, args.items[3]);
}

/* Does it send clients to https for good? */
static bool is_redirect(const struct httpd_directive *d)
{
    if (!named(d, "Redirect") && !named(d, "RedirectMatch") &&
        !named(d, "RedirectPermanent") && !named(d, "RewriteRule"))
        return false;
    CLEANUP(strv_release) struct strv args = STRV_INIT;
    read_args(d, &args);
    for (size_t i = 0; i < args.count; i++)
        if (strncasecmp(args.items[i], "https://", 8) == 0)
            return true;
    return false;
}

static int read_directives(struct sites *s, struct vhost *v, struct document *file,
                           const struct scope *scope, unsigned depth, struct err *err);

/* A file that is included within a virtual host belongs to it. */
static int follow_within(struct sites *s, struct vhost *v,
                         const struct httpd_directive *d, unsigned depth, struct err *err)
{
    CLEANUP(strv_release) struct strv paths = STRV_INIT;
    if (depth > DEPTH_LIMIT || list_included(s, d, &paths, err) < 0)
        return depth > DEPTH_LIMIT ? 0 : -1;
    for (size_t i = 0; i < paths.count; i++) {
        struct document *file = NULL;
        if (strcmp(paths.items[i], spec_text(s, "policy")) == 0)
            continue;
        int rc = open_included(s, paths.items[i], &file, err);
        if (rc < 0 || (rc == 0 && read_directives(s, v, file, NULL, depth + 1, err) < 0))
            return -1;
    }
    return 0;
}

static int read_directive(struct sites *s, struct vhost *v,
                          const struct httpd_directive *d, unsigned depth,
                          struct err *err)
{
    if (is_include(d))
        return follow_within(s, v, d, depth, err);
    if (is_role(s, d, "engine"))
        v->secure = is_on(d);
    else if (is_role(s, d, "certificate"))
        add_path(s, d, &v->chains);
    else if (is_role(s, d, "key"))
        add_path(s, d, &v->keys);
    else if (is_role(s, d, "ca") || is_role(s, d, "chain"))
        set_path(s, d, &v->ca);
    else if (is_role(s, d, "header"))
        read_header(s, d, v);
    else if (named(d, "ServerName") && !v->name)
        v->name = first_arg(d);
    else if (is_redirect(d))
        v->redirects = true;
    return 0;
}

static int read_directives(struct sites *s, struct vhost *v, struct document *file,
                           const struct scope *scope, unsigned depth, struct err *err)
{
    struct httpd_directive *list CLEANUP(mem_freep) = NULL;
    size_t count = httpd_directives(file->doc, scope, &list);
    for (size_t i = 0; i < count; i++)
        if (read_directive(s, v, &list[i], depth, err) < 0)
            return -1;
    if (!scope && editable(s, file)) {
        CLEANUP(buf_release) struct buf fragment = BUF_INIT;
        if (wanted_render(s->w, spec_text(s, "overrides"), s->w->context, file->format,
                          &fragment, err) < 0 ||
            (!file->edits.count &&
             service_merge(file, NULL, bytes_buf(&fragment),
                           json_object_get(s->spec, "rules"), err) < 0))
            return -1;
    }
    return 0;
}

/* "https://www.example.org:443" and "www.example.org:443" are "www.example.org". */
static void trim_name(char *name)
{
    char *scheme = strstr(name, "://");
    if (scheme)
        memmove(name, scheme + 3, strlen(scheme + 3) + 1);
    char *colon = strrchr(name, ':');
    if (colon && !strchr(colon, ']'))
        *colon = '\0';
}

static int read_vhost(struct sites *s, struct document *file, const struct scope *scope,
                      unsigned depth, struct err *err)
{
    MEM_GROW(s->vhosts, s->vhost_count, s->vhost_cap);
    struct vhost *v = &s->vhosts[s->vhost_count++];
    *v = (struct vhost){.file = file, .scope = *scope, .secure = s->engine};
    httpd_args(scope->args, &v->addresses);
    if (read_directives(s, v, file, scope, depth, err) < 0)
        return -1;
    if (v->name)
        trim_name(v->name);
    return 0;
}

static int read_file(struct sites *s, struct document *file, unsigned depth,
                     struct err *err)
{
    if (depth > DEPTH_LIMIT)
        return err_set(err, ERR_INPUT, "%s: files include one another %d deep",
                       file->named, DEPTH_LIMIT);
    MEM_GROW(s->order, s->order_count, s->order_cap);
    s->order[s->order_count++] = file;
    struct httpd_directive *list CLEANUP(mem_freep) = NULL;
    size_t count = httpd_directives(file->doc, NULL, &list);
    for (size_t i = 0; i < count; i++)
        if (read_server(s, &list[i], depth, err) < 0)
            return -1;
    struct scope *scopes CLEANUP(mem_freep) = NULL;
    count = file->format->scopes(file->doc, "VirtualHost", &scopes);
    for (size_t i = 0; i < count; i++)
        if (read_vhost(s, file, &scopes[i], depth, err) < 0)
            return -1;
    return 0;
}

/* --- what is wanted -------------------------------------------------------------------------- */

static int merge_template(struct sites *s, struct document *file,
                          const struct scope *scope, const char *template,
                          struct err *err)
{
    CLEANUP(buf_release) struct buf fragment = BUF_INIT;
    if (!editable(s, file)) {
        wanted_note(s->w, WANTED_WARNING, file->named, NULL,
                    "is included but lies outside the configuration: it is not changed");
        return 0;
    }
    if (wanted_render(s->w, template, s->w->context, file->format, &fragment, err) < 0)
        return -1;
    return service_merge(file, scope, bytes_buf(&fragment),
                         json_object_get(s->spec, "rules"), err);
}

/* What is said at server level behind the policy would win. */
static int remove_overrides(struct sites *s, struct err *err)
{
    for (size_t i = s->policy_at; i < s->order_count; i++)
        if (editable(s, s->order[i]) &&
            merge_template(s, s->order[i], NULL, spec_text(s, "overrides"), err) < 0)
            return -1;
    return 0;
}

static bool same_host(const struct vhost *a, const struct vhost *b)
{
    return a->name && b->name && strcasecmp(a->name, b->name) == 0;
}

static unsigned port_of(const char *address)
{
    const char *colon = strrchr(address, ':'), *bracket = strrchr(address, ']');
    if (!colon || (bracket && bracket > colon) || colon[1] == '*')
        return 0;
    unsigned long port = strtoul(colon + 1, NULL, 10);
    return port <= 65535 ? (unsigned)port : 0;
}

/* A certificate of the site's own configuration: only where the site gives this service one, or
 * where there is none. */
static json_t *site_pair(const struct sites *s, const struct vhost *v)
{
    const char *name = s->w->service->name;
    bool own = json_object_get(site_of(s->w->site, name), "certificate") != NULL;
    const char *chain = site_certificate(s->w->site, name, "chain");
    const char *key = site_certificate(s->w->site, name, "key");
    bool lacking = v->chains.count == 0 && s->chains.count == 0;
    return chain && key && (own || lacking)
               ? json_pack("{s:s, s:s}", "chain", chain, "key", key)
               : json_false();
}

static void add_pair(struct sites *s, const struct vhost *v, const char *chain,
                     const char *key)
{
    struct wanted_certificate *c = wanted_add_certificate(s->w);
    const char *name = v->name ? v->name : "without a name";
    c->chain = mem_strdup(chain);
    c->key = mem_strdup(key);
    c->ca = mem_strdup(v->ca ? v->ca : s->ca);
    c->name = v->name ? mem_strdup(v->name) : NULL;
    c->where = mem_printf("%s:%zu: virtual host %s", v->file->named, v->scope.line, name);
}

/* Pairs go by their index; a missing key is in the certificate's file. */
static void add_certificates(struct sites *s, const struct vhost *v, const json_t *site)
{
    const struct strv *chains = v->chains.count ? &v->chains : &s->chains;
    const struct strv *keys = v->chains.count ? &v->keys : &s->keys;
    if (json_is_object(site)) {
        add_pair(s, v, json_string_value(json_object_get(site, "chain")),
                 json_string_value(json_object_get(site, "key")));
        return;
    }
    for (size_t i = 0; i < chains->count; i++)
        if (!strstr(chains->items[i], "${"))
            add_pair(s, v, chains->items[i], i < keys->count ? keys->items[i] : NULL);
    if (!chains->count) {
        CLEANUP(mem_freep)
        char *place = mem_printf("%s:%zu", v->file->named, v->scope.line);
        wanted_note(
            s->w, WANTED_ERROR, place,
            "give it one there, or name a certificate in /etc/tlsharden/site.json",
            "virtual host %s has no certificate", v->name ? v->name : "without a name");
    }
}

static bool can_staple(const struct sites *s, const struct vhost *v, const json_t *site)
{
    const struct strv *chains = v->chains.count ? &v->chains : &s->chains;
    const char *chain = json_string_value(json_object_get(site, "chain"));
    if (!chain && chains->count)
        chain = chains->items[0];
    const char *mode = lookup_text(s->w->context, "http.ocsp_stapling");
    struct err ignored = ERR_INIT;
    bool responder = false;
    return chain && mode && strcmp(mode, "when-available") == 0 &&
           certificate_has_responder(s->w->host->root.name, chain, &responder,
                                     &ignored) == 0 &&
           responder;
}

static void add_vhost_endpoints(struct sites *s, const struct vhost *v)
{
    for (size_t i = 0; i < v->addresses.count; i++) {
        unsigned port = port_of(v->addresses.items[i]);
        wanted_endpoint(s->w, "https", port ? port : 443, NULL, v->name, false);
    }
}

static void set_context(struct sites *s, const char *key, json_t *value)
{
    json_object_set_new(s->w->context, key, value);
}

static int want_secure(struct sites *s, const struct vhost *v, struct err *err)
{
    json_t *site CLEANUP(json_decrefp) = site_pair(s, v);
    bool staple = can_staple(s, v, site);
    add_certificates(s, v, site);
    add_vhost_endpoints(s, v);
    set_context(s, "vhost",
                json_pack("{s:s, s:O, s:b, s:b}", "name", v->name ? v->name : "",
                          "certificate", site, "stapling", staple, "hsts_kept",
                          v->hsts_kept));
    if (staple)
        json_object_set_new(json_object_get(s->w->context, "sites"), "stapling",
                            json_true());
    return merge_template(s, v->file, &v->scope, spec_text(s, "secure"), err);
}

static int want_plain(struct sites *s, const struct vhost *v, struct err *err)
{
    if (v->redirects)
        return 0;
    set_context(s, "vhost", json_pack("{s:s}", "name", v->name));
    return merge_template(s, v->file, &v->scope, spec_text(s, "plain"), err);
}

/* The names of virtual hosts with TLS, for looking them up. */
static json_t *secure_names(const struct sites *s)
{
    json_t *names = json_object();
    for (size_t i = 0; i < s->vhost_count; i++) {
        const struct vhost *v = &s->vhosts[i];
        CLEANUP(mem_freep) char *key = v->secure && v->name ? mem_strdup(v->name) : NULL;
        for (char *c = key; c && *c; c++)
            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
        if (key)
            json_object_set_new(names, key, json_true());
    }
    return names;
}

static bool has_name(const json_t *names, const char *name)
{
    CLEANUP(mem_freep) char *key = mem_strdup(name);
    for (char *c = key; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    return json_object_get(names, key) != NULL;
}

static int want_vhosts(struct sites *s, struct err *err)
{
    json_t *names CLEANUP(json_decrefp) = secure_names(s);
    for (size_t i = 0; i < s->vhost_count; i++) {
        const struct vhost *v = &s->vhosts[i];
        bool twin = v->name && has_name(names, v->name);
        if ((v->secure && want_secure(s, v, err) < 0) ||
            (!v->secure && twin && want_plain(s, v, err) < 0))
            return -1;
    }
    return 0;
}

/* --- virtual hosts of the site --------------------------------------------------------------- */

static char *with_name(const json_t *spec, const char *key, const char *name)
{
    const char *pattern = json_string_value(json_object_get(spec, key));
    const char *mark = pattern ? strstr(pattern, "%s") : NULL;
    if (!mark)
        return mem_strdup("");
    return mem_printf("%.*s%s%s", (int)(mark - pattern), pattern, name, mark + 2);
}

static int generate(struct sites *s, const json_t *asked, struct err *err)
{
    const json_t *spec = json_object_get(s->spec, "generated");
    const char *name = json_string_value(json_object_get(asked, "name"));
    CLEANUP(mem_freep) char *path = with_name(spec, "path", name);
    CLEANUP(mem_freep) char *link = with_name(spec, "link", name);
    CLEANUP(mem_freep) char *target = with_name(spec, "target", name);
    struct vhost v = {.name = mem_strdup(name), .secure = true};
    for (size_t i = 0; i < s->vhost_count; i++)
        if (same_host(&s->vhosts[i], &v) && strcmp(s->vhosts[i].file->path, path) != 0) {
            wanted_note(s->w, WANTED_INFO, s->vhosts[i].file->named, NULL,
                        "virtual host %s is there already: it is hardened, not generated",
                        name);
            vhost_release(&v);
            return 0;
        }
    json_t *own = json_object_get(asked, "certificate");
    json_t *pair = own ? json_incref(own) : site_pair(s, &v);
    struct document file = {.named = path};
    v.file = &file;
    add_certificates(s, &v, pair);
    set_context(s, "vhost",
                json_pack("{s:s, s:O, s:s, s:o, s:b, s:b}", "name", name, "certificate",
                          pair, "document_root",
                          json_string_value(json_object_get(asked, "document_root")),
                          "aliases",
                          json_object_get(asked, "aliases")
                              ? json_incref(json_object_get(asked, "aliases"))
                              : json_array(),
                          "stapling", can_staple(s, &v, pair), "hsts_kept", false));
    bool possible = json_is_object(pair);
    json_decref(pair);
    vhost_release(&v);
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    const char *template = json_string_value(json_object_get(spec, "template"));
    if (!possible)
        return 0;
    if (wanted_render(s->w, template, s->w->context, format_find("httpd"), &text, err) <
        0)
        return -1;
    wanted_link(s->w, link, target);
    return documents_own(&s->w->documents, s->w->host, path, "httpd", &text, err);
}

static int generate_all(struct sites *s, struct err *err)
{
    json_t *asked = lookup(s->w->context, "site.vhosts"), *v;
    size_t i;
    json_array_foreach(asked, i, v) if (generate(s, v, err) < 0) return -1;
    return 0;
}

/* --- all of it ------------------------------------------------------------------------------- */

static bool any_secure(const struct sites *s)
{
    for (size_t i = 0; i < s->vhost_count; i++)
        if (s->vhosts[i].secure)
            return true;
    return lookup_truthy(lookup(s->w->context, "site.vhosts"));
}

/* The server runs when one of its ports is open. */
static void see_whether_it_runs(struct sites *s)
{
    for (size_t i = 0; i < s->listens.count; i++) {
        const char *arg = s->listens.items[i];
        unsigned port =
            strchr(arg, ':') ? port_of(arg) : (unsigned)strtoul(arg, NULL, 10);
        if (port && listening_at(&s->w->host->listening, port))
            s->w->running = true;
    }
}

static int sites_want(struct sites *s, struct err *err)
{
    struct document *main = documents_find(&s->w->documents, spec_text(s, "main"));
    size_t line = 0;
    if (!main)
        return err_set(err, ERR_SYSTEM, "there is no main file");
    if (httpd_unclosed(main->doc, &line))
        return err_at(err, main->named, line, 0, "this section has no end");
    set_context(s, "sites", json_pack("{s:b, s:b}", "tls", false, "stapling", false));
    if (read_file(s, main, 0, err) < 0)
        return -1;
    see_whether_it_runs(s);
    json_object_set_new(json_object_get(s->w->context, "sites"), "tls",
                        json_boolean(any_secure(s)));
    if (!s->policy_found)
        wanted_note(s->w, WANTED_ERROR, main->named,
                    "add the line: IncludeOptional conf-enabled/*.conf",
                    "does not include %s", spec_text(s, "policy"));
    if (!any_secure(s))
        wanted_note(s->w, WANTED_INFO, NULL, NULL, "no virtual host speaks TLS");
    if (!s->policy_found)
        return 0;
    return remove_overrides(s, err) < 0 || want_vhosts(s, err) < 0 ? -1
                                                                   : generate_all(s, err);
}

static int run(struct wanted *w, struct err *err)
{
    CLEANUP(sites_release)
    struct sites s = {.w = w, .spec = json_object_get(w->service->spec, "sites")};
    return sites_want(&s, err);
}

const struct service_hook hook_httpd_sites = {.name = "httpd-sites", .run = run};
