/*
 * Hook "httpd-sites": virtual hosts, wherever Include leads. service.json says:
 *
 *     "sites": {
 *         "main": ID of the document that everything is included from,
 *         "server_root": DIR that relative paths are relative to,
 *         "policy": PATH by which the policy is included by the server,
 *         "policy_file": PATH of the file itself, for virtual hosts that have to include it again,
 *         "editable": [DIR, ...]              included files elsewhere are never changed
 *         "overrides": TEMPLATE               what must not be said again behind the policy
 *         "vhost_only": TEMPLATE              what must not be said outside of virtual hosts
 *         "secure": TEMPLATE, "plain": TEMPLATE    for virtual hosts with and without TLS
 *         "generated": {"path": P, "link": L, "target": T, "template": TEMPLATE}
 *                                             for the site's own; %s is the name
 *         "rules": {...}                      for merging
 *         "directives": {"engine", "protocol", "suites", "command", "certificate", "key", "chain", "ca",
 *                        "header", "header_name"}
 *     }
 *
 * Context that templates see: "server" {protocols, cipher_list, ciphersuites, groups, signature_algorithms}, as
 * the server itself says them at present, for service.json's "kept"; "sites" {tls, stapling, listen}, the last one true when nobody
 * listens where the site's own virtual hosts need it; and "vhost":
 *
 *     in "overrides"   {kept {protocols, suites, suites13}}
 *     in "secure"      {certificate {chain, key} or false, stapling, no_responder, hsts or false,
 *                      kept, overridden}
 *     in both and generated: everything of the policy is that of the virtual host's own scope where the
 *     profile has one, and "own_policy" is true then
 *     in "plain"       {name, port (false when it is the usual one), mapped}
 *     in generated     {name, aliases, document_root, certificate, stapling, hsts, plain}
 *
 * Which files are read, and what is not handled: httpd_tree.c.
 */
#include "service/httpd_tree.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/visible.h"
#include "service/context.h"
#include "service/hook.h"
#include "service/hsts.h"
#include "service/lookup.h"
#include "service/render.h"
#include "service/vhosts.h"

#define HTTPS_PORT 443
#define HTTP_PORT  80

struct sites {
    struct httpd_tree tree;
    struct vhosts common;
    struct wanted *w;
    json_t *secure;    /* name -> port of the virtual host with TLS */
    json_t *plain;     /* name -> true for those without */
    json_t *generated; /* path of a file that is ours as a whole -> true */
};

static void sites_release(struct sites *s)
{
    httpd_tree_release(&s->tree);
    json_decref(s->secure);
    json_decref(s->plain);
    json_decref(s->generated);
    vhosts_release(&s->common);
}

static void set_context(struct sites *s, const char *key, json_t *value)
{
    json_object_set_new(s->w->context, key, value);
}

static void set_fact(struct sites *s, const char *key, bool value)
{
    json_object_set_new(json_object_get(s->w->context, "sites"), key,
                        json_boolean(value));
}

static const char *name_of(const struct httpd_vhost *v)
{
    return v->name ? v->name : "without a name";
}

static char *place_of(const struct httpd_vhost *v)
{
    return v->scope.line ? mem_printf("%s:%zu", v->file->named, v->scope.line)
                         : mem_strdup(v->file->named);
}

static int merge_template(struct sites *s, struct document *file,
                          const struct scope *scope, const char *role, struct err *err)
{
    CLEANUP(buf_release) struct buf fragment = BUF_INIT;
    if (wanted_render(s->w, httpd_tree_text(&s->tree, role), s->w->context, file->format,
                      &fragment, err) < 0)
        return -1;
    return service_merge(file, scope, bytes_buf(&fragment),
                         json_object_get(s->tree.spec, "rules"), err);
}

/* --- outside of virtual hosts ---------------------------------------------------------------- */

/* Included by a virtual host, it is made good for there; at server level nothing can be done. */
static void cannot_change(struct sites *s, const struct document *file)
{
    if (file->marks & HTTPD_OVERRIDES)
        wanted_note(
            s->w, WANTED_WARNING, file->named, NULL,
            "is included, and says otherwise than the policy, but lies outside of "
            "the configuration: it is not changed");
    if (file->marks & HTTPD_HSTS)
        wanted_note(s->w, WANTED_WARNING, file->named, "remove it there",
                    "sends Strict-Transport-Security as well, which would then be sent "
                    "twice, and lies outside of the configuration: it is not changed");
}

static int want_file(struct sites *s, struct document *file, struct err *err)
{
    bool hsts = lookup_truthy(lookup(s->w->context, "http.hsts"));
    if (!(file->marks & (HTTPD_OVERRIDES | HTTPD_HSTS)))
        return 0;
    if (!httpd_tree_editable(&s->tree, file)) {
        cannot_change(s, file);
        return 0;
    }
    set_context(s, "vhost", json_pack("{s:o}", "kept", saying_kept_json(file->marks)));
    if (file->marks & HTTPD_OVERRIDES &&
        merge_template(s, file, NULL, "overrides", err) < 0)
        return -1;
    return hsts && file->marks & HTTPD_HSTS
               ? merge_template(s, file, NULL, "vhost_only", err)
               : 0;
}

static int want_files(struct sites *s, struct err *err)
{
    for (size_t i = 0; i < s->w->documents.count; i++)
        if (want_file(s, s->w->documents.items[i], err) < 0)
            return -1;
    return 0;
}

/* --- certificates ---------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void add_pair(struct sites *s, const struct httpd_vhost *v, const char *chain,
                     const char *key)
{
    CLEANUP(mem_freep) char *place = place_of(v);
    vhosts_add_pair(&s->common, chain, key, v->ca ? v->ca : s->tree.ca, v->name,
                    mem_printf("%s: virtual host %s", place, name_of(v)));
}

static const struct strv *chains_of(const struct sites *s, const struct httpd_vhost *v)
{
    return v->chains.count ? &v->chains : &s->tree.chains;
}

/* The site's certificate: only where the site gives this service one, or where there is none. */
static json_t *pair_for(const struct sites *s, const struct httpd_vhost *v)
{
    return vhosts_has_own_pair(&s->common) || !chains_of(s, v)->count
               ? vhosts_site_pair(&s->common)
               : json_false();
}

/* Pairs go by their index; a missing key is in the certificate's file. */
static void add_present_pairs(struct sites *s, const struct httpd_vhost *v)
{
    CLEANUP(mem_freep) char *place = place_of(v);
    const struct strv *chains = chains_of(s, v);
    const struct strv *keys = v->chains.count ? &v->keys : &s->tree.keys;
    for (size_t i = 0; i < chains->count; i++) {
        const char *key = i < keys->count ? keys->items[i] : NULL;
        if (strstr(chains->items[i], "${") || (key && strstr(key, "${")))
            wanted_note(s->w, WANTED_WARNING, place, NULL,
                        "certificate '%s' is named by a variable: it is not checked",
                        chains->items[i]);
        else
            add_pair(s, v, chains->items[i], key);
    }
    if (!chains->count)
        wanted_note(
            s->w, WANTED_ERROR, place,
            "give it one there, or name a certificate in /etc/tlsharden/site.json",
            "virtual host %s has no certificate", name_of(v));
}

/* A second pair is added to the first: one in an included file would stay. */
static void add_site_pair(struct sites *s, const struct httpd_vhost *v,
                          const json_t *pair)
{
    add_pair(s, v, text_of(pair, "chain"), text_of(pair, "key"));
    if (!v->pair_file)
        return;
    CLEANUP(mem_freep) char *place = place_of(v);
    wanted_note(
        s->w, WANTED_ERROR, place, "remove it there",
        "virtual host %s has a certificate from %s, beside which the site's would "
        "be a second one",
        name_of(v), v->pair_file);
}

static bool has_pair(const struct httpd_vhost *v, const json_t *pair)
{
    return v->chains.count == 1 && v->keys.count == 1 &&
           strcmp(v->chains.items[0], text_of(pair, "chain")) == 0 &&
           strcmp(v->keys.items[0], text_of(pair, "key")) == 0;
}

/* Does the certificate that it will have name a responder? */
static const json_t *staple(struct sites *s, const struct httpd_vhost *v,
                            const json_t *pair)
{
    const struct strv *chains = chains_of(s, v);
    const char *chain = text_of(pair, "chain");
    if (!chain && chains->count)
        chain = chains->items[0];
    return vhosts_responder(&s->common, chain);
}

/* --- virtual hosts with TLS ------------------------------------------------------------------ */

static json_t *hsts_for(const struct sites *s, const struct httpd_vhost *v)
{
    const json_t *wanted = lookup(s->w->context, "http.hsts");
    if (!lookup_truthy(wanted))
        return json_false();
    CLEANUP(mem_freep)
    char *value = hsts_stronger(v->hsts ? v->hsts : s->tree.hsts, wanted);
    json_t *text = json_string(value);
    return text ? text : json_false();
}

/* Its own, or those of a file that it includes, which stay. */
static bool keeps_versions(const struct sites *s, const struct httpd_vhost *v)
{
    return !lookup_truthy(lookup(s->w->context, "own_policy")) &&
           (saying_kept(v->marks, PART_PROTOCOLS) ||
            saying_kept(v->included, PART_PROTOCOLS));
}

static void add_endpoints(struct sites *s, const struct httpd_vhost *v)
{
    bool fewer = keeps_versions(s, v);
    for (size_t i = 0; i < v->addresses.count; i++) {
        unsigned port = httpd_port(v->addresses.items[i]);
        CLEANUP(mem_freep) char *address = vhosts_literal(v->addresses.items[i]);
        wanted_endpoint(s->w, &(struct wanted_endpoint){.role = "https",
                                                        .address = address,
                                                        .port = port ? port : HTTPS_PORT,
                                                        .fewer_versions = fewer,
                                                        .name = v->name});
    }
}

static void tell(struct sites *s, const struct httpd_vhost *v)
{
    CLEANUP(mem_freep) char *place = place_of(v);
    bool own = lookup_truthy(lookup(s->w->context, "own_policy"));
    if (keeps_versions(s, v))
        wanted_note(s->w, WANTED_INFO, place, NULL,
                    "virtual host %s allows fewer protocol versions than the profile: "
                    "that stays",
                    name_of(v));
    if (!own &&
        (saying_kept(v->marks, PART_SUITES) || saying_kept(v->marks, PART_SUITES13)))
        wanted_note(s->w, WANTED_INFO, place, NULL,
                    "virtual host %s allows fewer cipher suites than the profile: that "
                    "stays",
                    name_of(v));
    if (v->overridden && lookup_truthy(lookup(s->w->context, "own_policy")))
        wanted_note(
            s->w, WANTED_ERROR, place, "take the policy out of the included file",
            "virtual host %s has a policy of its own in the profile, but includes "
            "a file that replaces it and is not ours to change",
            name_of(v));
    if (v->too_late)
        wanted_note(s->w, WANTED_ERROR, place,
                    "move the line that includes the policy to the end",
                    "virtual host %s includes the policy before a file that replaces it",
                    name_of(v));
}

static bool can_change(struct sites *s, const struct httpd_vhost *v)
{
    if (httpd_tree_editable(&s->tree, v->file))
        return true;
    CLEANUP(mem_freep) char *place = place_of(v);
    bool weak = v->marks & SAID_ANY_LOOSER;
    wanted_note(s->w, weak ? WANTED_ERROR : WANTED_WARNING, place,
                weak ? "remove what it says of protocols and ciphers" : NULL,
                "virtual host %s lies outside of the configuration: it is not changed%s",
                name_of(v), weak ? ", and does not follow the policy" : "");
    return false;
}

static int want_secure_here(struct sites *s, const struct httpd_vhost *v, struct err *err)
{
    json_t *pair CLEANUP(json_decrefp) = pair_for(s, v);
    if (json_is_object(pair) && !(v->pair_file && has_pair(v, pair)))
        add_site_pair(s, v, pair);
    else
        add_present_pairs(s, v);
    add_endpoints(s, v);
    tell(s, v);
    if (!can_change(s, v))
        return 0;
    const json_t *responder = staple(s, v, pair);
    if (json_is_true(responder))
        set_fact(s, "stapling", true);
    set_context(s, "vhost",
                json_pack("{s:s, s:O, s:b, s:b, s:o, s:o, s:b}", "name",
                          v->name ? v->name : "", "certificate",
                          v->pair_file ? json_false() : pair, "stapling",
                          json_is_true(responder), "no_responder",
                          json_is_false(responder), "hsts", hsts_for(s, v), "kept",
                          saying_kept_json(v->marks), "overridden", v->overridden));
    return merge_template(s, v->file, &v->scope, "secure", err);
}

static int want_secure(struct sites *s, const struct httpd_vhost *v, struct err *err)
{
    json_t *common = s->w->context;
    json_t *own = vhosts_context(&s->common, v->name, err);
    if (!own)
        return -1;
    s->w->context = own;
    int rc = want_secure_here(s, v, err);
    s->w->context = common;
    return rc;
}

/* --- virtual hosts without ------------------------------------------------------------------- */

static bool serves_port(const struct httpd_vhost *v, unsigned port)
{
    for (size_t i = 0; i < v->addresses.count; i++) {
        unsigned own = httpd_port(v->addresses.items[i]);
        if (own == port || own == 0)
            return true;
    }
    return false;
}

static int want_plain_here(struct sites *s, const struct httpd_vhost *v, json_int_t port,
                           struct err *err)
{
    if (v->redirects || !serves_port(v, HTTP_PORT) || !vhosts_is_host(v->name) ||
        !can_change(s, v))
        return 0;
    json_t *other = port == HTTPS_PORT ? json_false() : json_integer(port);
    set_context(s, "vhost",
                json_pack("{s:s, s:o, s:b}", "name", v->name, "port", other, "mapped",
                          v->mapped));
    return merge_template(s, v->file, &v->scope, "plain", err);
}

static int want_plain(struct sites *s, const struct httpd_vhost *v, json_int_t port,
                      struct err *err)
{
    json_t *common = s->w->context;
    json_t *own = vhosts_context(&s->common, v->name, err);
    if (!own)
        return -1;
    s->w->context = own;
    int rc = want_plain_here(s, v, port, err);
    s->w->context = common;
    return rc;
}

/* --- all virtual hosts ----------------------------------------------------------------------- */

static bool is_generated(const struct sites *s, const struct httpd_vhost *v)
{
    return json_object_get(s->generated, v->file->path) != NULL;
}

/* A virtual host without TLS is sent to the one with TLS that has its name. */
static void add_secure_name(struct sites *s, const char *name, unsigned port)
{
    if (!json_object_get(s->secure, name) || port == HTTPS_PORT)
        json_object_set_new(s->secure, name, json_integer(port));
}

static void add_names(struct sites *s, const struct httpd_vhost *v)
{
    bool secure = httpd_vhost_secure(&s->tree, v);
    unsigned port = HTTPS_PORT;
    if (!serves_port(v, HTTPS_PORT) && v->addresses.count)
        port = httpd_port(v->addresses.items[0]);
    if (is_generated(s, v))
        return;
    for (size_t i = 0; secure && i < v->aliases.count; i++)
        add_secure_name(s, v->aliases.items[i], port);
    if (secure && v->name)
        add_secure_name(s, v->name, port);
    else if (v->name)
        json_object_set_new(s->plain, v->name, json_true());
}

static int want_vhosts(struct sites *s, struct err *err)
{
    for (size_t i = 0; i < s->tree.vhost_count; i++) {
        const struct httpd_vhost *v = &s->tree.vhosts[i];
        json_t *port = v->name ? json_object_get(s->secure, v->name) : NULL;
        if (is_generated(s, v))
            continue;
        int rc = httpd_vhost_secure(&s->tree, v) ? want_secure(s, v, err)
                 : port ? want_plain(s, v, json_integer_value(port), err)
                        : 0;
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* --- virtual hosts of the site --------------------------------------------------------------- */

/* One of the site's own; members are borrowed or owned as said. */
struct own {
    struct httpd_vhost v;       /* as it will be */
    struct document file;       /* where */
    json_t *pair;               /* owned; false: it has none */
    char *path, *link, *target; /* owned */
};

static void own_release(struct own *o)
{
    free(o->v.name);
    json_decref(o->pair);
    free(o->path);
    free(o->link);
    free(o->target);
}

static char *with_name(const json_t *spec, const char *key, const char *name)
{
    const char *pattern = json_string_value(json_object_get(spec, key));
    const char *mark = pattern ? strstr(pattern, "%s") : NULL;
    if (!mark)
        return mem_strdup("");
    return mem_printf("%.*s%s%s", (int)(mark - pattern), pattern, name, mark + 2);
}

static void own_read(const struct sites *s, const json_t *asked, struct own *ret)
{
    const json_t *spec = json_object_get(s->tree.spec, "generated");
    const json_t *certificate = json_object_get(asked, "certificate");
    char *name = mem_strdup(text_of(asked, "name"));
    for (char *c = name; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    *ret = (struct own){.v = {.name = name},
                        .path = with_name(spec, "path", name),
                        .link = with_name(spec, "link", name),
                        .target = with_name(spec, "target", name)};
    ret->pair = certificate ? vhosts_pair(text_of(certificate, "chain"),
                                          text_of(certificate, "key"),
                                          text_of(certificate, "combined"))
                            : vhosts_site_pair(&s->common);
    ret->file.named = ret->path;
    ret->v.file = &ret->file;
}

/* Their files are known before anything else is wanted: they are written anew as a whole. */
static void note_generated(struct sites *s)
{
    json_t *asked = lookup(s->w->context, "site.vhosts"), *one;
    size_t i;
    json_array_foreach(asked, i, one)
    {
        CLEANUP(own_release) struct own o;
        own_read(s, one, &o);
        CLEANUP(mem_freep) char *real = path_resolve(&s->w->host->root, o.path);
        json_object_set_new(s->generated, real ? real : o.path, json_true());
    }
}

static int own_write_here(struct sites *s, const struct own *o, const json_t *asked,
                          struct err *err)
{
    const json_t *spec = json_object_get(s->tree.spec, "generated");
    const json_t *responder = staple(s, &o->v, o->pair);
    json_t *aliases = json_object_get(asked, "aliases");
    CLEANUP(buf_release) struct buf text = BUF_INIT;
    if (json_is_true(responder))
        set_fact(s, "stapling", true);
    set_context(s, "vhost",
                json_pack("{s:s, s:O, s:s, s:o, s:b, s:o, s:b}", "name", o->v.name,
                          "certificate", o->pair, "document_root",
                          text_of(asked, "document_root"), "aliases",
                          aliases ? json_incref(aliases) : json_array(), "stapling",
                          json_is_true(responder), "hsts", hsts_for(s, &o->v), "plain",
                          json_object_get(s->plain, o->v.name) == NULL));
    if (wanted_render(s->w, text_of(spec, "template"), s->w->context,
                      format_find("httpd"), &text, err) < 0)
        return -1;
    wanted_link(s->w, o->link, o->target);
    return documents_own(&s->w->documents, s->w->host, o->path, "httpd", &text, err);
}

static int own_write(struct sites *s, const struct own *o, const json_t *asked,
                     struct err *err)
{
    json_t *common = s->w->context;
    json_t *own = vhosts_context(&s->common, o->v.name, err);
    if (!own)
        return -1;
    s->w->context = own;
    int rc = own_write_here(s, o, asked, err);
    s->w->context = common;
    return rc;
}

static int generate(struct sites *s, const json_t *asked, struct err *err)
{
    CLEANUP(own_release) struct own o;
    own_read(s, asked, &o);
    if (json_object_get(s->secure, o.v.name)) {
        wanted_note(s->w, WANTED_INFO, NULL, NULL,
                    "virtual host %s is there already: it is hardened, not generated",
                    o.v.name);
        return 0;
    }
    if (!json_is_object(o.pair)) {
        wanted_note(s->w, WANTED_ERROR, NULL,
                    "name a certificate in /etc/tlsharden/site.json",
                    "virtual host %s has no certificate", o.v.name);
        return 0;
    }
    add_pair(s, &o.v, text_of(o.pair, "chain"), text_of(o.pair, "key"));
    wanted_endpoint(s->w, &(struct wanted_endpoint){
                              .role = "https", .port = HTTPS_PORT, .name = o.v.name});
    return own_write(s, &o, asked, err);
}

/* Before the others are looked at, since those without TLS are sent to these. */
static int generate_all(struct sites *s, struct err *err)
{
    json_t *asked = lookup(s->w->context, "site.vhosts"), *one;
    size_t i;
    json_array_foreach(asked, i, one) if (generate(s, one, err) < 0) return -1;
    json_array_foreach(asked, i, one)
    {
        CLEANUP(own_release) struct own o;
        own_read(s, one, &o);
        add_secure_name(s, o.v.name, HTTPS_PORT);
    }
    return 0;
}

/* --- all of it ------------------------------------------------------------------------------- */

static bool any_secure(const struct sites *s)
{
    return json_object_size(s->secure) > 0;
}

static unsigned listen_port(const char *arg)
{
    return strchr(arg, ':') ? httpd_port(arg) : (unsigned)strtoul(arg, NULL, 10);
}

/* A server that is told to read its configuration again ends when it cannot have a port of it. */
static void refuse_port(struct sites *s, unsigned port, const char *stranger)
{
    CLEANUP(mem_freep) char *program = visible(bytes_str(stranger));
    wanted_note(
        s->w, WANTED_ERROR, httpd_tree_text(&s->tree, "main"),
        "stop that program, or remove the Listen line",
        "port %u, which the configuration names, is taken by %s: the server would end "
        "when it is reloaded",
        port, program);
}

/* The server runs when one of its ports is open. */
static void look_at_listens(struct sites *s)
{
    bool https = false;
    for (size_t i = 0; i < s->tree.listens.count; i++) {
        const char *arg = s->tree.listens.items[i];
        unsigned port = arg ? listen_port(arg) : 0;
        https = https || port == HTTPS_PORT;
        const char *stranger = NULL;
        if (port && host_address(s->w->host, s->w->service, port, &stranger))
            s->w->running = true;
        if (stranger)
            refuse_port(s, port, stranger);
    }
    set_fact(s, "listen", !https && lookup_truthy(lookup(s->w->context, "site.vhosts")));
}

/* Now that it is known what the server itself says, the policy keeps what is stricter there. */
static int narrow(struct sites *s, struct err *err)
{
    const char *name = s->w->service->name;
    set_context(s, "server", json_incref(s->tree.said));
    json_t *policy CLEANUP(json_decrefp) = context_policy(s->w, name, name, err);
    if (!policy)
        return -1;
    json_object_update(s->w->context, policy);
    return 0;
}

static int sites_want(struct sites *s, struct err *err)
{
    set_context(
        s, "sites",
        json_pack("{s:b, s:b, s:b}", "tls", false, "stapling", false, "listen", false));
    set_context(s, "vhost", json_pack("{s:o}", "kept", saying_kept_json(0)));
    set_context(s, "own_policy", json_false());
    if (httpd_tree_read(s->w, json_object_get(s->w->service->spec, "sites"), &s->tree,
                        err) < 0)
        return -1;
    if (narrow(s, err) < 0)
        return -1;
    look_at_listens(s);
    if (!s->tree.policy_found) {
        wanted_note(s->w, WANTED_ERROR, httpd_tree_text(&s->tree, "main"),
                    "add the line: IncludeOptional conf-enabled/*.conf",
                    "does not include %s", httpd_tree_text(&s->tree, "policy"));
        return 0;
    }
    note_generated(s);
    for (size_t i = 0; i < s->tree.vhost_count; i++)
        add_names(s, &s->tree.vhosts[i]);
    if (want_files(s, err) < 0 || generate_all(s, err) < 0 || want_vhosts(s, err) < 0)
        return -1;
    set_fact(s, "tls", any_secure(s));
    vhosts_tell_unused(&s->common);
    if (!any_secure(s))
        wanted_note(s->w, WANTED_INFO, NULL, NULL, "no virtual host speaks TLS");
    return 0;
}

static int run(struct wanted *w, struct err *err)
{
    CLEANUP(sites_release)
    struct sites s = {.w = w,
                      .secure = json_object(),
                      .plain = json_object(),
                      .generated = json_object(),
                      .common = vhosts_make(w, "ServerName", false)};
    return sites_want(&s, err);
}

const struct service_hook hook_httpd_sites = {.name = "httpd-sites", .run = run};
