/*
 * The context is built from the outside in: policy, what is present, certificate, and last the
 * facts, which may speak of all before them.
 */
#include "service/context.h"

#include <stdlib.h>
#include <string.h>

#include "dialect/dialect.h"
#include "service/hook.h"
#include "service/lookup.h"

/* --- policy ---------------------------------------------------------------------------------- */

json_t *context_policy(struct wanted *w, const char *scope, const char *listener,
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

/* {member: does it differ from the first role's}; the library's own strings count as members. */
static void add_differences(json_t *out, json_t *role, const json_t *first,
                            const char *library)
{
    const char *name;
    json_t *v;
    json_object_foreach(role, name, v)
    {
        const json_t *theirs = json_object_get(first, name);
        json_object_set_new(out, name, json_boolean(!json_equal(v, theirs)));
        if (strcmp(name, library) == 0)
            add_differences(out, v, theirs, library);
    }
}

static int add_policy(struct wanted *w, struct err *err)
{
    const char *name = w->service->name;
    json_t *listed = json_object_get(w->service->spec, "roles"), *role;
    json_t *roles CLEANUP(json_decrefp) = json_object();
    w->grants = json_object();
    if (!(w->context = context_policy(w, name, name, err)))
        return -1;
    size_t i;
    json_array_foreach(listed, i, role)
    {
        CLEANUP(mem_freep)
        char *scope = mem_printf("%s.%s", name, json_string_value(role));
        json_t *strings = context_policy(w, scope, json_string_value(role), err);
        if (!strings)
            return -1;
        json_t *differs = json_object();
        const char *first = json_string_value(json_array_get(listed, 0));
        json_object_set_new(roles, json_string_value(role), strings);
        add_differences(differs, strings, json_object_get(roles, first),
                        dialect_name(w->detected.library.kind));
        json_object_set_new(strings, "differs", differs);
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

/* A value that its syntax may quote ("a \\"b\\""), as it is meant; owned (free). */
static char *unquote(const char *text)
{
    size_t n = text ? strlen(text) : 0;
    if (n < 2 || text[0] != '"' || text[n - 1] != '"')
        return mem_strdup(text);
    char *out = mem_strndup(text + 1, n - 2), *to = out;
    for (const char *c = out; *c; c++) {
        c += *c == '\\' && c[1];
        *to++ = *c;
    }
    *to = '\0';
    return out;
}

/* What the service has as its certificate's `member`; owned (free), NULL when nothing. */
static char *present_path(const json_t *context, const json_t *spec, const char *member)
{
    const char *text = first_text(context, json_object_get(spec, member));
    return json_is_true(json_object_get(spec, "quoted")) ? unquote(text)
                                                         : mem_strdup(text);
}

static json_t *text_or_false(const char *text)
{
    return text ? json_string(text) : json_false();
}

static void add_certificate(struct wanted *w)
{
    json_t *spec CLEANUP(json_decrefp) =
        lookup_select(w->context, json_object_get(w->service->spec, "certificate"));
    const char *name = w->service->name;
    bool may_combine = json_is_true(json_object_get(spec, "combined"));
    const char *combined = site_certificate(w->site, name, "combined");
    const char *chain = site_certificate(w->site, name, "chain");
    const char *key = site_certificate(w->site, name, "key");
    const char *ca = site_certificate(w->site, name, "ca");
    if (combined && (may_combine || !chain))
        chain = key = combined;
    bool from_site = chain != NULL;
    CLEANUP(mem_freep) char *present_chain = present_path(w->context, spec, "chain");
    CLEANUP(mem_freep) char *present_key = present_path(w->context, spec, "key");
    CLEANUP(mem_freep) char *present_ca = present_path(w->context, spec, "ca");
    if (!from_site) {
        chain = present_chain;
        key = present_key;
    }
    bool ca_from_site = ca != NULL;
    if (!ca)
        ca = present_ca;
    bool separate = chain && key && strcmp(chain, key) != 0;
    json_object_set_new(
        w->context, "certificate",
        json_pack("{s:o, s:o, s:o, s:b, s:b, s:b}", "chain", text_or_false(chain), "key",
                  text_or_false(key), "ca", text_or_false(ca), "from_site", from_site,
                  "ca_from_site", ca_from_site, "separate_key", separate));
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

/* Where a value stands in an order from weak to strong, from 1; 0: nowhere. */
static size_t rank(const json_t *order, const json_t *value)
{
    const char *text = json_string_value(value);
    for (size_t i = 0; text && i < json_array_size(order); i++)
        if (strcasecmp(text, json_string_value(json_array_get(order, i))) == 0)
            return i + 1;
    return 0;
}

static json_t *stronger(const json_t *order, json_t *value, json_t *wanted)
{
    return json_incref(rank(order, value) > rank(order, wanted) ? value : wanted);
}

/* A number as JSON or configuration files hold it; `fallback` where there is none. */
static long number(const json_t *value, const json_t *fallback)
{
    const char *text = json_string_value(value);
    const json_t *from = value ? value : fallback;
    return text ? strtol(text, NULL, 10) : (long)json_integer_value(from);
}

/* {"path": P}: the value there, or false, and more by a second key:
 *     "in": [...]                        is it one of these, without regard to case
 *     "order": [...], "at_least": W      the stronger of it and W (a path, or a text); the order
 *                                        begins with the weakest
 *     "below": P2, "default": N          is it a number less than the one at P2
 * {"exists": [...]}: is one of these files there; {"all": [conditions]}: do all hold. */
static json_t *fact(const struct wanted *w, json_t *spec)
{
    json_t *exists = json_object_get(spec, "exists"), *in = json_object_get(spec, "in");
    json_t *all = json_object_get(spec, "all"), *order = json_object_get(spec, "order");
    json_t *least = json_object_get(spec, "at_least");
    const char *below = json_string_value(json_object_get(spec, "below"));
    if (exists)
        return json_boolean(any_exists(w->host, exists));
    if (all)
        return json_boolean(lookup_all(w->context, all));
    json_t *value = lookup(w->context, json_string_value(json_object_get(spec, "path")));
    if (in)
        return json_boolean(is_among(value, in));
    if (order) {
        json_t *wanted = lookup(w->context, json_string_value(least));
        return stronger(order, value, wanted ? wanted : least);
    }
    if (below)
        return json_boolean(number(value, json_object_get(spec, "default")) <
                            number(lookup(w->context, below), NULL));
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
        if (host_address(w->host, w->service, port, NULL))
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
    const struct service_hook *hook = service_hook_find(service_text(w->service, "hook"));
    if (add_policy(w, err) < 0)
        return -1;
    add_present(w);
    add_site(w);
    if (hook && hook->prepare && hook->prepare(w, err) < 0)
        return err_context(err, "%s", w->service->name);
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
