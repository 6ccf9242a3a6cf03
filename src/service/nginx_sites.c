/*
 * Hook "nginx-sites": the policy in nginx's http block, and the servers in it, wherever include
 * leads. service.json says:
 *
 *     "sites": {
 *         "main": ID of the document that everything is included from,
 *         "server_root": DIR that relative paths are relative to,
 *         "editable": [DIR, ...]     included files elsewhere are never changed
 *         "policy": TEMPLATE         for the http block
 *         "overrides": TEMPLATE      what must not be said again in included files
 *         "secure": TEMPLATE, "plain": TEMPLATE    for servers with and without TLS
 *         "part": TEMPLATE           for blocks within servers with TLS that send fields of their own
 *         "dh_file": PATH            DH parameters of our own
 *         "rules": {...}             for merging
 *         "directives": {"listen", "name", "engine", "reject", "protocols", "suites", "groups", "command",
 *                        "certificate", "key", "ca", "dh", "cache", "timeout", "header", "header_name"}
 *     }
 *
 * Context that templates see: "server" {protocols, cipher_list, ciphersuites, groups, signature_algorithms}, as the
 * http block says them at present, for service.json's "kept", and {dh, dhe, own_dh, large_dh, cache, timeout}: where its DH
 * parameters are, whether suites need them, whether our own have to be made, and large ones; whether it says how
 * sessions are remembered, and how long; "sites" {tls}; and "vhost":
 *
 *     in "overrides"   {kept {protocols, suites, suites13}, hsts}
 *     in "secure"      {name, certificate {chain, key} or false, stapling, no_responder, ca, hsts or false, kept,
 *                      commands, redirect}
 *                      "commands": it says others of the library's commands, and so inherits none
 *                      "redirect": it speaks plain HTTP as well, and has to send clients away from there
 *     in both, "own_policy" is true where the profile has a policy for that server alone
 *     in "part"        {hsts}
 *     in "plain"       {name, port (false when it is the usual one)}
 *
 * Which files are read, and what is not handled: nginx_tree.c.
 */
#include "service/nginx_tree.h"

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
#define DH_BITS    2048 /* of the smaller parameters of our own */

struct sites {
    struct nginx_tree tree;
    struct vhosts common;
    struct wanted *w;
    json_t *secure; /* name -> port of the server with TLS */
};

static void sites_release(struct sites *s)
{
    nginx_tree_release(&s->tree);
    vhosts_release(&s->common);
    json_decref(s->secure);
}

static void set_context(struct sites *s, const char *key, json_t *value)
{
    json_object_set_new(s->w->context, key, value);
}

static bool wants(const struct sites *s, const char *path)
{
    return lookup_truthy(lookup(s->w->context, path));
}

static const char *first_name(const struct nginx_server *v)
{
    return v->names.count ? v->names.items[0] : NULL;
}

static const char *name_of(const struct nginx_server *v)
{
    return v->names.count ? v->names.items[0] : "without a name";
}

static char *place_of(const struct nginx_server *v)
{
    return mem_printf("%s:%zu", v->file->named, v->scope.line);
}

/* Appends what else is wanted there, as nginx reads it. */
static int merge_template(struct sites *s, struct document *file,
                          const struct scope *scope, const char *role, struct bytes more,
                          struct err *err)
{
    CLEANUP(buf_release) struct buf fragment = BUF_INIT;
    if (wanted_render(s->w, nginx_tree_text(&s->tree, role), s->w->context, file->format,
                      &fragment, err) < 0)
        return -1;
    buf_addb(&fragment, more);
    return service_merge(file, scope, bytes_buf(&fragment),
                         json_object_get(s->tree.spec, "rules"), err);
}

/* --- the http block -------------------------------------------------------------------------- */

static bool needs_dh(const struct sites *s, unsigned *ret_bits)
{
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    struct err ignored = ERR_INIT;
    *ret_bits = DH_BITS;
    if (profile_policy(s->w->profile, s->w->service->name, &policy, &ignored) < 0)
        return false;
    if (policy.dh_min_bits > DH_BITS)
        *ret_bits = policy.dh_min_bits;
    for (size_t i = 0; i < policy.suite_count; i++)
        if (policy.suites[i].suite->kx == KX_DHE)
            return true;
    return false;
}

static void set_server(struct sites *s)
{
    const char *own = nginx_tree_text(&s->tree, "dh_file"), *dh = s->tree.dh;
    unsigned bits;
    bool dhe = needs_dh(s, &bits);
    bool make = dhe && (!dh || strcmp(dh, own) == 0);
    json_t *server = json_copy(s->tree.said);
    json_object_set_new(server, "dh",
                        dh && strcmp(dh, own) != 0 ? json_string(dh) : json_false());
    json_object_set_new(server, "dhe", json_boolean(dhe));
    json_object_set_new(server, "own_dh", json_boolean(make));
    json_object_set_new(server, "large_dh", json_boolean(bits > DH_BITS));
    json_object_set_new(server, "cache", json_boolean(s->tree.cache));
    json_object_set_new(server, "timeout", json_boolean(s->tree.timeout));
    set_context(s, "server", server);
}

/* Now that it is known what the http block says, the policy keeps what is stricter there. */
static int narrow(struct sites *s, struct err *err)
{
    const char *name = s->w->service->name;
    json_t *policy CLEANUP(json_decrefp) = context_policy(s->w, name, name, err);
    if (!policy)
        return -1;
    json_object_update(s->w->context, policy);
    return 0;
}

static int want_policy(struct sites *s, struct err *err)
{
    struct document *file = s->tree.file;
    if (nginx_tree_editable(&s->tree, file))
        return merge_template(s, file, &s->tree.scope, "policy", BYTES(""), err);
    wanted_note(s->w, WANTED_ERROR, file->named, NULL,
                "holds the http block, but lies outside of the configuration: it is not "
                "changed");
    return 0;
}

/* --- included files -------------------------------------------------------------------------- */

static void cannot_change(struct sites *s, const struct document *file)
{
    if (file->marks & NGINX_OUTER)
        wanted_note(
            s->w, WANTED_ERROR, file->named, "remove it there",
            "says in the http block what the policy says there, which would be twice, "
            "and lies outside of the configuration: it is not changed");
    if (file->marks & NGINX_HSTS)
        wanted_note(s->w, WANTED_WARNING, file->named, "remove it there",
                    "sends Strict-Transport-Security as well, which would then be sent "
                    "twice, and lies outside of the configuration: it is not changed");
}

static int want_file(struct sites *s, struct document *file, struct err *err)
{
    if (!(file->marks & (NGINX_OVERRIDES | NGINX_HSTS)))
        return 0;
    if (!nginx_tree_editable(&s->tree, file)) {
        cannot_change(s, file);
        return 0;
    }
    if (file == s->tree.file && !(file->marks & NGINX_OVERRIDES))
        return 0; /* its http block has a template of its own */
    set_context(s, "vhost",
                json_pack("{s:o, s:b}", "kept", saying_kept_json(file->marks), "hsts",
                          wants(s, "http.hsts") && file->marks & NGINX_HSTS));
    return merge_template(s, file, NULL, "overrides", BYTES(""), err);
}

static int want_files(struct sites *s, struct err *err)
{
    for (size_t i = 0; i < s->w->documents.count; i++)
        if (want_file(s, s->w->documents.items[i], err) < 0)
            return -1;
    return 0;
}

/* --- certificates ---------------------------------------------------------------------------- */

static const struct strv *chains_of(const struct sites *s, const struct nginx_server *v)
{
    return v->chains.count ? &v->chains : &s->tree.chains;
}

static const char *ca_of(const struct sites *s, const struct nginx_server *v)
{
    return v->ca ? v->ca : s->tree.ca;
}

static void add_pair(struct sites *s, const struct nginx_server *v, const char *chain,
                     const char *key)
{
    CLEANUP(mem_freep) char *place = place_of(v);
    vhosts_add_pair(&s->common, chain, key, ca_of(s, v), first_name(v),
                    mem_printf("%s: server %s", place, name_of(v)));
}

/* The site's certificate: only where the site gives this service one, or where there is none. */
static json_t *pair_for(const struct sites *s, const struct nginx_server *v)
{
    bool needed =
        !v->rejects && (vhosts_has_own_pair(&s->common) || !chains_of(s, v)->count);
    return needed ? vhosts_site_pair(&s->common) : json_false();
}

/* "data:..." and "engine:..." are no files either. */
static bool is_file(const char *path)
{
    return !path ||
           (!strchr(path, '$') && !strstr(path, "data:") && !strstr(path, "engine:"));
}

static void add_present_pairs(struct sites *s, const struct nginx_server *v)
{
    CLEANUP(mem_freep) char *place = place_of(v);
    const struct strv *chains = chains_of(s, v);
    const struct strv *keys = v->chains.count ? &v->keys : &s->tree.keys;
    for (size_t i = 0; i < chains->count; i++) {
        const char *key = i < keys->count ? keys->items[i] : NULL;
        if (is_file(chains->items[i]) && is_file(key))
            add_pair(s, v, chains->items[i], key);
        else
            wanted_note(s->w, WANTED_WARNING, place, NULL,
                        "certificate '%s' is no file by name: it is not checked",
                        chains->items[i]);
    }
    if (!chains->count && !v->rejects)
        wanted_note(
            s->w, WANTED_ERROR, place,
            "give it one there, or name a certificate in /etc/tlsharden/site.json",
            "server %s has no certificate", name_of(v));
}

/* A second pair is added to the first: one in an included file would stay. */
static void add_site_pair(struct sites *s, const struct nginx_server *v,
                          const json_t *pair)
{
    const char *chain = json_string_value(json_object_get(pair, "chain"));
    const char *key = json_string_value(json_object_get(pair, "key"));
    add_pair(s, v, chain, key);
    bool has = v->chains.count == 1 && v->keys.count == 1 &&
               strcmp(v->chains.items[0], chain) == 0 &&
               strcmp(v->keys.items[0], key) == 0;
    if (!v->pair_file || has)
        return;
    CLEANUP(mem_freep) char *place = place_of(v);
    wanted_note(s->w, WANTED_ERROR, place, "remove it there",
                "server %s has a certificate from %s, beside which the site's would be a "
                "second one",
                name_of(v), v->pair_file);
}

/* --- servers with TLS ------------------------------------------------------------------------ */

static json_t *hsts_for(const struct sites *s, const struct nginx_server *v)
{
    const json_t *wanted = lookup(s->w->context, "http.hsts");
    if (!lookup_truthy(wanted))
        return json_false();
    CLEANUP(mem_freep)
    char *value = hsts_stronger(v->hsts ? v->hsts : s->tree.hsts, wanted);
    json_t *text = json_string(value);
    return text ? text : json_false();
}

/* Does it listen on that port (0: any) without TLS? */
static bool speaks_plain(const struct sites *s, const struct nginx_server *v,
                         unsigned port)
{
    for (size_t i = 0; i < v->listens.count; i++)
        if (!nginx_server_secure(&s->tree, v, v->listens.items[i]) &&
            (!port || nginx_port(v->listens.items[i]) == port))
            return true;
    return false;
}

static void add_endpoints(struct sites *s, const struct nginx_server *v)
{
    for (size_t i = 0; i < v->listens.count; i++) {
        const char *at = v->listens.items[i];
        CLEANUP(mem_freep) char *address = vhosts_literal(at);
        if (nginx_server_secure(&s->tree, v, at))
            wanted_endpoint(s->w, &(struct wanted_endpoint){.role = "https",
                                                            .address = address,
                                                            .port = nginx_port(at),
                                                            .name = first_name(v)});
    }
}

static void tell_fewer(struct sites *s, const struct nginx_server *v, const char *place)
{
    if (v->fewer_versions)
        wanted_note(
            s->w, WANTED_WARNING, place,
            "say them in the http block, or in the profile, to keep them",
            "server %s allows fewer protocol versions than the profile: that goes, "
            "since those of the first server count for all on its address",
            name_of(v));
    if (saying_kept(v->marks, PART_SUITES) || saying_kept(v->marks, PART_SUITES13))
        wanted_note(s->w, WANTED_INFO, place, NULL,
                    "server %s allows fewer cipher suites than the profile: that stays",
                    name_of(v));
}

static void tell(struct sites *s, const struct nginx_server *v)
{
    CLEANUP(mem_freep) char *place = place_of(v);
    if (!wants(s, "own_policy"))
        tell_fewer(s, v, place);
    if (v->foreign)
        wanted_note(s->w, WANTED_ERROR, place, "take the policy out of that file",
                    "server %s includes %s, which says otherwise than the policy, and is "
                    "not ours to change",
                    name_of(v), v->foreign);
    if (!wants(s, "http.hsts"))
        return;
    if (v->bare_part)
        wanted_note(
            s->w, WANTED_WARNING, v->bare_part, "add it there",
            "sends fields of its own, and so not the Strict-Transport-Security of "
            "server %s",
            name_of(v));
    if (speaks_plain(s, v, 0))
        wanted_note(s->w, WANTED_WARNING, place, "give plain HTTP a server of its own",
                    "server %s speaks plain HTTP as well, and sends "
                    "Strict-Transport-Security there, too",
                    name_of(v));
}

static bool can_change(struct sites *s, const struct nginx_server *v)
{
    if (nginx_tree_editable(&s->tree, v->file))
        return true;
    CLEANUP(mem_freep) char *place = place_of(v);
    bool weak = v->marks & SAID_ANY_LOOSER;
    wanted_note(s->w, weak ? WANTED_ERROR : WANTED_WARNING, place,
                weak ? "remove what it says of protocols and ciphers" : NULL,
                "server %s lies outside of the configuration: it is not changed%s",
                name_of(v), weak ? ", and does not follow the policy" : "");
    return false;
}

/* Once it sends a field of its own, those of the http block have to be said again. */
static void repeat_headers(const struct sites *s, const struct nginx_server *v,
                           struct buf *out)
{
    const struct strv *headers = &s->tree.headers;
    bool repeat = wants(s, "http.hsts") && !v->has_headers;
    for (size_t i = 0; repeat && i < headers->count; i++)
        buf_addf(out, "%s %s;\n", nginx_tree_word(&s->tree, "header"), headers->items[i]);
}

static int want_parts(struct sites *s, const struct nginx_server *v, struct err *err)
{
    for (size_t i = 0; wants(s, "http.hsts") && i < v->part_count; i++)
        if (merge_template(s, v->file, &v->parts[i], "part", BYTES(""), err) < 0)
            return -1;
    return 0;
}

static int want_secure_here(struct sites *s, const struct nginx_server *v,
                            struct err *err)
{
    json_t *pair CLEANUP(json_decrefp) = pair_for(s, v);
    CLEANUP(buf_release) struct buf headers = BUF_INIT;
    const char *chain = json_string_value(json_object_get(pair, "chain"));
    if (chain)
        add_site_pair(s, v, pair);
    else
        add_present_pairs(s, v);
    if (!v->rejects)
        add_endpoints(s, v);
    tell(s, v);
    if (!can_change(s, v))
        return 0;
    const struct strv *chains = chains_of(s, v);
    const json_t *responder =
        vhosts_responder(&s->common, chain           ? chain
                                     : chains->count ? chains->items[0]
                                                     : NULL);
    bool redirect = wants(s, "http.redirect") && !v->redirects && first_name(v) &&
                    speaks_plain(s, v, HTTP_PORT);
    set_context(s, "vhost",
                json_pack("{s:s, s:O, s:b, s:b, s:b, s:o, s:o, s:b, s:b}", "name",
                          first_name(v) ? first_name(v) : "", "certificate",
                          v->pair_file ? json_false() : pair, "stapling",
                          json_is_true(responder), "no_responder",
                          json_is_false(responder), "ca", ca_of(s, v) != NULL, "hsts",
                          hsts_for(s, v), "kept", saying_kept_json(v->marks), "commands",
                          v->has_commands, "redirect", redirect));
    repeat_headers(s, v, &headers);
    if (merge_template(s, v->file, &v->scope, "secure", bytes_buf(&headers), err) < 0)
        return -1;
    return want_parts(s, v, err);
}

/* --- servers without ------------------------------------------------------------------------- */

static int want_plain_here(struct sites *s, const struct nginx_server *v,
                           const char *name, struct err *err)
{
    json_int_t port = json_integer_value(json_object_get(s->secure, name));
    if (v->redirects || !speaks_plain(s, v, HTTP_PORT) || !can_change(s, v))
        return 0;
    set_context(s, "vhost",
                json_pack("{s:s, s:o}", "name", name, "port",
                          port == HTTPS_PORT ? json_false() : json_integer(port)));
    return merge_template(s, v->file, &v->scope, "plain", BYTES(""), err);
}

/* The first of its names by which a server with TLS is called. */
static const char *secure_name(const struct sites *s, const struct nginx_server *v)
{
    for (size_t i = 0; i < v->names.count; i++)
        if (json_object_get(s->secure, v->names.items[i]))
            return v->names.items[i];
    return NULL;
}

/* --- all servers ----------------------------------------------------------------------------- */

static int want_server(struct sites *s, const struct nginx_server *v, struct err *err)
{
    bool secure = nginx_server_secure(&s->tree, v, NULL);
    const char *name = secure ? first_name(v) : secure_name(s, v);
    json_t *common = s->w->context;
    if (!secure && !name)
        return 0;
    json_t *own = vhosts_context(&s->common, name, err);
    if (!own)
        return -1;
    s->w->context = own;
    int rc = secure ? want_secure_here(s, v, err) : want_plain_here(s, v, name, err);
    s->w->context = common;
    return rc;
}

/* A file is held parsed for as long as its servers follow one another: there may be thousands in it. */
static int want_servers(struct sites *s, struct err *err)
{
    const struct nginx_server *all = s->tree.servers;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->tree.server_count;) {
        struct document *file = all[i].file;
        document_open(file);
        for (; rc == 0 && i < s->tree.server_count && all[i].file == file; i++)
            rc = want_server(s, &all[i], err);
        document_close(file);
    }
    return rc;
}

static void add_names(struct sites *s, const struct nginx_server *v)
{
    for (size_t i = 0; i < v->listens.count; i++) {
        unsigned port = nginx_port(v->listens.items[i]);
        if (!nginx_server_secure(&s->tree, v, v->listens.items[i]))
            continue;
        for (size_t k = 0; k < v->names.count; k++)
            if (port == HTTPS_PORT || !json_object_get(s->secure, v->names.items[k]))
                json_object_set_new(s->secure, v->names.items[k], json_integer(port));
    }
}

static bool any_secure(const struct sites *s)
{
    for (size_t i = 0; i < s->tree.server_count; i++)
        if (nginx_server_secure(&s->tree, &s->tree.servers[i], NULL))
            return true;
    return false;
}

/* --- all of it ------------------------------------------------------------------------------- */

/* A running server keeps its old configuration when it cannot have a port of the new one. */
static void refuse_port(struct sites *s, const struct nginx_server *v, unsigned port,
                        const char *stranger)
{
    CLEANUP(mem_freep) char *program = visible(bytes_str(stranger));
    CLEANUP(mem_freep) char *place = place_of(v);
    wanted_note(
        s->w, WANTED_ERROR, place, "stop that program, or remove the listen line",
        "port %u is taken by %s: the running server would not take a new configuration",
        port, program);
}

/* The server runs when one of its ports is open. */
static void look_at_listens(struct sites *s)
{
    for (int again = 0; again < 2; again++)
        for (size_t i = 0; i < s->tree.server_count; i++) {
            const struct nginx_server *v = &s->tree.servers[i];
            for (size_t k = 0; k < v->listens.count; k++) {
                unsigned port = nginx_port(v->listens.items[k]);
                const char *stranger = NULL;
                if (port && host_address(s->w->host, s->w->service, port, &stranger))
                    s->w->running = true;
                if (again && s->w->running && stranger)
                    refuse_port(s, v, port, stranger);
            }
        }
}

static int sites_want(struct sites *s, struct err *err)
{
    set_context(s, "vhost",
                json_pack("{s:o, s:b}", "kept", saying_kept_json(0), "hsts", false));
    unsigned ignored;
    set_context(s, "own_policy", json_false());
    set_context(s, "server", json_pack("{s:b}", "dhe", needs_dh(s, &ignored)));
    set_context(s, "sites", json_pack("{s:b}", "tls", false));
    if (nginx_tree_read(s->w, json_object_get(s->w->service->spec, "sites"), &s->tree,
                        err) < 0)
        return -1;
    set_server(s);
    if (narrow(s, err) < 0)
        return -1;
    look_at_listens(s);
    if (!s->tree.file) {
        wanted_note(s->w, WANTED_INFO, NULL, NULL, "there is no http block");
        return 0;
    }
    for (size_t i = 0; i < s->tree.server_count; i++)
        if (nginx_server_secure(&s->tree, &s->tree.servers[i], NULL))
            add_names(s, &s->tree.servers[i]);
    set_context(s, "sites", json_pack("{s:b}", "tls", any_secure(s)));
    if (want_policy(s, err) < 0 || want_files(s, err) < 0)
        return -1;
    if (want_servers(s, err) < 0)
        return -1;
    vhosts_tell_unused(&s->common);
    if (!any_secure(s))
        wanted_note(s->w, WANTED_INFO, NULL, NULL, "no server speaks TLS");
    return 0;
}

static int run(struct wanted *w, struct err *err)
{
    CLEANUP(sites_release)
    struct sites s = {
        .w = w, .secure = json_object(), .common = vhosts_make(w, "server_name", true)};
    return sites_want(&s, err);
}

const struct service_hook hook_nginx_sites = {.name = "nginx-sites", .run = run};
