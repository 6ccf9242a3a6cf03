/*
 * The context is built from the outside in: policy, what is present, certificate, and last the
 * facts, which may speak of all before them.
 */
#include "service/context.h"

#include <stdlib.h>
#include <string.h>

#include "dialect/dialect.h"
#include "service/lookup.h"

/* --- policy ---------------------------------------------------------------------------------- */

/* A policy in the library's words; the grants are stored in w->grants under `listener`. */
static json_t *translate(struct wanted *w, const char *scope, const char *listener,
                         struct err *err)
{
    CLEANUP(policy_release) struct policy policy = POLICY_INIT;
    CLEANUP(native_release) struct native native = NATIVE_INIT;
    CLEANUP(grants_release) struct grants grants = GRANTS_INIT;
    if (profile_policy(w->profile, scope, &policy, err) < 0 ||
        dialect_translate(&w->detected.library, &policy, &native, &grants, err) < 0 ||
        grants_check(&grants, err) < 0) {
        err_context(err, "%s", scope);
        return NULL;
    }
    json_object_set_new(w->grants, listener, grants_json(&grants));
    json_t *out = dialect_context(&native, &policy);
    static const char *const sections[] = {"http", "smtp", "imap", "ldap"};
    for (size_t i = 0; i < ARRAY_LEN(sections); i++)
        json_object_set(out, sections[i], json_object_get(policy.effective, sections[i]));
    unsigned minor = protocol_info(protocol_lowest(policy.protocols))->wire & 0xffu;
    CLEANUP(mem_freep) char *number = mem_printf("3.%u", minor);
    json_object_set_new(out, "protocol_number", json_string(number));
    return out;
}

static int add_policy(struct wanted *w, struct err *err)
{
    const char *name = w->service->name;
    json_t *listed = json_object_get(w->service->spec, "roles"), *role;
    json_t *roles CLEANUP(json_decrefp) = json_object();
    w->grants = json_object();
    if (!(w->context = translate(w, name, name, err)))
        return -1;
    size_t i;
    json_array_foreach(listed, i, role)
    {
        CLEANUP(mem_freep)
        char *scope = mem_printf("%s.%s", name, json_string_value(role));
        json_t *strings = translate(w, scope, json_string_value(role), err);
        if (!strings)
            return -1;
        json_object_set_new(roles, json_string_value(role), strings);
    }
    if (i)
        json_object_del(w->grants, name);
    json_object_set(w->context, "roles", roles);
    json_object_set_new(
        w->context, "profile",
        json_pack("{s:s, s:s}", "name", w->profile->name, "title", w->profile->title));
    json_object_set_new(w->context, "has", service_features(w->service, &w->detected));
    return 0;
}

/* --- what is there --------------------------------------------------------------------------- */

static void add_present(struct wanted *w)
{
    json_t *present = json_object();
    for (size_t i = 0; i < w->documents.count; i++) {
        const struct document *d = w->documents.items[i];
        if (!json_object_get(present, d->id))
            json_object_set_new(present, d->id, d->format->facts(d->doc, NULL));
    }
    json_object_set_new(w->context, "present", present);
}

static void add_site(struct wanted *w)
{
    json_t *own = site_of(w->site, w->service->name), *type;
    json_t *site = json_object();
    const char *key;
    json_object_foreach(json_object_get(w->service->spec, "site"), key, type)
    {
        json_t *value = json_object_get(own, key);
        json_object_set(site, key, value ? value : json_false());
    }
    json_object_set_new(w->context, "site", site);
}

/* --- certificate ----------------------------------------------------------------------------- */

/* The first of the paths that leads to a text. */
static const char *first_text(const json_t *context, const json_t *paths)
{
    for (size_t i = 0; i < json_array_size(paths); i++) {
        const char *text =
            lookup_text(context, json_string_value(json_array_get(paths, i)));
        if (text)
            return text;
    }
    return NULL;
}

static json_t *text_or_false(const char *text)
{
    return text ? json_string(text) : json_false();
}

/* A list "key, chain", or one file with both, key first. */
static bool split_chain_files(const char *list, char **ret_key, char **ret_chain)
{
    static const char separators[] = ", \t\r\n";
    const char *first = list + strspn(list, separators);
    size_t n = strcspn(first, separators);
    const char *second = first + n + strspn(first + n, separators);
    size_t m = strcspn(second, separators);
    if (!n)
        return false;
    *ret_key = mem_strndup(first, n);
    *ret_chain = m ? mem_strndup(second, m) : mem_strndup(first, n);
    return true;
}

static void add_certificate(struct wanted *w)
{
    CLEANUP(mem_freep) char *listed_key = NULL;
    CLEANUP(mem_freep) char *listed_chain = NULL;
    const json_t *spec = json_object_get(w->service->spec, "certificate");
    const char *name = w->service->name;
    bool may_combine = json_is_true(json_object_get(spec, "combined"));
    const char *combined = site_certificate(w->site, name, "combined");
    const char *chain = site_certificate(w->site, name, "chain");
    const char *key = site_certificate(w->site, name, "key");
    const char *ca = site_certificate(w->site, name, "ca");
    if (combined && (may_combine || !chain))
        chain = key = combined;
    bool from_site = chain != NULL;
    if (!from_site) {
        chain = first_text(w->context, json_object_get(spec, "chain"));
        key = first_text(w->context, json_object_get(spec, "key"));
        const json_t *listed = json_object_get(spec, "chain_files");
        const char *list = first_text(w->context, listed);
        if (list && split_chain_files(list, &listed_key, &listed_chain)) {
            key = listed_key;
            chain = listed_chain;
        }
    }
    if (!ca)
        ca = first_text(w->context, json_object_get(spec, "ca"));
    bool separate = chain && key && strcmp(chain, key) != 0;
    json_object_set_new(w->context, "certificate",
                        json_pack("{s:o, s:o, s:o, s:b, s:b}", "chain",
                                  text_or_false(chain), "key", text_or_false(key), "ca",
                                  text_or_false(ca), "from_site", from_site,
                                  "separate_key", separate));
}

/* --- facts ----------------------------------------------------------------------------------- */

static bool is_among(const json_t *value, const json_t *list)
{
    const char *text = json_string_value(value);
    for (size_t i = 0; text && i < json_array_size(list); i++)
        if (strcasecmp(text, json_string_value(json_array_get(list, i))) == 0)
            return true;
    return false;
}

static bool any_exists(const struct host *host, const json_t *paths)
{
    for (size_t i = 0; i < json_array_size(paths); i++)
        if (path_exists(&host->root, json_string_value(json_array_get(paths, i))))
            return true;
    return false;
}

/* {"path": P}: the value there, or false; {"path": P, "in": [...]}: is it one of these, without
 * regard to case; {"exists": [...]}: is one of these files there; {"all": [conditions]}. */
static json_t *fact(const struct wanted *w, const json_t *spec)
{
    json_t *exists = json_object_get(spec, "exists"), *in = json_object_get(spec, "in");
    json_t *all = json_object_get(spec, "all");
    if (exists)
        return json_boolean(any_exists(w->host, exists));
    if (all)
        return json_boolean(lookup_all(w->context, all));
    json_t *value = lookup(w->context, json_string_value(json_object_get(spec, "path")));
    if (in)
        return json_boolean(is_among(value, in));
    return lookup_truthy(value) ? json_incref(value) : json_false();
}

static void add_facts(struct wanted *w)
{
    json_t *facts = json_object(), *spec;
    const char *name;
    json_object_set_new(w->context, "facts", facts);
    json_object_foreach(json_object_get(w->service->spec, "facts"), name, spec)
        json_object_set_new(facts, name, fact(w, spec));
}

/* --- the host -------------------------------------------------------------------------------- */

static void add_host(struct wanted *w)
{
    json_t *listening = json_object(), *endpoint;
    size_t i;
    json_array_foreach(json_object_get(w->service->spec, "endpoints"), i, endpoint)
    {
        const char *role = json_string_value(json_object_get(endpoint, "role"));
        unsigned port = (unsigned)json_integer_value(json_object_get(endpoint, "port"));
        if (listening_at(&w->host->listening, port))
            json_object_set_new(listening, role, json_true());
        else if (!json_object_get(listening, role))
            json_object_set_new(listening, role, json_false());
    }
    json_object_set_new(w->context, "listening", listening);
    json_object_set_new(
        w->context, "host",
        json_pack("{s:b, s:b}", "live", w->host->live, "systemd", w->host->systemd));
}

int context_make(struct wanted *w, struct err *err)
{
    if (add_policy(w, err) < 0)
        return -1;
    add_present(w);
    add_site(w);
    add_certificate(w);
    add_host(w);
    add_facts(w);
    return 0;
}

bool context_holds(const json_t *context, const char *expression)
{
    const char *equals = strchr(expression, '=');
    CLEANUP(mem_freep)
    char *path = mem_strndup(expression,
                             equals ? (size_t)(equals - expression) : strlen(expression));
    if (!equals)
        return lookup_truthy(lookup(context, path));
    const char *text = lookup_text(context, path);
    return text && strcmp(text, equals + 1) == 0;
}
