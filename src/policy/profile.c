/*
 * Loading profiles: each file is checked by itself (keys.c), then laid over the one it extends
 * (overlay.c). What remains to be checked is what only the whole can show: that the list a scope
 * ends up with is usable.
 */
#include "policy/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/suggest.h"
#include "policy/keys.h"
#include "policy/overlay.h"

#define EXTENDS_LIMIT 8

void profile_free(struct profile *p)
{
    if (!p)
        return;
    free(p->path);
    free(p->name);
    free(p->title);
    free(p->description);
    json_decref(p->effective);
    for (size_t i = 0; i < p->layer_count; i++)
        json_doc_release(&p->layers[i]);
    free(p->layers);
    free(p);
}

void profile_releasep(struct profile **p)
{
    profile_free(*p);
    *p = NULL;
}

json_t *profile_effective(const struct profile *p)
{
    return p->effective;
}

int profile_names(const char *dir, struct strv *ret, struct err *err)
{
    CLEANUP(path_root_close) struct path_root host = {.fd = -1};
    CLEANUP(strv_release) struct strv files = STRV_INIT;
    CLEANUP(mem_freep) char *real = realpath(dir, NULL);
    if (!real)
        return err_sys(err, errno, "open directory '%s'", dir);
    CLEANUP(mem_freep) char *pattern = mem_printf("%s/*.json", real);
    if (path_root_open("/", &host, err) < 0 || path_glob(&host, pattern, &files, err) < 0)
        return -1;
    for (size_t i = 0; i < files.count; i++) {
        const char *base = strrchr(files.items[i], '/') + 1;
        if (!strstr(base, ".schema."))
            strv_take(ret, mem_strndup(base, strlen(base) - strlen(".json")));
    }
    return 0;
}

static bool is_file_name(const char *which)
{
    size_t n = strlen(which);
    return strchr(which, '/') || (n > 5 && strcmp(which + n - 5, ".json") == 0);
}

static int unknown_profile(const char *which, const char *dir, struct err *err)
{
    CLEANUP(strv_release) struct strv names = STRV_INIT;
    struct err ignored = ERR_INIT;
    const char *near = NULL;
    if (dir && profile_names(dir, &names, &ignored) == 0)
        near = suggest(which, (const char *const *)names.items, names.count);
    if (near)
        return err_set(err, ERR_INPUT, "unknown profile '%s'; did you mean '%s'?", which,
                       near);
    return err_set(err, ERR_INPUT, "unknown profile '%s'; see tlsharden profile list",
                   which);
}

/* DIR/NAME, where DIR is that of the file `beside`; owned. */
static char *next_to(const char *beside, const char *name)
{
    const char *slash = beside ? strrchr(beside, '/') : NULL;
    return slash && *name != '/'
               ? mem_printf("%.*s/%s", (int)(slash - beside), beside, name)
               : mem_strdup(name);
}

/* The file of a profile; owned. `beside` is the file that extends it, or NULL. NULL: there is none. */
static char *locate(const char *which, const char *dir, const char *beside,
                    struct err *err)
{
    if (is_file_name(which))
        return next_to(beside, which);
    CLEANUP(mem_freep) char *file = mem_printf("%s.json", which);
    CLEANUP(mem_freep) char *near = beside ? next_to(beside, file) : NULL;
    if (near && file_exists(near))
        return TAKE_PTR(near);
    CLEANUP(mem_freep) char *shipped = dir ? mem_printf("%s/%s", dir, file) : NULL;
    if (shipped && file_exists(shipped))
        return TAKE_PTR(shipped);
    unknown_profile(which, dir, err);
    return NULL;
}

/* --- files ----------------------------------------------------------------------------------- */

static int check_document(const struct json_doc *doc, unsigned depth, struct err *err)
{
    if (!json_is_object(doc->root))
        return json_doc_error(doc, "", err, "a profile is an object");
    if (key_check(doc, "", "", false, err) < 0)
        return -1;
    if (!json_object_get(doc->root, "name"))
        return json_doc_error(doc, "", err, "a profile needs a \"name\"");
    if (json_object_get(doc->root, "extends") && depth >= EXTENDS_LIMIT)
        return json_doc_error(doc, "/extends", err,
                              "profiles extend one another in a loop, or too deeply");
    return 0;
}

static int load_chain(const char *path, const char *dir, unsigned depth,
                      struct profile *p, struct err *err);

/* What `doc` extends; nothing when it extends nothing. */
static int load_parent(const struct json_doc *doc, const char *dir, unsigned depth,
                       struct profile *p, struct err *err)
{
    const char *parent = json_string_value(json_object_get(doc->root, "extends"));
    if (!parent)
        return 0;
    CLEANUP(mem_freep) char *file = locate(parent, dir, doc->path, err);
    int rc = file ? load_chain(file, dir, depth + 1, p, err) : -1;
    if (rc == 0 || (file && err->kind != ERR_SYSTEM))
        return rc;
    struct err unknown = *err; /* or a file that cannot be read: a slip in this one */
    return json_doc_error(doc, "/extends", err, "%s", unknown.text);
}

/* Loads a file and, before it, those that it extends. */
static int load_chain(const char *path, const char *dir, unsigned depth,
                      struct profile *p, struct err *err)
{
    CLEANUP(json_doc_release) struct json_doc doc = JSON_DOC_INIT;
    if (json_doc_load(path, &doc, err) < 0 || check_document(&doc, depth, err) < 0 ||
        load_parent(&doc, dir, depth, p, err) < 0)
        return -1;
    p->layers = mem_resize(p->layers, p->layer_count + 1, sizeof *p->layers);
    p->layers[p->layer_count++] = doc;
    doc = (struct json_doc)JSON_DOC_INIT;
    return 0;
}

/* --- layers ---------------------------------------------------------------------------------- */

/* A level says something about an item as a whole: it is replaced, never mixed. */
static void forget_levels(json_t *tree, const json_t *layer)
{
    json_t *old = json_object_get(tree, "levels");
    const char *name;
    json_t *v;
    json_object_foreach(json_object_get(layer, "levels"), name, v)
    {
        json_object_del(old, name);
    }
}

static void add_layer(json_t *tree, json_t *layer)
{
    static const char *const own[] = {"title", "description", "version", "references"};
    json_t *body CLEANUP(json_decrefp) = json_copy(layer);
    json_object_del(body, "extends");
    json_object_del(body, "scopes");
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        json_object_del(tree, own[i]);
    forget_levels(tree, layer);
    overlay(tree, body);
}

static json_t *scope_in(const struct json_doc *layer, const char *scope)
{
    return json_object_get(json_object_get(layer->root, "scopes"), scope);
}

static void add_scope(const struct profile *p, json_t *tree, const char *scope)
{
    for (size_t i = 0; i < p->layer_count; i++) {
        const json_t *body = scope_in(&p->layers[i], scope);
        if (body)
            overlay(tree, body);
    }
}

/* Sets in `to` what `mentioned` sets, to the values that `tree` has. */
static void project(json_t *to, const json_t *tree, json_t *mentioned)
{
    const char *name;
    json_t *v;
    json_object_foreach(mentioned, name, v)
    {
        const json_t *value = json_object_get(tree, name);
        if (json_is_object(v) && json_is_object(value)) {
            if (!json_is_object(json_object_get(to, name)))
                json_object_set_new(to, name, json_object());
            project(json_object_get(to, name), value, v);
        } else {
            json_object_set_new(to, name, json_deep_copy(value));
        }
    }
}

/* Length of the service in "service.role" or "service/vhost"; 0: it has only a service. */
static size_t stem_of(const char *scope)
{
    size_t n = strcspn(scope, "./");
    return scope[n] ? n : 0;
}

/* A scope with every layer's edits carried out. */
static json_t *scope_body(const struct profile *p, const json_t *base, const char *scope)
{
    json_t *tree CLEANUP(json_decrefp) = json_deep_copy(base);
    size_t stem = stem_of(scope);
    CLEANUP(mem_freep) char *service = mem_strndup(scope, stem);
    if (stem)
        add_scope(p, tree, service);
    add_scope(p, tree, scope);
    json_t *body = json_object();
    for (size_t i = 0; i < p->layer_count; i++)
        project(body, tree, scope_in(&p->layers[i], scope));
    return body;
}

static json_t *flatten(const struct profile *p)
{
    json_t *tree = json_object(), *scopes = json_object();
    for (size_t i = 0; i < p->layer_count; i++)
        add_layer(tree, p->layers[i].root);
    key_defaults(tree);
    for (size_t i = 0; i < p->layer_count; i++) {
        const char *scope;
        json_t *body;
        json_object_foreach(json_object_get(p->layers[i].root, "scopes"), scope, body)
        {
            if (!json_object_get(scopes, scope))
                json_object_set_new(scopes, scope, scope_body(p, tree, scope));
        }
    }
    json_object_set_new(tree, "scopes", scopes);
    return tree;
}

/* --- scopes ---------------------------------------------------------------------------------- */

/* The profile's tree with a scope's overlays on it, "scopes" left out; a new reference. */
static json_t *scoped(const json_t *effective, const char *scope)
{
    json_t *tree = json_deep_copy(effective);
    json_t *scopes = json_object_get(effective, "scopes");
    json_object_del(tree, "scopes");
    size_t stem = scope ? strcspn(scope, "./") : 0;
    if (stem) {
        CLEANUP(mem_freep) char *service = mem_strndup(scope, stem);
        const json_t *outer = json_object_get(scopes, service);
        const json_t *inner = scope[stem] ? json_object_get(scopes, scope) : NULL;
        if (outer)
            overlay(tree, outer);
        if (inner)
            overlay(tree, inner);
    }
    key_defaults(tree);
    json_object_del(tree, "scopes");
    return tree;
}

/* --- from JSON to a policy ------------------------------------------------------------------- */

static bool is_optional(const json_t *tls, const char *name)
{
    size_t i;
    json_t *v;
    json_array_foreach(json_object_get(tls, "optional"), i,
                       v) if (strcmp(json_string_value(v), name) == 0) return true;
    return false;
}

static void take_protocols(const json_t *tls, struct policy *p)
{
    size_t i;
    json_t *v;
    json_array_foreach(json_object_get(tls, "protocols"), i, v)
    {
        unsigned bit = protocol_bit(protocol_by_name(json_string_value(v))->id);
        p->protocols |= bit;
        if (is_optional(tls, json_string_value(v)))
            p->optional_protocols |= bit;
    }
}

/* Suites of versions that are not wanted are of no interest: a profile that narrows its protocols
 * need not repeat its suites. */
static void take_suites(const json_t *tls, struct policy *p)
{
    const json_t *list = json_object_get(tls, "suites");
    size_t i, n = json_array_size(list) + 1;
    json_t *v;
    p->suites = mem_alloc(n * sizeof *p->suites);
    p->suites13 = mem_alloc(n * sizeof *p->suites13);
    json_array_foreach(list, i, v)
    {
        const struct suite *s = suite_by_name(json_string_value(v));
        struct policy_suite item = {s, is_optional(tls, s->name)};
        if (!(p->protocols & protocol_range(s->min, s->max)))
            continue;
        if (suite_is_tls13(s))
            p->suites13[p->suite13_count++] = item;
        else
            p->suites[p->suite_count++] = item;
    }
}

static void take_accepted(const json_t *tls, struct policy *p)
{
    const json_t *list = json_object_get(tls, "accepted");
    size_t i;
    json_t *v;
    p->accepted = mem_alloc((json_array_size(list) + 1) * sizeof *p->accepted);
    json_array_foreach(list, i, v)
    {
        p->accepted[p->accepted_count++] = suite_by_name(json_string_value(v));
    }
}

static void take_groups(const json_t *tls, struct policy *p)
{
    const json_t *list = json_object_get(tls, "groups");
    size_t i;
    json_t *v;
    p->groups = mem_alloc((json_array_size(list) + 1) * sizeof *p->groups);
    json_array_foreach(list, i, v)
    {
        const struct tls_group *g = group_by_name(json_string_value(v));
        p->groups[p->group_count++] = (struct policy_group){g, is_optional(tls, g->name)};
    }
}

static void take_sigschemes(const json_t *tls, struct policy *p)
{
    const json_t *list = json_object_get(tls, "signature_algorithms");
    size_t i;
    json_t *v;
    p->sigschemes = mem_alloc((json_array_size(list) + 1) * sizeof *p->sigschemes);
    json_array_foreach(list, i, v)
    {
        const struct sigscheme *s = sigscheme_by_name(json_string_value(v));
        p->sigschemes[p->sigscheme_count++] =
            (struct policy_sigscheme){s, is_optional(tls, s->name)};
    }
}

static unsigned number(const json_t *section, const char *key)
{
    return (unsigned)json_integer_value(json_object_get(section, key));
}

static void take_certificate(const json_t *tree, struct policy *p)
{
    const json_t *certificate = json_object_get(tree, "certificate");
    const json_t *list = json_object_get(certificate, "curves");
    size_t i;
    json_t *v;
    p->certificate.curves =
        mem_alloc((json_array_size(list) + 1) * sizeof *p->certificate.curves);
    json_array_foreach(list, i, v) p->certificate.curves[p->certificate.curve_count++] =
        group_by_name(json_string_value(v));
    p->certificate.rsa_min_bits = number(certificate, "rsa_min_bits");
    p->certificate.max_lifetime_days = number(certificate, "max_lifetime_days");
    p->certificate.expiry_warn_days = number(certificate, "expiry_warn_days");
    p->dh_min_bits = number(json_object_get(tree, "dh"), "min_bits");
}

/* What the whole must have; the text of what is wrong, or NULL. */
static const char *unusable(const struct policy *p)
{
    bool v13 = protocol_in(p->protocols, PROTOCOL_TLS1_3);
    bool older = (p->protocols & ~protocol_bit(PROTOCOL_TLS1_3)) != 0;
    if (!p->protocols)
        return "/tls/protocols is empty: nothing could be negotiated";
    if (p->protocols !=
        protocol_range(protocol_lowest(p->protocols), protocol_highest(p->protocols)))
        return "/tls/protocols has a gap: servers can be given a range only";
    if (v13 && !p->suite13_count)
        return "/tls/suites has none for TLSv1.3";
    if (older && !p->suite_count)
        return "/tls/suites has none for TLSv1.2 and before";
    if (!p->group_count)
        return "/tls/groups is empty";
    if (!p->sigscheme_count)
        return "/tls/signature_algorithms is empty";
    return NULL;
}

bool profile_has_scope(const struct profile *p, const char *scope)
{
    return json_object_get(json_object_get(p->effective, "scopes"), scope) != NULL;
}

char *profile_scope(const struct profile *p, const char *service, const char *role,
                    const char *name)
{
    CLEANUP(mem_freep)
    char *vhost = mem_printf("%s/%s", service, name ? name : "");
    if (name && profile_has_scope(p, vhost))
        return TAKE_PTR(vhost);
    return role ? mem_printf("%s.%s", service, role) : mem_strdup(service);
}

int profile_policy(const struct profile *p, const char *scope, struct policy *ret,
                   struct err *err)
{
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    policy.effective = scoped(p->effective, scope);
    const json_t *tls = json_object_get(policy.effective, "tls");
    take_protocols(tls, &policy);
    take_suites(tls, &policy);
    take_accepted(tls, &policy);
    take_groups(tls, &policy);
    take_sigschemes(tls, &policy);
    take_certificate(policy.effective, &policy);
    policy.server_preference = json_is_true(json_object_get(tls, "server_preference"));
    policy.session_tickets = json_is_true(json_object_get(tls, "session_tickets"));
    policy.compression = json_is_true(json_object_get(tls, "compression"));
    const char *problem = unusable(&policy);
    if (problem)
        return err_set(err, ERR_INPUT, "%s: %s%s%s", p->path,
                       scope && *scope ? scope : "", scope && *scope ? ": " : "",
                       problem);
    *ret = policy;
    policy = (struct policy)POLICY_INIT;
    return 0;
}

/* Every scope must yield a policy, not only those that this host will ask for. */
static int check_scopes(const struct profile *p, struct err *err)
{
    CLEANUP(policy_release) struct policy whole = POLICY_INIT;
    if (profile_policy(p, NULL, &whole, err) < 0)
        return -1;
    const char *scope;
    json_t *body;
    json_object_foreach(json_object_get(p->effective, "scopes"), scope, body)
    {
        CLEANUP(policy_release) struct policy policy = POLICY_INIT;
        if (profile_policy(p, scope, &policy, err) < 0)
            return -1;
    }
    return 0;
}

struct profile *profile_load(const char *which, const char *dir, struct err *err)
{
    CLEANUP(mem_freep) char *path = locate(which, dir, NULL, err);
    CLEANUP(profile_releasep) struct profile *p = mem_alloc(sizeof *p);
    if (!path || load_chain(path, dir, 0, p, err) < 0)
        return NULL;
    json_t *whole = p->effective = flatten(p);
    p->path = TAKE_PTR(path);
    p->name = mem_strdup(json_string_value(json_object_get(whole, "name")));
    p->title = mem_strdup(json_string_value(json_object_get(whole, "title")));
    p->description = mem_strdup(json_string_value(json_object_get(whole, "description")));
    if (check_scopes(p, err) < 0)
        return NULL;
    return TAKE_PTR(p);
}
